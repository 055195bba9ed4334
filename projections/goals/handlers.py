"""How events become goals: these are kept, with metrics, policy and owners' absences; values are rows of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.domain.goals.metrics import MetricState, evolve_metric
from ledger.domain.goals.state import GoalState, evolve_goal
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import STANDING
from projections.engine.bulk import columns, insert_rows
from projections.engine.interval_tables import ANNULMENTS
from projections.engine.intervals import NOW_KNOWN
from projections.engine.kept import (
    MERGES,
    PERSON_PREFIX,
    Found,
    Kept,
    KeptFold,
    Standing,
    fold_kept,
    load_kept,
    write_kept,
)
from projections.engine.projection import Cursor, Events, RawEvent, Tables

GOAL_PREFIX, METRIC_PREFIX = "goal/", "metric/"
POLICY_STREAM = stream_name("policy", STANDING)
CLAIM, MEASUREMENT = "claim", "measurement"
ALL = "all"


class Report(NamedTuple):
    """A row of the table of reports: a value as it stood for known_from ≤ known < known_to; a claim has no source."""

    goal: str
    kind: str
    source: str
    day: str
    position: int  # of the first word on it
    value: str
    health: str | None
    corrected_by: str | None
    event_id: str
    known_from: int
    known_to: int = NOW_KNOWN


@dataclass(frozen=True, slots=True)
class State:
    """What `load` read: kept streams, and the claims that the page corrects, by event id."""

    kept: Kept
    claims: dict[str, Report]


@dataclass
class Folded:
    """What a page made: kept events, new rows of reports, and rows of earlier pages that say no more what is known."""

    kept: KeptFold
    claims: dict[str, Report]
    fresh: list[Report] = field(default_factory=list)
    closed: dict[str, int] = field(default_factory=dict)  # event id → known_to of its row of an earlier page


def goal_of(event: RawEvent) -> str:
    """Return the goal whose stream the event is on."""
    return str(event["stream"]).removeprefix(GOAL_PREFIX)


def _reported(folded: Folded, event: RawEvent) -> None:
    data, at = event["data"], event["position"]
    claim = Report(
        goal_of(event), CLAIM, "", data["day"], at, data["value"], data.get("health"), None, event["event_id"], at
    )
    folded.claims[claim.event_id] = claim
    folded.fresh.append(claim)


def _measured(folded: Folded, event: RawEvent) -> None:
    data, at = event["data"], event["position"]
    row = Report(
        goal_of(event), MEASUREMENT, data["source"], data["day"], at, data["value"], None, None, event["event_id"], at
    )
    folded.fresh.append(row)


def _corrected(folded: Folded, event: RawEvent) -> None:
    """The last word counts, in the place of the first among the day's claims."""
    data, at = event["data"], event["position"]
    before = folded.claims.get(data["entry"])
    if before is None or before.goal != goal_of(event):
        return
    after = before._replace(day=data["day"], value=data["value"], corrected_by=event["event_id"], known_from=at)
    if before in folded.fresh:
        folded.fresh[folded.fresh.index(before)] = before._replace(known_to=at)
    else:
        folded.closed[before.event_id] = at
    folded.claims[before.event_id] = after
    folded.fresh.append(after)


VALUES: dict[str, Callable[[Folded, RawEvent], None]] = {
    "progress.ProgressReported": _reported,
    "progress.ProgressCorrected": _corrected,
    "progress.MeasurementRecorded": _measured,
}
KEPT = frozenset(
    {
        "goals.GoalProposed",
        "goals.GoalAssigned",
        "goals.GoalAccepted",
        "goals.GoalDisputed",
        "goals.GoalTargetRevised",
        "goals.GoalClosed",
        "goals.GoalReopened",
        "goals.GoalWithdrawn",
        "goals.GoalHandedOver",
        "goals.GoalPaused",
        "goals.GoalResumed",
        "goals.MilestoneSet",
        "goals.MilestoneReached",
        "goals.MetricDefined",
        "goals.ConversionStated",
        "progress.DeviationFound",
        "progress.DifficultyRaised",
        "progress.DifficultyResolved",
        "progress.SupportRequested",
        "progress.SupportGiven",
        "policies.PolicyPublished",
        "people.AbsenceStarted",
        "people.AbsenceEnded",
    }
)
TOPICS = KEPT | ANNULMENTS | MERGES | frozenset(VALUES)


def _facets(state: GoalState) -> Iterable[Found]:
    terms = state.terms
    if terms is None:
        return
    yield "goal", ALL
    yield "owner", terms.owner.key
    yield "stage", state.stage.value
    if terms.parent is not None:
        yield "parent", terms.parent


def _no_facets(_: MetricState) -> Iterable[Found]:
    return ()


STANDINGS = {
    "goal": Standing(GoalState(), evolve_goal, _facets),
    "metric": Standing(MetricState(), evolve_metric, _no_facets),
}


def _is_kept(event: RawEvent) -> bool:
    stream, topic = str(event["stream"]), event["topic"]
    if topic in MERGES:
        return True
    if topic.startswith("policies.") or stream.startswith("policy/"):
        return stream == POLICY_STREAM
    return topic not in VALUES and stream.startswith((GOAL_PREFIX, METRIC_PREFIX, PERSON_PREFIX))


def load(cursor: Cursor, tables: Tables, events: Events) -> State:
    """Read the goals that a page changes, and the claims that it corrects."""
    streams = (e["stream"] for e in events if _is_kept(e) and e["topic"] not in MERGES)
    corrected = sorted({e["data"]["entry"] for e in events if e["topic"] == "progress.ProgressCorrected"})
    rows: list[tuple[Any, ...]] = []
    if corrected:
        rows = cursor.execute(tables.sql("select_claims"), (corrected,)).fetchall()
    return State(load_kept(cursor, tables, streams), {report.event_id: report for report in (Report(*r) for r in rows)})


def fold(state: State, events: Events) -> Folded:
    """Return the changes that a page makes; `state` is what `load` read."""
    kept = [event for event in events if _is_kept(event)]
    folded = Folded(fold_kept(state.kept, kept, STANDINGS), dict(state.claims))
    for event in events:
        if event["topic"] in VALUES:
            VALUES[event["topic"]](folded, event)
    return folded


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Write what a page made of goals, metrics, policy, absences, claims and measurements."""
    write_kept(cursor, tables, folded.kept)
    if folded.closed:
        cursor.execute(tables.sql("close_reports"), columns(list(folded.closed.items())))
    insert_rows(cursor, tables, "reports", folded.fresh)
