"""Suggestions: what a rule put before a person on which figures, and whether they took it or dismissed it, and why."""

from ledger.domain.suggestions import suggesting

STREAMS = (suggesting.STREAM,)

__all__ = ["STREAMS", "suggesting"]
