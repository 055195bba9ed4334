"""Examples of progress on goals, and of help."""

from __future__ import annotations

from ledger.domain.progress import (
    CorrectProgress,
    Health,
    MeasurementRecorded,
    ProgressCorrected,
    ProgressReported,
    RecordMeasurement,
    ReportProgress,
)
from ledger.domain.progress import help as help_on_goals
from tests.domain.examples.company import ANN, day, q
from tests.domain.examples.example import Example
from tests.domain.examples.goals import ASSIGNED, REPORTED

DIFFICULT = (help_on_goals.DifficultyRaised(owner=ANN, concern="resources"), day("2026-06-01"), "p-ann")
CALLED = (help_on_goals.SupportRequested(owner=ANN, concern="skills"), day("2026-06-01"), "p-ann")

EXAMPLES = (
    Example(
        "goal",
        "g-1",
        ReportProgress(
            value=q("112"), day=day("2026-06-14"), health=Health.AT_RISK, note="Slower", evidence=("report.pdf",)
        ),
        ProgressReported,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: CorrectProgress(entry=subject.entry(ProgressReported), value=q("104"), note="Typing error"),
        ProgressCorrected,
        before=(ASSIGNED, REPORTED),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        RecordMeasurement(value=q("101"), source="erp"),
        MeasurementRecorded,
        before=(ASSIGNED,),
        actor="system:erp",
    ),
    Example(
        "goal",
        "g-1",
        help_on_goals.FindDeviation.model_validate(
            {"found": "below_path", "entry": "e-1", "day": "2026-03-31", "progress": "0.1", "expected": "0.25"}
        ),
        help_on_goals.DeviationFound,
        before=(ASSIGNED, REPORTED),
        actor="system:rules",
    ),
    Example(
        "goal",
        "g-1",
        help_on_goals.RaiseDifficulty(concern="resources", note="Nobody to test it"),
        help_on_goals.DifficultyRaised,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        help_on_goals.RequestSupport(concern="skills", note="How is it measured?"),
        help_on_goals.SupportRequested,
        before=(ASSIGNED,),
        actor="p-ann",
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: help_on_goals.GiveSupport(
            call=subject.entry(help_on_goals.SupportRequested), note="A course next week"
        ),
        help_on_goals.SupportGiven,
        before=(ASSIGNED, CALLED),
    ),
    Example(
        "goal",
        "g-1",
        lambda subject: help_on_goals.ResolveDifficulty(difficulty=subject.entry(help_on_goals.DifficultyRaised)),
        help_on_goals.DifficultyResolved,
        before=(ASSIGNED, DIFFICULT),
        actor="p-ann",
    ),
)
