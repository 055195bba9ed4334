"""Performance cycles: planned in stages with dates, opened under one version of the policy, and closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.event import Entry, Event, Value
from ledger.kernel.ids import Code, Grade, Label, PersonId, UnitId
from ledger.kernel.moments import Day
from ledger.kernel.policy import Scale
from ledger.kernel.refusals import NotFound, Refusal


class CycleStage(StrEnum):
    """The stages of a cycle, in the order in which they usually follow each other."""

    GOAL_SETTING = "goal_setting"
    SELF_ASSESSMENT = "self_assessment"
    PEER_ASSESSMENT = "peer_assessment"
    REVIEW = "review"
    CALIBRATION = "calibration"
    RESULTS = "results"
    APPEAL = "appeal"


class PlannedStage(Value):
    """A stage with the days on which it is meant to open and to close."""

    stage: CycleStage
    opens_on: Day
    closes_on: Day = Field(description="the last day of the stage")


Grades = Annotated[tuple[Grade, ...], Field(min_length=2, max_length=20)]
Stages = Annotated[tuple[PlannedStage, ...], Field(min_length=1, max_length=len(CycleStage))]

# Events


class CyclePlanned(Event, context="reviews"):
    """A cycle is meant to be: its period, stages and scale; `policy_version` is the one in force at its first day."""

    label: Label
    starts_on: Day
    ends_on: Day
    stages: Stages
    scale: Code
    grades: Grades | None = None
    policy_version: int


class CycleOpened(Event, context="reviews"):
    """The cycle runs, under this version of the policy and with these grades; 0 is what holds without a policy."""

    policy_version: int
    scale: Scale


class CyclePolicyChanged(Event, context="reviews"):
    """Inside the cycle another version of the policy holds from now on, for a reason."""

    policy_version: int
    scale: Scale


class StageOpened(Event, context="reviews"):
    """A stage begins."""

    stage: CycleStage


class StageClosed(Event, context="reviews"):
    """A stage ends."""

    stage: CycleStage


class CycleClosed(Event, context="reviews"):
    """The cycle is over."""


class AssessorsBriefed(Event, context="reviews"):
    """Those who are to assess have been told how."""

    assessors: tuple[PersonId, ...]


class FindingsPresented(Event, context="reviews"):
    """The figures of a closed stage were fed back to the leads of a unit."""

    stage: CycleStage
    unit: UnitId
    leads: tuple[PersonId, ...]
    presenter: PersonId


# State


class CyclePhase(StrEnum):
    """Where a cycle stands."""

    UNKNOWN = "unknown"
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CycleState:
    """A cycle: its plan, the policy it is pinned to, and which of its stages run or have run."""

    phase: CyclePhase = CyclePhase.UNKNOWN
    plan: CyclePlanned | None = None
    policy_version: int | None = None
    scale: Scale | None = None
    running: frozenset[CycleStage] = frozenset()
    begun: frozenset[CycleStage] = frozenset()
    briefed: frozenset[str] = frozenset()
    presented: Mapping[tuple[CycleStage, str], tuple[str, ...]] = field(default_factory=dict)

    def plans(self, stage: CycleStage) -> bool:
        """Tell whether the plan has the stage."""
        return self.plan is not None and any(planned.stage is stage for planned in self.plan.stages)

    def awaits(self, stage: CycleStage) -> bool:
        """Tell whether the stage is planned and has never been opened."""
        return self.plans(stage) and stage not in self.begun

    def is_over(self, stage: CycleStage) -> bool:
        """Tell whether the stage has run and runs no more."""
        return stage in self.begun and stage not in self.running

    def require_open(self) -> None:
        """Refuse unless the cycle runs."""
        if self.phase is not CyclePhase.OPEN:
            raise NotFound() if self.phase is CyclePhase.UNKNOWN else CycleNotOpen(phase=self.phase.value)


def evolve_cycle(state: CycleState, entry: Entry) -> CycleState:
    """Return the state after `entry`."""
    match entry.event:
        case CyclePlanned() as plan:
            return CycleState(CyclePhase.PLANNED, plan)
        case CycleOpened(policy_version=version, scale=scale):
            return replace(state, phase=CyclePhase.OPEN, policy_version=version, scale=scale)
        case CyclePolicyChanged(policy_version=version, scale=scale):
            return replace(state, policy_version=version, scale=scale)
        case StageOpened(stage=stage):
            return replace(state, running=state.running | {stage}, begun=state.begun | {stage})
        case StageClosed(stage=stage):
            return replace(state, running=state.running - {stage})
        case CycleClosed():
            return replace(state, phase=CyclePhase.CLOSED)
        case AssessorsBriefed(assessors=assessors):
            return replace(state, briefed=state.briefed | set(assessors))
        case FindingsPresented(stage=stage, unit=unit, leads=leads):
            return replace(state, presented={**state.presented, (stage, unit): leads})
    return state


class CycleNotOpen(Refusal):
    """Stages run, and reviews are opened, in a cycle that is open."""

    code, rule = "cycle_not_open", "contradictory_states_need_a_reversal"
    en = "The cycle is {phase}, not open."
    zh = "该绩效周期状态为 {phase}，未处于进行中。"


class StageNotBegun(Refusal):
    """What belongs to a planned stage waits for its opening; no rule is applied early."""

    code, markable = "stage_not_begun", True
    en = "The stage {stage} has not been opened yet."
    zh = "{stage} 阶段尚未启动。"
