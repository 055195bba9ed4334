"""Planning and running a cycle: what can be asked of it, by whom, and why it may be refused."""

from pydantic import Field

from ledger.domain.reviews.cycles import (
    AssessorsBriefed,
    CycleClosed,
    CycleOpened,
    CyclePhase,
    CyclePlanned,
    CyclePolicyChanged,
    CycleStage,
    CycleState,
    FindingsPresented,
    Grades,
    StageClosed,
    StageNotBegun,
    StageOpened,
    Stages,
    evolve_cycle,
)
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Event
from ledger.kernel.ids import Code, Id, Label
from ledger.kernel.moments import Day
from ledger.kernel.policy import Scale
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    NotFound,
    OwnAct,
    PeriodReversed,
    Refusal,
    UnknownReference,
)

# Commands

_HR = (By("role:hr_administrator"),)


class PlanCycle(Command, stream="cycle", verb="plan", by=_HR, starts=True, repeats=True):
    """Plan a cycle; until it is opened a plan gives way to another, with a reason."""

    label: Label
    starts_on: Day
    ends_on: Day = Field(description="the last day of the period that is judged")
    stages: Stages
    scale: Code = Field(description="the scale of the policy by which results are graded")
    grades: Grades | None = Field(default=None, description="its grades, the lowest first, if no policy states them")


class OpenCycle(Command, stream="cycle", verb="open", by=_HR):
    """Let the cycle run, under the policy in force."""


class ChangeCyclePolicy(Command, stream="cycle", verb="change-policy", by=_HR):
    """Put the running cycle under the policy now in force, with a reason."""


class OpenStage(Command, stream="cycle", verb="open-stage", by=(*_HR, By("system", "rules"))):
    """Begin a planned stage; one that was closed begins again with a reason."""

    stage: CycleStage


class CloseStage(Command, stream="cycle", verb="close-stage", by=(*_HR, By("system", "rules"))):
    """End a running stage."""

    stage: CycleStage


class CloseCycle(Command, stream="cycle", verb="close", by=_HR):
    """End the cycle once no stage runs."""


class BriefAssessors(Command, stream="cycle", verb="brief-assessors", by=(*_HR, By("hr_partner", "unit"))):
    """Record that those who are to assess have been told how."""

    assessors: tuple[Id, ...] = Field(min_length=1, max_length=500)
    unit: Id | None = Field(default=None, description="for HR partners: the unit whose assessors they are")


class PresentFindings(Command, stream="cycle", verb="present-findings", by=(By("hr_partner", "unit"), *_HR)):
    """Record that the figures of a closed stage were fed back to the leads of a unit."""

    stage: CycleStage
    unit: Id
    leads: tuple[Id, ...] = Field(min_length=1, max_length=100)


class CycleBegun(Refusal):
    """An opened cycle is not planned again."""

    code = "cycle_begun"
    en = "The cycle has been opened; its plan stays."
    zh = "该绩效周期已启动，计划不可更改。"


class StageNotPlanned(Refusal):
    """Only stages of the plan run."""

    code = "stage_not_planned"
    en = "The cycle's plan has no stage {stage}."
    zh = "该绩效周期的计划中没有 {stage} 阶段。"


class StageNotRunning(Refusal):
    """Only a stage that runs is closed."""

    code = "stage_not_running"
    en = "The stage {stage} is not running."
    zh = "{stage} 阶段未在进行。"


class StageStillRunning(Refusal):
    """A cycle closes, and findings are presented, after the stage."""

    code = "stage_still_running"
    en = "The stage {stage} is still running."
    zh = "{stage} 阶段仍在进行。"
    accepted_en = "closing the stage first"
    accepted_zh = "先关闭该阶段"


class StageTwice(Refusal):
    """A plan names each stage once."""

    code, status = "stage_twice", 422
    en = "The plan names a stage twice."
    zh = "计划中同一阶段出现两次。"


class ScaleUnclear(Refusal):
    """A scale has the grades of the policy, or where it has none those that are given, never two answers."""

    code, status = "scale_unclear", 422
    en = "The grades of the scale {scale} are stated neither once by the policy nor once here."
    zh = "等级标准 {scale} 的等级须由制度或此处唯一给出。"


# Decide


def decide_cycle(command: Command, state: CycleState, act: Act) -> Event:
    """Return the event of a cycle's command, or refuse it."""
    if isinstance(command, PlanCycle):
        return _planned(command, state, act)
    act.require_happened()
    match command:
        case OpenCycle():
            return _opened(state, act)
        case BriefAssessors():
            return _briefed(command, state, act)
        case PresentFindings():
            return _presented(command, state, act)
    state.require_open()
    return _run(command, state, act)


def _run(command: Command, state: CycleState, act: Act) -> Event:
    """Return the event of a command on a running cycle."""
    match command:
        case ChangeCyclePolicy():
            return _changed(state, act, command)
        case OpenStage(stage=stage):
            return _stage_opened(stage, state, act, command)
        case CloseStage(stage=stage):
            if stage not in state.running:
                raise StageNotRunning(stage=stage.value)
            return StageClosed(stage=stage)
        case CloseCycle():
            if state.running:
                raise StageStillRunning(stage=min(state.running).value)
            return CycleClosed()
    raise TypeError(command)


def _planned(command: PlanCycle, state: CycleState, act: Act) -> Event:
    if state.phase not in (CyclePhase.UNKNOWN, CyclePhase.PLANNED):
        raise AlreadyExists(kind="cycle") if act.testimony else CycleBegun()
    periods = [(command.starts_on, command.ends_on), *((s.opens_on, s.closes_on) for s in command.stages)]
    if any(last < first for first, last in periods):
        raise PeriodReversed()
    if len({planned.stage for planned in command.stages}) < len(command.stages):
        raise StageTwice()
    if command.grades is not None and len(set(command.grades)) < len(command.grades):
        raise ScaleUnclear(scale=command.scale)
    event = CyclePlanned(**command.own_fields(), policy_version=act.facts.policy(act.begins).version)
    if event == state.plan:
        raise AlreadyRecorded()
    if state.plan is not None:
        act.require_reason(command)
    return event


def scale_of(code: str, grades: tuple[str, ...] | None, act: Act) -> Scale:
    """Return the scale as the policy in force states it, else with the grades given; refuse two or no answers."""
    stated = act.facts.policy(act.begins).terms.scale(code)
    if stated is None and grades is None:
        raise ScaleUnclear(scale=code)
    if stated is not None and grades not in (None, stated.grades):
        raise ScaleUnclear(scale=code)
    return stated or Scale(code=code, grades=grades or ())


def _opened(state: CycleState, act: Act) -> Event:
    if state.plan is None:
        raise NotFound()
    if state.phase is CyclePhase.OPEN:
        raise AlreadyRecorded()
    if state.phase is CyclePhase.CLOSED:
        state.require_open()
    scale = scale_of(state.plan.scale, state.plan.grades, act)
    return CycleOpened(policy_version=act.facts.policy(act.begins).version, scale=scale)


def _changed(state: CycleState, act: Act, command: Command) -> Event:
    version = act.facts.policy(act.begins).version
    if state.plan is None or version == state.policy_version:
        raise AlreadyRecorded()
    act.require_reason(command)
    return CyclePolicyChanged(policy_version=version, scale=scale_of(state.plan.scale, state.plan.grades, act))


def _stage_opened(stage: CycleStage, state: CycleState, act: Act, command: Command) -> Event:
    if not state.plans(stage):
        raise StageNotPlanned(stage=stage.value)
    if stage in state.running:
        raise AlreadyRecorded()
    if stage in state.begun:
        act.require_reason(command)
    return StageOpened(stage=stage)


def _briefed(command: BriefAssessors, state: CycleState, act: Act) -> Event:
    if state.phase is not CyclePhase.PLANNED:
        state.require_open()
    for person in command.assessors:
        act.require_known("person", person, field="assessors")
    fresh = tuple(p for p in dict.fromkeys(command.assessors) if p not in state.briefed)
    if not fresh:
        raise AlreadyRecorded()
    return AssessorsBriefed(assessors=fresh)


def _presented(command: PresentFindings, state: CycleState, act: Act) -> Event:
    stage, unit = command.stage, command.unit
    if state.plan is None:
        raise NotFound()
    if stage not in state.begun:
        act.refuse(StageNotBegun(stage=stage.value))
    if stage in state.running:
        raise StageStillRunning(stage=stage.value)
    if not act.facts.exists("unit", unit):
        raise UnknownReference(kind="unit", field="unit")
    for lead in command.leads:
        act.require_known("person", lead, field="leads")
        if act.is_own(lead):
            act.refuse(OwnAct())
    leads = tuple(dict.fromkeys(command.leads))
    if state.presented.get((stage, unit)) == leads:
        raise AlreadyRecorded()
    return FindingsPresented(stage=stage, unit=unit, leads=leads, presenter=act.actor)


COMMANDS = (
    PlanCycle,
    OpenCycle,
    ChangeCyclePolicy,
    OpenStage,
    CloseStage,
    CloseCycle,
    BriefAssessors,
    PresentFindings,
)
STREAM = StreamKind("cycle", "cycles", "k", CycleState(), decide_cycle, evolve_cycle, COMMANDS, caller_ids=True)
