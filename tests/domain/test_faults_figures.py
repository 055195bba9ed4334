"""Faults of figures that others make, each kind by its name: what is absent, small, falling or below keeps its meaning.

| kind | what must hold here |
|---|---|
| absent read as zero | no value is no figure, and leaves every mean |
| parts below one dropped | small parts are summed like large ones |
| decimals cut | ten decimals go through the stored bytes and come back |
| falling metrics read as rising | less is better where the metric falls |
| mixed directions lose their sign | forward and back cancel out, whichever way is up |
| below baseline | a negative figure stays negative, bounded only beside it |
| rounding before summing | rounded once, when it is shown |
| scale assumed | weights count by their proportion, grades by the scale that the review pins |
| blanks counted | days, answers and parts without a value are no part of the denominator |
| roll-up not redone | what leaves or comes back changes the whole at once |
| last non-zero kept for ever | a later zero, and a correction to zero, count |
| silent change of meaning | a metric keeps its definition, a closed goal its figures and formula |
| today's target on yesterday's result | each day is scored by the target of its end |
| wrong denominator | exempted, withdrawn and unknown ones leave it; ratios are added above and below the line |
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import (
    Amount,
    Direction,
    Figure,
    Part,
    RolledUp,
    Why,
    bounded,
    coverage,
    displayed,
    hit_rate,
    ratio,
    roll_up,
)
from ledger.domain.goals import cascade
from ledger.domain.goals import commands as goal
from ledger.domain.goals.events import GoalAssigned, GoalClosed, ScoredBy
from ledger.domain.goals.metrics import Combines, DefineMetric
from ledger.domain.goals.scoring import Scored, score
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.progress import CorrectProgress, ProgressReported, ReportProgress
from ledger.domain.reviews import judging
from ledger.kernel.policy import STANDING, PolicyTerms, RollUp
from ledger.kernel.refusals import AlreadyExists
from tests.domain.examples import ANN, GOAL, GOAL_ASKED, company, day, q
from tests.domain.examples.reviews import REVIEW_OPENED
from tests.domain.given import History, given

WORLD = company()
TODAY = day("2026-06-15")
FALLING: dict[str, Any] = {"metric": "decrease", "baseline": q("10"), "target": q("5")}


def goals(*terms: dict[str, Any]) -> History:
    """Return the company with goals g-1, g-2 … of Ann."""
    world = WORLD.copy()
    for number, changed in enumerate(terms, start=1):
        assigned = GoalAssigned.model_validate({**GOAL, "weight": q("1"), **changed})
        world.record("goal", f"g-{number}", assigned, on=day("2026-01-02"), by="p-lead")
    return world


def report(world: History, id: str, value: str, on: str = "2026-06-01") -> str:
    """Let Ann report a value for a day; return the entry."""
    return world.do("goal", id, ReportProgress(value=q(value), day=day(on)), actor="p-ann").event_id


def scored(world: History, id: str = "g-1", on: str = "2026-06-15") -> Scored:
    state = world.state("goal", id)
    return score(state.first, state.second, day(on), world)


def rolled(world: History, *ids: str) -> RolledUp:
    states = {id: world.state("goal", id) for id in ids}
    return cascade.rolled_up({id: (state.first, state.second) for id, state in states.items()}, TODAY, world)


def test_absent_read_as_zero():
    world = goals({}, {}, {})
    report(world, "g-1", "110")
    report(world, "g-2", "100")
    silent = scored(world, "g-3")
    assert (silent.progress, silent.attainment, silent.reached) == (
        Figure(why=Why.NO_ACTUAL),
        Figure(why=Why.NO_ACTUAL),
        None,
    )
    found = rolled(world, "g-1", "g-2", "g-3")
    assert (found.figure.value, found.present, found.parts) == (q("0.25"), 2, 3), "the zero counts, silence does not"
    closed = world.do("goal", "g-3", goal.CloseGoal(), actor="p-lead").event
    assert isinstance(closed, GoalClosed)
    assert (closed.progress, closed.progress_why, closed.actual) == (None, Why.NO_ACTUAL, None)


def test_parts_below_one_dropped():
    world = goals({"weight": q("0.25")}, {"weight": q("0.75")})
    report(world, "g-1", "100.2")
    report(world, "g-2", "100")
    assert rolled(world, "g-1", "g-2").figure.value == q("0.0025")
    year: dict[str, Any] = {
        "interval": "period",
        "starts_on": day("2026-01-01"),
        "ends_on": day("2026-12-31"),
        "unit_of_measure": "件",
    }
    parts = [Amount(id, q(value), **year) for id, value in (("a", "0.25"), ("b", "0.5"), ("c", "0.001"))]
    assert coverage(Amount("up", q("1"), **year), parts).covered.value == q("0.751")


def test_decimals_cut():
    world = goals({"baseline": q("0"), "target": q("1")})
    report(world, "g-1", "0.0000000001")
    assert scored(world).progress.value == q("0.0000000001")
    report(world, "g-1", "12345678901234567.8901234567", on="2026-06-02")
    actual = scored(world).actual
    assert actual is not None
    assert actual.value == q("12345678901234567.8901234567")
    with pytest.raises(ValueError, match="decimal places"):
        ReportProgress(value=q("0.00000000001"))  # refused, never cut in silence


def test_falling_metrics_read_as_rising():
    world = goals(FALLING)
    report(world, "g-1", "6", on="2026-05-01")
    found = scored(world)
    assert (found.progress.value, found.reached) == (q("0.8"), False)
    report(world, "g-1", "4", on="2026-06-01")
    found = scored(world)
    assert (found.progress.value, found.attainment.value, found.reached) == (q("1.2"), q("1.25"), True)
    report(world, "g-1", "12", on="2026-06-02")
    found = scored(world)
    assert (found.progress.value, found.reached) == (q("-0.4"), False)
    subject = given("goal", "g-9", world=WORLD)
    rising = goal.AssignGoal.model_validate({**GOAL_ASKED, **FALLING, "target": q("20")})
    subject.when(rising, actor="p-lead").then(goal.AgainstDirection)


def test_mixed_directions_lose_their_sign():
    world = goals({}, FALLING)
    report(world, "g-1", "90")  # ten below: half the way back
    report(world, "g-2", "7.5")  # half the way down: half the way on
    assert rolled(world, "g-1", "g-2").figure.value == q("0")
    report(world, "g-2", "12.5", on="2026-06-02")
    assert rolled(world, "g-1", "g-2").figure.value == q("-0.5")


@for_all(st.decimals(-1000, 1000, places=3))
def test_below_baseline(actual):
    world = goals({})
    report(world, "g-1", str(actual))
    raw = scored(world).progress.value
    assert raw is not None
    assert (raw < 0) == (actual < 100)
    assert bounded(raw) == min(max(raw, q("0")), q("1")), "the bounded figure stands beside the raw one"
    judged = scored(world).judged
    assert judged.below is (raw < q("0.8") * judged.expected)


def test_rounding_before_summing():
    halves = [Part(str(n), Figure(q("0.445"))) for n in range(2)]
    assert displayed(roll_up(halves, RollUp.MEAN).figure.value or q("0"), 2) == q("0.45"), "half up, once"
    thirds = [Part("a", Figure(q("0.334"))), Part("b", Figure(q("0.334"))), Part("c", Figure(q("0.335")))]
    whole = roll_up(thirds, RollUp.MEAN).figure.value
    assert whole is not None
    assert displayed(whole, 3) == q("0.334")
    assert whole * 3 == pytest.approx(q("1.003"))
    world = goals({"baseline": q("0"), "target": q("3")})
    report(world, "g-1", "2.9999999999")
    found = scored(world)
    assert found.reached is False, "displayed as 1.00, and still not reached"
    assert displayed(found.progress.value or q("0"), 2) == q("1.00")


def test_scale_assumed():
    values = (("a", "0.2", "30"), ("b", "1", "70"))
    hundreds = roll_up([Part(i, Figure(q(v)), q(w)) for i, v, w in values], RollUp.WEIGHTED_MEAN)
    ones = roll_up([Part(i, Figure(q(v)), q(w) / 100) for i, v, w in values], RollUp.WEIGHTED_MEAN)
    assert hundreds.figure == ones.figure == Figure(q("0.76"))
    review = given("review", "v-1", REVIEW_OPENED, world=WORLD)
    for grade in ("5", "A1", "excellent"):
        assert review.when(judging.ProposeRating(grade=grade), actor="p-lead").said == "grade_not_on_scale"
    percent = goals({"baseline": q("0"), "target": q("0.9")})
    report(percent, "g-1", "90")
    assert scored(percent).progress.value == q("100"), "90 is ninety, never taken for 90 per cent"


def test_blanks_counted():
    assert hit_rate([True, None, None]).figure.value == q("1")
    assert hit_rate([True, None, False]).missing == 1
    kept: dict[str, Any] = {"metric": "maintain", "baseline": None, "target": q("5"), "tolerance": q("1")}
    world = goals({**kept, "starts_on": day("2026-05-01")})
    report(world, "g-1", "5", on="2026-06-06")  # nothing is known of May
    assert scored(world).progress.value == q("1")
    report(world, "g-1", "9", on="2026-06-11")
    assert scored(world).progress.value == q("0.5"), "five days of ten, not of forty-six"


def test_roll_up_not_redone_when_something_leaves_or_moves():
    world = goals({}, {}, {})
    for id, value in (("g-1", "120"), ("g-2", "100"), ("g-3", "110")):
        report(world, id, value)
    assert rolled(world, "g-1", "g-2", "g-3").figure.value == q("0.5")
    world.do("goal", "g-2", goal.WithdrawGoal(reason="dropped"), actor="p-lead")
    after = rolled(world, "g-1", "g-2", "g-3")
    assert (after.figure.value, after.parts) == (q("0.75"), 2)
    world.do("goal", "g-1", goal.CloseGoal(), actor="p-lead")
    assert rolled(world, "g-1", "g-2", "g-3") == after, "what is closed is still a part"
    assert rolled(world, "g-3").figure.value == q("0.5"), "what moves under another whole leaves nothing behind"


def test_last_non_zero_kept_for_ever():
    world = goals({"baseline": q("10"), "target": q("20")})
    report(world, "g-1", "15", on="2026-05-01")
    later = report(world, "g-1", "0", on="2026-06-01")
    assert (scored(world).progress.value, scored(world, on="2026-05-31").progress.value) == (q("-1"), q("0.5"))
    world.do("goal", "g-1", CorrectProgress(entry=later, value=q("20")), actor="p-ann")
    assert scored(world).progress.value == q("1")
    world.do("goal", "g-1", CorrectProgress(entry=later, value=q("0")), actor="p-ann")
    actual = scored(world).actual
    assert actual is not None
    assert actual.value == q("0")


def test_silent_change_of_a_figures_meaning():
    again = DefineMetric(label="increase", unit_of_measure="件", direction=Direction.DECREASE, combines=Combines.LEVEL)
    given("metric", "increase", world=WORLD).when(again).then(AlreadyExists)
    world = goals({})
    report(world, "g-1", "110")
    closed = world.do("goal", "g-1", goal.CloseGoal(), actor="p-lead").event
    assert isinstance(closed, GoalClosed)
    assert (closed.progress, closed.formula) == (q("0.5"), "figures-2")
    assert scored(world).provenance.formula == closed.formula
    both = goals({}, {})
    report(both, "g-1", "110")
    report(both, "g-2", "120")
    before = rolled(both, "g-1", "g-2")
    lowest = PolicyPublished(version=1, label="Performance", terms=PolicyTerms(roll_up=RollUp.LOWEST))
    both.record("policy", STANDING, lowest, on=day("2026-06-16"))
    assert rolled(both, "g-1", "g-2") == before, "a policy of tomorrow changes nothing of today"
    assert before.mode is RollUp.WEIGHTED_MEAN


def test_todays_target_rewriting_yesterdays_result():
    world = goals({})
    report(world, "g-1", "120", on="2026-06-01")
    before = scored(world, on="2026-06-14")
    world.do("goal", "g-1", goal.ReviseTarget(target=q("140"), reason="market"), actor="p-lead")
    assert scored(world, on="2026-06-14") == before
    assert (before.reached, before.target) == (True, q("120"))
    today = scored(world, on="2026-06-15")
    assert (today.reached, today.target, today.progress.value) == (False, q("140"), q("0.5"))


def test_wrong_denominator():
    assert ratio([(q("1"), q("2")), (q("8"), q("10"))]).value == q("0.75"), "9 of 12, not the mean of 0.5 and 0.8"
    assert ratio([(q("1"), q("2")), (None, q("10"))]).value == q("0.5"), "unknown above leaves the line below too"
    hits: dict[str, Any] = {"scored_by": ScoredBy.HIT_RATE}
    world = goals(hits, hits, hits, hits)
    report(world, "g-1", "120")
    report(world, "g-2", "110")
    world.do("goal", "g-4", goal.WithdrawGoal(reason="dropped"), actor="p-lead")
    found = rolled(world, "g-1", "g-2", "g-3", "g-4")
    assert (found.figure.value, found.present, found.parts) == (q("0.5"), 2, 3)
    world.record("goal", "g-3", ProgressReported(owner=ANN, value=q("130"), day=day("2026-06-14")), by="p-ann")
    assert rolled(world, "g-1", "g-2", "g-3", "g-4").figure.value == pytest.approx(q("0.6666666667"))
