"""Feedback and coaching projected: what a naive replay says at any time, and never an author who hides."""

from datetime import date, datetime
from functools import reduce
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.feedback import coaching as coached
from ledger.domain.feedback import comments as remarked
from ledger.domain.feedback import told
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.kernel.event import Entry, Event, Subject
from projections.engine import View
from projections.feedback import PROJECTION
from projections.feedback.coaching import Wanted as WantedCoaching
from projections.feedback.coaching import coaching, coachings, coverage
from projections.feedback.handlers import State, state_of
from projections.feedback.queries import Wanted, comments_about, feedback, feedback_list
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id, pages

PEOPLE = ["p-ann", "p-bob", "p-cat"]
GOAL = Subject(kind="goal", id="g-1")
people, days = st.sampled_from(PEOPLE), st.integers(0, 6)
FEEDBACK, COACHING = ["feedback/f-1", "feedback/f-2", "feedback/f-3"], ["coaching/h-1", "coaching/h-2"]
quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)


def given_to(recipient: str, visibility: told.Visibility, actor: str) -> told.FeedbackGiven:
    hidden = f"anonymous:{actor}" if visibility is told.Visibility.ANONYMOUS else None
    return told.FeedbackGiven(
        recipient=recipient, kind=told.FeedbackKind.ADVICE, visibility=visibility, pseudonym=hidden
    )


def about_ann(cls: Any) -> st.SearchStrategy[Event]:
    return st.just(cls(recipient="p-ann"))


feedback_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        told.FeedbackRequested, recipient=people, asked=people, requester=people, about=st.none(), note=st.none()
    ),
    st.builds(given_to, people, st.sampled_from(told.Visibility), people),
    st.builds(given_to, people, st.sampled_from(told.Visibility), people),
    about_ann(told.FeedbackCorrected),
    about_ann(told.FeedbackAcknowledged),
    about_ann(told.FeedbackWithdrawn),
)
coaching_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(coached.CoachingHeld, person=people, coach=people, note=st.none()),
    st.builds(
        coached.ActionAgreed, person=st.just("p-ann"), holder=people, due_on=st.just(date(2026, 1, 4)), text=st.none()
    ),
    st.builds(coached.ActionCompleted, person=st.just("p-ann"), holder=people, action=st.integers(1, 30).map(event_id)),
)
merges: st.SearchStrategy[Event] = st.just(PersonsMerged(into="p-cat")) | st.just(PersonsUnmerged(former="p-cat"))
steps = st.one_of(
    st.tuples(st.sampled_from(FEEDBACK), feedback_events, days, people),
    st.tuples(st.sampled_from(FEEDBACK), feedback_events, days, people),
    st.tuples(st.sampled_from(COACHING), coaching_events, days, people),
    st.tuples(st.sampled_from(["person/p-ann", "person/p-bob"]), merges, days, people),
)


class Replay:
    """The naive answer: every event folded again, by the ledger's own rules."""

    def __init__(self, history: History, known: int, on: datetime) -> None:
        self._history, self._known, self._on = history, known, on
        self.whole = {person: self._read(person) for person in PEOPLE}

    def entries(self, stream: str) -> list[Entry]:
        return [entry for entry in self._history.entries(stream, self._known) if entry.begins <= self._on]

    def _read(self, person: str) -> str:
        into = person
        for entry in self._history.entries(f"person/{person}", self._known):
            into = getattr(entry.event, "into", person)
        return into

    def feedback(self, stream: str) -> told.FeedbackState:
        return reduce(told.evolve, self.entries(stream), told.FeedbackState())

    def coaching(self, stream: str) -> coached.CoachingState:
        return reduce(coached.evolve_coaching, self.entries(stream), coached.CoachingState())


def history_of(chosen: list[tuple[str, Event, int, str]]) -> History:
    history = History()
    for stream, event, on, actor in chosen:
        hidden = event.hidden_actor()
        history.add(stream, event, day(on), actor=hidden or actor)
    return history


@given(
    chosen=st.lists(steps, max_size=30),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    known=st.integers(0, 30),
    on=days,
)
@quiet
def test_any_history_answers_like_a_replay_at_any_time(
    bench: Bench, chosen: list[tuple[str, Event, int, str]], cuts: list[int], known: int, on: int
) -> None:
    history = history_of(chosen)
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    try:
        known = min(known, len(history.stored))
        view, replay = bench.view(tables, len(history.stored)), Replay(history, known, day(on))
        check_feedback(view, replay, known, day(on))
        check_coaching(view, replay, known, day(on))
    finally:
        bench.drop(tables.build)


def check_feedback(view: View, replay: Replay, known: int, on: datetime) -> None:
    states = {stream.removeprefix("feedback/"): replay.feedback(stream) for stream in FEEDBACK}
    for id, state in states.items():
        found = feedback(view, id, on=on, known=known)
        assert (found is None) == (state.recipient is None)
        if found is None or state.recipient is None:
            continue
        assert (found.state, found.recipient) == (state_of(state), replay.whole[state.recipient])
        named = state.giver if state.given and state.pseudonym is None else None
        assert found.giver == (None if named is None else replay.whole[named])
        assert [line.entry for line in found.lines] == replay.entries(f"feedback/{id}")
    for person in PEOPLE:
        for wished in (None, State.REQUESTED, State.WITHDRAWN):
            listed, _ = feedback_list(view, Wanted(recipient=person, state=wished), on=on, known=known)
            assert [one.id for one in listed] == sorted(
                id
                for id, state in states.items()
                if state.recipient is not None
                and replay.whole[state.recipient] == replay.whole[person]
                and wished in (None, state_of(state))
            )


def check_coaching(view: View, replay: Replay, known: int, on: datetime) -> None:
    last: dict[str, datetime] = {}
    for stream in COACHING:
        state, found = replay.coaching(stream), coaching(view, stream.removeprefix("coaching/"), on=on, known=known)
        held = [e for e in replay.entries(stream) if isinstance(e.event, coached.CoachingHeld)]
        assert (found is None) == (not held)
        if found is None or state.person is None:
            continue
        first = held[0].event
        assert isinstance(first, coached.CoachingHeld)
        person = replay.whole[first.person]
        last[person] = max(last.get(person, held[0].begins), held[0].begins)
        done = {action.agreed.entry.event_id for action in found.actions if action.completed is not None}
        agreed = {e.event_id for e in replay.entries(stream) if isinstance(e.event, coached.ActionAgreed)}
        completed = {e.event.action for e in replay.entries(stream) if isinstance(e.event, coached.ActionCompleted)}
        assert done == agreed & completed
    members = coverage(view, PEOPLE, on=on, known=known)
    told_of = {
        person: None if one.last is None else one.last.held_at for person, one in zip(PEOPLE, members, strict=True)
    }
    assert told_of == {person: last.get(replay.whole[person]) for person in PEOPLE}


def built(bench: Bench, history: History) -> View:
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_what_was_given_without_a_name_is_found_by_no_name(bench: Bench) -> None:
    history = History()
    given = told.FeedbackGiven(
        recipient="p-ann",
        kind=told.FeedbackKind.CONCERN,
        visibility=told.Visibility.ANONYMOUS,
        pseudonym="anonymous:1",
        secret_digest="a" * 64,
    )
    history.add("feedback/f-1", given, day(0), actor="anonymous:1")
    history.add("feedback/f-1", told.FeedbackCorrected(recipient="p-ann", pseudonym="anonymous:1"), day(1))
    view = built(bench, history)
    found = feedback(view, "f-1")
    assert found is not None
    assert (found.giver, found.pseudonym, len(found.wordings)) == (None, "anonymous:1", 2)
    for name in ("anonymous:1", *PEOPLE):
        assert feedback_list(view, Wanted(giver=name)) == ([], None)


def test_what_is_taken_back_is_closed_at_every_time_and_stays_a_fact(bench: Bench) -> None:
    history = History()
    history.add("feedback/f-1", given_to("p-ann", told.Visibility.LINE, "p-bob"), day(0), actor="p-bob")
    history.add("feedback/f-1", told.FeedbackWithdrawn(recipient="p-ann"), day(3), actor="p-bob")
    view = built(bench, history)
    before, after = feedback(view, "f-1", on=day(1), known=1), feedback(view, "f-1")
    assert before is not None
    assert after is not None
    assert (before.state, before.closed) == (State.GIVEN, True)
    assert (after.state, after.closed, after.giver) == (State.WITHDRAWN, True, "p-bob")


def test_requests_unanswered_are_listed_page_by_page(bench: Bench) -> None:
    history = History()
    for number in range(5):
        asked = told.FeedbackRequested(recipient="p-ann", asked=PEOPLE[1 + number % 2], requester="p-lead")
        history.add(f"feedback/f-{number}", asked, day(0))
    history.add("feedback/f-2", given_to("p-ann", told.Visibility.NAMED, "p-bob"), day(1), actor="p-bob")
    view = built(bench, history)
    found, after = list[str](), ""
    while True:
        page, following = feedback_list(view, Wanted(state=State.REQUESTED), after=after, limit=2)
        found += [one.id for one in page]
        if following is None:
            break
        after = following
    assert found == ["f-0", "f-1", "f-3", "f-4"]
    assert [one.id for one in feedback_list(view, Wanted(asked="p-bob"))[0]] == ["f-0", "f-2", "f-4"]


def test_coverage_counts_the_sessions_of_a_period_and_what_is_still_to_be_done(bench: Bench) -> None:
    history = History()
    for number, on in enumerate((1, 5)):
        held = coached.CoachingHeld(person="p-ann", coach="p-lead", goals=("g-1",))
        history.add(f"coaching/h-{number}", held, day(on), actor="p-lead")
    for due in (date(2026, 1, 3), date(2026, 3, 1)):
        agreed = coached.ActionAgreed(person="p-ann", holder="p-ann", due_on=due)
        history.add("coaching/h-0", agreed, day(1), actor="p-lead")
    done = coached.ActionCompleted(person="p-ann", action=event_id(4), holder="p-ann")
    history.add("coaching/h-0", done, day(4), actor="p-ann")
    view = built(bench, history)
    (ann,) = coverage(view, ["p-ann"], on=day(6), since=day(2))
    assert ann.last is not None
    assert (ann.sessions, ann.last.id, ann.last.held_at) == (1, "h-1", day(5))
    assert [action.is_overdue(date(2026, 1, 7)) for action in ann.open_actions] == [True]
    assert coverage(view, ["p-bob"], on=day(6))[0].last is None
    assert [one.id for one in coachings(view, WantedCoaching(coach="p-lead"))[0]] == ["h-0", "h-1"]
    assert coachings(view, WantedCoaching(person="p-bob")) == ([], None)


def test_a_comment_waits_until_somebody_answers(bench: Bench) -> None:
    history = History()
    history.add("comment/x-1", remarked.CommentAdded(about=GOAL, author="p-ann", to="p-lead"), day(0), actor="p-ann")
    history.add("comment/x-1", remarked.CommentAnswered(about=GOAL, author="p-lead"), day(2), actor="p-lead")
    view = built(bench, history)
    (before,), _ = comments_about(view, GOAL.key, on=day(1))
    (after,), _ = comments_about(view, GOAL.key)
    assert (before.waits, after.waits, len(after.answers)) == (True, False, 1)
    assert comments_about(view, "goal/g-2") == ([], None)
