"""Expected paths: straight or by milestones, standing still in pauses; below is compared, silence is stale."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import (
    Figure,
    Milestone,
    Pause,
    Why,
    expected,
    judged,
    milestones_reached,
    path_day,
    stale_since,
)
from ledger.domain.figures.pauses import paused_days
from tests.domain.examples import day, q

SPAN: dict[str, Any] = {"starts_on": day("2026-01-01"), "ends_on": day("2026-04-10")}  # a hundred days
days = st.dates(date(2025, 12, 1), date(2027, 1, 31))
pauses = st.lists(st.builds(Pause, days, st.none() | days), max_size=4)


@pytest.mark.parametrize(
    ("on", "share"),
    [("2025-12-31", "0"), ("2026-01-01", "0.01"), ("2026-02-19", "0.5"), ("2026-04-10", "1"), ("2027-05-01", "1")],
)
def test_without_milestones_the_path_is_straight(on: str, share: str):
    assert expected(day=day(on), **SPAN) == q(share)


def test_a_milestone_is_due_at_the_end_of_its_day_in_whatever_order_they_were_set():
    steps = [Milestone(day("2026-04-05"), q("0.7")), Milestone(day("2026-03-31"), q("0.2"))]
    for ordered in (steps, steps[::-1]):
        found = [expected(day=day(on), **SPAN, milestones=ordered) for on in ("2026-03-30", "2026-03-31", "2026-12-31")]
        assert found == [q("0"), q("0.2"), q("0.7")]


def test_in_a_pause_the_path_stands_still_and_milestones_wait():
    pause = (Pause(day("2026-02-01"), day("2026-03-01")),)
    still = {expected(day=day(on), **SPAN, pauses=pause) for on in ("2026-01-31", "2026-02-10", "2026-02-28")}
    assert still == {q("0.31")}
    assert expected(day=day("2026-03-01"), **SPAN, pauses=pause) == q("0.32")
    step = (Milestone(day("2026-03-31"), q("0.2")),)
    late = [expected(day=day(on), **SPAN, milestones=step, pauses=pause) for on in ("2026-04-27", "2026-04-28")]
    assert late == [q("0"), q("0.2")]


def test_overlapping_pauses_are_counted_once():
    twice = (Pause(day("2026-02-01"), day("2026-02-11")), Pause(day("2026-02-06"), day("2026-02-16")))
    assert paused_days(twice, starts_on=day("2026-01-01"), until=day("2026-12-31")) == 15
    assert path_day(day("2026-02-20"), starts_on=day("2026-01-01"), pauses=twice) == day("2026-02-05")


@for_all(days, pauses, pauses)
def test_a_pause_recorded_later_leaves_what_was_expected_before_it(on: date, known: list[Pause], later: list[Pause]):
    after = [pause for pause in later if pause.starts_on > on]
    assert expected(day=on, **SPAN, pauses=known) == expected(day=on, **SPAN, pauses=[*known, *after])


@for_all(days, pauses, st.randoms())
def test_the_path_never_goes_back_and_never_depends_on_the_order_of_pauses(on: date, known: list[Pause], chance):
    shuffled = list(known)
    chance.shuffle(shuffled)
    today = expected(day=on, **SPAN, pauses=known)
    assert today == expected(day=on, **SPAN, pauses=shuffled)
    assert Decimal(0) <= today <= expected(day=on + timedelta(days=1), **SPAN, pauses=known) <= 1


def test_below_the_path_is_compared_unrounded():
    share, due = q("0.8"), q("0.5")
    assert judged(progress=Figure(q("0.4")), expected=due, share=share).below is False
    assert judged(progress=Figure(q("0.3999999999999999")), expected=due, share=share).below is True


def test_without_progress_nothing_is_below_and_it_says_why():
    found = judged(progress=Figure(why=Why.NO_BASELINE), expected=q("0.5"), share=q("0.8"))
    assert (found.below, found.why) == (None, Why.NO_BASELINE)


def test_silence_beyond_the_rhythm_is_stale_from_its_first_day_and_pauses_do_not_count():
    start = day("2026-01-01")
    asked: dict[str, Any] = {"starts_on": start, "rhythm_days": 30}
    assert stale_since(last_day=None, **asked, until=day("2026-01-30")) is None
    assert stale_since(last_day=None, **asked, until=day("2026-12-31")) == day("2026-01-31")
    assert stale_since(last_day=day("2026-02-01"), **asked, until=day("2026-12-31")) == day("2026-03-04")
    pause = (Pause(day("2026-01-11"), day("2026-01-21")),)
    assert stale_since(last_day=None, **asked, pauses=pause, until=day("2026-12-31")) == day("2026-02-10")
    assert stale_since(last_day=None, **asked, pauses=(Pause(start),), until=day("2026-12-31")) is None


def test_a_value_before_the_start_starts_no_rhythm():
    found = stale_since(
        last_day=day("2025-06-01"), starts_on=day("2026-01-01"), rhythm_days=30, until=day("2026-12-31")
    )
    assert found == day("2026-01-31")


def test_a_milestone_that_was_passed_over_is_not_reached():
    steps = [(q("0.3"), True), (q("0.6"), False), (q("1"), True)]
    assert milestones_reached(steps).value == q("0.3")
    assert milestones_reached([(s, True) for s, _ in steps]).value == q("1")
    assert milestones_reached([(q("0.3"), False)]).value == q("0")
    assert milestones_reached([]).why is Why.NOTHING_PRESENT
