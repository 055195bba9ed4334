"""Suggestions: rules that suggest something to a person on figures, what followed, and what a job's history says."""

from projections.suggestions.declaration import PROJECTION, REPORTS

__all__ = ["PROJECTION", "REPORTS"]
