"""Training: defined with the metrics it should move, assigned for a period, completed or abandoned on a day."""

from __future__ import annotations

import pytest

from ledger.domain.training.courses import CourseDefined, DefineCourse, MetricTwice
from ledger.domain.training.taking_part import (
    AbandonTraining,
    AnnulTrainingEntry,
    AssignTraining,
    BeforeTraining,
    CompleteTraining,
    RedateTrainingEntry,
    TrainingAssigned,
    TrainingCompleted,
    TrainingEnded,
)
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.command import Command
from ledger.kernel.refusals import AfterLastDay, AlreadyExists, AlreadyRecorded, InTheFuture, UnknownReference
from tests.domain.examples import company, day
from tests.domain.examples.training import ABANDONED, COMPLETED, COURSE, SPRING, TRAINED
from tests.domain.given import Given, Happened, given

WORLD = given("course", "selling", COURSE, world=company()).history
ASSIGN = AssignTraining(person="p-ann", course="selling", **SPRING)


def training(*happened: Happened) -> Given:
    return given("training", "tr-1", *happened, world=WORLD)


def annulled(event: type, *happened: Happened) -> Given:
    """Return a training whose last entry of a type was annulled."""
    subject = training(*happened)
    subject.history.do(
        "training", "tr-1", AnnulTrainingEntry.model_validate({"entry": subject.entry(event)}), actor="p-lead"
    )
    return subject


@pytest.mark.parametrize(
    ("subject", "answers"),
    [
        (training(), ("TrainingAssigned", "not_found", "not_found")),
        (training(TRAINED), ("already_exists", "TrainingCompleted", "TrainingAbandoned")),
        (training(TRAINED, COMPLETED), ("already_exists", "already_recorded", "training_ended")),
        (training(TRAINED, ABANDONED), ("already_exists", "training_ended", "already_recorded")),
        (annulled(TrainingAssigned, TRAINED), ("already_exists", "training_not_assigned", "training_not_assigned")),
        (
            annulled(TrainingCompleted, TRAINED, COMPLETED),
            ("already_exists", "TrainingCompleted", "TrainingAbandoned"),
        ),
    ],
)
def test_what_each_state_answers(subject: Given, answers: tuple[str, ...]):
    asked: list[Command] = [ASSIGN, CompleteTraining(), AbandonTraining()]
    assert tuple(subject.when(command, actor="p-lead").said for command in asked) == answers


def test_a_course_keeps_its_meaning():
    course = given("course", "selling", COURSE, world=company())
    again = DefineCourse(label="Selling with figures", metrics=("increase",))
    course.when(again).then(AlreadyExists)
    course.when(again, testimony=True).then(AlreadyRecorded)
    fresh = given("course", "other", world=company())
    fresh.when(DefineCourse(label="x", metrics=("increase", "increase"))).then(MetricTwice)
    fresh.when(DefineCourse(label="x", metrics=("unheard-of",))).then(UnknownReference)
    fresh.when(DefineCourse(label="x", unit="unheard-of")).then(UnknownReference)
    fresh.when(DefineCourse(label="x", unit="sales")).then(CourseDefined(label="x", unit="sales"))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"person": "p-nobody"}, UnknownReference),
        ({"course": "unheard-of"}, UnknownReference),
        ({"person": "p-eve"}, AfterLastDay),
    ],
)
def test_who_is_assigned_works_here_and_the_course_is_known(changed: dict[str, str], refusal: type):
    training().when(ASSIGN.model_copy(update=changed), actor="p-lead").then(refusal)


def test_a_period_does_not_end_before_it_begins():
    reversed_ = ASSIGN.model_copy(update={"starts_on": day("2026-07-01")})
    assert training().when(reversed_, actor="p-lead").said == "period_reversed"


def test_completion_is_judged_for_its_day():
    done = training(TRAINED)
    done.when(CompleteTraining(), actor="p-ann", on="2026-06-16").then(InTheFuture)
    done.when(CompleteTraining(), actor="p-ann", on="2026-03-31").then(BeforeTraining)
    done.when(CompleteTraining(), actor="p-ann", on="2026-04-01").then(TrainingCompleted)
    done.when(CompleteTraining(), actor="p-ann", on="2026-03-31", testimony=True).then(
        TrainingCompleted, marks=("before_training",)
    )


def test_a_course_can_be_abandoned_before_it_begins():
    assert training(TRAINED).when(AbandonTraining(), actor="p-ann", on="2026-03-25").said == "TrainingAbandoned"


def test_why_somebody_left_a_course_is_theirs():
    event = training(TRAINED).when(AbandonTraining(note="Ill"), actor="p-ann").event
    assert event is not None
    assert event.sealed_texts("training/tr-1") == {("person/p-ann", "performance"): {"note": "Ill"}}


def test_an_ending_is_moved_only_to_where_it_can_be():
    done = training(TRAINED, COMPLETED)
    entry = done.entry(TrainingCompleted)

    def to(new: str) -> Command:
        return RedateTrainingEntry.model_validate({"entry": entry, "new_effective_at": new})

    done.when(to("2026-06-16"), actor="p-lead").then(InTheFuture)
    done.when(to("2026-03-01"), actor="p-lead").then(BeforeTraining)
    done.when(to("2026-05-20"), actor="p-lead").then(EntryRedated)
    done.history.do("training", "tr-1", to("2026-05-20"), actor="p-lead")
    assert done.state.ending.at.isoformat() == "2026-05-19T16:00:00+00:00"


def test_an_assignment_is_not_taken_away_under_its_ending():
    done = training(TRAINED, COMPLETED)
    done.when(AnnulTrainingEntry.model_validate({"entry": done.entry(TrainingAssigned)}), actor="p-lead").then(
        TrainingEnded
    )
    again = annulled(TrainingCompleted, TRAINED, COMPLETED)
    again.when(AnnulTrainingEntry.model_validate({"entry": again.entry(TrainingAssigned)}), actor="p-lead").then(
        EntryAnnulled
    )
