"""What the answers about goals look like."""

from collections.abc import Mapping, Sequence

from api.labels import Labels
from api.plain import plain
from api.routes.ownership import Fields
from api.routes.threads import actor_json, event_json, line_json
from ledger.domain.figures import FORMULA, Actual, Coverage, Figure, RolledUp
from ledger.domain.figures.provenance import pause_said
from ledger.domain.goals.metrics import MetricDefined
from projections.goals.queries import Cascade
from projections.goals.replay import Value
from projections.goals.standings import Contradiction, GoalStanding

TERMS = ("employment", "baseline", "interval", "tolerance", "starts_on", "ends_on", "weight", "parent", "share")


def standing_json(
    found: GoalStanding,
    cascade: Cascade,
    contradictions: Sequence[Contradiction],
    *,
    labels: Labels,
    titles: Mapping[str, str],
) -> Fields:
    """Return a goal as it stood, with the events behind it."""
    terms = found.terms
    return {
        "id": found.id,
        "stage": found.stage.value,
        "owner": _owner(found, labels),
        "title": {"text": titles.get(found.terms_entry), "sealed": True},
        "metric": _metric(terms.metric, found.metric),
        **{name: plain(getattr(terms, name)) for name in TERMS},
        "target": _target(found),
        "scored_by": terms.scored_by.value,
        "terms_entry": found.terms_entry,
        "assigner": None if found.assigner is None else actor_json(found.assigner, labels),
        "proposer": None if found.proposer is None else actor_json(found.proposer, labels),
        "answer": plain(found.answer),
        "counter_target": plain(found.counter_target),
        **_values(found),
        **_course(found, titles),
        "marks": _marks(found),
        "contradicted": found.contradicted,
        "contradictions": [_contradiction(one) for one in contradictions],
        "calls": [
            {"kind": c.kind, "concern": c.concern, "since": plain(c.line.entry.begins), "event": event_json(c.line)}
            for c in found.calls
        ],
        "cascade": _cascade(cascade, labels),
        "thread": [line_json(line, labels) for line in found.lines],
    }


def row_json(found: GoalStanding, labels: Labels) -> Fields:
    """Return a goal as a row of a list."""
    actual = found.actual
    return {
        "goal": found.id,
        "owner": _owner(found, labels),
        "stage": found.stage.value,
        "answer": plain(found.answer),
        "metric": found.terms.metric,
        "unit_of_measure": None if found.metric is None else found.metric.unit_of_measure,
        "baseline": plain(found.terms.baseline),
        "target": plain(found.target.value),
        "actual": None if actual is None else plain(actual.value),
        "actual_on": None if actual is None else plain(actual.day),
        "origin": None if actual is None else actual.origin,
        "progress": plain(found.progress.value),
        "why": plain(found.progress.why),
        "expected": plain(found.expected),
        "paused": found.paused,
        "away": found.away,
        "health": plain(found.health.declared),
        "derived_health": plain(found.health.derived),
        "marks": _marks(found),
        "contradicted": found.contradicted,
        "calls": len(found.calls),
        "starts_on": plain(found.terms.starts_on),
        "ends_on": plain(found.terms.ends_on),
        "weight": plain(found.terms.weight),
        "parent": found.terms.parent,
        "event": event_json(found.lines[-1]),
    }


def _marks(found: GoalStanding) -> list[str]:
    """Return what any of the goal's events is marked with, as `overstepping` is; which one says the thread."""
    return sorted({mark for line in found.lines for mark in line.entry.marks})


def _owner(found: GoalStanding, labels: Labels) -> Fields:
    former = {} if found.recorded_owner == found.owner else {"recorded_as": found.recorded_owner.partition("/")[2]}
    return {**labels.holder(found.owner), **former}


def _metric(id: str, metric: MetricDefined | None) -> Fields:
    names = ("label", "unit_of_measure", "direction", "combines", "approved_source")
    return {"id": id, **{name: None if metric is None else plain(getattr(metric, name)) for name in names}}


def _target(found: GoalStanding) -> Fields:
    target = found.target
    return {"value": plain(target.value), "stretch": plain(target.stretch), "entry": found.target_entry}


def _values(found: GoalStanding) -> Fields:
    """Return claim beside measurement, and the figures with what they rest on."""
    scored, provenance, closing = found.scored, found.provenance, found.closing
    closed = None
    if closing is not None:
        entry = closing.entry
        closed = {**entry.data, "event_id": entry.event_id, "effective_at": entry.effective_at.isoformat()}
    return {
        "claim": _value(found.claim),
        "measurement": _value(found.measurement),
        "actual": _actual(found.actual),
        "progress": _figure(found.progress),
        "attainment": _figure(found.attainment),
        "reached": None if scored is None else scored.reached,
        "formula": FORMULA if provenance is None else provenance.formula,
        "provenance": None if provenance is None else provenance.said(),
        "closing": closed,
    }


def _course(found: GoalStanding, titles: Mapping[str, str]) -> Fields:
    """Return the expected path with its pauses and milestones, and how the goal keeps to it."""
    scored, health = found.scored, found.health
    judged = None if scored is None else scored.judged
    return {
        "path": {
            "expected": plain(found.expected),
            "by": "milestones" if found.milestones else "time",
            "expected_at_value": None if judged is None else plain(judged.expected),
            "threshold": None if judged is None else plain(judged.share),
            "below": None if judged is None else judged.below,
            "stale_on": None if scored is None else plain(scored.stale_on),
            "paused": found.paused,
            "away": found.away,
            "pauses": [pause_said(pause) for pause in found.pauses],
        },
        "milestones": [
            {
                "milestone": one.code,
                "title": {"text": titles.get(one.entry), "sealed": True},
                "due_on": plain(one.step.due_on),
                "share": plain(one.step.share),
                "reached_on": plain(one.step.reached_on),
                "entry": one.entry,
            }
            for one in found.milestones
        ],
        "health": {
            "declared": plain(health.declared),
            "derived": plain(health.derived),
            "agree": health.agree,
            "why": plain(health.why),
        },
    }


def _cascade(cascade: Cascade, labels: Labels) -> Fields:
    """Return what those goals right under this one that the caller may see carry of it, and make together."""
    children = [
        {
            "goal": child.id,
            "owner": _owner(child, labels),
            "stage": child.stage.value,
            "target": plain(child.target.value),
            "weight": plain(child.terms.weight),
            "share": plain(child.terms.share),
            "progress": _figure(child.progress),
        }
        for child in cascade.children
    ]
    coverage = None if not children or cascade.coverage is None else _coverage(cascade.coverage)
    rolled_up = None if not children or cascade.rolled_up is None else _rolled_up(cascade.rolled_up)
    return {"children": children, "coverage": coverage, "rolled_up": rolled_up}


def _coverage(coverage: Coverage) -> Fields:
    names = ("whole", "covered", "remainder", "share")
    unknown = [{"goal": id, "why": why.value} for id, why in coverage.unknown]
    return {**{n: _figure(getattr(coverage, n)) for n in names}, "unknown": unknown, "formula": coverage.formula}


def _rolled_up(rolled_up: RolledUp) -> Fields:
    return {
        "figure": _figure(rolled_up.figure),
        "mode": rolled_up.mode.value,
        "weights": {id: plain(weight) for id, weight in rolled_up.weights},
        "missing": [{"goal": id, "why": why.value} for id, why in rolled_up.missing],
        "present": rolled_up.present,
        "of": rolled_up.parts,
        "formula": rolled_up.formula,
    }


def _figure(figure: Figure) -> Fields:
    return {"value": plain(figure.value), "why": plain(figure.why)}


def _value(value: Value | None) -> Fields | None:
    if value is None:
        return None
    return {
        "value": plain(value.value),
        "day": plain(value.day),
        "entry": value.entry,
        "source": value.source or None,
        "health": value.health,
        "corrected_by": value.corrected_by,
    }


def _actual(actual: Actual | None) -> Fields | None:
    if actual is None:
        return None
    return {"value": plain(actual.value), "day": plain(actual.day), "entry": actual.entry, "origin": actual.origin}


def _contradiction(one: Contradiction) -> Fields:
    return {"day": plain(one.claim.day), "claim": _value(one.claim), "measurement": _value(one.measurement)}
