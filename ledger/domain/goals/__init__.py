"""Goals: what is measured, who is to reach which target by when, and what became of it."""

from ledger.domain.goals import cascade, commands, decisions, events, metrics, scoring, state

GOAL = decisions.GOAL
STREAMS = (metrics.STREAM,)

__all__ = ["GOAL", "STREAMS", "cascade", "commands", "decisions", "events", "metrics", "scoring", "state"]
