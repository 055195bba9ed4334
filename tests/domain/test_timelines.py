"""Timelines: whatever the order of recording, a change holds from its time until the next, and the later word wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.timeline import Change, Held, Timeline, Timelines, holder_on, holders_on, most_holders_from

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 8)


def moment(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def change(hour: int, position: int, value: str) -> Change[str]:
    return Change(moment(hour), position, f"e{position}", value)


@st.composite
def changes(draw: st.DrawFn) -> list[Change[str]]:
    hours = draw(st.lists(HOURS, max_size=8))
    return [change(hour, position, f"v{position}") for position, hour in enumerate(hours, start=1)]


@given(said=changes(), order=st.randoms(use_true_random=False))
def test_the_order_of_putting_in_does_not_matter(said: list[Change[str]], order):
    line: Timeline[str] = Timeline()
    for each in sorted(said, key=lambda _: order.random()):
        line = line.with_change(each)
    assert line.changes == tuple(sorted(said, key=lambda c: c.order))


@given(said=changes(), hour=HOURS)
def test_the_value_is_the_last_one_said_for_the_latest_time(said: list[Change[str]], hour: int):
    line = Timeline(tuple(sorted(said, key=lambda c: c.order)))
    running = [c for c in said if c.at <= moment(hour)]
    expected = max(running, key=lambda c: (c.at, c.position)).value if running else None
    assert line.value_on(moment(hour)) == expected
    assert set(line.after(moment(hour))) == {c for c in said if c.at > moment(hour)}


@given(said=changes(), position=st.integers(1, 8), hour=HOURS)
def test_without_and_moved_touch_one_change_only(said: list[Change[str]], position: int, hour: int):
    line = Timeline(tuple(sorted(said, key=lambda c: c.order)))
    rest = [c for c in said if c.position != position]
    assert set(line.without(f"e{position}").changes) == set(rest)
    target = [Change(moment(hour), c.position, c.event_id, c.value) for c in said if c.position == position]
    assert line.moved(f"e{position}", moment(hour)).changes == tuple(sorted([*rest, *target], key=lambda c: c.order))


def test_timelines_know_only_what_was_put_into_them():
    empty: Timelines[str, str] = Timelines()
    lines = empty.with_change("a", change(1, 1, "x"))
    assert lines["b"].changes == ()
    assert (list(lines), len(lines)) == (["a"], 1)
    assert lines.knows("e1")
    assert not lines.without("e1").knows("e1")
    assert lines.moved("e1", moment(3)).on(moment(2)) == {}
    assert lines.moved("e1", moment(3)).on(moment(3)) == {"a": "x"}
    assert lines["a"].says(moment(1), "x")
    assert not lines["a"].says(moment(1), "y")


def held(hour: int, position: int, value: Held) -> Change[Held]:
    return Change(moment(hour), position, f"e{position}", value)


def test_the_end_of_one_who_was_replaced_changes_nothing():
    line = Timeline(
        (held(1, 1, Held("a")), held(2, 2, Held("b")), held(3, 3, Held("a", begins=False))),
    )
    current = holder_on(line, moment(4))
    assert current is not None
    assert current.value.holder == "b"


def test_beginning_again_keeps_the_time_since_when():
    line = Timeline((held(1, 1, Held("a")), held(3, 2, Held("a"))))
    assert holders_on(line, moment(4))["a"].at == moment(1)


def test_the_most_holders_are_counted_from_a_time_on():
    line = Timeline(
        (held(1, 1, Held("a")), held(2, 2, Held("b")), held(3, 3, Held("a", begins=False)), held(5, 4, Held("c")))
    )
    assert [most_holders_from(line, moment(h)) for h in (0, 2, 3, 6)] == [2, 2, 2, 2]
    assert most_holders_from(Timeline(line.changes[:3]), moment(3)) == 1
