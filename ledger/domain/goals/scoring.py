"""Scoring a goal: its figures on a day by the target in force then, what was expected, and what they rest on."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction, Figure, Judged, Milestone, Provenance, Why
from ledger.domain.goals.events import GoalClosed, GoalTerms, Interval
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.goals.state import GoalState
from ledger.kernel.command import Act
from ledger.kernel.facts import Terms
from ledger.kernel.moments import ONE_TICK, begins, day_of
from ledger.kernel.refusals import NotFound

NOTHING_YET = Decimal(0)  # what adds up over the period begins with nothing


class Measured(Protocol):
    """What a goal must know about the progress made towards it."""

    def series(self, day: date, source: str | None) -> tuple[Actual, ...]:
        """Return the values up to and including a day, in order: of the approved source if any, else the claims."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """The figures of a goal on a day: each a value or the reason why there is none, with what they rest on.

    `judged` compares the progress with the path at the day of the last value; `stale_on` is the first day without a
    value in time, or None.
    """

    progress: Figure
    attainment: Figure
    reached: bool | None
    actual: Actual | None
    target: Decimal
    judged: Judged
    stale_on: date | None
    provenance: Provenance


def score(state: GoalState, measured: Measured, day: date, facts: Terms) -> Scored:
    """Return a goal's figures at the end of a day, at most its last. Raises NotFound for a goal without terms."""
    terms = state.terms
    if terms is None:
        raise NotFound()
    metric: MetricDefined = facts.state("metric", terms.metric).defined
    on = min(terms.ends_on, day)
    series = measured.series(on, metric.approved_source)
    at = begins(on + timedelta(days=1), facts.zone) - ONE_TICK
    change = state.targets["target"].change_on(at)
    target = terms.target if change is None else change.value.value
    progress = progress_of(state, terms, metric, target, series, on)
    actual = series[-1] if series else None
    policy = facts.policy(at)
    return Scored(
        progress=progress,
        attainment=figures.attainment(
            direction=metric.direction,
            target=target,
            actual=None if actual is None else actual.value,
            falling=policy.terms.falling_attainment,
        ),
        reached=figures.reached(
            direction=metric.direction,
            target=target,
            actual=None if actual is None else actual.value,
            tolerance=terms.tolerance,
        ),
        actual=actual,
        target=target,
        judged=_judged(state, terms, _on_path(terms, metric, target, progress, actual), actual, on, facts),
        stale_on=_stale_on(state, terms, series, on, facts),
        provenance=Provenance(
            figure=progress,
            policy=policy.name,
            direction=metric.direction.value,
            baseline=terms.baseline,
            target=target,
            target_entry=state.entry if change is None else change.event_id,
            on=on,
            actuals=series if metric.direction is Direction.MAINTAIN else series[-1:],
        ),
    )


def progress_of(
    state: GoalState,
    terms: GoalTerms,
    metric: MetricDefined,
    target: Decimal,
    series: tuple[Actual, ...],
    day: date,
) -> Figure:
    """Return the progress by the metric's direction; where that is a milestone, by those of the goal if any."""
    direction = metric.direction
    if direction is Direction.MAINTAIN and terms.tolerance is not None:
        low, high, until = target - terms.tolerance, target + terms.tolerance, day + timedelta(days=1)
        return figures.share_inside(series, low=low, high=high, starts_on=terms.starts_on, until=until)
    if direction is Direction.MILESTONE and state.milestones:
        steps = ((s.share, s.reached_on is not None and s.reached_on <= day) for s in state.milestones.values())
        return figures.milestones_reached(steps)
    actual = series[-1].value if series else None
    return figures.progress(direction=direction, baseline=terms.baseline, target=target, actual=actual)


def _on_path(
    terms: GoalTerms, metric: MetricDefined, target: Decimal, progress: Figure, actual: Actual | None
) -> Figure:
    """Return the progress to compare with the path; what adds up over the whole period begins with nothing."""
    if terms.interval is not Interval.PERIOD:
        return Figure(why=Why.NOT_FOR_THIS_INTERVAL)
    if metric.direction is Direction.MAINTAIN:
        return Figure(why=Why.NOT_FOR_THIS_DIRECTION)
    if actual is None or progress.why is not Why.NO_BASELINE or metric.combines is not Combines.SUM:
        return progress
    return figures.progress(direction=metric.direction, baseline=NOTHING_YET, target=target, actual=actual.value)


def _judged(
    state: GoalState, terms: GoalTerms, progress: Figure, actual: Actual | None, on: date, facts: Terms
) -> Judged:
    """Compare with the path of the last value's day, or of the last day where there is none, by that day's policy."""
    day = on if actual is None else actual.day
    expected = figures.expected(
        day=day,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        milestones=tuple(Milestone(s.due_on, s.share) for s in state.milestones.values()),
        pauses=state.paused(facts.zone),
    )
    share = facts.policy(begins(day, facts.zone)).terms.deviation_share
    return figures.judged(progress=progress, expected=expected, share=share)


def _stale_on(state: GoalState, terms: GoalTerms, series: tuple[Actual, ...], day: date, facts: Terms) -> date | None:
    rhythm_days = facts.policy(begins(day, facts.zone)).terms.reporting_rhythm_days
    return figures.stale_since(
        last_day=series[-1].day if series else None,
        starts_on=terms.starts_on,
        rhythm_days=rhythm_days,
        pauses=state.paused(facts.zone),
        until=day,
    )


def closing_figures(state: GoalState, measured: Measured, act: Act) -> GoalClosed:
    """Return the closing event with the figures as of the goal's last day, or of the closing day if that is earlier."""
    scored = score(state, measured, day_of(act.begins, act.zone), act.facts)
    terms, actual = state.terms, scored.actual
    if terms is None:
        raise NotFound()
    return GoalClosed(
        owner=terms.owner,
        metric=terms.metric,
        target=scored.target,
        actual=None if actual is None else actual.value,
        actual_on=None if actual is None else actual.day,
        actual_from=None if actual is None else actual.origin,
        actual_entry=None if actual is None else actual.entry,
        progress=scored.progress.value,
        progress_why=scored.progress.why,
        attainment=scored.attainment.value,
        attainment_why=scored.attainment.why,
        reached=scored.reached,
        formula=scored.provenance.formula,
    )
