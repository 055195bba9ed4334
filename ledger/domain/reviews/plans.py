"""Improvement plans: what is to become better after a result, by when, and how it ended."""

from pydantic import Field

from ledger.domain.reviews.events import ImprovementPlanClosed, ImprovementPlanOpened, PlanOutcome, ReviewOpened
from ledger.domain.reviews.state import ReviewState
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Id
from ledger.kernel.moments import Day, begins
from ledger.kernel.refusals import AfterLastDay, OwnAct, PeriodReversed, Refusal
from ledger.kernel.texts import Note

_LEAD = (By("lead", "person"),)

# Commands


class OpenImprovementPlan(Command, stream="review", verb="open-plan", by=_LEAD):
    """Agree with the person what is to become better, by when."""

    starts_on: Day
    ends_on: Day = Field(description="the last day of the plan")
    goals: tuple[Id, ...] = Field(default=(), max_length=20)
    note: Note | None = None


class CloseImprovementPlan(Command, stream="review", verb="close-plan", by=_LEAD):
    """Say how the plan ended; an abandoned one with a reason."""

    outcome: PlanOutcome
    note: Note | None = None


COMMANDS = (OpenImprovementPlan, CloseImprovementPlan)


class PlanIsOpen(Refusal):
    """One plan runs at a time."""

    code = "plan_open"
    en = "An improvement plan is open."
    zh = "已有进行中的绩效改进计划。"
    accepted_en = "closing it first"
    accepted_zh = "先结束该计划"


class NoOpenPlan(Refusal):
    """There is no plan to close."""

    code = "no_open_plan"
    en = "There is no open improvement plan."
    zh = "没有进行中的绩效改进计划。"


# Decide


def decide_plan(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of a command on the improvement plan, or refuse it."""
    opened = state.in_force()
    if act.is_own(opened.person):
        act.refuse(OwnAct())
    match command:
        case OpenImprovementPlan():
            return _opened(command, state, opened, act)
        case CloseImprovementPlan(outcome=outcome, note=note):
            if state.plan is None:
                raise NoOpenPlan()
            if outcome is PlanOutcome.ABANDONED:
                act.require_reason(command)
            return ImprovementPlanClosed(person=opened.person, plan=state.plan, outcome=outcome, note=note)
    raise TypeError(command)


def _opened(command: OpenImprovementPlan, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    if state.plan is not None:
        raise PlanIsOpen()
    state.require_published()
    if command.ends_on < command.starts_on:
        raise PeriodReversed()
    for goal in command.goals:
        act.require_known("goal", goal, field="goals")
    if not act.facts.is_employed(opened.person, begins(command.starts_on, act.zone)):
        act.refuse(AfterLastDay())
    return ImprovementPlanOpened(
        person=opened.person,
        lead=act.actor,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        goals=tuple(dict.fromkeys(command.goals)),
        note=command.note,
    )
