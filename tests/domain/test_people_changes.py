"""Absences, calendars, delegations, merged ids and units, shares and terms: what holds when, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger.domain.people import absences, calendars, delegations, merging, persons, units
from ledger.domain.people.absences import StillAbsent
from ledger.domain.people.delegations import DelegateToSelf, DelegationEnding, DelegationOver, DelegationReversed, Scope
from ledger.domain.people.lines import NotHeld
from ledger.domain.people.merging import EMPLOYED_TWICE, MANAGES_ITSELF, MergedAway
from ledger.domain.people.persons import (
    AssignmentKind,
    AssignmentReversed,
    Ending,
    ManagerKind,
    NeverStarted,
    SharesExceedWhole,
    StillEmployed,
)
from ledger.domain.policies.publishing import PolicyPublished
from ledger.facts import LedgerFacts
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import ONE_TICK, begins
from ledger.kernel.policy import STANDING, PolicyTerms
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    Circle,
    NotAnnullable,
    ReasonNeeded,
    UnitGone,
    UnknownReference,
)
from ledger.states import Versioned
from tests.domain.examples import EMPLOYED, HIRED, PERSON, UNIT, company, day
from tests.domain.given import NOW, SHANGHAI, Given, Happened, History, at, given

WORLD = company()


def cleo(*happened: Happened, world: History = WORLD) -> Given:
    return given("person", "p-cleo", PERSON, *happened, world=world)


def service(*happened: Happened) -> Given:
    return given("unit", "service", UNIT, *happened, world=WORLD)


def ended(on: str) -> Happened:
    return persons.EmploymentEnded(employment="e-1", ending=Ending.VOLUNTARY), day(on)


class Remembered:
    """The states of a history, as decisions find them."""

    def __init__(self, history: History) -> None:
        self.position, self._history = history.position, history

    def get(self, stream: str) -> Versioned:
        kind, id = split_stream(stream)
        return Versioned(self._history.versions.get((kind, id), 0), self._history.state(kind, id))


def facts(subject: Given) -> LedgerFacts:
    return LedgerFacts(Remembered(subject.history), SHANGHAI)


# Employments


def test_who_leaves_and_returns_is_one_person_with_two_employments():
    back = persons.EmploymentStarted(employment="e-2", contract="permanent"), day("2026-03-01")
    subject = cleo(EMPLOYED, ended("2026-01-01"), back)
    moments = ["2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01"]
    assert [subject.state.employment_on(at(m)) for m in moments] == ["e-1", None, None, "e-2"]
    between = persons.StartEmployment()
    subject.when(between, on="2026-02-01").then(persons.StillEmployed)  # from March on two would run
    subject.when(between, on="2026-02-01", testimony=True).then(persons.EmploymentStarted, marks=("still_employed",))


def test_a_start_that_was_not_kept_is_as_if_it_had_never_been():
    start = persons.EmploymentStarted(employment="e-2", contract="permanent"), day("2026-06-10")
    subject = cleo(start)
    cancel = persons.CancelStart(employment="e-2", reason="no_show")
    subject.when(cancel.model_copy(update={"reason": None})).then(ReasonNeeded)
    subject.when(cancel.model_copy(update={"employment": "e-9"})).then(NotHeld)
    subject.history.do("person", "p-cleo", cancel)
    assert subject.state.employment_on(NOW) is None
    subject.when(persons.AssignToUnit(unit="sales")).then(AfterLastDay)
    subject.when(cancel).then(NotHeld)
    start_entry = subject.entry(persons.EmploymentStarted)
    subject.when(persons.AnnulPersonEntry.model_validate({"entry": start_entry})).then(NotAnnullable)


def test_an_employment_that_was_lived_through_is_ended_and_not_cancelled():
    cancel = persons.CancelStart(employment="e-1", reason="no_show")
    cleo(EMPLOYED).when(cancel).then(NeverStarted)
    short = persons.EmploymentStarted(employment="e-1", contract="permanent"), day("2026-06-10")
    cleo(short, ended("2026-06-12")).when(cancel).then(NeverStarted)


def test_an_ended_employment_runs_again_from_its_reinstatement_on():
    subject = cleo(EMPLOYED, ended("2026-01-01"))
    again = persons.ReinstateEmployment(employment="e-1", reason="ruling")
    subject.when(again.model_copy(update={"reason": None})).then(ReasonNeeded)
    subject.history.do("person", "p-cleo", again.model_copy(update={"effective_at": day("2026-02-01")}))
    assert [subject.state.employment_on(at(m)) for m in ("2026-01-15", "2026-02-01")] == [None, "e-1"]
    subject.when(again, on="2026-02-01").then(AlreadyRecorded)
    subject.when(again).then(NotHeld)
    cleo(EMPLOYED).when(again).then(NotHeld)


def test_nobody_is_reinstated_beside_another_employment():
    back = persons.EmploymentStarted(employment="e-2", contract="permanent"), day("2026-03-01")
    subject = cleo(EMPLOYED, ended("2026-01-01"), back)
    again = persons.ReinstateEmployment(employment="e-1", reason="ruling")
    subject.when(again).then(StillEmployed)
    subject.when(again, on="2026-02-01").then(StillEmployed)


# Assignments


def assigned(unit: str, kind: str, on: str, **more: Any) -> Happened:
    event = persons.PersonAssignedToUnit.model_validate({"unit": unit, "assignment": kind, **more})
    return event, day(on)


def test_an_assignment_for_a_time_ends_at_its_minute_by_itself():
    until = {"until": "2026-05-01", "ends": at("2026-05-01")}
    subject = cleo(
        EMPLOYED, assigned("sales", "home", "2020-01-01"), assigned("company", "acting", "2026-04-01", **until)
    )
    last = at("2026-05-01")
    assert subject.state.units_on(last - ONE_TICK) == {"company": "acting"}
    assert subject.state.units_on(last) == {}
    assert subject.state.home_on(last) == "sales"
    longer = persons.AssignToUnit(unit="company", assignment=AssignmentKind.ACTING, until=day("2026-08-01"))
    subject.history.do("person", "p-cleo", longer.model_copy(update={"effective_at": day("2026-04-15")}))
    assert subject.state.units_on(last) == {"company": "acting"}
    subject.when(longer, on="2026-08-01").then(AssignmentReversed)


def test_redating_an_assignment_for_a_time_moves_its_beginning_alone():
    until = {"until": "2026-05-01", "ends": at("2026-05-01")}
    subject = cleo(EMPLOYED, assigned("company", "seconded", "2026-04-01", **until))
    entry = subject.entry(persons.PersonAssignedToUnit)
    moved = persons.RedatePersonEntry.model_validate({"entry": entry, "new_effective_at": "2026-04-20"})
    subject.history.do("person", "p-cleo", moved)
    moments = ["2026-04-10", "2026-04-20", "2026-04-30", "2026-05-01"]
    assert [bool(subject.state.units_on(at(m))) for m in moments] == [False, True, True, False]


def test_shares_of_one_person_make_at_most_the_whole():
    subject = cleo(EMPLOYED, assigned("sales", "home", "2026-01-01", share="0.6"))
    more = persons.AssignToUnit(unit="company", assignment=AssignmentKind.ADDITIONAL, share=Decimal("0.4"))
    subject.when(more).then(persons.PersonAssignedToUnit)
    subject.when(more.model_copy(update={"share": Decimal("0.41")})).then(SharesExceedWhole)
    moved = persons.AssignToUnit(unit="company", share=Decimal(1))
    subject.when(moved).then(persons.PersonAssignedToUnit)
    subject.when(persons.AssignToUnit(unit="company", employment="e-9")).then(AfterLastDay)


# Absences


def test_an_absence_pauses_only_where_the_policy_of_its_day_says_so():
    terms = PolicyTerms.model_validate({"pausing_absences": ["illness"]})
    world = given("policy", STANDING, PolicyPublished(version=1, label="P", terms=terms), world=WORLD).history
    for kind, before, after in (("parental", True, False), ("illness", False, True), ("annual", False, False)):
        ask = absences.StartAbsence(kind=kind)
        for when, pauses in (("2026-06-14", before), (None, after)):
            event = cleo(EMPLOYED, world=world).when(ask, on=when).event
            assert isinstance(event, absences.AbsenceStarted)
            assert event.pauses is pauses, (kind, when)


def test_why_somebody_is_away_is_sealed():
    event = cleo(EMPLOYED).when(absences.StartAbsence(kind="illness")).event
    assert event is not None
    assert event.sealed_texts("person/p-cleo") == {("person/p-cleo", "absence"): {"kind": "illness"}}
    assert b"illness" not in event.clear_json()


def test_absences_do_not_overlap_and_end_once():
    away = absences.AbsenceStarted(absence="b-1", pauses=True), day("2026-06-01")
    subject = cleo(EMPLOYED, away)
    subject.when(absences.StartAbsence(kind="annual")).then(StillAbsent)
    subject.when(absences.EndAbsence(absence="b-9")).then(NotHeld)
    subject.history.do("person", "p-cleo", absences.EndAbsence(effective_at=day("2026-06-10")))
    assert [subject.state.is_away(at(d)) for d in ("2026-05-31", "2026-06-01", "2026-06-09", "2026-06-10")] == [
        False,
        True,
        True,
        False,
    ]
    subject.when(absences.EndAbsence()).then(NotHeld)
    subject.when(absences.StartAbsence(kind="annual")).then(absences.AbsenceStarted)
    cleo(EMPLOYED, ended("2026-01-01")).when(absences.StartAbsence(kind="annual")).then(AfterLastDay)


def test_an_annulled_absence_never_was():
    subject = cleo(EMPLOYED, (absences.AbsenceStarted(absence="b-1", pauses=True), day("2026-06-01")))
    entry = subject.entry(absences.AbsenceStarted)
    subject.history.do("person", "p-cleo", persons.AnnulPersonEntry.model_validate({"entry": entry}))
    assert not subject.state.is_away(NOW)


# Calendars and zones


def test_days_begin_where_the_person_works_else_the_unit_else_the_ledger():
    berlin, urumqi = (
        calendars.WorkCalendarSet(zone=zone, calendar="cn", jurisdiction="cn")
        for zone in ("Europe/Berlin", "Asia/Urumqi")
    )
    subject = given("unit", "sales", (berlin, day("2026-03-01")), world=WORLD)
    subject.history.record("person", "p-ann", urumqi, on=day("2026-04-01"))
    found = facts(subject)
    assert found.zone_of("p-ann", None, at("2026-02-01")) == SHANGHAI
    assert found.zone_of("p-ann", None, at("2026-03-15")) == ZoneInfo("Europe/Berlin")
    assert found.zone_of("p-ann", None, NOW) == ZoneInfo("Asia/Urumqi")
    assert found.zone_of("p-bob", None, NOW) == ZoneInfo("Europe/Berlin")
    assert found.zone_of("p-boss", None, NOW) == SHANGHAI
    assert found.zone_of(None, "sales", NOW) == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "on", "hours"),
    [("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("America/Sao_Paulo", "2018-11-04", 23)],
)
def test_a_day_that_clocks_shorten_or_lengthen_is_still_one_day(zone: str, on: str, hours: int):
    start = date.fromisoformat(on)
    there = ZoneInfo(zone)
    assert begins(start + timedelta(days=1), there) - begins(start, there) == timedelta(hours=hours)


def test_a_zone_is_one_of_the_time_zone_database():
    for zone in ("Mars/Olympus", "../etc/passwd", "", "UTC+8"):
        with pytest.raises(ValidationError):
            calendars.SetUnitCalendar.model_validate({"zone": zone, "calendar": "cn", "jurisdiction": "cn"})
    ask = calendars.SetUnitCalendar.model_validate({"zone": "Asia/Tokyo", "calendar": "jp", "jurisdiction": "jp"})
    subject = service()
    subject.history.do("unit", "service", ask)
    subject.when(ask).then(AlreadyRecorded)


# Delegations


def granted(until: datetime, *, on: date = HIRED) -> Happened:
    event = delegations.DelegationGranted(
        delegation="d-1", delegate="p-ann", scope=(Scope.GOALS,), until=until, ends=until
    )
    return event, on


def test_a_delegation_holds_up_to_its_minute_and_only_in_its_scope():
    end = at("2026-07-01")
    subject = cleo(EMPLOYED, granted(end, on=day("2026-06-01")))
    deputies = [list(facts(subject).deputies_of("p-cleo", "goals", m)) for m in (at("2026-06-01") - ONE_TICK, NOW)]
    assert deputies == [[], ["p-ann"]]
    assert list(facts(subject).deputies_of("p-cleo", "goals", end - ONE_TICK)) == ["p-ann"]
    assert list(facts(subject).deputies_of("p-cleo", "goals", end)) == []
    assert list(facts(subject).deputies_of("p-cleo", "hiring", NOW)) == []


def test_no_deputy_outlasts_the_employment_of_either():
    gone = cleo(EMPLOYED, granted(at("2030-01-01")), ended("2026-06-01"))
    assert list(facts(gone).deputies_of("p-cleo", "goals", NOW)) == []
    world = WORLD.copy()
    left = persons.EmploymentEnded(employment="e-p-ann", ending=Ending.OTHER)
    world.record("person", "p-ann", left, on=day("2026-06-01"))
    subject = cleo(EMPLOYED, granted(at("2030-01-01")), world=world)
    assert list(facts(subject).deputies_of("p-cleo", "goals", NOW)) == []


def test_a_delegation_is_to_another_who_is_there_and_ends_after_it_begins():
    ask = delegations.GrantDelegation(delegate="p-ann", scope=(Scope.GOALS,), until=day("2026-07-01"))
    subject = cleo(EMPLOYED)
    subject.when(ask.model_copy(update={"delegate": "p-cleo"})).then(DelegateToSelf)
    subject.when(ask.model_copy(update={"delegate": "p-nobody"})).then(UnknownReference)
    subject.when(ask.model_copy(update={"delegate": "p-eve"})).then(AfterLastDay)
    subject.when(ask, on="2026-07-01").then(DelegationReversed)
    merged = cleo(EMPLOYED)
    merged.history.record("person", "p-ann", merging.PersonsMerged(into="p-cleo"))
    merged.when(ask, actor="p-cleo").then(DelegateToSelf)


def test_every_ending_of_a_delegation_is_on_record_once_with_its_cause():
    end = delegations.EndDelegation(delegation="d-1", ending=DelegationEnding.REVOKED)
    subject = cleo(EMPLOYED, granted(at("2026-06-10")))
    subject.when(end).then(DelegationOver)
    expired = end.model_copy(update={"ending": DelegationEnding.EXPIRED})
    subject.when(expired, on="2026-06-09").then(delegations.NotExpired)
    subject.history.do("person", "p-cleo", expired)
    subject.when(expired).then(AlreadyRecorded)
    cleo(EMPLOYED).when(end).then(DelegationOver)


@for_all(grant=st.integers(0, 10), length=st.integers(1, 10), end=st.none() | st.integers(0, 20), annul=st.booleans())
def test_the_deputies_of_any_day_are_those_of_a_naive_replay(grant: int, length: int, end: int | None, annul: bool):
    first = day("2026-06-01")
    days = [first + timedelta(days=n) for n in range(24)]
    ends = at(first + timedelta(days=grant + length))
    subject = cleo(EMPLOYED, granted(ends, on=first + timedelta(days=grant)))
    if end is not None:
        over = delegations.DelegationEnded(delegation="d-1", delegate="p-ann", ending=DelegationEnding.RETURNED)
        subject.history.record("person", "p-cleo", over, on=first + timedelta(days=end))
        if annul:
            gone = EntryAnnulled(entry=subject.entry(delegations.DelegationEnded), entry_topic=over.topic)
            subject.history.record("person", "p-cleo", gone)
    stop = grant + length if end is None or annul or end < grant else min(grant + length, end)
    expected = [["p-ann"] if grant <= n < stop else [] for n in range(24)]
    assert [list(subject.state.delegates_on(at(d), "goals")) for d in days] == expected


# Merged ids


def test_both_ids_are_kept_and_the_one_is_read_as_the_other_until_unmerged():
    subject = cleo(EMPLOYED)
    subject.history.do("person", "p-cleo", merging.MergePerson(into="p-ann"))
    found = facts(subject)
    assert found.resolved("p-cleo") == "p-ann"
    assert found.unit_of("p-cleo", NOW) == "sales"
    assert found.lead_of("p-cleo", NOW) == "p-lead"
    assert subject.state.employment_on(NOW) == "e-1", "what was recorded under it stands"
    subject.when(persons.CorrectName(name="Cleo Ann")).then(MergedAway)
    subject.when(merging.MergePerson(into="p-ann")).then(AlreadyRecorded)
    subject.when(merging.MergePerson(into="p-bob")).then(MergedAway)
    subject.when(merging.UnmergePerson()).then(ReasonNeeded)
    subject.history.do("person", "p-cleo", merging.UnmergePerson(reason="mistake"))
    assert facts(subject).resolved("p-cleo") == "p-cleo"
    subject.when(persons.CorrectName(name="Cleo")).then(persons.PersonNameCorrected)


def test_merging_closes_no_circle():
    subject = cleo(EMPLOYED)
    subject.when(merging.MergePerson(into="p-cleo")).then(Circle)
    subject.when(merging.MergePerson(into="p-nobody")).then(UnknownReference)
    subject.history.record("person", "p-ann", merging.PersonsMerged(into="p-cleo"))
    subject.when(merging.MergePerson(into="p-ann")).then(Circle)


def test_merging_marks_what_does_not_go_together_in_one_person():
    managed = persons.ManagerAssigned(manager="p-ann", relation=ManagerKind.LINE), day("2026-01-01")
    twice = cleo(EMPLOYED, managed).when(merging.MergePerson(into="p-ann"))
    twice.then(merging.PersonsMerged(into="p-ann"), marks=(EMPLOYED_TWICE, MANAGES_ITSELF))
    cleo().when(merging.MergePerson(into="p-ann")).then(merging.PersonsMerged)


def test_who_was_merged_is_nobodys_own_lead():
    managed = persons.ManagerAssigned(manager="p-ann", relation=ManagerKind.LINE), day("2026-01-01")
    subject = cleo(EMPLOYED, managed, merging.PersonsMerged(into="p-ann"))
    assert "p-ann" not in list(facts(subject).leads_above("p-ann", NOW))
    assert "p-ann" not in list(facts(subject).leads_above("p-cleo", NOW))


# Units merged and split


def test_who_belonged_to_a_merged_unit_belongs_to_what_it_became_part_of():
    moved = persons.PersonAssignedToUnit(unit="service", assignment=AssignmentKind.HOME)
    subject = service((units.UnitsMerged(into="sales"), day("2026-05-01")))
    subject.history.record("person", "p-bob", moved, on=day("2026-01-01"))
    found = facts(subject)
    before, after = at("2026-04-30"), at("2026-05-01")
    assert [found.unit_of("p-bob", m) for m in (before, after)] == ["service", "sales"]
    assert list(found.units_above("service", after)) == ["sales", "company"]
    assert found.lead_of("p-bob", after) == "p-lead"
    subject.when(units.RenameUnit(label="Care")).then(UnitGone)
    subject.when(units.RenameUnit(label="Care"), on="2026-04-01").then(units.UnitRenamed)


def test_a_unit_merged_into_one_below_it_leaves_that_one_in_its_place():
    below = given("unit", "service", (units.UnitFormed(label="Service", parent="sales"), HIRED), world=WORLD)
    below.history.record("unit", "sales", units.UnitsMerged(into="service"), on=day("2026-05-01"))
    assert list(facts(below).units_above("service", NOW)) == ["service", "company"]
    assert list(facts(below).units_above("sales", NOW)) == ["service", "company"]


def test_units_become_part_only_of_others_that_are_live():
    subject = service()
    subject.when(units.MergeUnit(into="service")).then(Circle)
    subject.when(units.MergeUnit(into="nowhere")).then(UnknownReference)
    subject.history.record("unit", "sales", units.UnitDissolved(), on=day("2026-06-01"))
    subject.when(units.MergeUnit(into="sales")).then(UnitGone)
    subject.when(units.MergeUnit(into="sales"), on="2026-05-31").then(units.UnitsMerged)


def test_a_split_unit_is_no_more_and_its_parts_are_others():
    subject = service()
    subject.when(units.SplitUnit(parts=("sales", "sales"))).then(units.PartTwice)
    subject.when(units.SplitUnit(parts=("sales", "service"))).then(Circle)
    subject.history.do("unit", "service", units.SplitUnit(parts=("sales", "company")))
    assert not subject.state.is_live(NOW)
    subject.when(units.SplitUnit(parts=("sales", "company"))).then(UnitGone)
