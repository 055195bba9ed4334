"""Goals: what is measured, who is to reach which target by when, and what became of it."""

from ledger.domain.goals import commands, decisions, events, metrics, state

GOAL = decisions.GOAL
STREAMS = (metrics.STREAM,)

__all__ = ["GOAL", "STREAMS", "commands", "decisions", "events", "metrics", "state"]
