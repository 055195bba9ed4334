"""Where a review stands: its ratings one over the other, its published results, and who has judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain

from ledger.domain.reviews.events import (
    AppealAssigned,
    AppealDecided,
    AppealOutcome,
    AssessmentKind,
    AssessmentReturned,
    AssessmentSubmitted,
    CalibrationCancelled,
    ImprovementPlanClosed,
    ImprovementPlanOpened,
    RatingCalibrated,
    RatingProposed,
    ResultAcceptanceRefused,
    ResultAccepted,
    ResultAppealed,
    ResultPublished,
    ResultReceived,
    ReviewersNamed,
    ReviewExempted,
    ReviewHandedOver,
    ReviewMeetingHeld,
    ReviewOpened,
    ReviewReopened,
    ReviewWithdrawn,
)
from ledger.kernel.command import Act
from ledger.kernel.event import Entry, Event
from ledger.kernel.refusals import NotFound, Refusal


class Phase(StrEnum):
    """Whether a review is to lead to a result."""

    UNKNOWN = "unknown"
    OPEN = "open"
    EXEMPTED = "exempted"
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    """What the person said to a result."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One submitted assessment, and whether it was returned."""

    entry: str
    assessor: str
    kind: AssessmentKind
    grade: str | None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """One grade by one judge; `actor` acted for the judge, or is the judge. An override names its session."""

    entry: str
    grade: str
    judge: str
    actor: str
    session: str | None = None

    def is_by(self, act: Act) -> bool:
        """Tell whether who acts now, or on whose behalf, had a hand in this rating."""
        return act.is_own(self.judge) or act.is_own(self.actor)


@dataclass(frozen=True, slots=True)
class Result:
    """A published grade, and what has become of it."""

    entry: str
    grade: str
    content: str
    publisher: str
    published_at: datetime  # as recorded
    told: bool = False
    received: bool = False
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal against one result."""

    entry: str
    result: str
    decider: str | None = None
    outcome: AppealOutcome | None = None


@dataclass(frozen=True, slots=True)
class ReviewState:
    """A review. `ratings` holds the proposal and over it each override; the last is the one that stands."""

    phase: Phase = Phase.UNKNOWN
    opened: ReviewOpened | None = None
    named: Mapping[AssessmentKind, tuple[str, ...]] = field(default_factory=dict)
    judge: str | None = None  # whom the review was handed to; the lead of the day while nobody
    drafts: Mapping[str, str] = field(default_factory=dict)  # draft -> to whom it has travelled
    assessments: tuple[Assessment, ...] = ()
    ratings: tuple[Rating, ...] = ()
    result: Result | None = None
    results: tuple[str, ...] = ()  # the entries of all that were ever published
    appeal: Appeal | None = None
    judges: frozenset[str] = frozenset()  # everybody who ever assessed, rated, calibrated, published or decided
    sessions: frozenset[str] = frozenset()
    plan: str | None = None
    told_upto: int = 0  # the position of the last publication: judgements up to it are told
    assessed_by: Mapping[str, str] = field(default_factory=dict)  # entry of an assessment or its return -> whose it is

    @property
    def person(self) -> str | None:
        """Return whose work is judged."""
        return None if self.opened is None else self.opened.person

    @property
    def cycle(self) -> str | None:
        """Return the cycle that the review belongs to, if any."""
        return None if self.opened is None else self.opened.cycle

    @property
    def assessors(self) -> frozenset[str]:
        """Return everybody who is named to assess."""
        return frozenset(chain.from_iterable(self.named.values()))

    @property
    def standing(self) -> Rating | None:
        """Return the rating that stands."""
        return self.ratings[-1] if self.ratings else None

    @property
    def proposer(self) -> str | None:
        """Return who proposed the rating."""
        return self.ratings[0].judge if self.ratings else None

    @property
    def decider(self) -> str | None:
        """Return who is to decide the open appeal."""
        return None if self.appeal is None or self.appeal.outcome is not None else self.appeal.decider

    @property
    def unpublished(self) -> bool:
        """Tell whether there is a grade that the person is not told yet."""
        return bool(self.ratings) and self.result is None

    def is_proposed_by(self, act: Act) -> bool:
        """Tell whether who acts now, or on whose behalf, proposed the rating."""
        return bool(self.ratings) and self.ratings[0].is_by(act)

    def in_force(self) -> ReviewOpened:
        """Return what the review was opened with; refuse unless it is to lead to a result."""
        refusals: dict[Phase, type[Refusal]] = {Phase.EXEMPTED: ReviewIsExempted, Phase.WITHDRAWN: ReviewIsWithdrawn}
        if self.opened is None:
            raise NotFound()
        if self.phase in refusals:
            raise refusals[self.phase]()
        return self.opened

    def require_unpublished(self) -> None:
        """Refuse what would change a result that has been told, or what an appeal has decided."""
        if self.result is not None:
            raise ResultIsPublished()
        if self.appeal is not None and self.appeal.outcome is AppealOutcome.CHANGED:
            raise AppealIsDecided()

    def require_published(self) -> Result:
        """Return the result; refuse where none is published: what one stage found is not the decision."""
        if self.result is None:
            raise NotPublished()
        return self.result


def evolve_review(state: ReviewState, entry: Entry) -> ReviewState:
    """Return the state after `entry`."""
    event = entry.event
    for fold in (_opening, _judging, _told, _appealed):
        after = fold(state, event, entry)
        if after is not None:
            return after
    return state


def _opening(state: ReviewState, event: Event | None, entry: Entry) -> ReviewState | None:
    match event:
        case ReviewOpened():
            return ReviewState(Phase.OPEN, event)
        case ReviewExempted():
            return replace(state, phase=Phase.EXEMPTED)
        case ReviewWithdrawn():
            return replace(state, phase=Phase.WITHDRAWN)
        case ReviewReopened():
            return replace(state, phase=Phase.OPEN, ratings=(), result=None, appeal=None)
        case ReviewersNamed(peers=peers, upward=upward, dotted_line=dotted_line):
            kinds = (AssessmentKind.PEER, AssessmentKind.UPWARD, AssessmentKind.DOTTED_LINE)
            return replace(state, named=dict(zip(kinds, (peers, upward, dotted_line), strict=True)))
        case ReviewHandedOver(taker=taker, draft=draft):
            drafts = state.drafts if draft is None else {**state.drafts, draft: taker}
            return replace(state, judge=taker, drafts=drafts)
        case ImprovementPlanOpened():
            return replace(state, plan=entry.event_id)
        case ImprovementPlanClosed():
            return replace(state, plan=None)
    return None


def _judging(state: ReviewState, event: Event | None, entry: Entry) -> ReviewState | None:
    match event:
        case AssessmentSubmitted(assessor=assessor, kind=kind, grade=grade):
            fresh = Assessment(entry.event_id, assessor, kind, grade)
            judges = state.judges if kind is AssessmentKind.SELF else state.judges | {assessor}
            whose = {**state.assessed_by, entry.event_id: assessor}
            return replace(state, assessments=(*state.assessments, fresh), judges=judges, assessed_by=whose)
        case AssessmentReturned(entry=returned, assessor=assessor):
            marked = (replace(a, returned=True) if a.entry == returned else a for a in state.assessments)
            whose = {**state.assessed_by, entry.event_id: assessor}
            return replace(state, assessments=tuple(marked), assessed_by=whose)
        case RatingProposed(judge=judge, grade=grade):
            rating, judges = Rating(entry.event_id, grade, judge, entry.actor), state.judges | {judge, entry.actor}
            return replace(state, ratings=(rating,), judges=judges)
        case RatingCalibrated(after=after, calibrator=calibrator, session=session):
            rating = Rating(entry.event_id, after, calibrator, entry.actor, session)
            sessions = state.sessions if session is None else state.sessions | {session}
            judges = state.judges | {calibrator, entry.actor}
            return replace(state, ratings=(*state.ratings, rating), judges=judges, sessions=sessions)
        case CalibrationCancelled(rating=cancelled):
            return replace(state, ratings=tuple(r for r in state.ratings if r.entry != cancelled))
    return None


def _told(state: ReviewState, event: Event | None, entry: Entry) -> ReviewState | None:
    if isinstance(event, ResultPublished):
        result = Result(entry.event_id, event.grade, event.content, event.publisher, entry.recorded_at)
        published = (*state.results, entry.event_id)
        judges = state.judges | {event.publisher, entry.actor}
        return replace(state, result=result, results=published, judges=judges, told_upto=entry.position)
    if state.result is None:
        return None
    match event:
        case ReviewMeetingHeld():
            return replace(state, result=replace(state.result, told=True))
        case ResultReceived():
            return replace(state, result=replace(state.result, received=True))
        case ResultAccepted():
            return replace(state, result=replace(state.result, received=True, answer=Answer.ACCEPTED))
        case ResultAcceptanceRefused():
            return replace(state, result=replace(state.result, received=True, answer=Answer.REFUSED))
    return None


def _appealed(state: ReviewState, event: Event | None, entry: Entry) -> ReviewState | None:
    match event:
        case ResultAppealed(result=result):
            return replace(state, appeal=Appeal(entry.event_id, result))
        case AppealAssigned(decider=decider) if state.appeal is not None:
            return replace(state, appeal=replace(state.appeal, decider=decider))
        case AppealDecided(decider=decider, outcome=outcome, after=after) if state.appeal is not None:
            decided = replace(state, appeal=replace(state.appeal, outcome=outcome), judges=state.judges | {decider})
            if outcome is AppealOutcome.STANDS:
                return decided
            rating = Rating(entry.event_id, after, decider, entry.actor)
            return replace(decided, ratings=(*state.ratings, rating), result=None)
    return None


def require_on_scale(grade: str | None, opened: ReviewOpened) -> None:
    """Refuse a grade that the review's scale does not have, whatever another scale calls it."""
    if grade is not None and grade not in opened.scale.grades:
        raise GradeNotOnScale(grade=grade, scale=opened.scale.code)


class ReviewIsExempted(Refusal):
    """Who is exempted is not judged before the review is reopened."""

    code, rule = "review_exempted", "contradictory_states_need_a_reversal"
    en = "The person is exempted from this review."
    zh = "该人员已豁免本次考核。"
    accepted_en = "reopening the review first"
    accepted_zh = "先重新开启该考核"


class ReviewIsWithdrawn(Refusal):
    """A withdrawn review leads to nothing; another one is opened instead."""

    code, rule = "review_withdrawn", "contradictory_states_need_a_reversal"
    en = "The review is withdrawn."
    zh = "该考核已撤回。"
    accepted_en = "opening another review"
    accepted_zh = "另行开启考核"


class ResultIsPublished(Refusal):
    """A published result changes only by an appeal, or after the review was reopened."""

    code, rule = "result_published", "contradictory_states_need_a_reversal"
    en = "The result is published."
    zh = "该考核结果已发布。"
    accepted_en = "an appeal, or reopening the review first"
    accepted_zh = "提出申诉，或先重新开启该考核"


class NotPublished(Refusal):
    """Only a published result is told, answered and appealed."""

    code, rule = "result_not_published", "one_stage_is_not_the_decision"
    en = "No result is published: an assessment or a rating alone is none."
    zh = "尚未发布结果：单凭评价或评级不构成结果。"


class GradeNotOnScale(Refusal):
    """A grade means something on its own scale only."""

    code, status = "grade_not_on_scale", 422
    en = "The scale {scale} has no grade {grade}."
    zh = "等级标准 {scale} 中没有等级 {grade}。"


class AppealIsDecided(Refusal):
    """What an appeal has decided stands: it is published anew, and not appealed or judged again."""

    code, rule = "appeal_decided", "contradictory_states_need_a_reversal"
    en = "The appeal against this result is decided."
    zh = "对该结果的申诉已作出决定。"
    accepted_en = "reopening the review once the result is published"
    accepted_zh = "结果发布后重新开启该考核"
