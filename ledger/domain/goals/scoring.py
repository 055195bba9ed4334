"""Scoring a goal: its figures on a day by the target in force then, what was expected, and what they rest on."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction, Figure, Judged, Milestone, Provenance, Why
from ledger.domain.figures.pauses import within
from ledger.domain.goals.events import GoalClosed, GoalTerms, Interval
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.goals.resting import resting
from ledger.domain.goals.state import GoalState
from ledger.kernel.command import Act
from ledger.kernel.facts import Terms
from ledger.kernel.moments import begins, day_of, last_instant
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
    at, pauses = last_instant(on, facts.zone), resting(state, facts)
    change = state.targets["target"].change_on(at)
    target = terms.target if change is None else change.value.value
    progress = progress_of(state, metric, series, on, facts)
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
        judged=judged_of(state, metric, actual, on, facts),
        stale_on=stale_on(state, series, on, facts),
        provenance=Provenance(
            figure=progress,
            policy=policy.name,
            direction=metric.direction.value,
            baseline=terms.baseline,
            target=target,
            target_entry=state.entry if change is None else change.event_id,
            starts_on=terms.starts_on,
            on=on,
            actuals=series if metric.direction is Direction.MAINTAIN else series[-1:],
            pauses=tuple(within(pauses, starts_on=terms.starts_on, until=on + timedelta(days=1))),
        ),
    )


def progress_of(state: GoalState, metric: MetricDefined, series: tuple[Actual, ...], day: date, facts: Terms) -> Figure:
    """Return the progress at the end of a day, by the target in force then and the metric's direction.

    A metric to be kept: the share of days in the band, of those on which anything was expected. A milestone: by those
    of the goal, if it has any.
    """
    terms, direction = _terms(state), metric.direction
    target = state.target_at(day, facts).value
    if direction is Direction.MAINTAIN and terms.tolerance is not None:
        return figures.share_inside(
            series,
            low=target - terms.tolerance,
            high=target + terms.tolerance,
            starts_on=terms.starts_on,
            until=day + timedelta(days=1),
            pauses=resting(state, facts),
        )
    if direction is Direction.MILESTONE and state.milestones:
        steps = ((s.share, s.reached_on is not None and s.reached_on <= day) for s in state.milestones.values())
        return figures.milestones_reached(steps)
    actual = series[-1].value if series else None
    return figures.progress(direction=direction, baseline=terms.baseline, target=target, actual=actual)


def expected_of(state: GoalState, day: date, facts: Terms) -> Decimal:
    """Return the share of the way that is expected at the end of a day; resting days are taken out."""
    terms = _terms(state)
    return figures.expected(
        day=day,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        milestones=tuple(Milestone(step.due_on, step.share) for step in state.milestones.values()),
        pauses=resting(state, facts),
    )


def judged_of(state: GoalState, metric: MetricDefined, actual: Actual | None, on: date, facts: Terms) -> Judged:
    """Compare the last value with the path of its day, by the target and the policy of that day.

    Where there is no value yet, or milestones stand for it, by those of the day asked about, `on`.
    """
    by_milestones = metric.direction is Direction.MILESTONE and bool(state.milestones)
    day = on if actual is None or by_milestones else actual.day
    share = facts.policy(begins(day, facts.zone)).terms.deviation_share
    return figures.judged(
        progress=_on_path(state, metric, actual, day, facts), expected=expected_of(state, day, facts), share=share
    )


def _on_path(state: GoalState, metric: MetricDefined, actual: Actual | None, day: date, facts: Terms) -> Figure:
    """Return the progress to compare with the path; what is to add up over the whole period begins with nothing."""
    terms = _terms(state)
    if terms.interval is not Interval.PERIOD:
        return Figure(why=Why.NOT_FOR_THIS_INTERVAL)
    if metric.direction is Direction.MAINTAIN:
        return Figure(why=Why.NOT_FOR_THIS_DIRECTION)
    progress = progress_of(state, metric, () if actual is None else (actual,), day, facts)
    adds_up = metric.combines is Combines.SUM and metric.direction is Direction.INCREASE
    if actual is None or progress.why is not Why.NO_BASELINE or not adds_up:
        return progress
    target = state.target_at(day, facts).value
    return figures.progress(direction=metric.direction, baseline=NOTHING_YET, target=target, actual=actual.value)


def stale_on(
    state: GoalState, series: tuple[Actual, ...], day: date, facts: Terms, *, since: date = date.min
) -> date | None:
    """Return the first day without a value in time, up to and including a day; None where it is kept or there is none.

    By the rhythm of that day's policy; on resting days none is owed, nor before `since`.
    """
    rhythm_days = facts.policy(begins(day, facts.zone)).terms.reporting_rhythm_days
    if not rhythm_days:
        return None
    return figures.stale_since(
        last_day=series[-1].day if series else None,
        starts_on=max(_terms(state).starts_on, since),
        rhythm_days=rhythm_days,
        pauses=resting(state, facts),
        until=day,
    )


def _terms(state: GoalState) -> GoalTerms:
    if state.terms is None:
        raise NotFound()
    return state.terms


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
