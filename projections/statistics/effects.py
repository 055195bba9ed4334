"""Effects and rates: means compared, selection rates, and the share that has reached a target by the n-th period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats  # type: ignore[import-untyped]  # ships no types; what it returns is made float at once

from projections.statistics.pairs import CONFIDENCE, RESAMPLES, SEED, Numbers

FOUR_FIFTHS = 0.8  # an impact ratio below it is usually looked into (US 29 CFR 1607.4 D)


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two means, first less second: standard error and interval with unequal variances (Welch).

    `low` and `high` are by the standard formula, `resampled` is the interval by bootstrap, `p` two-sided. All None
    where a side has fewer than two values or nothing varies.
    """

    first: int
    second: int
    value: float
    error: float | None
    low: float | None
    high: float | None
    p: float | None
    resampled: tuple[float, float] | None


def difference(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """Return the difference of the means of two groups; None where one is empty.

    For a difference in differences give each person's change instead of the figure.
    """
    if not first or not second:
        return None
    a, b = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    value = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2 or (np.ptp(a) == 0 and np.ptp(b) == 0):
        return Difference(len(a), len(b), value, None, None, None, None, None)
    of_a, of_b = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    error = (of_a + of_b) ** 0.5
    freedom = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))  # Welch and Satterthwaite
    low, high = (float(limit) for limit in stats.t.interval(CONFIDENCE, freedom, loc=value, scale=error))
    sides = (a.mean(), a.std(ddof=1), len(a), b.mean(), b.std(ddof=1), len(b))
    p = float(stats.ttest_ind_from_stats(*sides, equal_var=False).pvalue)
    return Difference(len(a), len(b), value, error, low, high, p, _bootstrapped(a, b))


def _bootstrapped(a: Numbers, b: Numbers) -> tuple[float, float]:
    """Return the percentile interval of the difference, each side drawn anew by itself."""
    chance = np.random.default_rng(SEED)
    means = [c[chance.integers(0, len(c), size=(RESAMPLES, len(c)))].mean(axis=1) for c in (a, b)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means[0] - means[1], [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of `n` values with its interval by Student's t; None where there are fewer than two, or nothing varies."""

    n: int
    value: float
    low: float | None
    high: float | None


def mean_of(values: Sequence[float]) -> Mean | None:
    """Return the mean of some values; None where there are none."""
    if not values:
        return None
    column = np.array(values, dtype=np.float64)
    if len(column) < 2 or np.ptp(column) == 0:
        return Mean(len(column), float(column.mean()), None, None)
    interval = stats.ttest_1samp(column, 0.0).confidence_interval(CONFIDENCE)
    return Mean(len(column), float(column.mean()), float(interval.low), float(interval.high))


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of a group were selected; `ratio` is its rate over the highest rate. None: the denominator is zero."""

    group: str
    selected: int
    of: int
    rate: float | None
    ratio: float | None

    @property
    def below_four_fifths(self) -> bool | None:
        """Tell whether the ratio is below four fifths; None without a ratio."""
        return None if self.ratio is None else self.ratio < FOUR_FIFTHS


def selection_rates(counts: Mapping[str, tuple[int, int]], *, unknown: str, comparable: int = 1) -> tuple[Rate, ...]:
    """Return the rate of each group from (selected, of), in order of name.

    The highest rate is that of the known groups with at least `comparable` members. `unknown` names those who said
    nothing: they have a rate, and no ratio, for they are no group.
    """
    rates = {group: selected / of if of else None for group, (selected, of) in counts.items()}
    measured = [r for g, r in rates.items() if r is not None and g != unknown and counts[g][1] >= comparable]
    highest = max(measured, default=0.0)
    return tuple(
        Rate(group, *counts[group], rate, None if rate is None or group == unknown or not highest else rate / highest)
        for group, rate in sorted(rates.items())
    )


@dataclass(frozen=True, slots=True)
class Reached:
    """By the end of the n-th period: how many were still watched at its start, how many reached it in it, and shares.

    `share` is by Kaplan and Meier (1958): those whose periods still run or who left count as long as they were watched.
    `low` and `high` are its interval (log-log).
    """

    period: int
    at_risk: int
    reached: int
    share: float
    low: float | None
    high: float | None


def reached_by(reached_in: Sequence[int], watched_for: Sequence[int]) -> tuple[Reached, ...]:
    """Return the share that has reached a target by each period in which somebody did.

    `reached_in`: the period of those who did; `watched_for`: how many whole periods the others were watched.
    """
    if not reached_in:
        return ()
    survival = stats.ecdf(_censored(reached_in, watched_for)).sf
    limits, undefined = _limits(reached_in, watched_for)
    everybody = [*reached_in, *watched_for]
    found = []
    for period in sorted(set(reached_in)):
        at_risk = sum(n >= period for n in everybody)
        told = None if period == undefined else limits
        low, high = (None, None) if told is None else (_left(told.high, period), _left(told.low, period))
        share = 1 - float(survival.evaluate(period))
        found.append(Reached(period, at_risk, list(reached_in).count(period), share, low, high))
    return tuple(found)


class _Limit(Protocol):
    def evaluate(self, x: float) -> float: ...


class _Limits(Protocol):
    @property
    def low(self) -> _Limit: ...
    @property
    def high(self) -> _Limit: ...


def _limits(reached_in: Sequence[int], watched_for: Sequence[int]) -> tuple[_Limits | None, int | None]:
    """Return the limits, None for too few, and the period in which the last ones reached it: there is no interval.

    Those before are the same if these are watched on; so are all without whoever was watched for less than the first.
    """
    last = max(reached_in)
    is_all = all(watched < last for watched in watched_for)
    before = [n for n in reached_in if not (is_all and n == last)]
    watched_on = [*watched_for, *([last] * (len(reached_in) - len(before)))]
    if len(reached_in) < 2 or not before:
        return None, None
    data = _censored(before, [n for n in watched_on if n >= min(before)])
    found: _Limits = stats.ecdf(data).sf.confidence_interval(CONFIDENCE, method="log-log")
    return found, last if is_all else None


def _censored(reached_in: Sequence[int], watched_for: Sequence[int]) -> stats.CensoredData:
    return stats.CensoredData(uncensored=list(reached_in), right=[n for n in watched_for if n > 0])


def _left(limit: _Limit, period: int) -> float | None:
    value = float(limit.evaluate(period))
    return None if np.isnan(value) else 1 - value
