"""What still has to be done: asked where a rule comes days late, so that it opens nothing that is over."""

from typing import Any

from ledger.domain.goals.state import Stage
from ledger.domain.hiring.probations import ProbationState
from ledger.domain.hiring.requisitions import Stage as RequisitionStage
from ledger.domain.reviews.state import Phase, ReviewState
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.rules.matrix import Kind


def is_still_due(kind: Kind, of: Subject, subject: Subject, cause: str, facts: LedgerFacts) -> bool:
    """Tell whether what a duty would ask for is still missing."""
    state = facts.state(subject.kind, subject.id) if subject.kind in ("goal", "requisition", "application") else None
    match kind:
        case Kind.APPROVE_REQUISITION:
            return state is not None and state.stage is RequisitionStage.OPEN
        case Kind.SUBMIT_SCORECARD | Kind.DECIDE_APPLICATION:
            return state is not None and state.is_live and state.decided is None and of.id not in state.assessments
        case Kind.PRESENT_EXPECTATIONS | Kind.DECIDE_PROBATION | Kind.CARRY_OUT_PROBATION:
            return _of_hire(kind, subject, cause, facts)
        case Kind.READ_POLICY | Kind.SET_GOALS | Kind.TAKE_OVER | Kind.COACH | Kind.ALLOT_RECORD:
            return True
    if kind is Kind.ANSWER_DATA_REQUEST:
        return not facts.state("data-request", subject.id).answered
    if subject.kind != "goal":
        return _of_review(kind, subject, facts)
    return state is not None and state.stage is Stage.ASSIGNED and _of_goal(kind, state, cause)


def _of_hire(kind: Kind, subject: Subject, cause: str, facts: LedgerFacts) -> bool:
    if kind is Kind.PRESENT_EXPECTATIONS:
        return facts.state("onboarding", subject.id).shown is None
    probation: ProbationState = facts.state("probation", subject.id)
    if kind is Kind.DECIDE_PROBATION:
        return not probation.is_pending
    return any(c.proposal is not None and c.proposal.entry == cause for c in probation.courses.values())


def _of_review(kind: Kind, subject: Subject, facts: LedgerFacts) -> bool:
    if subject.kind != "review":
        return True
    review: ReviewState = facts.state("review", subject.id)
    if review.phase is not Phase.OPEN:
        return False
    match kind:
        case Kind.TELL_RESULT:
            return review.result is not None and not review.result.told
        case Kind.ASSIGN_APPEAL:
            return review.appeal is not None and review.appeal.decider is None
        case Kind.DECIDE_APPEAL:
            return review.decider is not None
    return review.result is None


def _of_goal(kind: Kind, goal: Any, cause: str) -> bool:  # noqa: ANN401  # two contexts' state
    match kind:
        case Kind.ANSWER_GOAL:
            return goal.answer is None
        case Kind.REPORT_PROGRESS:
            values = [*(claim.entry for claim in goal.claims), *(one.actual.entry for one in goal.measurements)]
            return not values or cause in (goal.claims[-1:] and goal.claims[-1].entry, values[-1])
        case Kind.ANSWER_DIFFICULTY | Kind.ANSWER_SUPPORT_CALL:
            return bool(goal.help.awaits(cause))
    return True
