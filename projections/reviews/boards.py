"""Boards of cycles: stages with their days, how complete each is, who is late, and how the grades are spread."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ledger.domain.reviews.cycles import (
    CyclePhase,
    CycleStage,
    CycleState,
    PlannedStage,
    StageClosed,
    StageOpened,
    evolve_cycle,
)
from ledger.domain.reviews.judging import STAGE_OF
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import day_of
from ledger.kernel.policy import Scale
from projections.engine import View
from projections.engine.kept import Line, effective, folded, found_by, known_at, lines_of
from projections.reviews.handlers import ALL
from projections.reviews.queries import MOST, ReviewStanding
from projections.reviews.states import State

PREFIX = "cycle/"
OUT = frozenset({State.EXEMPTED, State.WITHDRAWN})  # they leave every denominator
STAGE_OF_SEAT = {kind.value: stage for kind, stage in STAGE_OF.items()}


@dataclass(frozen=True, slots=True)
class StageStanding:
    """A planned stage: when it is meant to run, and when it was opened and closed, by which entries."""

    stage: CycleStage
    opens_on: date
    closes_on: date
    opened: Line | None
    closed: Line | None
    running: bool


@dataclass(frozen=True, slots=True)
class CycleStanding:
    """A cycle at a time, with the events that it rests on. `scale` is None until it is opened."""

    id: str
    position: int
    known: int
    phase: CyclePhase
    label: str
    starts_on: date
    ends_on: date
    scale: Scale | None
    scale_code: str
    policy_version: int
    stages: tuple[StageStanding, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that a stage asks for: of which review, from which seat, of whom (None: whoever leads), and since when
    it is there (None: it is missing).
    """

    stage: CycleStage
    review: str
    person: str
    seat: str
    holder: str | None
    done: datetime | None

    def is_late(self, planned: StageStanding, on: date, zone: ZoneInfo) -> bool:
        """Tell whether it came after the stage's last day, or has not come and that day is over."""
        return (on if self.done is None else day_of(self.done, zone)) > planned.closes_on


@dataclass(frozen=True, slots=True)
class Spread:
    """How many reviews stand at each grade; `counts` is None where fewer are rated than the small-group limit."""

    rated: int | None
    limit: int
    counts: tuple[tuple[str, int], ...] | None


def cycle(view: View, id: str, *, on: datetime | None, known: int | None = None) -> CycleStanding | None:
    """Return how a cycle stood at `on` (None: by all that is recorded), as known at a position; None where unknown."""
    found = _standings(view, [stream_name("cycle", id)], on=on, known=known)
    return found[0] if found else None


def cycles(
    view: View, *, on: datetime | None = None, known: int | None = None, after: str = "", limit: int = MOST
) -> tuple[list[CycleStanding], str | None]:
    """Return cycles in order of id after `after`, and the id to go on from, None at the end."""
    rows = min(limit, MOST)
    streams = found_by(view, "cycles", [ALL], now=False, after=stream_name("cycle", after) if after else "", limit=rows)
    following = streams[-1].removeprefix(PREFIX) if len(streams) == rows else None
    return _standings(view, streams, on=on, known=known), following


def _standings(view: View, streams: Sequence[str], *, on: datetime | None, known: int | None) -> list[CycleStanding]:
    at = known_at(view, known)
    found = []
    for stream, all_of_it in sorted(lines_of(view, streams, at).items()):
        lines = all_of_it if on is None else effective(all_of_it, on)
        standing = _standing(view, stream, folded(CycleState(), evolve_cycle, lines), lines, at)
        found += [] if standing is None else [standing]
    return found


def _standing(view: View, stream: str, state: CycleState, lines: Sequence[Line], known: int) -> CycleStanding | None:
    plan = state.plan
    if plan is None:
        return None
    return CycleStanding(
        id=stream.removeprefix(PREFIX),
        position=view.position,
        known=known,
        phase=state.phase,
        label=plan.label,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        scale=state.scale,
        scale_code=plan.scale,
        policy_version=plan.policy_version if state.policy_version is None else state.policy_version,
        stages=tuple(_stage(planned, state, lines) for planned in plan.stages),
        lines=tuple(lines),
    )


def _stage(planned: PlannedStage, state: CycleState, lines: Sequence[Line]) -> StageStanding:
    """The opening of a stage is its first under the plan that stands, its closing its last; while it runs, none."""
    stage, planned_at = planned.stage, max(line.entry.position for line in lines if line.entry.event == state.plan)
    since = [line for line in lines if line.entry.position > planned_at]
    opened = (line for line in since if line.entry.event == StageOpened(stage=stage))
    closed = (line for line in reversed(since) if line.entry.event == StageClosed(stage=stage))
    return StageStanding(
        stage=planned.stage,
        opens_on=planned.opens_on,
        closes_on=planned.closes_on,
        opened=next(opened, None),
        closed=next(closed, None) if state.is_over(stage) else None,
        running=stage in state.running,
    )


def owed(review: ReviewStanding) -> list[Owed]:
    """Return what the stages of a cycle ask of a review; nothing of one that is exempted or withdrawn."""
    if review.state in OUT:
        return []
    proposed = review.begun(review.ratings[0].entry) if review.ratings else None
    calibrated = review.begun(review.ratings[1].entry) if len(review.ratings) > 1 else None
    published = None if review.result is None else review.begun(review.result.entry)
    opened = review.lines[0].entry.begins if review.goals else None
    single = (
        (CycleStage.GOAL_SETTING, "lead", None, opened),
        (CycleStage.REVIEW, "judge", review.judge, proposed),
        (CycleStage.CALIBRATION, "leads_lead", None, calibrated),
        (CycleStage.RESULTS, "publisher", None, published),
    )
    found = [Owed(stage, review.id, review.person, seat, holder, done) for stage, seat, holder, done in single]
    return [*found, *_assessments(review), *_appeals(review)]


def _assessments(review: ReviewStanding) -> Iterable[Owed]:
    done = {a.assessor: review.begun(a.entry) for a in review.assessments if not a.returned}
    for seat, person in (("self", review.recorded_person), *review.reviewers):
        yield Owed(STAGE_OF_SEAT[seat], review.id, review.person, seat, person, done.get(person))


def _appeals(review: ReviewStanding) -> Iterable[Owed]:
    """An appeal asks for a decision; where nobody appealed nothing is asked."""
    if review.appeal is None:
        return
    decided = (line.entry.begins for line in review.lines if _decides(line, review.appeal.entry))
    yield Owed(CycleStage.APPEAL, review.id, review.person, "decider", review.appeal.decider, next(decided, None))


def _decides(line: Line, appeal: str) -> bool:
    return line.entry.topic == "reviews.AppealDecided" and line.entry.data.get("appeal") == appeal


def spread(reviews: Iterable[ReviewStanding], scale: Scale | None, *, limit: int) -> Spread:
    """Return how many reviews stand at each grade of the scale; below the small-group limit nothing, not even how many
    are rated.
    """
    grades = Counter(r.ratings[-1].grade for r in reviews if r.ratings and r.state not in OUT)
    rated = grades.total()
    if scale is None or rated < limit:
        return Spread(None, limit, None)
    return Spread(rated, limit, tuple((grade, grades[grade]) for grade in scale.grades))
