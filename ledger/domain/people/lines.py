"""Single facts and held facts on the timelines of people and units, and what ends must have held."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import zip_longest
from typing import Any

from ledger.kernel.command import Act
from ledger.kernel.event import Entry, Event
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    Circle,
    Refusal,
)
from ledger.kernel.timeline import Change, Held, Timeline, Timelines, holder_on, holders_on

Line = Timelines[str, Held]
RUNNING = "running"


def single(line: Timeline[Held], at: datetime) -> str | None:
    """Return the single value or holder in force, or None."""
    change = holder_on(line, at)
    return None if change is None else change.value.holder or None


def put(lines: Line, key: str, entry: Entry, held: Held) -> Line:
    """Return the lines with what an entry says put into one of them."""
    return lines.with_change(key, Change(entry.begins, entry.position, entry.event_id, held))


class NotHeld(Refusal):
    """What is to end does not run at that time."""

    code = "not_held"
    en = "That does not hold at that time, so it can't end."
    zh = "当时并不成立，无法结束。"


def just_before(at: datetime) -> datetime:
    """Return the instant before, at which that which ends must have held."""
    return at - ONE_TICK


def unless_said(line: Timeline[Held], held: Held, event: Event, act: Act, *, single: bool = False) -> Event:
    """Return the event, or refuse it where the line says so at that very time, or says today that it holds.

    Whoever saves a profile again, or a system that tells every day what is so, begins nothing anew.
    """
    if line.says(act.begins, held) or (act.tells_what_is and in_force(line, act.begins, held.holder, single) == held):
        raise AlreadyRecorded()
    return event


def in_force(line: Timeline[Held], at: datetime, holder: str, single: bool) -> Held | None:
    """Return what the line says of a holder who holds at a time."""
    change = holder_on(line, at) if single else holders_on(line, at).get(holder)
    return None if change is None or change.value.holder != holder else change.value


def require_employed(act: Act, person: str) -> None:
    """Refuse a person who is not employed when it takes effect."""
    if not act.facts.is_employed(person, act.begins):
        act.refuse(AfterLastDay())


def require_held(line: Timeline[Held], at: datetime, holder: str, *, single: bool = False) -> None:
    """Refuse an end of what the holder did not hold, and an end that is recorded already."""
    if line.says(at, Held(holder, begins=False)):
        raise AlreadyRecorded()
    current: Any = holder_on(line, just_before(at)) if single else holders_on(line, just_before(at)).get(holder)
    if current is None or current.value.holder != holder:
        raise NotHeld()


# Chains of units or managers

Above = Callable[[str], tuple[str, Timeline[Held]]]  # id -> the id that stands for it, and its line of those above


def require_no_circle_after(own: str, before: Timeline[Held], after: Timeline[Held], above: Above) -> None:
    """Refuse a line that leads back to `own` at any time at which it says another holder than `before`.

    What an annulled entry had covered holds again, for as long as nothing later covers it, and those above move
    meanwhile: each of their moves in that time is looked at.
    """
    for start, end, holder in _newly_held(before, after):
        due, done = {start}, set[datetime]()
        while due - done:
            at = min(due - done)
            done.add(at)
            moves = _walked(own, holder, at, above)
            due |= {move for move in moves if start < move and (end is None or move < end)}


def _newly_held(before: Timeline[Held], after: Timeline[Held]) -> Iterator[tuple[datetime, datetime | None, str]]:
    """Yield from when and until when a single line says a holder whom it did not say before."""
    bounds = sorted({change.at for line in (before, after) for change in line.changes})
    for start, end in zip_longest(bounds, bounds[1:]):
        holder = single(after, start)
        if holder is not None and holder != single(before, start):
            yield start, end, holder


def _walked(own: str, holder: str, at: datetime, above: Above) -> set[datetime]:
    """Return when any of those above at a time is moved. Raises Circle."""
    seen, moves, higher = {own}, set[datetime](), holder or None
    while higher is not None:
        id, line = above(higher)
        if id in seen:
            raise Circle()
        seen.add(id)
        moves |= {change.at for change in line.changes}
        higher = single(line, at)
    return moves
