"""Faults of time that others make, each kind by its name: a day is a day, and what is dated stays dated.

| kind | what must hold here |
|---|---|
| day stored as instant | a date stays a date in the stored bytes and begins where people are |
| zones, daylight gaps and folds | a first day is a first day in every zone; both hours of a fold are two |
| two-digit years | a year has four digits and lies within what people live through |
| closed and half-open mixed | the last day of a period counts whole, the first day after it not at all |
| client clock trusted | lateness, lapses and expiry go by the time of recording |
| future dates silencing alarms | no claim, measurement or outcome lies in the future, also by moving it there |
| late entries refused or unmarked | a late entry slots in, and says that it came later |
| unrelated edits resetting a due date | only a new opening has another due date |
| overlapping periods counted twice | pauses, employments, days inside a band count once |
| a sync that overwrites history daily | the same told every day is told once |
| before hire, after leaving, before birth | nobody acts, holds or is counted where they are not |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ledger.domain import duties
from ledger.domain.duties.commands import DutyNotDue
from ledger.domain.figures import Pause
from ledger.domain.figures.pauses import paused_days
from ledger.domain.goals import commands as goal
from ledger.domain.goals.events import GoalTargetRevised
from ledger.domain.goals.scoring import score
from ledger.domain.outcomes.results import OutcomeRecorded, RecordOutcome, RedateOutcomeEntry
from ledger.domain.people import absences, delegations, persons, units
from ledger.domain.people.persons import AssignmentKind, Ending
from ledger.domain.progress import MeasurementRecorded, ProgressReported, RecordMeasurement, ReportProgress
from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities import events as held
from ledger.domain.responsibilities.events import Role
from ledger.domain.reviews import opening
from ledger.domain.reviews.events import ReviewOpened
from ledger.kernel.annulment import EntryRedated
from ledger.kernel.event import Authority, Envelope, encode
from ledger.kernel.holders import Holder
from ledger.kernel.moments import begins, parse_effective
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, InTheFuture, PeriodReversed, UnitGone
from tests.domain.examples import ASSIGNED, DUTY, REVISED, company, day, q
from tests.domain.examples.outcomes import SOLD
from tests.domain.examples.people import DELEGATED, EMPLOYED, PERSON
from tests.domain.given import NOW, History, at, given

WORLD = company()
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
CLEO = Holder(kind="person", id="p-cleo")


@dataclass
class Abroad(History):
    """A history in which everybody works in New York, while the ledger stands in Shanghai."""

    def copy(self) -> Abroad:
        return Abroad(self.zone, self.now, list(self.entries), dict(self.states), dict(self.versions))

    def zone_of(self, person: str | None, unit: str | None, at: datetime) -> ZoneInfo:
        return NEW_YORK


def cleo(*spells: tuple[str, str | None]) -> History:
    """Return the company with Cleo, employed in these spells: first day, first day after."""
    world = WORLD.copy()
    world.record("person", "p-cleo", PERSON[0], on=PERSON[1])
    for number, (first, after) in enumerate(spells):
        started = persons.EmploymentStarted(employment=f"e-{number}", contract="permanent")
        world.record("person", "p-cleo", started, on=day(first))
        if after is not None:
            ended = persons.EmploymentEnded(employment=f"e-{number}", ending=Ending.VOLUNTARY)
            world.record("person", "p-cleo", ended, on=day(after))
    return world


def test_day_stored_as_instant():
    world = WORLD.copy()
    entry = world.do("goal", "g-bob", ReportProgress(value=q("1"), effective_at=day("2026-06-01")), actor="p-bob")
    assert entry.effective_at == day("2026-06-01")
    assert type(entry.effective_at) is type(day("2026-06-01")), "no time of day is made up"
    assert entry.begins == datetime(2026, 5, 31, 16, tzinfo=UTC), "and it begins at midnight in Shanghai"
    assert isinstance(entry.event, ProgressReported)
    assert b'"day":"2026-06-01"' in encode_of(entry.event)
    with pytest.raises(ValueError, match="without a time"):
        ReportProgress.model_validate({"value": "1", "day": "2026-06-01T00:00:00+08:00"})


def encode_of(event: ProgressReported) -> bytes:
    envelope = Envelope("id", NOW, NOW, "p-bob", "c", Authority("own", None, 1), "api", "x")
    return encode(envelope, event, (), {})


def test_zones_daylight_gaps_and_folds():
    world = Abroad()
    for entry in cleo().entries:
        kind, _, id = entry.stream.partition("/")
        assert entry.event is not None
        world.record(kind, id, entry.event, on=entry.effective_at, by=entry.actor)
    start = begins(day("2026-06-01"), NEW_YORK)
    world.record("person", "p-cleo", EMPLOYED[0], on=start)
    own = ASSIGNED[0].model_copy(update={"owner": CLEO.subject, "employment": "e-1"})
    subject = given("goal", "g-1", (own, day("2026-06-01"), "p-lead"), world=world)
    first = ReportProgress(value=q("1"), day=day("2026-06-01"))
    subject.when(first, actor="p-cleo").then(ProgressReported)  # her first day, which began earlier in Shanghai
    before = ReportProgress(value=q("1"), day=day("2026-05-31"))
    subject.when(before, actor="p-cleo").then(AfterLastDay)
    tonight = subject.history
    tonight.now = datetime(2026, 6, 16, 2, 0, tzinfo=UTC)  # the 16th in Shanghai, still the 15th in New York
    given("goal", "g-1", world=tonight).when(ReportProgress(value=q("1"), day=day("2026-06-16")), actor="p-cleo").then(
        InTheFuture
    )
    gap = [begins(day(on), BERLIN) for on in ("2026-03-29", "2026-03-30")]
    assert gap[1] - gap[0] == timedelta(hours=23)
    fold = [parse_effective(f"2026-10-25T02:30:00+0{offset}:00") for offset in (2, 1)]
    line = WORLD.copy()
    for told, lead in zip(fold, ("p-ann", "p-bob"), strict=True):
        line.do("unit", "sales", units.AppointLead(lead=lead, effective_at=told))
    first_hour, second_hour = (begins(told, BERLIN) for told in fold)
    state = line.state("unit", "sales")
    assert (state.lead_on(first_hour), state.lead_on(second_hour)) == ("p-ann", "p-bob")


@pytest.mark.parametrize("text", ["26-06-01", "0026-06-01", "1849-12-31", "2300-01-01", "6-1-26", "20260601"])
def test_two_digit_years(text: str):
    for field in ("day", "effective_at"):
        with pytest.raises(ValueError):
            ReportProgress.model_validate({"value": "1", field: text})


def test_closed_and_half_open_mixed():
    world = cleo(("2026-01-01", "2026-06-01"))  # May 31 is her last day
    assert world.is_employed("p-cleo", at("2026-06-01") - timedelta(microseconds=1))
    assert not world.is_employed("p-cleo", at("2026-06-01"))
    team = given("responsibility", "team/x", world=world)
    assign = ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=CLEO)
    team.when(assign, on="2026-05-31").then(held.ResponsibilityAssigned)
    team.when(assign, on="2026-06-01").then(AfterLastDay)
    subject = given("goal", "g-1", ASSIGNED, world=WORLD)  # to the end of the last day of the year
    revise = goal.ReviseTarget(target=q("150"), reason="market")
    subject.when(revise, actor="p-lead", on="2026-12-31").then(GoalTargetRevised)
    subject.when(revise, actor="p-lead", on="2027-01-01").then(goal.OutsidePeriod)
    one_day = (Pause(day("2026-05-01"), day("2026-05-02")),)
    assert paused_days(one_day, starts_on=day("2026-01-01"), until=day("2027-01-01")) == 1


def test_client_clock_trusted():
    lapse = duties.LapseDuty.model_validate({"effective_at": "2026-06-01"})
    opened = duties.DutyOpened.model_validate({**DUTY[0].model_dump(), "due_on": "2026-06-15"})
    duty = given("duty", "d-1", (opened, day("2026-06-01"), "system:rules"), world=WORLD)
    duty.when(lapse, actor="system:rules").then(DutyNotDue)
    duty.history.now = NOW + timedelta(days=1)
    duty.when(lapse, actor="system:rules").then(duties.DutyLapsed)
    claim = given("goal", "g-1", ASSIGNED, world=WORLD).history
    entry = claim.do("goal", "g-1", ReportProgress(value=q("1"), effective_at=day("2026-02-01")), actor="p-ann")
    assert (entry.recorded_at, entry.begins) == (NOW, at("2026-02-01")), "what was said late is seen to be late"


def test_future_dates_silencing_alarms():
    subject = given("goal", "g-1", ASSIGNED, world=WORLD)
    for command, actor in (
        (ReportProgress(value=q("1"), day=day("2026-06-16")), "p-ann"),
        (RecordMeasurement(value=q("1"), day=day("2026-06-16"), source="erp"), "p-lead"),
    ):
        subject.when(command, actor=actor).then(InTheFuture)
    silent = score(subject.state.first, subject.state.second, day("2026-06-15"), subject.history)
    assert silent.stale_on == day("2026-01-31"), "nobody's promise makes an old value young"
    outcome = given("outcome", "person/p-ann", SOLD, world=WORLD)
    june: dict[str, Any] = {"starts_on": day("2026-06-01"), "ends_on": day("2026-06-30")}
    later = RecordOutcome(metric="increase", value=q("1"), source="erp", **june)
    outcome.when(later).then(InTheFuture)
    entry = {"entry": outcome.entry(OutcomeRecorded), "new_effective_at": day("2026-06-16")}
    moved = RedateOutcomeEntry.model_validate(entry)
    outcome.when(moved).then(InTheFuture)
    outcome.when(moved.model_copy(update={"new_effective_at": day("2026-06-10")})).then(EntryRedated)


def test_late_entries_refused_or_unmarked():
    world = WORLD.copy()
    world.do("unit", "works", units.FormUnit(label="Works", effective_at=day("2020-01-01")))
    person = given("person", "p-ann", world=world)
    late = person.history.do("person", "p-ann", persons.AssignToUnit(unit="works", effective_at=day("2026-02-01")))
    early = person.history.do("person", "p-ann", persons.AssignToUnit(unit="company", effective_at=day("2026-01-01")))
    found = [person.state.home_on(at(on)) for on in ("2025-12-31", "2026-01-31", "2026-02-01", "2026-06-15")]
    assert found == ["sales", "company", "works", "works"]
    assert early.begins < late.begins < early.recorded_at == late.recorded_at
    tardy = given("goal", "g-1", ASSIGNED, world=WORLD)
    out = tardy.when(ReportProgress(value=q("1"), day=day("2025-12-31")), actor="p-ann")
    assert out.marks == ("outside_period",), "it is taken, and it says so"


def test_unrelated_edits_resetting_a_due_date():
    duty = given("duty", "d-1", DUTY, world=WORLD)
    due_on = duty.state.due_on
    duty.history.do("duty", "d-1", duties.SeeDuty(), actor="p-lead")
    duty.history.do("duty", "d-1", duties.TransferDuty(taker="p-boss"), actor="system:rules")
    told = duties.NotifyDuty(channel="inbox", occasion=duties.Occasion.OPENED, delivery=duties.Delivery.DELIVERED)
    duty.history.do("duty", "d-1", told, actor="system:notices")
    assert duty.state.due_on == due_on == day("2026-06-10")
    subject = given("goal", "g-1", ASSIGNED, REVISED, world=WORLD)
    subject.history.do("goal", "g-1", goal.AcceptGoal(), actor="p-ann")
    answer = subject.state.answer
    for command in (
        goal.SetMilestone(milestone="half", due_on=day("2026-06-30"), share=q("0.5")),
        goal.PauseGoal(reason="leave"),
    ):
        subject.history.do("goal", "g-1", command, actor="p-lead")
    assert subject.state.answer is answer, "what is agreed stays agreed"
    subject.when(goal.ReviseTarget(target=q("130"), reason="again"), actor="p-lead").then(AlreadyRecorded)


def test_overlapping_periods_counted_twice():
    twice = (Pause(day("2026-02-01"), day("2026-02-11")), Pause(day("2026-02-06"), day("2026-02-16")))
    assert paused_days(twice, starts_on=day("2026-01-01"), until=day("2026-12-31")) == 15
    world = cleo(("2025-01-01", "2026-01-01"), ("2026-03-01", None))
    person = given("person", "p-cleo", world=world)
    for on in ("2025-06-01", "2026-04-01", "2024-01-01", "2026-02-01"):  # the last two would run into the next
        person.when(persons.StartEmployment(), on=on).then(persons.StillEmployed)
    ended = person.entry(persons.EmploymentEnded)
    person.when(persons.AnnulPersonEntry.model_validate({"entry": ended})).then(persons.StillEmployed)
    for on, said in (("2026-02-01", EntryRedated), ("2026-04-01", persons.StillEmployed)):
        redate = persons.RedatePersonEntry.model_validate({"entry": ended, "new_effective_at": on})
        person.when(redate).then(said)
    away = given("person", "p-ann", world=WORLD)
    away.history.do("person", "p-ann", absences.StartAbsence(kind="parental", effective_at=day("2026-06-01")))
    away.when(absences.StartAbsence(kind="illness")).then(absences.StillAbsent)
    reversed_ = absences.StartAbsence(kind="illness", expected_until=day("2026-01-01"))
    given("person", "p-ann", world=WORLD).when(reversed_).then(PeriodReversed)


def test_a_sync_that_overwrites_history_daily():
    subject = given("goal", "g-1", ASSIGNED, world=WORLD)
    told = RecordMeasurement(value=q("105"), day=day("2026-06-01"), source="erp")
    subject.history.do("goal", "g-1", told, actor="p-lead")
    person = given("person", "p-ann", world=subject.history)
    for days in range(5):
        for one in (subject, person):
            one.history.now = NOW + timedelta(days=days)
        subject.when(told, actor="p-lead").then(AlreadyRecorded)
        person.when(persons.AssignToUnit(unit="sales")).then(AlreadyRecorded)
    since = person.state.lines["home"].change_on(NOW)
    assert since is not None
    assert since.at == at("2020-01-01")
    corrected = told.model_copy(update={"value": q("106")})
    subject.when(corrected, actor="p-lead").then(MeasurementRecorded)


def test_before_hire_after_leaving_before_birth():
    world = cleo(("2026-03-01", "2026-05-01"))
    for on in ("2026-02-28", "2026-05-01"):
        team, person = given("responsibility", "team/x", world=world), given("person", "p-cleo", world=world)
        team.when(ask.AssignResponsibility(role=Role.RESPONSIBLE, holder=CLEO), on=on).then(AfterLastDay)
        person.when(persons.AssignToUnit(unit="sales"), on=on).then(AfterLastDay)
        person.when(persons.AssignManager(manager="p-lead"), on=on).then(AfterLastDay)
        person.when(absences.StartAbsence(kind="illness"), on=on).then(AfterLastDay)
        given("unit", "sales", world=world).when(units.AppointLead(lead="p-cleo"), on=on).then(AfterLastDay)
    given("unit", "sales", world=world).when(units.AppointLead(lead="p-cleo"), on="2026-03-01").then(
        units.UnitLeadAppointed
    )
    given("person", "p-ann", world=WORLD).when(persons.AssignToUnit(unit="sales"), on="1900-01-01").then(UnitGone)


MOVES = [
    ("person", "p-cleo", persons.AssignToUnit(unit="sales", assignment=AssignmentKind.HOME), persons.RedatePersonEntry),
    ("person", "p-cleo", persons.AssignManager(manager="p-lead"), persons.RedatePersonEntry),
    ("person", "p-cleo", absences.StartAbsence(kind="illness"), persons.RedatePersonEntry),
    ("responsibility", "team/x", ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=CLEO), ask.RedateEntry),
    ("unit", "sales", units.AppointLead(lead="p-cleo"), units.RedateUnitEntry),
]


@pytest.mark.parametrize(("kind", "id", "command", "redate"), MOVES)
def test_before_hire_by_moving_it_there(kind: str, id: str, command, redate):
    subject = given(kind, id, world=cleo(("2026-03-01", None)))
    entry = subject.history.do(kind, id, command.model_copy(update={"effective_at": day("2026-04-01")}))
    for on, said in (("2026-02-28", AfterLastDay), ("2026-03-01", EntryRedated)):
        subject.when(redate.model_validate({"entry": entry.event_id, "new_effective_at": on})).then(said)


def test_a_delegation_is_not_moved_behind_its_end():
    person = given("person", "p-bob", DELEGATED, world=WORLD)
    entry = person.entry(delegations.DelegationGranted)
    for on, said in (("2026-07-01", delegations.DelegationReversed), ("2026-06-01", EntryRedated)):
        person.when(persons.RedatePersonEntry.model_validate({"entry": entry, "new_effective_at": on})).then(said)


def test_a_target_is_not_moved_behind_the_period():
    subject = given("goal", "g-1", ASSIGNED, REVISED, world=WORLD)
    entry = subject.entry(GoalTargetRevised)
    for on, said in (("2027-01-01", goal.OutsidePeriod), ("2026-12-31", EntryRedated)):
        moved = goal.RedateGoalEntry.model_validate({"entry": entry, "new_effective_at": on})
        subject.when(moved, actor="p-lead").then(said)


def test_whoever_came_and_left_within_a_period_was_there():
    world = cleo(("2026-02-01", "2026-04-01"))
    half: dict[str, Any] = {"starts_on": day("2026-01-01"), "ends_on": day("2026-06-10")}
    outcome = given("outcome", "person/p-cleo", world=world)
    sold = RecordOutcome(metric="increase", value=q("1"), source="erp", **half)
    outcome.when(sold).then(OutcomeRecorded)
    outcome.when(sold.model_copy(update={"starts_on": day("2026-04-01")})).then(AfterLastDay)
    opened = opening.OpenReview.model_validate({"person": "p-cleo", **half, "scale": "abc", "grades": ["c", "b", "a"]})
    review = given("review", "v-9", world=world)
    event = review.when(opened).event
    assert isinstance(event, ReviewOpened)
    assert event.employment == "e-0"
    review.when(opened.model_copy(update={"starts_on": day("2026-04-01")})).then(AfterLastDay)
