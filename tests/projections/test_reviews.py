"""Reviews and cycles: the projection says what a naive replay of the ledger says, at any time and as known at any."""

from datetime import date
from functools import reduce
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.domain.reviews import events as said
from ledger.domain.reviews.cycles import (
    CycleClosed,
    CycleOpened,
    CyclePhase,
    CyclePlanned,
    CycleStage,
    CycleState,
    PlannedStage,
    StageClosed,
    StageOpened,
    evolve_cycle,
)
from ledger.domain.reviews.state import ReviewState, evolve_review
from ledger.kernel.event import Entry, Event
from ledger.kernel.policy import Scale
from projections.engine import View
from projections.reviews import PROJECTION, boards
from projections.reviews.queries import Wanted, review, reviews
from projections.reviews.states import State, assessors_of, state_of
from tests.projections.conftest import Bench
from tests.projections.histories import START, History, day, event_id, pages

SCALE = Scale(code="abc", grades=("c", "b", "a"))
PERIOD: dict[str, Any] = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 6, 30)}
PEOPLE = ["p-ann", "p-bob", "p-cat"]
CONTENT = "ab" * 32


def opened(person: str = "p-ann", cycle: str | None = "k-1") -> said.ReviewOpened:
    return said.ReviewOpened(person=person, cycle=cycle, **PERIOD, scale=SCALE, policy_version=0)


def assessed(assessor: str, kind: said.AssessmentKind = said.AssessmentKind.PEER) -> said.AssessmentSubmitted:
    return said.AssessmentSubmitted(person="p-ann", assessor=assessor, kind=kind, grade="b")


RATED = said.RatingProposed(person="p-ann", judge="p-lead", grade="b")
PUBLISHED = said.ResultPublished(person="p-ann", grade="a", rating="r-1", publisher="p-hr", content=CONTENT)
ABOUT = {"person": st.just("p-ann")}
people, entries, grades = st.sampled_from(PEOPLE), st.integers(1, 30).map(event_id), st.sampled_from("abc")
review_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(opened, person=people, cycle=st.sampled_from([None, "k-1", "k-2"])),
    st.builds(said.ReviewersNamed, **ABOUT, peers=st.lists(people, max_size=2).map(tuple)),
    st.builds(assessed, assessor=people, kind=st.sampled_from(said.AssessmentKind)),
    st.builds(said.AssessmentReturned, **ABOUT, assessor=people, entry=entries),
    st.builds(said.RatingProposed, **ABOUT, judge=people, grade=grades),
    st.builds(
        said.RatingCalibrated, **ABOUT, rating=entries, before=grades, after=grades, calibrator=people, note=st.none()
    ),
    st.builds(said.CalibrationCancelled, **ABOUT, rating=entries, before=grades, after=grades),
    st.just(PUBLISHED),
    st.builds(said.ReviewMeetingHeld, **ABOUT, holder=people, note=st.none()),
    st.builds(said.ResultReceived, **ABOUT, result=entries),
    st.builds(said.ResultAccepted, **ABOUT, result=entries, content=st.just(CONTENT)),
    st.builds(said.ResultAppealed, **ABOUT, result=entries, ground=st.just("facts"), note=st.none()),
    st.builds(said.AppealAssigned, **ABOUT, appeal=entries, decider=people),
    st.builds(
        said.AppealDecided,
        **ABOUT,
        appeal=entries,
        decider=people,
        outcome=st.sampled_from(said.AppealOutcome),
        before=grades,
        after=grades,
        note=st.none(),
    ),
    st.builds(said.ReviewHandedOver, **ABOUT, giver=people, taker=people),
    st.builds(said.ReviewExempted, **ABOUT),
    st.builds(said.ReviewReopened, **ABOUT),
    st.builds(said.ReviewWithdrawn, **ABOUT),
)
merge_events: st.SearchStrategy[Event] = st.builds(PersonsMerged, into=people) | st.builds(
    PersonsUnmerged, former=people
)
days = st.integers(0, 6)
streams = st.sampled_from(["review/v-1", "review/v-2", "review/v-3"])
steps = st.tuples(streams, review_events, days) | st.tuples(people.map("person/{}".format), merge_events, days)


def naive(history: History, stream: str, *, on: int, known: int) -> ReviewState:
    """Return the state of a review by replaying what had taken effect and been recorded."""
    return reduce(evolve_review, (e for e in history.entries(stream, known) if e.begins <= day(on)), ReviewState())


def naive_reading(history: History, person: str, known: int) -> str:
    """Return the id that a person's id is read as, by replaying every merge."""
    into: dict[str, str | None] = {}
    for one in PEOPLE:
        for entry in history.entries(f"person/{one}", known):
            into[one] = entry.event.into if isinstance(entry.event, PersonsMerged) else None
    seen = {person}
    while (following := into.get(person)) is not None and following not in seen:
        person = following
        seen.add(person)
    return person


def forms_a_circle(history: History) -> bool:
    """Tell whether merges run in a circle at any time; the commands let none come about."""
    for known in range(len(history.stored) + 1):
        for one in PEOPLE:
            into = {p: naive_step(history, p, known) for p in PEOPLE}
            at: str | None = one
            for _ in PEOPLE:
                at = None if at is None else into[at]
            if at is not None:
                return True
    return False


def naive_step(history: History, person: str, known: int) -> str | None:
    last: Entry | None = next(reversed(history.entries(f"person/{person}", known)), None)
    return last.event.into if last is not None and isinstance(last.event, PersonsMerged) else None


@given(
    chosen=st.lists(steps, max_size=24),
    cuts=st.lists(st.integers(0, 30), max_size=4),
    on=days,
    known=st.integers(0, 30),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
def test_any_history_is_told_as_a_naive_replay_tells_it(
    bench: Bench, chosen: list[tuple[str, Event, int]], cuts: list[int], on: int, known: int
) -> None:
    history = History()
    history.add("review/v-1", opened(), day(0))
    for stream, event, number in chosen:
        history.add(stream, event, day(number), actor=f"p-{number}")
    if forms_a_circle(history):
        return
    known = min(known, len(history.stored))
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    view = bench.view(tables, len(history.stored))
    states = {f"v-{n}": naive(history, f"review/v-{n}", on=on, known=known) for n in (1, 2, 3)}
    known_states = {id: state for id, state in states.items() if state.opened is not None}
    for id, state in states.items():
        found = review(view, id, on=day(on), known=known)
        assert (found is None) == (state.opened is None)
        if found is not None and state.opened is not None:
            assert (found.state, found.ratings, found.assessments) == (
                state_of(state),
                state.ratings,
                state.assessments,
            )
            assert (found.result and found.result.entry) == (state.result and state.result.entry)
            assert (found.judge, found.results, found.cycle) == (state.judge, state.results, state.cycle)
            assert found.person == naive_reading(history, state.opened.person, known)
            assert all(line.entry.position <= known and line.entry.begins <= day(on) for line in found.lines)
    for wanted in [
        Wanted(),
        Wanted(cycle="k-1"),
        *(Wanted(person=p) for p in PEOPLE),
        *(Wanted(state=s) for s in State),
        *(Wanted(assessor=p) for p in PEOPLE),
    ]:
        fits = [id for id, state in known_states.items() if _fits(history, state, wanted, known)]
        assert listed(view, wanted, on=day(on), known=known) == fits
        if wanted.assessor is not None:
            everything = {f"v-{n}": naive(history, f"review/v-{n}", on=ALWAYS, known=known) for n in (1, 2, 3)}
            fits = [id for id, s in everything.items() if s.opened is not None and _fits(history, s, wanted, known)]
            assert listed(view, wanted, known=known) == fits
    bench.drop(tables.build)


ALWAYS = 10_000  # a day after all that happens


def _fits(history: History, state: ReviewState, wanted: Wanted, known: int) -> bool:
    assert state.person is not None
    person = None if wanted.person is None else naive_reading(history, wanted.person, known)
    if wanted.assessor is not None:
        by = naive_reading(history, wanted.assessor, known)
        judging = {naive_reading(history, one, known) for one in assessors_of(state)}
        if by not in judging or by == naive_reading(history, state.person, known):
            return False
    return (
        person in (None, naive_reading(history, state.person, known))
        and wanted.cycle in (None, state.cycle)
        and wanted.state in (None, state_of(state))
    )


def listed(view: View, wanted: Wanted, limit: int = 2, **more: Any) -> list[str]:
    found, after = list[str](), ""
    while True:
        page, following = reviews(view, wanted, after=after, limit=limit, **more)
        found += [one.id for one in page]
        if following is None:
            return found
        after = following


@given(chosen=st.lists(st.tuples(streams, review_events), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=20)
def test_the_lists_of_now_are_those_found_by_looking_through_everything(
    bench: Bench, chosen: list[tuple[str, Event]]
) -> None:
    history = History()
    history.add("review/v-1", opened(), day(0))
    for stream, event in chosen:
        history.add(stream, event, day(1))
    tables = bench.build(PROJECTION, pages(history.raw(), [5, 9]))
    view = bench.view(tables, len(history.stored))
    for state in State:
        everything = listed(view, Wanted(state=state), known=len(history.stored))
        assert listed(view, Wanted(state=state)) == everything
        own = listed(view, Wanted(state=state), reader="p-ann", known=len(history.stored))
        assert listed(view, Wanted(state=state), reader="p-ann") == own
    bench.drop(tables.build)


def build(bench: Bench, *happened: tuple[str, Event]) -> View:
    history = History()
    for number, (stream, event) in enumerate(happened):
        history.add(stream, event, day(number))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_the_person_is_told_what_is_published_and_no_judgement_before(bench: Bench) -> None:
    named = said.ReviewersNamed(person="p-ann", peers=("p-bob",))
    before = [("review/v-1", event) for event in (opened(), named, assessed("p-bob"))]
    view = build(bench, *before)
    mine, theirs = (review(view, "v-1", on=None, reader=who) for who in ("p-ann", "p-lead"))
    assert mine is not None
    assert theirs is not None
    assert (mine.state, mine.assessments, mine.missing) == (State.OPENED, (), (("self", "p-ann"),))
    assert (theirs.state, len(theirs.assessments)) == (State.ASSESSED, 1)
    view = build(bench, *before, ("review/v-1", RATED), ("review/v-1", PUBLISHED))
    mine = review(view, "v-1", on=None, reader="p-ann")
    assert mine is not None
    assert (mine.state, [rating.grade for rating in mine.ratings]) == (State.PUBLISHED, ["b"])


@pytest.mark.parametrize("known", [None, 4, 6])
def test_what_is_judged_after_a_reopening_is_closed_for_every_known(bench: Bench, known: int | None) -> None:
    reopened = said.ReviewReopened(person="p-ann")
    happened = (opened(), RATED, PUBLISHED, reopened, assessed("p-bob"), RATED)
    view = build(bench, *(("review/v-1", event) for event in happened))
    mine = review(view, "v-1", on=None, known=known, reader="p-ann")
    assert mine is not None
    assert (mine.assessments, mine.ratings) == ((), ())
    assert len(mine.lines) == 4


def test_a_merged_person_is_read_as_the_other_from_the_recording_on_until_unmerged(bench: Bench) -> None:
    merged, unmerged = PersonsMerged(into="p-bob"), PersonsUnmerged(former="p-bob")
    view = build(bench, ("review/v-1", opened()), ("person/p-ann", merged), ("person/p-ann", unmerged))
    read = [review(view, "v-1", on=None, known=known) for known in (1, 2, 3)]
    assert [r and (r.person, r.recorded_person) for r in read] == [
        ("p-ann", "p-ann"),
        ("p-bob", "p-ann"),
        ("p-ann", "p-ann"),
    ]
    assert listed(view, Wanted(person="p-bob"), known=2) == ["v-1"]
    assert listed(view, Wanted(person="p-bob")) == []


# Boards


def stage(name: CycleStage, month: int) -> PlannedStage:
    return PlannedStage(stage=name, opens_on=date(2026, month, 1), closes_on=date(2026, month, 5))


PLAN = CyclePlanned(
    label="H1",
    **PERIOD,
    stages=(stage(CycleStage.SELF_ASSESSMENT, 1), stage(CycleStage.REVIEW, 2)),
    scale="abc",
    policy_version=0,
)
cycle_events: st.SearchStrategy[Event] = st.one_of(
    st.just(PLAN),
    st.just(CycleOpened(policy_version=1, scale=SCALE)),
    st.builds(StageOpened, stage=st.sampled_from(CycleStage)),
    st.builds(StageClosed, stage=st.sampled_from(CycleStage)),
    st.just(CycleClosed()),
)


@given(chosen=st.lists(st.tuples(cycle_events, days), max_size=15), on=days, known=st.integers(0, 16))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
def test_any_cycle_stands_as_a_naive_replay_says(
    bench: Bench, chosen: list[tuple[Event, int]], on: int, known: int
) -> None:
    history = History()
    for event, number in chosen:
        history.add("cycle/k-1", event, day(number))
    tables = bench.build(PROJECTION, pages(history.raw(), [3, 7]))
    view = bench.view(tables, len(history.stored))
    told = [e for e in history.entries("cycle/k-1", known) if e.begins <= day(on)]
    state = reduce(evolve_cycle, told, CycleState())
    found = boards.cycle(view, "k-1", on=day(on), known=known)
    assert (found is None) == (state.plan is None)
    if found is not None:
        assert (found.phase, found.scale) == (state.phase, state.scale)
        assert {s.stage for s in found.stages if s.running} == {s.stage for s in found.stages} & state.running
        assert {s.stage for s in found.stages if s.opened} == {s.stage for s in found.stages} & state.begun
    bench.drop(tables.build)


def test_exempted_people_leave_the_denominator_and_who_is_late_is_named(bench: Bench) -> None:
    self_assessed = assessed("p-ann", said.AssessmentKind.SELF)
    history = History()
    history.add("cycle/k-1", PLAN, day(0))
    history.add("cycle/k-1", CycleOpened(policy_version=0, scale=SCALE), day(0))
    for number, person in enumerate(("p-ann", "p-bob", "p-cat")):
        history.add(f"review/v-{number}", opened(person), day(1))
    history.add("review/v-0", self_assessed, day(2))
    history.add("review/v-0", RATED, day(45))
    history.add("review/v-2", said.ReviewExempted(person="p-cat"), day(2))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = boards.cycle(view, "k-1", on=None)
    assert found is not None
    assert found.phase is CyclePhase.OPEN
    board, _ = reviews(view, Wanted(cycle="k-1"))
    owed = [one for r in board for one in boards.owed(r)]
    planned = {s.stage: s for s in found.stages}
    of_self = [one for one in owed if one.stage is CycleStage.SELF_ASSESSMENT]
    assert [(one.person, one.done is not None) for one in of_self] == [("p-ann", True), ("p-bob", False)]
    late = [
        (one.stage.value, one.person, one.done is not None)
        for one in owed
        if one.stage in planned and one.is_late(planned[one.stage], date(2026, 2, 20), START.tzinfo)  # type: ignore[arg-type]  # UTC serves as a zone
    ]
    assert late == [("review", "p-ann", True), ("review", "p-bob", False), ("self_assessment", "p-bob", False)]


def test_grades_are_spread_from_the_small_group_limit_on(bench: Bench) -> None:
    happened = [("review/v-1", opened()), ("review/v-1", RATED), ("review/v-2", opened("p-bob")), ("review/v-2", RATED)]
    board, _ = reviews(build(bench, *happened), Wanted(cycle="k-1"))
    assert boards.spread(board, SCALE, limit=2) == boards.Spread(2, 2, (("c", 0), ("b", 2), ("a", 0)))
    assert boards.spread(board, SCALE, limit=3) == boards.Spread(None, 3, None)


def test_no_question_reads_more_than_its_own_streams(bench: Bench) -> None:
    """Every statement of a question goes by an index, however many reviews there are."""
    tables = bench.build(PROJECTION, [])
    for index in tables.indexes():
        bench.connection.execute(index)
    some = "from generate_series(1, 20000) n"
    for table, filled in (
        ("entries", f"select 'review/v-' || n, n, '{{}}' {some}"),
        ("facets", f"select 'review/v-' || n, 'cycle', 'k-' || n % 500, true {some}"),
        ("merges", f"select 'p-' || n, n, 'q-' || n {some}"),
    ):
        bench.connection.execute(f"insert into {tables.name(table)} {filled}".encode())
        bench.connection.execute(f"analyze {tables.name(table)}".encode())
    asked = {"streams": ["review/v-7"], "persons": ["q-7"], "known": 20_000, "facet": "cycle", "values": ["k-7"]}
    page = {"after": "", "limit": 100, "value": "k-7"}
    for name in ("find_entries", "list_found", "list_ever_found", "find_found", "find_readings", "find_merged"):
        rows = bench.connection.execute(b"explain " + tables.sql(name), {**asked, **page}).fetchall()
        plan = "\n".join(row[0] for row in rows)
        assert "Index" in plan, plan
        assert "Seq Scan" not in plan, plan
