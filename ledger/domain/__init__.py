"""What can happen: each context in the order events, state and evolve, commands, decide; pure, and unknown to each other."""

from typing import Any

from ledger.domain import identity, ledgers, people, responsibilities
from ledger.kernel.command import Command, StreamKind

STREAM_KINDS: dict[str, StreamKind[Any]] = {
    stream.kind: stream
    for context in (ledgers, identity, people, responsibilities)
    for stream in context.STREAMS
}

COMMANDS: dict[tuple[str, str], type[Command]] = {
    (stream.plural, command.verb): command for stream in STREAM_KINDS.values() for command in stream.commands
}
