"""The shared reader: pages of the ledger whose size adapts, decoded once for all projections."""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ledger.kernel.event import decode_raw
from projections.engine.projection import UNREADABLE, RawEvent, Reader

SMALLEST, LARGEST = 100, 5_000
MOST_BYTES = 8_000_000
LONGEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive events, decoded; `last` is the position of the last one."""

    events: list[RawEvent]
    last: int
    bytes: int

    def after(self, position: int) -> list[RawEvent]:
        """Return the events after a position."""
        first = self.events[0]["position"]
        return self.events if position < first else self.events[position - first + 1 :]


class Pages:
    """Reads page after page; pages grow while they are quick, and shrink when they take long or weigh much."""

    def __init__(self, reader: Reader, *, limit: int = 500) -> None:
        self._reader = reader
        self.limit = limit

    def read(self, after: int, upto: int | None = None) -> Page | None:
        """Return the next page, or None at the head."""
        rows = self._reader.page(after, self.limit, upto)
        if not rows:
            return None
        weight = sum(len(stored) for _, stored in rows)
        return Page([_decoded(position, stored) for position, stored in rows], rows[-1][0], weight)

    def took(self, page: Page, seconds: float) -> None:
        """Adapt to how long the page took, from reading it to its commits."""
        full = len(page.events) >= self.limit
        if seconds > LONGEST_S:
            self.limit = self.limit // 2
        elif full and seconds < LONGEST_S / 2:
            self.limit = self.limit * 2
        self.limit = max(SMALLEST, min(LARGEST, self.limit, _heaviest(page)))

    def weighed(self, page: Page) -> None:
        """Adapt to what the page weighed, however long it took."""
        self.limit = max(SMALLEST, min(LARGEST, _heaviest(page)))


def _heaviest(page: Page) -> int:
    """Return how many events like these a page may hold."""
    return MOST_BYTES * len(page.events) // max(page.bytes, 1)


def _decoded(position: int, stored: bytes) -> RawEvent:
    try:
        return decode_raw(stored)
    except (ValueError, KeyError, TypeError, LookupError):
        return unreadable(position)


def unreadable(position: int) -> RawEvent:
    """Return what stands for an event whose bytes cannot be decoded."""
    return {"position": position, "topic": UNREADABLE, "stream": "", "subjects": [], "data": {}}


def event_at(reader: Reader, position: int) -> RawEvent:
    """Return one event, decoded. Raises LookupError when there is none."""
    rows = reader.page(position - 1, 1)
    if not rows or rows[0][0] != position:
        raise LookupError(f"no event at position {position}")
    return _decoded(*rows[0])


_pauses = 0
_pausing = threading.Lock()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector off while a page is in hand: its thousands of fresh dicts hold no cycles."""
    global _pauses  # noqa: PLW0603  # one collector a process, paused while any thread asks for it
    with _pausing:
        _pauses += 1
        gc.disable()
    try:
        yield
    finally:
        with _pausing:
            _pauses -= 1
            if _pauses == 0:
                gc.enable()


class Stopwatch:
    """Tells how long a page took."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Return the time since it was made."""
        return time.perf_counter() - self._start
