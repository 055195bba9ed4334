"""Cascades: what of a parent's target its children carry, and how their figures make one."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from ledger.domain import figures
from ledger.domain.figures import Amount, Coverage, Figure, HitRate, Part, RolledUp
from ledger.domain.goals.events import ScoredBy
from ledger.domain.goals.metrics import Combines, MetricDefined, MetricState
from ledger.domain.goals.scoring import Measured, Scored, score
from ledger.domain.goals.state import GoalState, Stage
from ledger.kernel.facts import Terms
from ledger.kernel.moments import begins, last_instant
from ledger.kernel.refusals import NotFound

COUNTED = frozenset({Stage.ASSIGNED, Stage.CLOSED})  # proposals bind nobody yet, and what is withdrawn no more


def amount_of(id: str, state: GoalState, day: date, facts: Terms) -> Amount:
    """Return a goal's target, as in force at the end of a day, as an amount. Raises NotFound without terms."""
    terms = state.terms
    if terms is None:
        raise NotFound()
    metric: MetricDefined = facts.state("metric", terms.metric).defined
    return Amount(
        id=id,
        value=state.target_at(day, facts).value,
        interval=terms.interval.value,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        unit_of_measure=metric.unit_of_measure,
        sums=metric.combines is Combines.SUM,
    )


def covered(
    parent: tuple[str, GoalState],
    children: Mapping[str, GoalState],
    day: date,
    facts: Terms,
) -> Coverage:
    """Return what of the parent's amount its children carry on a day; those that bind nobody carry nothing."""
    counted = {id: state for id, state in children.items() if state.stage in COUNTED}
    amounts = [amount_of(id, state, day, facts) for id, state in counted.items()]
    return figures.coverage(amount_of(*parent, day, facts), amounts, _conversions(counted.values(), day, facts))


def _conversions(goals: Iterable[GoalState], day: date, facts: Terms) -> dict[tuple[str, str], Decimal]:
    """Return the conversions stated for the goals' metrics, as they hold at the end of a day."""
    at, found = last_instant(day, facts.zone), {}
    for metric in sorted({goal.metric for goal in goals if goal.metric is not None}):
        stated: MetricState = facts.state("metric", metric)
        found.update(stated.conversions_on(at))
    return found


def rolled_up(children: Mapping[str, tuple[GoalState, Measured]], day: date, facts: Terms) -> RolledUp:
    """Return the figure that the children make on a day, by the policy of that day; each by what scores it.

    Made anew at each asking, so that a child which leaves or moves leaves nothing behind.
    """
    mode = facts.policy(begins(day, facts.zone)).terms.roll_up
    counted = {id: both for id, both in children.items() if both[0].stage in COUNTED}
    return figures.roll_up((_part(id, *both, day, facts) for id, both in counted.items()), mode)


def _part(id: str, state: GoalState, measured: Measured, day: date, facts: Terms) -> Part:
    weight: Decimal | None = None if state.terms is None else state.terms.weight
    return Part(id, scoring_figure(state, score(state, measured, day, facts)), weight)


def scoring_figure(state: GoalState, scored: Scored) -> Figure:
    """Return the figure that the goal names as the one that scores it; reached is 1, missed 0, unknown neither."""
    match state.terms.scored_by if state.terms is not None else ScoredBy.PROGRESS:
        case ScoredBy.ATTAINMENT:
            return scored.attainment
        case ScoredBy.HIT_RATE:
            return figures.hit_rate((scored.reached,)).figure
    return scored.progress


def hits(children: Iterable[Scored]) -> HitRate:
    """Return the share of goals that reached their target, of those of which it is known."""
    return figures.hit_rate(scored.reached for scored in children)
