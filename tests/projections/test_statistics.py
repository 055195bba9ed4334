"""Statistics: plain formulas against published tables, and resampling, trends and running periods worked by hand."""

import csv
from itertools import product

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]  # ships no types

from projections.statistics.effects import difference, reached_by, selection_rates
from projections.statistics.pairs import Pair, adjusted, coefficients, correlation
from tests.tidy.tree import ROOT

DATA = ROOT.parent / "shared/data"


def rows(name: str) -> list[dict[str, str]]:
    if not DATA.is_dir():
        pytest.skip("the folder shared/data with the test data is absent")
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(name: str, *names: str) -> list[list[float]]:
    whole = [row for row in rows(name) if all(row[one] not in ("", "NA") for one in names)]
    return [[float(row[one]) for row in whole] for one in names]


def one_row_each(x: list[float], y: list[float]) -> list[Pair]:
    return [Pair(str(number), "2025", "u", *pair) for number, pair in enumerate(zip(x, y, strict=True))]


def test_sales_and_ratings_of_one_row_a_person() -> None:
    found = correlation(one_row_each(*columns("people_analytics/employee_performance.csv", "sales", "rating")))
    assert found.plain is not None
    assert found.pearson is not None
    assert found.spearman is not None
    assert (found.n, found.pairs) == (366, 366)
    assert [round(value, 6) for value in found.plain] == [0.558247, 0.541151]
    assert found.pearson.value == pytest.approx(found.plain[0])
    assert found.pearson.low is not None
    assert found.pearson.high is not None
    standard = stats.pearsonr(*columns("people_analytics/employee_performance.csv", "sales", "rating"))
    interval = standard.confidence_interval(0.95)
    assert found.pearson.low == pytest.approx(interval.low, abs=0.02)
    assert found.pearson.high == pytest.approx(interval.high, abs=0.02)


def test_sales_and_customers_rates_without_the_blank_row() -> None:
    found = correlation(one_row_each(*columns("people_analytics/salespeople.csv", "sales", "customer_rate")))
    assert found.n == 350
    assert found.plain is not None
    assert round(found.plain[0], 6) == 0.337805


def test_trained_against_untrained() -> None:
    told = rows("training_effect/nsw_mixtape.csv")
    trained, others = ([float(row["re78"]) for row in told if row["treat"] == side] for side in "10")
    found = difference(trained, others)
    assert found is not None
    assert found.error is not None
    assert found.resampled is not None
    assert (found.first, found.second) == (185, 260)
    assert (f"{found.value:.2f}", f"{found.error:.2f}") == ("1794.34", "671.00")
    assert found.low is not None
    assert found.resampled[0] == pytest.approx(found.low, abs=150)
    assert difference(trained, others) == found  # the same figures at any time


def test_the_interval_counts_owners_and_not_their_rows() -> None:
    once = [Pair(str(n), "p0", "u", float(n), float((n * 7) % 10)) for n in range(10)]
    again = [Pair(one.owner, f"p{period}", "u", one.x, one.y) for one, period in product(once, range(12))]
    single, many = correlation(once), correlation(again)
    assert (single.n, many.n, many.pairs) == (10, 10, 120)
    assert single.pearson is not None
    assert many.pearson is not None
    assert many.pearson.value == pytest.approx(single.pearson.value)
    for one, other in ((many.pearson.low, single.pearson.low), (many.pearson.high, single.pearson.high)):
        assert one is not None
        assert other is not None
        assert one == pytest.approx(other)
    assert many.pearson.p == single.pearson.p


def test_what_all_gain_from_period_to_period_is_no_correlation() -> None:
    around = [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)]
    pairs = [Pair(str(n), f"p{t}", "u", x + 10 * t, y + 10 * t) for t in range(5) for n, (x, y) in enumerate(around)]
    found = correlation(pairs)
    assert found.plain is not None
    assert found.pearson is not None
    assert found.plain[0] > 0.99
    assert found.pearson.value == pytest.approx(0, abs=1e-12)


def test_what_units_differ_in_is_kept_apart_from_what_persons_do() -> None:
    inside = [(0.0, 2.0), (1.0, 1.0), (2.0, 0.0)]
    pairs = [
        Pair(f"{u}{n}", "p0", u, x + 10 * k, y + 10 * k) for k, u in enumerate("abc") for n, (x, y) in enumerate(inside)
    ]
    found = correlation(pairs)
    assert found.pearson is not None
    assert found.within_unit is not None
    assert found.pearson.value > 0.9
    assert found.within_unit[0].value == pytest.approx(-1)


def test_ranks_of_drawn_owners_are_those_of_the_drawn_table() -> None:
    from projections.statistics.pairs import _weighted, _weighted_ranks

    x, y = np.array([3.0, 1.0, 2.0, 2.0, 5.0]), np.array([1.0, 1.0, 4.0, 2.0, 3.0])
    weights = np.array([[2.0, 0.0, 1.0, 1.0, 3.0]])
    drawn = [np.repeat(column, weights[0].astype(int)) for column in (x, y)]
    found = _weighted(weights, _weighted_ranks(weights, x), _weighted_ranks(weights, y))
    assert found[0] == pytest.approx(stats.spearmanr(*drawn).statistic)


def test_what_does_not_vary_has_no_coefficient() -> None:
    assert coefficients(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0])) is None
    assert coefficients(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
    few = correlation([Pair(str(n), "p", "u", float(n), float(n * n)) for n in range(3)])
    assert few.pearson is not None
    assert (few.pearson.low, few.pearson.p) == (None, None)


def test_p_values_are_corrected_for_their_number() -> None:
    found = adjusted([0.01, None, 0.04, 0.03])
    assert found[1] is None
    assert [p for p in found if p is not None] == pytest.approx([0.03, 0.04, 0.04])  # 0.01·3/1; 0.03·3/2 > 0.04·3/3
    assert adjusted([None]) == [None]


def test_sides_too_small_have_a_difference_and_no_interval() -> None:
    found = difference([3.0], [1.0, 2.0])
    assert found is not None
    assert (found.value, found.error, found.p) == (1.5, None, None)
    assert difference([], [1.0]) is None


def test_selection_rates_of_women_and_men() -> None:
    counts: dict[str, tuple[int, int]] = {}
    for row in rows("people_analytics/recruiting.csv"):
        hired, of = counts.get(row["gender"], (0, 0))
        counts[row["gender"]] = hired + int(row["hired"]), of + 1
    assert counts == {"F": (78, 494), "M": (108, 472)}
    women, men = selection_rates(counts, unknown="unknown")
    assert men.ratio == 1
    assert women.ratio == pytest.approx((78 / 494) / (108 / 472))
    assert women.below_four_fifths


def test_unknown_and_empty_groups_are_shown_and_compared_with_nothing() -> None:
    a, b, unknown = selection_rates({"a": (1, 2), "b": (0, 0), "unknown": (3, 3)}, unknown="unknown")
    assert (a.rate, a.ratio) == (0.5, 1)
    assert (b.rate, b.ratio, b.below_four_fifths) == (None, None, None)
    assert (unknown.rate, unknown.ratio) == (1, None)
    assert selection_rates({"a": (0, 2)}, unknown="unknown")[0].ratio is None  # nobody was selected


def test_shares_by_period_where_some_still_run() -> None:
    first, second, third = reached_by([1, 2, 2, 3], [1, 2, 4])
    assert [(one.at_risk, one.reached) for one in (first, second, third)] == [(7, 1), (5, 2), (2, 1)]
    assert first.share == pytest.approx(1 / 7)
    assert second.share == pytest.approx(1 - 6 / 7 * 3 / 5)
    assert third.share == pytest.approx(1 - 6 / 7 * 3 / 5 * 1 / 2)
    assert second.low is not None
    assert second.high is not None
    assert second.low < second.share < second.high
    assert reached_by([], [1, 2]) == ()


def test_where_all_have_reached_it_the_share_is_one_and_its_interval_absent():
    *_, last = reached_by([1, 2, 2], [])
    assert (last.period, last.share, last.low, last.high) == (2, 1.0, None, None)
