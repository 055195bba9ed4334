"""Progress on a goal: what is claimed and measured, where it leaves its path, and who was asked for help."""

from ledger.domain.progress.claims import (
    OUTSIDE_PERIOD,
    CorrectProgress,
    Health,
    Measurement,
    MeasurementRecorded,
    NotAClaim,
    OwnMeasurement,
    ProgressCorrected,
    ProgressReported,
    ProgressState,
    RecordMeasurement,
    ReportProgress,
)
from ledger.domain.progress.help import (
    DeviationFound,
    DifficultyRaised,
    DifficultyResolved,
    Found,
    SupportGiven,
    SupportRequested,
)
from ledger.domain.progress.stream import PROGRESS, decide_progress, evolve_progress

__all__ = [
    "OUTSIDE_PERIOD",
    "PROGRESS",
    "CorrectProgress",
    "DeviationFound",
    "DifficultyRaised",
    "DifficultyResolved",
    "Found",
    "Health",
    "Measurement",
    "MeasurementRecorded",
    "NotAClaim",
    "OwnMeasurement",
    "ProgressCorrected",
    "ProgressReported",
    "ProgressState",
    "RecordMeasurement",
    "ReportProgress",
    "SupportGiven",
    "SupportRequested",
    "decide_progress",
    "evolve_progress",
]
