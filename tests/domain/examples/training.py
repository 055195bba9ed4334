"""Examples of training."""

from __future__ import annotations

from typing import Any

from ledger.domain.training.courses import CourseDefined, DefineCourse
from ledger.domain.training.taking_part import (
    AbandonTraining,
    AnnulTrainingEntry,
    AssignTraining,
    CompleteTraining,
    RedateTrainingEntry,
    TrainingAbandoned,
    TrainingAssigned,
    TrainingCompleted,
)
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from tests.domain.examples.company import day
from tests.domain.examples.example import Example, annul, redate

SPRING: dict[str, Any] = {"starts_on": day("2026-04-01"), "ends_on": day("2026-06-30")}
COURSE = CourseDefined(label="Selling with figures", metrics=("increase",))
TRAINED = (TrainingAssigned(person="p-ann", course="selling", **SPRING), day("2026-03-20"), "p-lead")
COMPLETED = (TrainingCompleted(person="p-ann", course="selling"), day("2026-06-01"), "p-ann")
ABANDONED = (TrainingAbandoned(person="p-ann", course="selling"), day("2026-05-10"), "p-ann")
BESIDE = (("course", "selling", COURSE),)

EXAMPLES = (
    Example("course", "selling", DefineCourse(label="Selling with figures", metrics=("increase",)), CourseDefined),
    Example(
        "training",
        "tr-1",
        AssignTraining(person="p-ann", course="selling", **SPRING),
        TrainingAssigned,
        actor="p-lead",
        beside=BESIDE,
    ),
    Example(
        "training", "tr-1", CompleteTraining(effective_at=day("2026-06-01")), TrainingCompleted, (TRAINED,), "p-ann"
    ),
    Example("training", "tr-1", AbandonTraining(note="No time"), TrainingAbandoned, (TRAINED,), "p-ann"),
    Example(
        "training", "tr-1", annul(AnnulTrainingEntry, TrainingCompleted), EntryAnnulled, (TRAINED, COMPLETED), "p-lead"
    ),
    Example(
        "training", "tr-1", redate(RedateTrainingEntry, TrainingAbandoned), EntryRedated, (TRAINED, ABANDONED), "p-lead"
    ),
)
