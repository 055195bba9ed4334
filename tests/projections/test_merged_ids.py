"""Merged ids: what two ids of a person were recorded with is one person's, from the merge on, until it is undone."""

from datetime import date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain import duties as duty
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.domain.responsibilities import STREAMS
from ledger.domain.responsibilities import events as res
from ledger.kernel.event import Event, Subject
from ledger.kernel.timeline import holders_on
from projections import audit_trail, duties, responsibility
from projections.audit_trail.queries import trail, trail_by_actor
from projections.duties.queries import Wanted, about, inbox
from projections.engine.projection import AnyProjection
from projections.engine.views import View
from projections.responsibility.queries import conflicts, hand_overs, held, owned_by, who_owns
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages

IDS = ["p-0", "p-1", "p-2", "p-3"]
PEOPLE = [Subject(kind="person", id=id) for id in IDS]
TEAMS = ["team/a", "team/b"]
ROLES = [res.Role.ACCOUNTABLE, res.Role.SUPPORT]
days = st.integers(0, 5)
people = st.sampled_from(PEOPLE)
happenings: st.SearchStrategy[tuple[str, Event, int]] = st.one_of(
    st.tuples(
        st.sampled_from(TEAMS).map("responsibility/{}".format),
        st.one_of(
            st.builds(res.ResponsibilityAssigned, role=st.sampled_from(ROLES), holder=people),
            st.builds(res.ResponsibilityAssigned, role=st.sampled_from(ROLES), holder=people),
            st.builds(res.ResponsibilityReleased, role=st.sampled_from(ROLES), holder=people),
        ),
        days,
    ),
    st.tuples(
        st.integers(0, 2).map("person/p-{}".format),
        st.one_of(
            st.just(PersonsMerged(into="p-3")),
            st.just(PersonsMerged(into="p-3")),
            st.just(PersonsUnmerged(former="p-3")),
        ),
        days,
    ),
)
quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)


def read(history: History, known: int) -> dict[str, str]:
    """Return key → key as the merges up to a position say, the naive way."""
    into: dict[str, str] = {}
    for id in IDS:
        for entry in history.entries(f"person/{id}", known):
            into[f"person/{id}"] = f"person/{getattr(entry.event, 'into', id)}"
    return {f"person/{id}": into.get(f"person/{id}", f"person/{id}") for id in IDS}


def replayed(history: History, known: int, on: datetime) -> dict[tuple[str, str], set[str]]:
    """Return (subject, role) → who holds, each person once."""
    whole, found = read(history, known), {}
    for team in TEAMS:
        state = STREAMS[0].fold(history.entries(f"responsibility/{team}", known))
        for role in ROLES:
            found[team, role.value] = {whole[holder] for holder in holders_on(state.lines[role.value], on)}
    return found


@given(
    chosen=st.lists(happenings, max_size=25),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    known=st.integers(0, 25),
    on=days,
)
@quiet
def test_who_owns_what_agrees_with_a_naive_replay_that_reads_merged_ids(
    bench: Bench, chosen: list[tuple[str, Event, int]], cuts: list[int], known: int, on: int
) -> None:
    history = History()
    for stream, event, begins in chosen:
        history.add(stream, event, day(begins), source="import:b#1")
    tables = bench.build(responsibility.PROJECTION, pages(history.raw(), cuts))
    try:
        known = min(known, len(history.stored))
        view, expected = bench.view(tables, len(history.stored)), replayed(history, known, day(on))
        check(view, expected, known, day(on), read(history, known), unbroken(history, known, day(on)))
    finally:
        bench.drop(tables.build)


Spans = dict[tuple[str, str, str], tuple[datetime, datetime | None]]


def unbroken(history: History, known: int, on: datetime) -> Spans:
    """Return since when and until when each of those who hold at a time holds without a break, tried day by day."""
    held = {number: replayed(history, known, day(number)) for number in range(7)}
    found: Spans = {}
    for (team, role), holders in replayed(history, known, on).items():
        for holder in holders:
            now = (on - day(0)).days
            first = next(n for n in range(now, -1, -1) if n == 0 or holder not in held[n - 1][team, role])
            last = next((n for n in range(now, 7) if holder not in held[n][team, role]), None)
            found[team, role, holder] = (day(first), None if last is None else day(last))
    return found


def check(
    view: View,
    expected: dict[tuple[str, str], set[str]],
    known: int,
    on: datetime,
    whole: dict[str, str],
    spans: Spans,
) -> None:
    for (team, role), holders in expected.items():
        found = {h.holder: h for h in who_owns(view, team, on=on, known=known).holders.get(role, ())}
        assert found.keys() == holders
        assert len(found) == len(who_owns(view, team, on=on, known=known).holders.get(role, ()))  # each once
        assert {holder: (h.since, h.until) for holder, h in found.items()} == {h: spans[team, role, h] for h in holders}
        conflict = who_owns(view, team, on=on, known=known).conflict
        if role == "accountable":
            assert set(() if conflict is None else conflict.holders) == (holders if len(holders) > 1 else set())
    in_conflict = {team for (team, role), holders in expected.items() if role == "accountable" and len(holders) > 1}
    assert [c.subject for c in conflicts(view, on=on, known=known, limit=1)] == sorted(in_conflict)[:1]
    assert {c.subject for c in conflicts(view, on=on, known=known)} == in_conflict
    for id, other in whole.items():
        owned = [(o.subject, o.holding.role) for o in owned_by(view, id, on=on, known=known)]
        assert sorted(owned) == sorted(key for key, holders in expected.items() if other in holders)
    assert listed(view, on, known) == sorted((*key, h) for key, holders in expected.items() for h in holders)


def listed(view: View, on: datetime, known: int) -> list[tuple[str, str, str]]:
    """Return the list of who holds what, read in pages of two."""
    found, after = list[tuple[str, str, str]](), ("", "", "")
    while True:
        page, following = held(view, on=on, known=known, after=after, limit=2)
        found += [(owned.subject, owned.holding.role, owned.holding.holder) for owned in page]
        if following is None:
            return sorted(found)
        after = following


def built(bench: Bench, projection: AnyProjection, history: History) -> View:
    return bench.view(bench.build(projection, [history.raw()]), len(history.stored))


def test_two_accountables_that_are_one_person_are_no_conflict_from_the_merge_on(bench: Bench) -> None:
    history = History()
    for begins, holder in enumerate(PEOPLE[:2]):
        assigned = res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=holder)
        history.add("responsibility/team/a", assigned, day(begins), source="import:b#1")
    history.add("person/p-0", PersonsMerged(into="p-1"), day(4))
    history.add("person/p-0", PersonsUnmerged(former="p-1"), day(5))
    view = built(bench, responsibility.PROJECTION, history)
    before, merged, after = (who_owns(view, "team/a", on=day(3), known=known) for known in (2, 3, 4))
    assert [before.conflict is None, merged.conflict is None, after.conflict is None] == [False, True, False]
    (alone,) = merged.accountable
    assert (alone.holder, alone.since, alone.recorded_as) == ("person/p-1", day(0), ("person/p-0", "person/p-1"))
    assert conflicts(view, on=day(3), known=3) == []


def test_what_passed_between_two_ids_of_one_person_is_no_hand_over(bench: Bench) -> None:
    history = History()
    history.add("responsibility/team/a", res.ResponsibilityAssigned(role=ROLES[0], holder=PEOPLE[0]), day(0))
    for number in (0, 1):
        passed = res.HandOverAccepted(offer="o", giver=PEOPLE[number], taker=PEOPLE[number + 1])
        history.add("responsibility/team/a", passed, day(number + 1))
    history.add("person/p-0", PersonsMerged(into="p-1"), day(4))
    view = built(bench, responsibility.PROJECTION, history)
    assert [(h.giver, h.taker) for h in hand_overs(view, "team/a")] == [("person/p-1", "person/p-2")]
    assert len(hand_overs(view, "team/a", known=3)) == 2


def test_a_trail_holds_what_was_recorded_under_any_id_each_event_once(bench: Bench) -> None:
    history = History()
    for number in (0, 1, 0):
        assigned = res.ResponsibilityAssigned(role=ROLES[1], holder=PEOPLE[number])
        history.add("responsibility/team/a", assigned, day(0), actor=IDS[number])
    history.add("person/p-0", PersonsMerged(into="p-1"), day(4))  # about both
    view = built(bench, audit_trail.PROJECTION, history)
    assert [line.position for line in trail(view, "person/p-0")] == [1, 2, 3, 4]
    assert [line.position for line in trail(view, "person/p-1", newest_first=True, limit=3)] == [4, 3, 2]
    assert [line.position for line in trail(view, "person/p-0", after=1, limit=2)] == [2, 3]
    assert [line.position for line in trail(view, "person/p-0", known=3)] == [1, 3]
    acted = trail_by_actor(view, "p-1")
    assert [(line.actor, line.recorded_actor) for line in acted] == [("p-1", "p-0"), ("p-1", "p-1"), ("p-1", "p-0")]


def test_an_inbox_holds_the_duties_of_every_id(bench: Bench) -> None:
    history = History()
    for number in (0, 1):
        opened = duty.DutyOpened(
            kind="set_goals",
            party=duty.Party.LEAD,
            seat=duty.Seat.LEAD,
            of=PEOPLE[number],
            holder=IDS[number],
            subject=PEOPLE[number],
            due_on=date(2026, 6, 1 + number),
            cause="e-1",
            rule="goals-to-set",
        )
        history.add(f"duty/d-{number}", opened, day(0))
    history.add("person/p-0", PersonsMerged(into="p-1"), day(4))
    view = built(bench, duties.PROJECTION, history)
    for id in ("p-0", "p-1"):
        found = inbox(view, [id], Wanted())
        assert [(o.duty, o.holder, o.recorded_holder) for o in found] == [("d-0", "p-1", "p-0"), ("d-1", "p-1", "p-1")]
        assert [o.duty for o in about(view, f"person/{id}", Wanted())] == ["d-0", "d-1"]
    assert [(o.duty, o.holder, o.of) for o in inbox(view, ["p-0"], Wanted(), known=2)] == [("d-0", "p-0", "person/p-0")]
