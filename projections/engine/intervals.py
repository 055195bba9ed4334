"""Bitemporal intervals: from dated changes to who held what from when to when, as known from which position on.

Everything here is pure and works on the stored forms: instants are UTC text of fixed width, which sorts as time does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

OPEN = "infinity"  # the end of an interval that has none; sorts after every instant
NOW_KNOWN = 9_223_372_036_854_775_807  # known_to of what the ledger still says

Key = tuple[str, str, str]  # stream, role, line: one line of changes that follow each other


class Said(NamedTuple):
    """By which event something was said, and with what standing."""

    event_id: str
    position: int
    actor: str
    basis: str
    testimony: bool
    marks: str  # codes, parted by blanks


class Change(NamedTuple):
    """From `begins` on, the holder holds (`starts`), up to `until`, or holds no more. `step` orders one event's."""

    begins: str
    position: int
    step: int
    holder: str
    starts: bool
    said: Said
    until: str = OPEN

    def lasts(self, at: str) -> bool:
        """Tell whether what has begun has not run out by `at`."""
        return at < self.until


class Interval(NamedTuple):
    """The holder holds from `valid_from` until before `valid_to`, by the event `began`, ended by the event `ended`."""

    holder: str
    valid_from: str
    valid_to: str
    began: Said
    ended_by: str | None
    ended_position: int | None


class IntervalRow(NamedTuple):
    """An interval with the positions between which the ledger said so: `known_from` ≤ known < `known_to`."""

    key: Key
    interval: Interval
    known_from: int
    known_to: int


def said_by(event: dict[str, object]) -> Said:
    """Return the standing of a stored event."""
    authority, marks = event["authority"], event.get("marks", ())
    assert isinstance(authority, dict)
    assert isinstance(marks, list | tuple)
    source, position = event["source"], event["position"]
    assert isinstance(source, str)
    assert isinstance(position, int)
    return Said(
        str(event["event_id"]),
        position,
        str(event["actor"]),
        str(authority.get("basis", "")),
        source.startswith("import:"),
        " ".join(str(mark) for mark in marks),
    )


def instant_text(text: str) -> str:
    """Return an ISO instant with any offset in the fixed-width UTC form. Raises ValueError for anything else."""
    if len(text) == 27 and text[26] == "Z":
        return text
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def intervals_of(changes: Iterable[Change], *, single: bool) -> list[Interval]:
    """Return the intervals of one line, whose changes stand in order.

    Single: whoever begins puts the one before out, and the end of somebody replaced already changes nothing. Else
    several hold at a time, and beginning again while holding changes nothing but a time that was set. Nothing lasts no
    time at all.
    """
    return list(_single(changes) if single else _several(changes))


def _single(changes: Iterable[Change]) -> Iterator[Interval]:
    current: Change | None = None
    for change in changes:
        if not change.starts and (current is None or current.holder != change.holder):
            continue
        if current is not None:
            yield from _closed(current, change)
        current = change if change.starts else None
    if current is not None:
        yield from _open(current)


def _several(changes: Iterable[Change]) -> Iterator[Interval]:
    current: dict[str, Change] = {}
    for change in changes:
        begun = current.get(change.holder)
        if begun is not None and change.starts and begun.until == OPEN:
            continue
        if begun is not None:
            yield from _closed(current.pop(change.holder), change)
        if change.starts:
            current[change.holder] = change
    for begun in current.values():
        yield from _open(begun)


def _closed(begun: Change, ended: Change) -> Iterator[Interval]:
    if not begun.lasts(ended.begins):
        yield from _open(begun)
    elif begun.begins < ended.begins:
        yield Interval(begun.holder, begun.begins, ended.begins, begun.said, ended.said.event_id, ended.position)


def _open(begun: Change) -> Iterator[Interval]:
    if begun.lasts(begun.begins):
        yield Interval(begun.holder, begun.begins, begun.until, begun.said, None, None)


class Known:
    """Rows known from and to a position, as they come and go over a page: what to insert, and what to close."""

    def __init__(self) -> None:
        self._open: dict[tuple[Key, str, str], IntervalRow] = {}
        self._ended: list[IntervalRow] = []
        self.closed: list[tuple[Key, str, str, int]] = []  # key, holder, valid_from, known_to

    def replace(self, key: Key, before: list[Interval], after: list[Interval], position: int) -> None:
        """Say that from `position` on the ledger says `after` where it said `before`."""
        was, now = set(before), set(after)
        for interval in before:
            if interval not in now:
                self._close(key, interval, position)
        for interval in after:
            if interval not in was:
                self._open[key, interval.holder, interval.valid_from] = IntervalRow(key, interval, position, NOW_KNOWN)

    def _close(self, key: Key, interval: Interval, position: int) -> None:
        row = self._open.pop((key, interval.holder, interval.valid_from), None)
        if row is None:
            self.closed.append((key, interval.holder, interval.valid_from, position))
        elif row.known_from < position:
            self._ended.append(row._replace(known_to=position))

    def rows(self) -> list[IntervalRow]:
        """Return the rows to insert."""
        return [*self._ended, *self._open.values()]


class Lines:
    """The lines of changes that a page touches, and what becomes of their intervals event by event.

    `single` tells for a role whether its line has one holder at a time. Give every change of an event to `put`, or its
    annulment to `annul` or `redate`, then call `settle`.
    """

    def __init__(self, changes: Iterable[tuple[Key, Change]], *, single: Callable[[str], bool]) -> None:
        self._single = single
        self._lines: dict[Key, list[Change]] = {}
        self._intervals: dict[Key, list[Interval]] = {}
        self._keys_of: dict[tuple[str, str], set[Key]] = {}
        self._touched: set[Key] = set()
        self.known = Known()
        self.gone: set[str] = set()  # event ids whose stored changes are to be deleted
        self._fresh: set[str] = set()  # event ids whose changes are to be inserted
        for key, change in changes:
            self._lines.setdefault(key, []).append(change)
            self._keys_of.setdefault((key[0], change.said.event_id), set()).add(key)

    def intervals(self, key: Key) -> list[Interval]:
        """Return the intervals of a line as they were last settled."""
        if key not in self._intervals:
            self._intervals[key] = intervals_of(self._lines.get(key, ()), single=self._single(key[1]))
        return self._intervals[key]

    def changes(self, key: Key) -> Sequence[Change]:
        """Return the changes of a line, in order."""
        return self._lines.get(key, ())

    def put(self, key: Key, change: Change) -> None:
        """Add a change to its line."""
        self.intervals(key)
        line = self._lines.setdefault(key, [])
        line.append(change)
        if len(line) > 1 and line[-2][:3] > change[:3]:
            line.sort(key=_order)
        self._keys_of.setdefault((key[0], change.said.event_id), set()).add(key)
        self._fresh.add(change.said.event_id)
        self._touched.add(key)

    def annul(self, stream: str, event_id: str) -> None:
        """Take the changes of an event of this stream out, as if it had never been."""
        self._take_out(stream, event_id)

    def redate(self, stream: str, event_id: str, begins: str) -> None:
        """Let the changes of an event of this stream take effect at `begins`."""
        for key, change in self._take_out(stream, event_id):
            self.put(key, change._replace(begins=begins))

    def _take_out(self, stream: str, event_id: str) -> list[tuple[Key, Change]]:
        taken: list[tuple[Key, Change]] = []
        for key in sorted(self._keys_of.pop((stream, event_id), ())):
            self.intervals(key)
            line = self._lines[key]
            taken += [(key, change) for change in line if change.said.event_id == event_id]
            self._lines[key] = [change for change in line if change.said.event_id != event_id]
            self._touched.add(key)
        if taken:
            self.gone.add(event_id)
            self._fresh.discard(event_id)
        return taken

    def settle(self, position: int) -> set[Key]:
        """Work out the intervals of what was touched, known from `position` on; return the lines that changed."""
        touched, self._touched = self._touched, set()
        for key in touched:
            before = self._intervals[key]
            after = intervals_of(self._lines[key], single=self._single(key[1]))
            self.known.replace(key, before, after, position)
            self._intervals[key] = after
        return touched

    def fresh(self) -> list[tuple[Key, Change]]:
        """Return the changes to insert."""
        found: list[tuple[Key, Change]] = []
        for key, line in self._lines.items():
            found += [(key, change) for change in line if change.said.event_id in self._fresh]
        return found


def _order(change: Change) -> tuple[str, int, int]:
    return change[:3]
