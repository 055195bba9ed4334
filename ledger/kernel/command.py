"""Commands: what somebody asks for, how it is reached, who may ask it, and the pattern decide/evolve of a stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from ledger.kernel.event import Entry, Event, Value
from ledger.kernel.facts import Facts
from ledger.kernel.ids import Code
from ledger.kernel.moments import Effective, EffectiveAt, day_of
from ledger.kernel.refusals import InTheFuture, ReasonNeeded, Refusal, UnknownReference

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class By:
    """One way to be allowed. `basis` is what the event will say; `of` names the field or state attribute it looks at.

    Bases: own (the person named), lead (of the person named), unit_lead (of the unit named, or one above), holder
    (accountable for the subject), named (in the list named), hr_partner (of the person's unit), role:<name>, sight (of
    the subject named),
    secret (whoever knows the secret whose digest the state keeps),
    hr_for_lead (HR in the place of the lead of who is named; only where the policy marks it instead of refusing it).
    """

    basis: str
    of: str | None = None


class Command(Value):
    """Imperative; one command makes one event as a rule.

    Declared with the stream it goes to and its verb:

    ``class AssignGoal(Command, stream="goal", verb="assign", by=(By("lead", "owner"),))``

    `claim` tells that it states something that has happened, so its effective time can't lie in the future.
    `starts` tells that it begins its stream: without an id in the path the server makes one.
    `repeats` tells that it may be given again to the stream that it began.
    `on_behalf` tells whether a delegate may give it in the place of who delegated.
    """

    stream_kind: ClassVar[str] = ""
    verb: ClassVar[str] = ""
    by: ClassVar[tuple[By, ...]] = ()
    claim: ClassVar[bool] = False
    starts: ClassVar[bool] = False
    repeats: ClassVar[bool] = False
    on_behalf: ClassVar[bool] = True

    effective_at: EffectiveAt | None = Field(default=None, description="When it holds in the business; now if absent.")
    reason: Code | None = Field(default=None, description="A reason code; needed for late entries.")

    def __init_subclass__(
        cls,
        *,
        stream: str = "",
        verb: str = "",
        by: tuple[By, ...] = (),
        claim: bool = False,
        starts: bool = False,
        repeats: bool = False,
        on_behalf: bool = True,
        **kwargs: Any,  # noqa: ANN401  # passed on to pydantic as it came
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.stream_kind, cls.verb, cls.by, cls.claim, cls.starts = stream, verb, by, claim, starts
        cls.repeats, cls.on_behalf = repeats, on_behalf

    @classmethod
    def context(cls) -> str:
        """Return the context that declares it, as in `goals`."""
        return cls.__module__.removeprefix("ledger.domain.").partition(".")[0]

    def hides_author(self) -> bool:
        """Tell whether nothing may be kept of who gave it, not even where it is refused."""
        return False

    def own_fields(self) -> dict[str, Any]:
        """Return the command's fields besides those that every command has, as its event takes them."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in Command.model_fields}


@dataclass(frozen=True, slots=True)
class Act:
    """The circumstances of one decision: who, when, on which subject, and what may be asked of other contexts."""

    id: str
    actor: str
    now: datetime
    effective: Effective
    begins: datetime  # the UTC instant at which `effective` takes effect
    facts: Facts
    event_id: str
    testimony: bool = False
    marks: list[str] = field(default_factory=list)
    principal: str | None = None  # on whose behalf the actor acts
    subject_zone: ZoneInfo | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which dates of this subject begin: its person's, else its unit's, else the ledger's."""
        return self.subject_zone or self.facts.zone

    @property
    def parties(self) -> frozenset[str]:
        """Who acts here and on whose behalf, each under the id that merged ids resolve to."""
        named = (self.actor, self.principal)
        return frozenset(self.facts.resolved(person) for person in named if person is not None)

    def is_own(self, person: str | None) -> bool:
        """Tell whether the person is the actor, or on whose behalf the actor acts."""
        return person is not None and self.facts.resolved(person) in self.parties

    def ids_of(self, person: str) -> tuple[str, ...]:
        """Return every id that names the same person as this one does now, first the one they are read as."""
        whole = self.facts.resolved(person)
        found = [whole]
        for id in found:  # ids were merged into ids that were merged: the list grows while it is walked
            former = self.facts.naming("person", id, of="person")
            found += [one for one in former if one not in found and self.facts.resolved(one) == whole]
        return tuple(found)

    @property
    def today(self) -> date:
        """The day of recording in the ledger's zone."""
        return day_of(self.now, self.facts.zone)

    @property
    def tells_what_is(self) -> bool:
        """Tell whether a live act takes effect on the day of its recording: saying then what holds begins nothing anew.

        What is told of another day may be news, also where the ledger happens to say the same: the rest may follow.
        """
        return not self.testimony and day_of(self.begins, self.facts.zone) == self.today

    def require_known(self, kind: str, id: str | None, *, field: str) -> None:
        """Refuse unless the subject that a field names, if any, is in this ledger."""
        if id is not None and not self.facts.exists(kind, id):
            raise UnknownReference(kind=kind, field=field)

    def require_happened(self) -> None:
        """Refuse an effective time that is still to come.

        For acts that are judged for authority at recording; a claim is judged for the day it is about.
        """
        if self.begins > self.now:
            self.refuse(InTheFuture(today=self.today.isoformat()))

    def require_reason(self, command: Command) -> None:
        """Refuse unless the command gives a reason code."""
        if command.reason is None:
            self.refuse(ReasonNeeded())

    def refuse(self, refusal: Refusal) -> None:
        """Refuse a live act; on imported history a markable refusal becomes a mark and the act goes on."""
        if not (self.testimony and refusal.markable):
            raise refusal
        if refusal.code not in self.marks:
            self.marks.append(refusal.code)


@dataclass(frozen=True, slots=True)
class StreamKind(Generic[S]):
    """The streams of one kind of subject: their names, initial state and the pure pair decide and evolve.

    `decide(command, state, act)` returns the event or raises a Refusal; `evolve(state, entry)` returns the next state.
    `caller_ids`: callers choose the ids; `by_subject`: the id is `<kind>/<id>` of any subject, two segments in a path;
    `by_naming`: the id is that of somebody known elsewhere, and no command begins the stream.
    """

    kind: str
    plural: str
    prefix: str
    initial: S
    decide: Callable[[Any, S, Act], Event]
    evolve: Callable[[S, Entry], S]
    commands: tuple[type[Command], ...]
    caller_ids: bool = False
    by_subject: bool = False
    by_naming: bool = False

    @property
    def begins_by_any(self) -> bool:
        """Tell whether any command may be the stream's first: the subject is there by being named."""
        return self.by_subject or self.by_naming

    def fold(self, entries: Iterator[Entry] | list[Entry], state: S | None = None) -> S:
        """Return the state after `entries`, from the initial one or from `state`."""
        current = self.initial if state is None else state
        for entry in entries:
            current = self.evolve(current, entry)
        return current
