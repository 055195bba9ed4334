"""Claims and measurements: what people say and systems measure about a goal, kept side by side."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from pydantic import Field

from ledger.domain.figures import Actual, Quantity
from ledger.domain.progress.help import HelpState
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day, begins, day_of
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, InTheFuture, Refusal
from ledger.kernel.texts import Note, Pointer

Pointers = Annotated[tuple[Pointer, ...], Field(max_length=20)]
OUTSIDE_PERIOD = "outside_period"  # a mark: the value is about a day before or after the goal's period


class Health(StrEnum):
    """How the owner judges the course."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"


# Events


class ProgressReported(Event, context="progress"):
    """The owner claims a value for a day."""

    owner: Subject
    value: Quantity
    day: Day
    health: Health | None = None
    note: Annotated[Note | None, Seal("owner", "performance")] = None
    evidence: Annotated[Pointers | None, Seal("owner", "performance")] = None


class ProgressCorrected(Event, context="progress"):
    """The owner says that an earlier claim should have been another; both stay on record."""

    owner: Subject
    entry: Id
    value: Quantity
    day: Day
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class MeasurementRecorded(Event, context="progress"):
    """A system, or somebody who is not the owner, gives a measured value for a day."""

    owner: Subject
    value: Quantity
    day: Day
    source: Code


# State


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value and the system that it comes from."""

    actual: Actual
    source: str


@dataclass(frozen=True, slots=True)
class ProgressState:
    """All claims as they stand after correction, all measurements, each in the order of recording, and help asked."""

    claims: tuple[Actual, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    help: HelpState = field(default_factory=HelpState)

    def series(self, day: date, source: str | None) -> tuple[Actual, ...]:
        """Return the values up to and including a day, one per day, in order.

        They are the measurements of the approved source if there are any, else the claims. Of one day the last counts.
        """
        measured = _by_day((m.actual for m in self.measurements if m.source == source), day)
        return measured or _by_day(self.claims, day)


def _by_day(actuals: Iterable[Actual], day: date) -> tuple[Actual, ...]:
    last = {actual.day: actual for actual in actuals if actual.day <= day}
    return tuple(last[each] for each in sorted(last))


def evolve_claims(state: ProgressState, entry: Entry) -> ProgressState:
    """Return the state after `entry`; a correction takes the place of the claim it points at."""
    match entry.event:
        case ProgressReported(value=value, day=day):
            return replace(state, claims=(*state.claims, Actual(value, day, entry.event_id, "claim")))
        case ProgressCorrected(entry=corrected, value=value, day=day):
            fresh = Actual(value, day, corrected, "claim")
            return replace(state, claims=tuple(fresh if c.entry == corrected else c for c in state.claims))
        case MeasurementRecorded(value=value, day=day, source=source):
            measurement = Measurement(Actual(value, day, entry.event_id, "measurement"), source)
            return replace(state, measurements=(*state.measurements, measurement))
    return state


# Commands

_MEASURERS = (
    By("role:subscriber"),
    By("role:operator"),
    By("role:hr_administrator"),
    By("hr_partner", "owner"),
    By("lead", "owner"),
)


class ReportProgress(Command, stream="goal", verb="report-progress", by=(By("own", "owner"),), claim=True):
    """Say which value the goal's metric had on a day."""

    value: Quantity
    day: Day | None = Field(default=None, description="the day the value is about; the effective day if absent")
    health: Health | None = None
    note: Note | None = None
    evidence: Pointers | None = Field(default=None, description="links or file names")


class CorrectProgress(Command, stream="goal", verb="correct-progress", by=(By("own", "owner"),), claim=True):
    """Put an own earlier claim right."""

    entry: Id
    value: Quantity
    day: Day | None = Field(default=None, description="the day of the corrected claim if absent")
    note: Note | None = None


class RecordMeasurement(Command, stream="goal", verb="record-measurement", by=_MEASURERS, claim=True):
    """Record a value that a system measured."""

    value: Quantity
    day: Day | None = Field(default=None, description="the day the value is about; the effective day if absent")
    source: Code


class NotAClaim(Refusal):
    """Only a progress report of the same goal can be corrected."""

    code = "not_a_claim"
    en = "This entry is not a progress report on this goal."
    zh = "该条目不是此目标的进展更新。"


class OwnMeasurement(Refusal):
    """What the owner says is a claim, never a measurement."""

    code, status, markable, rule = "own_measurement", 403, True, "claim_is_not_measurement"
    en = "The owner reports progress; a measurement comes from somebody else."
    zh = "目标承担人只能更新进展；测量值须由他人或系统提供。"
    accepted_en = "report-progress with the same value"
    accepted_zh = "以相同数值更新进展"


# Decide


class ReportedOn(Protocol):
    """What progress must know about the goal that it is made on."""

    @property
    def owner(self) -> Subject | None:
        """The person or unit that has the goal."""
        ...

    @property
    def starts_on(self) -> date | None:
        """The first day of the goal's period."""
        ...

    @property
    def ends_on(self) -> date | None:
        """The last day of the goal's period."""
        ...

    def require_running(self) -> None:
        """Refuse unless progress on the goal can be reported."""
        ...


def decide_claim(command: Command, state: ProgressState, owner: Subject, goal: ReportedOn, act: Act) -> Event:
    """Return the event of a claim, a correction or a measurement, or refuse it."""
    match command:
        case ReportProgress():
            day = _day(command.day, owner, goal, act)
            _require_employed(owner, day, act)
            return ProgressReported(
                owner=owner,
                value=command.value,
                day=day,
                health=command.health,
                note=command.note,
                evidence=command.evidence,
            )
        case CorrectProgress():
            return _corrected(command, state, owner, goal, act)
        case RecordMeasurement(value=value, source=source):
            if owner.kind == "person" and act.is_own(owner.id):
                act.refuse(OwnMeasurement())
            day = _day(command.day, owner, goal, act)
            _require_new(state, value, day, source)
            return MeasurementRecorded(owner=owner, value=value, day=day, source=source)
    raise TypeError(command)


def _corrected(
    command: CorrectProgress, state: ProgressState, owner: Subject, goal: ReportedOn, act: Act
) -> ProgressCorrected:
    claim = next((c for c in state.claims if c.entry == command.entry), None)
    if claim is None:
        raise NotAClaim()
    day = _day(command.day or claim.day, owner, goal, act)
    _require_employed(owner, day, act)
    if (claim.value, claim.day) == (command.value, day):
        raise AlreadyRecorded()
    return ProgressCorrected(owner=owner, entry=command.entry, value=command.value, day=day, note=command.note)


def _day(given: date | None, owner: Subject, goal: ReportedOn, act: Act) -> date:
    """Return the day the value is about, in the owner's zone; not in the future, marked where outside the period."""
    zone = _zone_of(owner, act)
    day = given or (day_of(act.begins, zone))
    today = day_of(act.now, zone)
    if day > today:
        act.refuse(InTheFuture(today=today.isoformat()))
    before = goal.starts_on is not None and day < goal.starts_on
    if before or (goal.ends_on is not None and day > goal.ends_on):
        act.marks.append(OUTSIDE_PERIOD)
    return day


def _zone_of(owner: Subject, act: Act) -> ZoneInfo:
    person, unit = (owner.id, None) if owner.kind == "person" else (None, owner.id)
    return act.facts.zone_of(person, unit, act.now)


def _require_employed(owner: Subject, day: date, act: Act) -> None:
    if owner.kind == "person" and not act.facts.is_employed(owner.id, begins(day, _zone_of(owner, act))):
        act.refuse(AfterLastDay())


def _require_new(state: ProgressState, value: Quantity, day: date, source: str) -> None:
    """Refuse a measurement that the source has given for this day already, so that a daily sync repeats nothing."""
    known = [m.actual for m in state.measurements if m.source == source and m.actual.day == day]
    if known and known[-1].value == value:
        raise AlreadyRecorded()


CLAIM_COMMANDS = (ReportProgress, CorrectProgress, RecordMeasurement)
