"""Deciding what is asked of a person."""

from datetime import timedelta

from ledger.domain.people import absences, calendars, delegations, merging
from ledger.domain.people.lines import (
    NotHeld,
    just_before,
    require_employed,
    require_held,
    require_no_circle_after,
    unless_said,
)
from ledger.domain.people.persons.commands import (
    PERSON_COMMANDS,
    AssignJob,
    AssignManager,
    AssignmentReversed,
    AssignToUnit,
    CancelStart,
    CorrectName,
    EndEmployment,
    LeaveUnit,
    NeverStarted,
    RegisterPerson,
    ReinstateEmployment,
    ReleaseManager,
    SharesExceedWhole,
    StartEmployment,
    StillEmployed,
)
from ledger.domain.people.persons.engaging import begun
from ledger.domain.people.persons.events import (
    AssignmentKind,
    EmploymentEnded,
    EmploymentReinstated,
    EmploymentStartCancelled,
    JobAssigned,
    ManagerAssigned,
    ManagerKind,
    ManagerReleased,
    PersonAssignedToUnit,
    PersonLeftUnit,
    PersonNameCorrected,
    PersonRegistered,
)
from ledger.domain.people.persons.state import PersonState, evolve_person
from ledger.kernel.annulment import DatedFact, as_of_then, changed, decide_annulment, pointed_at
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Event
from ledger.kernel.moments import begins
from ledger.kernel.refusals import AfterLastDay, AlreadyExists, AlreadyRecorded, Circle, NotFound, UnitGone
from ledger.kernel.timeline import Held, Timeline, adds_holders, holders_on

LINE_MANAGER = f"manager.{ManagerKind.LINE}"
JOB = "job"
LIVED = timedelta(days=30)  # a start that was not kept is noted within a month, or ended like any other


def decide_person(command: Command, state: PersonState, act: Act) -> Event:
    """Return the event of a person's command, or refuse it."""
    if isinstance(command, RegisterPerson):
        if state.registered:
            raise AlreadyExists(kind="person")
        return PersonRegistered(name=command.name, identifiers=command.identifiers)
    if not state.registered:
        raise NotFound()
    if isinstance(command, merging.MergePerson | merging.UnmergePerson):
        return merging.decide(command, state, state.merged_into, act)
    if isinstance(command, DatedFact):
        return _pointed(command, state, act)
    if state.merged_into is not None:
        raise merging.MergedAway()
    if isinstance(command, merging.AllotRecord):
        return merging.allotted(command, state.merge, act)
    return _event_about(command, state, act)


def _pointed(command: DatedFact, state: PersonState, act: Act) -> Event:
    """Return the annulling or re-dating event, unless what is left or moved would be refused if it were said so."""
    event = decide_annulment(command, state.dated, act)
    line = state.lines["employment"]
    if adds_holders(line, changed(line, event)):
        act.refuse(StillEmployed())
    then = as_of_then(event, act)
    if then is not None:
        for key, change in pointed_at(state.lines, command.entry):
            if key != "employment" and change.value.begins:
                _require_movable(key, change.value, state, then)
        absences.require_movable(command.entry, state.absences, then)
        delegations.require_movable(command.entry, state.delegations, then)
    managers = state.lines[LINE_MANAGER]
    if state.merged_into is None and any(change.event_id == command.entry for change in managers.changes):
        act.facts.one_by_one("lines of managers")
        require_no_circle_after(act.id, managers, changed(managers, event), lambda person: _managed(person, act))
    return event


def _managed(person: str, act: Act) -> tuple[str, Timeline[Held]]:
    """Return the id that a person is read as, and their line of managers."""
    id = act.facts.resolved(person)
    return id, act.facts.state("person", id).lines[LINE_MANAGER]


def _require_movable(key: str, held: Held, state: PersonState, then: Act) -> None:
    """Refuse a unit or manager at a time at which the person or the other is not there."""
    _require_own_employment(state, then)
    if key == JOB:
        return None
    if key.startswith("manager."):
        return require_employed(then, held.holder)
    if held.until is not None and held.until <= then.begins:
        raise AssignmentReversed()
    if not then.facts.state("unit", held.holder).is_live(then.begins):
        then.refuse(UnitGone())
    return None


def _event_about(command: Command, state: PersonState, act: Act) -> Event:
    match command:
        case CorrectName(name=name):
            return PersonNameCorrected(name=name)
        case StartEmployment() | EndEmployment():
            return _employment_event(command, state, act)
        case CancelStart() | ReinstateEmployment():
            return _employment_undone(command, state, act)
        case absences.StartAbsence() | absences.EndAbsence():
            return absences.decide(command, state.absences, act)
        case delegations.GrantDelegation() | delegations.EndDelegation():
            return delegations.decide(command, state.delegations, act)
        case calendars.SetPersonCalendar():
            return calendars.decide(command, state.calendars, act)
    return _relation_event(command, state, act)


def _employment_undone(command: CancelStart | ReinstateEmployment, state: PersonState, act: Act) -> Event:
    line, employment = state.lines["employment"], command.employment
    act.require_reason(command)
    start = next((c for c in line.changes if c.value == Held(employment)), None)
    if start is None:
        raise NotHeld()
    ended = any(c.value == Held(employment, begins=False) for c in line.changes)
    if isinstance(command, CancelStart):
        act.require_happened()
        if ended or start.at <= act.begins - LIVED:
            raise NeverStarted()
        return EmploymentStartCancelled(employment=employment, entry=start.event_id)
    if line.says(act.begins, Held(employment)):
        raise AlreadyRecorded()
    if not ended or employment in holders_on(line, act.begins):
        raise NotHeld()
    if state.employment_on(act.begins) is not None or any(c.value.begins for c in line.after(act.begins)):
        act.refuse(StillEmployed())
    return EmploymentReinstated(employment=employment)


def _employment_event(command: StartEmployment | EndEmployment, state: PersonState, act: Act) -> Event:
    running = state.employment_on(act.begins)
    if isinstance(command, EndEmployment):
        if running is None:
            raise NotHeld()
        return EmploymentEnded(employment=running, ending=command.ending)
    employment = command.employment or f"e-{act.event_id[-12:]}"
    if state.lines["employment"].says(act.begins, Held(employment)):
        raise AlreadyRecorded()
    if running is not None or any(c.value.begins for c in state.lines["employment"].after(act.begins)):
        act.refuse(StillEmployed())  # two would run at a time, now or later
    return begun(command, employment, state, act)


def _relation_event(command: Command, state: PersonState, act: Act) -> Event:
    lines, at = state.lines, act.begins
    match command:
        case AssignToUnit():
            return _assigned(command, state, act)
        case LeaveUnit(unit=unit):
            home = state.home_on(just_before(at)) == unit or state.home_on(at) == unit
            if not home and unit not in state.units_on(just_before(at)):
                if lines["home"].says(at, Held(unit, begins=False)):
                    raise AlreadyRecorded()
                raise NotHeld()
            return unless_said(lines["home"], Held(unit, begins=False), PersonLeftUnit(unit=unit), act)
        case AssignJob(profile=profile):
            act.require_known("job-profile", profile, field="profile")
            _require_own_employment(state, act)
            return unless_said(lines[JOB], Held(profile), JobAssigned(profile=profile), act, single=True)
        case AssignManager(manager=manager, relation=relation):
            act.require_known("person", manager, field="manager")
            if relation is ManagerKind.LINE or act.facts.resolved(manager) == act.facts.resolved(act.id):
                _require_no_circle(manager, act)
            _require_own_employment(state, act)
            require_employed(act, manager)
            said = ManagerAssigned(manager=manager, relation=relation)
            line = relation is ManagerKind.LINE
            return unless_said(lines[f"manager.{relation}"], Held(manager), said, act, single=line)
        case ReleaseManager(manager=manager, relation=relation):
            require_held(lines[f"manager.{relation}"], at, manager, single=relation is ManagerKind.LINE)
            return ManagerReleased(manager=manager, relation=relation)
    raise TypeError(command)


def _assigned(command: AssignToUnit, state: PersonState, act: Act) -> Event:
    at, unit, kind = act.begins, command.unit, command.assignment.value
    act.require_known("unit", unit, field="unit")
    if not act.facts.state("unit", unit).is_live(at):
        act.refuse(UnitGone())
    _require_own_employment(state, act)
    if command.employment is not None and command.employment not in holders_on(state.lines["employment"], at):
        act.refuse(AfterLastDay())
    ends = None if command.until is None else begins(command.until, act.zone)
    if ends is not None and ends <= at:
        raise AssignmentReversed()
    taken = {key: share for key, share in state.shares_on(at).items() if not _gives_way(key, kind, unit)}
    if command.share is not None and sum(taken.values(), command.share) > 1:
        act.refuse(SharesExceedWhole())
    event = PersonAssignedToUnit(
        unit=unit,
        assignment=command.assignment,
        employment=command.employment,
        share=command.share,
        until=command.until,
        ends=ends,
    )
    restated = command.share is not None and state.shares_on(at).get(f"{kind} {unit}") != command.share
    home = command.assignment is AssignmentKind.HOME
    return event if restated else unless_said(state.lines[kind], Held(unit, until=ends), event, act, single=home)


def _gives_way(key: str, kind: str, unit: str) -> bool:
    """Tell whether a stated share ends with a new assignment: that of the former home, or of the same assignment."""
    return key.startswith("home ") if kind == AssignmentKind.HOME else key == f"{kind} {unit}"


def _require_no_circle(manager: str, act: Act) -> None:
    """Refuse a manager who is the person, or whose own line of managers leads back to the person at that time.

    Ids that were merged are one person here.
    """
    act.facts.one_by_one("lines of managers")
    seen: set[str] = {act.facts.resolved(act.id)}
    above: str | None = act.facts.resolved(manager)
    while above is not None:
        if above in seen:
            raise Circle()
        seen.add(above)
        higher = act.facts.state("person", above).manager_on(act.begins)
        above = None if higher is None else act.facts.resolved(higher)


def _require_own_employment(state: PersonState, act: Act) -> None:
    if state.employment_on(act.begins) is None:
        act.refuse(AfterLastDay())


STREAM = StreamKind("person", "people", "p", PersonState(), decide_person, evolve_person, PERSON_COMMANDS)
