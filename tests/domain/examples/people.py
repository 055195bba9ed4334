"""Examples of units and persons."""

from __future__ import annotations

from ledger.domain.people import absences, calendars, delegations, merging, persons, units
from ledger.domain.people.delegations import DelegationEnding, Scope
from ledger.domain.people.persons import AssignmentKind, Ending, ManagerKind
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Subject
from tests.domain.examples.company import HIRED, day
from tests.domain.examples.example import Example, annul, redate
from tests.domain.given import at

UNIT = units.UnitFormed(label="Service", parent="company"), HIRED
LED = units.UnitLeadAppointed(lead="p-ann"), HIRED
PARTNERED = units.HrPartnerAssigned(partner="p-hr"), HIRED
PERSON = persons.PersonRegistered(name="Cleo"), HIRED
EMPLOYED = persons.EmploymentStarted(employment="e-1", contract="permanent"), HIRED
AT_HOME = persons.PersonAssignedToUnit(unit="sales", assignment=AssignmentKind.HOME), HIRED
LEFT = persons.EmploymentEnded(employment="e-1", ending=Ending.INVOLUNTARY), day("2026-05-01")
AWAY = absences.AbsenceStarted(absence="b-1", pauses=True), day("2026-05-01")
DELEGATED = (
    delegations.DelegationGranted(
        delegation="d-1", delegate="p-ann", scope=(Scope.GOALS,), until=day("2026-07-01"), ends=at("2026-07-01")
    ),
    day("2026-05-01"),
)
CALENDAR = {"zone": "Asia/Urumqi", "calendar": "cn", "jurisdiction": "cn"}
MANAGED = persons.ManagerAssigned(manager="p-lead", relation=ManagerKind.LINE), HIRED

EXAMPLES = (
    Example("unit", "service", units.FormUnit(label="Service", parent="company"), units.UnitFormed),
    Example("unit", "service", units.RenameUnit(label="Care"), units.UnitRenamed, before=(UNIT,)),
    Example("unit", "service", units.MoveUnit(parent="sales"), units.UnitMoved, before=(UNIT,)),
    Example("unit", "service", units.DissolveUnit(), units.UnitDissolved, before=(UNIT,)),
    Example("unit", "service", units.AppointLead(lead="p-bob"), units.UnitLeadAppointed, before=(UNIT,)),
    Example("unit", "service", units.ReleaseLead(lead="p-ann"), units.UnitLeadReleased, before=(UNIT, LED)),
    Example("unit", "service", units.AssignHrPartner(partner="p-hr"), units.HrPartnerAssigned, before=(UNIT,)),
    Example(
        "unit", "service", units.ReleaseHrPartner(partner="p-hr"), units.HrPartnerReleased, before=(UNIT, PARTNERED)
    ),
    Example("unit", "service", annul(units.AnnulUnitEntry, units.UnitLeadAppointed), EntryAnnulled, before=(UNIT, LED)),
    Example(
        "unit", "service", redate(units.RedateUnitEntry, units.UnitLeadAppointed), EntryRedated, before=(UNIT, LED)
    ),
    Example("unit", "service", units.MergeUnit(into="sales"), units.UnitsMerged, before=(UNIT,)),
    Example("unit", "service", units.SplitUnit(parts=("sales", "company")), units.UnitSplit, before=(UNIT,)),
    Example(
        "unit", "service", calendars.SetUnitCalendar.model_validate(CALENDAR), calendars.WorkCalendarSet, before=(UNIT,)
    ),
    Example(
        "person",
        "p-cleo",
        persons.RegisterPerson(name="Cleo", identifiers={"handle": "cleo"}),
        persons.PersonRegistered,
    ),
    Example("person", "p-cleo", persons.CorrectName(name="Clea"), persons.PersonNameCorrected, before=(PERSON,)),
    Example("person", "p-cleo", persons.StartEmployment(), persons.EmploymentStarted, before=(PERSON,)),
    Example(
        "person",
        "p-cleo",
        persons.EndEmployment(ending=Ending.VOLUNTARY),
        persons.EmploymentEnded,
        before=(PERSON, EMPLOYED),
    ),
    Example(
        "person", "p-cleo", persons.AssignToUnit(unit="sales"), persons.PersonAssignedToUnit, before=(PERSON, EMPLOYED)
    ),
    Example(
        "person",
        "p-cleo",
        persons.CancelStart(employment="e-2", reason="no_show"),
        persons.EmploymentStartCancelled,
        before=(PERSON, (persons.EmploymentStarted(employment="e-2", contract="permanent"), day("2026-06-10"))),
    ),
    Example(
        "person",
        "p-cleo",
        persons.ReinstateEmployment(employment="e-1", reason="ruling"),
        persons.EmploymentReinstated,
        before=(PERSON, EMPLOYED, LEFT),
    ),
    Example(
        "person", "p-cleo", absences.StartAbsence(kind="parental"), absences.AbsenceStarted, before=(PERSON, EMPLOYED)
    ),
    Example("person", "p-cleo", absences.EndAbsence(), absences.AbsenceEnded, before=(PERSON, EMPLOYED, AWAY)),
    Example(
        "person",
        "p-cleo",
        calendars.SetPersonCalendar.model_validate(CALENDAR),
        calendars.WorkCalendarSet,
        before=(PERSON,),
    ),
    Example(
        "person",
        "p-cleo",
        delegations.GrantDelegation(delegate="p-ann", scope=(Scope.GOALS,), until=day("2026-07-01")),
        delegations.DelegationGranted,
        before=(PERSON, EMPLOYED),
        actor="p-cleo",
    ),
    Example(
        "person",
        "p-cleo",
        delegations.EndDelegation(delegation="d-1", ending=DelegationEnding.REVOKED),
        delegations.DelegationEnded,
        before=(PERSON, EMPLOYED, DELEGATED),
        actor="p-cleo",
    ),
    Example("person", "p-cleo", merging.MergePerson(into="p-ann"), merging.PersonsMerged, before=(PERSON,)),
    Example(
        "person",
        "p-cleo",
        merging.UnmergePerson(reason="mistake"),
        merging.PersonsUnmerged,
        before=(PERSON, merging.PersonsMerged(into="p-ann")),
    ),
    Example(
        "person",
        "p-cleo",
        merging.AllotRecord(about=Subject(kind="person", id="p-ann"), to="p-ann"),
        merging.RecordAllotted,
        before=(PERSON, merging.PersonsMerged(into="p-ann"), merging.PersonsUnmerged(former="p-ann")),
    ),
    Example(
        "person",
        "p-cleo",
        persons.LeaveUnit(unit="sales"),
        persons.PersonLeftUnit,
        before=(PERSON, EMPLOYED, AT_HOME),
    ),
    Example(
        "person", "p-cleo", persons.AssignManager(manager="p-ann"), persons.ManagerAssigned, before=(PERSON, EMPLOYED)
    ),
    Example(
        "person",
        "p-cleo",
        persons.ReleaseManager(manager="p-lead"),
        persons.ManagerReleased,
        before=(PERSON, EMPLOYED, MANAGED),
    ),
    Example(
        "person",
        "p-cleo",
        annul(persons.AnnulPersonEntry, persons.EmploymentStarted),
        EntryAnnulled,
        before=(PERSON, EMPLOYED),
    ),
    Example(
        "person",
        "p-cleo",
        redate(persons.RedatePersonEntry, persons.EmploymentStarted),
        EntryRedated,
        before=(PERSON, EMPLOYED),
    ),
)
