"""The worked examples of the reports' pages: a short history each, and the line that the page shows of its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ledger.domain.goals.events import GoalAssigned, Interval
from ledger.domain.people.persons import EmploymentEnded, EmploymentStarted, Ending
from ledger.domain.progress import MeasurementRecorded, ProgressReported
from ledger.domain.responsibilities import events as res
from ledger.kernel.event import Subject
from projections.accountability.report import Line
from tests.projections.histories import History, day
from tests.projections.test_process_reports import (
    company,
    duty,
    goal_terms,
    lapsed,
    person,
    rated,
)

TEAM = "responsibility/team/compiler"
ANN, BOB = person("p-ann"), person("p-bob")


@dataclass(frozen=True, slots=True)
class Worked:
    """An example: what happens, and how the report is asked; `shown` is the place of the line in the answer."""

    happens: Callable[[], History]
    asked: dict[str, Any] = field(default_factory=dict)
    shown: int = 0


def _leaver() -> History:
    history = History()
    history.add("person/p-ann", EmploymentStarted(employment="e-1", contract="permanent"), day(0))
    history.add(TEAM, res.SubjectRegistered(label="Compiler"), day(0))
    history.add(TEAM, res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=ANN), day(1))
    history.add("person/p-ann", EmploymentEnded(employment="e-1", ending=Ending.OTHER), day(5))
    return history


def _there_and_back() -> History:
    history = History()
    history.add(TEAM, res.SubjectRegistered(label="Compiler"), day(0))
    history.add(TEAM, res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=ANN), day(0))
    history.add(TEAM, res.HandOverAccepted(offer="o-1", giver=ANN, taker=BOB), day(10))
    history.add(TEAM, res.SubjectRenamed(label="Compilers"), day(12), actor="p-bob")
    history.add(TEAM, res.HandOverAccepted(offer="o-2", giver=BOB, taker=ANN), day(14), actor="p-bob")
    return history


def _aim() -> History:
    history = company()
    aim, part = goal_terms(Subject(kind="unit", id="company"), "100"), {"parent": "g-aim", "interval": Interval.MONTH}
    history.add("goal/g-aim", GoalAssigned(**aim), day(0), actor="p-top")
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8", **part)), day(1))
    return history


def _hr_sets_a_goal() -> History:
    history = company()
    goal = GoalAssigned(**goal_terms(person("p-1"), "8"))
    history.add("goal/g-1", goal, day(1), actor="p-hr", marks=("overstepping",))
    return history


def _rated_alike() -> History:
    history = company()
    for who in ("p-1", "p-2", "p-3"):
        rated(history, who)
    return history


def _alerts() -> History:
    history = company()
    streams = [duty(history, number) for number in range(4)]
    lapsed(history, streams[0])
    lapsed(history, streams[1])
    return history


def _late() -> History:
    history = company()
    for number, on in enumerate((100, 395, 400)):
        history.add(f"goal/g-{number}", GoalAssigned(**goal_terms(person("p-1"), "8")), day(on), actor="p-lead")
    return history


def _contradicted() -> History:
    history = company()
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "100")), day(0), actor="p-lead")
    claim = ProgressReported(owner=person("p-1"), value=Decimal(60), day=date(2026, 7, 1))
    history.add("goal/g-1", claim, day(181), actor="p-1")
    measured = MeasurementRecorded(owner=person("p-1"), value=Decimal(20), day=date(2026, 7, 1), source="crm")
    history.add("goal/g-1", measured, day(182), actor="system:crm")
    return history


WORKED: dict[str, Worked] = {
    "responsibility": Worked(_leaver, {"on": day(10)}),
    "hand-overs": Worked(_there_and_back, {"on": day(20)}),
    "ping-pong": Worked(_there_and_back, {"on": day(20)}),
    "strategy-map": Worked(_aim, {"on": day(10)}, shown=1),
    "boundary": Worked(_hr_sets_a_goal),
    "formalism": Worked(_rated_alike, shown=3),
    "result-only": Worked(_rated_alike),
    "ignored-alerts": Worked(_alerts),
    "lateness": Worked(_late, shown=2),
    "contradictions": Worked(_contradicted, {"on": day(185)}),
}


def table_of(line: Line) -> list[str]:
    """Return a line as the rows of the page's table."""
    told = {"subject": line.about[0], **line.values}
    return [f"| {name} | {_text(value)} |" for name, value in told.items()]


def _text(value: object) -> str:
    match value:
        case None:
            return "—"
        case datetime():
            return f"{value:%Y-%m-%d}"
        case list():
            return ", ".join(map(str, value)) or "—"
    return str(value)
