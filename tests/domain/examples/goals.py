"""Examples of metrics and goals."""

from __future__ import annotations

from ledger.domain.figures import Direction
from ledger.domain.goals import commands as goal
from ledger.domain.goals import events as goal_events
from ledger.domain.goals import metrics
from ledger.domain.goals.metrics import Combines, ConversionStated, DefineMetric, MetricDefined, StateConversion
from ledger.domain.progress import ProgressReported
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from tests.domain.examples.company import ANN, ANN_HOLDS, BOB, BOB_HOLDS, GOAL, day, q
from tests.domain.examples.example import Example, annul, redate

GOAL_ASKED = {**GOAL, "owner": ANN_HOLDS, "weight": q("40"), "parent": "g-unit", "share": q("0.5")}
PROPOSED = (goal_events.GoalProposed.model_validate(GOAL), day("2026-01-02"), "p-hr")
ASSIGNED = (goal_events.GoalAssigned.model_validate(GOAL), day("2026-01-02"), "p-lead")
ACCEPTED = (goal_events.GoalAccepted(owner=ANN), day("2026-01-05"), "p-ann")
DISPUTED = (goal_events.GoalDisputed(owner=ANN, counter_target=q("110")), day("2026-01-05"), "p-ann")
REVISED = (goal_events.GoalTargetRevised(owner=ANN, target=q("130")), day("2026-04-01"), "p-lead")
REPORTED = (ProgressReported(owner=ANN, value=q("105"), day=day("2026-03-31")), day("2026-03-31"), "p-ann")
CLOSED = (
    goal_events.GoalClosed(owner=ANN, metric="increase", target=q("120"), formula="figures-1"),
    day("2026-06-01"),
    "p-lead",
)
REOPENED = (goal_events.GoalReopened(owner=ANN), day("2026-06-02"), "p-lead")
WITHDRAWN = (goal_events.GoalWithdrawn(owner=ANN), day("2026-06-02"), "p-lead")
PAUSED = (goal_events.GoalPaused(owner=ANN), day("2026-05-01"), "p-lead")
RESUMED = (goal_events.GoalResumed(owner=ANN), day("2026-06-01"), "p-lead")
HANDED = (goal_events.GoalHandedOver(owner=ANN, taker=BOB, employment="e-p-bob"), day("2026-05-01"), "p-lead")
HALFWAY = (
    goal_events.MilestoneSet(owner=ANN, milestone="half", due_on=day("2026-05-31"), share=q("0.5")),
    day("2026-01-02"),
    "p-lead",
)

SUMMED = MetricDefined(label="Deals", unit_of_measure="件", direction=Direction.INCREASE, combines=Combines.SUM)
CONVERTED = (ConversionStated(to="箱", factor=q("0.1"), stated_by="p-hr"), day("2026-01-01"))

EXAMPLES = (
    Example("metric", "deals", StateConversion(to="箱", factor=q("0.1")), ConversionStated, (SUMMED,)),
    Example("metric", "deals", annul(metrics.AnnulMetricEntry, ConversionStated), EntryAnnulled, (SUMMED, CONVERTED)),
    Example("metric", "deals", redate(metrics.RedateMetricEntry, ConversionStated), EntryRedated, (SUMMED, CONVERTED)),
    Example(
        "metric",
        "revenue",
        DefineMetric(
            label="Revenue", unit_of_measure="万元", direction=Direction.INCREASE, combines=Combines.SUM, unit="sales"
        ),
        MetricDefined,
    ),
    Example("goal", "g-1", goal.ProposeGoal.model_validate(GOAL_ASKED), goal_events.GoalProposed),
    Example("goal", "g-1", goal.AssignGoal.model_validate(GOAL_ASKED), goal_events.GoalAssigned, actor="p-lead"),
    Example("goal", "g-1", goal.AcceptGoal(), goal_events.GoalAccepted, before=(ASSIGNED,), actor="p-ann"),
    Example(
        "goal",
        "g-1",
        goal.DisputeGoal(counter_target=q("110"), note="Too few hands"),
        goal_events.GoalDisputed,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        goal.ReviseTarget(target=q("140"), reason="market"),
        goal_events.GoalTargetRevised,
        before=(ASSIGNED,),
        actor="p-lead",
    ),
    Example("goal", "g-1", goal.CloseGoal(), goal_events.GoalClosed, before=(ASSIGNED, REPORTED), actor="p-lead"),
    Example(
        "goal",
        "g-1",
        goal.ReopenGoal(reason="early"),
        goal_events.GoalReopened,
        before=(ASSIGNED, CLOSED),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        goal.WithdrawGoal(reason="dropped"),
        goal_events.GoalWithdrawn,
        before=(ASSIGNED,),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        annul(goal.AnnulGoalEntry, goal_events.GoalTargetRevised),
        EntryAnnulled,
        before=(ASSIGNED, REVISED),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        redate(goal.RedateGoalEntry, goal_events.GoalTargetRevised),
        EntryRedated,
        before=(ASSIGNED, REVISED),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        goal.HandOverGoal(taker=BOB_HOLDS, reason="transfer"),
        goal_events.GoalHandedOver,
        (ASSIGNED, ACCEPTED),
        "p-lead",
    ),
    Example("goal", "g-1", goal.PauseGoal(reason="leave"), goal_events.GoalPaused, (ASSIGNED,), "p-lead"),
    Example("goal", "g-1", goal.ResumeGoal(), goal_events.GoalResumed, (ASSIGNED, PAUSED), "p-lead"),
    Example(
        "goal",
        "g-1",
        goal.SetMilestone(milestone="half", due_on=day("2026-06-30"), share=q("0.5"), title="Half of them"),
        goal_events.MilestoneSet,
        (ASSIGNED,),
        "p-lead",
    ),
    Example(
        "goal",
        "g-1",
        goal.ReachMilestone(milestone="half", day=day("2026-06-01"), evidence=("list.csv",)),
        goal_events.MilestoneReached,
        (ASSIGNED, HALFWAY),
        "p-ann",
    ),
)
