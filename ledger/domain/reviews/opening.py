"""Opening a review, saying who takes part in it, handing it over, exempting, withdrawing and reopening it."""

from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from pydantic import Field

from ledger.domain.reviews.cycles import CycleState, Grades
from ledger.domain.reviews.drafts import DraftState
from ledger.domain.reviews.events import (
    GoalAsItStood,
    ReviewersNamed,
    ReviewExempted,
    ReviewHandedOver,
    ReviewOpened,
    ReviewReopened,
    ReviewWithdrawn,
)
from ledger.domain.reviews.planning import scale_of
from ledger.domain.reviews.state import Phase, ReviewState
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day, begins
from ledger.kernel.policy import Scale
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    NotFound,
    OwnAct,
    PeriodReversed,
    Refusal,
    UnknownReference,
)
from ledger.kernel.timeline import held_within

_HR = (By("role:hr_administrator"),)
_LEAD = (By("own", "judge"), By("lead", "person"))
_SUPPORTED = (*_LEAD, By("hr_partner", "person"), *_HR)


class Terms(Protocol):
    """What a review keeps of a goal's terms."""

    @property
    def metric(self) -> str: ...
    @property
    def baseline(self) -> Decimal | None: ...
    @property
    def weight(self) -> Decimal | None: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...


# Commands


class OpenReview(
    Command,
    stream="review",
    verb="open",
    by=(*_HR, By("lead", "person"), By("hr_partner", "person"), By("system", "rules")),
    starts=True,
):
    """Begin to judge a person's work in a period; goals and scale are kept as they stand now."""

    person: Id
    employment: Id | None = Field(default=None, description="the employment that ran last in the period if absent")
    cycle: Id | None = None
    starts_on: Day | None = Field(default=None, description="the cycle's first day if absent")
    ends_on: Day | None = Field(default=None, description="the last day; the cycle's if absent")
    goals: tuple[Id, ...] = Field(default=(), max_length=100)
    scale: Code | None = Field(default=None, description="only without a cycle")
    grades: Grades | None = Field(default=None, description="only without a cycle, where no policy states the scale")


class ExemptFromReview(Command, stream="review", verb="exempt", by=(*_HR, By("lead", "person"))):
    """Leave the person out this time, with a reason."""


class NameReviewers(Command, stream="review", verb="name-reviewers", by=_SUPPORTED):
    """Say who is to assess besides the person and the lead; what is submitted already stays."""

    peers: tuple[Id, ...] = Field(default=(), max_length=20)
    upward: tuple[Id, ...] = Field(default=(), max_length=50, description="those whom the person leads")
    dotted_line: tuple[Id, ...] = Field(default=(), max_length=10)


class HandOverReview(Command, stream="review", verb="hand-over", by=(*_LEAD, *_HR)):
    """Let somebody else judge from now on, as when the lead changes; the giver's draft may travel along."""

    taker: Id
    draft: Id | None = Field(default=None, description="a draft of the giver for this review")


class ReopenReview(Command, stream="review", verb="reopen", by=(*_HR, By("lead", "proposer"))):
    """Judge again as a whole what was exempted or published, with a reason."""


class WithdrawReview(Command, stream="review", verb="withdraw", by=(*_HR, By("lead", "person"))):
    """Take back a review that should not have been opened, with a reason."""


COMMANDS = (OpenReview, ExemptFromReview, NameReviewers, HandOverReview, ReopenReview, WithdrawReview)


class OutsideCycle(Refusal):
    """A review's period lies within its cycle's."""

    code, status = "outside_cycle", 422
    en = "The period does not lie within that of the cycle, or is not given."
    zh = "考核区间须在绩效周期之内，且不得缺失。"


class ReviewedAlready(Refusal):
    """In one cycle each day of an employment is judged once; where the manager changed, each judges their part."""

    code, markable = "reviewed_already", True
    en = "There is a review of this employment in this cycle for days of this period."
    zh = "该周期内已有针对此段雇佣关系且时间重叠的考核。"
    accepted_en = "the review that is there, or one of other days"
    accepted_zh = "使用已有的考核，或针对其他时间段的考核"


class CycleHasScale(Refusal):
    """In a cycle everybody is graded on the cycle's scale."""

    code, status = "cycle_has_scale", 422
    en = "Within a cycle the cycle's scale holds; without one a scale is needed."
    zh = "绩效周期内使用该周期的等级标准；无周期时须指定等级标准。"


class NotTheirGoal(Refusal):
    """A person is judged by goals that bind them in the period."""

    code, status = "not_their_goal", 422
    en = "The goal {goal} is not one that this person was assigned for a time in this period."
    zh = "目标 {goal} 并非该人员在此区间内承担的目标。"


class AppealIsOpen(Refusal):
    """While an appeal is open nothing else is done about the result."""

    code, rule = "appeal_open", "contradictory_states_need_a_reversal"
    en = "An appeal is open."
    zh = "申诉尚未处理完毕。"
    accepted_en = "deciding the appeal first"
    accepted_zh = "先对申诉作出决定"


# Decide


def decide_opening(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of a command on the course of a review, or refuse it."""
    if isinstance(command, OpenReview):
        return _opened(command, state, act)
    if isinstance(command, ReopenReview):
        return _reopened(command, state, act)
    if isinstance(command, ExemptFromReview) and state.phase is Phase.EXEMPTED:
        raise AlreadyRecorded()
    if isinstance(command, WithdrawReview):
        return _withdrawn(command, state, act)
    opened = state.in_force()
    match command:
        case ExemptFromReview():
            state.require_unpublished()
            act.require_reason(command)
            return ReviewExempted(person=opened.person)
        case NameReviewers():
            return _named(command, state, opened, act)
        case HandOverReview():
            return _handed_over(command, state, opened, act)
    raise TypeError(command)


def _opened(command: OpenReview, state: ReviewState, act: Act) -> Event:
    if state.opened is not None:
        raise AlreadyExists(kind="review")
    act.require_known("person", command.person, field="person")
    act.require_known("cycle", command.cycle, field="cycle")
    cycle: CycleState | None = None if command.cycle is None else act.facts.state("cycle", command.cycle)
    if cycle is not None:
        cycle.require_open()
    first, last = _period(command, cycle)
    employment = _employment(command, first, last, act)
    _require_only_one(command, employment, (first, last), act)
    return ReviewOpened(
        person=command.person,
        employment=employment,
        cycle=command.cycle,
        starts_on=first,
        ends_on=last,
        goals=tuple(dict.fromkeys(command.goals)),
        terms=tuple(_as_it_stands(goal, command.person, (first, last), act) for goal in dict.fromkeys(command.goals)),
        scale=_scale(command, cycle, act),
        policy_version=_policy_version(cycle, act),
    )


def _require_only_one(command: OpenReview, employment: str | None, period: tuple[date, date], act: Act) -> None:
    """Refuse a second review of an employment in a cycle for days that another covers."""
    if command.cycle is None:
        return
    for review in (
        review for id in act.ids_of(command.person) for review in act.facts.naming("person", id, of="review")
    ):
        other: ReviewState = act.facts.state("review", review)
        opened = other.opened
        if opened is None or other.phase is Phase.WITHDRAWN:
            continue
        same = (opened.cycle, opened.employment) == (command.cycle, employment)
        if same and opened.starts_on <= period[1] and period[0] <= opened.ends_on:
            act.refuse(ReviewedAlready())


def _policy_version(cycle: CycleState | None, act: Act) -> int:
    if cycle is None or cycle.policy_version is None:
        return act.facts.policy(act.begins).version
    return cycle.policy_version


def _period(command: OpenReview, cycle: CycleState | None) -> tuple[date, date]:
    plan = None if cycle is None else cycle.plan
    first = command.starts_on or (None if plan is None else plan.starts_on)
    last = command.ends_on or (None if plan is None else plan.ends_on)
    if first is None or last is None:
        raise OutsideCycle()
    if last < first:
        raise PeriodReversed()
    if plan is not None and not plan.starts_on <= first <= last <= plan.ends_on:
        raise OutsideCycle()
    return first, last


def _employment(command: OpenReview, first: date, last: date, act: Act) -> str | None:
    """Return the employment that is judged; whoever has left since is judged all the same."""
    line = act.facts.state("person", act.facts.resolved(command.person)).lines["employment"]
    found = next(held_within(line, begins(first, act.zone), begins(last, act.zone)), None)
    if found is None:
        act.refuse(AfterLastDay())
    if found is not None and command.employment not in (None, found):
        raise UnknownReference(kind="employment", field="employment")
    return command.employment or found


def _scale(command: OpenReview, cycle: CycleState | None, act: Act) -> Scale:
    if cycle is not None and cycle.scale is not None:
        if command.scale is not None or command.grades is not None:
            raise CycleHasScale()
        return cycle.scale
    if command.scale is None:
        raise CycleHasScale()
    return scale_of(command.scale, command.grades, act)


def _as_it_stands(goal: str, person: str, period: tuple[date, date], act: Act) -> GoalAsItStood:
    """Return the terms of a goal with the target in force on the last of its days in the period, or today."""
    act.require_known("goal", goal, field="goals")
    state: Any = act.facts.state("goal", goal)
    terms: Terms | None = state.terms
    first, last = period
    theirs = _is_of(state.owner, person, act) and state.stage in ("assigned", "closed")
    if terms is None or not theirs or terms.ends_on < first or last < terms.starts_on:
        raise NotTheirGoal(goal=goal)
    target: Decimal = state.target_on(min(last, terms.ends_on), act).value
    return GoalAsItStood(
        goal=goal,
        metric=terms.metric,
        baseline=terms.baseline,
        target=target,
        weight=terms.weight,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
    )


def _is_of(owner: Subject | None, person: str, act: Act) -> bool:
    """Tell whether a goal is the person's, under whichever of merged ids."""
    if owner is None or owner.kind != "person":
        return False
    return act.facts.resolved(owner.id) == act.facts.resolved(person)


def _named(command: NameReviewers, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    state.require_unpublished()
    lists = {"peers": command.peers, "upward": command.upward, "dotted_line": command.dotted_line}
    for field, people in lists.items():
        for person in people:
            require_seat(person, opened, act, field=field)
    event = ReviewersNamed(
        person=opened.person, **{field: tuple(dict.fromkeys(people)) for field, people in lists.items()}
    )
    if tuple(state.named.values()) == (event.peers, event.upward, event.dotted_line):
        raise AlreadyRecorded()
    return event


def require_seat(person: str, opened: ReviewOpened, act: Act, *, field: str) -> None:
    """Refuse whom the ledger does not know or does not employ, and the person who is judged."""
    act.require_known("person", person, field=field)
    if act.facts.resolved(person) == act.facts.resolved(opened.person):
        act.refuse(OwnAct())
    if not act.facts.is_employed(person, act.begins):
        act.refuse(AfterLastDay())


def _handed_over(command: HandOverReview, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    state.require_unpublished()
    giver = state.judge or act.facts.lead_of(opened.person, act.begins)
    if state.judge == command.taker and state.drafts.get(command.draft or "", command.taker) == command.taker:
        raise AlreadyRecorded()
    require_seat(command.taker, opened, act, field="taker")
    if command.draft is not None:
        draft: DraftState = act.facts.state("draft", command.draft)
        keeper = state.drafts.get(command.draft, draft.writer)
        if draft.review != act.id or keeper is None or act.facts.resolved(keeper) == act.facts.resolved(opened.person):
            raise UnknownReference(kind="draft", field="draft")
    return ReviewHandedOver(person=opened.person, giver=giver, taker=command.taker, draft=command.draft)


def _reopened(command: ReopenReview, state: ReviewState, act: Act) -> Event:
    if state.opened is None:
        raise NotFound()
    if state.phase is Phase.WITHDRAWN:
        state.in_force()
    if state.appeal is not None and state.appeal.outcome is None:
        raise AppealIsOpen()
    if state.phase is Phase.OPEN and state.result is None:
        raise AlreadyRecorded()
    act.require_reason(command)
    return ReviewReopened(person=state.opened.person)


def _withdrawn(command: WithdrawReview, state: ReviewState, act: Act) -> Event:
    if state.phase is Phase.WITHDRAWN:
        raise AlreadyRecorded()
    if state.opened is None:
        raise NotFound()
    state.require_unpublished()
    act.require_reason(command)
    return ReviewWithdrawn(person=state.opened.person)
