"""What is kept of feedback, coaching and comments, and by what it is found; never by a hidden author."""

from collections.abc import Iterable
from enum import StrEnum

from ledger.domain import feedback
from ledger.domain.feedback.coaching import CoachingState, evolve_coaching
from ledger.domain.feedback.comments import CommentState, evolve_comment
from ledger.domain.feedback.told import FeedbackState
from ledger.domain.feedback.told import evolve as evolve_feedback
from ledger.kernel.event import EVENTS
from projections.engine.kept import MERGES, Found, Kept, KeptFold, Standing, fold_kept, load_kept
from projections.engine.projection import Cursor, Events, Tables

ALL = "all"
CONTEXT = f"{feedback.__name__.rpartition('.')[2]}."


class State(StrEnum):
    """How far a piece of feedback has come."""

    REQUESTED = "requested"  # and not answered
    GIVEN = "given"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"


def state_of(told: FeedbackState) -> State:
    """Return how far a piece of feedback has come; what was corrected is unread again."""
    if told.withdrawn:
        return State.WITHDRAWN
    if not told.given:
        return State.REQUESTED
    return State.ACKNOWLEDGED if told.acknowledged else State.GIVEN


def _feedback_facets(state: FeedbackState) -> Iterable[Found]:
    if state.recipient is None:
        return
    yield "feedback", ALL
    yield "recipient", state.recipient
    yield "state", state_of(state).value
    if state.asked is not None:
        yield "asked", state.asked
    if state.given and state.pseudonym is None and state.giver is not None:
        yield "giver", state.giver


def _coaching_facets(state: CoachingState) -> Iterable[Found]:
    if state.person is None:
        return
    yield "coaching", ALL
    yield "coached", state.person
    if state.coach is not None:
        yield "coach", state.coach


def _comment_facets(state: CommentState) -> Iterable[Found]:
    if state.about is not None:
        yield "about", state.about.key


STANDINGS = {
    "feedback": Standing(FeedbackState(), evolve_feedback, _feedback_facets),
    "coaching": Standing(CoachingState(), evolve_coaching, _coaching_facets),
    "comment": Standing(CommentState(), evolve_comment, _comment_facets),
}
TOPICS = MERGES | {event.topic for event in EVENTS if event.topic.startswith(CONTEXT)}


def load(cursor: Cursor, tables: Tables, page: Events) -> Kept:
    """Read what is kept of the streams that a page is about."""
    return load_kept(cursor, tables, (e["stream"] for e in page if e["topic"] not in MERGES))


def fold(kept: Kept, page: Events) -> KeptFold:
    """Return the changes that a page makes."""
    return fold_kept(kept, page, STANDINGS)
