"""Batches: acts that were recorded together, and the act that takes all of them back."""

from dataclasses import dataclass, replace

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.refusals import AlreadyRecorded

# Events


class BatchReversed(Event, context="batches"):
    """Everything that the batch had brought about was taken back; what takes it back follows in the same act."""

    events: int


# State


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch: by whom it was reversed, and how many events that concerned; None while it stands."""

    actor: str | None = None
    events: int | None = None


def evolve_batch(state: BatchState, entry: Entry) -> BatchState:
    """Return the state after `entry`."""
    if isinstance(entry.event, BatchReversed):
        return replace(state, actor=entry.actor, events=entry.event.events)
    return state


# Commands


class ReverseBatch(
    Command, stream="batch", verb="reverse", by=(By("employee"), By("role:hr_administrator")), on_behalf=False
):
    """Take back all events of a batch, with a reason.

    It has no route of its own: it is recorded together with what takes each event back, and each of those needs its
    own authority.
    """

    events: int = Field(ge=1)


# Decide


def decide_batch(command: ReverseBatch, state: BatchState, act: Act) -> Event:
    """Return BatchReversed; a batch is reversed once."""
    if state.events is not None:
        raise AlreadyRecorded()
    act.require_happened()
    act.require_reason(command)
    return BatchReversed(events=command.events)


STREAMS = (StreamKind("batch", "batches", "b", BatchState(), decide_batch, evolve_batch, (), by_naming=True),)
