"""One company in which the examples happen: the boss leads it, the lead leads sales, Ann and Bob work there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ledger.domain.figures import Direction
from ledger.domain.goals import events as goal_events
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.hiring.candidates import CandidateRegistered
from ledger.domain.hiring.profiles import JobProfileAdopted, Requirement
from ledger.domain.hiring.requisitions import (
    RequisitionApproved,
    RequisitionOpened,
)
from ledger.domain.people import persons, units
from ledger.domain.people.persons import AssignmentKind, Ending
from ledger.domain.policies import publishing
from ledger.domain.reviews import cycles
from ledger.domain.reviews.events import RatingProposed, ReviewOpened
from ledger.kernel.event import Subject
from ledger.kernel.holders import Holder
from ledger.kernel.policy import Scale
from tests.domain.given import History

q = Decimal
day = date.fromisoformat
HIRED = day("2020-01-01")
DIGEST = "ab" * 32
FIRST = day("2026-01-01")
GRADES = ("c", "b", "a")
ANN, BOB = Subject(kind="person", id="p-ann"), Subject(kind="person", id="p-bob")
ANN_HOLDS, BOB_HOLDS = Holder(kind="person", id="p-ann"), Holder(kind="person", id="p-bob")
SALES = Subject(kind="unit", id="sales")


def company() -> History:
    """Return a company: the boss leads it, the lead leads sales, where Ann and Bob work; Eve has left."""
    world = History()
    world.record("unit", "company", units.UnitFormed(label="Company"), on=HIRED)
    world.record("unit", "sales", units.UnitFormed(label="Sales", parent="company"), on=HIRED)
    for person in ("p-boss", "p-lead", "p-ann", "p-bob", "p-eve", "p-hr"):
        world.record("person", person, persons.PersonRegistered(name=person), on=HIRED)
        started = persons.EmploymentStarted(employment=f"e-{person}", contract="permanent")
        world.record("person", person, started, on=HIRED)
        home = "company" if person in {"p-boss", "p-hr"} else "sales"
        assigned = persons.PersonAssignedToUnit(unit=home, assignment=AssignmentKind.HOME)
        world.record("person", person, assigned, on=HIRED)
    ended = persons.EmploymentEnded(employment="e-p-eve", ending=Ending.VOLUNTARY)
    world.record("person", "p-eve", ended, on=day("2026-03-01"))
    world.record("unit", "company", units.UnitLeadAppointed(lead="p-boss"), on=HIRED)
    world.record("unit", "sales", units.UnitLeadAppointed(lead="p-lead"), on=HIRED)
    _things(world)
    _judged(world)
    return world


def _things(world: History) -> None:
    """Record a metric of each direction, a goal of the unit, a job, a candidate and an approved requisition."""
    for direction in Direction:
        metric = MetricDefined(
            label=direction.value,
            unit_of_measure="件",
            direction=direction,
            combines=Combines.LEVEL,
            approved_source="erp",
        )
        world.record("metric", direction.value, metric)
    world.record("goal", "g-unit", goal_events.GoalAssigned.model_validate({**GOAL, "owner": SALES}), by="p-boss")
    adopted = world.record("job-profile", "j-1", PROFILE)
    opened = RequisitionOpened(unit="sales", profile="j-1", requirements=adopted.event_id, headcount=1, opener="p-lead")
    world.record("requisition", "q-1", opened, by="p-lead")
    world.record("requisition", "q-1", RequisitionApproved(unit="sales"), by="p-boss")
    world.record("candidate", "c-1", CandidateRegistered(name="Candidate"))
    world.record("policy", "travel", publishing.PolicyPublished(version=1, label="Travel"))


def _judged(world: History) -> None:
    """Record a goal of Bob, a cycle that runs without stages, and in it a rated review of Bob."""
    bobs = {**GOAL, "owner": BOB, "employment": "e-p-bob"}
    world.record("goal", "g-bob", goal_events.GoalAssigned.model_validate(bobs), by="p-lead")
    stage = cycles.PlannedStage(stage=cycles.CycleStage.GOAL_SETTING, opens_on=FIRST, closes_on=FIRST)
    period: dict[str, Any] = {"starts_on": FIRST, "ends_on": day("2026-06-30")}
    plan = cycles.CyclePlanned(label="Half", **period, stages=(stage,), scale="abc", grades=GRADES, policy_version=0)
    world.record("cycle", "c-open", plan, on=FIRST)
    scale = Scale(code="abc", grades=GRADES)
    world.record("cycle", "c-open", cycles.CycleOpened(policy_version=0, scale=scale), on=FIRST)
    opened = ReviewOpened(person="p-bob", cycle="c-open", **period, scale=scale, policy_version=0)
    world.record("review", "v-0", opened, on=day("2026-05-01"))
    rated = RatingProposed(person="p-bob", judge="p-lead", grade="b")
    world.record("review", "v-0", rated, on=day("2026-05-02"), by="p-lead")


PROFILE = JobProfileAdopted(
    job="analyst",
    requirements=(
        Requirement(competency="analysis", minimum=q("3")),
        Requirement(competency="writing", minimum=q("2.5")),
    ),
)
GOAL = {
    "owner": ANN,
    "employment": "e-p-ann",
    "title": "Serve more clients",
    "metric": "increase",
    "baseline": q("100"),
    "target": q("120"),
    "starts_on": day("2026-01-01"),
    "ends_on": day("2026-12-31"),
    "scored_by": goal_events.ScoredBy.PROGRESS,
}
