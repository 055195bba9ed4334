"""What can happen, one module a context: events, state, commands, decide; pure, and unknown to each other."""

from typing import Any

from ledger.domain import (
    batches,
    duties,
    feedback,
    findings,
    goals,
    hiring,
    identity,
    ledgers,
    outcomes,
    people,
    policies,
    privacy,
    progress,
    responsibilities,
    reviews,
    suggestions,
    training,
)
from ledger.kernel.command import Command, StreamKind
from ledger.kernel.joined import joined

GOAL_STREAM = joined("goal", "goals", "g", first=goals.GOAL, second=progress.PROGRESS)

STREAM_KINDS: dict[str, StreamKind[Any]] = {
    stream.kind: stream
    for streams in (
        ledgers.STREAMS,
        batches.STREAMS,
        identity.STREAMS,
        people.STREAMS,
        policies.STREAMS,
        responsibilities.STREAMS,
        goals.STREAMS,
        (GOAL_STREAM,),
        feedback.STREAMS,
        duties.STREAMS,
        reviews.STREAMS,
        hiring.STREAMS,
        training.STREAMS,
        findings.STREAMS,
        suggestions.STREAMS,
        outcomes.STREAMS,
        privacy.STREAMS,
    )
    for stream in streams
}

COMMANDS: dict[tuple[str, str], type[Command]] = {
    (stream.plural, command.verb): command for stream in STREAM_KINDS.values() for command in stream.commands
}
