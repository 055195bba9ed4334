"""Progress: claims and measurements kept apart, put right without being erased, never from the future."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import Actual
from ledger.domain.goals.events import GoalAssigned
from ledger.domain.progress import (
    CorrectProgress,
    Measurement,
    MeasurementRecorded,
    NotAClaim,
    OwnMeasurement,
    ProgressCorrected,
    ProgressReported,
    ProgressState,
    RecordMeasurement,
    ReportProgress,
)
from ledger.kernel.command import Command
from ledger.kernel.event import Subject
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, InTheFuture
from tests.domain.examples import ANN, ASSIGNED, GOAL, REPORTED, company, day, q
from tests.domain.given import Given, Happened, given

WORLD = company()
EVE = Subject(kind="person", id="p-eve")


def a_goal(*happened: Happened) -> Given:
    return given("goal", "g-1", *(happened or (ASSIGNED,)), world=WORLD)


def test_a_claim_without_a_day_is_about_the_day_it_takes_effect():
    a_goal().when(ReportProgress(value=q("1")), actor="p-ann").then(
        ProgressReported(owner=ANN, value=q("1"), day=day("2026-06-15"))
    )
    outcome = a_goal().when(ReportProgress(value=q("1")), actor="p-ann", on="2026-06-01")
    outcome.then(ProgressReported(owner=ANN, value=q("1"), day=day("2026-06-01")))


def test_today_is_the_owners_day_not_the_servers():
    subject = a_goal()
    subject.history.now = datetime(2026, 6, 15, 17, 0, tzinfo=UTC)  # already the 16th in Shanghai
    subject.when(ReportProgress(value=q("1"), day=day("2026-06-16")), actor="p-ann").then(ProgressReported)
    subject.when(ReportProgress(value=q("1"), day=day("2026-06-17")), actor="p-ann").then(InTheFuture)


@pytest.mark.parametrize("command", [ReportProgress, RecordMeasurement])
def test_what_has_not_happened_is_neither_claimed_nor_measured(command: type[Command]):
    fields = {"value": "1", "day": "2026-06-16", **({} if command is ReportProgress else {"source": "erp"})}
    asked = command.model_validate(fields)
    a_goal().when(asked, actor="p-lead").then(InTheFuture)
    assert a_goal().when(asked, actor="p-hr", testimony=True).marks == ("in_the_future",)


def test_a_value_from_outside_the_period_is_marked():
    outcome = a_goal().when(ReportProgress(value=q("1"), day=day("2025-12-31")), actor="p-ann")
    outcome.then(ProgressReported, marks=("outside_period",))
    a_goal().when(ReportProgress(value=q("1"), day=day("2026-01-01")), actor="p-ann").then(ProgressReported)


def test_after_the_last_day_nobody_claims_but_what_was_before_can_be_told():
    terms = GoalAssigned.model_validate({**GOAL, "owner": EVE, "employment": "e-p-eve"}), day("2026-01-02"), "p-lead"
    subject = a_goal(terms)
    subject.when(ReportProgress(value=q("1"), day=day("2026-02-28")), actor="p-eve").then(ProgressReported)
    subject.when(ReportProgress(value=q("1"), day=day("2026-03-01")), actor="p-eve").then(AfterLastDay)
    measured = RecordMeasurement(value=q("1"), day=day("2026-03-01"), source="erp")
    subject.when(measured, actor="system:erp").then(MeasurementRecorded)


def test_a_correction_points_at_a_claim_of_the_same_goal_and_keeps_its_day():
    subject = a_goal(ASSIGNED, REPORTED)
    entry = subject.entry(ProgressReported)
    subject.when(CorrectProgress(entry=entry, value=q("104")), actor="p-ann").then(
        ProgressCorrected(owner=ANN, entry=entry, value=q("104"), day=day("2026-03-31"))
    )
    subject.when(CorrectProgress(entry=entry, value=q("105")), actor="p-ann").then(AlreadyRecorded)
    subject.when(CorrectProgress(entry="another", value=q("104")), actor="p-ann").then(NotAClaim)


def test_a_measurement_is_not_put_right_by_the_owner():
    subject = a_goal(ASSIGNED, MeasurementRecorded(owner=ANN, value=q("1"), day=day("2026-03-01"), source="erp"))
    entry = subject.entry(MeasurementRecorded)
    subject.when(CorrectProgress(entry=entry, value=q("2")), actor="p-ann").then(NotAClaim)


def test_a_correction_may_be_corrected_and_moved_to_another_day():
    subject = a_goal(ASSIGNED, REPORTED)
    entry = subject.entry(ProgressReported)
    subject.history.do("goal", "g-1", CorrectProgress(entry=entry, value=q("104")), actor="p-ann")
    moved = CorrectProgress(entry=entry, value=q("103"), day=day("2026-04-01"))
    subject.history.do("goal", "g-1", moved, actor="p-ann")
    assert subject.state.claims == (Actual(q("103"), day("2026-04-01"), entry, "claim"),)


def test_the_owner_measures_nothing():
    a_goal().when(RecordMeasurement(value=q("1"), source="erp"), actor="p-ann").then(OwnMeasurement)


def test_a_source_that_repeats_its_value_adds_nothing():
    subject = a_goal()
    measured = RecordMeasurement(value=q("1"), day=day("2026-03-01"), source="erp")
    subject.history.do("goal", "g-1", measured, actor="system:erp")
    subject.when(measured, actor="system:erp").then(AlreadyRecorded)
    subject.when(measured.model_copy(update={"value": q("2")}), actor="system:erp").then(MeasurementRecorded)
    subject.when(measured.model_copy(update={"source": "crm"}), actor="system:erp").then(MeasurementRecorded)


DAYS = [date(2026, 1, n) for n in range(1, 8)]
ACTUALS = st.lists(st.tuples(st.sampled_from(DAYS), st.integers(0, 99)), max_size=8)


@for_all(measured=ACTUALS, claimed=ACTUALS, day=st.sampled_from(DAYS))
def test_the_series_is_what_a_naive_reading_gives(measured, claimed, day):
    measurements = tuple(
        Measurement(Actual(q(v), d, f"m{i}", "measurement"), "erp") for i, (d, v) in enumerate(measured)
    )
    claims = tuple(Actual(q(v), d, f"c{i}", "claim") for i, (d, v) in enumerate(claimed))
    found = ProgressState(claims, measurements).series(day, "erp")
    wanted = [m.actual for m in measurements if m.actual.day <= day] or [c for c in claims if c.day <= day]
    assert [a.day for a in found] == sorted({a.day for a in wanted})
    assert all(a == [w for w in wanted if w.day == a.day][-1] for a in found)
    assert ProgressState(claims, measurements).series(day, "other") == ProgressState(claims).series(day, None)
