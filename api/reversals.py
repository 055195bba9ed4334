"""Reversals: what a batch holds, what rests on it, and the one act that takes all of it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.reading import Asked
from api.snapshots import put
from ledger.application import Idempotency, Receipt, Refused
from ledger.domain.batches import BatchState
from ledger.kernel.event import EVENTS
from ledger.kernel.ids import pseudonym, split_stream
from ledger.kernel.refusals import NotAllowed, NotFound, Refusal
from ledger.reversing import Held, Inverse, NotReversible, inverses, reversal
from projections.audit_trail import queries
from projections.audit_trail.later import Mention, later_about, versions_of
from projections.audit_trail.queries import TrailLine
from projections.engine import View

NAME = "audit_trail"
REVERSED_MAX = 5_000
FOLLOWING = "duty"  # what follows from facts by rule, and is voided by rule: nothing rests on it


class TooManyToReverse(Refusal):
    """The batch holds more events than one act takes back."""

    code, status = "too_many_to_reverse", 413
    en = "A batch of more than {limit} events is not taken back in one act."
    zh = "超过 {limit} 项事件的批次不能一次撤回。"


@dataclass(frozen=True, slots=True)
class Found:
    """A batch as one snapshot shows it: its events, those that later acts rest on, the versions of their streams."""

    held: list[Held]
    rested: frozenset[int]
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reversed:
    """A batch was taken back, or would be: by which act, under which batch, and how many events that concerned."""

    receipt: Receipt
    events: int


async def state_of(asked: Asked, batch: str) -> BatchState:
    """Return whether and by whom a batch was reversed."""
    state: BatchState = await asked.ledger.judged(lambda facts: facts.state("batch", batch))
    return state


async def _is_seen(asked: Asked, stream: str) -> bool:
    """Tell whether the caller may see the stream, and no event of it is kept from them."""
    subject = split_stream(stream)
    return await asked.sees(*subject) and not await asked.is_blind(*subject)


async def reverse(asked: Asked, batch: str, reason: str, key: Idempotency | None, *, dry_run: bool) -> Reversed:
    """Take a batch back as a whole. The caller needs for each event what they would need to take it back alone.

    Raises NotFound for a batch of which the caller sees nothing, NotReversible with what can't be taken back,
    AlreadyRecorded for one that was taken back before, TooManyToReverse.
    """
    state = await state_of(asked, batch)
    if state.events is not None:
        again = reversal(batch, state.events, asked.caller, reason)
        done = await asked.ledger.record_batch([again], mode="all", batch_id=pseudonym("b"), idempotency=key)
        return Reversed(_recorded(done), state.events)
    found = await put(asked, NAME, lambda view: _found(view, batch), await asked.served.watch.look())
    seen = [await _is_seen(asked, one.stream) for one in found.held]
    if not any(seen):
        raise NotFound()
    planned = inverses(
        found.held, batch=batch, caller=asked.caller, reason=reason, rested=found.rested, versions=found.versions
    )
    return await _taken_back(asked, batch, reason, planned, seen, key, dry_run=dry_run)


async def _taken_back(
    asked: Asked,
    batch: str,
    reason: str,
    planned: Sequence[Inverse],
    seen: Sequence[bool],
    key: Idempotency | None,
    *,
    dry_run: bool,
) -> Reversed:
    """Judge every inverse before any is recorded, so that all that can't be taken back is told at once."""
    able = [one for one in planned if one.ask is not None]
    asks = [reversal(batch, len(seen), asked.caller, reason), *(one.ask for one in able if one.ask is not None)]
    new = pseudonym("b")
    tried = await asked.ledger.record_batch(asks, mode="each", batch_id=new, dry_run=True)
    first = tried[0]
    if isinstance(first, Refused):
        raise first.refusal
    refused = {one.index: one.refusal for one in planned if one.refusal is not None}
    refused |= {able[r.index - 1].index: r.refusal for r in tried if isinstance(r, Refused)}
    if refused or not all(seen):
        raise _told(refused, seen)
    if dry_run:
        return Reversed(first, len(seen))
    return Reversed(
        _recorded(await asked.ledger.record_batch(asks, mode="all", batch_id=new, idempotency=key)), len(seen)
    )


def _told(refused: dict[int, Refusal], seen: Sequence[bool]) -> Refusal:
    """Return the refusal of the whole; places are those among the events that the caller may see."""
    places = {index: place for place, index in enumerate(i for i, visible in enumerate(seen) if visible)}
    errors = tuple((f"/{places[i]}", refusal.code) for i, refusal in sorted(refused.items()) if i in places)
    return NotReversible(errors=errors) if errors else NotAllowed(needed="all acts of the batch")


def _recorded(results: Sequence[Receipt | Refused]) -> Receipt:
    first = results[0]
    if isinstance(first, Refused):
        raise first.refusal
    return first


def _found(view: View, batch: str) -> Found:
    held = [_held(line) for line in _lines(view, batch)]
    if not held:
        raise NotFound()
    streams = list(dict.fromkeys(one.stream for one in held))
    since = later_about(view, streams, after=held[0].position, batch=batch)
    return Found(held, _rested(held, since), versions_of(view, streams))


def _lines(view: View, batch: str) -> list[TrailLine]:
    lines: list[TrailLine] = []
    while page := queries.by_batch(view, batch, after=lines[-1].position if lines else None):
        lines += page
        if len(lines) > REVERSED_MAX:
            raise TooManyToReverse(limit=REVERSED_MAX)
    return lines


def _held(line: TrailLine) -> Held:
    return Held(line.position, line.event_id, line.stream, line.version, line.topic, line.after)


def _rested(held: Sequence[Held], later: Sequence[Mention]) -> frozenset[int]:
    """Return the positions of events that later acts rest on.

    On what began a subject rests every later act about it. On another dated fact rests what its timeline says, which
    the annulment itself is judged by; on anything else what came later to the same subject.
    """
    about: dict[str, list[Mention]] = {}
    for mention in later:
        if split_stream(mention.stream)[0] != FOLLOWING:
            about.setdefault(mention.subject, []).append(mention)
    return frozenset(one.position for one in held if _is_rested(one, about.get(one.stream, ())))


def _is_rested(one: Held, mentions: Sequence[Mention]) -> bool:
    after = [mention for mention in mentions if mention.position > one.position]
    if one.version == 1:
        return bool(after)
    event = EVENTS.get(one.topic)
    return (event is None or not event.dated) and any(mention.stream == one.stream for mention in after)
