"""People: first and last days, home units, managers without circles, leaving and coming back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.people import persons, units
from ledger.domain.people.lines import NotHeld
from ledger.domain.people.persons import AssignmentKind, Ending, ManagerKind, StillEmployed
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Event
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    Circle,
    NotAnnullable,
    UnitGone,
    UnknownReference,
)
from tests.domain.examples import AT_HOME, EMPLOYED, HIRED, PERSON, UNIT, company, day
from tests.domain.given import Given, Happened, at, given

WORLD = company()
LEFT = persons.EmploymentEnded(employment="e-1", ending=Ending.VOLUNTARY), day("2024-07-01")


def cleo(*happened: Happened) -> Given:
    return given("person", "p-cleo", PERSON, *happened, world=WORLD)


def home(unit: str, on: str) -> Happened:
    return persons.PersonAssignedToUnit(unit=unit, assignment=AssignmentKind.HOME), day(on)


def manager(person: str, on: str) -> Happened:
    return persons.ManagerAssigned(manager=person, relation=ManagerKind.LINE), day(on)


# Employment


def test_the_last_day_is_the_day_before_the_employment_ends():
    state = cleo(EMPLOYED, LEFT).state
    assert state.employment_on(at("2024-07-01") - ONE_TICK) == "e-1"
    assert state.employment_on(at("2024-07-01")) is None
    assert state.employment_on(at("2020-01-01") - ONE_TICK) is None


def test_who_returns_is_one_person_with_two_employments():
    subject = cleo(EMPLOYED, LEFT)
    started = subject.history.do(
        "person", "p-cleo", persons.StartEmployment(effective_at=day("2025-02-01"), employment="e-2")
    )
    assert isinstance(started.event, persons.EmploymentStarted)
    days = ("2024-06-30", "2024-07-01", "2025-01-31", "2025-02-01")
    assert [subject.state.employment_on(at(d)) for d in days] == ["e-1", None, None, "e-2"]


def test_a_second_employment_does_not_start_while_one_runs():
    cleo(EMPLOYED).when(persons.StartEmployment()).then(StillEmployed)
    cleo(EMPLOYED).when(persons.StartEmployment(), testimony=True).then(
        persons.EmploymentStarted, marks=("still_employed",)
    )
    cleo(EMPLOYED).when(persons.StartEmployment(employment="e-1"), on="2020-01-01").then(AlreadyRecorded)


def test_an_employment_ends_once_and_not_before_it_begins():
    cleo(EMPLOYED, LEFT).when(persons.EndEmployment(ending=Ending.OTHER)).then(NotHeld)
    cleo(EMPLOYED).when(persons.EndEmployment(ending=Ending.OTHER), on="2019-12-31").then(NotHeld)


def test_an_annulled_end_never_was():
    subject = cleo(EMPLOYED, LEFT)
    entry = subject.entry(persons.EmploymentEnded)
    subject.history.do("person", "p-cleo", persons.AnnulPersonEntry.model_validate({"entry": entry}))
    assert subject.state.employment_on(at("2025-01-01")) == "e-1"
    subject.when(persons.AnnulPersonEntry.model_validate({"entry": entry})).then(NotAnnullable)


def test_a_redated_end_moves():
    subject = cleo(EMPLOYED, LEFT)
    asked = {"entry": subject.entry(persons.EmploymentEnded), "new_effective_at": "2024-09-01"}
    subject.history.do("person", "p-cleo", persons.RedatePersonEntry.model_validate(asked))
    assert subject.state.employment_on(at("2024-08-31")) == "e-1"
    assert subject.state.employment_on(at("2024-09-01")) is None


@pytest.mark.parametrize("entry", [persons.PersonRegistered, persons.PersonNameCorrected])
def test_what_is_not_dated_is_not_annulled(entry: type[Event]):
    subject = cleo((persons.PersonNameCorrected(name="Clea"), HIRED))
    subject.when(persons.AnnulPersonEntry.model_validate({"entry": subject.entry(entry)})).then(NotAnnullable)


# Units


def test_the_home_unit_holds_to_its_last_day_and_the_next_takes_over_the_day_after():
    state = cleo(EMPLOYED, home("sales", "2024-01-01"), home("company", "2024-03-01")).state
    assert state.home_on(at("2024-01-01") - ONE_TICK) is None
    assert state.home_on(at("2024-03-01") - ONE_TICK) == "sales"
    assert state.home_on(at("2024-03-01")) == "company"


def test_a_late_entry_slots_in_and_holds_until_the_next():
    state = cleo(
        EMPLOYED, home("sales", "2024-01-01"), home("company", "2024-03-01"), home("sales", "2023-06-01")
    ).state
    assert state.home_on(at("2023-12-31")) == "sales"
    assert state.home_on(at("2024-03-01")) == "company"


def test_leaving_a_former_unit_late_does_not_end_the_present_one():
    left = persons.PersonLeftUnit(unit="sales"), day("2024-03-01")
    state = cleo(EMPLOYED, home("sales", "2024-01-01"), home("company", "2024-03-01"), left).state
    assert state.home_on(at("2024-03-01")) == "company"


def test_only_a_unit_that_one_belongs_to_can_be_left():
    cleo(EMPLOYED, AT_HOME).when(persons.LeaveUnit(unit="company")).then(NotHeld)
    subject = cleo(EMPLOYED, AT_HOME)
    leave = persons.LeaveUnit(unit="sales", effective_at=day("2024-05-01"))
    subject.history.do("person", "p-cleo", leave)
    subject.when(leave).then(AlreadyRecorded)
    assert subject.state.home_on(at("2024-05-01")) is None


def test_several_units_besides_home_stand_beside_each_other():
    extra = persons.PersonAssignedToUnit(unit="company", assignment=AssignmentKind.SECONDED), day("2024-01-01")
    state = cleo(EMPLOYED, AT_HOME, extra).state
    assert (state.home_on(at("2024-02-01")), state.units_on(at("2024-02-01"))) == ("sales", {"company": "seconded"})


def test_nobody_is_assigned_before_hire_or_after_the_last_day():
    subject = cleo(EMPLOYED, LEFT)
    subject.when(persons.AssignToUnit(unit="sales"), on="2024-06-30").then(persons.PersonAssignedToUnit)
    for on in ("2019-12-31", "2024-07-01"):
        subject.when(persons.AssignToUnit(unit="sales"), on=on).then(UnitGone if on < "2020" else AfterLastDay)
    outcome = subject.when(persons.AssignToUnit(unit="sales"), on="2024-07-01", testimony=True)
    outcome.then(persons.PersonAssignedToUnit, marks=("not_employed",))


def test_a_dissolved_unit_takes_nobody_and_does_nothing():
    subject = given("unit", "service", UNIT, (units.UnitDissolved(), day("2024-01-01")), world=WORLD)
    subject.when(units.RenameUnit(label="Care"), on="2023-12-31").then(units.UnitRenamed(label="Care"))
    subject.when(units.RenameUnit(label="Care"), on="2024-01-01").then(UnitGone)
    person = given("person", "p-cleo", PERSON, EMPLOYED, world=subject.history)
    person.when(persons.AssignToUnit(unit="service"), on="2024-01-01").then(UnitGone)


def test_history_keeps_the_label_of_its_time():
    subject = given("unit", "service", UNIT, (units.UnitRenamed(label="Care"), day("2024-01-01")), world=WORLD)
    labels = [subject.state.label_on(at(d)) for d in ("2019-12-31", "2020-01-01", "2023-12-31", "2024-01-01")]
    assert labels == [None, "Service", "Service", "Care"]


def test_a_unit_does_not_move_under_itself():
    given("unit", "company", world=WORLD).when(units.MoveUnit(parent="sales")).then(Circle)
    given("unit", "company", world=WORLD).when(units.MoveUnit(parent="company")).then(Circle)
    given("unit", "sales", world=WORLD).when(units.MoveUnit()).then(units.UnitMoved(parent=None))


def test_a_circle_that_history_brought_is_left_by_moving_to_the_top():
    world = WORLD.copy()
    world.record("unit", "company", units.UnitMoved(parent="sales"))
    given("unit", "service", UNIT, world=world).when(units.MoveUnit(parent="sales")).then(Circle)
    given("unit", "sales", world=world).when(units.MoveUnit()).then(units.UnitMoved(parent=None))


def test_annulling_a_move_brings_no_circle_back():
    world = WORLD.copy()
    moved = world.record("unit", "sales", units.UnitMoved(parent=None), on=day("2024-01-01")).event_id
    above = world.record("unit", "company", units.UnitMoved(parent="sales"), on=day("2025-01-01")).event_id
    undone = units.AnnulUnitEntry.model_validate({"entry": moved})
    late = units.RedateUnitEntry.model_validate({"entry": moved, "new_effective_at": "2025-06-01"})
    given("unit", "sales", world=world).when(undone).then(Circle)
    given("unit", "sales", world=world).when(late).then(Circle)
    other = units.UnitMoved(parent=None), day("2025-01-01")
    gone = EntryAnnulled(entry=moved, entry_topic=units.UnitMoved.topic)
    given("unit", "sales", other, world=world).when(undone).then(gone)
    world.do("unit", "company", units.AnnulUnitEntry.model_validate({"entry": above}))
    given("unit", "sales", world=world).when(undone).then(gone)


def test_a_lead_is_released_only_by_name_and_replaced_by_the_next():
    led = [(units.UnitLeadAppointed(lead=p), day(d)) for p, d in (("p-ann", "2024-01-01"), ("p-bob", "2024-03-01"))]
    subject = given("unit", "service", UNIT, *led, world=WORLD)
    subject.when(units.ReleaseLead(lead="p-ann"), on="2024-05-01").then(NotHeld)
    assert subject.state.lead_on(at("2024-02-29")) == "p-ann"
    assert subject.state.lead_on(at("2024-03-01")) == "p-bob"
    subject.when(units.AppointLead(lead="p-eve"), on="2026-03-01").then(AfterLastDay)


# Managers


def test_annulling_a_manager_brings_no_circle_back():
    world = cleo(EMPLOYED, manager("p-ann", "2024-01-01")).history
    freed = persons.ManagerReleased(manager="p-ann", relation=ManagerKind.LINE)
    released = world.record("person", "p-cleo", freed, on=day("2024-06-01")).event_id
    above = persons.ManagerAssigned(manager="p-cleo", relation=ManagerKind.LINE)
    led = world.record("person", "p-ann", above, on=day("2025-01-01")).event_id
    undone = persons.AnnulPersonEntry.model_validate({"entry": released})
    given("person", "p-cleo", world=world).when(undone).then(Circle)
    world.do("person", "p-ann", persons.AnnulPersonEntry.model_validate({"entry": led}))
    given("person", "p-cleo", world=world).when(undone).then(EntryAnnulled)


def test_nobody_is_their_own_manager_directly_or_through_others():
    cleo(EMPLOYED).when(persons.AssignManager(manager="p-cleo")).then(Circle)
    world = WORLD.copy()
    world.record("person", "p-bob", persons.ManagerAssigned(manager="p-ann", relation=ManagerKind.LINE), on=HIRED)
    world.record("person", "p-lead", persons.ManagerAssigned(manager="p-bob", relation=ManagerKind.LINE), on=HIRED)
    given("person", "p-ann", world=world).when(persons.AssignManager(manager="p-lead")).then(Circle)
    dotted = persons.AssignManager(manager="p-lead", relation=ManagerKind.DOTTED)
    given("person", "p-ann", world=world).when(dotted).then(persons.ManagerAssigned)


def test_a_circle_is_judged_at_the_time_it_would_take_effect():
    world = WORLD.copy()
    under = persons.ManagerAssigned(manager="p-ann", relation=ManagerKind.LINE)
    world.record("person", "p-lead", under, on=day("2025-01-01"))
    ask = persons.AssignManager(manager="p-lead")
    given("person", "p-ann", world=world).when(ask, on="2024-12-31").then(persons.ManagerAssigned)
    given("person", "p-ann", world=world).when(ask, on="2025-01-01").then(Circle)


def test_line_managers_follow_each_other_and_dotted_ones_stand_together():
    dotted = [
        (persons.ManagerAssigned(manager=p, relation=ManagerKind.DOTTED), day("2024-01-01")) for p in ("p-ann", "p-bob")
    ]
    subject = cleo(EMPLOYED, manager("p-lead", "2024-01-01"), manager("p-boss", "2024-02-01"), *dotted)
    moment = at("2024-02-01")
    assert subject.state.manager_on(moment - timedelta(days=1)) == "p-lead"
    assert subject.state.manager_on(moment) == "p-boss"
    assert subject.state.dotted_on(moment) == ("p-ann", "p-bob")
    subject.when(persons.ReleaseManager(manager="p-lead")).then(NotHeld)
    subject.when(persons.ReleaseManager(manager="p-boss")).then(persons.ManagerReleased)


def test_a_manager_is_employed_when_it_takes_effect():
    cleo(EMPLOYED).when(persons.AssignManager(manager="p-eve"), on="2026-02-28").then(persons.ManagerAssigned)
    cleo(EMPLOYED).when(persons.AssignManager(manager="p-eve"), on="2026-03-01").then(AfterLastDay)
    cleo(EMPLOYED).when(persons.AssignManager(manager="p-nobody")).then(UnknownReference)


def test_name_and_identifiers_are_sealed_to_the_person():
    asked = persons.RegisterPerson(name="Cleo Example", identifiers={"handle": "cleo"})
    event = given("person", "p-new", world=WORLD).when(asked).event
    assert event is not None
    sealed = {("person/p-new", "identity"): {"name": "Cleo Example", "identifiers": {"handle": "cleo"}}}
    assert event.sealed_texts("person/p-new") == sealed
    assert event.lookups() == {"handle": "cleo"}
    assert event.clear_json() == b"{}"
