"""People and units: who is employed when, in which unit, under whom, and who leads what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, LookupBy, Seal
from ledger.kernel.ids import ApplicationId, Code, Id, Label, PersonId, UnitId
from ledger.kernel.moments import ONE_TICK, Day
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    Refusal,
    UnitGone,
    UnknownReference,
)
from ledger.kernel.texts import Identifiers, Name
from ledger.kernel.timeline import Change, Held, Timeline, Timelines, holder_on, holders_on


class AssignmentKind(StrEnum):
    """How a person belongs to a unit; exactly one unit at a time is home."""

    HOME = "home"
    ADDITIONAL = "additional"
    SECONDED = "seconded"
    ACTING = "acting"


class ManagerKind(StrEnum):
    """Line managers are one at a time; dotted-line managers may be several."""

    LINE = "line"
    DOTTED = "dotted"


class Ending(StrEnum):
    """Why an employment ended."""

    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    OTHER = "other"


# Events: units


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


# Events: persons


class PersonRegistered(Event, context="people"):
    """A person enters the ledger under a pseudonym; name and outside identifiers are sealed."""

    name: Annotated[Name | None, Seal(OWN_STREAM, "identity")] = None
    identifiers: Annotated[Identifiers | None, Seal(OWN_STREAM, "identity"), LookupBy()] = None


class PersonNameCorrected(Event, context="people"):
    """The person's name is written otherwise."""

    name: Annotated[Name | None, Seal(OWN_STREAM, "identity")] = None


class EmploymentStarted(Event, context="people", dated=True):
    """An employment runs from then on; a person who returns has a second one."""

    employment: Id
    contract: Code
    until: Day | None = None
    probation_until: Day | None = None
    application: ApplicationId | None = None


class EmploymentEnded(Event, context="people", dated=True):
    """The employment runs no more from then on: the effective day is the first day after the last one."""

    employment: Id
    ending: Ending


class PersonAssignedToUnit(Event, context="people", dated=True):
    """The person belongs to a unit; a home assignment takes the place of the one before."""

    unit: UnitId
    assignment: AssignmentKind


class PersonLeftUnit(Event, context="people", dated=True):
    """The person belongs to the unit no more."""

    unit: UnitId


class ManagerAssigned(Event, context="people", dated=True):
    """Somebody is the person's manager; a line manager takes the place of the one before."""

    manager: PersonId
    relation: ManagerKind


class ManagerReleased(Event, context="people", dated=True):
    """Somebody is the person's manager no more."""

    manager: PersonId
    relation: ManagerKind


# State

Line = Timelines[str, Held]
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit: label, parent, life and lead as timelines. Values of label, parent and life stand as holders."""

    formed: bool = False
    lines: Line = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)

    def label_on(self, at: datetime) -> str | None:
        """Return the label of that time."""
        return _single(self.lines["label"], at)

    def parent_on(self, at: datetime) -> str | None:
        """Return the id of the unit above, or None at the top."""
        return _single(self.lines["parent"], at)

    def lead_on(self, at: datetime) -> str | None:
        """Return the person who leads the unit, or None."""
        return _single(self.lines["lead"], at)

    def partners_on(self, at: datetime) -> tuple[str, ...]:
        """Return the unit's HR partners."""
        return tuple(holders_on(self.lines["partner"], at))

    def is_live(self, at: datetime) -> bool:
        """Tell whether the unit is formed and not dissolved."""
        return holder_on(self.lines["life"], at) is not None


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person: employments, units and managers as timelines."""

    registered: bool = False
    lines: Line = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)

    def employment_on(self, at: datetime) -> str | None:
        """Return the running employment, or None."""
        running = holders_on(self.lines["employment"], at)
        return next(reversed(running), None)

    def home_on(self, at: datetime) -> str | None:
        """Return the home unit, or None."""
        return _single(self.lines["home"], at)

    def units_on(self, at: datetime) -> dict[str, str]:
        """Return the units besides home, unit -> kind of assignment."""
        kinds = (k for k in AssignmentKind if k is not AssignmentKind.HOME)
        return {unit: kind.value for kind in kinds for unit in holders_on(self.lines[kind.value], at)}

    def manager_on(self, at: datetime) -> str | None:
        """Return the line manager, or None."""
        return _single(self.lines["manager.line"], at)

    def dotted_on(self, at: datetime) -> tuple[str, ...]:
        """Return the dotted-line managers."""
        return tuple(holders_on(self.lines["manager.dotted"], at))


def _single(line: Timeline[Held], at: datetime) -> str | None:
    change = holder_on(line, at)
    return None if change is None else change.value.holder or None


def _put(lines: Line, key: str, entry: Entry, held: Held) -> Line:
    return lines.with_change(key, Change(entry.begins, entry.position, entry.event_id, held))


def evolve_unit(state: UnitState, entry: Entry) -> UnitState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(state, lines=applied(state.lines, entry), dated=remember(state.dated, entry))
    lines = state.lines
    for key, held in _unit_changes(entry.event):
        lines = _put(lines, key, entry, held)
    return replace(state, formed=True, lines=lines, dated=remember(state.dated, entry))


def _unit_changes(event: Event | None) -> tuple[tuple[str, Held], ...]:
    match event:
        case UnitFormed(label=label, parent=parent):
            return ("label", Held(label)), ("parent", Held(parent or "")), ("life", Held(RUNNING))
        case UnitRenamed(label=label):
            return (("label", Held(label)),)
        case UnitMoved(parent=parent):
            return (("parent", Held(parent or "")),)
        case UnitDissolved():
            return (("life", Held(RUNNING, begins=False)),)
        case UnitLeadAppointed(lead=lead):
            return (("lead", Held(lead)),)
        case UnitLeadReleased(lead=lead):
            return (("lead", Held(lead, begins=False)),)
        case HrPartnerAssigned(partner=partner):
            return (("partner", Held(partner)),)
        case HrPartnerReleased(partner=partner):
            return (("partner", Held(partner, begins=False)),)
    return ()


def evolve_person(state: PersonState, entry: Entry) -> PersonState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(state, lines=applied(state.lines, entry), dated=remember(state.dated, entry))
    lines = state.lines
    for key, held in _person_changes(entry.event, state, entry.begins):
        lines = _put(lines, key, entry, held)
    return replace(state, registered=True, lines=lines, dated=remember(state.dated, entry))


def _person_changes(event: Event | None, state: PersonState, at: datetime) -> tuple[tuple[str, Held], ...]:
    match event:
        case EmploymentStarted(employment=employment):
            return (("employment", Held(employment)),)
        case EmploymentEnded(employment=employment):
            return (("employment", Held(employment, begins=False)),)
        case PersonAssignedToUnit(unit=unit, assignment=assignment):
            return ((assignment.value, Held(unit)),)
        case PersonLeftUnit(unit=unit):
            return tuple((kind.value, Held(unit, begins=False)) for kind in AssignmentKind)
        case ManagerAssigned(manager=manager, relation=relation):
            return ((f"manager.{relation}", Held(manager)),)
        case ManagerReleased(manager=manager, relation=relation):
            return ((f"manager.{relation}", Held(manager, begins=False)),)
    return ()


# Commands

_HR = (By("role:hr_administrator"),)
_HR_AND_PARTNER = (By("role:hr_administrator"), By("hr_partner", "@"))


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


class RegisterPerson(Command, stream="person", verb="register", by=(By("system"), *_HR), starts=True):
    """Register a person; the server makes the pseudonym."""

    name: Name | None = None
    identifiers: Identifiers | None = Field(default=None, description="scheme -> value, as in handle or e-mail")


class CorrectName(Command, stream="person", verb="correct-name", by=(By("own", "@"), *_HR)):
    """Write the person's name otherwise."""

    name: Name


class StartEmployment(Command, stream="person", verb="start-employment", by=_HR_AND_PARTNER):
    """Start an employment."""

    employment: Id | None = Field(default=None, description="made by the server if absent")
    contract: Code = "permanent"
    until: Day | None = None
    probation_until: Day | None = None
    application: Id | None = None


class EndEmployment(Command, stream="person", verb="end-employment", by=_HR_AND_PARTNER):
    """End the running employment; effective on the first day after the last one."""

    ending: Ending


class AssignToUnit(Command, stream="person", verb="assign-to-unit", by=_HR_AND_PARTNER):
    """Assign the person to a unit."""

    unit: Id
    assignment: AssignmentKind = AssignmentKind.HOME


class LeaveUnit(Command, stream="person", verb="leave-unit", by=_HR_AND_PARTNER):
    """End an assignment to a unit."""

    unit: Id


class AssignManager(Command, stream="person", verb="assign-manager", by=_HR_AND_PARTNER):
    """Name the person's line or dotted-line manager."""

    manager: Id
    relation: ManagerKind = ManagerKind.LINE


class ReleaseManager(Command, stream="person", verb="release-manager", by=_HR_AND_PARTNER):
    """Release a manager of the person."""

    manager: Id
    relation: ManagerKind = ManagerKind.LINE


AnnulUnitEntry, RedateUnitEntry = commands_for("unit", _HR)
AnnulPersonEntry, RedatePersonEntry = commands_for("person", _HR)


class NotHeld(Refusal):
    """What is to end does not run at that time."""

    code = "not_held"
    en = "That does not hold at that time, so it can't end."
    zh = "当时并不成立，无法结束。"


# Decide


def decide_unit(command: Command, state: UnitState, act: Act) -> Event:
    """Return the event of a unit's command, or refuse it."""
    if isinstance(command, FormUnit):
        return _formed(command, state, act)
    if not state.formed:
        raise NotFound()
    if isinstance(command, DatedFact):
        return decide_annulment(command, state.dated, act)
    if not state.is_live(act.begins):
        act.refuse(UnitGone())
    return _unit_event(command, state, act)


def _formed(command: FormUnit, state: UnitState, act: Act) -> Event:
    if state.formed:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="unit")
    if command.parent is not None:
        _require(act, "unit", command.parent, "parent")
    return UnitFormed(label=command.label, parent=command.parent)


def _unit_event(command: Command, state: UnitState, act: Act) -> Event:
    lines, at = state.lines, act.begins
    match command:
        case RenameUnit(label=label):
            return _unless_said(lines["label"], at, Held(label), UnitRenamed(label=label))
        case MoveUnit(parent=parent):
            return _moved(command, parent, act)
        case DissolveUnit():
            return UnitDissolved()
        case AppointLead(lead=lead):
            _require(act, "person", lead, "lead")
            _require_employed(act, lead)
            return _unless_said(lines["lead"], at, Held(lead), UnitLeadAppointed(lead=lead))
        case ReleaseLead(lead=lead):
            _require_held(lines["lead"], at, lead, single=True)
            return UnitLeadReleased(lead=lead)
        case AssignHrPartner(partner=partner):
            _require(act, "person", partner, "partner")
            return _unless_said(lines["partner"], at, Held(partner), HrPartnerAssigned(partner=partner))
        case ReleaseHrPartner(partner=partner):
            _require_held(lines["partner"], at, partner)
            return HrPartnerReleased(partner=partner)
    raise TypeError(command)


def _moved(command: MoveUnit, parent: str | None, act: Act) -> Event:
    seen: str | None = parent
    if parent is not None:
        _require(act, "unit", parent, "parent")
    while seen is not None:
        if seen == act.id:
            raise Circle()
        seen = act.facts.state("unit", seen).parent_on(act.begins)
    return UnitMoved(parent=parent)


def decide_person(command: Command, state: PersonState, act: Act) -> Event:
    """Return the event of a person's command, or refuse it."""
    if isinstance(command, RegisterPerson):
        if state.registered:
            raise AlreadyExists(kind="person")
        return PersonRegistered(name=command.name, identifiers=command.identifiers)
    if not state.registered:
        raise NotFound()
    if isinstance(command, DatedFact):
        return decide_annulment(command, state.dated, act)
    if isinstance(command, CorrectName):
        return PersonNameCorrected(name=command.name)
    if isinstance(command, StartEmployment | EndEmployment):
        return _employment_event(command, state, act)
    return _relation_event(command, state, act)


class StillEmployed(Refusal):
    """An employment is running already."""

    code, markable = "still_employed", True
    en = "An employment is running at that time."
    zh = "当时已有劳动关系存续。"


def _employment_event(command: StartEmployment | EndEmployment, state: PersonState, act: Act) -> Event:
    running = state.employment_on(act.begins)
    if isinstance(command, EndEmployment):
        if running is None:
            raise NotHeld()
        return EmploymentEnded(employment=running, ending=command.ending)
    employment = command.employment or f"e-{act.event_id[-12:]}"
    if state.lines["employment"].says(act.begins, Held(employment)):
        raise AlreadyRecorded()
    if running is not None:
        act.refuse(StillEmployed())
    return EmploymentStarted(
        employment=employment,
        contract=command.contract,
        until=command.until,
        probation_until=command.probation_until,
        application=command.application,
    )


def _relation_event(command: Command, state: PersonState, act: Act) -> Event:
    lines, at = state.lines, act.begins
    match command:
        case AssignToUnit(unit=unit, assignment=assignment):
            _require(act, "unit", unit, "unit")
            if not act.facts.state("unit", unit).is_live(at):
                act.refuse(UnitGone())
            _require_own_employment(state, act)
            event = PersonAssignedToUnit(unit=unit, assignment=assignment)
            return _unless_said(lines[assignment.value], at, Held(unit), event)
        case LeaveUnit(unit=unit):
            home = state.home_on(_just_before(at)) == unit or state.home_on(at) == unit
            if not home and unit not in state.units_on(_just_before(at)):
                if lines["home"].says(at, Held(unit, begins=False)):
                    raise AlreadyRecorded()
                raise NotHeld()
            return _unless_said(lines["home"], at, Held(unit, begins=False), PersonLeftUnit(unit=unit))
        case AssignManager(manager=manager, relation=relation):
            if manager == act.id:
                raise Circle()
            _require(act, "person", manager, "manager")
            _require_own_employment(state, act)
            _require_employed(act, manager)
            said = ManagerAssigned(manager=manager, relation=relation)
            return _unless_said(lines[f"manager.{relation}"], at, Held(manager), said)
        case ReleaseManager(manager=manager, relation=relation):
            _require_held(lines[f"manager.{relation}"], at, manager, single=relation is ManagerKind.LINE)
            return ManagerReleased(manager=manager, relation=relation)
    raise TypeError(command)


def _just_before(at: datetime) -> datetime:
    return at - ONE_TICK


def _unless_said(line: Timeline[Held], at: datetime, held: Held, event: Event) -> Event:
    if line.says(at, held):
        raise AlreadyRecorded()
    return event


def _require(act: Act, kind: str, id: str, field_name: str) -> None:
    if not act.facts.exists(kind, id):
        raise UnknownReference(kind=kind, field=field_name)


def _require_employed(act: Act, person: str) -> None:
    if not act.facts.is_employed(person, act.begins):
        act.refuse(AfterLastDay())


def _require_own_employment(state: PersonState, act: Act) -> None:
    if state.employment_on(act.begins) is None:
        act.refuse(AfterLastDay())


def _require_held(line: Timeline[Held], at: datetime, holder: str, *, single: bool = False) -> None:
    if line.says(at, Held(holder, begins=False)):
        raise AlreadyRecorded()
    current: Any = holder_on(line, _just_before(at)) if single else holders_on(line, _just_before(at)).get(holder)
    if current is None or current.value.holder != holder:
        raise NotHeld()


UNIT_COMMANDS = (
    FormUnit,
    RenameUnit,
    MoveUnit,
    DissolveUnit,
    AppointLead,
    ReleaseLead,
    AssignHrPartner,
    ReleaseHrPartner,
    AnnulUnitEntry,
    RedateUnitEntry,
)
PERSON_COMMANDS = (
    RegisterPerson,
    CorrectName,
    StartEmployment,
    EndEmployment,
    AssignToUnit,
    LeaveUnit,
    AssignManager,
    ReleaseManager,
    AnnulPersonEntry,
    RedatePersonEntry,
)
STREAMS = (
    StreamKind("unit", "units", "u", UnitState(), decide_unit, evolve_unit, UNIT_COMMANDS, caller_ids=True),
    StreamKind("person", "people", "p", PersonState(), decide_person, evolve_person, PERSON_COMMANDS),
)
