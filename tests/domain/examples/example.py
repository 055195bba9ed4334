"""What an example is: a command that is accepted, on which subject, by whom, after what, and as which event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.kernel.command import Command
from ledger.kernel.event import Event
from ledger.kernel.moments import Effective
from tests.domain.given import Given, Happened, History, given

Beside = tuple[str, str, Event] | tuple[str, str, Event, Effective]


@dataclass(frozen=True)
class Example:
    """A command that is accepted: on which subject, by whom, after what, and as which event."""

    kind: str
    id: str
    command: Command | Callable[[Given], Command]
    event: type[Event]
    before: tuple[Happened, ...] = ()
    actor: str = "p-hr"
    beside: tuple[Beside, ...] = ()  # what has happened to other subjects

    def given(self, world: History) -> Given:
        """Return the subject as it must stand for this example."""
        around = world.copy()
        for kind, id, event, *on in self.beside:
            around.record(kind, id, event, on=on[0] if on else None)
        return given(self.kind, self.id, *self.before, world=around)

    def asked(self, subject: Given) -> Command:
        """Return the command; one that points at an entry finds it on the subject."""
        return self.command if isinstance(self.command, Command) else self.command(subject)


def annul(command: type[Command], event: type[Event]) -> Callable[[Given], Command]:
    return lambda subject: command.model_validate({"entry": subject.entry(event)})


def redate(command: type[Command], event: type[Event]) -> Callable[[Given], Command]:
    return lambda subject: command.model_validate({"entry": subject.entry(event), "new_effective_at": "2026-05-01"})
