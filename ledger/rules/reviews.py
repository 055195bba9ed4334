"""Rules about reviews: assessed, judged and calibrated by the end of each stage, told, and decided on appeal."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.policies.publishing import PolicyReviewed
from ledger.domain.reviews.calibrations import CalibrationHeld
from ledger.domain.reviews.cycles import (
    AssessorsBriefed,
    CycleClosed,
    CyclePlanned,
    CycleStage,
    CycleState,
    FindingsPresented,
    StageClosed,
    StageOpened,
)
from ledger.domain.reviews.events import (
    AppealAssigned,
    AppealDecided,
    AssessmentKind,
    AssessmentReturned,
    AssessmentSubmitted,
    RatingCalibrated,
    RatingProposed,
    ResultAppealed,
    ResultPublished,
    ReviewExempted,
    ReviewHandedOver,
    ReviewMeetingHeld,
    ReviewOpened,
    ReviewReopened,
    ReviewWithdrawn,
)
from ledger.domain.reviews.state import Phase, ReviewState
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Lookup, Rule, due_after, duty_id, ended, opened

OF_STAGE: Mapping[CycleStage, Kind] = {
    CycleStage.SELF_ASSESSMENT: Kind.ASSESS_ONESELF,
    CycleStage.REVIEW: Kind.JUDGE_RESULT,
    CycleStage.CALIBRATION: Kind.CALIBRATE,
}
OF_REVIEW = (
    Kind.ASSESS_ONESELF,
    Kind.JUDGE_RESULT,
    Kind.CALIBRATE,
    Kind.TELL_RESULT,
    Kind.ASSIGN_APPEAL,
    Kind.DECIDE_APPEAL,
)


def _subject(entry: Entry) -> Subject:
    kind, id = split_stream(entry.stream)
    return Subject(kind=kind, id=id)


def _person(id: str) -> Subject:
    return Subject(kind="person", id=id)


def _review(subject: Subject, looked: Looked) -> ReviewState:
    state: ReviewState = looked.facts.state("review", subject.id)
    return state


def _cycle(id: str, looked: Looked) -> CycleState:
    state: CycleState = looked.facts.state("cycle", id)
    return state


# ---- stages: each review owes something by the last day that is planned


def _stage_opened(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, StageOpened)
    asks: list[Ask] = []
    for review in looked.held:
        asks += _owed_in(entry.event.stage, review, entry.event_id, looked, rule)
    return asks


def _review_opened(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A review that is opened, or opened again, while stages run owes what they ask; one without a cycle, a result."""
    review = _subject(entry)
    cycle = _review(review, looked).cycle
    stages = [CycleStage.REVIEW] if cycle is None else [s for s in OF_STAGE if s in _cycle(cycle, looked).running]
    again = entry.event_id if isinstance(entry.event, ReviewReopened) else None
    asks: list[Ask] = []
    for stage in stages:
        asks += _owed_in(stage, review, entry.event_id, looked, rule, again=again)
    return asks


def _owed_in(
    stage: CycleStage, review: Subject, cause: str, looked: Looked, rule: Rule, *, again: str | None = None
) -> Iterable[Ask]:
    state = _review(review, looked)
    kind = OF_STAGE.get(stage)
    if kind is None or state.opened is None or state.phase is not Phase.OPEN or _is_done(kind, state):
        return []
    of = _seat_of(kind, state)
    due_on = None if state.cycle is None else _closes(stage, _cycle(state.cycle, looked), of, looked)
    return opened(
        rule, kind, looked, cause=cause, of=of, subject=review, due_on=due_on, answers=_answers(kind, state),
        once_for=f"{stage.value} {again or ''}",
    )  # fmt: skip


def _is_done(kind: Kind, state: ReviewState) -> bool:
    match kind:
        case Kind.ASSESS_ONESELF:
            own = [a for a in state.assessments if a.kind is AssessmentKind.SELF]
            return bool(own) and not own[-1].returned
        case Kind.JUDGE_RESULT:
            return bool(state.ratings)
    return not state.ratings or state.result is not None  # there is nothing to compare yet, or no longer


def _seat_of(kind: Kind, state: ReviewState) -> Subject:
    """Return whose seat it is: the leads' lead calibrates, so the lead of whoever judged."""
    assert state.opened is not None
    if kind is Kind.CALIBRATE and state.proposer is not None:
        return _person(state.proposer)
    return _person(state.opened.person)


def _answers(kind: Kind, state: ReviewState) -> str | None:
    if kind is Kind.CALIBRATE:
        return state.proposer
    return state.person if kind is Kind.JUDGE_RESULT else None


def _closes(stage: CycleStage, cycle: CycleState, of: Subject, looked: Looked) -> date | None:
    """Return the last day of a planned stage, but not before the next working day."""
    planned = () if cycle.plan is None else cycle.plan.stages
    last = next((one.closes_on for one in planned if one.stage is stage), None)
    return None if last is None else max(last, due_after(1, of, looked))


# ---- assessed, judged, calibrated


def _assessed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, AssessmentSubmitted)
    if entry.event.kind is not AssessmentKind.SELF:
        return []
    return ended(rule, entry, looked, entry.stream, Kind.ASSESS_ONESELF)


def _returned(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A self-assessment that goes back is owed again."""
    assert isinstance(entry.event, AssessmentReturned)
    if entry.event.assessor != entry.event.person:
        return []
    of = _person(entry.event.person)
    return opened(rule, Kind.ASSESS_ONESELF, looked, cause=entry.event_id, of=of, subject=_subject(entry))


def _judged(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, RatingProposed)
    done = ended(rule, entry, looked, entry.stream, Kind.JUDGE_RESULT, Kind.JUDGE_HANDED_OVER)
    cycle = _review(_subject(entry), looked).cycle
    if cycle is None or CycleStage.CALIBRATION not in _cycle(cycle, looked).running:
        return done
    return [*done, *_owed_in(CycleStage.CALIBRATION, _subject(entry), entry.event_id, looked, rule)]


def _handed_over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Who judges from now on has the duty in their own name."""
    assert isinstance(entry.event, ReviewHandedOver)
    owed = [state.opened for _, state in looked.live.about(entry.stream, (Kind.JUDGE_RESULT,)) if state.opened]
    if not owed:
        return []
    moot = ended(rule, entry, looked, entry.stream, Kind.JUDGE_RESULT, outcome=Outcome.MOOT)
    of = _person(entry.event.taker)
    fresh = opened(
        rule,
        Kind.JUDGE_HANDED_OVER,
        looked,
        cause=entry.event_id,
        of=of,
        subject=_subject(entry),
        due_on=max(owed[0].due_on, due_after(1, of, looked)),
        answers=entry.event.person,
    )
    return [*moot, *fresh]


def _calibrated(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    event = entry.event
    if not isinstance(event, CalibrationHeld):
        return ended(rule, entry, looked, entry.stream, Kind.CALIBRATE)
    asks: list[Ask] = []
    for review in event.reviews:
        asks += ended(rule, entry, looked, f"review/{review}", Kind.CALIBRATE)
    return asks


# ---- told, and decided on appeal


def _published(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, ResultPublished)
    review, of = _subject(entry), _person(entry.event.person)
    kinds = (Kind.JUDGE_RESULT, Kind.JUDGE_HANDED_OVER, Kind.CALIBRATE)
    moot = ended(rule, entry, looked, entry.stream, *kinds, outcome=Outcome.MOOT)
    return [*moot, *opened(rule, Kind.TELL_RESULT, looked, cause=entry.event_id, of=of, subject=review)]


def _told(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.TELL_RESULT)


def _appealed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, ResultAppealed)
    of = _person(entry.event.person)
    return opened(rule, Kind.ASSIGN_APPEAL, looked, cause=entry.event_id, of=of, subject=_subject(entry))


def _appeal_assigned(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Whoever is named has to decide; who was named before has not."""
    assert isinstance(entry.event, AppealAssigned)
    days = looked.facts.policy(looked.now).terms.appeal_days
    return [
        *ended(rule, entry, looked, entry.stream, Kind.ASSIGN_APPEAL),
        *ended(rule, entry, looked, entry.stream, Kind.DECIDE_APPEAL, outcome=Outcome.MOOT),
        *opened(
            rule,
            Kind.DECIDE_APPEAL,
            looked,
            cause=entry.event_id,
            of=_person(entry.event.decider),
            subject=_subject(entry),
            due_on=looked.today + timedelta(days=max(1, days)),
            answers=entry.event.person,
        ),
    ]


def _appeal_decided(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.DECIDE_APPEAL)


def _over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    kinds = (*OF_REVIEW, Kind.JUDGE_HANDED_OVER)
    return ended(rule, entry, looked, entry.stream, *kinds, outcome=Outcome.MOOT)


# ---- figures fed back: once a stage closes, to the leads of each unit whose members are reviewed


def _stage_closed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The HR partner of each unit has to present the figures to its leads; what a stage no longer asks is not ended."""
    assert isinstance(entry.event, StageClosed)
    people = (_review(review, looked).person for review in looked.held)
    units = dict.fromkeys(looked.facts.unit_of(person, looked.now) for person in people if person is not None)
    asks: list[Ask] = []
    for unit in units:
        if unit is not None:
            of = Subject(kind="unit", id=unit)
            stage = entry.event.stage.value
            asks += opened(
                rule,
                Kind.PRESENT_FINDINGS,
                looked,
                cause=entry.event_id,
                of=of,
                subject=_subject(entry),
                once_for=stage,
            )
    return asks


def _presented(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """What was owed for this stage and unit is done, and what was escalated from it."""
    assert isinstance(entry.event, FindingsPresented)
    unit = Subject(kind="unit", id=entry.event.unit)
    first = duty_id("stage-closed", Kind.PRESENT_FINDINGS, entry.event.stage.value, entry.stream, unit.key)
    ids = [first, *(above for above, _ in looked.live.above(first, entry.stream))]
    return [rule.discharge(id, entry.event_id, Outcome.DONE) for id in ids if looked.live.get(id) is not None]


# ---- what HR owes to a cycle


def _planned(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Those who are to assess are briefed before the first stage in which somebody does."""
    assert isinstance(entry.event, CyclePlanned)
    cycle = _subject(entry)
    assessing = [one.opens_on for one in entry.event.stages if one.stage in OF_STAGE]
    if not assessing or any(True for _ in looked.live.about(cycle.key, (Kind.BRIEF_ASSESSORS,))):
        return []
    due_on = max(min(assessing), due_after(1, cycle, looked))
    return opened(rule, Kind.BRIEF_ASSESSORS, looked, cause=entry.event_id, of=cycle, subject=cycle, due_on=due_on)


def _briefed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.BRIEF_ASSESSORS)


def _closed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """After a cycle its policy is held against what it did."""
    cycle = _subject(entry)
    return opened(rule, Kind.REVIEW_POLICY, looked, cause=entry.event_id, of=cycle, subject=POLICY)


def _policy_reviewed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.REVIEW_POLICY)


POLICY = Subject(kind="policy", id="performance")


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


RULES = (
    Rule("stage-opened", 1, _topics(StageOpened), _stage_opened, looks_up=Lookup.REVIEWS),
    Rule("stage-opened", 1, _topics(ReviewOpened, ReviewReopened), _review_opened),
    Rule("self-assessed", 1, _topics(AssessmentSubmitted), _assessed),
    Rule("self-assessment-returned", 1, _topics(AssessmentReturned), _returned),
    Rule("stage-opened", 1, _topics(RatingProposed), _judged),
    Rule("review-handed-over", 1, _topics(ReviewHandedOver), _handed_over),
    Rule("review-calibrated", 1, _topics(RatingCalibrated, CalibrationHeld), _calibrated),
    Rule("result-to-tell", 1, _topics(ResultPublished), _published),
    Rule("result-told", 1, _topics(ReviewMeetingHeld), _told),
    Rule("appeal-to-assign", 1, _topics(ResultAppealed), _appealed),
    Rule("appeal-to-decide", 1, _topics(AppealAssigned), _appeal_assigned),
    Rule("appeal-decided", 1, _topics(AppealDecided), _appeal_decided),
    Rule("review-over", 1, _topics(ReviewExempted, ReviewWithdrawn), _over),
    Rule("stage-closed", 1, _topics(StageClosed), _stage_closed, looks_up=Lookup.REVIEWS),
    Rule("findings-presented", 1, _topics(FindingsPresented), _presented),
    Rule("cycle-planned", 1, _topics(CyclePlanned), _planned),
    Rule("assessors-briefed", 1, _topics(AssessorsBriefed), _briefed),
    Rule("cycle-closed", 1, _topics(CycleClosed), _closed),
    Rule("policy-reviewed", 1, _topics(PolicyReviewed), _policy_reviewed),
)
