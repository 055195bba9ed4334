"""Calibration sessions: who compared which reviews, under which distribution, and what stood before."""

from collections import Counter
from dataclasses import dataclass

from pydantic import Field

from ledger.domain.reviews.cycles import CycleStage, CycleState, StageNotBegun
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Value
from ledger.kernel.ids import CycleId, Grade, Id, PersonId, ReviewId, UnitId
from ledger.kernel.policy import GradeShare
from ledger.kernel.refusals import AlreadyExists, OwnAct, Refusal, UnknownReference

# Events


class GradeCount(Value):
    """How many reviews of the cohort stood at a grade."""

    grade: Grade
    count: int


class CalibrationHeld(Event, context="reviews"):
    """The members compared the reviews of a cohort; the spread is what stood before, the unrated counted apart."""

    cycle: CycleId
    unit: UnitId
    members: tuple[PersonId, ...]
    reviews: tuple[ReviewId, ...]
    distribution: tuple[GradeShare, ...] = ()
    spread: tuple[GradeCount, ...] = ()
    unrated: int


# State


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """A session as it was held, once."""

    unit: str | None = None
    members: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()


def evolve_calibration(state: CalibrationState, entry: Entry) -> CalibrationState:
    """Return the state after `entry`."""
    held = entry.event
    return CalibrationState(held.unit, held.members, held.reviews) if isinstance(held, CalibrationHeld) else state


# Commands


class HoldCalibration(
    Command,
    stream="calibration",
    verb="hold",
    by=(By("unit_lead", "unit"), By("hr_partner", "unit"), By("role:hr_administrator")),
    starts=True,
):
    """Record that a session compared the ratings of a cohort."""

    cycle: Id
    unit: Id
    members: tuple[Id, ...] = Field(min_length=1, max_length=100)
    reviews: tuple[Id, ...] = Field(min_length=1, max_length=1000)


class OtherCycle(Refusal):
    """A session compares reviews of one cycle, for they share a scale."""

    code, status = "other_cycle", 422
    en = "The review {review} belongs to another cycle."
    zh = "考核 {review} 属于其他绩效周期。"


# Decide


def decide_calibration(command: HoldCalibration, state: CalibrationState, act: Act) -> Event:
    """Return CalibrationHeld with what stood before; nobody sits in the session that compares their own review."""
    act.require_happened()
    if state.reviews:
        raise AlreadyExists(kind="calibration")
    act.require_known("unit", command.unit, field="unit")
    for member in command.members:
        act.require_known("person", member, field="members")
    if not act.facts.exists("cycle", command.cycle):
        raise UnknownReference(kind="cycle", field="cycle")
    cycle: CycleState = act.facts.state("cycle", command.cycle)
    cycle.require_open()
    if cycle.awaits(CycleStage.CALIBRATION):
        act.refuse(StageNotBegun(stage=CycleStage.CALIBRATION.value))
    grades = [_standing_grade(review, command, act) for review in dict.fromkeys(command.reviews)]
    order = () if cycle.scale is None else cycle.scale.grades
    counted = Counter(grade for grade in grades if grade is not None)
    terms = act.facts.policy(act.begins).terms
    return CalibrationHeld(
        cycle=command.cycle,
        unit=command.unit,
        members=tuple(dict.fromkeys(command.members)),
        reviews=tuple(dict.fromkeys(command.reviews)),
        distribution=tuple(s for s in terms.distribution if cycle.scale is not None and s.scale == cycle.scale.code),
        spread=tuple(GradeCount(grade=grade, count=counted[grade]) for grade in order if grade in counted),
        unrated=grades.count(None),
    )


def _standing_grade(review: str, command: HoldCalibration, act: Act) -> str | None:
    act.require_known("review", review, field="reviews")
    state = act.facts.state("review", review)
    if state.cycle != command.cycle:
        raise OtherCycle(review=review)
    resolved = {act.facts.resolved(member) for member in command.members}
    if state.person is not None and act.facts.resolved(state.person) in resolved:
        act.refuse(OwnAct())
    return None if state.standing is None else state.standing.grade


STREAM = StreamKind(
    "calibration",
    "calibrations",
    "b",
    CalibrationState(),
    decide_calibration,
    evolve_calibration,
    (HoldCalibration,),
)
