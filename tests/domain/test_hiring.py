"""Hiring: requests approved by somebody else, scorecards that lock, decisions on stated requirements, reversals."""

from __future__ import annotations

import pytest

from ledger.domain.hiring import judging as hire
from ledger.domain.hiring.applications import (
    Assessment,
    AssessmentAmended,
    AssessmentRecorded,
    Decision,
    DissentRecorded,
    HiringDecisionMade,
    HiringDecisionReversed,
    Score,
    Step,
)
from ledger.domain.hiring.judging import below_bar
from ledger.domain.hiring.profiles import AdoptProfile, CompetencyTwice, JobProfileAdopted, OtherJob, Requirement
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
from ledger.kernel.command import Command
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, OwnAct, ReasonNeeded, UnknownReference
from tests.domain.examples import (
    ANN_SCORED,
    APPLIED,
    BOB_SCORED,
    GOOD,
    HIRE,
    OPENED,
    PANEL,
    POOR,
    PROFILE,
    company,
    day,
    decided,
    q,
)
from tests.domain.given import Given, Happened, given

WORLD = company()
APPROVED = RequisitionApproved(unit="sales"), day("2026-06-02"), "p-boss"
REFUSED = RequisitionRefused(unit="sales"), day("2026-06-02"), "p-boss"
SHUT = RequisitionClosed(unit="sales"), day("2026-06-03"), "p-lead"
ANN_POOR = AssessmentRecorded(candidate="c-1", assessor="p-ann", scores=POOR), day("2026-06-01"), "p-ann"
HELD = decided(Decision.HOLD)
REJECTED = decided(Decision.REJECT)
REVERSED = HiringDecisionReversed(candidate="c-1", decision_entry="x"), day("2026-06-11"), "p-lead"


@pytest.mark.parametrize(
    ("happened", "answers"),
    [
        ((), "not_found not_found not_found"),
        ((OPENED,), "RequisitionApproved RequisitionRefused RequisitionClosed"),
        ((OPENED, APPROVED), "already_recorded requisition_settled RequisitionClosed"),
        ((OPENED, REFUSED), "requisition_settled already_recorded requisition_settled"),
        ((OPENED, SHUT), "requisition_settled requisition_settled already_recorded"),
    ],
)
def test_what_each_state_of_a_requisition_answers(happened: tuple[Happened, ...], answers: str):
    asked = (ApproveRequisition(), RefuseRequisition(reason="budget"), CloseRequisition())
    subject = given("requisition", "q-2", *happened, world=WORLD)
    assert [subject.when(command, actor="p-boss").said for command in asked] == answers.split()


def test_nobody_approves_or_refuses_their_own_request():
    subject = given("requisition", "q-2", OPENED, world=WORLD)
    subject.when(ApproveRequisition(), actor="p-lead").then(OwnAct)
    subject.when(RefuseRequisition(reason="budget"), actor="p-lead").then(OwnAct)
    subject.when(RefuseRequisition(), actor="p-boss").then(ReasonNeeded)


def test_a_requisition_pins_the_requirements_of_its_time():
    event = given("requisition", "q-2", world=WORLD).when(OpenRequisition(unit="sales", profile="j-1")).event
    assert isinstance(event, RequisitionOpened)
    assert event.requirements == WORLD.state("job-profile", "j-1").current
    for unknown in (OpenRequisition(unit="nowhere", profile="j-1"), OpenRequisition(unit="sales", profile="j-0")):
        given("requisition", "q-2", world=WORLD).when(unknown).then(UnknownReference)


def test_a_profile_keeps_every_form_it_had():
    subject = given("job-profile", "j-1", world=WORLD)
    raised = (Requirement(competency="analysis", minimum=q("4")),)
    subject.history.do("job-profile", "j-1", AdoptProfile(job="analyst", requirements=raised))
    assert [p.requirements for p in subject.state.adopted.values()] == [PROFILE.requirements, raised]
    subject.when(AdoptProfile(job="analyst", requirements=raised)).then(AlreadyRecorded)
    subject.when(AdoptProfile(job="clerk", requirements=raised)).then(OtherJob)
    subject.when(AdoptProfile(job="analyst", requirements=raised * 2)).then(CompetencyTwice)
    subject.when(AdoptProfile(job="analyst", requirements=raised, metrics=("nothing",))).then(UnknownReference)


def test_decisions_stay_with_the_requirements_of_the_requisition():
    subject = an_application(PANEL, ANN_SCORED, BOB_SCORED)
    raised = JobProfileAdopted(job="analyst", requirements=(Requirement(competency="analysis", minimum=q("5")),))
    subject.history.record("job-profile", "j-1", raised)
    event = subject.when(hire.DecideApplication(decision=Decision.HIRE), actor="p-lead").event
    assert isinstance(event, HiringDecisionMade)
    assert (event.requirements, event.unmet) == (APPLIED.requirements, ())


def an_application(*happened: Happened) -> Given:
    return given("application", "n-1", APPLIED, *happened, world=WORLD)


ASKED: tuple[tuple[Command, str], ...] = (
    (hire.MoveApplication(to_stage=Step.SCREENING), "p-lead"),
    (hire.NamePanel(assessors=("p-bob",)), "p-lead"),
    (hire.RecordAssessment(scores=GOOD), "p-ann"),
    (hire.AmendAssessment(scores=POOR), "p-ann"),
    (hire.DecideApplication(decision=Decision.HIRE, reason="needed"), "p-lead"),
    (hire.DecideApplication(decision=Decision.REJECT, reason="better"), "p-lead"),
    (hire.RecordDissent(), "p-ann"),
    (hire.ReverseDecision(reason="mistake"), "p-lead"),
)
ANSWERS = {
    (): "ok ok not_on_panel not_assessed ok ok not_decided not_decided",
    (PANEL,): "ok ok ok not_assessed ok ok not_decided not_decided",
    (PANEL, ANN_SCORED): "ok ok assessment_locked ok ok ok not_decided not_decided",
    (PANEL, ANN_SCORED, HELD): "ok ok assessment_locked ok ok ok ok ok",
    (PANEL, ANN_SCORED, HIRE): "D D D D already_recorded D ok ok",
    (PANEL, ANN_SCORED, REJECTED): "D D D D D already_recorded ok ok",
    (PANEL, ANN_SCORED, HIRE, REVERSED): "ok ok assessment_locked ok ok ok not_decided not_decided",
}


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_what_each_state_of_an_application_answers(number: int):
    happened, answers = list(ANSWERS.items())[number]
    subject = an_application(*happened)
    outcomes = [subject.when(command, actor=actor) for command, actor in ASKED]
    said = ["ok" if outcome.event is not None else outcome.said for outcome in outcomes]
    assert said == [{"D": "decided_already"}.get(answer, answer) for answer in answers.split()]


def test_applications_are_taken_for_approved_requisitions_only():
    receive = hire.ReceiveApplication(candidate="c-1", requisition="q-2")
    subject = given("application", "n-2", world=WORLD)
    subject.when(receive).then(UnknownReference)
    subject.history.record("requisition", "q-2", OPENED[0])
    assert subject.when(receive).said == "requisition_not_approved"
    subject.history.record("requisition", "q-2", APPROVED[0])
    subject.when(receive).then(type(APPLIED))
    subject.history.record("requisition", "q-2", SHUT[0])
    assert subject.when(receive).said == "requisition_not_approved"


def test_only_people_who_work_here_are_named_to_a_panel():
    an_application().when(hire.NamePanel(assessors=("p-eve",)), actor="p-lead").then(AfterLastDay)
    an_application().when(hire.NamePanel(assessors=("p-nobody",)), actor="p-lead").then(UnknownReference)
    an_application(PANEL).when(hire.NamePanel(assessors=("p-ann", "p-bob", "p-ann"))).then(AlreadyRecorded)


def test_an_amended_scorecard_keeps_the_original_and_counts_instead():
    subject = an_application(PANEL, ANN_SCORED, BOB_SCORED)
    original = subject.state.assessments["p-ann"].entry
    amended = subject.history.do("application", "n-1", hire.AmendAssessment(scores=POOR), actor="p-ann")
    assert isinstance(amended.event, AssessmentAmended)
    assert (amended.event.entry, subject.state.assessments["p-ann"]) == (original, Assessment(original, POOR))
    assert any(isinstance(e.event, AssessmentRecorded) and e.event.scores == GOOD for e in subject.history.entries)


def test_who_leaves_the_panel_keeps_what_was_submitted():
    subject = an_application(PANEL, ANN_SCORED)
    subject.history.do("application", "n-1", hire.NamePanel(assessors=("p-bob",)), actor="p-lead")
    assert (subject.state.panel, subject.state.assessors) == (("p-bob",), ("p-bob", "p-ann"))
    subject.when(hire.AmendAssessment(scores=POOR), actor="p-ann").then(AssessmentAmended)


def test_scores_are_for_required_competencies_each_once():
    extra = (*GOOD, Score(competency="charm", score=q("5")))
    subject = an_application(PANEL)
    assert subject.when(hire.RecordAssessment(scores=extra), actor="p-ann").said == "competency_not_required"
    subject.when(hire.RecordAssessment(scores=GOOD * 2), actor="p-ann").then(CompetencyTwice)


def test_hiring_below_the_bar_needs_a_reason_and_shows_what_is_unmet():
    subject = an_application(PANEL, ANN_POOR)
    subject.when(hire.DecideApplication(decision=Decision.HIRE), actor="p-lead").then(ReasonNeeded)
    outcome = subject.when(hire.DecideApplication(decision=Decision.HIRE, reason="trainable"), actor="p-lead")
    assert isinstance(outcome.event, HiringDecisionMade)
    assert (outcome.event.unmet, outcome.event.unscored) == (("analysis",), ())
    assert outcome.marks == ("assessments_missing",)


def test_what_nobody_scored_is_not_met_in_silence():
    subject = an_application(PANEL)
    subject.when(hire.DecideApplication(decision=Decision.HIRE), actor="p-lead").then(ReasonNeeded)
    event = subject.when(hire.DecideApplication(decision=Decision.HIRE, reason="known"), actor="p-lead").event
    assert isinstance(event, HiringDecisionMade)
    assert (event.unmet, event.unscored) == ((), ("analysis", "writing"))


def test_meeting_every_requirement_needs_no_reason_anything_else_does():
    subject = an_application(PANEL, ANN_SCORED, BOB_SCORED)
    subject.when(hire.DecideApplication(decision=Decision.HIRE), actor="p-lead").then(HiringDecisionMade)
    for other in (Decision.REJECT, Decision.HOLD, Decision.NO_DECISION):
        subject.when(hire.DecideApplication(decision=other), actor="p-lead").then(ReasonNeeded)


def test_a_missing_score_lowers_no_mean():
    requirements = (Requirement(competency="analysis", minimum=q("3")),)
    given_by = {
        "p-ann": Assessment("1", (Score(competency="analysis", score=q("3")),)),
        "p-bob": Assessment("2", (Score(competency="writing", score=q("1")),)),
    }
    assert below_bar(requirements, given_by) == ((), ())


def test_the_mean_is_compared_without_rounding():
    requirements = (Requirement(competency="analysis", minimum=q("2.6667")),)
    scores = {str(n): Assessment(str(n), (Score(competency="analysis", score=q(n)),)) for n in (1, 3, 4)}
    assert below_bar(requirements, scores) == (("analysis",), ())


def test_the_decider_does_not_dissent_and_nobody_does_twice():
    subject = an_application(PANEL, ANN_SCORED, HIRE)
    subject.when(hire.RecordDissent(), actor="p-lead").then(OwnAct)
    entry = subject.history.do("application", "n-1", hire.RecordDissent(), actor="p-ann")
    assert isinstance(entry.event, DissentRecorded)
    assert entry.event.decision_entry == subject.state.decided.entry
    subject.when(hire.RecordDissent(), actor="p-ann").then(AlreadyRecorded)
    assert subject.when(hire.RecordDissent(), actor="p-boss").said == "not_on_panel"


def test_a_reversal_needs_a_reason_and_names_what_it_reverses():
    subject = an_application(PANEL, HIRE)
    subject.when(hire.ReverseDecision(), actor="p-lead").then(ReasonNeeded)
    outcome = subject.when(hire.ReverseDecision(reason="mistake"), actor="p-lead")
    outcome.then(HiringDecisionReversed(candidate="c-1", decision_entry=subject.state.decided.entry))
