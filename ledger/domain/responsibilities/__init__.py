"""Responsibilities: who is accountable, responsible, supporting, consulted or informed for any subject."""

from ledger.domain.responsibilities import commands, decisions, events, state
from ledger.domain.responsibilities.events import Role
from ledger.domain.responsibilities.state import ResponsibilityState

STREAMS = decisions.STREAMS

__all__ = ["STREAMS", "ResponsibilityState", "Role", "commands", "decisions", "events", "state"]
