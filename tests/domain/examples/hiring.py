"""Examples of hiring, from the job profile to the decision."""

from __future__ import annotations

from ledger.domain.hiring import applications as hired
from ledger.domain.hiring import candidates, offering, offers, onboarding, outcomes, probations
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
from ledger.domain.people import persons
from tests.domain.examples.company import PROFILE, company, day, q
from tests.domain.examples.example import Beside, Example
from tests.domain.given import Given, Happened

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

TERMS = {
    "contract": "fixed_term",
    "starts_on": day("2026-06-10"),
    "until": day("2029-06-10"),
    "probation_until": day("2026-09-10"),
}
OFFER = offers.OfferMade.model_validate(
    {**TERMS, "candidate": "c-1", "decision_entry": "x", "open_until": day("2026-06-20")}
)
OFFERED = OFFER, day("2026-06-08"), "p-lead"
TAKEN = offers.OfferAccepted(candidate="c-1", offer_entry="x"), day("2026-06-09")
GONE = hired.ApplicationWithdrawn(candidate="c-1"), day("2026-06-10")
FILLED = hired.ApplicationFilled(candidate="c-1", person="p-cleo", employment="e-cleo")
CLEO = persons.PersonRegistered(name="Cleo"), day("2026-06-01")
CLEO_HOME = persons.PersonAssignedToUnit(unit="sales", assignment=persons.AssignmentKind.HOME)
BEGUN = persons.EmploymentStarted(
    employment="e-cleo",
    contract="fixed_term",
    until=day("2029-06-10"),
    probation_until=day("2026-09-10"),
    application="n-1",
)
BEGINS: tuple[Beside, ...] = (
    ("application", "n-1", APPLIED),
    ("person", "p-cleo", CLEO[0]),
    ("person", "p-cleo", BEGUN, day("2026-06-10")),
    ("person", "p-cleo", CLEO_HOME, day("2026-06-10")),
)
ONBOARDING = onboarding.OnboardingStarted(
    person="p-cleo", employment="e-cleo", application="n-1", unit="sales", requirements=APPLIED.requirements
)
EXPECTED = (onboarding.Expectation(metric="increase", target=q("8")),)
SHOWN = onboarding.ExpectationsPresented(
    person="p-cleo", employment="e-cleo", presenter="p-lead", expectations=EXPECTED, content="ab" * 32
)


def acknowledge(subject: Given) -> onboarding.AcknowledgeExpectations:
    """Return the acknowledgement of what was shown last, or of something that was not."""
    shown = subject.state.shown
    return onboarding.AcknowledgeExpectations(content="0" * 64 if shown is None else shown.content)


def proposed(outcome: probations.Outcome, until: str | None = None) -> Happened:
    """Return what the lead proposes on Cleo's probation."""
    said = probations.ProbationOutcomeProposed(
        person="p-cleo",
        employment="e-cleo",
        proposer="p-lead",
        outcome=outcome,
        until=None if until is None else day(until),
    )
    return said, day("2026-06-14"), "p-lead"


CONFIRMED = probations.EmploymentConfirmed(person="p-cleo", employment="e-cleo", proposal="x")
OTHER_CANDIDATE = ("candidate", "c-2", CandidateRegistered(name="Dee"))
MERGED = candidates.CandidatesMerged(into="c-1")

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
        "candidate",
        "c-1",
        candidates.DeclareGroups(groups=(candidates.Group(kind="gender", group="f"),)),
        candidates.CandidateGroupsDeclared,
    ),
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
    Example(
        "candidate",
        "c-1",
        candidates.NoteApplication(application="n-1"),
        candidates.CandidateApplied,
        beside=(("application", "n-1", APPLIED),),
        actor="system:rules",
    ),
    Example(
        "candidate",
        "c-2",
        candidates.MergeCandidate(into="c-1"),
        candidates.CandidatesMerged,
        before=(OTHER_CANDIDATE[2],),
    ),
    Example(
        "candidate",
        "c-2",
        candidates.UnmergeCandidate(reason="mistaken"),
        candidates.CandidatesUnmerged,
        before=(OTHER_CANDIDATE[2], MERGED),
    ),
    Example(
        "application",
        "n-1",
        offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20", "note": "Welcome"}),
        offers.OfferMade,
        before=(APPLIED, HIRE),
    ),
    Example("application", "n-1", offering.AcceptOffer(), offers.OfferAccepted, before=(APPLIED, HIRE, OFFERED)),
    Example("application", "n-1", offering.DeclineOffer(), offers.OfferDeclined, before=(APPLIED, HIRE, OFFERED)),
    Example(
        "application",
        "n-1",
        offering.WithdrawOffer(reason="budget"),
        offers.OfferWithdrawn,
        before=(APPLIED, HIRE, OFFERED, TAKEN),
        actor="p-lead",
    ),
    Example(
        "application",
        "n-1",
        offering.LapseOffer(),
        offers.OfferLapsed,
        before=(APPLIED, HIRE, OFFER.model_copy(update={"open_until": day("2026-06-12")})),
        actor="system:rules",
    ),
    Example(
        "application",
        "n-1",
        outcomes.WithdrawApplication(),
        hired.ApplicationWithdrawn,
        before=(APPLIED, HIRE, OFFERED),
    ),
    Example(
        "application",
        "n-1",
        outcomes.ResumeApplication(reason="changed-mind"),
        hired.ApplicationResumed,
        before=(APPLIED, HIRE, GONE),
    ),
    Example(
        "application",
        "n-1",
        outcomes.FillApplication(person="p-cleo", employment="e-cleo"),
        hired.ApplicationFilled,
        before=(APPLIED, HIRE, OFFERED, TAKEN),
        beside=BEGINS[1:],
        actor="system:rules",
    ),
    Example(
        "application",
        "n-1",
        outcomes.VacateApplication(),
        hired.ApplicationVacated,
        before=(APPLIED, HIRE, OFFERED, TAKEN, FILLED),
        actor="system:rules",
    ),
    Example(
        "application",
        "n-1",
        outcomes.AllotApplication(candidate="c-2", reason="unmerged"),
        hired.ApplicationAllotted,
        before=(APPLIED,),
        beside=(OTHER_CANDIDATE,),
    ),
    Example(
        "onboarding",
        "p-cleo",
        onboarding.StartOnboarding(employment="e-cleo"),
        onboarding.OnboardingStarted,
        beside=BEGINS,
        actor="p-lead",
    ),
    Example(
        "onboarding",
        "p-cleo",
        onboarding.PresentExpectations(expectations=EXPECTED, note="Eight new customers a month"),
        onboarding.ExpectationsPresented,
        before=(ONBOARDING,),
        beside=BEGINS,
        actor="p-lead",
    ),
    Example(
        "onboarding",
        "p-cleo",
        acknowledge,
        onboarding.ExpectationsAcknowledged,
        before=(ONBOARDING, SHOWN),
        beside=BEGINS,
        actor="p-cleo",
    ),
    Example(
        "probation",
        "p-cleo",
        probations.ProposeOutcome(outcome=probations.Outcome.CONFIRM, note="Ready"),
        probations.ProbationOutcomeProposed,
        beside=BEGINS,
        actor="p-lead",
    ),
    Example(
        "probation",
        "p-cleo",
        probations.ExtendProbation(),
        probations.ProbationExtended,
        before=(proposed(probations.Outcome.EXTEND, "2026-12-10"),),
        beside=BEGINS,
    ),
    Example(
        "probation",
        "p-cleo",
        probations.ConfirmEmployment(),
        probations.EmploymentConfirmed,
        before=(proposed(probations.Outcome.CONFIRM),),
        beside=BEGINS,
    ),
    Example(
        "probation",
        "p-cleo",
        probations.FailProbation(reason="requirements-unmet"),
        probations.ProbationFailed,
        before=(proposed(probations.Outcome.FAIL),),
        beside=BEGINS,
    ),
    Example(
        "probation",
        "p-cleo",
        probations.ReverseProbationDecision(reason="mistaken"),
        probations.ProbationDecisionReversed,
        before=(CONFIRMED,),
        beside=BEGINS,
    ),
)
