"""Judging applications: what can be asked, by whom, and how it is decided against the job's requirements."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from ledger.domain.hiring.applications import (
    STANDING,
    ApplicationMoved,
    ApplicationReceived,
    ApplicationState,
    Assessment,
    AssessmentAmended,
    AssessmentRecorded,
    Decision,
    DissentRecorded,
    HiringDecisionMade,
    HiringDecisionReversed,
    PanelNamed,
    Score,
    Scores,
    Step,
    evolve,
)
from ledger.domain.hiring.profiles import CompetencyTwice, Requirement
from ledger.domain.hiring.requisitions import RequisitionState
from ledger.domain.hiring.requisitions import Stage as RequisitionStage
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Event
from ledger.kernel.ids import Id
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    NotFound,
    OwnAct,
    ReasonNeeded,
    Refusal,
)
from ledger.kernel.texts import Note

ASSESSMENTS_MISSING = "assessments_missing"  # a mark: decided before every member of the panel had submitted


# Commands

_LEAD = (By("unit_lead", "unit"),)
_SUPPORT = (*_LEAD, By("hr_partner", "unit"), By("role:hr_administrator"))
_INTAKE = (By("role:hr_administrator"), By("role:hr_partner"))  # before it is received, no unit has the application
_ASSESSORS = (By("named", "assessors"),)


class ReceiveApplication(Command, stream="application", verb="receive", by=_INTAKE, starts=True):
    """Take in a candidate's application for a requisition."""

    candidate: Id
    requisition: Id


class MoveApplication(Command, stream="application", verb="move", by=_SUPPORT):
    """Move the application to another stage."""

    to_stage: Step


class NamePanel(Command, stream="application", verb="name-panel", by=_SUPPORT):
    """Name who is to assess."""

    assessors: tuple[Id, ...] = Field(min_length=1, max_length=20)


class RecordAssessment(Command, stream="application", verb="record-assessment", by=_ASSESSORS):
    """Submit an own scorecard; it is locked from then on."""

    scores: Scores
    note: Note | None = None


class AmendAssessment(Command, stream="application", verb="amend-assessment", by=_ASSESSORS):
    """Put an own scorecard right; the original stays on record."""

    scores: Scores
    note: Note | None = None


class DecideApplication(Command, stream="application", verb="decide", by=_LEAD):
    """Decide; all but hiring somebody who meets every requirement needs a reason code."""

    decision: Decision


class RecordDissent(Command, stream="application", verb="record-dissent", by=_ASSESSORS):
    """Disagree with the decision as one who assessed."""

    note: Note | None = None


class ReverseDecision(Command, stream="application", verb="reverse-decision", by=_LEAD):
    """Take the decision back, with a reason."""


class RequisitionNotApproved(Refusal):
    """Applications are taken for approved requisitions only."""

    code = "requisition_not_approved"
    en = "The requisition is not approved, or closed."
    zh = "该招聘需求尚未批准或已关闭。"


class DecidedAlready(Refusal):
    """After hire or reject nothing changes before a reversal."""

    code, rule = "decided_already", "contradictory_states_need_a_reversal"
    en = "The application is decided: {decision}."
    zh = "该应聘已有决定：{decision}。"
    accepted_en = "reversing the decision first"
    accepted_zh = "先撤销原决定"


class NotDecided(Refusal):
    """There is no decision to dissent from or to reverse."""

    code = "not_decided"
    en = "There is no decision yet."
    zh = "尚无决定。"


class NotOnPanel(Refusal):
    """Only those named to the panel assess."""

    code, status, markable = "not_on_panel", 403, True
    en = "Only the panel assesses, each member for themselves."
    zh = "仅面试小组成员可评价，且只能代表本人。"


class AssessmentLocked(Refusal):
    """A submitted scorecard is amended, never submitted again."""

    code = "assessment_locked"
    en = "Your assessment is submitted and locked."
    zh = "您的评价已提交并锁定。"
    accepted_en = "amend-assessment: the original is kept"
    accepted_zh = "使用 amend-assessment 更正，原评价保留"


class NotAssessed(Refusal):
    """There is no own scorecard to amend."""

    code = "not_assessed"
    en = "You have not submitted an assessment."
    zh = "您尚未提交评价。"


class NotRequired(Refusal):
    """Scores are given for the competencies that the job profile requires."""

    code, status, markable = "competency_not_required", 422, True
    en = "The job profile does not require the competency {competency}."
    zh = "岗位说明书未要求能力项 {competency}。"


# Decide


def decide(command: Command, state: ApplicationState, act: Act) -> Event:
    """Return the event of an application's command, or refuse it."""
    act.require_happened()
    if isinstance(command, ReceiveApplication):
        return _received(command, state, act)
    received = state.received
    if received is None:
        raise NotFound()
    match command:
        case RecordDissent() | ReverseDecision():
            return _about_decision(command, state, received, act)
        case DecideApplication():
            return _decided(command, state, received, act)
    _require_undecided(state)
    match command:
        case MoveApplication(to_stage=to_stage):
            if to_stage is state.step:
                raise AlreadyRecorded()
            return ApplicationMoved(candidate=received.candidate, from_stage=state.step, to_stage=to_stage)
        case NamePanel(assessors=assessors):
            return _panel(assessors, state, received, act)
        case RecordAssessment() | AmendAssessment():
            return _assessed(command, state, received, act)
    raise TypeError(command)


def _require_undecided(state: ApplicationState) -> None:
    if state.decided is not None and state.decided.decision in STANDING:
        raise DecidedAlready(decision=state.decided.decision.value)


def _received(command: ReceiveApplication, state: ApplicationState, act: Act) -> Event:
    if state.received is not None:
        raise AlreadyExists(kind="application")
    act.require_known("candidate", command.candidate, field="candidate")
    act.require_known("requisition", command.requisition, field="requisition")
    requisition: RequisitionState = act.facts.state("requisition", command.requisition)
    if requisition.opened is None or requisition.stage is not RequisitionStage.APPROVED:
        raise RequisitionNotApproved()
    return ApplicationReceived(
        candidate=command.candidate,
        requisition=command.requisition,
        unit=requisition.opened.unit,
        profile=requisition.opened.profile,
        requirements=requisition.opened.requirements,
    )


def _panel(assessors: tuple[str, ...], state: ApplicationState, received: ApplicationReceived, act: Act) -> Event:
    named = tuple(dict.fromkeys(assessors))
    for person in named:
        act.require_known("person", person, field="assessors")
        if not act.facts.is_employed(person, act.begins):
            act.refuse(AfterLastDay())
    if named == state.panel:
        raise AlreadyRecorded()
    return PanelNamed(candidate=received.candidate, assessors=named)


def _assessed(
    command: RecordAssessment | AmendAssessment, state: ApplicationState, received: ApplicationReceived, act: Act
) -> Event:
    own = state.assessments.get(act.actor)
    _require_scores(command.scores, received, act)
    if isinstance(command, AmendAssessment):
        if own is None:
            raise NotAssessed()
        return AssessmentAmended(
            candidate=received.candidate,
            assessor=act.actor,
            entry=own.entry,
            scores=command.scores,
            note=command.note,
        )
    if own is not None:
        raise AssessmentLocked()
    if act.actor not in state.panel:
        act.refuse(NotOnPanel())
    return AssessmentRecorded(
        candidate=received.candidate, assessor=act.actor, scores=command.scores, note=command.note
    )


def _require_scores(scores: tuple[Score, ...], received: ApplicationReceived, act: Act) -> None:
    competencies = [s.competency for s in scores]
    if len(set(competencies)) < len(competencies):
        raise CompetencyTwice()
    required = {r.competency for r in _requirements(received, act)}
    for competency in competencies:
        if competency not in required:
            act.refuse(NotRequired(competency=competency))


def _requirements(received: ApplicationReceived, act: Act) -> tuple[Requirement, ...]:
    requirements: tuple[Requirement, ...] = (
        act.facts.state("job-profile", received.profile).adopted[received.requirements].requirements
    )
    return requirements


def _decided(
    command: DecideApplication, state: ApplicationState, received: ApplicationReceived, act: Act
) -> HiringDecisionMade:
    if state.decided is not None and state.decided.decision is command.decision:
        raise AlreadyRecorded()
    _require_undecided(state)
    requirements = _requirements(received, act)
    unmet, unscored = below_bar(requirements, state.assessments)
    if command.reason is None and (command.decision is not Decision.HIRE or unmet or unscored):
        act.refuse(ReasonNeeded())
    if set(state.panel) - set(state.assessments):
        act.marks.append(ASSESSMENTS_MISSING)
    return HiringDecisionMade(
        candidate=received.candidate,
        decision=command.decision,
        decider=act.actor,
        requirements=received.requirements,
        unmet=unmet,
        unscored=unscored,
    )


def below_bar(
    requirements: tuple[Requirement, ...], assessments: Mapping[str, Assessment]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (unmet, unscored) competencies: exact means of the scores present; a missing score counts nowhere."""
    given: dict[str, list[Decimal]] = {r.competency: [] for r in requirements}
    for assessment in assessments.values():
        for score in assessment.scores:
            given.setdefault(score.competency, []).append(score.score)
    unscored = tuple(r.competency for r in requirements if not given[r.competency])
    unmet = tuple(r.competency for r in requirements if given[r.competency] and _mean(given[r.competency]) < r.minimum)
    return unmet, unscored


def _mean(scores: list[Decimal]) -> Fraction:
    return Fraction(sum(scores)) / len(scores)


def _about_decision(
    command: RecordDissent | ReverseDecision, state: ApplicationState, received: ApplicationReceived, act: Act
) -> Event:
    decided = state.decided
    if decided is None:
        raise NotDecided()
    if isinstance(command, ReverseDecision):
        act.require_reason(command)
        return HiringDecisionReversed(candidate=received.candidate, decision_entry=decided.entry)
    if act.is_own(decided.decider):
        act.refuse(OwnAct())
    if act.actor not in state.assessors:
        act.refuse(NotOnPanel())
    if act.actor in decided.dissenters:
        raise AlreadyRecorded()
    return DissentRecorded(
        candidate=received.candidate, dissenter=act.actor, decision_entry=decided.entry, note=command.note
    )


COMMANDS = (
    ReceiveApplication,
    MoveApplication,
    NamePanel,
    RecordAssessment,
    AmendAssessment,
    DecideApplication,
    RecordDissent,
    ReverseDecision,
)
STREAM = StreamKind("application", "applications", "n", ApplicationState(), decide, evolve, COMMANDS)
