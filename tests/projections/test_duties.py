"""Duties projected: they stand as the ledger's own states do, now and as known at every position before."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain import duties
from ledger.domain.duties import DutyState, Standing
from ledger.kernel.event import Event, Subject
from projections.duties import PROJECTION, queries
from projections.duties.queries import LIVE, STANDINGS, Owed, Wanted
from projections.engine.projection import Tables
from projections.engine.views import View
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages

PERSONS = ["p-1", "p-2"]
MEMBER = Subject(kind="person", id="p-9")


def opened(due_on: date, holder: str | None, kind: str = "set_goals", cause: str = "e-1") -> duties.DutyOpened:
    return duties.DutyOpened(
        kind=kind,
        party=duties.Party.LEAD,
        seat=duties.Seat.LEAD,
        of=MEMBER,
        holder=holder,
        subject=MEMBER,
        due_on=due_on,
        cause=cause,
        rule="goals-to-set",
    )


JUNE = [date(2026, 6, number) for number in (1, 5, 9)]
steps = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(
            st.builds(
                duties.DutyNotified,
                holder=st.sampled_from(PERSONS),
                channel=st.just("inbox"),
                occasion=st.just("opened"),
                delivery=st.sampled_from(["delivered", "bounced"]),
            ),
            st.builds(duties.DutySeen, holder=st.sampled_from(PERSONS)),
            st.builds(duties.DutyTransferred, taker=st.none() | st.sampled_from(PERSONS)),
            st.builds(duties.DutyLapsed, due_on=st.just(JUNE[0]), notice=st.just("none")),
            st.builds(duties.DutyDischarged, by_entry=st.just("e-2"), outcome=st.just("done"), late=st.booleans()),
            st.builds(duties.DutyExcused, excuser=st.just("p-3")),
            st.builds(
                duties.DutyVoided,
                fact=st.just("e-3"),
                why=st.just("absent"),
                gaps=st.just(()) | st.just((duties.Gap(holder="p-2", starts_on=JUNE[0], ends_on=JUNE[1]),)),
            ),
        ),
    ),
    max_size=20,
)


@given(happened=steps, cuts=st.lists(st.integers(0, 30), max_size=4), back=st.integers(0, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
def test_it_agrees_with_a_naive_replay_at_any_position(
    bench: Bench, happened: list[tuple[int, Event]], cuts: list[int], back: int
) -> None:
    history = History()
    for number, due_on in enumerate(JUNE):
        history.add(f"duty/d-{number}", opened(due_on, PERSONS[number % 2]), day(0), actor="system:rules")
    for number, event in happened:
        history.add(f"duty/d-{number}", event, day(1), actor="system:rules")
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    try:
        view = bench.view(tables, len(history.stored))
        known = max(3, len(history.stored) - back)
        assert standings(view, known=None) == replayed(history, len(history.stored))
        assert standings(view, known=known) == replayed(history, known)
    finally:
        bench.drop(tables.build)


def standings(view: View, *, known: int | None) -> dict[str, tuple[str, str | None]]:
    found = queries.inbox(view, None, Wanted(STANDINGS), known=known)
    return {owed.duty: (owed.standing, owed.holder) for owed in found}


def replayed(history: History, known: int) -> dict[str, tuple[str, str | None]]:
    found = {}
    for number in range(len(JUNE)):
        state: DutyState = duties.STREAMS[0].fold(history.entries(f"duty/d-{number}", known))
        found[f"d-{number}"] = (state.standing.value, state.holder)
    return found


def a_list(bench: Bench) -> tuple[Tables, View]:
    history = History()
    for number in range(6):
        due_on, holder = date(2026, 6, 10 - number), PERSONS[number % 2]
        history.add(f"duty/d-{number}", opened(due_on, holder, cause=f"e-{number // 3}"), day(0))
    history.add("duty/d-0", duties.DutyDischarged(holder="p-1", by_entry="e-7", outcome=duties.Outcome.DONE), day(1))
    history.add("duty/d-1", duties.DutyLapsed(holder="p-2", due_on=JUNE[2], notice=duties.Notice.NONE), day(1))
    tables = bench.build(PROJECTION, [history.raw()])
    return tables, bench.view(tables, len(history.stored))


def ids(found: list[Owed]) -> list[str]:
    return [owed.duty for owed in found]


def test_an_inbox_holds_what_is_still_to_be_done_the_earliest_due_first(bench: Bench) -> None:
    _, view = a_list(bench)
    assert ids(queries.inbox(view, ["p-1"], Wanted())) == ["d-4", "d-2"]
    assert ids(queries.inbox(view, ["p-2"], Wanted())) == ["d-5", "d-3", "d-1"]
    assert ids(queries.inbox(view, ["p-1"], Wanted(), known=6)) == ["d-4", "d-2", "d-0"]  # before it was discharged
    assert ids(queries.inbox(view, None, Wanted((Standing.LAPSED.value,)))) == ["d-1"]
    assert ids(queries.inbox(view, None, Wanted(LIVE, due_before=date(2026, 6, 7)))) == ["d-5", "d-4"]


def test_a_list_is_read_page_by_page_without_gap_or_repeat(bench: Bench) -> None:
    _, view = a_list(bench)
    found, after = list[str](), (date.min, "")
    while page := queries.inbox(view, None, Wanted(STANDINGS), after=after, limit=2):
        found += ids(page)
        after = page[-1].key
    assert found == ["d-5", "d-4", "d-3", "d-2", "d-1", "d-0"]


def test_what_an_entry_opened_and_what_is_about_a_subject(bench: Bench) -> None:
    _, view = a_list(bench)
    assert ids(queries.caused_by(view, "e-0", Wanted(STANDINGS))) == ["d-2", "d-1", "d-0"]
    assert len(queries.about(view, MEMBER.key, Wanted())) == 5
    assert queries.live_ids(view).count("d-0") == 0


def test_the_history_of_one_and_the_counts_of_all(bench: Bench) -> None:
    _, view = a_list(bench)
    opening, ending = queries.history(view, "d-0")
    assert (opening.standing, ending.standing, ending.ended_by) == ("open", "discharged", "e-7")
    assert len(queries.history(view, "d-0", known=6)) == 1
    counted = {(count.standing, count.number) for count in queries.counts(view)}
    assert counted == {("open", 4), ("lapsed", 1), ("discharged", 1)}
    discharged = next(count for count in queries.counts(view) if count.standing == "discharged")
    assert discharged.mean_s == timedelta(seconds=6).total_seconds()
    assert queries.counts(view, ["p-2"], known=6)[0].number == 3
