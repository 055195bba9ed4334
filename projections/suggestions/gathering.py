"""Gathering: what suggestions and job analyses rest on that no other projection keeps, read back as known."""

from datetime import UTC, datetime

from projections.engine.projection import RawEvent

EARLY = datetime(1970, 1, 2, tzinfo=UTC)  # before everything that a ledger tells of
SHOWN, TAKEN = "suggestions.SuggestionShown", "suggestions.SuggestionTaken"
DISMISSED = "suggestions.SuggestionDismissed"
JOB, STARTED, ENDED = "people.JobAssigned", "people.EmploymentStarted", "people.EmploymentEnded"
CANCELLED, REINSTATED = "people.EmploymentStartCancelled", "people.EmploymentReinstated"
FORMED, AWAY, BACK = "people.UnitFormed", "people.AbsenceStarted", "people.AbsenceEnded"
KEPT = frozenset({SHOWN, TAKEN, DISMISSED, JOB, STARTED, ENDED, CANCELLED, REINSTATED, FORMED, AWAY, BACK})
VIEWS = ("suggestions", "statistics", "accountability", "goals", "directory")


def is_kept(event: RawEvent) -> bool:
    """Tell whether suggestions rest on an event, or tell what came of them."""
    return event["topic"] in KEPT
