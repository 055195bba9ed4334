"""Examples of cycles, reviews, drafts and calibrations."""

from __future__ import annotations

from typing import Any

from ledger.domain.reviews import appeals, calibrations, cycles, drafts, judging, opening, planning, plans, results
from ledger.domain.reviews import events as review
from ledger.domain.reviews.cycles import CycleStage
from ledger.kernel.policy import Scale
from tests.domain.examples.company import GRADES, day
from tests.domain.examples.example import Example
from tests.domain.given import Happened

SCALE = Scale(code="abc", grades=GRADES)
STAGES = tuple(
    cycles.PlannedStage(stage=stage, opens_on=day(f"2026-0{month}-01"), closes_on=day(f"2026-0{month}-28"))
    for month, stage in enumerate((CycleStage.SELF_ASSESSMENT, CycleStage.REVIEW, CycleStage.RESULTS), start=4)
)
PLAN: dict[str, Any] = {
    "label": "First half of 2026",
    "starts_on": day("2026-01-01"),
    "ends_on": day("2026-06-30"),
    "stages": STAGES,
    "scale": "abc",
    "grades": GRADES,
}
PLANNED = (cycles.CyclePlanned(**PLAN, policy_version=0), day("2026-01-02"))
CYCLE_OPENED = (cycles.CycleOpened(policy_version=0, scale=SCALE), day("2026-04-01"))
STAGE_OPENED = (cycles.StageOpened(stage=CycleStage.REVIEW), day("2026-05-01"))
STAGE_CLOSED = (cycles.StageClosed(stage=CycleStage.REVIEW), day("2026-05-28"))

PERIOD: dict[str, Any] = {"starts_on": day("2026-01-01"), "ends_on": day("2026-06-30")}
ANN_OPENED = review.ReviewOpened(person="p-ann", employment="e-p-ann", **PERIOD, scale=SCALE, policy_version=0)
REVIEW_OPENED = (ANN_OPENED, day("2026-05-01"), "p-hr")
REVIEWERS = (review.ReviewersNamed(person="p-ann", peers=("p-bob",)), day("2026-05-02"), "p-lead")
SELF_ASSESSED = (
    review.AssessmentSubmitted(person="p-ann", assessor="p-ann", kind=review.AssessmentKind.SELF, grade="a"),
    day("2026-05-03"),
    "p-ann",
)
RATED = (review.RatingProposed(person="p-ann", judge="p-lead", grade="b"), day("2026-05-10"), "p-lead")
CALIBRATED = (
    review.RatingCalibrated(person="p-ann", rating="r-1", before="b", after="a", calibrator="p-boss"),
    day("2026-05-12"),
    "p-boss",
)
CONTENT = "cd" * 32
PUBLISHED = (
    review.ResultPublished(person="p-ann", grade="b", rating="r-1", publisher="p-hr", content=CONTENT),
    day("2026-06-10"),
    "p-hr",
)
ACCEPTED_RESULT = (
    review.ResultAccepted(person="p-ann", result="x", content=CONTENT),
    day("2026-06-11"),
    "p-ann",
)
REFUSED_RESULT = (review.ResultAcceptanceRefused(person="p-ann", result="x"), day("2026-06-11"), "p-ann")
APPEALED = (
    review.ResultAppealed(person="p-ann", result="x", ground="facts"),
    day("2026-06-12"),
    "p-ann",
)
APPEAL_ASSIGNED = (review.AppealAssigned(person="p-ann", appeal="y", decider="p-bob"), day("2026-06-13"), "p-hr")
EXEMPTED = (review.ReviewExempted(person="p-ann"), day("2026-05-04"), "p-hr")
REVIEW_WITHDRAWN = (review.ReviewWithdrawn(person="p-ann"), day("2026-05-04"), "p-hr")
PLAN_OPENED = (
    review.ImprovementPlanOpened(person="p-ann", lead="p-lead", starts_on=day("2026-06-11"), ends_on=day("2026-09-30")),
    day("2026-06-11"),
    "p-lead",
)
TOLD = (REVIEW_OPENED, RATED, PUBLISHED)

DRAFTED = (drafts.AssessmentDrafted(review="v-0", writer="p-lead", grade="b"), day("2026-05-05"), "p-lead")


def a_review(command: Any, event: Any, *before: Happened, actor: str = "p-hr") -> Example:
    """Return an example on the review of Ann."""
    return Example("review", "v-1", command, event, before, actor)


def a_cycle(command: Any, event: Any, *before: Happened) -> Example:
    """Return an example on a cycle."""
    return Example("cycle", "h1", command, event, before)


EXAMPLES = (
    a_cycle(planning.PlanCycle(**PLAN), cycles.CyclePlanned),
    a_cycle(planning.OpenCycle(), cycles.CycleOpened, PLANNED),
    a_cycle(
        planning.ChangeCyclePolicy(reason="law"),
        cycles.CyclePolicyChanged,
        PLANNED,
        (cycles.CycleOpened(policy_version=1, scale=SCALE), day("2026-04-01")),
    ),
    a_cycle(planning.OpenStage(stage=CycleStage.REVIEW), cycles.StageOpened, PLANNED, CYCLE_OPENED),
    a_cycle(planning.CloseStage(stage=CycleStage.REVIEW), cycles.StageClosed, PLANNED, CYCLE_OPENED, STAGE_OPENED),
    a_cycle(planning.CloseCycle(), cycles.CycleClosed, PLANNED, CYCLE_OPENED),
    a_cycle(planning.BriefAssessors(assessors=("p-lead",)), cycles.AssessorsBriefed, PLANNED),
    a_cycle(
        planning.PresentFindings(stage=CycleStage.REVIEW, unit="sales", leads=("p-lead",)),
        cycles.FindingsPresented,
        PLANNED,
        CYCLE_OPENED,
        STAGE_OPENED,
        STAGE_CLOSED,
    ),
    Example(
        "review",
        "v-1",
        opening.OpenReview(person="p-bob", cycle="c-open", goals=("g-bob",)),
        review.ReviewOpened,
    ),
    a_review(opening.ExemptFromReview(reason="new"), review.ReviewExempted, REVIEW_OPENED),
    a_review(opening.NameReviewers(peers=("p-bob",)), review.ReviewersNamed, REVIEW_OPENED, actor="p-lead"),
    a_review(opening.HandOverReview(taker="p-boss"), review.ReviewHandedOver, REVIEW_OPENED, actor="p-lead"),
    a_review(opening.ReopenReview(reason="new_facts"), review.ReviewReopened, *TOLD, ACCEPTED_RESULT),
    a_review(opening.WithdrawReview(reason="mistake"), review.ReviewWithdrawn, REVIEW_OPENED),
    a_review(
        judging.SubmitAssessment(grade="a", note="I met what was asked"),
        review.AssessmentSubmitted,
        REVIEW_OPENED,
        actor="p-ann",
    ),
    a_review(
        lambda subject: judging.ReturnAssessment(
            entry=subject.entry(review.AssessmentSubmitted), note="Say how", reason="incomplete"
        ),
        review.AssessmentReturned,
        REVIEW_OPENED,
        SELF_ASSESSED,
        actor="p-lead",
    ),
    a_review(
        judging.ProposeRating(grade="b", note="Solid"),
        review.RatingProposed,
        REVIEW_OPENED,
        SELF_ASSESSED,
        actor="p-lead",
    ),
    a_review(
        judging.CalibrateRating(grade="a", reason="cohort", note="Best of the cohort"),
        review.RatingCalibrated,
        REVIEW_OPENED,
        RATED,
        actor="p-boss",
    ),
    a_review(
        judging.CancelCalibration(reason="mistake"),
        review.CalibrationCancelled,
        REVIEW_OPENED,
        RATED,
        CALIBRATED,
        actor="p-boss",
    ),
    a_review(results.PublishResult(), review.ResultPublished, REVIEW_OPENED, RATED),
    a_review(results.HoldReviewMeeting(note="Took it well"), review.ReviewMeetingHeld, *TOLD, actor="p-lead"),
    a_review(results.ReceiveResult(), review.ResultReceived, *TOLD, actor="p-ann"),
    a_review(results.AcceptResult(content=CONTENT), review.ResultAccepted, *TOLD, actor="p-ann"),
    a_review(results.RefuseAcceptance(note="No"), review.ResultAcceptanceRefused, *TOLD, actor="p-ann"),
    a_review(
        appeals.AppealResult(ground="facts", note="The figures are wrong"),
        review.ResultAppealed,
        *TOLD,
        REFUSED_RESULT,
        actor="p-ann",
    ),
    a_review(appeals.AssignAppeal(decider="p-bob"), review.AppealAssigned, *TOLD, APPEALED),
    a_review(
        appeals.DecideAppeal(outcome=review.AppealOutcome.CHANGED, grade="a", reason="figures", note="They were"),
        review.AppealDecided,
        *TOLD,
        APPEALED,
        APPEAL_ASSIGNED,
        actor="p-bob",
    ),
    a_review(
        plans.OpenImprovementPlan(starts_on=day("2026-06-15"), ends_on=day("2026-09-30"), note="Weekly"),
        review.ImprovementPlanOpened,
        *TOLD,
        actor="p-lead",
    ),
    a_review(
        plans.CloseImprovementPlan(outcome=review.PlanOutcome.MET, note="Done"),
        review.ImprovementPlanClosed,
        *TOLD,
        PLAN_OPENED,
        actor="p-lead",
    ),
    Example(
        "draft",
        "w-1",
        drafts.SaveDraft(review="v-0", grade="b", note="Not finished"),
        drafts.AssessmentDrafted,
        (DRAFTED,),
        "p-lead",
    ),
    Example(
        "calibration",
        "b-1",
        calibrations.HoldCalibration(cycle="c-open", unit="sales", members=("p-lead", "p-boss"), reviews=("v-0",)),
        calibrations.CalibrationHeld,
        actor="p-boss",
    ),
)
