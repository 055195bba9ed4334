"""How a command on a goal is decided, and with which figures it closes."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction, Figure
from ledger.domain.goals.commands import (
    GOAL_COMMANDS,
    AcceptedAlready,
    AcceptGoal,
    AgainstDirection,
    AssignGoal,
    BandNeeded,
    CloseGoal,
    DisputeGoal,
    OtherOwner,
    OutsidePeriod,
    ProposeGoal,
    ReopenGoal,
    ReviseTarget,
    StateGoal,
    WithdrawGoal,
)
from ledger.domain.goals.events import (
    GoalAccepted,
    GoalAssigned,
    GoalClosed,
    GoalDisputed,
    GoalProposed,
    GoalReopened,
    GoalTargetRevised,
    GoalTerms,
    GoalWithdrawn,
)
from ledger.domain.goals.metrics import MetricDefined
from ledger.domain.goals.state import Answer, GoalState, Stage, Target, evolve_goal
from ledger.kernel.annulment import DatedFact, decide_annulment
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.joined import Half
from ledger.kernel.moments import begins, day_of
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    OwnAct,
    PeriodReversed,
    UnitGone,
    UnknownReference,
)


class Measured(Protocol):
    """What a goal must know about the progress made towards it."""

    def series(self, day: date, source: str | None) -> tuple[Actual, ...]:
        """Return the values up to and including a day, in order: of the approved source if any, else the claims."""
        ...


def decide_goal(command: Command, state: GoalState, measured: Measured, act: Act) -> Event:
    """Return the event of a command on a goal, or refuse it."""
    if isinstance(command, StateGoal):
        return _stated(command, state, act)
    if isinstance(command, ReopenGoal | WithdrawGoal | CloseGoal):
        act.require_happened()
        return _turned(command, state, measured, act)
    state.require_running()
    if isinstance(command, DatedFact):
        return decide_annulment(command, state.dated, act)
    if isinstance(command, ReviseTarget):
        return _revised(command, state, act)
    act.require_happened()
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
    fields = {**command.own_fields(), "owner": command.owner.subject, "employment": _employment(command, act)}
    if isinstance(command, ProposeGoal):
        return GoalProposed(**fields)
    return GoalAssigned(**fields, proposal=state.entry if adopts else None)


def _require_measurable(command: StateGoal, act: Act) -> None:
    act.require_known("metric", command.metric, field="metric")
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
    act.require_known("goal", parent, field="parent")
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
    act.require_known(owner.kind, owner.id, field="owner")
    at = max(act.begins, begins(command.starts_on, act.facts.zone))
    if owner.kind == "unit":
        if not act.facts.state("unit", owner.id).is_live(at):
            act.refuse(UnitGone())
        return None
    if not act.facts.is_employed(owner.id, at):
        act.refuse(AfterLastDay())
    running: str | None = act.facts.state("person", owner.id).employment_on(at)
    if running is not None and command.employment not in {None, running}:
        raise UnknownReference(kind="employment", field="employment")
    return command.employment or running


def _owner(state: GoalState) -> Subject:
    if state.owner is None:
        raise NotFound()
    return state.owner


def _answered(command: Command, state: GoalState, act: Act) -> Event:
    owner = _owner(state)
    if act.is_own(state.assigner):
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
    act.require_reason(command)


def _revised(command: ReviseTarget, state: GoalState, act: Act) -> Event:
    terms = state.terms
    if terms is None:
        raise NotFound()
    act.require_reason(command)
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
            act.require_reason(command)
            return GoalReopened(owner=owner)
        case WithdrawGoal():
            if stage is Stage.WITHDRAWN:
                raise AlreadyRecorded()
            if stage is not Stage.PROPOSED:
                state.require_running()
            act.require_reason(command)
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


GOAL: Half[GoalState, Measured] = Half(GoalState(), decide_goal, evolve_goal, GOAL_COMMANDS)
