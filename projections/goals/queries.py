"""Questions about goals: one goal, those of an owner, those under another, and everything reported about one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ledger.domain import figures
from ledger.domain.figures import Actual, Direction, Figure
from projections.engine.views import View
from projections.goals.handlers import Goal

MOST = 1_000
FORMULA = figures.FORMULA
_LAST_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Metric:
    """What a goal is measured by; `label` and the rest are None where the metric was never defined."""

    id: str
    label: str | None
    unit_of_measure: str | None
    direction: Direction | None
    combines: str | None
    approved_source: str | None


@dataclass(frozen=True, slots=True)
class TargetInForce:
    """The target in force at the asked time; `entry` is the revision that set it, None for the one first assigned."""

    value: Decimal
    stretch: Decimal | None
    entry: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The latest claim, as it stands after correction."""

    value: Decimal
    day: date
    entry: str
    health: str | None
    corrected_by: str | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """The latest measurement of the metric's approved source."""

    value: Decimal
    day: date
    entry: str
    source: str


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal as it stands. `actual` is the latest approved measurement, else the latest claim; its `origin` says which.

    A figure without a value says why. `contradicted` tells that claim and measurement of the same day differ.
    `closing` holds the figures that a closed goal was closed with; `terms_entry` is the event that seals the title.
    """

    id: str
    position: int
    stage: str
    owner: str
    employment: str | None
    metric: Metric
    baseline: Decimal | None
    target: TargetInForce
    interval: str
    tolerance: Decimal | None
    starts_on: date
    ends_on: date
    weight: Decimal | None
    parent: str | None
    share: Decimal | None
    scored_by: str
    terms_entry: str
    assigner: str | None
    proposer: str | None
    answer: str | None
    counter_target: Decimal | None
    closing: Mapping[str, Any] | None
    claim: Claim | None
    measurement: Measurement | None
    actual: Actual | None
    progress: Figure
    attainment: Figure
    reached: bool | None
    contradicted: bool
    formula: str = FORMULA


@dataclass(frozen=True, slots=True)
class Reported:
    """One claim or measurement about a goal."""

    kind: str
    source: str
    day: date
    position: int
    value: Decimal
    health: str | None
    corrected_by: str | None
    entry: str


def goal(view: View, id: str, *, on: datetime, day: date) -> GoalStanding | None:
    """Return how a goal stands, by the target in force at the instant `on` and values up to `day`; None if unknown.

    `day` is the calendar day of `on` in the zone of whoever asks.
    """
    found = _standings(view, [id], on=on, day=day)
    return found[0] if found else None


def goals_of(
    view: View, owner: str, *, on: datetime, day: date, after: str = "", limit: int = MOST
) -> list[GoalStanding]:
    """Return the goals of an owner (`person/…` or `unit/…`), in order of id after `after`, at most `limit`."""
    return _listed(view, "list_of_owner", owner, on=on, day=day, after=after, limit=limit)


def goals_under(
    view: View, parent: str, *, on: datetime, day: date, after: str = "", limit: int = MOST
) -> list[GoalStanding]:
    """Return the goals whose parent is the goal `parent`; paged as `goals_of`."""
    return _listed(view, "list_of_parent", parent, on=on, day=day, after=after, limit=limit)


def reports(
    view: View, id: str, *, before: tuple[date, int] = (date.max, _LAST_POSITION), limit: int = MOST
) -> list[Reported]:
    """Return what was claimed and measured about a goal, newest first, before (day, position), at most `limit`."""
    asked = {"goal": id, "before_day": before[0], "before_position": before[1], "limit": min(limit, MOST)}
    return [Reported(*row) for row in view.rows("list_reports", asked)]


def _listed(
    view: View, statement: str, of: str, *, on: datetime, day: date, after: str, limit: int
) -> list[GoalStanding]:
    rows = view.rows(statement, {"of": of, "after": after, "limit": min(limit, MOST)})
    return _standings(view, [row[0] for row in rows], on=on, day=day)


def _standings(view: View, ids: Sequence[str], *, on: datetime, day: date) -> list[GoalStanding]:
    rows = view.rows("find_goals", {"goals": list(ids), "on": on, "day": day})
    width = len(Goal._fields)
    found = {row[0]: _standing(view, Goal(*row[:width]), row[width:]) for row in rows}
    return [found[id] for id in ids if id in found]


def _standing(view: View, row: Any, joined: tuple[Any, ...]) -> GoalStanding:  # noqa: ANN401  # numbers are decimals here
    metric = Metric(row.metric, joined[0], joined[1], _direction(joined[2]), joined[3], joined[4])
    revised = joined[5] is not None
    target = TargetInForce(*joined[5:8]) if revised else TargetInForce(row.target, row.stretch, None)
    claim = None if joined[8] is None else Claim(*joined[8:13])
    measurement = None if joined[13] is None else Measurement(*joined[13:17])
    actual = actual_of(claim, measurement)
    progress, attainment, reached = _figures(metric.direction, row.baseline, target.value, actual, row.tolerance)
    return GoalStanding(
        id=row.goal,
        position=view.position,
        stage=row.stage,
        owner=row.owner,
        employment=row.employment,
        metric=metric,
        baseline=row.baseline,
        target=target,
        interval=row.covers,
        tolerance=row.tolerance,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        weight=row.weight,
        parent=row.parent,
        share=row.share,
        scored_by=row.scored_by,
        terms_entry=row.terms_entry,
        assigner=row.assigner,
        proposer=row.proposer,
        answer=row.answer,
        counter_target=row.counter_target,
        closing=None if row.closing is None else json.loads(row.closing),
        claim=claim,
        measurement=measurement,
        actual=actual,
        progress=progress,
        attainment=attainment,
        reached=reached,
        contradicted=_contradicted(claim, measurement),
    )


def _direction(code: str | None) -> Direction | None:
    return None if code is None else Direction(code)


def actual_of(claim: Claim | None, measurement: Measurement | None) -> Actual | None:
    """Return the latest measurement of the approved source, else the latest claim; the origin says which."""
    if measurement is not None:
        return Actual(measurement.value, measurement.day, measurement.entry, "measurement")
    return None if claim is None else Actual(claim.value, claim.day, claim.entry, "claim")


def _figures(
    direction: Direction | None,
    baseline: Decimal | None,
    target: Decimal,
    actual: Actual | None,
    tolerance: Decimal | None,
) -> tuple[Figure, Figure, bool | None]:
    if direction is None:
        unknown = Figure(why=figures.Why.NOT_FOR_THIS_DIRECTION)
        return unknown, unknown, None
    value = None if actual is None else actual.value
    return (
        figures.progress(direction=direction, baseline=baseline, target=target, actual=value),
        figures.attainment(direction=direction, target=target, actual=value),
        figures.reached(direction=direction, target=target, actual=value, tolerance=tolerance),
    )


def _contradicted(claim: Claim | None, measurement: Measurement | None) -> bool:
    if claim is None or measurement is None:
        return False
    return claim.day == measurement.day and claim.value != measurement.value
