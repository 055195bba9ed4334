"""Judging: assessments from every seat, the lead's rating, and the grade that calibration puts over it."""

from pydantic import Field

from ledger.domain.reviews.calibrations import CalibrationState
from ledger.domain.reviews.cycles import CycleStage, CycleState, StageNotBegun
from ledger.domain.reviews.events import (
    AssessmentKind,
    AssessmentReturned,
    AssessmentSubmitted,
    CalibrationCancelled,
    RatingCalibrated,
    RatingProposed,
    ReviewOpened,
)
from ledger.domain.reviews.state import Rating, ReviewState, require_on_scale
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Grade, Id
from ledger.kernel.refusals import AlreadyRecorded, OwnAct, Refusal
from ledger.kernel.texts import Note

ASSESSMENTS_MISSING = "assessments_missing"  # a mark: rated before everybody named had assessed
AFTER_STAGE = "after_stage"  # a mark: the stage it belongs to was closed already
AFTER_RATING = "after_rating"  # a mark: assessed when the rating was already there
STAGE_OF = {
    AssessmentKind.SELF: CycleStage.SELF_ASSESSMENT,
    AssessmentKind.PEER: CycleStage.PEER_ASSESSMENT,
    AssessmentKind.UPWARD: CycleStage.PEER_ASSESSMENT,
    AssessmentKind.DOTTED_LINE: CycleStage.PEER_ASSESSMENT,
}
_LEAD = (By("own", "judge"), By("lead", "person"))
_LEADS_LEAD = (By("lead", "proposer"),)

# Commands


class SubmitAssessment(
    Command,
    stream="review",
    verb="submit-assessment",
    by=(By("own", "person"), By("named", "assessors")),
    on_behalf=False,
):
    """Assess from the seat that the review gives: oneself, or as one of those named."""

    grade: Grade | None = None
    note: Note | None = None


class ReturnAssessment(Command, stream="review", verb="return-assessment", by=(*_LEAD, By("hr_partner", "person"))):
    """Send an assessment back to be done again, with a reason; the first one stays on record."""

    entry: Id
    note: Note | None = None


class ProposeRating(Command, stream="review", verb="propose-rating", by=(*_LEAD, By("hr_for_lead", "person"))):
    """Judge the result; before a publication another judgement takes its place, with a reason."""

    grade: Grade
    note: Note | None = None


class CalibrateRating(Command, stream="review", verb="calibrate", by=_LEADS_LEAD):
    """Put a grade over the one that stands, with a reason where it differs; or confirm it."""

    grade: Grade
    session: Id | None = Field(default=None, description="the calibration session it comes from")
    note: Note | None = None


class CancelCalibration(Command, stream="review", verb="cancel-calibration", by=_LEADS_LEAD):
    """Take the last calibrated grade back, with a reason; the one under it stands again."""


COMMANDS = (SubmitAssessment, ReturnAssessment, ProposeRating, CalibrateRating, CancelCalibration)


class NotAReviewer(Refusal):
    """Everybody assesses from their own seat, and only those who have one."""

    code, status, markable = "not_a_reviewer", 403, True
    en = "This review gives you no seat to assess from."
    zh = "您不在本次考核的评价人之列。"


class AssessmentInPlace(Refusal):
    """A submitted assessment is done again only after it was returned."""

    code, rule = "assessment_in_place", "contradictory_states_need_a_reversal"
    en = "Your assessment is submitted."
    zh = "您的评价已提交。"
    accepted_en = "another one after it was returned"
    accepted_zh = "退回后可重新提交"


class NoSuchAssessment(Refusal):
    """Only an assessment of this review that is in place is returned."""

    code = "no_such_assessment"
    en = "This entry is no assessment in place on this review."
    zh = "该条目不是此考核中有效的评价。"


class NotTheJudge(Refusal):
    """Once a review is handed over, only the taker rates."""

    code, status, markable, rule = "not_the_judge", 403, True, "exactly_one_accountable"
    en = "The review was handed over to somebody else."
    zh = "该考核已交接给他人。"


class NotRated(Refusal):
    """What is calibrated, and what is published, must have been rated first."""

    code, rule = "not_rated", "one_stage_is_not_the_decision"
    en = "There is no rating yet."
    zh = "尚无评级。"


class RatingIsCalibrated(Refusal):
    """Under a calibrated grade the proposal stays as it was."""

    code, rule = "rating_calibrated", "an_override_keeps_what_it_overrides"
    en = "The rating is calibrated."
    zh = "该评级已校准。"
    accepted_en = "cancelling the calibration first"
    accepted_zh = "先取消校准"


class NotCalibrated(Refusal):
    """Where the cycle plans a calibration, a proposal alone is not published."""

    code, markable, rule = "not_calibrated", True, "one_stage_is_not_the_decision"
    en = "The rating is not calibrated."
    zh = "该评级尚未校准。"


class NotInSession(Refusal):
    """A session calibrates the reviews of its cohort, by its members."""

    code, status, markable = "not_in_session", 403, True
    en = "The calibration session does not hold this review, or you were not in it."
    zh = "该校准会不包含此考核，或您未参加。"


class NothingCalibrated(Refusal):
    """There is no calibrated grade to cancel."""

    code = "nothing_calibrated"
    en = "There is no calibrated grade to cancel."
    zh = "没有可取消的校准结果。"


# Decide


def decide_judging(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of an assessment, a rating or a calibration, or refuse it."""
    opened = state.in_force()
    state.require_unpublished()
    match command:
        case SubmitAssessment():
            return _assessed(command, state, opened, act)
        case ReturnAssessment():
            return _returned(command, state, opened, act)
        case ProposeRating():
            return _rated(command, state, opened, act)
        case CalibrateRating():
            return _calibrated(command, state, opened, act)
        case CancelCalibration():
            return _cancelled(command, state, opened, act)
    raise TypeError(command)


def require_stage(stage: CycleStage, opened: ReviewOpened, act: Act) -> None:
    """Refuse what belongs to a planned stage that has never been opened, and mark what comes after its end."""
    if opened.cycle is None:
        return
    cycle: CycleState = act.facts.state("cycle", opened.cycle)
    if cycle.awaits(stage):
        act.refuse(StageNotBegun(stage=stage.value))
    elif cycle.is_over(stage):
        act.marks.append(AFTER_STAGE)


def _assessed(command: SubmitAssessment, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    kind = _seat(state, opened, act)
    require_stage(STAGE_OF[kind], opened, act)
    require_on_scale(command.grade, opened)
    if any(act.is_own(a.assessor) and a.kind is kind and not a.returned for a in state.assessments):
        raise AssessmentInPlace()
    if state.ratings:
        act.marks.append(AFTER_RATING)
    return AssessmentSubmitted(
        person=opened.person, assessor=act.actor, kind=kind, grade=command.grade, note=command.note
    )


def _seat(state: ReviewState, opened: ReviewOpened, act: Act) -> AssessmentKind:
    """Return from which seat the actor assesses; one seat each, the person's own first."""
    if act.is_own(opened.person):
        return AssessmentKind.SELF
    seats = (kind for kind, people in state.named.items() if any(act.is_own(person) for person in people))
    seat = next(seats, None)
    if seat is None:
        act.refuse(NotAReviewer())
    return seat or AssessmentKind.PEER


def _returned(command: ReturnAssessment, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    found = next((a for a in state.assessments if a.entry == command.entry and not a.returned), None)
    if found is None:
        raise NoSuchAssessment()
    if act.is_own(found.assessor) or act.is_own(opened.person):
        act.refuse(OwnAct())
    act.require_reason(command)
    return AssessmentReturned(person=opened.person, assessor=found.assessor, entry=found.entry, note=command.note)


def _rated(command: ProposeRating, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    if act.is_own(opened.person):
        act.refuse(OwnAct())
    if state.judge is not None and not act.is_own(state.judge):
        act.refuse(NotTheJudge())
    require_stage(CycleStage.REVIEW, opened, act)
    require_on_scale(command.grade, opened)
    if len(state.ratings) > 1:
        raise RatingIsCalibrated()
    standing = state.standing
    if standing is not None:
        if standing.grade == command.grade:
            raise AlreadyRecorded()
        act.require_reason(command)
    if missing_assessors(state, opened):
        act.marks.append(ASSESSMENTS_MISSING)
    return RatingProposed(
        person=opened.person, judge=act.principal or act.actor, grade=command.grade, note=command.note
    )


def missing_assessors(state: ReviewState, opened: ReviewOpened) -> frozenset[str]:
    """Return who has not assessed of the person and those named; their voices are absent, never a low grade."""
    in_place = {a.assessor for a in state.assessments if not a.returned}
    return (state.assessors | {opened.person}) - in_place


def _calibrated(command: CalibrateRating, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    standing = _standing(state)
    if act.is_own(opened.person) or state.is_proposed_by(act):
        act.refuse(OwnAct())
    require_stage(CycleStage.CALIBRATION, opened, act)
    require_on_scale(command.grade, opened)
    _require_session(command.session, act)
    if (standing.grade, standing.session) == (command.grade, command.session) and len(state.ratings) > 1:
        raise AlreadyRecorded()
    if command.grade != standing.grade:
        act.require_reason(command)
    return RatingCalibrated(
        person=opened.person,
        rating=standing.entry,
        before=standing.grade,
        after=command.grade,
        calibrator=act.principal or act.actor,
        session=command.session,
        note=command.note,
    )


def _standing(state: ReviewState) -> Rating:
    if state.standing is None:
        raise NotRated()
    return state.standing


def _require_session(session: str | None, act: Act) -> None:
    act.require_known("calibration", session, field="session")
    if session is None:
        return
    held: CalibrationState = act.facts.state("calibration", session)
    if act.id not in held.reviews or not any(map(act.is_own, held.members)):
        act.refuse(NotInSession())


def _cancelled(command: CancelCalibration, state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    if len(state.ratings) < 2:
        raise NotRated() if not state.ratings else NothingCalibrated()
    *_, under, last = state.ratings
    if act.is_own(opened.person) or state.is_proposed_by(act):
        act.refuse(OwnAct())
    act.require_reason(command)
    return CalibrationCancelled(person=opened.person, rating=last.entry, before=last.grade, after=under.grade)
