"""The course of a goal: pauses on a timeline, hand-overs that leave the past, milestones, and figures that say why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import Direction, Pause, Why
from ledger.domain.goals import commands as goal
from ledger.domain.goals import events as goal_events
from ledger.domain.goals.events import GoalAssigned, GoalHandedOver, GoalPaused, GoalResumed, GoalTargetRevised
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.goals.scoring import Scored, score
from ledger.domain.goals.state import Answer
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.progress import MeasurementRecorded, ProgressReported, ReportProgress
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Event
from ledger.kernel.holders import Holder
from ledger.kernel.policy import STANDING, FallingAttainment, PolicyTerms
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, InTheFuture, ReasonNeeded, UnknownReference
from tests.domain.examples import (
    ACCEPTED,
    ANN,
    ASSIGNED,
    BOB,
    CLOSED,
    GOAL,
    GOAL_ASKED,
    PROPOSED,
    REPORTED,
    REVISED,
    SALES,
    WITHDRAWN,
    company,
    day,
    q,
)
from tests.domain.examples.goals import HALFWAY, HANDED, PAUSED, RESUMED
from tests.domain.given import NOW, SHANGHAI, Given, Happened, History, at, given

WORLD = company()


def a_goal(*happened: Happened, world: History = WORLD) -> Given:
    return given("goal", "g-1", *happened, world=world)


def scored(*happened: Happened, on: str = "2026-06-15", world: History = WORLD) -> Scored:
    subject = a_goal(*happened, world=world)
    return score(subject.state.first, subject.state.second, day(on), subject.history)


def assigned(**changed: Any) -> Happened:
    return GoalAssigned.model_validate({**GOAL, **changed}), day("2026-01-02"), "p-lead"


def reported(value: str, on: str) -> Happened:
    return ProgressReported(owner=ANN, value=q(value), day=day(on)), day(on), "p-ann"


# Pauses


def test_a_goal_is_paused_with_a_reason_and_resumed_once():
    subject = a_goal(ASSIGNED)
    subject.when(goal.PauseGoal(), actor="p-lead").then(ReasonNeeded)
    subject.when(goal.ResumeGoal(), actor="p-lead").then(goal.NotPaused)
    paused = a_goal(ASSIGNED, PAUSED)
    paused.when(goal.PauseGoal(reason="leave"), actor="p-lead").then(AlreadyRecorded)
    paused.when(goal.ResumeGoal(), actor="p-lead").then(GoalResumed)
    a_goal(ASSIGNED, PAUSED, RESUMED).when(goal.ResumeGoal(), actor="p-lead").then(goal.NotPaused)


def test_a_late_pause_slots_in_and_an_annulled_one_never_was():
    subject = a_goal(ASSIGNED, ACCEPTED, RESUMED, PAUSED)
    pause = subject.entry(GoalPaused)
    assert subject.state.paused(SHANGHAI) == (Pause(day("2026-05-01"), day("2026-06-01"), entry=pause),)
    subject.history.do("goal", "g-1", goal.AnnulGoalEntry.model_validate({"entry": pause}), actor="p-lead")
    assert subject.state.paused(SHANGHAI) == ()
    assert subject.state.answer is Answer.ACCEPTED, "a changed pause asks for no new answer"


def test_the_figures_of_a_paused_goal_expect_less():
    late = reported("104", "2026-06-10")
    running, paused = scored(ASSIGNED, late), scored(ASSIGNED, PAUSED, RESUMED, late)
    assert running.judged.below is True
    assert paused.judged.expected < running.judged.expected
    assert running.progress == paused.progress


# Hand-overs


def test_a_goal_that_changes_hands_awaits_a_new_answer_and_keeps_its_past():
    subject = a_goal(ASSIGNED, ACCEPTED, REPORTED, HANDED)
    assert (subject.state.owner, subject.state.answer, len(subject.state.claims)) == (BOB, None, 1)
    report = subject.history.do("goal", "g-1", ReportProgress(value=q("110")), actor="p-bob").event
    assert isinstance(report, ProgressReported)
    assert report.owner == BOB
    claims = [e.event for e in subject.history.entries if isinstance(e.event, ProgressReported)]
    assert [claim.owner for claim in claims] == [ANN, BOB], "what was reported before stays the giver's"


def test_a_goal_is_handed_to_somebody_else_who_is_there():
    def handed(kind: Any, id: str, **more: Any) -> goal.HandOverGoal:
        return goal.HandOverGoal(taker=Holder(kind=kind, id=id), reason="transfer", **more)

    subject = a_goal(ASSIGNED)
    subject.when(handed("person", "p-ann"), actor="p-lead").then(AlreadyRecorded)
    subject.when(handed("person", "p-eve"), actor="p-lead").then(AfterLastDay)
    subject.when(handed("person", "p-nobody"), actor="p-lead").then(UnknownReference)
    subject.when(handed("person", "p-bob", employment="e-p-ann"), actor="p-lead").then(UnknownReference)
    subject.when(handed("unit", "sales"), actor="p-lead").then(GoalHandedOver(owner=ANN, taker=SALES))
    subject.when(handed("person", "p-bob"), actor="p-lead", on="2026-06-16").then(InTheFuture)


# Milestones


def test_a_milestone_lies_in_the_period_and_is_set_anew_with_a_reason():
    subject = a_goal(ASSIGNED, HALFWAY)
    same = {"milestone": "half", "due_on": "2026-05-31", "share": "0.5"}
    ask = goal.SetMilestone.model_validate
    subject.when(ask(same), actor="p-lead").then(AlreadyRecorded)
    subject.when(ask({**same, "due_on": "2026-06-30"}), actor="p-lead").then(ReasonNeeded)
    subject.when(ask({**same, "due_on": "2027-01-01"}), actor="p-lead").then(goal.MilestoneOutsidePeriod)


def test_only_a_milestone_that_is_set_is_reached_once_and_not_in_the_future():
    subject = a_goal(ASSIGNED, HALFWAY)
    subject.when(goal.ReachMilestone(milestone="end"), actor="p-ann").then(goal.NoSuchMilestone)
    future = goal.ReachMilestone(milestone="half", day=day("2026-06-16"))
    subject.when(future, actor="p-ann").then(InTheFuture)
    subject.history.do("goal", "g-1", goal.ReachMilestone(milestone="half"), actor="p-ann")
    subject.when(goal.ReachMilestone(milestone="half"), actor="p-ann").then(AlreadyRecorded)


def test_a_goal_with_milestones_is_expected_by_them():
    early = scored(ASSIGNED, HALFWAY, reported("100", "2026-05-30"))
    assert (early.judged.expected, early.judged.below) == (q("0"), False)
    due = scored(ASSIGNED, HALFWAY, reported("100", "2026-05-31"))
    assert (due.judged.expected, due.judged.below) == (q("0.5"), True)


def test_what_is_to_be_reached_is_scored_by_its_milestones_on_their_days():
    steps = {"metric": "milestone", "baseline": None, "target": q("1")}
    reached = goal_events.MilestoneReached(owner=ANN, milestone="half", day=day("2026-06-01"))
    happened = (assigned(**steps), HALFWAY, (reached, day("2026-06-02"), "p-ann"))
    assert scored(*happened, on="2026-05-31").progress.value == q("0")
    assert scored(*happened).progress.value == q("0.5")


# Cascades


@pytest.mark.parametrize("happened", [(PROPOSED,), (ASSIGNED, CLOSED), (ASSIGNED, WITHDRAWN)])
def test_a_goal_serves_a_parent_that_binds(happened: tuple[Happened, ...]):
    world = given("goal", "g-up", *happened, world=WORLD).history
    asked = goal.AssignGoal.model_validate({**GOAL_ASKED, "parent": "g-up"})
    a_goal(world=world).when(asked, actor="p-lead").then(goal.ParentNotRunning)
    outcome = a_goal(world=world).when(asked, actor="p-hr", testimony=True)
    outcome.then(GoalAssigned, marks=("parent_not_running",))


def test_a_share_is_a_share_of_something():
    asked = goal.AssignGoal.model_validate({**GOAL_ASKED, "parent": None})
    a_goal().when(asked, actor="p-lead").then(goal.ShareWithoutParent)


def test_a_rule_proposes_from_the_job_profile_and_binds_nobody():
    asked = goal.ProposeGoal.model_validate({**GOAL_ASKED, "profile": "j-1"})
    event = a_goal().when(asked, actor="system:rules").event
    assert isinstance(event, goal_events.GoalProposed)
    assert event.profile == "j-1"
    unknown = goal.ProposeGoal.model_validate({**GOAL_ASKED, "profile": "j-9"})
    a_goal().when(unknown, actor="system:rules").then(UnknownReference)


# Figures, fault by fault


def measured(value: str, on: str) -> Happened:
    return MeasurementRecorded(owner=ANN, value=q(value), day=day(on), source="erp"), day(on)


def test_a_figure_says_what_it_rests_on():
    found = scored(ASSIGNED, REPORTED, REVISED)
    said = found.provenance.said()
    assert (said["target"], said["baseline"], said["formula"], said["policy"]) == ("130", "100", "figures-2", None)
    assert said["actuals"] == [
        {"value": "105", "day": "2026-03-31", "entry": found.actual.entry if found.actual else "", "origin": "claim"}
    ]
    assert found.provenance.target_entry == a_goal(ASSIGNED, REPORTED, REVISED).entry(GoalTargetRevised)
    assert scored(ASSIGNED, on="2026-02-01").provenance.said()["why"] == "no_actual"


def test_todays_target_rewrites_no_earlier_result():
    before, after = scored(ASSIGNED, REPORTED, on="2026-03-31"), scored(ASSIGNED, REPORTED, REVISED, on="2026-03-31")
    assert before.progress == after.progress


def test_a_falling_metric_below_its_baseline_has_come_forward_and_above_it_has_gone_back():
    falling = assigned(metric="decrease", baseline=q("10"), target=q("5"))
    assert scored(falling, reported("7.5", "2026-06-01")).progress.value == q("0.5")
    assert scored(falling, reported("11", "2026-06-01")).progress.value == q("-0.2")
    assert scored(falling, reported("4", "2026-06-01")).progress.value == q("1.2")


def test_the_policy_of_the_day_states_how_a_falling_metric_is_inverted():
    terms = PolicyTerms(falling_attainment=FallingAttainment.MIRROR)
    policy = PolicyPublished(version=1, label="P", terms=terms)
    world = given("policy", STANDING, policy, world=WORLD).history
    falling = assigned(metric="decrease", baseline=q("10"), target=q("5"))
    value = reported("4", "2026-04-01")
    assert scored(falling, value, on="2026-06-14", world=world).attainment.value == q("1.25")
    assert scored(falling, value, on="2026-06-15", world=world).attainment.value == q("1.2")


def test_the_last_value_is_kept_for_ever_by_nobody():
    found = scored(ASSIGNED, reported("112", "2026-02-01"))
    assert found.actual is not None
    assert (found.actual.day, found.stale_on) == (day("2026-02-01"), day("2026-03-04"))


def test_without_a_baseline_there_is_no_progress_but_what_adds_up_begins_with_nothing_on_its_path():
    metric = MetricDefined(label="S", unit_of_measure="件", direction=Direction.INCREASE, combines=Combines.SUM)
    world = given("metric", "sum", metric, world=WORLD).history
    bare = {"baseline": None, "target": q("100")}
    summed = scored(assigned(metric="sum", **bare), reported("10", "2026-05-31"), world=world)
    assert (summed.progress.why, summed.judged.progress.value) == (Why.NO_BASELINE, q("0.1"))
    assert summed.judged.below is True
    level = scored(assigned(metric="increase", **bare), reported("10", "2026-05-31"))
    assert (level.judged.below, level.judged.why) == (None, Why.NO_BASELINE)


def test_a_target_for_each_month_has_no_straight_path_over_the_year():
    found = scored(assigned(interval="month"), REPORTED)
    assert (found.judged.below, found.judged.why) == (None, Why.NOT_FOR_THIS_INTERVAL)


def test_no_value_in_the_rhythm_is_stale_whatever_health_was_declared():
    found = scored(ASSIGNED)
    assert (found.judged.below, found.judged.why, found.stale_on) == (None, Why.NO_ACTUAL, day("2026-01-31"))


OTHERS: tuple[Happened, ...] = (
    (goal_events.GoalDisputed(owner=ANN), day("2026-02-01"), "p-ann"),
    HALFWAY,
    (GoalTargetRevised(owner=ANN, target=q("125")), day("2026-03-01"), "p-lead"),
    (GoalTargetRevised(owner=ANN, target=q("140")), day("2026-05-01"), "p-lead"),
    PAUSED,
    RESUMED,
    reported("103", "2026-02-10"),
    reported("109", "2026-05-20"),
    measured("104", "2026-03-10"),
)


def answered(found: Scored) -> tuple[Any, ...]:
    """Return the figures without the ids of entries, which follow the order of recording."""
    actual = None if found.actual is None else (found.actual.value, found.actual.day, found.actual.origin)
    return (found.progress, found.attainment, found.reached, actual, found.target, found.judged, found.stale_on)


@for_all(st.permutations(OTHERS), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_a_figure_never_depends_on_the_order_in_which_unrelated_things_were_recorded(
    recorded: list[Happened], on: date
):
    usual = scored(ASSIGNED, *OTHERS, on=on.isoformat())
    assert answered(scored(ASSIGNED, *recorded, on=on.isoformat())) == answered(usual)


@for_all(st.lists(st.sampled_from(OTHERS), unique_by=id, max_size=6))
def test_absence_is_never_zero(recorded: list[Happened]):
    found = scored(ASSIGNED, *recorded)
    valued = [h for h in recorded if isinstance(_event(h), ProgressReported | MeasurementRecorded)]
    assert (found.progress.value is None) == (not valued)
    assert (found.attainment.value is None) == (not valued)
    if not valued:
        assert (found.progress.why, found.judged.below, found.reached) == (Why.NO_ACTUAL, None, None)


def _event(happened: Happened) -> Event:
    return happened[0] if isinstance(happened, tuple) else happened


def test_what_was_paused_at_an_instant_is_told_for_it():
    state = a_goal(ASSIGNED, PAUSED, RESUMED).state
    assert [state.is_paused(at(on)) for on in ("2026-04-30", "2026-05-01", "2026-06-01")] == [False, True, False]
    assert not state.is_paused(NOW)
    annulled = a_goal(ASSIGNED, PAUSED)
    taken = EntryAnnulled(entry=annulled.entry(GoalPaused), entry_topic="goals.GoalPaused")
    annulled.history.record("goal", "g-1", taken)
    assert not annulled.state.is_paused(at("2026-05-02"))
