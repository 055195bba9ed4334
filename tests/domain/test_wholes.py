"""Wholes and parts: what is absent lowers nothing, what differs in kind is not added, order changes nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.figures import Amount, Figure, Part, Why, amount_over, coverage, ratio, roll_up
from ledger.domain.figures.amounts import bounds
from ledger.kernel.policy import RollUp
from tests.domain.examples import day, q

JAN, DEC = day("2026-01-01"), day("2026-12-31")
values = st.decimals(-100, 100, places=4)
figures = st.builds(Figure, values) | st.just(Figure(why=Why.NO_ACTUAL))
parts = st.lists(st.builds(Part, st.uuids().map(str), figures, st.none() | st.decimals(0, 100, places=2)), max_size=6)


def part(id: str, value: str | None, weight: str | None = "1") -> Part:
    figure = Figure(why=Why.NO_ACTUAL) if value is None else Figure(q(value))
    return Part(id, figure, None if weight is None else q(weight))


def test_a_missing_part_leaves_the_denominator_and_is_named():
    found = roll_up([part("a", "0.5"), part("b", None), part("c", "1", "3")], RollUp.WEIGHTED_MEAN)
    assert found.figure.value == q("0.875")
    assert (found.present, found.parts, found.missing) == (2, 3, (("b", Why.NO_ACTUAL),))
    assert found.weights == (("a", q("1")), ("c", q("3")))


def test_a_zero_counts_and_an_absence_does_not():
    assert roll_up([part("a", "1"), part("b", "0")], RollUp.MEAN).figure.value == q("0.5")
    assert roll_up([part("a", "1"), part("b", None)], RollUp.MEAN).figure.value == q("1")


def test_a_part_without_a_weight_is_not_weighed_as_nothing_in_silence():
    found = roll_up([part("a", "0.5"), part("b", "1", None), part("c", "1", "0")], RollUp.WEIGHTED_MEAN)
    assert found.figure.value == q("0.5")
    assert found.missing == (("b", Why.NO_WEIGHT), ("c", Why.NO_WEIGHT))


def test_the_mode_is_said_and_changes_the_figure():
    both = [part("a", "0.4", "1"), part("b", "1", "2")]
    found = {mode: roll_up(both, mode) for mode in RollUp}
    assert {mode: f.mode for mode, f in found.items()} == {mode: mode for mode in RollUp}
    assert found[RollUp.WEIGHTED_MEAN].figure.value == q("0.8")
    assert found[RollUp.MEAN].figure.value == q("0.7")
    assert found[RollUp.LOWEST].figure.value == q("0.4")
    assert {f.formula for f in found.values()} == {"figures-2"}


def test_of_nothing_there_is_no_figure():
    for none in ([], [part("a", None)]):
        assert roll_up(none, RollUp.MEAN).figure == Figure(why=Why.NOTHING_PRESENT)


def test_parts_below_one_and_below_nothing_keep_their_sign_and_their_decimals():
    found = roll_up([part("a", "-0.0001"), part("b", "0.0004")], RollUp.MEAN)
    assert found.figure.value == q("0.00015")


@for_all(parts, st.sampled_from(RollUp), st.randoms())
def test_a_whole_never_depends_on_the_order_of_its_parts(known: list[Part], mode: RollUp, chance):
    shuffled = list(known)
    chance.shuffle(shuffled)
    assert roll_up(known, mode) == roll_up(shuffled, mode)


@for_all(parts, st.sampled_from(RollUp))
def test_absence_is_never_zero(known: list[Part], mode: RollUp):
    absent = Part("absent", Figure(why=Why.NO_ACTUAL), Decimal(50))
    without, beside = roll_up(known, mode), roll_up([*known, absent], mode)
    assert beside.figure == without.figure
    assert beside.parts == without.parts + 1


@for_all(parts, st.sampled_from(RollUp))
def test_a_whole_lies_between_its_parts(known: list[Part], mode: RollUp):
    found = roll_up(known, mode)
    present = [p.figure.value for p in known if p.id in dict(found.weights) and p.figure.value is not None]
    assert (found.figure.value is None) == (not present)
    if found.figure.value is not None:
        assert min(present) - q("1e-25") <= found.figure.value <= max(present) + q("1e-25")


# Amounts


def amount(value: str, interval: str = "period", first: date = JAN, last: date = DEC, unit: str = "件") -> Amount:
    return Amount(f"{value} {interval}", q(value), interval, first, last, unit)


def test_eight_a_month_is_96_of_100_a_year():
    found = coverage(amount("100"), [amount("8", "month")])
    assert (found.whole.value, found.covered.value, found.remainder.value) == (q("100"), q("96"), q("4"))
    assert found.share.value == q("0.96")


@pytest.mark.parametrize(
    ("interval", "times"), [("period", "1"), ("year", "1"), ("quarter", "4"), ("month", "12"), ("day", "365")]
)
def test_an_amount_is_taken_over_the_period(interval: str, times: str):
    assert amount_over(amount("3", interval), starts_on=JAN, ends_on=DEC).value == 3 * q(times)


def test_of_an_interval_in_part_the_part_counts_by_days():
    half = amount("30", "month", day("2026-04-16"), day("2026-05-31"))
    assert amount_over(half, starts_on=JAN, ends_on=DEC).value == q("45")
    week = amount("7", "week", day("2026-01-01"), day("2026-01-11"))
    assert amount_over(week, starts_on=JAN, ends_on=DEC).value == q("11")


def test_only_what_lies_in_the_parents_period_counts():
    two_years = amount("200", "period", day("2025-01-01"), DEC)
    assert amount_over(two_years, starts_on=JAN, ends_on=DEC).value == q("100")
    assert amount_over(amount("8", "month"), starts_on=day("2027-01-01"), ends_on=day("2027-12-31")).value == 0


def test_weeks_begin_on_monday_and_february_ends_when_it_ends():
    assert bounds("week", day("2026-11-25")) == (day("2026-11-23"), day("2026-11-29"))
    assert bounds("month", day("2028-02-10")) == (day("2028-02-01"), day("2028-02-29"))
    assert bounds("quarter", day("2026-05-05")) == (day("2026-04-01"), day("2026-06-30"))


def test_another_unit_of_measure_leaves_the_coverage_unknown_unless_somebody_stated_the_conversion():
    children = [amount("40"), amount("6", unit="箱")]
    found = coverage(amount("100"), children)
    assert (found.covered.value, found.remainder.value, found.share.value) == (None, None, None)
    assert found.unknown == (("6 period", Why.OTHER_UNIT_OF_MEASURE),)
    assert coverage(amount("100"), children, {("箱", "件"): q("10")}).covered.value == q("100")


def test_values_that_do_not_add_up_are_not_added():
    level = Amount("level", q("5"), "month", JAN, DEC, "件", sums=False)
    assert coverage(amount("100"), [level]).unknown == (("level", Why.DOES_NOT_ADD_UP),)
    assert coverage(level, [amount("5")]).share.why is Why.DOES_NOT_ADD_UP


def test_a_parent_without_children_is_covered_by_nothing_and_one_of_nothing_has_no_share():
    assert coverage(amount("100"), []).covered.value == 0
    assert coverage(amount("0"), [amount("1")]).share.why is Why.TARGET_NOT_POSITIVE


def test_more_than_the_whole_leaves_less_than_nothing():
    found = coverage(amount("100"), [amount("10", "month")])
    assert (found.remainder.value, found.share.value) == (q("-20"), q("1.2"))


def test_ratios_are_added_above_and_below_the_line():
    assert ratio([(q("1"), q("2")), (q("8"), q("10"))]).value == q("0.75"), "not 0.65"
    assert ratio([(q("1"), q("2")), (None, q("10")), (q("3"), None)]).value == q("0.5")
    assert ratio([(None, None)]).why is Why.NOTHING_PRESENT
    assert ratio([(q("1"), q("0"))]).why is Why.DENOMINATOR_ZERO


@for_all(st.lists(st.tuples(values, st.sampled_from(["month", "quarter", "period"])), max_size=5), st.randoms())
def test_a_coverage_never_depends_on_the_order_of_its_children(given: list[tuple[Decimal, str]], chance):
    children = [Amount(f"g-{n}", value, interval, JAN, DEC, "件") for n, (value, interval) in enumerate(given)]
    shuffled = list(children)
    chance.shuffle(shuffled)
    found, other = coverage(amount("100"), children), coverage(amount("100"), shuffled)
    assert found == other
