"""Two contexts on one stream: halves that know each other only by the questions they ask, joined into a stream kind."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Entry, Event

A = TypeVar("A")
B = TypeVar("B")
Other_contra = TypeVar("Other_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Half(Generic[A, Other_contra]):
    """One context's part of a stream. `decide` is also shown the other half's state, typed by what it asks of it."""

    initial: A
    decide: Callable[[Any, A, Other_contra, Act], Event]
    evolve: Callable[[A, Entry], A]
    commands: tuple[type[Command], ...]


@dataclass(frozen=True, slots=True)
class Joined(Generic[A, B]):
    """The states of both halves; an attribute is looked up in the first, then in the second."""

    first: A
    second: B

    def __getattr__(self, name: str) -> object:
        """Return the attribute of whichever half has it. Raises AttributeError where neither has."""
        if name in {"first", "second"} or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.first, name) if hasattr(self.first, name) else getattr(self.second, name)


def joined(
    kind: str, plural: str, prefix: str, *, first: Half[A, B], second: Half[B, A], caller_ids: bool = False
) -> StreamKind[Joined[A, B]]:
    """Return the stream kind whose events both halves fold and whose commands go to the half that declares them."""

    def decide(command: Command, state: Joined[A, B], act: Act) -> Event:
        if isinstance(command, first.commands):
            return first.decide(command, state.first, state.second, act)
        return second.decide(command, state.second, state.first, act)

    def evolve(state: Joined[A, B], entry: Entry) -> Joined[A, B]:
        return replace(state, first=first.evolve(state.first, entry), second=second.evolve(state.second, entry))

    commands = (*first.commands, *second.commands)
    initial = Joined(first.initial, second.initial)
    return StreamKind(kind, plural, prefix, initial, decide, evolve, commands, caller_ids=caller_ids)
