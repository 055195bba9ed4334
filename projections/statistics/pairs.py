"""Correlation: pairs of two figures by owner and period, with whole owners resampled for interval and p-value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]  # ships no types; what it returns is made float at once

Numbers = NDArray[np.float64]
Whole = NDArray[np.intp]
SEED = 20_260_101  # fixed: the same pairs give the same interval at any time
RESAMPLES = 1_000
CONFIDENCE = 0.95
FEWEST = 4  # owners; with fewer no interval says anything


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures of one owner: x of a period, and y of the same or of a later one; `unit` is the owner's."""

    owner: str
    period: str
    unit: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient with its interval and two-sided p-value; None where whole owners can't be resampled."""

    value: float
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Correlation:
    """Both coefficients over `n` owners and `pairs` pairs, as they are, and with a common part taken out.

    `plain`: of the figures as they are, (Pearson, Spearman). `pooled`: less each period's mean. `within_unit`: less
    the mean of each unit in each period. None where one of the two does not vary.
    """

    n: int
    pairs: int
    plain: tuple[float, float] | None
    pearson: Estimate | None
    spearman: Estimate | None
    within_unit: tuple[Estimate, Estimate] | None


def coefficients(x: Numbers, y: Numbers) -> tuple[float, float] | None:
    """Return (Pearson, Spearman) of two columns, ties by mean rank; None where one does not vary, or below 3 rows."""
    if len(x) < 3 or _constant(x) or _constant(y):
        return None
    return float(stats.pearsonr(x, y).statistic), float(stats.spearmanr(x, y).statistic)


def correlation(pairs: Sequence[Pair]) -> Correlation:
    """Return how two figures go together; n counts owners, for the pairs of one owner are not independent."""
    owners = _numbered([one.owner for one in pairs])
    x, y = (np.array(column, dtype=np.float64) for column in ([p.x for p in pairs], [p.y for p in pairs]))
    periods = _numbered([one.period for one in pairs])
    inside = _numbered([f"{one.unit} {one.period}" for one in pairs])
    pooled = _resampled(_less_means(x, periods), _less_means(y, periods), owners)
    apart = None if len(set(inside)) == len(set(periods)) else inside
    within = pooled if apart is None else _resampled(_less_means(x, apart), _less_means(y, apart), owners)
    pearson, spearman = (None, None) if pooled is None else pooled
    return Correlation(len(set(owners)), len(pairs), coefficients(x, y), pearson, spearman, within)


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for their number (Benjamini and Hochberg 1995); an absent one stays absent."""
    present = [p for p in p_values if p is not None]
    corrected = iter(stats.false_discovery_control(present) if present else ())
    return [None if p is None else float(next(corrected)) for p in p_values]


def _numbered(keys: Sequence[str]) -> Whole:
    return np.unique(np.array(keys, dtype=np.str_), return_inverse=True)[1].astype(np.intp)


def _constant(column: Numbers) -> bool:
    return bool(np.ptp(column) <= 1e-12 * max(1.0, float(np.abs(column).max())))


def _less_means(column: Numbers, groups: Whole) -> Numbers:
    """Return each value less the mean of its group: what all of a group have in common is taken out."""
    means = np.bincount(groups, weights=column) / np.bincount(groups)
    less: Numbers = column - means[groups]
    return less


def _resampled(x: Numbers, y: Numbers, owners: Whole) -> tuple[Estimate, Estimate] | None:
    """Return both coefficients, with percentile intervals and p-values from drawing whole owners with replacement."""
    found = coefficients(x, y)
    if found is None:
        return None
    number = int(owners.max()) + 1
    if number < FEWEST:
        pearson, spearman = (Estimate(value, None, None, None) for value in found)
        return pearson, spearman
    draws = np.random.default_rng(SEED).multinomial(number, np.full(number, 1 / number), size=RESAMPLES)
    weights = draws[:, owners].astype(np.float64)
    drawn = _weighted(weights, np.broadcast_to(x, weights.shape), np.broadcast_to(y, weights.shape))
    ranked = _weighted(weights, _weighted_ranks(weights, x), _weighted_ranks(weights, y))
    return _estimate(found[0], drawn), _estimate(found[1], ranked)


def _weighted(weights: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """Return Pearson's coefficient of each row, each pair counted by its weight; not a number where one is constant."""
    total = weights.sum(axis=1, keepdims=True)
    from_x, from_y = (c - (weights * c).sum(axis=1, keepdims=True) / total for c in (x, y))
    products = ((from_x, from_y), (from_x, from_x), (from_y, from_y))
    together, of_x, of_y = ((weights * a * b).sum(axis=1) for a, b in products)
    with np.errstate(invalid="ignore", divide="ignore"):
        coefficient: Numbers = together / np.sqrt(of_x * of_y)
    return coefficient


def _weighted_ranks(weights: Numbers, column: Numbers) -> Numbers:
    """Return for each row of weights the mean ranks that the column has where each value stands so many times."""
    values, place = np.unique(column, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(values)))
    times = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks: Numbers = (np.cumsum(times, axis=1) - times + (times + 1) / 2)[:, place]
    return ranks


def _estimate(value: float, drawn: Numbers) -> Estimate:
    """Return a coefficient with its percentile interval, and a p-value that is never zero: (k + 1) / (draws + 1)."""
    usable = drawn[np.isfinite(drawn)]
    if len(usable) < RESAMPLES / 2:
        return Estimate(value, None, None, None)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    beyond = min(int((usable <= 0).sum()), int((usable >= 0).sum()))
    return Estimate(value, float(low), float(high), min(1.0, 2 * (beyond + 1) / (len(usable) + 1)))
