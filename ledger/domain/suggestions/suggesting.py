"""One suggestion: shown once to one person with the figures that it rests on, then taken or dismissed by them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Subject, Value
from ledger.kernel.ids import Code, Id, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyRecorded, BeyondRecord, NotFound, PeriodReversed, Refusal, UnknownReference
from ledger.kernel.texts import Note

Measure = Annotated[Decimal, Field(max_digits=28, decimal_places=10)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Position = Annotated[int, Field(ge=0, le=2**53)]


class Answered(StrEnum):
    """What the person made of it."""

    TAKEN = "taken"
    DISMISSED = "dismissed"


class Shown(Value):
    """A figure that a suggestion rests on; `n` is how many persons, goals or duties it is of."""

    name: Code
    value: Measure
    n: Count | None = None


# Events


class SuggestionShown(Event, context="suggestions"):
    """A rule of the ledger put a suggestion before a person, with the figures it rests on.

    `about` is what it is about, `proposes` whom or what it names, `advice` which of the rule's texts it is. The figures
    are those known at `position`, of the days from `since` to `until`; `entries` are events behind them.
    """

    rule: Code
    rule_version: int
    person: PersonId
    about: Subject
    advice: Code
    proposes: Subject | None = None
    figures: tuple[Shown, ...]
    position: Position
    since: Day
    until: Day
    entries: tuple[Id, ...] = ()


class SuggestionTaken(Event, context="suggestions"):
    """The person means to do it: what they then do stands in events of its own."""

    person: PersonId
    rule: Code
    note: Annotated[Note | None, Seal("person", "performance")] = None


class SuggestionDismissed(Event, context="suggestions"):
    """The person will not do it, for the coded reason in the envelope."""

    person: PersonId
    rule: Code
    note: Annotated[Note | None, Seal("person", "performance")] = None


# State


@dataclass(frozen=True, slots=True)
class SuggestionState:
    """A suggestion: by which rule, to whom, and what they answered."""

    shown: SuggestionShown | None = None
    answered: Answered | None = None

    @property
    def person(self) -> str | None:
        """Return whom it is addressed to."""
        return None if self.shown is None else self.shown.person


def evolve(state: SuggestionState, entry: Entry) -> SuggestionState:
    """Return the state after `entry`."""
    match entry.event:
        case SuggestionShown() as shown:
            return SuggestionState(shown)
        case SuggestionTaken():
            return replace(state, answered=Answered.TAKEN)
        case SuggestionDismissed():
            return replace(state, answered=Answered.DISMISSED)
    return state


# Commands

_ADDRESSED = (By("own", "@person"),)


class ShowSuggestion(
    Command, stream="suggestion", verb="show", by=(By("system", "suggestions"),), starts=True, on_behalf=False
):
    """Put a suggestion before a person, under an id that follows from its rule and cause, so that it is shown once."""

    rule: Code
    rule_version: int = Field(ge=1, le=10_000)
    person: Id
    about: Subject
    advice: Code
    proposes: Subject | None = None
    figures: tuple[Shown, ...] = Field(min_length=1, max_length=20)
    position: Position
    since: Day
    until: Day
    entries: tuple[Id, ...] = Field(default=(), max_length=50)


class TakeSuggestion(Command, stream="suggestion", verb="take", by=_ADDRESSED, on_behalf=False):
    """Say that one means to do what was suggested."""

    note: Note | None = None


class DismissSuggestion(Command, stream="suggestion", verb="dismiss", by=_ADDRESSED, on_behalf=False):
    """Say that one will not do it, with a reason code."""

    note: Note | None = None


class SuggestionAnswered(Refusal):
    """What followed is compared by the answer, so that an answer is given once."""

    code = "suggestion_answered"
    en = "The suggestion is answered: it was {answered}."
    zh = "该建议已有答复：{answered}。"


# Decide


def decide(command: Command, state: SuggestionState, act: Act) -> Event:
    """Return the event of a command on a suggestion, or refuse it."""
    act.require_happened()
    if isinstance(command, ShowSuggestion):
        return _shown(command, state, act)
    if state.shown is None:
        raise NotFound()
    match command:
        case TakeSuggestion(note=note):
            _require_open(state, Answered.TAKEN)
            return SuggestionTaken(person=state.shown.person, rule=state.shown.rule, note=note)
        case DismissSuggestion(note=note):
            act.require_reason(command)
            _require_open(state, Answered.DISMISSED)
            return SuggestionDismissed(person=state.shown.person, rule=state.shown.rule, note=note)
    raise TypeError(command)


def _require_open(state: SuggestionState, answer: Answered) -> None:
    if state.answered is answer:
        raise AlreadyRecorded()
    if state.answered is not None:
        raise SuggestionAnswered(answered=state.answered.value)


def _shown(command: ShowSuggestion, state: SuggestionState, act: Act) -> Event:
    if state.shown is not None:
        raise AlreadyRecorded()
    act.require_known("person", command.person, field="person")
    if command.since > command.until:
        raise PeriodReversed()
    if command.position > act.facts.position:
        raise BeyondRecord(position=command.position)
    for field in ("about", "proposes"):
        named: Subject | None = getattr(command, field)
        if named is not None and not act.facts.exists(named.kind, named.id):
            raise UnknownReference(kind=named.kind, field=field)
    return SuggestionShown.model_validate(command.own_fields())


COMMANDS = (ShowSuggestion, TakeSuggestion, DismissSuggestion)
STREAM = StreamKind("suggestion", "suggestions", "sg", SuggestionState(), decide, evolve, COMMANDS)
