"""Reversing: what takes back each event of a batch, by the commands that anybody entitled to it could give alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.asking import Ask, Caller
from ledger.domain import STREAM_KINDS
from ledger.domain.batches import ReverseBatch
from ledger.kernel.command import Command
from ledger.kernel.event import EVENTS
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import Refusal

ANNUL = "annul"
# What takes back an event that is no dated fact: the verb on its own stream. Where the event began its subject, this
# takes back all that the batch said of it.
INVERSES: Mapping[str, str] = {
    "goals.GoalProposed": "withdraw",
    "goals.GoalAssigned": "withdraw",
    "goals.GoalClosed": "reopen",
    "hiring.RequisitionOpened": "close",
    "hiring.HiringDecisionMade": "reverse-decision",
    "identity.RoleGranted": "revoke",
    "identity.TokenIssued": "revoke",
    "reviews.ReviewOpened": "withdraw",
}


class NoInverse(Refusal):
    """Some facts are never taken back: that somebody was registered, heard, or told."""

    code = "no_inverse"
    en = "Nothing takes this back."
    zh = "该事项无法撤回。"


class RestedOn(Refusal):
    """Somebody has acted on this since."""

    code = "rested_on"
    en = "A later act rests on this: take that back first."
    zh = "后续操作以此为依据：请先撤回后续操作。"


class NotReversible(Refusal):
    """A batch is reversed whole or not at all."""

    code = "batch_not_reversible"
    en = "The batch is taken back whole or not at all, and {count} of its events can't be."
    zh = "批次只能整体撤回，其中 {count} 项无法撤回。"

    def __init__(self, *, errors: tuple[tuple[str, str], ...] = (), **details: str | int) -> None:
        super().__init__(**{"count": len(errors), **details})
        self.errors = errors  # (place in the batch, code)


@dataclass(frozen=True, slots=True)
class Held:
    """One event of a batch: where it stands, and the value it brought, as the trail tells it."""

    position: int
    event_id: str
    stream: str
    version: int
    topic: str
    brought: object = None


@dataclass(frozen=True, slots=True)
class Inverse:
    """What takes back the event at this place of the batch, or why nothing may."""

    index: int
    ask: Ask | None = None
    refusal: Refusal | None = None


def inverses(
    held: Sequence[Held],
    *,
    batch: str,
    caller: Caller,
    reason: str,
    rested: frozenset[int],
    versions: Mapping[str, int],
) -> list[Inverse]:
    """Return what takes a batch back, the latest event first.

    `rested` holds the positions that later acts rest on, `versions` the version of each stream at the time that was
    looked at: what comes between refuses the whole.
    """
    began = {one.stream for one in held if one.version == 1 and not _is_dated(one.topic)}
    version, found = dict(versions), list[Inverse]()
    for index, one in sorted(enumerate(held), key=lambda numbered: -numbered[1].position):
        if one.position in rested:
            found.append(Inverse(index, refusal=RestedOn()))
        elif one.stream not in began or one.version == 1:
            found.append(_inverse(index, one, batch, caller, reason, version))
    return found


def reversal(batch: str, events: int, caller: Caller, reason: str) -> Ask:
    """Return the ask for the act itself, which stands before what takes the events back."""
    return Ask(ReverseBatch(events=events, reason=reason), "batch", batch, caller, cause=f"batch/{batch}")


def _inverse(index: int, one: Held, batch: str, caller: Caller, reason: str, version: dict[str, int]) -> Inverse:
    kind, id = split_stream(one.stream)
    verb = ANNUL if _is_dated(one.topic) else INVERSES.get(one.topic)
    command = next((c for c in STREAM_KINDS[kind].commands if c.verb == verb), None)
    if command is None:
        return Inverse(index, refusal=NoInverse())
    ask = Ask(
        command.model_validate(dict(_fields(command, one, reason))),
        kind,
        id,
        caller,
        if_match=version[one.stream],
        cause=f"batch/{batch}",
    )
    version[one.stream] += 1
    return Inverse(index, ask)


def _fields(command: type[Command], one: Held, reason: str) -> Iterator[tuple[str, Any]]:
    yield "reason", reason
    if command.verb == ANNUL:
        yield "entry", one.event_id
    elif "role" in command.model_fields:
        yield "role", one.brought


def _is_dated(topic: str) -> bool:
    event = EVENTS.get(topic)
    return event is not None and event.dated
