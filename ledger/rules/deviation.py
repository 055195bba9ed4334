"""Deviation: whether a goal's last value lies below the policy's share of its expected path, or of days in its band."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction
from ledger.domain.goals.events import GoalTerms, Interval
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.kernel.moments import begins, last_instant

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

    There is a path for a metric that rises or falls to a target over the whole period from a known baseline. One that
    is to be kept deviates where it lay inside its band on fewer days than the policy's share.
    """
    terms: GoalTerms | None = goal.terms
    if terms is None or terms.interval is not Interval.PERIOD:
        return None
    metric: MetricDefined | None = facts.state("metric", terms.metric).defined
    if metric is None or metric.direction is Direction.MILESTONE:
        return None
    values: tuple[Actual, ...] = goal.series(today, metric.approved_source)
    inside = [value for value in values if terms.starts_on <= value.day <= terms.ends_on]
    if metric.direction is Direction.MAINTAIN:
        return _outside(goal, terms, inside, facts) if inside else None
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
    reached = figures.progress(direction=metric.direction, baseline=baseline, target=target, actual=last.value)
    if reached.value is None:
        return None
    share = facts.policy(begins(last.day, facts.zone)).terms.deviation_share
    expected = figures.expected(
        day=last.day,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        milestones=[figures.Milestone(step.due_on, step.share) for step in goal.milestones.values()],
        pauses=[*goal.paused(facts.zone), *away(terms.owner, facts)],
    )
    if not figures.judged(progress=reached, expected=expected, share=share).below or reached.value is None:
        return None
    return Deviation(last.entry, last.day, reached.value.quantize(PLACES), expected.quantize(PLACES), share)


def _outside(
    goal: Any,  # noqa: ANN401  # two contexts' state
    terms: GoalTerms,
    values: list[Actual],
    facts: LedgerFacts,
) -> Deviation | None:
    """Return the last value of a metric to be kept that lies outside the band, once too few days were inside."""
    last = values[-1]
    revised = goal.targets["target"].value_on(last_instant(last.day, facts.zone))
    target = terms.target if revised is None else revised.value
    if terms.tolerance is None or abs(last.value - target) <= terms.tolerance:
        return None
    low, high = target - terms.tolerance, target + terms.tolerance
    until = last.day + timedelta(days=1)
    kept = figures.share_inside(values, low=low, high=high, starts_on=terms.starts_on, until=until).value
    share = facts.policy(begins(last.day, facts.zone)).terms.deviation_share
    if kept is None or kept >= share:
        return None
    return Deviation(last.entry, last.day, kept.quantize(PLACES), Decimal(1).quantize(PLACES), share)


def away(owner: Subject, facts: LedgerFacts) -> list[figures.Pause]:
    """Return the runs of days on which an absence that pauses duties keeps the owner away; of a unit there are none."""
    if owner.kind != "person":
        return []
    runs = facts.state("person", facts.resolved(owner.id)).absences.paused_days(facts.zone)
    return [figures.Pause(first, until) for first, until in runs]
