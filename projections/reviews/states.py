"""States of a review in one word, and what of a review is kept from the person it is about."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from ledger.domain.reviews.events import (
    AppealDecided,
    AppealOutcome,
    AssessmentReturned,
    AssessmentSubmitted,
    CalibrationCancelled,
    RatingCalibrated,
    RatingProposed,
    ResultPublished,
)
from ledger.domain.reviews.state import Answer, Phase, ReviewState
from projections.engine.kept import Line


class State(StrEnum):
    """How far a review has come; the furthest word counts."""

    OPENED = "opened"
    ASSESSED = "assessed"
    RATED = "rated"
    CALIBRATED = "calibrated"
    PUBLISHED = "published"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    APPEALED = "appealed"
    DECIDED = "decided"  # by an appeal, and not published anew
    EXEMPTED = "exempted"
    WITHDRAWN = "withdrawn"


def state_of(review: ReviewState) -> State:
    """Return how far a review has come."""
    if review.phase in (Phase.EXEMPTED, Phase.WITHDRAWN):
        return State(review.phase.value)
    if review.appeal is not None and review.appeal.outcome is None:
        return State.APPEALED
    if review.result is not None:
        return _told(review)
    if review.appeal is not None and review.appeal.outcome is AppealOutcome.CHANGED:
        return State.DECIDED
    if review.ratings:
        return State.RATED if len(review.ratings) == 1 else State.CALIBRATED
    return State.ASSESSED if any(not a.returned for a in review.assessments) else State.OPENED


def _told(review: ReviewState) -> State:
    result = review.result
    if result is None or not result.received:
        return State.PUBLISHED
    return {Answer.ACCEPTED: State.ACCEPTED, Answer.REFUSED: State.REFUSED, None: State.RECEIVED}[result.answer]


def assessors_of(review: ReviewState) -> frozenset[str]:
    """Return who still has to judge something of a review, by the ids recorded: named, handed it, or its decider.

    Whoever is named, until they have assessed or the work is rated; whom it was handed to, until the result is told.
    Leads are not among them: whose turn it is, duties say.
    """
    if review.phase is not Phase.OPEN:
        return frozenset()
    done = {a.assessor for a in review.assessments if not a.returned}
    named = frozenset() if review.ratings else review.assessors - done
    judging = review.result is None or not review.result.told
    seats = (review.judge if judging else None, review.decider)
    return named | {seat for seat in seats if seat is not None}


def told_to_the_person(lines: Sequence[Line], ids: Collection[str]) -> frozenset[str]:
    """Return the entries that the person of these ids may read: all but judgements that no publication has followed.

    `lines` are all that is recorded as of now, for what is unpublished stays closed whatever time is asked about. What
    the person wrote is theirs.
    """
    last = max((line.entry.position for line in lines if isinstance(line.entry.event, ResultPublished)), default=0)
    return frozenset(line.entry.event_id for line in lines if line.entry.position <= last or not _judges(line, ids))


def _judges(line: Line, ids: Collection[str]) -> bool:
    event = line.entry.event
    if isinstance(event, AssessmentSubmitted | AssessmentReturned):
        return event.assessor not in ids
    if isinstance(event, AppealDecided):
        return event.outcome is AppealOutcome.CHANGED
    return isinstance(event, RatingProposed | RatingCalibrated | CalibrationCancelled)
