"""Help on a goal: a deviation that a rule found, difficulties that are raised, support that is asked for and given."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.ids import Code, Id, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyRecorded, OwnAct, Refusal
from ledger.kernel.texts import Note


class Found(StrEnum):
    """In which way a goal leaves its expected path.

    Its last value lies below it, or that of its last whole interval below the target for each; no value came within
    the rhythm; or the day of a milestone passed.
    """

    BELOW_PATH = "below_path"
    STALE = "stale"
    MILESTONE_MISSED = "milestone_missed"


# Events


class DeviationFound(Event, context="progress"):
    """A rule found that the goal leaves its expected path.

    `entry` is the value judged, the last one before a silence or the report that is missing, or what set the milestone.

    `progress` and `expected` are shares of the whole way from baseline to target, `share` the policy's threshold.
    """

    owner: Subject
    found: Found
    entry: Id
    day: Day
    progress: Decimal | None = None
    expected: Decimal | None = None
    share: Decimal | None = None


class DifficultyRaised(Event, context="progress"):
    """The owner says what stands in the way; somebody named has to answer."""

    owner: Subject
    concern: Code
    answerer: PersonId | None = None  # the lead of the day; nobody where there is none, which is a gap
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class SupportRequested(Event, context="progress"):
    """The owner, or their lead, calls for support; `difficulty` is the entry it is for, if any."""

    owner: Subject
    concern: Code
    difficulty: Id | None = None
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class SupportGiven(Event, context="progress"):
    """Somebody answers a difficulty or a call; `call` is its entry."""

    owner: Subject
    call: Id
    giver: PersonId
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class DifficultyResolved(Event, context="progress"):
    """The difficulty stands in the way no more."""

    owner: Subject
    difficulty: Id


# State


@dataclass(frozen=True, slots=True)
class HelpState:
    """Deviations found, difficulties and calls by entry, and those of them that are answered or resolved."""

    deviations: tuple[tuple[Found, str, date], ...] = ()
    difficulties: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()

    def awaits(self, entry: str) -> bool:
        """Tell whether a difficulty or a call has neither been answered nor resolved."""
        return entry not in self.answered | self.resolved


def evolve_help(state: HelpState, entry: Entry) -> HelpState:
    """Return the state after `entry`."""
    match entry.event:
        case DeviationFound(found=found, entry=judged, day=day):
            return replace(state, deviations=(*state.deviations, (found, judged, day)))
        case DifficultyRaised(concern=concern):
            return replace(state, difficulties={**state.difficulties, entry.event_id: concern})
        case SupportRequested(concern=concern):
            return replace(state, calls={**state.calls, entry.event_id: concern})
        case SupportGiven(call=call):
            return replace(state, answered=state.answered | {call})
        case DifficultyResolved(difficulty=difficulty):
            return replace(state, resolved=state.resolved | {difficulty})
    return state


# Commands

_OWNER_OR_LEAD = (By("own", "owner"), By("lead", "owner"), By("unit_lead", "owner_unit"))


class FindDeviation(Command, stream="goal", verb="find-deviation", by=(By("system", "rules"),)):
    """Note that the goal leaves its expected path; only the ledger's own rules do."""

    found: Found
    entry: Id
    day: Day
    progress: Decimal | None = None
    expected: Decimal | None = None
    share: Decimal | None = None


class RaiseDifficulty(Command, stream="goal", verb="raise-difficulty", by=(By("own", "owner"),)):
    """Say what stands in the way of an own goal; the lead has to answer."""

    concern: Code = Field(description="what it is about, as in resources, skills, dependency, target")
    note: Note | None = None


class RequestSupport(Command, stream="goal", verb="request-support", by=_OWNER_OR_LEAD):
    """Call the HR partner for support; they have to answer."""

    concern: Code
    difficulty: Id | None = Field(default=None, description="the entry of the difficulty it is for")
    note: Note | None = None


class GiveSupport(
    Command,
    stream="goal",
    verb="give-support",
    by=(By("lead", "owner"), By("unit_lead", "owner_unit"), By("hr_partner", "owner")),
):
    """Answer a difficulty or a call for support."""

    call: Id
    note: Note | None = None


class ResolveDifficulty(Command, stream="goal", verb="resolve-difficulty", by=_OWNER_OR_LEAD):
    """Say that a difficulty stands in the way no more."""

    difficulty: Id


HELP_COMMANDS = (FindDeviation, RaiseDifficulty, RequestSupport, GiveSupport, ResolveDifficulty)


class NoSuchCall(Refusal):
    """Only a difficulty or a call of this goal can be answered, only a difficulty resolved."""

    code = "no_such_call"
    en = "This entry is no difficulty or call for support on this goal."
    zh = "该条目不是此目标上的困难或支持请求。"


# Decide


def decide_help(command: Command, state: HelpState, owner: Subject, act: Act) -> Event:
    """Return the event of a command about help on a running goal, or refuse it."""
    act.require_happened()
    if isinstance(command, GiveSupport | ResolveDifficulty):
        return _answered(command, state, owner, act)
    match command:
        case FindDeviation():
            if any((found, entry) == (command.found, command.entry) for found, entry, _ in state.deviations):
                raise AlreadyRecorded()
            return DeviationFound(owner=owner, **command.own_fields())
        case RaiseDifficulty():
            return DifficultyRaised(
                owner=owner, concern=command.concern, answerer=_answerer(owner, act), note=command.note
            )
        case RequestSupport(difficulty=difficulty):
            if difficulty is not None and difficulty not in state.difficulties:
                raise NoSuchCall()
            return SupportRequested(owner=owner, concern=command.concern, difficulty=difficulty, note=command.note)
    raise TypeError(command)


def _answerer(owner: Subject, act: Act) -> str | None:
    """Return who has to answer: the owner's lead of the day, or for a unit's goal the lead of whoever raises it."""
    return act.facts.lead_of(owner.id if owner.kind == "person" else act.actor, act.now)


def _answered(command: GiveSupport | ResolveDifficulty, state: HelpState, owner: Subject, act: Act) -> Event:
    if isinstance(command, ResolveDifficulty):
        if command.difficulty not in state.difficulties:
            raise NoSuchCall()
        if command.difficulty in state.resolved:
            raise AlreadyRecorded()
        return DifficultyResolved(owner=owner, difficulty=command.difficulty)
    if command.call not in state.difficulties and command.call not in state.calls:
        raise NoSuchCall()
    if owner.kind == "person" and act.is_own(owner.id):
        act.refuse(OwnAct())
    return SupportGiven(owner=owner, call=command.call, giver=act.actor, note=command.note)
