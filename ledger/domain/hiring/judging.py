"""Judging applications: what can be asked, by whom, and how it is decided against the job's requirements."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from ledger.domain.hiring.applications import (
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
    Mean,
    PanelNamed,
    Score,
    Scores,
    Step,
)
from ledger.domain.hiring.candidates import CandidateMergedAway, CandidateState, live_applications, person_of
from ledger.domain.hiring.conditions import NotDecided, require_live, require_not_own, require_undecided
from ledger.domain.hiring.offering import OfferStands
from ledger.domain.hiring.profiles import CompetencyTwice, Requirement
from ledger.domain.hiring.requisitions import RequisitionState
from ledger.domain.hiring.requisitions import Stage as RequisitionStage
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Id
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
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


class AppliedAlready(Refusal):
    """Nobody applies twice for the same, under one id or another."""

    code = "applied_already"
    en = "The candidate has a live application for this requisition."
    zh = "该候选人对此招聘需求已有进行中的应聘。"
    accepted_en = "going on with that application, or withdrawing it first"
    accepted_zh = "继续办理原应聘，或先撤回"


# Decide


def decide(command: Command, state: ApplicationState, received: ApplicationReceived, act: Act) -> Event:
    """Return the event of a command that judges an application, or refuse it."""
    if isinstance(command, RecordDissent):
        return _dissented(command, state, received, act)
    require_live(state)
    match command:
        case ReverseDecision():
            return _reversed(command, state, received, act)
        case DecideApplication():
            return _decided(command, state, received, act)
    require_undecided(state)
    require_not_own(state, act)
    match command:
        case MoveApplication(to_stage=to_stage):
            if to_stage is state.step:
                raise AlreadyRecorded()
            return ApplicationMoved(candidate=whose(state, received), from_stage=state.step, to_stage=to_stage)
        case NamePanel(assessors=assessors):
            return _panel(assessors, state, received, act)
        case RecordAssessment() | AmendAssessment():
            return _assessed(command, state, received, act)
    raise TypeError(command)


def whose(state: ApplicationState, received: ApplicationReceived) -> str:
    """Return the candidate, after any allotment."""
    return state.candidate or received.candidate


def receive(command: ReceiveApplication, state: ApplicationState, act: Act) -> Event:
    """Return ApplicationReceived, or refuse it: for what is approved, and nobody applies twice for the same."""
    if state.received is not None:
        raise AlreadyExists(kind="application")
    act.require_known("candidate", command.candidate, field="candidate")
    act.require_known("requisition", command.requisition, field="requisition")
    candidate: CandidateState = act.facts.state("candidate", command.candidate)
    if candidate.merged_into is not None:
        raise CandidateMergedAway()
    if command.requisition in live_applications(act.facts, command.candidate):
        raise AppliedAlready()
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
    own = person_of(act.facts, whose(state, received))
    if own is not None and act.facts.resolved(own) in map(act.facts.resolved, named):
        act.refuse(OwnAct())
    for person in named:
        act.require_known("person", person, field="assessors")
        if not act.facts.is_employed(person, act.begins):
            act.refuse(AfterLastDay())
    if named == state.panel:
        raise AlreadyRecorded()
    return PanelNamed(candidate=whose(state, received), assessors=named)


def _assessed(
    command: RecordAssessment | AmendAssessment, state: ApplicationState, received: ApplicationReceived, act: Act
) -> Event:
    seat = _own_seat(state.assessments, act)
    own = None if seat is None else state.assessments[seat]
    _require_scores(command.scores, received, act)
    if isinstance(command, AmendAssessment):
        if own is None or seat is None:
            raise NotAssessed()
        return AssessmentAmended(
            candidate=whose(state, received),
            assessor=seat,
            entry=own.entry,
            scores=command.scores,
            note=command.note,
        )
    if own is not None:
        raise AssessmentLocked()
    seat = _own_seat(state.panel, act)
    if seat is None:
        act.refuse(NotOnPanel())
    return AssessmentRecorded(
        candidate=whose(state, received), assessor=seat or act.actor, scores=command.scores, note=command.note
    )


def _own_seat(people: Iterable[str], act: Act) -> str | None:
    """Return the id under which the actor is among people, whichever of merged ids it is."""
    return next((person for person in people if act.is_own(person)), None)


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
    require_undecided(state)
    require_not_own(state, act)
    requirements = _requirements(received, act)
    unmet, unscored = below_bar(requirements, state.assessments)
    if command.reason is None and (command.decision is not Decision.HIRE or unmet or unscored):
        act.refuse(ReasonNeeded())
    if set(state.panel) - set(state.assessments):
        act.marks.append(ASSESSMENTS_MISSING)
    return HiringDecisionMade(
        candidate=whose(state, received),
        decision=command.decision,
        decider=act.actor,
        requirements=received.requirements,
        unmet=unmet,
        unscored=unscored,
        figures=figures(requirements, state.assessments),
    )


def figures(requirements: tuple[Requirement, ...], assessments: Mapping[str, Assessment]) -> tuple[Mean, ...]:
    """Return for each required competency the sum and the number of the scores present."""
    found = []
    for requirement in requirements:
        scores = [s.score for a in assessments.values() for s in a.scores if s.competency == requirement.competency]
        mean = Mean(
            competency=requirement.competency,
            minimum=requirement.minimum,
            total=sum(scores, Decimal()),
            scores=len(scores),
        )
        found.append(mean)
    return tuple(found)


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


def _reversed(
    command: ReverseDecision, state: ApplicationState, received: ApplicationReceived, act: Act
) -> HiringDecisionReversed:
    if state.decided is None:
        raise NotDecided()
    require_not_own(state, act)
    if state.offer is not None and state.offer.binds:
        raise OfferStands(standing=state.offer.standing.value)
    act.require_reason(command)
    return HiringDecisionReversed(candidate=whose(state, received), decision_entry=state.decided.entry)


def _dissented(
    command: RecordDissent, state: ApplicationState, received: ApplicationReceived, act: Act
) -> DissentRecorded:
    decided = state.decided
    if decided is None:
        raise NotDecided()
    require_not_own(state, act)
    if act.is_own(decided.decider):
        act.refuse(OwnAct())
    if _own_seat(state.assessors, act) is None:
        act.refuse(NotOnPanel())
    if _own_seat(decided.dissenters, act) is not None:
        raise AlreadyRecorded()
    return DissentRecorded(
        candidate=whose(state, received), dissenter=act.actor, decision_entry=decided.entry, note=command.note
    )


COMMANDS = (
    MoveApplication,
    NamePanel,
    RecordAssessment,
    AmendAssessment,
    DecideApplication,
    RecordDissent,
    ReverseDecision,
)
