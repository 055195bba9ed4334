"""Units: their labels, places, leads and HR partners as dated facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import Field

from ledger.domain.people import calendars
from ledger.domain.people.calendars import Calendars, WorkCalendar, calendar_on
from ledger.domain.people.lines import (
    Line,
    put,
    require_employed,
    require_held,
    require_no_circle_after,
    single,
    unless_said,
)
from ledger.kernel.annulment import (
    DatedFact,
    applied,
    as_of_then,
    changed,
    commands_for,
    decide_annulment,
    is_annulment,
    pointed_at,
    remember,
)
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, Label, PersonId, UnitId
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    Refusal,
    UnitGone,
)
from ledger.kernel.timeline import Held, Timeline, Timelines, holder_on, holders_on

# Events


class UnitFormed(Event, context="people", dated=True):
    """A unit begins under its parent, or at the top."""

    label: Label
    parent: UnitId | None = None


class UnitRenamed(Event, context="people", dated=True):
    """The unit is called otherwise from then on; history keeps the labels of its time."""

    label: Label


class UnitMoved(Event, context="people", dated=True):
    """The unit belongs under another parent from then on."""

    parent: UnitId | None = None


class UnitDissolved(Event, context="people", dated=True):
    """The unit is no more."""


class UnitsMerged(Event, context="people", dated=True):
    """The unit is part of another from then on: who belongs to it belongs there."""

    into: UnitId


class UnitSplit(Event, context="people", dated=True):
    """The unit is no more: others stand in its place, and its people are assigned to them one by one."""

    parts: tuple[UnitId, ...]


class UnitLeadAppointed(Event, context="people", dated=True):
    """A person leads the unit from then on, in place of whoever did."""

    lead: PersonId


class UnitLeadReleased(Event, context="people", dated=True):
    """The person leads the unit no more."""

    lead: PersonId


class HrPartnerAssigned(Event, context="people", dated=True):
    """A person is HR partner of the unit."""

    partner: PersonId


class HrPartnerReleased(Event, context="people", dated=True):
    """The person is HR partner of the unit no more."""

    partner: PersonId


# State

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit: label, parent, life and lead as timelines. Values of label, parent and life stand as holders."""

    formed: bool = False
    lines: Line = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)
    calendars: Calendars = field(default_factory=Timelines)

    def label_on(self, at: datetime) -> str | None:
        """Return the label of that time."""
        return single(self.lines["label"], at)

    def parent_on(self, at: datetime) -> str | None:
        """Return the id of the unit above, or None at the top."""
        return single(self.lines["parent"], at)

    def lead_on(self, at: datetime) -> str | None:
        """Return the person who leads the unit, or None."""
        return single(self.lines["lead"], at)

    def partners_on(self, at: datetime) -> tuple[str, ...]:
        """Return the unit's HR partners."""
        return tuple(holders_on(self.lines["partner"], at))

    def successor_on(self, at: datetime) -> str | None:
        """Return the unit that this one was merged into, or None."""
        return single(self.lines["successor"], at)

    def calendar_on(self, at: datetime) -> WorkCalendar | None:
        """Return the unit's own work calendar, or None."""
        return calendar_on(self.calendars, at)

    def is_live(self, at: datetime) -> bool:
        """Tell whether the unit is formed and not dissolved."""
        return holder_on(self.lines["life"], at) is not None


def evolve_unit(state: UnitState, entry: Entry) -> UnitState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        lines, dates = applied(state.lines, entry), applied(state.calendars, entry)
        return replace(state, lines=lines, calendars=dates, dated=remember(state.dated, entry))
    lines = state.lines
    for key, held in _unit_changes(entry.event):
        lines = put(lines, key, entry, held)
    dates = calendars.evolve(state.calendars, entry)
    return replace(state, formed=True, lines=lines, calendars=dates, dated=remember(state.dated, entry))


def _unit_changes(event: Event | None) -> tuple[tuple[str, Held], ...]:
    match event:
        case UnitFormed(label=label, parent=parent):
            return ("label", Held(label)), ("parent", Held(parent or "")), ("life", Held(RUNNING))
        case UnitRenamed(label=label):
            return (("label", Held(label)),)
        case UnitMoved(parent=parent):
            return (("parent", Held(parent or "")),)
        case UnitDissolved() | UnitSplit():
            return (("life", Held(RUNNING, begins=False)),)
        case UnitsMerged(into=into):
            return ("life", Held(RUNNING, begins=False)), ("successor", Held(into))
        case UnitLeadAppointed(lead=lead):
            return (("lead", Held(lead)),)
        case UnitLeadReleased(lead=lead):
            return (("lead", Held(lead, begins=False)),)
        case HrPartnerAssigned(partner=partner):
            return (("partner", Held(partner)),)
        case HrPartnerReleased(partner=partner):
            return (("partner", Held(partner, begins=False)),)
    return ()


# Commands

_HR = (By("role:hr_administrator"),)


class FormUnit(Command, stream="unit", verb="form", by=_HR, starts=True):
    """Form a unit."""

    label: Label
    parent: Id | None = None


class RenameUnit(Command, stream="unit", verb="rename", by=_HR):
    """Give the unit another label."""

    label: Label


class MoveUnit(Command, stream="unit", verb="move", by=_HR):
    """Put the unit under another parent, or at the top."""

    parent: Id | None = None


class DissolveUnit(Command, stream="unit", verb="dissolve", by=_HR):
    """Dissolve the unit."""


class MergeUnit(Command, stream="unit", verb="merge", by=_HR):
    """Let the unit become part of another."""

    into: Id


class SplitUnit(Command, stream="unit", verb="split", by=_HR):
    """Let other units, formed before, take the unit's place."""

    parts: tuple[Id, ...] = Field(min_length=2, max_length=50)


class AppointLead(Command, stream="unit", verb="appoint-lead", by=(*_HR, By("unit_lead", "@parent"))):
    """Appoint the unit's lead."""

    lead: Id


class ReleaseLead(Command, stream="unit", verb="release-lead", by=(*_HR, By("unit_lead", "@parent"))):
    """Release the unit's lead."""

    lead: Id


class AssignHrPartner(Command, stream="unit", verb="assign-hr-partner", by=_HR):
    """Name an HR partner of the unit."""

    partner: Id


class ReleaseHrPartner(Command, stream="unit", verb="release-hr-partner", by=_HR):
    """Release an HR partner of the unit."""

    partner: Id


AnnulUnitEntry, RedateUnitEntry = commands_for("unit", _HR)


class PartTwice(Refusal):
    """A unit is split into different units."""

    code, status = "part_twice", 422
    en = "A unit is named twice."
    zh = "同一单位被重复列出。"


# Decide


def decide_unit(command: Command, state: UnitState, act: Act) -> Event:
    """Return the event of a unit's command, or refuse it."""
    if isinstance(command, FormUnit):
        return _formed(command, state, act)
    if not state.formed:
        raise NotFound()
    if isinstance(command, DatedFact):
        return _pointed(command, state, act)
    if not state.is_live(act.begins):
        act.refuse(UnitGone())
    match command:
        case DissolveUnit():
            return UnitDissolved()
        case MergeUnit(into=into):
            return _merged(into, act)
        case SplitUnit(parts=parts):
            return _split(parts, act)
    return _unit_event(command, state, act)


def _pointed(command: DatedFact, state: UnitState, act: Act) -> Event:
    """Return the annulling or re-dating event, unless a lead would begin who is not there, or a circle come of it."""
    event = decide_annulment(command, state.dated, act)
    then = as_of_then(event, act)
    for key, change in pointed_at(state.lines, command.entry):
        if then is not None and key == "lead" and change.value.begins:
            require_employed(then, change.value.holder)
        if key == "parent":
            line = state.lines[key]
            act.facts.one_by_one("units above")
            require_no_circle_after(act.id, line, changed(line, event), lambda unit: _above(unit, act))
    return event


def _above(unit: str, act: Act) -> tuple[str, Timeline[Held]]:
    return unit, act.facts.state("unit", unit).lines["parent"]


def _formed(command: FormUnit, state: UnitState, act: Act) -> Event:
    if state.formed:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="unit")
    if command.parent is not None:
        act.require_known("unit", command.parent, field="parent")
    return UnitFormed(label=command.label, parent=command.parent)


def _unit_event(command: Command, state: UnitState, act: Act) -> Event:
    lines, at = state.lines, act.begins
    match command:
        case RenameUnit(label=label):
            return unless_said(lines["label"], Held(label), UnitRenamed(label=label), act, single=True)
        case MoveUnit(parent=parent):
            return _moved(parent, state, act)
        case calendars.SetUnitCalendar():
            return calendars.decide(command, state.calendars, act)
        case AppointLead(lead=lead):
            act.require_known("person", lead, field="lead")
            require_employed(act, lead)
            return unless_said(lines["lead"], Held(lead), UnitLeadAppointed(lead=lead), act, single=True)
        case ReleaseLead(lead=lead):
            require_held(lines["lead"], at, lead, single=True)
            return UnitLeadReleased(lead=lead)
        case AssignHrPartner(partner=partner):
            act.require_known("person", partner, field="partner")
            return unless_said(lines["partner"], Held(partner), HrPartnerAssigned(partner=partner), act)
        case ReleaseHrPartner(partner=partner):
            require_held(lines["partner"], at, partner)
            return HrPartnerReleased(partner=partner)
    raise TypeError(command)


def _moved(parent: str | None, state: UnitState, act: Act) -> Event:
    if act.tells_what_is and state.parent_on(act.begins) == parent:
        raise AlreadyRecorded()
    act.require_known("unit", parent, field="parent")
    _require_no_circle(parent, act)
    return UnitMoved(parent=parent)


def _require_no_circle(parent: str | None, act: Act) -> None:
    act.facts.one_by_one("units above")
    seen: set[str] = {act.id}
    above: str | None = parent
    while above is not None:
        if above in seen:
            raise Circle()
        seen.add(above)
        above = act.facts.state("unit", above).parent_on(act.begins)


def _merged(into: str, act: Act) -> Event:
    _require_other_live(into, act, field="into")
    return UnitsMerged(into=into)


def _split(parts: tuple[str, ...], act: Act) -> Event:
    named = tuple(dict.fromkeys(parts))
    if len(named) < len(parts):
        raise PartTwice()
    for part in named:
        _require_other_live(part, act, field="parts")
    return UnitSplit(parts=named)


def _require_other_live(unit: str, act: Act, *, field: str) -> None:
    """Refuse the unit itself, and one that is not live when it takes effect."""
    act.require_known("unit", unit, field=field)
    if unit == act.id:
        raise Circle()
    if not act.facts.state("unit", unit).is_live(act.begins):
        act.refuse(UnitGone())


UNIT_COMMANDS = (
    FormUnit,
    RenameUnit,
    MoveUnit,
    DissolveUnit,
    MergeUnit,
    SplitUnit,
    calendars.SetUnitCalendar,
    AppointLead,
    ReleaseLead,
    AssignHrPartner,
    ReleaseHrPartner,
    AnnulUnitEntry,
    RedateUnitEntry,
)
STREAM = StreamKind("unit", "units", "u", UnitState(), decide_unit, evolve_unit, UNIT_COMMANDS, caller_ids=True)
