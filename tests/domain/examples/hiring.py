"""Examples of hiring, from the job profile to the decision."""

from __future__ import annotations

from ledger.domain.hiring import applications as hired
from ledger.domain.hiring import judging as hire
from ledger.domain.hiring.candidates import CandidateRegistered, RegisterCandidate
from ledger.domain.hiring.profiles import AdoptProfile, JobProfileAdopted
from ledger.domain.hiring.requisitions import (
    ApproveRequisition,
    CloseRequisition,
    OpenRequisition,
    RefuseRequisition,
    RequisitionApproved,
    RequisitionClosed,
    RequisitionOpened,
    RequisitionRefused,
)
from tests.domain.examples.company import PROFILE, company, day, q
from tests.domain.examples.example import Example
from tests.domain.given import Happened

APPLIED = hired.ApplicationReceived(
    candidate="c-1",
    requisition="q-1",
    unit="sales",
    profile="j-1",
    requirements=next(e.event_id for e in company().entries if e.stream == "job-profile/j-1"),
)
PANEL = hired.PanelNamed(candidate="c-1", assessors=("p-ann", "p-bob"))
GOOD = (hired.Score(competency="analysis", score=q("4")), hired.Score(competency="writing", score=q("3")))
POOR = (hired.Score(competency="analysis", score=q("2")), hired.Score(competency="writing", score=q("3")))
ANN_SCORED = (hired.AssessmentRecorded(candidate="c-1", assessor="p-ann", scores=GOOD), day("2026-06-01"), "p-ann")
BOB_SCORED = (hired.AssessmentRecorded(candidate="c-1", assessor="p-bob", scores=GOOD), day("2026-06-01"), "p-bob")


def decided(decision: hired.Decision) -> Happened:
    """Return a decision by the hiring lead."""
    made = hired.HiringDecisionMade(
        candidate="c-1", decision=decision, decider="p-lead", requirements=APPLIED.requirements
    )
    return made, day("2026-06-10"), "p-lead"


HIRE = decided(hired.Decision.HIRE)
OPENED = (
    RequisitionOpened(unit="sales", profile="j-1", requirements=APPLIED.requirements, headcount=1, opener="p-lead"),
    day("2026-06-01"),
    "p-lead",
)

EXAMPLES = (
    Example(
        "job-profile",
        "j-2",
        AdoptProfile(job="clerk", unit="sales", requirements=PROFILE.requirements, metrics=("increase",)),
        JobProfileAdopted,
    ),
    Example("requisition", "q-2", OpenRequisition(unit="sales", profile="j-1"), RequisitionOpened, actor="p-lead"),
    Example("requisition", "q-2", ApproveRequisition(), RequisitionApproved, before=(OPENED,), actor="p-boss"),
    Example(
        "requisition",
        "q-2",
        RefuseRequisition(reason="budget"),
        RequisitionRefused,
        before=(OPENED,),
        actor="p-boss",
    ),
    Example("requisition", "q-2", CloseRequisition(), RequisitionClosed, before=(OPENED,), actor="p-lead"),
    Example("candidate", "c-2", RegisterCandidate(name="Dee", identifiers={"e-mail": "d@x.org"}), CandidateRegistered),
    Example(
        "application", "n-1", hire.ReceiveApplication(candidate="c-1", requisition="q-1"), hired.ApplicationReceived
    ),
    Example(
        "application",
        "n-1",
        hire.MoveApplication(to_stage=hired.Step.ASSESSMENT),
        hired.ApplicationMoved,
        before=(APPLIED,),
    ),
    Example("application", "n-1", hire.NamePanel(assessors=("p-ann",)), hired.PanelNamed, before=(APPLIED,)),
    Example(
        "application",
        "n-1",
        hire.RecordAssessment(scores=GOOD, note="Clear"),
        hired.AssessmentRecorded,
        before=(APPLIED, PANEL),
        actor="p-ann",
    ),
    Example(
        "application",
        "n-1",
        hire.AmendAssessment(scores=POOR, note="Read again"),
        hired.AssessmentAmended,
        before=(APPLIED, PANEL, ANN_SCORED),
        actor="p-ann",
    ),
    Example(
        "application",
        "n-1",
        hire.DecideApplication(decision=hired.Decision.HIRE),
        hired.HiringDecisionMade,
        before=(APPLIED, PANEL, ANN_SCORED, BOB_SCORED),
        actor="p-lead",
    ),
    Example(
        "application",
        "n-1",
        hire.RecordDissent(note="Not convinced"),
        hired.DissentRecorded,
        before=(APPLIED, PANEL, ANN_SCORED, HIRE),
        actor="p-ann",
    ),
    Example(
        "application",
        "n-1",
        hire.ReverseDecision(reason="withdrew"),
        hired.HiringDecisionReversed,
        before=(APPLIED, PANEL, ANN_SCORED, HIRE),
        actor="p-lead",
    ),
)
