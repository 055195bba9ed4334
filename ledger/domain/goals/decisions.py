"""How a command on a goal is decided, and with which figures it closes."""

from decimal import Decimal

from ledger.domain.figures import Direction
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
    ParentNotRunning,
    ProposeGoal,
    ReopenGoal,
    ReviseTarget,
    ShareWithoutParent,
    StateGoal,
    WithdrawGoal,
)
from ledger.domain.goals.course import COURSE_COMMANDS, decide_course, employment_of
from ledger.domain.goals.events import (
    GoalAccepted,
    GoalAssigned,
    GoalDisputed,
    GoalProposed,
    GoalReopened,
    GoalTargetRevised,
    GoalTerms,
    GoalWithdrawn,
)
from ledger.domain.goals.scoring import Measured, closing_figures
from ledger.domain.goals.state import Answer, GoalState, Stage, Target, evolve_goal
from ledger.domain.goals.wholes import is_of, require_share, require_weight
from ledger.kernel.annulment import DatedFact, as_of_then, decide_annulment
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.joined import Half
from ledger.kernel.moments import begins, day_of
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    Circle,
    NotFound,
    OwnAct,
    PeriodReversed,
)


def decide_goal(command: Command, state: GoalState, measured: Measured, act: Act) -> Event:
    """Return the event of a command on a goal, or refuse it."""
    if isinstance(command, StateGoal):
        return _stated(command, state, act)
    if isinstance(command, ReopenGoal | WithdrawGoal | CloseGoal):
        act.require_happened()
        return _turned(command, state, measured, act)
    state.require_running()
    if isinstance(command, DatedFact):
        return _pointed(command, state, act)
    if isinstance(command, ReviseTarget):
        return _revised(command, state, act)
    if isinstance(command, COURSE_COMMANDS):
        return decide_course(command, state, act)
    act.require_happened()
    return _answered(command, state, act)


def _pointed(command: DatedFact, state: GoalState, act: Act) -> Event:
    event = decide_annulment(command, state.dated, act)
    then, ends_on = as_of_then(event, act), state.ends_on
    if then is None or ends_on is None or not state.targets.knows(command.entry):
        return event
    if day_of(then.begins, act.facts.zone) > ends_on:
        raise OutsidePeriod()
    return event


def _stated(command: StateGoal, state: GoalState, act: Act) -> Event:
    adopts = isinstance(command, AssignGoal) and state.stage is Stage.PROPOSED
    if state.stage is not Stage.UNKNOWN and not adopts:
        raise AlreadyExists(kind="goal")
    if adopts and not is_of(command.owner.subject, _owner(state), act):
        raise OtherOwner()
    if command.ends_on < command.starts_on:
        raise PeriodReversed()
    _require_measurable(command, act)
    if command.share is not None and command.parent is None:
        raise ShareWithoutParent()
    if isinstance(command, ProposeGoal):
        act.require_known("job-profile", command.profile, field="profile")
    _require_parent(command.parent, act)
    fields = {**command.own_fields(), "owner": command.owner.subject, "employment": _employment(command, act)}
    if isinstance(command, ProposeGoal):
        return GoalProposed(**fields)
    assigned = GoalAssigned(**fields, proposal=state.entry if adopts else None)
    require_share(assigned.parent, assigned.share, act)
    require_weight(assigned, assigned.owner, act)
    return assigned


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
    if parent is not None and parent != act.id and act.facts.state("goal", parent).stage is not Stage.ASSIGNED:
        act.refuse(ParentNotRunning())
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
    at = max(act.begins, begins(command.starts_on, act.zone))
    return employment_of(command.owner, command.employment, at, act, field="owner")


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
    target = Target(command.target, command.stretch)
    if state.targets["target"].says(act.begins, target) or (act.tells_what_is and state.target_from(act) == target):
        raise AlreadyRecorded()  # said again, it would only ask the owner for a new answer
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


GOAL: Half[GoalState, Measured] = Half(GoalState(), decide_goal, evolve_goal, GOAL_COMMANDS)
