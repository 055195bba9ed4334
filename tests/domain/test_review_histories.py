"""Any history of reviews: whatever is asked in whatever order, no result stands against the rules."""

from __future__ import annotations

from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.domain.reviews import appeals, judging, opening, results
from ledger.domain.reviews import events as review
from ledger.domain.reviews.events import AppealOutcome
from ledger.domain.reviews.state import Answer, ReviewState
from ledger.domain.reviews.stream import STREAM
from ledger.kernel.event import Entry
from tests.domain.examples import company
from tests.domain.examples.reviews import REVIEW_OPENED, REVIEWERS
from tests.domain.given import Given, given

WORLD = company()
PEOPLE = ("p-ann", "p-bob", "p-lead", "p-boss", "p-hr")
USUAL: dict[type, str] = {
    judging.ProposeRating: "p-lead",
    judging.CalibrateRating: "p-boss",
    judging.CancelCalibration: "p-boss",
    results.PublishResult: "p-hr",
    results.RefuseAcceptance: "p-ann",
    results.AcceptResult: "p-ann",
    appeals.AppealResult: "p-ann",
    appeals.AssignAppeal: "p-hr",
    opening.ReopenReview: "p-hr",
    opening.HandOverReview: "p-lead",
}
people, grades = st.sampled_from(PEOPLE), st.sampled_from("abc")
actors = st.none() | st.none() | people  # mostly whoever usually does it
reasons: st.SearchStrategy[Any] = st.sampled_from(("facts", "cohort", "error", None))
asked = st.one_of(
    st.builds(judging.SubmitAssessment, grade=grades),
    st.builds(judging.ProposeRating, grade=grades, reason=reasons),
    st.builds(judging.CalibrateRating, grade=grades, reason=reasons),
    st.builds(judging.CancelCalibration, reason=reasons),
    st.builds(results.PublishResult),
    st.builds(results.RefuseAcceptance),
    st.just("accept"),
    st.builds(appeals.AppealResult, ground=st.just("facts")),
    st.builds(appeals.AssignAppeal, decider=people),
    st.builds(appeals.DecideAppeal, outcome=st.just(AppealOutcome.STANDS), reason=reasons),
    st.builds(appeals.DecideAppeal, outcome=st.just(AppealOutcome.CHANGED), grade=grades, reason=reasons),
    st.builds(opening.HandOverReview, taker=people),
    st.builds(opening.ReopenReview, reason=reasons),
)
Steps = list[tuple[Any, str | None]]
COURSE: Steps = [  # a course that reaches a decided appeal, from which histories branch off
    (judging.ProposeRating(grade="b"), None),
    (judging.CalibrateRating(grade="a", reason="cohort"), None),
    (results.PublishResult(), None),
    (appeals.AppealResult(ground="facts"), None),
    (appeals.AssignAppeal(decider="p-bob"), None),
]
histories: st.SearchStrategy[Steps] = st.builds(
    lambda begun, steps: [*COURSE[:begun], *steps],
    st.integers(0, len(COURSE)),
    st.lists(st.tuples(asked, actors), min_size=10, max_size=25),
)
JUDGING = (review.RatingProposed, review.RatingCalibrated, review.ResultPublished, review.AppealDecided)


def lived(steps: Steps) -> Given:
    """Return Ann's review after everything of `steps` that was accepted."""
    subject = given("review", "v-1", REVIEW_OPENED, REVIEWERS, world=WORLD)
    for step, somebody in steps:
        command = step
        if command == "accept":
            result = subject.state.result
            command = results.AcceptResult(content="0" * 64 if result is None else result.content)
        actor = somebody or USUAL.get(type(command)) or subject.state.decider or "p-bob"
        outcome = subject.when(command, actor=actor)
        if outcome.event is not None:
            subject.history.record("review", "v-1", outcome.event, by=actor)
    return subject


def own(subject: Given) -> list[Entry]:
    return [entry for entry in subject.history.entries if entry.stream == "review/v-1"]


@settings(max_examples=150, deadline=None)
@for_all(histories)
def test_no_history_lets_a_result_stand_against_the_rules(steps: Steps):
    subject = lived(steps)
    entries, state = own(subject), subject.state
    for entry in entries:
        if isinstance(entry.event, JUDGING):
            assert entry.actor != "p-ann", "nobody judges themselves"
    _published_in_turn(entries)
    _appeals_are_independent(entries)
    _standing(entries, state)
    assert STREAM.fold(entries) == state, "rebuilt is live"


def _published_in_turn(entries: list[Entry]) -> None:
    """Between two publications something turned the first back; each replaces the one before and has a rating."""
    last: str | None = None
    turned, rated, proposer = True, False, None
    for entry in entries:
        match entry.event:
            case review.RatingProposed(judge=judge):
                rated, proposer = True, judge
            case review.ReviewReopened():
                turned, rated = True, False
            case review.AppealDecided(outcome=AppealOutcome.CHANGED):
                turned = True
            case review.ResultPublished(replaces=replaces, publisher=publisher):
                assert (turned, rated, replaces) == (True, True, last)
                assert publisher != proposer, "nobody publishes what they alone judged"
                last, turned = entry.event_id, False


def _appeals_are_independent(entries: list[Entry]) -> None:
    taken = {"p-ann"}
    for entry in entries:
        if isinstance(entry.event, review.AppealDecided):
            assert entry.actor not in taken
        if isinstance(entry.event, (review.AssessmentSubmitted, *JUDGING)):
            taken.add(entry.actor)


def _standing(entries: list[Entry], state: ReviewState) -> None:
    """The grade published is the grade that stands; what is accepted is never appealed as well."""
    if state.result is not None:
        assert state.standing is not None
        assert state.result.grade == state.standing.grade
        open_appeal = state.appeal is not None and state.appeal.outcome is None
        assert not (open_appeal and state.result.answer is Answer.ACCEPTED)
    overrides = [e.event for e in entries if isinstance(e.event, review.RatingCalibrated)]
    known = {entry.event_id for entry in entries}
    assert all(override.rating in known for override in overrides), "an override names what it overrides"
