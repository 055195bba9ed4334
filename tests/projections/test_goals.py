"""Goals: terms, targets by time, claim and measurement side by side, and figures that say what they rest on."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.figures import Direction, Why
from ledger.domain.goals.events import GoalAccepted, GoalAssigned, GoalClosed, GoalHandedOver, GoalTargetRevised
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.goals.state import GoalState, evolve_goal
from ledger.domain.progress import (
    MeasurementRecorded,
    ProgressCorrected,
    ProgressReported,
    ProgressState,
    evolve_progress,
)
from ledger.kernel.event import Event, Subject
from projections.engine import View
from projections.goals import PROJECTION
from projections.goals.queries import GoalStanding, goal, goals_of, goals_under, reports
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages
from tests.projections.test_catalogue import annulments, assigned, days, goal_events

OWNER = Subject(kind="person", id="p-1")
METRIC = MetricDefined(
    label="新客户", unit_of_measure="个", direction=Direction.INCREASE, combines=Combines.SUM, approved_source="erp"
)


def terms(parent: str | None = None, **more: object) -> GoalAssigned:
    fields = {"owner": OWNER, "metric": "m-1", "baseline": "0", "target": "96", "scored_by": "progress"}
    period = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    return GoalAssigned.model_validate({**fields, **period, "parent": parent, **more})


def claim(value: str, on: str) -> ProgressReported:
    return ProgressReported(owner=OWNER, value=Decimal(value), day=date.fromisoformat(on))


def measured(value: str, on: str, source: str = "erp") -> MeasurementRecorded:
    return MeasurementRecorded(owner=OWNER, value=Decimal(value), day=date.fromisoformat(on), source=source)


def standing(bench: Bench, *events: Event, on: int = 200, upto: str = "2026-07-01") -> GoalStanding:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    for number, event in enumerate((terms(), *events)):
        history.add("goal/g-1", event, day(number))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = goal(view, "g-1", on=day(on), day=date.fromisoformat(upto))
    assert found is not None
    return found


def test_without_any_value_the_figures_say_so(bench: Bench) -> None:
    found = standing(bench)
    assert found.actual is None
    assert (found.progress.value, found.progress.why) == (None, Why.NO_ACTUAL)
    assert (found.metric.label, found.metric.unit_of_measure) == ("新客户", "个")


def test_an_approved_measurement_goes_before_a_claim_and_both_are_kept(bench: Bench) -> None:
    found = standing(
        bench, claim("48", "2026-06-30"), measured("36", "2026-06-30"), measured("90", "2026-06-30", "crm")
    )
    assert found.actual is not None
    assert (found.actual.origin, found.actual.value) == ("measurement", Decimal(36))
    assert found.claim is not None
    assert found.claim.value == Decimal(48)
    assert found.contradicted
    assert found.progress.value == Decimal("0.375")


def test_without_an_approved_measurement_the_latest_claim_counts(bench: Bench) -> None:
    found = standing(bench, claim("24", "2026-03-31"), claim("8", "2026-01-31"), measured("90", "2026-06-30", "crm"))
    assert found.actual is not None
    assert (found.actual.origin, found.actual.value, found.actual.day) == ("claim", Decimal(24), date(2026, 3, 31))
    assert standing(bench, claim("24", "2026-03-31"), upto="2026-03-30").actual is None


def test_a_target_of_today_leaves_yesterdays_as_it_was(bench: Bench) -> None:
    revised = GoalTargetRevised(owner=OWNER, target=Decimal(120))
    before, after = standing(bench, revised, on=0), standing(bench, revised, on=1)
    assert [before.target.value, after.target.value] == [Decimal(96), Decimal(120)]
    assert before.target.entry is None
    assert after.target.entry is not None


def test_a_closed_goal_keeps_the_figures_it_was_closed_with(bench: Bench) -> None:
    closed = GoalClosed(owner=OWNER, metric="m-1", target=Decimal(96), progress=Decimal("0.5"), formula="figures-1")
    found = standing(bench, GoalAccepted(owner=OWNER), closed)
    assert (found.stage, found.answer) == ("closed", "accepted")
    assert found.closing is not None
    assert Decimal(found.closing["progress"]) == Decimal("0.5")


def test_a_goal_that_was_handed_over_is_the_takers_and_unanswered(bench: Bench) -> None:
    taken = GoalHandedOver(owner=OWNER, taker=Subject(kind="person", id="p-2"), employment="e-2")
    found = standing(bench, GoalAccepted(owner=OWNER), taken)
    assert (found.owner, found.employment, found.answer) == ("person/p-2", "e-2", None)


@pytest.fixture
def cascade(bench: Bench) -> View:
    history = History()
    for number in range(5):
        history.add(f"goal/g-{number}", terms(parent=None if number == 0 else "g-0"), day(0))
    history.add("goal/g-1", claim("8", "2026-01-31"), day(1))
    history.add("goal/g-1", claim("16", "2026-02-28"), day(2))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_goals_of_an_owner_and_under_a_goal_are_paged_by_key(cascade: View) -> None:
    first = goals_of(cascade, "person/p-1", on=day(3), day=date(2026, 7, 1), limit=3)
    rest = goals_of(cascade, "person/p-1", on=day(3), day=date(2026, 7, 1), after=first[-1].id)
    assert [g.id for g in (*first, *rest)] == [f"g-{n}" for n in range(5)]
    assert [g.id for g in goals_under(cascade, "g-0", on=day(3), day=date(2026, 7, 1))] == ["g-1", "g-2", "g-3", "g-4"]
    assert first[0].progress.why is Why.NOT_FOR_THIS_DIRECTION  # its metric was never defined
    assert goal(cascade, "g-404", on=day(3), day=date(2026, 7, 1)) is None


def test_everything_reported_is_listed_newest_first(cascade: View) -> None:
    newest = reports(cascade, "g-1", limit=1)
    rest = reports(cascade, "g-1", before=(newest[0].day, newest[0].position))
    assert [(r.kind, r.value) for r in (*newest, *rest)] == [("claim", Decimal(16)), ("claim", Decimal(8))]


@given(chosen=st.lists(st.tuples(goal_events | annulments, days), max_size=25), first=assigned, cuts=st.lists(days))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
def test_any_history_stands_like_the_ledgers_own_state(
    bench: Bench, chosen: list[tuple[Event, int]], first: Event, cuts: list[int]
) -> None:
    history, state, progress = History(), GoalState(), ProgressState()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-1", first, day(0))
    for event, on in chosen:
        history.add("goal/g-1", event, day(on), actor=f"p-{on}")
    for entry in history.entries("goal/g-1", len(history.stored)):
        state, progress = evolve_goal(state, entry), evolve_progress(progress, entry)
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    for on in range(7):
        view = bench.view(tables, len(history.stored))
        found = goal(view, "g-1", on=day(on), day=date(2026, 1, 6))
        assert found is not None
        assert (found.stage, found.answer) == (state.stage.value, None if state.answer is None else state.answer.value)
        in_force = state.targets["target"].value_on(day(on))
        assert state.terms is not None
        assert found.target.value == (state.terms.target if in_force is None else in_force.value)
        series = progress.series(date(2026, 1, 6), "erp")
        assert (found.actual and (found.actual.value, found.actual.entry)) == (
            (series[-1].value, series[-1].entry) if series else None
        )
    bench.drop(tables.build)


def test_a_correction_takes_the_place_of_the_claim_it_points_at(bench: Bench) -> None:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-1", terms(), day(0))
    entry = history.add("goal/g-1", claim("84", "2026-06-30"), day(1))
    corrected = ProgressCorrected(owner=OWNER, entry=entry, value=Decimal(48), day=date(2026, 6, 30))
    by = history.add("goal/g-1", corrected, day(2))
    view = bench.view(bench.build(PROJECTION, pages(history.raw(), [3])), len(history.stored))
    found = goal(view, "g-1", on=day(3), day=date(2026, 7, 1))
    assert found is not None
    assert found.claim is not None
    assert (found.claim.value, found.claim.entry, found.claim.corrected_by) == (Decimal(48), entry, by)
