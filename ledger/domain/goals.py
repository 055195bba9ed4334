"""Goals: what is measured, who is to reach which target by when, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import Field, StringConstraints

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction, Figure, Quantity
from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.ids import Code, GoalId, Id, Label, MetricId, UnitId
from ledger.kernel.joined import Half
from ledger.kernel.moments import ONE_TICK, Day, begins, day_of
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    OwnAct,
    ReasonNeeded,
    Refusal,
    UnitGone,
    UnknownReference,
)
from ledger.kernel.texts import Name, Note
from ledger.kernel.timeline import Change, Timelines

UnitOfMeasure = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,24}$")]
Weight = Annotated[Quantity, Field(gt=0, le=100)]
Share = Annotated[Quantity, Field(gt=0, le=1)]


class Combines(StrEnum):
    """How the values of several owners or intervals make one."""

    SUM = "sum"
    LEVEL = "level"
    RATIO = "ratio"


class Interval(StrEnum):
    """What one target value covers: the whole period of the goal, or each interval of it."""

    PERIOD = "period"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class ScoredBy(StrEnum):
    """Which figure scores the goal."""

    PROGRESS = "progress"
    ATTAINMENT = "attainment"
    HIT_RATE = "hit_rate"


# Events


class MetricDefined(Event, context="goals"):
    """A metric: its label, unit of measure, which way is better, how values combine and whose measurements count."""

    label: Label
    unit_of_measure: UnitOfMeasure
    direction: Direction
    combines: Combines
    approved_source: Code | None = None
    numerator: MetricId | None = None
    denominator: MetricId | None = None
    unit: UnitId | None = None


class GoalTerms(Event):
    """What a proposed and an assigned goal both state. `ends_on` is the last day of the period."""

    owner: Subject
    employment: Id | None = None
    title: Annotated[Name | None, Seal("owner", "performance")] = None
    metric: MetricId
    baseline: Quantity | None = None
    target: Quantity
    interval: Interval = Interval.PERIOD
    tolerance: Quantity | None = None
    stretch: Quantity | None = None
    starts_on: Day
    ends_on: Day
    weight: Weight | None = None
    parent: GoalId | None = None
    share: Share | None = None
    scored_by: ScoredBy


class GoalProposed(GoalTerms, context="goals"):
    """Somebody who may not assign it suggests a goal; it binds nobody yet."""


class GoalAssigned(GoalTerms, context="goals"):
    """The owner has the goal; `proposal` is the entry that it adopts."""

    proposal: Id | None = None


class GoalAccepted(Event, context="goals"):
    """The owner accepts the goal as it stands."""

    owner: Subject


class GoalDisputed(Event, context="goals"):
    """The owner objects, perhaps with another target; the goal stays binding."""

    owner: Subject
    counter_target: Quantity | None = None
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class GoalTargetRevised(Event, context="goals", dated=True):
    """Another target is in force from then on; earlier intervals keep theirs."""

    owner: Subject
    target: Quantity
    stretch: Quantity | None = None


class GoalClosed(Event, context="goals"):
    """The goal ends with these figures: each a value, or a code that says why there is none."""

    owner: Subject
    metric: MetricId
    target: Quantity
    actual: Quantity | None = None
    actual_on: Day | None = None
    actual_from: figures.Origin | None = None
    actual_entry: Id | None = None
    progress: Decimal | None = None
    progress_why: figures.Why | None = None
    attainment: Decimal | None = None
    attainment_why: figures.Why | None = None
    reached: bool | None = None
    formula: Code


class GoalReopened(Event, context="goals"):
    """A closed goal runs again; the figures it was closed with stay on record."""

    owner: Subject


class GoalWithdrawn(Event, context="goals"):
    """The goal or proposal holds no more; nothing is scored by it."""

    owner: Subject


# State


@dataclass(frozen=True, slots=True)
class MetricState:
    """A metric as it was defined, once."""

    defined: MetricDefined | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that the metric belongs to, if any."""
        return None if self.defined is None else self.defined.unit


def evolve_metric(state: MetricState, entry: Entry) -> MetricState:
    """Return the state after `entry`."""
    return MetricState(entry.event) if isinstance(entry.event, MetricDefined) else state


class Stage(StrEnum):
    """Where a goal stands."""

    UNKNOWN = "unknown"
    PROPOSED = "proposed"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    """What the owner said to the goal as it stands."""

    ACCEPTED = "accepted"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Target:
    """A target in force, with its stretch."""

    value: Decimal
    stretch: Decimal | None


@dataclass(frozen=True, slots=True)
class GoalState:
    """A goal: its terms, where it stands, the owner's answer, and its targets as a timeline."""

    stage: Stage = Stage.UNKNOWN
    terms: GoalTerms | None = None
    entry: str | None = None  # the entry that stated the terms
    assigner: str | None = None
    proposer: str | None = None  # who may take it back while it is only proposed
    answer: Answer | None = None
    targets: Timelines[str, Target] = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Subject | None:
        """Return the person or unit that has the goal."""
        return None if self.terms is None else self.terms.owner

    @property
    def owner_unit(self) -> str | None:
        """Return the owner's id where a unit owns the goal."""
        return _unit_id(self.owner)

    @property
    def metric(self) -> str | None:
        """Return the metric by which the goal is measured."""
        return None if self.terms is None else self.terms.metric

    @property
    def starts_on(self) -> date | None:
        """Return the first day of the period."""
        return None if self.terms is None else self.terms.starts_on

    @property
    def ends_on(self) -> date | None:
        """Return the last day of the period."""
        return None if self.terms is None else self.terms.ends_on

    def target_on(self, day: date, act: Act) -> Target:
        """Return the target in force at the end of a day."""
        last = begins(day + timedelta(days=1), act.facts.zone) - ONE_TICK
        return self.targets["target"].value_on(last) or self._first_target()

    def _first_target(self) -> Target:
        if self.terms is None:
            raise NotFound()
        return Target(self.terms.target, self.terms.stretch)

    def require_running(self) -> None:
        """Refuse unless the goal is assigned and neither closed nor withdrawn."""
        refusals: dict[Stage, type[Refusal]] = {
            Stage.UNKNOWN: NotFound,
            Stage.PROPOSED: GoalOnlyProposed,
            Stage.CLOSED: GoalIsClosed,
            Stage.WITHDRAWN: GoalIsWithdrawn,
        }
        if self.stage in refusals:
            raise refusals[self.stage]()


def _unit_id(owner: Subject | Holder | None) -> str | None:
    return owner.id if owner is not None and owner.kind == "unit" else None


def evolve_goal(state: GoalState, entry: Entry) -> GoalState:
    """Return the state after `entry`; a revised target, a reopening or a new assignment awaits a new answer."""
    if is_annulment(entry):
        return replace(state, targets=applied(state.targets, entry), dated=remember(state.dated, entry), answer=None)
    match entry.event:
        case GoalProposed() as terms:
            return replace(state, stage=Stage.PROPOSED, terms=terms, entry=entry.event_id, proposer=entry.actor)
        case GoalAssigned() as terms:
            fresh = replace(state, stage=Stage.ASSIGNED, terms=terms, entry=entry.event_id, assigner=entry.actor)
            return replace(fresh, proposer=None, answer=None)
        case GoalAccepted():
            return replace(state, answer=Answer.ACCEPTED)
        case GoalDisputed():
            return replace(state, answer=Answer.DISPUTED)
        case GoalTargetRevised(target=target, stretch=stretch):
            change = Change(entry.begins, entry.position, entry.event_id, Target(target, stretch))
            lines = state.targets.with_change("target", change)
            return replace(state, targets=lines, dated=remember(state.dated, entry), answer=None, assigner=entry.actor)
        case GoalClosed():
            return replace(state, stage=Stage.CLOSED)
        case GoalReopened():
            return replace(state, stage=Stage.ASSIGNED)
        case GoalWithdrawn():
            return replace(state, stage=Stage.WITHDRAWN)
    return state


# Commands

_LEADS = (By("lead", "owner"), By("unit_lead", "owner_unit"))
_OWN = (By("own", "owner"),)
_HR = (By("role:hr_administrator"),)


class DefineMetric(Command, stream="metric", verb="define", by=(*_HR, By("unit_lead", "unit")), starts=True):
    """Define a metric; it keeps its meaning for ever, another meaning is another metric."""

    label: Label
    unit_of_measure: UnitOfMeasure
    direction: Direction
    combines: Combines
    approved_source: Code | None = Field(default=None, description="the system whose measurements count")
    numerator: Id | None = Field(default=None, description="for ratios: the metric above the line")
    denominator: Id | None = Field(default=None, description="for ratios: the metric below the line")
    unit: Id | None = Field(default=None, description="the unit that the metric belongs to")


class StateGoal(Command):
    """What proposing and assigning a goal both ask for."""

    owner: Holder
    employment: Id | None = Field(default=None, description="the owner's running employment if absent")
    title: Name
    metric: Id
    baseline: Quantity | None = None
    target: Quantity
    interval: Interval = Field(default=Interval.PERIOD, description="what one target value covers")
    tolerance: Quantity | None = Field(default=None, ge=0, description="to maintain: how far the value may stray")
    stretch: Quantity | None = None
    starts_on: Day
    ends_on: Day = Field(description="the last day of the period")
    weight: Weight | None = None
    parent: Id | None = Field(default=None, description="the goal that this one serves")
    share: Share | None = Field(default=None, description="the part of the parent's target that this goal carries")
    scored_by: ScoredBy = ScoredBy.PROGRESS

    @property
    def owner_unit(self) -> str | None:
        """Return the owner's id where a unit is to own the goal."""
        return _unit_id(self.owner)


class ProposeGoal(
    StateGoal,
    stream="goal",
    verb="propose",
    by=(*_OWN, *_LEADS, By("hr_partner", "owner"), *_HR),
    starts=True,
):
    """Suggest a goal; it binds once a lead assigns it."""


class AssignGoal(StateGoal, stream="goal", verb="assign", by=_LEADS, starts=True):
    """Give the owner a goal, or adopt a proposed one, as it was or changed."""


class AcceptGoal(Command, stream="goal", verb="accept", by=_OWN, claim=True):
    """Accept the goal as it stands."""


class DisputeGoal(Command, stream="goal", verb="dispute", by=_OWN, claim=True):
    """Object to the goal; it stays binding."""

    counter_target: Quantity | None = None
    note: Note | None = None


class ReviseTarget(Command, stream="goal", verb="revise-target", by=_LEADS):
    """Set another target from a day on, with a reason."""

    target: Quantity
    stretch: Quantity | None = None


class CloseGoal(Command, stream="goal", verb="close", by=_LEADS, claim=True):
    """Close the goal; its figures are kept as they stand."""


class ReopenGoal(Command, stream="goal", verb="reopen", by=_LEADS, claim=True):
    """Let a closed goal run again, with a reason."""


class WithdrawGoal(Command, stream="goal", verb="withdraw", by=(*_LEADS, By("own", "proposer")), claim=True):
    """Take the goal or proposal back, with a reason; a proposer may take back a proposal."""


AnnulGoalEntry, RedateGoalEntry = commands_for("goal", _LEADS)


class GoalOnlyProposed(Refusal):
    """A proposal binds nobody: it can be adopted or withdrawn only."""

    code = "goal_only_proposed"
    en = "This goal is only proposed; it binds once a lead assigns it."
    zh = "该目标仅为提议，由负责人下达后方才生效。"
    accepted_en = "assigning it first"
    accepted_zh = "先下达该目标"


class GoalIsClosed(Refusal):
    """A closed goal changes only after it was reopened."""

    code, rule = "goal_closed", "contradictory_states_need_a_reversal"
    en = "The goal is closed."
    zh = "该目标已关闭。"
    accepted_en = "reopening it first"
    accepted_zh = "先重新开启该目标"


class GoalIsWithdrawn(Refusal):
    """A withdrawn goal holds no more; another one is assigned instead."""

    code, rule = "goal_withdrawn", "contradictory_states_need_a_reversal"
    en = "The goal is withdrawn."
    zh = "该目标已撤回。"
    accepted_en = "assigning another goal"
    accepted_zh = "另行下达目标"


class AcceptedAlready(Refusal):
    """What was accepted is disputed only after it has changed."""

    code, rule = "goal_accepted", "contradictory_states_need_a_reversal"
    en = "The owner has accepted the goal as it stands."
    zh = "目标承担人已确认该目标。"


class OtherOwner(Refusal):
    """A proposal is adopted for the owner it was made for."""

    code = "other_owner"
    en = "The goal was proposed for another owner."
    zh = "该目标是为其他承担人提议的。"


class PeriodReversed(Refusal):
    """A period ends on or after the day it begins."""

    code, status = "period_reversed", 422
    en = "The last day lies before the first."
    zh = "结束日期早于开始日期。"


class OutsidePeriod(Refusal):
    """A target takes effect by the last day of the goal's period."""

    code, status = "outside_period", 422
    en = "That day lies after the goal's period."
    zh = "该日期在目标周期之后。"


class AgainstDirection(Refusal):
    """A target lies on the better side of the baseline, a stretch on the better side of the target."""

    code, status, markable = "against_direction", 422, True
    en = "Direction {direction}: the target is worse than the baseline, or the stretch than the target."
    zh = "该指标的方向为 {direction}，但目标值劣于基准值，或挑战值劣于目标值。"
    accepted_en = "a target that is better than the baseline, or no baseline"
    accepted_zh = "优于基准值的目标值，或不填基准值"


class BandNeeded(Refusal):
    """A metric to be maintained needs a tolerance, any other has none."""

    code, status = "band_needed", 422
    en = "A tolerance belongs to a metric that is to be maintained, and to no other."
    zh = "仅“维持”类指标需要且必须填写允许偏差。"


class RatioParts(Refusal):
    """A ratio names the metrics above and below the line, both or neither; nothing else does."""

    code, status = "ratio_parts", 422
    en = "Numerator and denominator go together, and only with a ratio."
    zh = "分子与分母须同时填写，且仅用于比率类指标。"


# Decide


class Measured(Protocol):
    """What a goal must know about the progress made towards it."""

    def series(self, day: date, source: str | None) -> tuple[Actual, ...]:
        """Return the values up to and including a day, in order: of the approved source if any, else the claims."""
        ...


def decide_metric(command: DefineMetric, state: MetricState, act: Act) -> Event:
    """Return MetricDefined; a metric is defined once."""
    if state.defined is not None:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="metric")
    parts = {"numerator": command.numerator, "denominator": command.denominator}
    named = [metric for metric in parts.values() if metric is not None]
    if len(named) == 1 or (named and command.combines is not Combines.RATIO):
        raise RatioParts()
    for name, metric in parts.items():
        _require(act, "metric", metric, name)
    _require(act, "unit", command.unit, "unit")
    return MetricDefined.model_validate(_fields(command))


def _fields(command: Command) -> dict[str, Any]:
    envelope = set(Command.model_fields)
    return {name: getattr(command, name) for name in type(command).model_fields if name not in envelope}


def _require(act: Act, kind: str, id: str | None, field_name: str) -> None:
    if id is not None and not act.facts.exists(kind, id):
        raise UnknownReference(kind=kind, field=field_name)


def decide_goal(command: Command, state: GoalState, measured: Measured, act: Act) -> Event:
    """Return the event of a command on a goal, or refuse it."""
    if isinstance(command, StateGoal):
        return _stated(command, state, act)
    if isinstance(command, ReopenGoal | WithdrawGoal | CloseGoal):
        return _turned(command, state, measured, act)
    state.require_running()
    if isinstance(command, DatedFact):
        return decide_annulment(command, state.dated, act)
    if isinstance(command, ReviseTarget):
        return _revised(command, state, act)
    return _answered(command, state, act)


def _stated(command: StateGoal, state: GoalState, act: Act) -> Event:
    adopts = isinstance(command, AssignGoal) and state.stage is Stage.PROPOSED
    if state.stage is not Stage.UNKNOWN and not adopts:
        raise AlreadyExists(kind="goal")
    if adopts and command.owner.subject != state.owner:
        raise OtherOwner()
    if command.ends_on < command.starts_on:
        raise PeriodReversed()
    _require_measurable(command, act)
    _require_parent(command.parent, act)
    fields = {**_fields(command), "owner": command.owner.subject, "employment": _employment(command, act)}
    if isinstance(command, ProposeGoal):
        return GoalProposed(**fields)
    return GoalAssigned(**fields, proposal=state.entry if adopts else None)


def _require_measurable(command: StateGoal, act: Act) -> None:
    _require(act, "metric", command.metric, "metric")
    direction = _direction(command.metric, act)
    if (command.tolerance is not None) != (direction is Direction.MAINTAIN):
        raise BandNeeded()
    _require_direction(direction, (command.baseline, command.target, command.stretch), act)


def _direction(metric: str, act: Act) -> Direction:
    direction: Direction = act.facts.state("metric", metric).defined.direction
    return direction


def _require_direction(direction: Direction, steps: tuple[Decimal | None, ...], act: Act) -> None:
    """Refuse unless baseline, target and stretch, as far as they are given, go the better way."""
    given = [step for step in steps if step is not None]
    if direction is Direction.DECREASE:
        given.reverse()
    if direction is not Direction.MAINTAIN and given != sorted(given):
        act.refuse(AgainstDirection(direction=direction.value))


def _require_parent(parent: str | None, act: Act) -> None:
    _require(act, "goal", parent, "parent")
    seen: set[str] = {act.id}
    above = parent
    while above is not None:
        if above in seen:
            raise Circle()
        seen.add(above)
        terms: GoalTerms | None = act.facts.state("goal", above).terms
        above = None if terms is None else terms.parent


def _employment(command: StateGoal, act: Act) -> str | None:
    """Return the employment the goal belongs to; refuse an owner who is not there when the goal starts."""
    owner = command.owner
    _require(act, owner.kind, owner.id, "owner")
    at = max(act.begins, begins(command.starts_on, act.facts.zone))
    if owner.kind == "unit":
        if not act.facts.state("unit", owner.id).is_live(at):
            act.refuse(UnitGone())
        return None
    running: str | None = act.facts.state("person", owner.id).employment_on(at)
    if running is None:
        act.refuse(AfterLastDay())
    elif command.employment not in {None, running}:
        raise UnknownReference(kind="employment", field="employment")
    return command.employment or running


def _owner(state: GoalState) -> Subject:
    if state.owner is None:
        raise NotFound()
    return state.owner


def _answered(command: Command, state: GoalState, act: Act) -> Event:
    owner = _owner(state)
    if act.actor == state.assigner:
        act.refuse(OwnAct())
    match command:
        case AcceptGoal():
            if state.answer is Answer.ACCEPTED:
                raise AlreadyRecorded()
            return GoalAccepted(owner=owner)
        case DisputeGoal(counter_target=counter_target, note=note):
            if state.answer is not None:
                raise AcceptedAlready() if state.answer is Answer.ACCEPTED else AlreadyRecorded()
            return GoalDisputed(owner=owner, counter_target=counter_target, note=note)
    raise TypeError(command)


def _require_reason(command: Command, act: Act) -> None:
    if command.reason is None:
        act.refuse(ReasonNeeded())


def _revised(command: ReviseTarget, state: GoalState, act: Act) -> Event:
    terms = state.terms
    if terms is None:
        raise NotFound()
    _require_reason(command, act)
    if day_of(act.begins, act.facts.zone) > terms.ends_on:
        raise OutsidePeriod()
    _require_direction(_direction(terms.metric, act), (terms.baseline, command.target, command.stretch), act)
    if state.targets["target"].says(act.begins, Target(command.target, command.stretch)):
        raise AlreadyRecorded()
    return GoalTargetRevised(owner=terms.owner, target=command.target, stretch=command.stretch)


def _turned(command: Command, state: GoalState, measured: Measured, act: Act) -> Event:
    """Return the event that ends the goal or takes an ending back."""
    owner, stage = _owner(state), state.stage
    match command:
        case CloseGoal():
            if stage is Stage.CLOSED:
                raise AlreadyRecorded()
            state.require_running()
            return closing_figures(state, measured, act)
        case ReopenGoal():
            if stage is Stage.ASSIGNED:
                raise AlreadyRecorded()
            if stage is not Stage.CLOSED:
                state.require_running()
            _require_reason(command, act)
            return GoalReopened(owner=owner)
        case WithdrawGoal():
            if stage is Stage.WITHDRAWN:
                raise AlreadyRecorded()
            if stage is not Stage.PROPOSED:
                state.require_running()
            _require_reason(command, act)
            return GoalWithdrawn(owner=owner)
    raise TypeError(command)


def closing_figures(state: GoalState, measured: Measured, act: Act) -> GoalClosed:
    """Return the closing event with the figures as of the goal's last day, or of the closing day if that is earlier."""
    terms = state.terms
    if terms is None:
        raise NotFound()
    metric: MetricDefined = act.facts.state("metric", terms.metric).defined
    day = min(terms.ends_on, day_of(act.begins, act.facts.zone))
    series = measured.series(day, metric.approved_source)
    actual = series[-1] if series else None
    target = state.target_on(day, act).value
    value = None if actual is None else actual.value
    progress = _progress(terms, metric.direction, target, series, day)
    attainment = figures.attainment(direction=metric.direction, target=target, actual=value)
    return GoalClosed(
        owner=terms.owner,
        metric=terms.metric,
        target=target,
        actual=value,
        actual_on=None if actual is None else actual.day,
        actual_from=None if actual is None else actual.origin,
        actual_entry=None if actual is None else actual.entry,
        progress=progress.value,
        progress_why=progress.why,
        attainment=attainment.value,
        attainment_why=attainment.why,
        reached=figures.reached(direction=metric.direction, target=target, actual=value, tolerance=terms.tolerance),
        formula=figures.FORMULA,
    )


def _progress(terms: GoalTerms, direction: Direction, target: Decimal, series: tuple[Actual, ...], day: date) -> Figure:
    if direction is Direction.MAINTAIN and terms.tolerance is not None:
        low, high = target - terms.tolerance, target + terms.tolerance
        until = day + timedelta(days=1)
        return figures.share_inside(series, low=low, high=high, starts_on=terms.starts_on, until=until)
    actual = series[-1].value if series else None
    return figures.progress(direction=direction, baseline=terms.baseline, target=target, actual=actual)


METRIC_COMMANDS = (DefineMetric,)
GOAL_COMMANDS = (
    ProposeGoal,
    AssignGoal,
    AcceptGoal,
    DisputeGoal,
    ReviseTarget,
    CloseGoal,
    ReopenGoal,
    WithdrawGoal,
    AnnulGoalEntry,
    RedateGoalEntry,
)
STREAMS = (
    StreamKind("metric", "metrics", "m", MetricState(), decide_metric, evolve_metric, METRIC_COMMANDS, caller_ids=True),
)
GOAL: Half[GoalState, Measured] = Half(GoalState(), decide_goal, evolve_goal, GOAL_COMMANDS)
