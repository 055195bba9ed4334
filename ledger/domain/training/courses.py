"""Courses: what can be learned, and which metrics it is meant to move; defined once, another course is another id."""

from dataclasses import dataclass

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, Label, MetricId, UnitId
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, Refusal

# Events


class CourseDefined(Event, context="training"):
    """A course: its label, the metrics that it should move, and the unit that it belongs to."""

    label: Label
    metrics: tuple[MetricId, ...] = ()
    unit: UnitId | None = None


# State


@dataclass(frozen=True, slots=True)
class CourseState:
    """A course as it was defined."""

    defined: CourseDefined | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that the course belongs to, if any."""
        return None if self.defined is None else self.defined.unit


def evolve_course(state: CourseState, entry: Entry) -> CourseState:
    """Return the state after `entry`."""
    return CourseState(entry.event) if isinstance(entry.event, CourseDefined) else state


# Commands


class DefineCourse(
    Command,
    stream="course",
    verb="define",
    by=(By("role:hr_administrator"), By("unit_lead", "unit"), By("hr_partner", "unit")),
    starts=True,
):
    """Define a course, and say which metrics it should move: that is what its effect is later looked for in."""

    label: Label
    metrics: tuple[Id, ...] = Field(default=(), max_length=20)
    unit: Id | None = None


class MetricTwice(Refusal):
    """Each metric stands once in a list."""

    code, status = "metric_twice", 422
    en = "A metric stands twice in the list."
    zh = "列表中同一指标重复出现。"


# Decide


def decide_course(command: DefineCourse, state: CourseState, act: Act) -> Event:
    """Return CourseDefined, or refuse it; a course keeps its meaning for ever."""
    if state.defined is not None:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="course")
    if len(set(command.metrics)) < len(command.metrics):
        raise MetricTwice()
    for metric in command.metrics:
        act.require_known("metric", metric, field="metrics")
    act.require_known("unit", command.unit, field="unit")
    return CourseDefined(label=command.label, metrics=command.metrics, unit=command.unit)


STREAM = StreamKind(
    "course", "courses", "k", CourseState(), decide_course, evolve_course, (DefineCourse,), caller_ids=True
)
