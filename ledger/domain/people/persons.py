"""Persons: employments, units and managers as dated facts; names and outside identifiers sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.domain.people.lines import (
    Line,
    NotHeld,
    just_before,
    put,
    require_employed,
    require_held,
    single,
    unless_said,
)
from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, LookupBy, Seal
from ledger.kernel.ids import ApplicationId, Code, Id, PersonId, UnitId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    Refusal,
    UnitGone,
)
from ledger.kernel.texts import Identifiers, Name
from ledger.kernel.timeline import Held, Timelines, holders_on


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


# Events


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
        return single(self.lines["home"], at)

    def units_on(self, at: datetime) -> dict[str, str]:
        """Return the units besides home, unit -> kind of assignment."""
        kinds = (k for k in AssignmentKind if k is not AssignmentKind.HOME)
        return {unit: kind.value for kind in kinds for unit in holders_on(self.lines[kind.value], at)}

    def manager_on(self, at: datetime) -> str | None:
        """Return the line manager, or None."""
        return single(self.lines["manager.line"], at)

    def dotted_on(self, at: datetime) -> tuple[str, ...]:
        """Return the dotted-line managers."""
        return tuple(holders_on(self.lines["manager.dotted"], at))


def evolve_person(state: PersonState, entry: Entry) -> PersonState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(state, lines=applied(state.lines, entry), dated=remember(state.dated, entry))
    lines = state.lines
    for key, held in _person_changes(entry.event, state, entry.begins):
        lines = put(lines, key, entry, held)
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


AnnulPersonEntry, RedatePersonEntry = commands_for("person", _HR)


class StillEmployed(Refusal):
    """An employment is running already."""

    code, markable = "still_employed", True
    en = "An employment is running at that time."
    zh = "当时已有劳动关系存续。"


# Decide


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
            act.require_known("unit", unit, field="unit")
            if not act.facts.state("unit", unit).is_live(at):
                act.refuse(UnitGone())
            _require_own_employment(state, act)
            event = PersonAssignedToUnit(unit=unit, assignment=assignment)
            return unless_said(lines[assignment.value], at, Held(unit), event)
        case LeaveUnit(unit=unit):
            home = state.home_on(just_before(at)) == unit or state.home_on(at) == unit
            if not home and unit not in state.units_on(just_before(at)):
                if lines["home"].says(at, Held(unit, begins=False)):
                    raise AlreadyRecorded()
                raise NotHeld()
            return unless_said(lines["home"], at, Held(unit, begins=False), PersonLeftUnit(unit=unit))
        case AssignManager(manager=manager, relation=relation):
            act.require_known("person", manager, field="manager")
            if relation is ManagerKind.LINE or manager == act.id:
                _require_no_circle(manager, act)
            _require_own_employment(state, act)
            require_employed(act, manager)
            said = ManagerAssigned(manager=manager, relation=relation)
            return unless_said(lines[f"manager.{relation}"], at, Held(manager), said)
        case ReleaseManager(manager=manager, relation=relation):
            require_held(lines[f"manager.{relation}"], at, manager, single=relation is ManagerKind.LINE)
            return ManagerReleased(manager=manager, relation=relation)
    raise TypeError(command)


def _require_no_circle(manager: str, act: Act) -> None:
    """Refuse a manager who is the person, or whose own line of managers leads back to the person at that time."""
    seen: set[str] = {act.id}
    above: str | None = manager
    while above is not None:
        if above in seen:
            raise Circle()
        seen.add(above)
        above = act.facts.state("person", above).manager_on(act.begins)


def _require_own_employment(state: PersonState, act: Act) -> None:
    if state.employment_on(act.begins) is None:
        act.refuse(AfterLastDay())


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
STREAM = StreamKind("person", "people", "p", PersonState(), decide_person, evolve_person, PERSON_COMMANDS)
