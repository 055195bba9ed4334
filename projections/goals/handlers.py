"""How events become goals: terms, stage and answer, targets by time, claims and measurements, and their metrics."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from projections.engine.bulk import columns, insert_rows
from projections.engine.interval_tables import ANNULLED, ANNULMENTS, REDATED
from projections.engine.intervals import instant_text
from projections.engine.projection import Cursor, Events, RawEvent, Tables

GOAL_PREFIX, METRIC_PREFIX = "goal/", "metric/"
CLAIM, MEASUREMENT = "claim", "measurement"


class Goal(NamedTuple):
    """A row of the table of goals; numbers and days as the text in which they were recorded."""

    goal: str
    stage: str
    owner: str
    employment: str | None
    metric: str
    baseline: str | None
    target: str
    covers: str
    tolerance: str | None
    stretch: str | None
    starts_on: str
    ends_on: str
    weight: str | None
    parent: str | None
    share: str | None
    scored_by: str
    terms_entry: str
    assigner: str | None
    proposer: str | None
    answer: str | None
    counter_target: str | None
    closing: str | None
    position: int


class Target(NamedTuple):
    """A row of the table of targets."""

    goal: str
    begins: str
    position: int
    event_id: str
    target: str
    stretch: str | None


class Report(NamedTuple):
    """A row of the table of reports. `source` is empty for a claim."""

    goal: str
    kind: str
    source: str
    day: str
    position: int
    value: str
    health: str | None
    corrected_by: str | None
    event_id: str


State = dict[str, Goal]


@dataclass
class Folded:
    """What a page made: goals to write whole, targets and reports to add, and those to change, by event id."""

    goals: State
    touched: set[str] = field(default_factory=set)
    targets: dict[str, Target] = field(default_factory=dict)
    annulled: dict[str, str] = field(default_factory=dict)  # event id → goal
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)  # event id → goal, begins
    reports: dict[str, Report] = field(default_factory=dict)
    corrections: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)  # → goal, day, value, by
    metrics: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def change(self, event: RawEvent, changed: Callable[[Goal], Goal]) -> None:
        """Change the goal of the event's stream. Raises KeyError where no terms are recorded."""
        goal = goal_of(event)
        self.goals[goal] = changed(self.goals[goal])._replace(position=event["position"])
        self.touched.add(goal)


def goal_of(event: RawEvent) -> str:
    """Return the goal whose stream the event is on."""
    return str(event["stream"]).removeprefix(GOAL_PREFIX)


def _terms(folded: Folded, event: RawEvent, *, stage: str) -> Goal:
    data, get, goal = event["data"], event["data"].get, goal_of(event)
    before = folded.goals.get(goal)
    return Goal(
        goal=goal,
        stage=stage,
        owner=f"{data['owner']['kind']}/{data['owner']['id']}",
        employment=get("employment"),
        metric=data["metric"],
        baseline=get("baseline"),
        target=data["target"],
        covers=data["interval"],
        tolerance=get("tolerance"),
        stretch=get("stretch"),
        starts_on=data["starts_on"],
        ends_on=data["ends_on"],
        weight=get("weight"),
        parent=get("parent"),
        share=get("share"),
        scored_by=data["scored_by"],
        terms_entry=event["event_id"],
        assigner=None if before is None else before.assigner,
        proposer=None,
        answer=None if before is None else before.answer,
        counter_target=None,
        closing=None if before is None else before.closing,
        position=event["position"],
    )


def _proposed(folded: Folded, event: RawEvent) -> None:
    terms = _terms(folded, event, stage="proposed")._replace(proposer=event["actor"])
    folded.goals[terms.goal] = terms
    folded.touched.add(terms.goal)


def _assigned(folded: Folded, event: RawEvent) -> None:
    terms = _terms(folded, event, stage="assigned")._replace(assigner=event["actor"], answer=None)
    folded.goals[terms.goal] = terms
    folded.touched.add(terms.goal)


def _disputed(folded: Folded, event: RawEvent) -> None:
    folded.change(
        event, lambda goal: goal._replace(answer="disputed", counter_target=event["data"].get("counter_target"))
    )


def _revised(folded: Folded, event: RawEvent) -> None:
    data, goal, event_id = event["data"], goal_of(event), event["event_id"]
    begins = instant_text(event["begins"])
    folded.change(event, lambda goal: goal._replace(answer=None, assigner=event["actor"]))
    folded.targets[event_id] = Target(goal, begins, event["position"], event_id, data["target"], data.get("stretch"))


def _handed_over(folded: Folded, event: RawEvent) -> None:
    """The taker has the goal, and has not answered to it yet; whoever handed it over is the one who assigned it."""
    data = event["data"]
    owner = f"{data['taker']['kind']}/{data['taker']['id']}"
    changed = {"owner": owner, "employment": data.get("employment"), "answer": None, "assigner": event["actor"]}
    folded.change(event, lambda goal: goal._replace(**changed))


def _closed(folded: Folded, event: RawEvent) -> None:
    closing = {**event["data"], "event_id": event["event_id"], "effective_at": event["effective_at"]}
    folded.change(event, lambda goal: goal._replace(stage="closed", closing=json.dumps(closing, ensure_ascii=False)))


def _reported(folded: Folded, event: RawEvent) -> None:
    data, goal, event_id = event["data"], goal_of(event), event["event_id"]
    row = Report(goal, CLAIM, "", data["day"], event["position"], data["value"], data.get("health"), None, event_id)
    folded.reports[event_id] = row


def _measured(folded: Folded, event: RawEvent) -> None:
    data, goal, event_id = event["data"], goal_of(event), event["event_id"]
    at = event["position"]
    folded.reports[event_id] = Report(
        goal, MEASUREMENT, data["source"], data["day"], at, data["value"], None, None, event_id
    )


def _corrected(folded: Folded, event: RawEvent) -> None:
    data, goal, by = event["data"], goal_of(event), event["event_id"]
    claim = folded.reports.get(data["entry"])
    if claim is None:
        folded.corrections[data["entry"]] = (goal, data["day"], data["value"], by)
    elif (claim.goal, claim.kind) == (goal, CLAIM):
        folded.reports[data["entry"]] = claim._replace(day=data["day"], value=data["value"], corrected_by=by)


def _annulment(folded: Folded, event: RawEvent) -> None:
    goal, data, entry = goal_of(event), event["data"], event["data"]["entry"]
    if not event["stream"].startswith(GOAL_PREFIX) or goal not in folded.goals:
        return
    folded.change(event, lambda goal: goal._replace(answer=None))
    target = folded.targets.get(entry)
    if target is not None and target.goal != goal:
        return
    if event["topic"] == ANNULLED:
        folded.targets.pop(entry, None)
        folded.annulled[entry] = goal
    elif target is not None:
        folded.targets[entry] = target._replace(begins=instant_text(data["new_begins"]))
    else:
        folded.moved[entry] = (goal, instant_text(data["new_begins"]))


def _defined(folded: Folded, event: RawEvent) -> None:
    data, metric = event["data"], str(event["stream"]).removeprefix(METRIC_PREFIX)
    named = (data["label"], data["unit_of_measure"], data["direction"], data["combines"], data.get("approved_source"))
    folded.metrics.setdefault(metric, (metric, *named, event["position"]))


HANDLERS: dict[str, Callable[[Folded, RawEvent], None]] = {
    "goals.MetricDefined": _defined,
    "goals.GoalProposed": _proposed,
    "goals.GoalAssigned": _assigned,
    "goals.GoalAccepted": lambda folded, event: folded.change(event, lambda goal: goal._replace(answer="accepted")),
    "goals.GoalDisputed": _disputed,
    "goals.GoalTargetRevised": _revised,
    "goals.GoalHandedOver": _handed_over,
    "goals.GoalClosed": _closed,
    "goals.GoalReopened": lambda folded, event: folded.change(event, lambda goal: goal._replace(stage="assigned")),
    "goals.GoalWithdrawn": lambda folded, event: folded.change(event, lambda goal: goal._replace(stage="withdrawn")),
    "progress.ProgressReported": _reported,
    "progress.ProgressCorrected": _corrected,
    "progress.MeasurementRecorded": _measured,
    ANNULLED: _annulment,
    REDATED: _annulment,
}
TOPICS = frozenset(HANDLERS)
_NEEDS_GOAL = frozenset(topic for topic in TOPICS if topic.startswith("goals.Goal")) | ANNULMENTS


def fold(state: State, events: Events) -> Folded:
    """Return the changes that a page makes; `state` is what `load` read."""
    folded = Folded(dict(state))
    for event in events:
        HANDLERS[event["topic"]](folded, event)
    return folded


def load(cursor: Cursor, tables: Tables, events: Events) -> State:
    """Read the goals that a page changes."""
    wanted = {goal_of(e) for e in events if e["topic"] in _NEEDS_GOAL and e["stream"].startswith(GOAL_PREFIX)}
    if not wanted:
        return {}
    rows = cursor.execute(tables.sql("select_goals"), (sorted(wanted),)).fetchall()
    return {row[0]: Goal(*row) for row in rows}


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Write what a page made of goals, targets, reports and metrics."""
    insert_rows(cursor, tables, "metrics", list(folded.metrics.values()))
    if folded.touched:
        cursor.execute(tables.sql("upsert_goals"), columns([folded.goals[goal] for goal in sorted(folded.touched)]))
    if folded.moved:
        cursor.execute(tables.sql("move_targets"), columns([(entry, *to) for entry, to in folded.moved.items()]))
    if folded.annulled:
        cursor.execute(tables.sql("delete_targets"), columns(list(folded.annulled.items())))
    if folded.corrections:  # of claims of earlier pages; those of this page hold their corrections already
        corrected = [(entry, *to) for entry, to in folded.corrections.items()]
        cursor.execute(tables.sql("correct_reports"), columns(corrected))
    insert_rows(cursor, tables, "targets", list(folded.targets.values()))
    insert_rows(cursor, tables, "reports", list(folded.reports.values()))
