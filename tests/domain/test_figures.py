"""Figures: direction counts, absence is not zero, nothing is rounded before it is shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.figures import (
    Actual,
    Direction,
    Falling,
    Figure,
    Why,
    attainment,
    bounded,
    displayed,
    hit_rate,
    progress,
    reached,
    share_inside,
)

q = Decimal
UP, DOWN, KEEP, DONE = Direction.INCREASE, Direction.DECREASE, Direction.MAINTAIN, Direction.MILESTONE
values = st.decimals(min_value=-1000, max_value=1000, places=2)


@pytest.mark.parametrize(
    ("direction", "baseline", "target", "actual", "expected"),
    [
        (UP, "100", "120", "110", "0.5"),
        (DOWN, "10", "2", "6", "0.5"),
        (DOWN, "10", "2", "12", "-0.25"),
        (UP, "100", "120", "90", "-0.5"),
        (UP, "100", "120", "130", "1.5"),
        (UP, "-20", "20", "0", "0.5"),
        (UP, "0", "3", "0", "0"),
        (DONE, None, "1", "1", "1"),
        (DONE, None, "1", "0", "0"),
    ],
)
def test_progress_is_the_way_covered_from_the_baseline(direction, baseline, target, actual, expected):
    base = None if baseline is None else q(baseline)
    figure = progress(direction=direction, baseline=base, target=q(target), actual=q(actual))
    assert figure == Figure(q(expected))


@pytest.mark.parametrize(
    ("direction", "baseline", "target", "actual", "why"),
    [
        (UP, "100", "120", None, Why.NO_ACTUAL),
        (UP, None, "120", "110", Why.NO_BASELINE),
        (UP, "120", "120", "120", Why.TARGET_EQUALS_BASELINE),
        (KEEP, "1", "2", "2", Why.NOT_FOR_THIS_DIRECTION),
    ],
)
def test_progress_without_a_value_says_why(direction, baseline, target, actual, why):
    base = None if baseline is None else q(baseline)
    value = None if actual is None else q(actual)
    assert progress(direction=direction, baseline=base, target=q(target), actual=value) == Figure(why=why)


@pytest.mark.parametrize(
    ("direction", "target", "actual", "expected"),
    [
        (UP, "120", "90", Figure(q("0.75"))),
        (UP, "120", "0", Figure(q("0"))),
        (UP, "120", "-60", Figure(q("-0.5"))),
        (DOWN, "2", "4", Figure(q("0.5"))),
        (DOWN, "2", "1", Figure(q("2"))),
        (DOWN, "2", "0", Figure(why=Why.ACTUAL_NOT_POSITIVE)),
        (UP, "0", "5", Figure(why=Why.TARGET_NOT_POSITIVE)),
        (UP, "-10", "-5", Figure(why=Why.TARGET_NOT_POSITIVE)),
        (DOWN, "0", "5", Figure(why=Why.TARGET_NOT_POSITIVE)),
        (DONE, "1", "1", Figure(why=Why.NOT_FOR_THIS_DIRECTION)),
        (UP, "1", None, Figure(why=Why.NO_ACTUAL)),
    ],
)
def test_attainment_never_turns_its_sign(direction, target, actual, expected):
    value = None if actual is None else q(actual)
    assert attainment(direction=direction, target=q(target), actual=value) == expected


def test_the_inverse_for_falling_metrics_is_the_one_the_policy_states():
    assert attainment(direction=DOWN, target=q(2), actual=q(3), falling=Falling.MIRROR) == Figure(q("0.5"))
    with localcontext() as context:
        context.prec = 34
        assert attainment(direction=DOWN, target=q(2), actual=q(3)) == Figure(q(2) / q(3))


def test_a_figure_does_not_depend_on_the_precision_of_its_caller():
    usual = progress(direction=UP, baseline=q(0), target=q(3), actual=q(1))
    with localcontext() as context:
        context.prec = 3
        assert progress(direction=UP, baseline=q(0), target=q(3), actual=q(1)) == usual


def test_reached_compares_unrounded():
    assert reached(direction=UP, target=q("100"), actual=q("99.9999999")) is False
    assert reached(direction=UP, target=q("100"), actual=q("100")) is True
    assert reached(direction=DOWN, target=q("2"), actual=q("2.0000001")) is False
    assert reached(direction=KEEP, target=q("5"), actual=q("5.5"), tolerance=q("0.5")) is True
    assert reached(direction=KEEP, target=q("5"), actual=q("4.4"), tolerance=q("0.5")) is False
    assert reached(direction=KEEP, target=q("5"), actual=q("5")) is None
    assert reached(direction=UP, target=q("5"), actual=None) is None


def test_missing_answers_leave_the_denominator_and_are_counted():
    rate = hit_rate([True, None, False, True, None])
    assert displayed(rate.figure.value or q(0), 4) == q("0.6667")
    assert (rate.present, rate.missing) == (3, 2)
    assert hit_rate([None]).figure == Figure(why=Why.NOTHING_PRESENT)
    assert hit_rate([]).figure == Figure(why=Why.NOTHING_PRESENT)
    assert hit_rate([False, False]).figure == Figure(q(0))


def said(day: str, value: str) -> Actual:
    return Actual(q(value), date.fromisoformat(day), "e", "claim")


def test_maintain_is_the_share_of_days_inside_the_band():
    series = (said("2026-01-01", "5"), said("2026-01-05", "9"), said("2026-01-09", "6"))
    first, until = date(2026, 1, 1), date(2026, 1, 11)
    assert share_inside(series, low=q(4), high=q(6), starts_on=first, until=until) == Figure(q("0.6"))
    assert share_inside(series, low=None, high=q(6), starts_on=first, until=until) == Figure(why=Why.NO_BAND)
    assert share_inside((), low=q(4), high=q(6), starts_on=first, until=until) == Figure(why=Why.NO_ACTUAL)


def test_days_before_the_first_value_leave_the_denominator():
    series = (said("2026-01-09", "5"),)
    first, until = date(2026, 1, 1), date(2026, 1, 11)
    assert share_inside(series, low=q(4), high=q(6), starts_on=first, until=until) == Figure(q(1))


def test_a_value_from_before_the_period_counts_from_its_first_day():
    series = (said("2025-12-01", "5"), said("2026-01-06", "9"))
    first, until = date(2026, 1, 1), date(2026, 1, 11)
    assert share_inside(series, low=q(4), high=q(6), starts_on=first, until=until) == Figure(q("0.5"))


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [("0.125", 2, "0.13"), ("2.5", 0, "3"), ("-2.5", 0, "-3"), ("0.8449999", 2, "0.84"), ("1", 2, "1.00")],
)
def test_display_rounds_half_up_once(value, places, shown):
    assert str(displayed(q(value), places)) == shown


def test_the_raw_progress_is_kept_beside_the_bounded_one():
    assert [bounded(q(v)) for v in ("-0.5", "0.4", "1.7")] == [q(0), q("0.4"), q(1)]


@given(baseline=values, target=values, actual=values)
def test_rising_and_falling_progress_mirror_each_other(baseline: Decimal, target: Decimal, actual: Decimal):
    rising = progress(direction=UP, baseline=baseline, target=target, actual=actual)
    falling = progress(direction=DOWN, baseline=-baseline, target=-target, actual=-actual)
    assert rising == falling
    assert (rising.value is None) != (rising.why is None)


@given(target=values, actual=st.none() | values)
def test_every_figure_has_a_value_or_a_reason(target: Decimal, actual: Decimal | None):
    for direction in Direction:
        for falling in Falling:
            figure = attainment(direction=direction, target=target, actual=actual, falling=falling)
            assert (figure.value is None) != (figure.why is None)
