"""Appeals: lodged by the person in time, decided by somebody who had no part in the result."""

from datetime import timedelta

from pydantic import Field

from ledger.domain.reviews.calibrations import CalibrationState
from ledger.domain.reviews.events import (
    AppealAssigned,
    AppealDecided,
    AppealOutcome,
    ResultAppealed,
    ReviewOpened,
)
from ledger.domain.reviews.opening import require_seat
from ledger.domain.reviews.results import AnsweredAlready
from ledger.domain.reviews.state import Answer, Appeal, AppealIsDecided, Rating, ReviewState, require_on_scale
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Code, Grade, Id
from ledger.kernel.refusals import AlreadyRecorded, Refusal
from ledger.kernel.texts import Note

# Commands


class AppealResult(Command, stream="review", verb="appeal", by=(By("own", "person"),), on_behalf=False):
    """Ask for another decision on a published result."""

    ground: Code = Field(description="what it is about, as in facts, procedure, grade")
    note: Note | None = None


class AssignAppeal(Command, stream="review", verb="assign-appeal", by=(By("role:hr_administrator"),)):
    """Name who decides the appeal: somebody who had no part in the result."""

    decider: Id


class DecideAppeal(Command, stream="review", verb="decide-appeal", by=(By("own", "decider"),), on_behalf=False):
    """Leave the result as it stands or change the grade, with a reason; a changed grade is published anew."""

    outcome: AppealOutcome
    grade: Grade | None = Field(default=None, description="the grade to stand, where the outcome is a change")
    note: Note | None = None


COMMANDS = (AppealResult, AssignAppeal, DecideAppeal)


class AppealTooLate(Refusal):
    """An appeal is lodged within the days that the policy gives, counted by recorded time."""

    code, markable = "appeal_too_late", True
    en = "A result can be appealed for {days} days after it was published."
    zh = "结果发布后 {days} 天内可提出申诉。"


class NoOpenAppeal(Refusal):
    """There is no appeal that waits for a decision."""

    code = "no_open_appeal"
    en = "There is no open appeal."
    zh = "没有待处理的申诉。"


class DeciderHadAPart(Refusal):
    """An appeal is decided by somebody who neither is judged nor has judged."""

    code, status, markable, rule = "decider_had_a_part", 403, True, "appeal_decider_is_independent"
    en = "An appeal is decided by somebody who had no part in the result."
    zh = "申诉须由未参与该结果的人员决定。"


class GradeAndOutcome(Refusal):
    """A change names another grade; a result that stands names none."""

    code, status = "grade_and_outcome", 422
    en = "A change needs a grade other than the one that stands, and only a change has one."
    zh = "仅在变更结果时须填写不同于现行等级的等级。"


# Decide


def decide_appeal(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of a command on an appeal, or refuse it."""
    opened = state.in_force()
    if isinstance(command, AppealResult):
        return _appealed(command, state, opened, act)
    appeal, standing = state.appeal, state.standing
    if appeal is None or appeal.outcome is not None or standing is None:
        raise NoOpenAppeal()
    match command:
        case AssignAppeal(decider=decider):
            if decider == appeal.decider:
                raise AlreadyRecorded()
            require_seat(decider, opened, act, field="decider")
            _require_no_part(decider, state, opened, act)
            return AppealAssigned(person=opened.person, appeal=appeal.entry, decider=decider)
        case DecideAppeal():
            return _decided(command, state, appeal, standing, opened, act)
    raise TypeError(command)


def _appealed(command: AppealResult, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    result = state.require_published()
    if state.appeal is not None and state.appeal.result == result.entry:
        raise AlreadyRecorded() if state.appeal.outcome is None else AppealIsDecided()
    if result.answer is Answer.ACCEPTED:
        raise AnsweredAlready(answer=result.answer.value)
    days = act.facts.policy(act.now).terms.appeal_days
    if act.now > result.published_at + timedelta(days=days):
        act.refuse(AppealTooLate(days=days))
    return ResultAppealed(person=opened.person, result=result.entry, ground=command.ground, note=command.note)


def _require_no_part(decider: str, state: ReviewState, opened: ReviewOpened, act: Act) -> None:
    """Refuse whoever assessed, rated, calibrated, sat in a session on it, or published it."""
    sessions: list[CalibrationState] = [act.facts.state("calibration", session) for session in state.sessions]
    taken = state.judges | {opened.person} | {member for session in sessions for member in session.members}
    if act.facts.resolved(decider) in {act.facts.resolved(person) for person in taken}:
        act.refuse(DeciderHadAPart())


def _decided(
    command: DecideAppeal, state: ReviewState, appeal: Appeal, standing: Rating, opened: ReviewOpened, act: Act
) -> Event:
    if appeal.decider is None or not act.is_own(appeal.decider):
        act.refuse(DeciderHadAPart())
    _require_no_part(act.actor, state, opened, act)
    act.require_reason(command)
    require_on_scale(command.grade, opened)
    changes = command.outcome is AppealOutcome.CHANGED
    if changes != (command.grade not in (None, standing.grade)) or (not changes and command.grade is not None):
        raise GradeAndOutcome()
    return AppealDecided(
        person=opened.person,
        appeal=appeal.entry,
        decider=act.actor,
        outcome=command.outcome,
        before=standing.grade,
        after=command.grade or standing.grade,
        note=command.note,
    )
