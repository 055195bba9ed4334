"""Results: published by somebody who did not rate alone, told in person, received, accepted or not."""

from hashlib import sha256

import orjson

from ledger.domain.reviews.cycles import CycleStage
from ledger.domain.reviews.events import (
    ResultAcceptanceRefused,
    ResultAccepted,
    ResultPublished,
    ResultReceived,
    ReviewMeetingHeld,
    ReviewOpened,
)
from ledger.domain.reviews.judging import NotCalibrated, NotRated, require_stage
from ledger.domain.reviews.opening import AppealIsOpen
from ledger.domain.reviews.state import Answer, Result, ReviewState
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import ContentHash
from ledger.kernel.refusals import AlreadyRecorded, OwnAct, Refusal
from ledger.kernel.texts import Note

_OWN = (By("own", "person"),)

# Commands


class PublishResult(Command, stream="review", verb="publish", by=(By("lead", "proposer"), By("role:hr_administrator"))):
    """Tell the person the grade that stands; from then on it changes by an appeal or a reopening only."""


class HoldReviewMeeting(
    Command, stream="review", verb="hold-meeting", by=(By("own", "judge"), By("lead", "person")), claim=True
):
    """Record that the result was told in person."""

    note: Note | None = None


class ReceiveResult(Command, stream="review", verb="receive", by=_OWN, on_behalf=False):
    """Say that the result was seen; that is no agreement."""


class AcceptResult(Command, stream="review", verb="accept", by=_OWN, on_behalf=False):
    """Accept exactly the result whose content hash is given."""

    content: ContentHash


class RefuseAcceptance(Command, stream="review", verb="refuse-acceptance", by=_OWN, on_behalf=False):
    """Do not accept the result; it stands, and may be appealed."""

    note: Note | None = None


COMMANDS = (PublishResult, HoldReviewMeeting, ReceiveResult, AcceptResult, RefuseAcceptance)


class OtherContent(Refusal):
    """What is accepted is the result that is published now, not another one."""

    code = "other_content"
    en = "The content hash is not that of the published result."
    zh = "内容哈希与已发布的结果不符。"


class AnsweredAlready(Refusal):
    """An answer to a result is given once."""

    code, rule = "answered_already", "contradictory_states_need_a_reversal"
    en = "You have answered this result: {answer}."
    zh = "您已对该结果作出答复：{answer}。"
    accepted_en = "an appeal, or another answer once the review was reopened"
    accepted_zh = "提出申诉，或在重新开启考核后另行答复"


# Decide


def decide_result(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of a command about the result, or refuse it."""
    opened = state.in_force()
    if isinstance(command, PublishResult):
        return _published(state, opened, act)
    result = state.require_published()
    match command:
        case HoldReviewMeeting(note=note):
            if act.is_own(opened.person):
                act.refuse(OwnAct())
            return ReviewMeetingHeld(person=opened.person, holder=act.actor, note=note)
        case ReceiveResult():
            if result.received:
                raise AlreadyRecorded()
            return ResultReceived(person=opened.person, result=result.entry)
        case AcceptResult() | RefuseAcceptance():
            return _answered(command, state, result, opened)
    raise TypeError(command)


def _published(state: ReviewState, opened: ReviewOpened, act: Act) -> Event:
    if state.result is not None:
        raise AlreadyRecorded()
    standing = state.standing
    if standing is None:
        raise NotRated()
    if act.is_own(opened.person) or state.is_proposed_by(act):
        act.refuse(OwnAct())
    require_stage(CycleStage.RESULTS, opened, act)
    if len(state.ratings) < 2 and _plans_calibration(opened, act):
        act.refuse(NotCalibrated())
    return ResultPublished(
        person=opened.person,
        grade=standing.grade,
        rating=standing.entry,
        publisher=act.principal or act.actor,
        content=content_hash(act.id, state, opened),
        replaces=state.results[-1] if state.results else None,
    )


def _plans_calibration(opened: ReviewOpened, act: Act) -> bool:
    return opened.cycle is not None and bool(act.facts.state("cycle", opened.cycle).plans(CycleStage.CALIBRATION))


def content_hash(review: str, state: ReviewState, opened: ReviewOpened) -> str:
    """Return the SHA-256 of what the result says: whose work in which period, by which goals, on which scale,
    every rating that was put over another, and the assessments in place.

    The hashed text is JSON with sorted keys and no spaces. It holds ids and grades, no sealed text.
    """
    said = {
        "review": review,
        "opened": orjson.loads(opened.clear_json()),
        "ratings": [[r.entry, r.grade, r.judge] for r in state.ratings],
        "assessments": [[a.entry, a.kind.value, a.grade] for a in state.assessments if not a.returned],
    }
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _answered(
    command: AcceptResult | RefuseAcceptance, state: ReviewState, result: Result, opened: ReviewOpened
) -> Event:
    if state.appeal is not None and state.appeal.outcome is None:
        raise AppealIsOpen()
    if result.answer is not None:
        same = (result.answer is Answer.ACCEPTED) == isinstance(command, AcceptResult)
        raise AlreadyRecorded() if same else AnsweredAlready(answer=result.answer.value)
    if isinstance(command, RefuseAcceptance):
        return ResultAcceptanceRefused(person=opened.person, result=result.entry, note=command.note)
    if command.content != result.content:
        raise OtherContent()
    return ResultAccepted(person=opened.person, result=result.entry, content=result.content)
