"""Outcomes of a unit or person: the value of a metric over a period, from a named source, corrected but never lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from pydantic import Field

from ledger.domain.figures import Quantity
from ledger.domain.outcomes.owners import ABOUT_OWNER, happened, owner_of
from ledger.kernel.annulment import DatedFact, EntryAnnulled, as_of_then, commands_for, decide_annulment, remember
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.ids import Code, Id, MetricId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyRecorded, NotFound, Refusal

# Events


class OutcomeRecorded(Event, context="outcomes", dated=True):
    """A metric's value over a period, first and last day included; without a value it is known to be missing.

    `claimed` tells that the person it is about said so themselves.
    """

    owner: Subject
    metric: MetricId
    starts_on: Day
    ends_on: Day
    value: Quantity | None = None
    source: Code
    claimed: bool = False


class OutcomeCorrected(Event, context="outcomes"):
    """The value should have been another; the entry keeps what it said."""

    owner: Subject
    entry: Id
    metric: MetricId
    value: Quantity


# State


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recorded outcome as it stands after corrections; no value is a missing one, never zero."""

    metric: str
    starts_on: date
    ends_on: date
    source: str
    value: Decimal | None
    claimed: bool

    @property
    def key(self) -> tuple[str, date, date, str]:
        """Return what one value is kept for: metric, period and source."""
        return (self.metric, self.starts_on, self.ends_on, self.source)


@dataclass(frozen=True, slots=True)
class OutcomesState:
    """Every outcome of one unit or person that was not annulled, by entry."""

    owner: Subject | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    dated: Mapping[str, str] = field(default_factory=dict)

    def known(self, key: tuple[str, date, date, str]) -> Outcome | None:
        """Return what stands for a metric, period and source."""
        return next((outcome for outcome in self.outcomes.values() if outcome.key == key), None)


def evolve(state: OutcomesState, entry: Entry) -> OutcomesState:
    """Return the state after `entry`; a value takes the place of a missing one for the same period and source."""
    state = replace(state, dated=remember(state.dated, entry))
    match entry.event:
        case OutcomeRecorded() as said:
            fresh = Outcome(said.metric, said.starts_on, said.ends_on, said.source, said.value, said.claimed)
            others = {id: outcome for id, outcome in state.outcomes.items() if outcome.key != fresh.key}
            return replace(state, owner=said.owner, outcomes={**others, entry.event_id: fresh})
        case OutcomeCorrected(entry=corrected, value=value) if corrected in state.outcomes:
            mended = replace(state.outcomes[corrected], value=value)
            return replace(state, outcomes={**state.outcomes, corrected: mended})
        case EntryAnnulled(entry=annulled):
            return replace(state, outcomes={id: o for id, o in state.outcomes.items() if id != annulled})
    return state


# Commands


class RecordOutcome(Command, stream="outcome", verb="record", by=ABOUT_OWNER):
    """Record a metric's value over a period that is over; without a value, that it is missing."""

    metric: Id
    starts_on: Day
    ends_on: Day = Field(description="the last day")
    value: Quantity | None = Field(default=None, description="decimal text; absent where it is known to be missing")
    source: Code


class CorrectOutcome(Command, stream="outcome", verb="correct", by=ABOUT_OWNER):
    """Put a recorded value right; what was said first stays on record."""

    entry: Id
    value: Quantity


AnnulOutcomeEntry, RedateOutcomeEntry = commands_for("outcome", ABOUT_OWNER)


class OutcomeKnown(Refusal):
    """A value that stands for a metric, period and source is corrected, not recorded beside itself."""

    code = "outcome_known"
    en = "A value stands for this metric, period and source."
    zh = "该指标在此期间已有同一来源的数值。"
    accepted_en = "a correction of the entry"
    accepted_zh = "更正相应条目"


class UnknownOverKnown(Refusal):
    """What is unknown never takes the place of what is known."""

    code, rule = "unknown_over_known", "absence_is_not_zero"
    en = "A known value is not replaced by a missing one."
    zh = "缺失值不得覆盖已知数值。"
    accepted_en = "annulling the entry, where it never held"
    accepted_zh = "若该条目从未成立，可予撤销"


class NotAnOutcome(Refusal):
    """Only a recorded outcome of the same subject is corrected."""

    code = "not_an_outcome"
    en = "This entry is no outcome of this subject, or was annulled."
    zh = "该条目不是此对象的结果数据，或已被撤销。"


class ClaimOverMeasurement(Refusal):
    """Nobody corrects what others measured of their own work: they may record a claim of their own."""

    code, status, markable, rule = "claim_over_measurement", 403, True, "claim_is_not_measurement"
    en = "What others recorded about you is not yours to correct."
    zh = "他人记录的关于您的数据不能由您本人更正。"
    accepted_en = "a value of your own, with its source"
    accepted_zh = "以自己的来源另行记录数值"


# Decide


def decide(command: Command, state: OutcomesState, act: Act) -> Event:
    """Return the event of a command on the outcomes of a unit or person, or refuse it."""
    owner = owner_of(act)
    if isinstance(command, RecordOutcome):
        return _recorded(command, state, owner, act)
    if state.owner is None:
        raise NotFound()
    match command:
        case CorrectOutcome():
            return _corrected(command, state, owner, act)
        case DatedFact():
            _require_own_claim(command.entry, state, owner, act)
            event = decide_annulment(command, state.dated, act)
            if (then := as_of_then(event, act)) is not None:
                then.require_happened()
            return event
    raise TypeError(command)


def _recorded(command: RecordOutcome, state: OutcomesState, owner: Subject, act: Act) -> Event:
    act.require_known("metric", command.metric, field="metric")
    happened(command.starts_on, command.ends_on, owner, act)
    known = state.known((command.metric, command.starts_on, command.ends_on, command.source))
    if known is not None:
        if known.value == command.value:
            raise AlreadyRecorded()
        if known.value is not None:
            raise UnknownOverKnown() if command.value is None else OutcomeKnown()
    claimed = owner.kind == "person" and act.is_own(owner.id)
    return OutcomeRecorded(owner=owner, claimed=claimed, **command.own_fields())


def _corrected(command: CorrectOutcome, state: OutcomesState, owner: Subject, act: Act) -> Event:
    act.require_happened()
    outcome = state.outcomes.get(command.entry)
    if outcome is None:
        raise NotAnOutcome()
    _require_own_claim(command.entry, state, owner, act)
    if outcome.value == command.value:
        raise AlreadyRecorded()
    return OutcomeCorrected(owner=owner, entry=command.entry, metric=outcome.metric, value=command.value)


def _require_own_claim(entry: str, state: OutcomesState, owner: Subject, act: Act) -> None:
    outcome = state.outcomes.get(entry)
    if outcome is not None and not outcome.claimed and owner.kind == "person" and act.is_own(owner.id):
        act.refuse(ClaimOverMeasurement())


COMMANDS = (RecordOutcome, CorrectOutcome, AnnulOutcomeEntry, RedateOutcomeEntry)
STREAM = StreamKind("outcome", "outcomes", "o", OutcomesState(), decide, evolve, COMMANDS, by_subject=True)
