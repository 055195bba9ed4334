"""Goals: terms, targets by time, claim and measurement side by side, and figures that say what they rest on."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.figures import Cause, Direction, Why
from ledger.domain.goals.events import (
    GoalAccepted,
    GoalAssigned,
    GoalClosed,
    GoalHandedOver,
    GoalPaused,
    GoalResumed,
    GoalTargetRevised,
    MilestoneReached,
    MilestoneSet,
)
from ledger.domain.goals.metrics import Combines, MetricDefined, MetricState, evolve_metric
from ledger.domain.goals.resting import resting
from ledger.domain.goals.scoring import score
from ledger.domain.goals.state import GoalState, Stage, evolve_goal
from ledger.domain.people.absences import AbsenceEnded, Absences, AbsenceStarted
from ledger.domain.people.absences import evolve as evolve_absences
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.domain.policies.publishing import PolicyPublished, PolicyState
from ledger.domain.policies.publishing import evolve as evolve_policy
from ledger.domain.progress import (
    DifficultyRaised,
    Health,
    MeasurementRecorded,
    ProgressCorrected,
    ProgressReported,
    ProgressState,
    evolve_progress,
)
from ledger.kernel.annulment import is_annulment
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.facts import Away
from ledger.kernel.policy import PolicyInForce, PolicyTerms
from projections.engine import View
from projections.goals import PROJECTION
from projections.goals.queries import Wanted, cascade, contradictions, goal, goals, reports, running_goals_of
from projections.goals.replay import When
from projections.goals.standings import GoalStanding
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages
from tests.projections.test_catalogue import annulments, assigned, days, entries, goal_events

UTC_ZONE = ZoneInfo("UTC")
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


def at(on: int | None, upto: str = "2026-07-01", known: int | None = None) -> When:
    """Return the time of a question; days begin as instants do, in UTC."""
    return When(None if on is None else day(on), date.fromisoformat(upto), UTC_ZONE, known)


def standing(bench: Bench, *events: Event, on: int = 200, upto: str = "2026-07-01") -> GoalStanding:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    for number, event in enumerate((terms(), *events)):
        history.add("goal/g-1", event, day(number))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = goal(view, "g-1", at(on, upto))
    assert found is not None
    return found


def test_without_any_value_the_figures_say_so(bench: Bench) -> None:
    found = standing(bench)
    assert found.actual is None
    assert (found.progress.value, found.progress.why) == (None, Why.NO_ACTUAL)
    assert (found.metric and found.metric.label, found.metric and found.metric.unit_of_measure) == ("新客户", "个")


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
    assert before.target_entry is None
    assert after.target_entry is not None


def test_a_closed_goal_keeps_the_figures_it_was_closed_with(bench: Bench) -> None:
    closed = GoalClosed(owner=OWNER, metric="m-1", target=Decimal(96), progress=Decimal("0.5"), formula="figures-1")
    found = standing(bench, GoalAccepted(owner=OWNER), closed)
    assert (found.stage, found.answer) == ("closed", "accepted")
    assert found.closing is not None
    assert Decimal(found.closing.entry.data["progress"]) == Decimal("0.5")


def test_a_goal_that_was_handed_over_is_the_takers_and_unanswered(bench: Bench) -> None:
    taken = GoalHandedOver(owner=OWNER, taker=Subject(kind="person", id="p-2"), employment="e-2")
    found = standing(bench, GoalAccepted(owner=OWNER), taken)
    assert (found.owner, found.terms.employment, found.answer) == ("person/p-2", "e-2", None)


@pytest.fixture
def cascaded(bench: Bench) -> View:
    history = History()
    for number in range(5):
        history.add(f"goal/g-{number}", terms(parent=None if number == 0 else "g-0"), day(0))
    history.add("goal/g-1", claim("8", "2026-01-31"), day(1))
    history.add("goal/g-1", claim("16", "2026-02-28"), day(2))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_goals_of_an_owner_and_under_a_goal_are_paged_by_key(cascaded: View) -> None:
    owner, under = Wanted(owners=["person/p-1"]), Wanted(parent="g-0")
    first, following = goals(cascaded, owner, at(3), limit=3)
    assert following == "g-2"
    rest, end = goals(cascaded, owner, at(3), after=following, limit=3)
    assert ([g.id for g in (*first, *rest)], end) == ([f"g-{n}" for n in range(5)], None)
    assert [g.id for g in goals(cascaded, under, at(3))[0]] == ["g-1", "g-2", "g-3", "g-4"]
    assert first[0].progress.why is Why.NOT_FOR_THIS_DIRECTION  # its metric was never defined
    assert goal(cascaded, "g-404", at(3)) is None
    assert running_goals_of(cascaded, "person/p-1") == [f"g-{n}" for n in range(5)]


def test_everything_reported_is_listed_newest_first(cascaded: View) -> None:
    newest = reports(cascaded, "g-1", limit=1)
    rest = reports(cascaded, "g-1", before=(newest[0].day, newest[0].position))
    assert [(r.kind, r.value) for r in (*newest, *rest)] == [("claim", Decimal(16)), ("claim", Decimal(8))]


class Told:
    """What a naive replay knows of the goals: the ledger's own folds over all that had been recorded."""

    def __init__(self, history: History, known: int) -> None:
        self._history, self._known = history, known
        self.zone = UTC_ZONE

    def state(self, kind: str, id: str) -> MetricState:
        return reduce(evolve_metric, self._history.entries(f"{kind}/{id}", self._known), MetricState())

    def days_away(self, person: str) -> tuple[Away, ...]:
        absences = reduce(evolve_absences, self._history.entries(f"person/{person}", self._known), Absences())
        return absences.days_away(UTC_ZONE)

    def policy(self, at: datetime) -> PolicyInForce:
        published = self._history.entries("policy/performance", self._known)
        return reduce(evolve_policy, published, PolicyState()).in_force("performance", at)

    def goal(self, id: str, on: datetime) -> GoalState:
        timeless = (e for e in self._history.entries(f"goal/{id}", self._known) if e.begins <= on or is_timed(e))
        return reduce(evolve_goal, timeless, GoalState())

    def progress(self, id: str) -> ProgressState:
        return reduce(evolve_progress, self._history.entries(f"goal/{id}", self._known), ProgressState())


def is_timed(entry: Entry) -> bool:
    return is_annulment(entry) or (entry.event is not None and entry.event.dated)


course: st.SearchStrategy[Event] = st.one_of(
    st.just(GoalPaused(owner=OWNER)),
    st.just(GoalResumed(owner=OWNER)),
    st.builds(
        MilestoneSet,
        owner=st.just(OWNER),
        milestone=st.sampled_from(["one", "two"]),
        due_on=st.just(date(2026, 2, 1)),
        share=st.just("0.5"),
        title=st.none(),
    ),
    st.builds(MilestoneReached, owner=st.just(OWNER), milestone=st.just("one"), day=st.just(date(2026, 1, 4))),
    st.builds(
        ProgressCorrected, owner=st.just(OWNER), value=st.just("7"), day=st.just(date(2026, 1, 2)), entry=entries
    ),
)
absences: st.SearchStrategy[Event] = st.one_of(
    st.builds(AbsenceStarted, absence=st.sampled_from(["b-1", "b-2"]), pauses=st.booleans(), kind=st.none()),
    st.builds(AbsenceEnded, absence=st.sampled_from(["b-1", "b-2"])),
)
on_a_goal = st.one_of(
    st.tuples(st.sampled_from(["goal/g-1", "goal/g-2"]), goal_events | annulments | course, days),
    st.tuples(st.sampled_from(["person/p-1", "person/p-2"]), absences | annulments, days),
)
terms_published = PolicyPublished(version=1, label="P", terms=PolicyTerms(deviation_share=Decimal("0.5")))
metrics = st.builds(
    MetricDefined,
    label=st.just("客户"),
    unit_of_measure=st.just("个"),
    direction=st.sampled_from(Direction),
    combines=st.sampled_from(Combines),
    approved_source=st.just("erp"),
)


@given(
    chosen=st.lists(on_a_goal, max_size=25),
    first=assigned,
    metric=metrics,
    cuts=st.lists(days),
    on=days,
    known=st.integers(2, 28),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_any_history_stands_as_a_naive_replay_says(
    bench: Bench,
    chosen: list[tuple[str, Event, int]],
    first: Event,
    metric: MetricDefined,
    cuts: list[int],
    on: int,
    known: int,
) -> None:
    history = History()
    history.add("metric/m-1", metric, day(0))
    history.add("goal/g-1", first, day(0))
    history.add("policy/performance", terms_published, day(0))
    for stream, event, number in chosen:
        history.add(stream, event, day(number), actor=f"p-{number}")
    known = min(known, len(history.stored))
    told, tables = Told(history, known), bench.build(PROJECTION, pages(history.raw(), cuts))
    view, when = bench.view(tables, len(history.stored)), at(on, f"2026-01-0{1 + on}", known)
    for id in ("g-1", "g-2"):
        state, progress = told.goal(id, day(on)), told.progress(id)
        found = goal(view, id, when)
        assert (found is None) == (state.terms is None)
        if found is not None:
            assert (found.stage, found.answer, found.assigner) == (state.stage, state.answer, state.assigner)
            assert found.scored == score(state, progress, when.day, told)
            ends_on = found.terms.ends_on
            assert found.pauses == tuple(p for p in resting(state, told) if p.starts_on <= ends_on)
            assert {m.code: m.step for m in found.milestones} == state.milestones
    for wanted in (Wanted(owners=["person/p-1"]), Wanted(owners=["person/p-2"]), *(Wanted(stage=s) for s in Stage)):
        fits = [id for id in ("g-1", "g-2") if _fits(told.goal(id, day(on)), wanted)]
        assert [one.id for one in goals(view, wanted, when)[0]] == fits
        now = goals(view, wanted, replace(when, on=None, known=len(history.stored)))[0]
        assert [one.id for one in goals(view, wanted, replace(when, on=None, known=None))[0]] == [g.id for g in now]
    bench.drop(tables.build)


def _fits(state: GoalState, wanted: Wanted) -> bool:
    if state.terms is None:
        return False
    return (wanted.owners is None or state.terms.owner.key in wanted.owners) and wanted.stage in (None, state.stage)


def test_a_correction_takes_the_place_of_the_claim_it_points_at_from_its_recording_on(bench: Bench) -> None:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-1", terms(), day(0))
    entry = history.add("goal/g-1", claim("84", "2026-06-30"), day(1))
    corrected = ProgressCorrected(owner=OWNER, entry=entry, value=Decimal(48), day=date(2026, 6, 30))
    by = history.add("goal/g-1", corrected, day(2))
    view = bench.view(bench.build(PROJECTION, pages(history.raw(), [3])), len(history.stored))
    now, before = goal(view, "g-1", at(3)), goal(view, "g-1", at(3, known=3))
    assert now is not None
    assert now.claim is not None
    assert (now.claim.value, now.claim.entry, now.claim.corrected_by) == (Decimal(48), entry, by)
    assert before is not None
    assert before.claim is not None
    assert (before.claim.value, before.claim.corrected_by) == (Decimal(84), None)


def test_a_path_stands_still_while_the_goal_is_paused(bench: Bench) -> None:
    running = standing(bench, upto="2026-07-01")
    paused = standing(bench, GoalPaused(owner=OWNER), upto="2026-07-01")
    resumed = standing(bench, GoalPaused(owner=OWNER), GoalResumed(owner=OWNER), upto="2026-07-01")
    assert (running.paused, paused.paused, resumed.paused) == (False, True, False)
    assert [round(one.expected * 365) for one in (running, paused, resumed)] == [182, 1, 181]


def test_an_absence_takes_days_out_from_its_recording_on(bench: Bench) -> None:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-1", terms(), day(0))
    history.add("goal/g-1", claim("20", "2026-06-30"), day(180))
    history.add("person/p-1", PersonsMerged(into="p-9"), day(0))
    entry = history.add("person/p-9", AbsenceStarted(absence="b-1", pauses=True), day(31))
    history.add("person/p-9", AbsenceEnded(absence="b-1"), day(151))
    view = bench.view(bench.build(PROJECTION, pages(history.raw(), [3])), len(history.stored))
    before, inside, after = (one for when in WHEN_AWAY for one in goals(view, Wanted(), at(None, *when))[0])
    assert [one.health.derived for one in (before, after)] == [Health.OFF_TRACK, Health.ON_TRACK]
    assert [round(one.expected * 365) for one in (before, inside, after)] == [181, 31, 61]
    assert [one.away for one in (before, inside, after)] == [False, True, False]
    assert after.provenance is not None
    [pause] = after.provenance.pauses
    assert (pause.cause, pause.entry, pause.starts_on) == (Cause.OWNER_AWAY, entry, date(2026, 2, 1))
    assert (before.provenance and before.provenance.paused_days, after.provenance.paused_days) == (0, 120)


WHEN_AWAY = (("2026-06-30", 4), ("2026-03-01", None), ("2026-06-30", None))


def test_declared_health_stands_beside_the_derived_one(bench: Bench) -> None:
    report = claim("10", "2026-06-30").model_copy(update={"health": Health.ON_TRACK})
    found = standing(bench, report)
    assert (found.health.declared, found.health.derived, found.health.agree) == (
        Health.ON_TRACK,
        Health.OFF_TRACK,
        False,
    )
    stale = standing(bench, claim("96", "2026-03-30"))
    assert (stale.health.derived, stale.health.agree) == (Health.AT_RISK, None)


def test_days_on_which_claim_and_measurement_differ_are_named(bench: Bench) -> None:
    values = [claim("48", "2026-05-31"), measured("36", "2026-05-31"), claim("50", "2026-06-30")]
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    for number, event in enumerate((terms(), *values, measured("50", "2026-06-30"))):
        history.add("goal/g-1", event, day(number))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = goal(view, "g-1", at(None))
    assert found is not None
    assert not found.contradicted  # the latest agree
    [differing] = contradictions(view, found, at(None))
    assert (differing.claim.value, differing.measurement.value) == (Decimal(48), Decimal(36))


def test_what_children_carry_and_what_remains(bench: Bench) -> None:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-0", terms(), day(0))
    for number, target in enumerate(("60", "30"), start=1):
        history.add(f"goal/g-{number}", terms(parent="g-0", target=target, weight="1"), day(0))
    history.add("goal/g-1", claim("30", "2026-05-31"), day(1))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = cascade(view, "g-0", ["g-1", "g-2", "g-404"], at(None))
    assert found.coverage is not None
    assert (found.coverage.covered.value, found.coverage.remainder.value) == (Decimal(90), Decimal(6))
    assert found.rolled_up is not None
    assert (found.rolled_up.figure.value, found.rolled_up.missing) == (Decimal("0.5"), (("g-2", Why.NO_ACTUAL),))


def test_a_call_for_help_is_open_until_it_is_answered(bench: Bench) -> None:
    raised = DifficultyRaised(owner=OWNER, concern="staff", answerer="p-2")
    assert [(c.kind, c.concern) for c in standing(bench, raised).calls] == [("difficulty", "staff")]


def test_a_merged_owners_goals_are_the_others_until_unmerged(bench: Bench) -> None:
    history = History()
    history.add("metric/m-1", METRIC, day(0))
    history.add("goal/g-1", terms(), day(0))
    history.add("person/p-1", PersonsMerged(into="p-9"), day(1))
    history.add("person/p-1", PersonsUnmerged(former="p-9"), day(2))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    owners = [one.owner for known in (2, 3, 4) if (one := goal(view, "g-1", at(None, known=known))) is not None]
    assert owners == ["person/p-1", "person/p-9", "person/p-1"]
    merged = Wanted(owners=["person/p-9"])
    assert [g.recorded_owner for g in goals(view, merged, at(None, known=3))[0]] == ["person/p-1"]
    assert goals(view, merged, at(None))[0] == []
