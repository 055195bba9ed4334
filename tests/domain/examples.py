"""One company, and for every command one valid example in it: who asks for what, about which subject, after what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ledger.domain import duties as owed
from ledger.domain.feedback import (
    AcknowledgeFeedback,
    CorrectFeedback,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackWithdrawn,
    GiveFeedback,
    Visibility,
    WithdrawFeedback,
)
from ledger.domain.figures import Direction
from ledger.domain.goals import commands as goal
from ledger.domain.goals import events as goal_events
from ledger.domain.goals.metrics import Combines, DefineMetric, MetricDefined
from ledger.domain.hiring import applications as hired
from ledger.domain.hiring import judging as hire
from ledger.domain.hiring.candidates import CandidateRegistered, RegisterCandidate
from ledger.domain.hiring.profiles import AdoptProfile, JobProfileAdopted, Requirement
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
from ledger.domain.identity import (
    GrantRole,
    IssueToken,
    RevokeRole,
    RevokeToken,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.identity import Role as AccessRole
from ledger.domain.ledgers import (
    ConfirmImport,
    ImportConfirmed,
    ImportProposed,
    LedgerOpened,
    OpenLedger,
    ProposeImport,
)
from ledger.domain.people import persons, units
from ledger.domain.people.persons import AssignmentKind, Ending, ManagerKind
from ledger.domain.policies import publishing, reading
from ledger.domain.progress import (
    CorrectProgress,
    Health,
    MeasurementRecorded,
    ProgressCorrected,
    ProgressReported,
    RecordMeasurement,
    ReportProgress,
)
from ledger.domain.progress import help as help_on_goals
from ledger.domain.responsibilities import commands as duty
from ledger.domain.responsibilities import events as duties
from ledger.domain.responsibilities.events import Role
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.command import Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.policy import STANDING, PolicyTerms
from tests.domain.given import Given, Happened, History, given

q = Decimal
day = date.fromisoformat
HIRED = day("2020-01-01")
DIGEST = "ab" * 32
ANN, BOB = Subject(kind="person", id="p-ann"), Subject(kind="person", id="p-bob")
ANN_HOLDS, BOB_HOLDS = Holder(kind="person", id="p-ann"), Holder(kind="person", id="p-bob")
SALES = Subject(kind="unit", id="sales")


def company() -> History:
    """Return a company: the boss leads it, the lead leads sales, where Ann and Bob work; Eve has left."""
    world = History()
    world.record("unit", "company", units.UnitFormed(label="Company"), on=HIRED)
    world.record("unit", "sales", units.UnitFormed(label="Sales", parent="company"), on=HIRED)
    for person in ("p-boss", "p-lead", "p-ann", "p-bob", "p-eve", "p-hr"):
        world.record("person", person, persons.PersonRegistered(name=person), on=HIRED)
        started = persons.EmploymentStarted(employment=f"e-{person}", contract="permanent")
        world.record("person", person, started, on=HIRED)
        home = "company" if person in {"p-boss", "p-hr"} else "sales"
        assigned = persons.PersonAssignedToUnit(unit=home, assignment=AssignmentKind.HOME)
        world.record("person", person, assigned, on=HIRED)
    ended = persons.EmploymentEnded(employment="e-p-eve", ending=Ending.VOLUNTARY)
    world.record("person", "p-eve", ended, on=day("2026-03-01"))
    world.record("unit", "company", units.UnitLeadAppointed(lead="p-boss"), on=HIRED)
    world.record("unit", "sales", units.UnitLeadAppointed(lead="p-lead"), on=HIRED)
    _things(world)
    return world


def _things(world: History) -> None:
    """Record a metric of each direction, a goal of the unit, a job, a candidate and an approved requisition."""
    for direction in Direction:
        metric = MetricDefined(
            label=direction.value,
            unit_of_measure="件",
            direction=direction,
            combines=Combines.LEVEL,
            approved_source="erp",
        )
        world.record("metric", direction.value, metric)
    world.record("goal", "g-unit", goal_events.GoalAssigned.model_validate({**GOAL, "owner": SALES}), by="p-boss")
    adopted = world.record("job-profile", "j-1", PROFILE)
    opened = RequisitionOpened(unit="sales", profile="j-1", requirements=adopted.event_id, headcount=1, opener="p-lead")
    world.record("requisition", "q-1", opened, by="p-lead")
    world.record("requisition", "q-1", RequisitionApproved(unit="sales"), by="p-boss")
    world.record("candidate", "c-1", CandidateRegistered(name="Candidate"))
    world.record("policy", "travel", publishing.PolicyPublished(version=1, label="Travel"))


PROFILE = JobProfileAdopted(
    job="analyst",
    requirements=(
        Requirement(competency="analysis", minimum=q("3")),
        Requirement(competency="writing", minimum=q("2.5")),
    ),
)
GOAL = {
    "owner": ANN,
    "employment": "e-p-ann",
    "title": "Serve more clients",
    "metric": "increase",
    "baseline": q("100"),
    "target": q("120"),
    "starts_on": day("2026-01-01"),
    "ends_on": day("2026-12-31"),
    "scored_by": goal_events.ScoredBy.PROGRESS,
}
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

FEEDBACK = (
    FeedbackGiven(recipient="p-ann", kind=FeedbackKind.ADVICE, visibility=Visibility.LINE, text="Ask earlier"),
    day("2026-05-01"),
    "p-bob",
)

REGISTERED = duties.SubjectRegistered(label="Compiler", unit="sales")
ANN_ACCOUNTABLE = (duties.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=ANN), day("2026-02-01"))
OFFERED = duties.HandOverOffered(offer="o-1", giver=ANN, taker=BOB)

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


@dataclass(frozen=True)
class Example:
    """A command that is accepted: on which subject, by whom, after what, and as which event."""

    kind: str
    id: str
    command: Command | Callable[[Given], Command]
    event: type[Event]
    before: tuple[Happened, ...] = ()
    actor: str = "p-hr"

    def given(self, world: History) -> Given:
        """Return the subject as it must stand for this example."""
        return given(self.kind, self.id, *self.before, world=world)

    def asked(self, subject: Given) -> Command:
        """Return the command; one that points at an entry finds it on the subject."""
        return self.command if isinstance(self.command, Command) else self.command(subject)


def _annul(command: type[Command], event: type[Event]) -> Callable[[Given], Command]:
    return lambda subject: command.model_validate({"entry": subject.entry(event)})


def _redate(command: type[Command], event: type[Event]) -> Callable[[Given], Command]:
    return lambda subject: command.model_validate({"entry": subject.entry(event), "new_effective_at": "2026-05-01"})


OWED = {
    "kind": "set_goals",
    "party": "lead",
    "seat": "lead",
    "of": ANN,
    "holder": "p-lead",
    "subject": ANN,
    "due_on": "2026-06-10",
    "cause": "entry-1",
    "rule": "set-goals",
}
DUTY = (owed.DutyOpened.model_validate(OWED), day("2026-06-01"), "system:rules")
LAPSED = (
    owed.DutyLapsed(holder="p-lead", due_on=day("2026-06-10"), notice=owed.Notice.NONE),
    day("2026-06-11"),
    "system:rules",
)
DIFFICULT = (help_on_goals.DifficultyRaised(owner=ANN, concern="resources"), day("2026-06-01"), "p-ann")
CALLED = (help_on_goals.SupportRequested(owner=ANN, concern="skills"), day("2026-06-01"), "p-ann")
KEEP = publishing.Finding.KEEP
POLICY = {"label": "Performance", "terms": {"late_window_days": 3}, "text_zh": "绩效制度", "text_en": "How we do it"}
POLICY_HOLDS = publishing.PolicyPublished(version=1, label="Performance", terms=PolicyTerms(late_window_days=3))
POLICY_COMES = (
    publishing.PolicyPublished(version=2, label="Performance", terms=PolicyTerms(late_window_days=5)),
    day("2026-07-01"),
)
UNIT = units.UnitFormed(label="Service", parent="company"), HIRED
LED = units.UnitLeadAppointed(lead="p-ann"), HIRED
PARTNERED = units.HrPartnerAssigned(partner="p-hr"), HIRED
PERSON = persons.PersonRegistered(name="Cleo"), HIRED
EMPLOYED = persons.EmploymentStarted(employment="e-1", contract="permanent"), HIRED
AT_HOME = persons.PersonAssignedToUnit(unit="sales", assignment=AssignmentKind.HOME), HIRED
MANAGED = persons.ManagerAssigned(manager="p-lead", relation=ManagerKind.LINE), HIRED

EXAMPLES = (
    # ledgers and access
    Example(
        "ledger",
        "main",
        OpenLedger(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01")),
        LedgerOpened,
        actor="system:setup",
    ),
    Example("import", "i-1", ProposeImport(digest=DIGEST, form="csv", rows=3), ImportProposed),
    Example(
        "import",
        "i-1",
        ConfirmImport(digest=DIGEST),
        ImportConfirmed,
        before=((ImportProposed(digest=DIGEST, form="csv", rows=3), HIRED, "p-hr"),),
        actor="p-boss",
    ),
    Example("access", "p-ann", GrantRole(role=AccessRole.HR_PARTNER, units=("sales",)), RoleGranted),
    Example(
        "access",
        "p-ann",
        RevokeRole(role=AccessRole.HR_PARTNER),
        RoleRevoked,
        before=((RoleGranted(role=AccessRole.HR_PARTNER), HIRED),),
    ),
    Example("token", "t-1", IssueToken(bearer=ANN, digest=DIGEST, expires_at=day("2027-01-01")), TokenIssued),
    Example(
        "token",
        "t-1",
        RevokeToken(),
        TokenRevoked,
        before=(TokenIssued(bearer=ANN, digest=DIGEST, expires_at=day("2027-01-01")),),
    ),
    # units
    Example("unit", "service", units.FormUnit(label="Service", parent="company"), units.UnitFormed),
    Example("unit", "service", units.RenameUnit(label="Care"), units.UnitRenamed, before=(UNIT,)),
    Example("unit", "service", units.MoveUnit(parent="sales"), units.UnitMoved, before=(UNIT,)),
    Example("unit", "service", units.DissolveUnit(), units.UnitDissolved, before=(UNIT,)),
    Example("unit", "service", units.AppointLead(lead="p-bob"), units.UnitLeadAppointed, before=(UNIT,)),
    Example("unit", "service", units.ReleaseLead(lead="p-ann"), units.UnitLeadReleased, before=(UNIT, LED)),
    Example("unit", "service", units.AssignHrPartner(partner="p-hr"), units.HrPartnerAssigned, before=(UNIT,)),
    Example(
        "unit", "service", units.ReleaseHrPartner(partner="p-hr"), units.HrPartnerReleased, before=(UNIT, PARTNERED)
    ),
    Example(
        "unit", "service", _annul(units.AnnulUnitEntry, units.UnitLeadAppointed), EntryAnnulled, before=(UNIT, LED)
    ),
    Example(
        "unit", "service", _redate(units.RedateUnitEntry, units.UnitLeadAppointed), EntryRedated, before=(UNIT, LED)
    ),
    # policies
    Example("policy", STANDING, publishing.PublishPolicy.model_validate(POLICY), publishing.PolicyPublished),
    Example(
        "policy", STANDING, publishing.ReviewPolicy(finding=KEEP), publishing.PolicyReviewed, before=(POLICY_HOLDS,)
    ),
    Example(
        "policy",
        STANDING,
        _annul(publishing.AnnulPolicyEntry, publishing.PolicyPublished),
        EntryAnnulled,
        before=(POLICY_HOLDS, POLICY_COMES),
    ),
    Example(
        "policy",
        STANDING,
        lambda subject: publishing.RedatePolicyEntry.model_validate(
            {"entry": subject.entry(publishing.PolicyPublished), "new_effective_at": "2026-09-01"}
        ),
        EntryRedated,
        before=(POLICY_HOLDS, POLICY_COMES),
    ),
    Example("policy-reading", "p-ann", reading.ReadPolicy(policy="travel"), reading.PolicyRead, actor="p-ann"),
    # persons
    Example(
        "person",
        "p-cleo",
        persons.RegisterPerson(name="Cleo", identifiers={"handle": "cleo"}),
        persons.PersonRegistered,
    ),
    Example("person", "p-cleo", persons.CorrectName(name="Clea"), persons.PersonNameCorrected, before=(PERSON,)),
    Example("person", "p-cleo", persons.StartEmployment(), persons.EmploymentStarted, before=(PERSON,)),
    Example(
        "person",
        "p-cleo",
        persons.EndEmployment(ending=Ending.VOLUNTARY),
        persons.EmploymentEnded,
        before=(PERSON, EMPLOYED),
    ),
    Example(
        "person", "p-cleo", persons.AssignToUnit(unit="sales"), persons.PersonAssignedToUnit, before=(PERSON, EMPLOYED)
    ),
    Example(
        "person",
        "p-cleo",
        persons.LeaveUnit(unit="sales"),
        persons.PersonLeftUnit,
        before=(PERSON, EMPLOYED, AT_HOME),
    ),
    Example(
        "person", "p-cleo", persons.AssignManager(manager="p-ann"), persons.ManagerAssigned, before=(PERSON, EMPLOYED)
    ),
    Example(
        "person",
        "p-cleo",
        persons.ReleaseManager(manager="p-lead"),
        persons.ManagerReleased,
        before=(PERSON, EMPLOYED, MANAGED),
    ),
    Example(
        "person",
        "p-cleo",
        _annul(persons.AnnulPersonEntry, persons.EmploymentStarted),
        EntryAnnulled,
        before=(PERSON, EMPLOYED),
    ),
    Example(
        "person",
        "p-cleo",
        _redate(persons.RedatePersonEntry, persons.EmploymentStarted),
        EntryRedated,
        before=(PERSON, EMPLOYED),
    ),
    # responsibilities
    Example(
        "responsibility",
        "team/compiler",
        duty.RegisterSubject(label="Compiler", unit="sales"),
        duties.SubjectRegistered,
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.RenameSubject(label="Back end"),
        duties.SubjectRenamed,
        before=(REGISTERED,),
    ),
    Example("responsibility", "team/compiler", duty.RetireSubject(), duties.SubjectRetired, before=(REGISTERED,)),
    Example(
        "responsibility",
        "team/compiler",
        duty.AssignResponsibility(role=Role.ACCOUNTABLE, holder=BOB_HOLDS, instead_of=ANN_HOLDS),
        duties.ResponsibilityAssigned,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.ReleaseResponsibility(role=Role.ACCOUNTABLE, holder=ANN_HOLDS),
        duties.ResponsibilityReleased,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.DeclareVacant(),
        duties.ResponsibilityDeclaredVacant,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.OfferHandOver(taker=BOB_HOLDS),
        duties.HandOverOffered,
        before=(ANN_ACCOUNTABLE,),
        actor="p-ann",
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.AcceptHandOver(offer="o-1"),
        duties.HandOverAccepted,
        before=(ANN_ACCOUNTABLE, OFFERED),
        actor="p-bob",
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.RefuseHandOver(offer="o-1"),
        duties.HandOverRefused,
        before=(ANN_ACCOUNTABLE, OFFERED),
        actor="p-bob",
    ),
    Example(
        "responsibility",
        "team/compiler",
        _annul(duty.AnnulEntry, duties.ResponsibilityAssigned),
        EntryAnnulled,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        _redate(duty.RedateEntry, duties.ResponsibilityAssigned),
        EntryRedated,
        before=(ANN_ACCOUNTABLE,),
    ),
    # goals and progress
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
        _annul(goal.AnnulGoalEntry, goal_events.GoalTargetRevised),
        EntryAnnulled,
        before=(ASSIGNED, REVISED),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        _redate(goal.RedateGoalEntry, goal_events.GoalTargetRevised),
        EntryRedated,
        before=(ASSIGNED, REVISED),
        actor="p-lead",
    ),
    Example(
        "goal",
        "g-1",
        ReportProgress(
            value=q("112"), day=day("2026-06-14"), health=Health.AT_RISK, note="Slower", evidence=("report.pdf",)
        ),
        ProgressReported,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: CorrectProgress(entry=subject.entry(ProgressReported), value=q("104"), note="Typing error"),
        ProgressCorrected,
        before=(ASSIGNED, REPORTED),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        RecordMeasurement(value=q("101"), source="erp"),
        MeasurementRecorded,
        before=(ASSIGNED,),
        actor="system:erp",
    ),
    # feedback
    Example(
        "feedback",
        "f-1",
        GiveFeedback(recipient="p-ann", about=Subject(kind="goal", id="g-unit"), kind=FeedbackKind.PRAISE, text="Good"),
        FeedbackGiven,
        actor="p-bob",
    ),
    Example("feedback", "f-1", CorrectFeedback(text="Very good"), FeedbackCorrected, before=(FEEDBACK,), actor="p-bob"),
    Example("feedback", "f-1", AcknowledgeFeedback(), FeedbackAcknowledged, before=(FEEDBACK,), actor="p-ann"),
    Example("feedback", "f-1", WithdrawFeedback(), FeedbackWithdrawn, before=(FEEDBACK,), actor="p-bob"),
    # hiring
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
    # help on goals
    Example(
        "goal",
        "g-1",
        help_on_goals.FindDeviation.model_validate(
            {"found": "below_path", "entry": "e-1", "day": "2026-03-31", "progress": "0.1", "expected": "0.25"}
        ),
        help_on_goals.DeviationFound,
        before=(ASSIGNED, REPORTED),
        actor="system:rules",
    ),
    Example(
        "goal",
        "g-1",
        help_on_goals.RaiseDifficulty(concern="resources", note="Nobody to test it"),
        help_on_goals.DifficultyRaised,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        help_on_goals.RequestSupport(concern="skills", note="How is it measured?"),
        help_on_goals.SupportRequested,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: help_on_goals.GiveSupport(
            call=subject.entry(help_on_goals.SupportRequested), note="A course next week"
        ),
        help_on_goals.SupportGiven,
        before=(ASSIGNED, CALLED),
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: help_on_goals.ResolveDifficulty(difficulty=subject.entry(help_on_goals.DifficultyRaised)),
        help_on_goals.DifficultyResolved,
        before=(ASSIGNED, DIFFICULT),
        actor="p-ann",
    ),
    # duties
    Example("duty", "d-1", owed.OpenDuty.model_validate(OWED), owed.DutyOpened, actor="system:rules"),
    Example(
        "duty",
        "d-1",
        owed.NotifyDuty(channel="inbox", occasion=owed.Occasion.OPENED, delivery=owed.Delivery.DELIVERED),
        owed.DutyNotified,
        before=(DUTY,),
        actor="system:notices",
    ),
    Example("duty", "d-1", owed.SeeDuty(), owed.DutySeen, before=(DUTY,), actor="p-lead"),
    Example("duty", "d-1", owed.TransferDuty(taker="p-boss"), owed.DutyTransferred, (DUTY,), "system:rules"),
    Example("duty", "d-1", owed.DischargeDuty(by_entry="entry-2"), owed.DutyDischarged, (DUTY,), "system:rules"),
    Example("duty", "d-1", owed.ExcuseDuty(reason="other_work", note="The fair"), owed.DutyExcused, (DUTY,), "p-boss"),
    Example("duty", "d-1", owed.LapseDuty(), owed.DutyLapsed, before=(DUTY,), actor="system:rules"),
    Example(
        "duty",
        "d-1",
        owed.EscalateDuty(to="p-boss", duty="d-2"),
        owed.DutyEscalated,
        before=(DUTY, LAPSED),
        actor="system:rules",
    ),
    Example(
        "duty",
        "d-1",
        owed.VoidDuty(fact="entry-3", why=owed.Void.ABSENT),
        owed.DutyVoided,
        before=(DUTY, LAPSED),
        actor="system:rules",
    ),
)
