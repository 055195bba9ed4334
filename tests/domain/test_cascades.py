"""Cascades: targets over one period, directions that keep their sign, and wholes made anew when something leaves."""

from __future__ import annotations

from typing import Any

from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import Coverage, RolledUp, Why, displayed
from ledger.domain.goals import cascade
from ledger.domain.goals.events import GoalAssigned, GoalClosed, GoalTargetRevised, GoalWithdrawn, ScoredBy
from ledger.domain.goals.metrics import Combines, ConversionStated, MetricDefined, StateConversion
from ledger.domain.goals.scoring import score
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.progress import ProgressReported
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Event
from ledger.kernel.policy import STANDING, PolicyTerms, RollUp
from tests.domain.examples import ANN, GOAL, company, day, q
from tests.domain.given import Given, History

WORLD = company()
TODAY = day("2026-06-15")


def a_world(goals: dict[str, dict[str, Any]], values: dict[str, str] | None = None) -> History:
    """Return the company with a metric that adds up and these goals of Ann, each with its value, if any."""
    world = WORLD.copy()
    for id, unit in (("sum", "件"), ("boxes", "箱")):
        metric = MetricDefined.model_validate(
            {"label": id, "unit_of_measure": unit, "direction": "increase", "combines": Combines.SUM}
        )
        world.record("metric", id, metric)
    for id, changed in goals.items():
        world.record("goal", id, GoalAssigned.model_validate({**GOAL, **changed}), on=day("2026-01-01"))
    for id, value in (values or {}).items():
        report = ProgressReported(owner=ANN, value=q(value), day=day("2026-06-01"))
        world.record("goal", id, report, on=day("2026-06-01"), by="p-ann")
    return world


def rolled(world: History, *ids: str) -> RolledUp:
    states = {id: world.state("goal", id) for id in ids}
    return cascade.rolled_up({id: (s.first, s.second) for id, s in states.items()}, TODAY, world)


def covered(world: History, parent: str, *ids: str) -> Coverage:
    children = {id: world.state("goal", id).first for id in ids}
    return cascade.covered((parent, world.state("goal", parent).first), children, TODAY, world)


SUM = {"metric": "sum", "baseline": None}
YEAR = {**SUM, "target": q("100")}
MONTHLY = {**SUM, "target": q("8"), "interval": "month", "parent": "up"}


def test_eight_a_month_is_96_of_100_a_year_and_a_revised_target_counts_from_its_day():
    world = a_world({"up": YEAR, "a": MONTHLY})
    found = covered(world, "up", "a")
    assert (found.covered.value, found.remainder.value) == (q("96"), q("4"))
    revised = GoalTargetRevised(owner=ANN, target=q("9"))
    world.record("goal", "a", revised, on=day("2026-06-15"))
    assert covered(world, "up", "a").covered.value == q("108")


def test_what_is_withdrawn_carries_nothing_and_what_is_closed_still_does():
    world = a_world({"up": YEAR, "a": MONTHLY, "b": MONTHLY})
    world.record("goal", "a", GoalWithdrawn(owner=ANN))
    world.record("goal", "b", GoalClosed(owner=ANN, metric="sum", target=q("8"), formula="figures-1"))
    assert covered(world, "up", "a", "b").covered.value == q("96")


def test_boxes_are_not_pieces_until_somebody_says_how_many():
    world = a_world({"up": YEAR, "a": {**MONTHLY, "metric": "boxes"}, "b": {**SUM, "target": q("4")}})
    assert covered(world, "up", "a", "b").covered.why is Why.OTHER_UNIT_OF_MEASURE
    stated = ConversionStated(to="件", factor=q("2"), stated_by="p-hr")
    world.record("metric", "boxes", stated, on=day("2026-06-01"))
    found = covered(world, "up", "a", "b")
    assert (found.covered.value, found.share.value) == (q("196"), q("1.96"))
    wrong = EntryAnnulled(entry=world.entries[-1].event_id, entry_topic=ConversionStated.topic)
    world.record("metric", "boxes", wrong)
    assert covered(world, "up", "a", "b").covered.why is Why.OTHER_UNIT_OF_MEASURE


def test_a_level_is_not_added_up():
    world = a_world({"up": YEAR, "a": {"target": q("120")}})
    assert covered(world, "up", "a").unknown == (("a", Why.DOES_NOT_ADD_UP),)


FALLING = {"metric": "decrease", "baseline": q("10"), "target": q("5")}


def test_mixed_directions_keep_their_sign():
    goals: dict[str, dict[str, Any]] = {"up": {"weight": q("50")}, "down": {**FALLING, "weight": q("50")}}
    assert rolled(a_world(goals, {"up": "110", "down": "7.5"}), "up", "down").figure.value == q("0.5")
    assert rolled(a_world(goals, {"up": "110", "down": "12.5"}), "up", "down").figure.value == q("0")


def test_a_roll_up_is_made_anew_when_a_child_leaves():
    world = a_world({"a": {"weight": q("50")}, "b": {"weight": q("50")}}, {"a": "120", "b": "100"})
    assert rolled(world, "a", "b").figure.value == q("0.5")
    world.record("goal", "b", GoalWithdrawn(owner=ANN))
    found = rolled(world, "a", "b")
    assert (found.figure.value, found.parts) == (q("1"), 1)


def test_nothing_is_rounded_before_it_is_summed():
    goals = {id: {"baseline": q("0"), "target": q("3"), "weight": q("1")} for id in ("a", "b", "c")}
    found = rolled(a_world(goals, dict.fromkeys(goals, "1")), *goals).figure.value
    assert found is not None
    assert displayed(found * 3, 10) == q("1"), "a third three times is a whole, not 0.99"


def test_each_goal_is_scored_by_the_figure_it_names():
    goals: dict[str, dict[str, Any]] = {
        kind.value: {"scored_by": kind, "weight": q("1"), "baseline": q("60")} for kind in ScoredBy
    }
    world = a_world(goals, dict.fromkeys(goals, "90"))
    assert {kind: rolled(world, kind).figure.value for kind in goals} == {
        "progress": q("0.5"),
        "attainment": q("0.75"),
        "hit_rate": q("0"),
    }


def test_a_target_missed_is_a_zero_and_a_target_unknown_is_not():
    by_hits = {"scored_by": ScoredBy.HIT_RATE, "weight": q("1")}
    found = rolled(a_world({"hit": by_hits, "none": by_hits}, {"hit": "120"}), "hit", "none")
    assert (found.figure.value, found.missing) == (q("1"), (("none", Why.NOTHING_PRESENT),))
    world = a_world({"hit": by_hits, "missed": by_hits, "none": by_hits}, {"hit": "120", "missed": "110"})
    goals = [world.state("goal", id) for id in ("hit", "missed", "none")]
    rate = cascade.hits(score(goal.first, goal.second, TODAY, world) for goal in goals)
    assert (rate.figure.value, rate.present, rate.missing) == (q("0.5"), 2, 1)


def test_the_policy_says_how_parts_make_a_whole_from_its_day_on():
    world = a_world({"a": {"weight": q("3")}, "b": {"weight": q("1")}}, {"a": "120", "b": "100"})
    assert rolled(world, "a", "b").figure.value == q("0.75")
    world.record("policy", STANDING, PolicyPublished(version=1, label="P", terms=PolicyTerms(roll_up=RollUp.LOWEST)))
    found = cascade.rolled_up(
        {id: (world.state("goal", id).first, world.state("goal", id).second) for id in ("a", "b")},
        day("2026-06-16"),
        world,
    )
    assert (found.mode, found.figure.value) == (RollUp.LOWEST, q("0"))
    assert rolled(world, "a", "b").mode is RollUp.WEIGHTED_MEAN, "the day before keeps its policy"


RECORDED: tuple[tuple[str, Event], ...] = (
    ("a", ProgressReported(owner=ANN, value=q("110"), day=day("2026-03-01"))),
    ("b", ProgressReported(owner=ANN, value=q("104"), day=day("2026-04-01"))),
    ("b", GoalTargetRevised(owner=ANN, target=q("140"))),
    ("c", ProgressReported(owner=ANN, value=q("125"), day=day("2026-05-01"))),
    ("d", GoalWithdrawn(owner=ANN)),
)


@for_all(st.permutations(RECORDED))
def test_a_whole_never_depends_on_the_order_of_unrelated_events(order: list[tuple[str, Event]]):
    def whole(recorded: Any) -> RolledUp:
        world = a_world({id: {"weight": q("10")} for id in "abcde"})
        for id, event in recorded:
            world.record("goal", id, event, on=day("2026-06-01"))
        return rolled(world, *"abcde")

    assert whole(order) == whole(RECORDED)
    assert dict(whole(order).missing) == {"e": Why.NO_ACTUAL}


def test_only_what_adds_up_is_converted_into_another_unit_of_measure_once_at_a_time():
    def stated(metric: str, to: str, factor: str = "2") -> str:
        command = StateConversion(to=to, factor=q(factor))
        return Given(world, "metric", metric).when(command, on="2026-06-01").said

    world = a_world({})
    world.record("metric", "sum", ConversionStated(to="箱", factor=q("2"), stated_by="p-hr"), on=day("2026-06-01"))
    assert (stated("sum", "件"), stated("increase", "箱")) == ("same_unit_of_measure", "does_not_add_up")
    assert (stated("sum", "箱"), stated("sum", "箱", "3")) == ("already_recorded", "ConversionStated")
    assert stated("nowhere", "箱") == "not_found"
