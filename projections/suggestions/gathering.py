"""Gathering: what suggestions and job analyses rest on that no other projection keeps, read back as known."""

from datetime import UTC, datetime

from projections.accountability.handlers import Folded, folded
from projections.engine.projection import Events, RawEvent

EARLY = datetime(1970, 1, 2, tzinfo=UTC)  # before everything that a ledger tells of
SHOWN, TAKEN = "suggestions.SuggestionShown", "suggestions.SuggestionTaken"
DISMISSED = "suggestions.SuggestionDismissed"
JOB, STARTED, ENDED = "people.JobAssigned", "people.EmploymentStarted", "people.EmploymentEnded"
CANCELLED, REINSTATED = "people.EmploymentStartCancelled", "people.EmploymentReinstated"
FORMED, AWAY, BACK = "people.UnitFormed", "people.AbsenceStarted", "people.AbsenceEnded"
KEPT = frozenset({SHOWN, TAKEN, DISMISSED, JOB, STARTED, ENDED, CANCELLED, REINSTATED, FORMED, AWAY, BACK})
VIEWS = ("suggestions", "statistics", "accountability", "goals", "directory")


def fold(_: None, events: Events) -> Folded:
    """Return what a page adds and what it ends."""
    return folded(events, _is_kept)


def _is_kept(event: RawEvent) -> bool:
    return event["topic"] in KEPT
