"""Timelines: dated facts ordered by when they take effect, so that a late entry slots in and holds until the next."""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

V = TypeVar("V")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Change(Generic[V]):
    """From `at` on (UTC), the fact has `value`; said by the event `event_id` at `position`."""

    at: datetime
    position: int
    event_id: str
    value: V

    @property
    def order(self) -> tuple[datetime, int]:
        """Effective time first; at equal times the later position wins."""
        return (self.at, self.position)


@dataclass(frozen=True, slots=True)
class Timeline(Generic[V]):
    """An immutable, ordered run of changes of one fact."""

    changes: tuple[Change[V], ...] = ()

    def with_change(self, change: Change[V]) -> "Timeline[V]":
        """Return the timeline with `change` in its place."""
        index = bisect_right(self.changes, change.order, key=lambda c: c.order)
        return Timeline((*self.changes[:index], change, *self.changes[index:]))

    def without(self, event_id: str) -> "Timeline[V]":
        """Return the timeline as if the event had never been."""
        return Timeline(tuple(c for c in self.changes if c.event_id != event_id))

    def moved(self, event_id: str, at: datetime) -> "Timeline[V]":
        """Return the timeline with the event's changes taking effect at `at`."""
        moved = self.without(event_id)
        for change in self.changes:
            if change.event_id == event_id:
                moved = moved.with_change(Change(at, change.position, event_id, change.value))
        return moved

    def change_on(self, at: datetime) -> Change[V] | None:
        """Return the change in force at `at`, or None before the first. Changes at one instant: the last wins."""
        index = bisect_right(self.changes, at, key=lambda c: c.at)
        return self.changes[index - 1] if index else None

    def value_on(self, at: datetime) -> V | None:
        """Return the value in force at `at`, or None before the first change."""
        change = self.change_on(at)
        return None if change is None else change.value

    def after(self, at: datetime) -> tuple[Change[V], ...]:
        """Return the changes that take effect later than `at`."""
        return self.changes[bisect_right(self.changes, at, key=lambda c: c.at) :]

    def says(self, at: datetime, value: V) -> bool:
        """Tell whether a change to `value` at exactly `at` is already there."""
        return any(c.at == at and c.value == value for c in self.changes)


_EMPTY: Timeline[Any] = Timeline()


class Timelines(Mapping[K, Timeline[V]]):
    """An immutable mapping from a fact's key to its timeline; unknown keys have an empty one."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[K, Timeline[V]] | None = None) -> None:
        self._lines: dict[K, Timeline[V]] = dict(lines or {})

    def __getitem__(self, key: K) -> Timeline[V]:
        return self._lines.get(key) or _EMPTY

    def has(self, key: K) -> bool:
        """Tell whether anything was ever said about a fact; `in` holds for every key, as reading does."""
        return key in self._lines

    def __iter__(self) -> Iterator[K]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def with_change(self, key: K, change: Change[V]) -> "Timelines[K, V]":
        """Return these timelines with `change` put into the one of `key`."""
        return self._replaced({key: self[key].with_change(change)})

    def without(self, event_id: str) -> "Timelines[K, V]":
        """Return these timelines as if the event had never been."""
        return self._replaced({k: line.without(event_id) for k, line in self._touched(event_id)})

    def moved(self, event_id: str, at: datetime) -> "Timelines[K, V]":
        """Return these timelines with the event's changes taking effect at `at`."""
        return self._replaced({k: line.moved(event_id, at) for k, line in self._touched(event_id)})

    def on(self, at: datetime) -> dict[K, V]:
        """Return the value of every fact in force at `at`."""
        values = ((key, line.value_on(at)) for key, line in self._lines.items())
        return {key: value for key, value in values if value is not None}

    def knows(self, event_id: str) -> bool:
        """Tell whether any change stems from the event."""
        return any(True for _ in self._touched(event_id))

    def _touched(self, event_id: str) -> Iterator[tuple[K, Timeline[V]]]:
        return ((k, li) for k, li in self._lines.items() if any(c.event_id == event_id for c in li.changes))

    def _replaced(self, lines: Mapping[K, Timeline[Any]]) -> "Timelines[K, V]":
        fresh: Timelines[K, V] = Timelines()
        fresh._lines = {**self._lines, **lines}
        return fresh


@dataclass(frozen=True, slots=True)
class Held:
    """A change in who holds something: the holder begins, or the holder (and nobody else) ends.

    `instead_of` names a holder who ends by the same act; `until` is the first instant at which it holds no more.
    """

    holder: str
    begins: bool = True
    instead_of: str | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether what has begun has not run out."""
        return self.until is None or at < self.until


def holder_on(line: Timeline[Held], at: datetime) -> Change[Held] | None:
    """Return the change by which the single holder in force at `at` came in; beginning puts any earlier holder out.

    The end of somebody who has been replaced already changes nothing.
    """
    current: Change[Held] | None = None
    for change in line.changes:
        if change.at > at:
            break
        if change.value.begins:
            current = change
        elif current is not None and current.value.holder == change.value.holder:
            current = None
    return current if current is not None and current.value.holds(at) else None


def holders_on(line: Timeline[Held], at: datetime) -> dict[str, Change[Held]]:
    """Return all holders in force at `at`, each with the change by which they came in; beginning puts nobody out."""
    current: dict[str, Change[Held]] = {}
    for change in line.changes:
        if change.at > at:
            break
        if change.value.instead_of is not None:
            current.pop(change.value.instead_of, None)
        if change.value.begins:
            known = current.get(change.value.holder)
            if known is None or known.value.until is not None:
                current[change.value.holder] = change
        else:
            current.pop(change.value.holder, None)
    return {holder: change for holder, change in current.items() if change.value.holds(at)}


def most_holders_from(line: Timeline[Held], at: datetime) -> int:
    """Return the largest number of holders at one time, from `at` on."""
    moments = [at, *(c.at for c in line.after(at))]
    return max(len(holders_on(line, moment)) for moment in moments)


def held_within(line: Timeline[Held], first: datetime, last: datetime) -> Iterator[str]:
    """Yield who holds at any time from `first` to `last`, whoever held last before the others."""
    changes = (c.at for c in reversed(line.after(first)) if c.at < last)
    found = (holder for moment in (last, *changes, first) for holder in reversed(holders_on(line, moment)))
    yield from dict.fromkeys(found)


def adds_holders(before: Timeline[Held], after: Timeline[Held]) -> bool:
    """Tell whether at any time more than one holds, and more than did."""
    moments = {change.at for change in (*before.changes, *after.changes)}
    return any(len(holders_on(after, m)) > max(1, len(holders_on(before, m))) for m in moments)
