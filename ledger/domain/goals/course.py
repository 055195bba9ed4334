"""The course of a goal: handed over, paused and resumed, with milestones on the way."""

from datetime import date, datetime

from ledger.domain.goals.commands import (
    HandOverGoal,
    MilestoneOutsidePeriod,
    NoSuchMilestone,
    NotPaused,
    PauseGoal,
    ReachMilestone,
    ResumeGoal,
    SetMilestone,
)
from ledger.domain.goals.events import (
    GoalHandedOver,
    GoalPaused,
    GoalResumed,
    GoalTerms,
    MilestoneReached,
    MilestoneSet,
)
from ledger.domain.goals.state import PAUSED, GoalState
from ledger.domain.goals.wholes import require_weight
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.moments import begins, day_of
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    InTheFuture,
    NotFound,
    UnitGone,
    UnknownReference,
)

COURSE_COMMANDS = (HandOverGoal, PauseGoal, ResumeGoal, SetMilestone, ReachMilestone)


def decide_course(command: Command, state: GoalState, act: Act) -> Event:
    """Return the event of a command on the course of a running goal, or refuse it."""
    terms = state.terms
    if terms is None:
        raise NotFound()
    match command:
        case HandOverGoal():
            return _handed_over(command, terms, act)
        case PauseGoal() | ResumeGoal():
            return _paused(command, state, terms.owner, act)
        case SetMilestone():
            return _milestone_set(command, state, terms, act)
        case ReachMilestone():
            return _milestone_reached(command, state, terms.owner, act)
    raise TypeError(command)


def _handed_over(command: HandOverGoal, terms: GoalTerms, act: Act) -> Event:
    act.require_happened()
    if command.taker.subject == terms.owner:
        raise AlreadyRecorded()
    act.require_reason(command)
    employment = employment_of(command.taker, command.employment, act.begins, act, field="taker")
    require_weight(terms, command.taker.subject, act)
    return GoalHandedOver(owner=terms.owner, taker=command.taker.subject, employment=employment)


def employment_of(holder: Holder, stated: str | None, at: datetime, act: Act, *, field: str) -> str | None:
    """Return the employment that a goal belongs to from an instant on; refuse who is not there at that time."""
    act.require_known(holder.kind, holder.id, field=field)
    if holder.kind == "unit":
        if not act.facts.state("unit", holder.id).is_live(at):
            act.refuse(UnitGone())
        return None
    if not act.facts.is_employed(holder.id, at):
        act.refuse(AfterLastDay())
    running: str | None = act.facts.state("person", holder.id).employment_on(at)
    if running is not None and stated not in {None, running}:
        raise UnknownReference(kind="employment", field="employment")
    return stated or running


def _paused(command: PauseGoal | ResumeGoal, state: GoalState, owner: Subject, act: Act) -> Event:
    pausing = isinstance(command, PauseGoal)
    if state.pauses[PAUSED].says(act.begins, pausing) or (pausing and state.is_paused(act.begins)):
        raise AlreadyRecorded()
    if not pausing and not state.is_paused(act.begins):
        raise NotPaused()
    if pausing:
        act.require_reason(command)
        return GoalPaused(owner=owner)
    return GoalResumed(owner=owner)


def _milestone_set(command: SetMilestone, state: GoalState, terms: GoalTerms, act: Act) -> Event:
    act.require_happened()
    if not terms.starts_on <= command.due_on <= terms.ends_on:
        raise MilestoneOutsidePeriod()
    known = state.milestones.get(command.milestone)
    if known is not None:
        if (known.due_on, known.share) == (command.due_on, command.share) and command.title is None:
            raise AlreadyRecorded()
        act.require_reason(command)
    return MilestoneSet(
        owner=terms.owner,
        milestone=command.milestone,
        due_on=command.due_on,
        share=command.share,
        title=command.title,
    )


def _milestone_reached(command: ReachMilestone, state: GoalState, owner: Subject, act: Act) -> Event:
    known = state.milestones.get(command.milestone)
    if known is None:
        raise NoSuchMilestone(milestone=command.milestone)
    day = _claimed_day(command, act)
    if known.reached_on is not None:
        raise AlreadyRecorded()
    if owner.kind == "person" and not act.facts.is_employed(owner.id, begins(day, act.zone)):
        act.refuse(AfterLastDay())
    return MilestoneReached(owner=owner, milestone=command.milestone, day=day, evidence=command.evidence)


def _claimed_day(command: ReachMilestone, act: Act) -> date:
    today = day_of(act.now, act.zone)
    day = command.day or day_of(act.begins, act.zone)
    if day > today:
        act.refuse(InTheFuture(today=today.isoformat()))
    return day
