"""Deviation: whether a goal's last value lies below the policy's share of its expected path, a straight line."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction
from ledger.domain.goals.events import GoalTerms, Interval
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.facts import LedgerFacts
from ledger.kernel.moments import begins, last_instant

_EXACT = Context(prec=34)
PLACES = Decimal("1e-10")
NONE_YET = Decimal(0)  # where values add up over the period, it begins with nothing


@dataclass(frozen=True, slots=True)
class Deviation:
    """A value below the path: which entry, of which day, how far the goal was and how far it should have been."""

    entry: str
    day: date
    progress: Decimal
    expected: Decimal
    share: Decimal


def deviation_of(goal: Any, facts: LedgerFacts, today: date) -> Deviation | None:  # noqa: ANN401  # two contexts' state
    """Return how the last value up to `today` deviates; None where it doesn't, or where there is no path.

    There is a path for a metric that rises or falls to a target over the whole period from a known baseline.
    """
    terms: GoalTerms | None = goal.terms
    if terms is None or terms.interval is not Interval.PERIOD:
        return None
    metric: MetricDefined | None = facts.state("metric", terms.metric).defined
    if metric is None or metric.direction not in (Direction.INCREASE, Direction.DECREASE):
        return None
    values: tuple[Actual, ...] = goal.series(today, metric.approved_source)
    inside = [value for value in values if terms.starts_on <= value.day <= terms.ends_on]
    return _judged(goal, terms, metric, inside[-1], facts) if inside else None


def _judged(
    goal: Any,  # noqa: ANN401  # two contexts' state
    terms: GoalTerms,
    metric: MetricDefined,
    last: Actual,
    facts: LedgerFacts,
) -> Deviation | None:
    at = last_instant(last.day, facts.zone)
    revised = goal.targets["target"].value_on(at)
    target = terms.target if revised is None else revised.value
    baseline = terms.baseline
    if baseline is None and metric.combines is Combines.SUM and metric.direction is Direction.INCREASE:
        baseline = NONE_YET
    reached = figures.progress(direction=metric.direction, baseline=baseline, target=target, actual=last.value).value
    if reached is None:
        return None
    share = facts.policy(begins(last.day, facts.zone)).terms.deviation_share
    expected = path_on(last.day, starts_on=terms.starts_on, ends_on=terms.ends_on)
    if reached >= share * expected:
        return None
    return Deviation(last.entry, last.day, reached.quantize(PLACES), expected.quantize(PLACES), share)


def path_on(day: date, *, starts_on: date, ends_on: date) -> Decimal:
    """Return the share of the way that is expected at the end of a day within the period."""
    whole = (ends_on - starts_on + timedelta(days=1)).days
    gone = (day - starts_on + timedelta(days=1)).days
    with localcontext(_EXACT):
        return Decimal(gone) / whole
