"""Taking part: one person in one course, assigned for a period, and then completed or abandoned."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from ledger.kernel.annulment import (
    DatedFact,
    EntryAnnulled,
    EntryRedated,
    commands_for,
    decide_annulment,
    remember,
)
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import CourseId, Id, PersonId
from ledger.kernel.moments import Day, begins, day_of
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    InTheFuture,
    NotFound,
    PeriodReversed,
    Refusal,
)
from ledger.kernel.texts import Note

# Events


class TrainingAssigned(Event, context="training", dated=True):
    """Somebody is to take part in a course, within a period."""

    person: PersonId
    course: CourseId
    starts_on: Day
    ends_on: Day


class TrainingCompleted(Event, context="training", dated=True):
    """The person has completed the course on the effective day."""

    person: PersonId
    course: CourseId


class TrainingAbandoned(Event, context="training", dated=True):
    """The person has left the course on the effective day, or never came."""

    person: PersonId
    course: CourseId
    note: Annotated[Note | None, Seal("person", "performance")] = None


# State


@dataclass(frozen=True, slots=True)
class Ending:
    """How and when somebody's part in a course ended, by which entry."""

    completed: bool
    at: datetime
    entry: str


@dataclass(frozen=True, slots=True)
class TrainingState:
    """One person's part in one course: when it was assigned, and every ending that was not annulled."""

    assigned: TrainingAssigned | None = None
    assignment: str | None = None  # its entry; None once annulled
    endings: tuple[Ending, ...] = ()
    dated: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> str | None:
        """Return who takes part."""
        return None if self.assigned is None else self.assigned.person

    @property
    def holder(self) -> str | None:
        """Return the same person, in whose zone the days of the training begin."""
        return self.person

    @property
    def ending(self) -> Ending | None:
        """Return how it ended, or None while it runs."""
        return self.endings[-1] if self.endings else None


def evolve_training(state: TrainingState, entry: Entry) -> TrainingState:
    """Return the state after `entry`."""
    state = replace(state, dated=remember(state.dated, entry))
    match entry.event:
        case TrainingAssigned() as assigned:
            return replace(state, assigned=assigned, assignment=entry.event_id)
        case TrainingCompleted() | TrainingAbandoned():
            ending = Ending(isinstance(entry.event, TrainingCompleted), entry.begins, entry.event_id)
            return replace(state, endings=(*state.endings, ending))
        case EntryAnnulled(entry=annulled):
            kept = None if state.assignment == annulled else state.assignment
            return replace(state, assignment=kept, endings=tuple(e for e in state.endings if e.entry != annulled))
        case EntryRedated(entry=moved, new_begins=datetime() as at):
            return replace(state, endings=tuple(replace(e, at=at) if e.entry == moved else e for e in state.endings))
    return state


# Commands

_ASSIGNERS = (
    By("lead", "person"),
    By("hr_partner", "person"),
    By("role:hr_administrator"),
    By("role:subscriber"),
)
_WITNESSES = (By("own", "person"), *_ASSIGNERS)


class AssignTraining(Command, stream="training", verb="assign", by=_ASSIGNERS, starts=True):
    """Assign somebody to a course."""

    person: Id
    course: Id
    starts_on: Day
    ends_on: Day = Field(description="the last day")


class CompleteTraining(Command, stream="training", verb="complete", by=_WITNESSES, claim=True):
    """Say that the course was completed on the effective day."""


class AbandonTraining(Command, stream="training", verb="abandon", by=_WITNESSES, claim=True):
    """Say that the course was left on the effective day, or never begun."""

    note: Note | None = None


AnnulTrainingEntry, RedateTrainingEntry = commands_for("training", _ASSIGNERS)


class TrainingEnded(Refusal):
    """Who has completed or abandoned a course has ended it."""

    code, rule = "training_ended", "contradictory_states_need_a_reversal"
    en = "The person has completed or abandoned this course already."
    zh = "该人员已完成或已放弃该培训。"
    accepted_en = "annulling the entry that says so"
    accepted_zh = "撤销相应条目"


class NotAssigned(Refusal):
    """The assignment was annulled: there is nothing to take part in."""

    code = "training_not_assigned"
    en = "The assignment to this course was annulled."
    zh = "该培训的指派已被撤销。"


class BeforeTraining(Refusal):
    """A course does not end before it begins."""

    code, status, markable = "before_training", 422, True
    en = "The course begins on {starts_on}."
    zh = "该培训于 {starts_on} 开始。"


# Decide


def decide_training(command: Command, state: TrainingState, act: Act) -> Event:
    """Return the event of a command on somebody's part in a course, or refuse it."""
    if isinstance(command, AssignTraining):
        return _assigned(command, state, act)
    if state.assigned is None:
        raise NotFound()
    if isinstance(command, DatedFact):
        return _pointed(command, state, state.assigned, act)
    if state.assignment is None:
        raise NotAssigned()
    completes = isinstance(command, CompleteTraining)
    if state.ending is not None:
        raise AlreadyRecorded() if state.ending.completed == completes else TrainingEnded()
    _require_after_start(state.assigned, act.begins, act, may_be_before=not completes)
    person, course = state.assigned.person, state.assigned.course
    if not act.facts.is_employed(person, act.begins):
        act.refuse(AfterLastDay())
    if isinstance(command, AbandonTraining):
        return TrainingAbandoned(person=person, course=course, note=command.note)
    return TrainingCompleted(person=person, course=course)


def _assigned(command: AssignTraining, state: TrainingState, act: Act) -> Event:
    if state.assigned is not None:
        raise AlreadyExists(kind="training")
    act.require_known("person", command.person, field="person")
    act.require_known("course", command.course, field="course")
    if command.ends_on < command.starts_on:
        raise PeriodReversed()
    zone = act.facts.zone_of(command.person, None, act.now)
    if not act.facts.is_employed(command.person, max(begins(command.starts_on, zone), act.begins)):
        act.refuse(AfterLastDay())
    return TrainingAssigned.model_validate(command.own_fields())


def _pointed(command: DatedFact, state: TrainingState, assigned: TrainingAssigned, act: Act) -> Event:
    """An assignment that has ended is not taken away under its ending, and no ending moves to where it can't be."""
    event = decide_annulment(command, state.dated, act)
    if command.entry == state.assignment and state.ending is not None:
        raise TrainingEnded()
    ending = next((e for e in state.endings if e.entry == command.entry), None)
    if ending is not None and isinstance(event, EntryRedated) and isinstance(event.new_begins, datetime):
        if event.new_begins > act.now:
            act.refuse(InTheFuture(today=act.today.isoformat()))
        _require_after_start(assigned, event.new_begins, act, may_be_before=not ending.completed)
    return event


def _require_after_start(assigned: TrainingAssigned, at: datetime, act: Act, *, may_be_before: bool) -> None:
    zone = act.facts.zone_of(assigned.person, None, act.now)
    if not may_be_before and day_of(at, zone) < assigned.starts_on:
        act.refuse(BeforeTraining(starts_on=date.isoformat(assigned.starts_on)))


COMMANDS = (AssignTraining, CompleteTraining, AbandonTraining, AnnulTrainingEntry, RedateTrainingEntry)
STREAM = StreamKind("training", "trainings", "tr", TrainingState(), decide_training, evolve_training, COMMANDS)
