"""Deviation: whether a goal's last value lies below the policy's share of its expected path, or of days in its band."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction
from ledger.domain.goals import scoring
from ledger.domain.goals.events import GoalTerms, Interval
from ledger.domain.goals.metrics import MetricDefined
from ledger.domain.goals.resting import resting
from ledger.domain.goals.state import Step
from ledger.facts import LedgerFacts
from ledger.kernel.moments import begins, day_of

PLACES = Decimal("1e-10")


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
    is to be kept deviates where it lay inside its band on fewer days than the policy's share, and one with a target for
    each interval where its last whole interval attained less than that share. Of an imported goal nothing is judged
    that lies before its import.
    """
    terms: GoalTerms | None = goal.terms
    metric: MetricDefined | None = None if terms is None else facts.state("metric", terms.metric).defined
    if terms is None or metric is None or metric.direction is Direction.MILESTONE:
        return None
    found = _found(goal, terms, metric, facts, today)
    return None if found is None or found.day < known_from(goal, facts) else found


def known_from(goal: Any, facts: LedgerFacts) -> date:  # noqa: ANN401  # two contexts' state
    """Return the first day on which a goal is watched: of one that was imported, that of its import."""
    return date.min if goal.imported_at is None else day_of(goal.imported_at, facts.zone)


def _found(
    goal: Any,  # noqa: ANN401  # two contexts' state
    terms: GoalTerms,
    metric: MetricDefined,
    facts: LedgerFacts,
    today: date,
) -> Deviation | None:
    if terms.interval is not Interval.PERIOD:
        return _below_interval(goal, terms, metric, facts, today)
    values: tuple[Actual, ...] = goal.series(today, metric.approved_source)
    inside = [value for value in values if terms.starts_on <= value.day <= terms.ends_on]
    if metric.direction is Direction.MAINTAIN:
        return _outside(goal, terms, metric, inside, facts) if inside else None
    return _judged(goal, metric, inside[-1], facts) if inside else None


def _judged(
    goal: Any,  # noqa: ANN401  # two contexts' state
    metric: MetricDefined,
    last: Actual,
    facts: LedgerFacts,
) -> Deviation | None:
    judged = scoring.judged_of(goal, metric, last, last.day, facts)
    reached = judged.progress.value
    if not judged.below or reached is None:
        return None
    return Deviation(last.entry, last.day, reached.quantize(PLACES), judged.expected.quantize(PLACES), judged.share)


def _below_interval(
    goal: Any,  # noqa: ANN401  # two contexts' state
    terms: GoalTerms,
    metric: MetricDefined,
    facts: LedgerFacts,
    today: date,
) -> Deviation | None:
    """Judge the last value of the last whole interval by the target in force at its end; without one, nothing.

    An interval of which the owner was away, or the goal paused, on any day is not judged.
    """
    span = _last_whole(terms, today)
    if span is None or metric.direction is Direction.MAINTAIN:
        return None
    first, last = span
    if figures.paused_days(resting(goal, facts), starts_on=first, until=last + timedelta(days=1)):
        return None
    values = [value for value in goal.series(last, metric.approved_source) if value.day >= first]
    if not values:
        return None
    policy = facts.policy(begins(last, facts.zone)).terms
    target = goal.target_at(last, facts).value
    reached = figures.attainment(
        direction=metric.direction, target=target, actual=values[-1].value, falling=policy.falling_attainment
    ).value
    if reached is None or reached >= policy.deviation_share:
        return None
    return Deviation(
        values[-1].entry, last, reached.quantize(PLACES), Decimal(1).quantize(PLACES), policy.deviation_share
    )


def _last_whole(terms: GoalTerms, today: date) -> tuple[date, date] | None:
    """Return the first and last day of the last calendar interval that is over and lies in the goal's period."""
    first, last = figures.bounds(terms.interval.value, min(today, terms.ends_on + timedelta(days=1)))
    first, last = figures.bounds(terms.interval.value, first - timedelta(days=1))
    return (first, last) if first >= terms.starts_on else None


def missed_of(goal: Any, facts: LedgerFacts, today: date) -> tuple[Step, ...]:  # noqa: ANN401  # two contexts' state
    """Return the milestones whose day has passed without their being reached; pauses move the days.

    Of an imported goal, those whose day had not passed when it was imported.
    """
    terms: GoalTerms | None = goal.terms
    if terms is None:
        return ()
    done = figures.path_day(today - timedelta(days=1), starts_on=terms.starts_on, pauses=resting(goal, facts))
    passed = _passed_before(goal, terms, facts)
    steps: list[Step] = sorted(goal.milestones.values(), key=lambda step: step.due_on)
    return tuple(step for step in steps if step.reached_on is None and passed < step.due_on <= done)


def _passed_before(goal: Any, terms: GoalTerms, facts: LedgerFacts) -> date:  # noqa: ANN401  # two contexts' state
    """Return up to which day the path of an imported goal was over before it was known."""
    first = known_from(goal, facts)
    if first == date.min:
        return first
    return figures.path_day(first - timedelta(days=1), starts_on=terms.starts_on, pauses=resting(goal, facts))


def stale_of(goal: Any, facts: LedgerFacts, today: date) -> tuple[str, date] | None:  # noqa: ANN401  # two contexts'
    """Return the entry of the last value (else of the terms) and the first day without one in time, if that has come.

    The last day that is looked at is yesterday: a value of today may still come. Of an imported goal the silence counts
    from its import.
    """
    terms: GoalTerms | None = goal.terms
    metric: MetricDefined | None = None if terms is None else facts.state("metric", terms.metric).defined
    if terms is None or metric is None or goal.entry is None:
        return None
    until = min(today - timedelta(days=1), terms.ends_on)
    values: tuple[Actual, ...] = goal.series(today, metric.approved_source)
    day = scoring.stale_on(goal, values, until, facts, since=known_from(goal, facts))
    return None if day is None else (values[-1].entry if values else goal.entry, day)


def _outside(
    goal: Any,  # noqa: ANN401  # two contexts' state
    terms: GoalTerms,
    metric: MetricDefined,
    values: list[Actual],
    facts: LedgerFacts,
) -> Deviation | None:
    """Return the last value of a metric to be kept that lies outside the band, once too few days were inside."""
    last = values[-1]
    target = goal.target_at(last.day, facts).value
    if terms.tolerance is None or abs(last.value - target) <= terms.tolerance:
        return None
    kept = scoring.progress_of(goal, metric, tuple(values), last.day, facts).value
    share = facts.policy(begins(last.day, facts.zone)).terms.deviation_share
    if kept is None or kept >= share:
        return None
    return Deviation(last.entry, last.day, kept.quantize(PLACES), Decimal(1).quantize(PLACES), share)
