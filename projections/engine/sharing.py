"""Pages for rebuilds that run at once: whoever comes first reads and decodes, the others take what it decoded."""

import threading
from collections.abc import Hashable

from projections.engine.projection import Reader
from projections.engine.reading import Page, Pages, Stopwatch

KEPT = 4  # pages; a rebuild runs ahead of the slowest by no more
PATIENCE_S = 1.0  # whoever holds the others up for longer reads for itself from then on


class SharedPages:
    """The last pages read, in order, and where each rebuild stands. Safe from several threads.

    A rebuild that begins behind the kept pages, or falls behind them, reads for itself until it is among the others.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._pages = Pages(reader)
        self._kept: dict[int, Page] = {}  # by the position they follow, oldest first
        self._dropped = -1  # the position that the last page given up followed
        self._standing: dict[Hashable, int] = {}
        self._turn = threading.Condition()

    def read(self, who: Hashable, after: int, upto: int) -> Page | None:
        """Return the page after a position, or None at the head. `who` stays counted until it leaves."""
        with self._turn:
            self._standing[who] = after
            self._turn.notify_all()
            self._turn.wait_for(lambda: after >= upto or not self._ahead(who, after), PATIENCE_S)
            page = self._kept.get(after)
            if page is None:
                page = self._next(after, upto)
        return page

    def leave(self, who: Hashable) -> None:
        """Count a rebuild no longer; the last one to leave takes the pages with it."""
        with self._turn:
            self._standing.pop(who, None)
            if not self._standing:
                self._kept.clear()
                self._dropped = -1
            self._turn.notify_all()

    def _ahead(self, who: Hashable, after: int) -> bool:
        """Tell whether the page after `after` would push out the one that another rebuild takes next."""
        if after in self._kept or len(self._kept) < KEPT or after != self._end:
            return False
        return any(at == self._dropped for other, at in self._standing.items() if other != who)

    def _next(self, after: int, upto: int) -> Page | None:
        watch = Stopwatch()
        page = self._pages.read(after, upto)
        if page is None or (self._kept and after != self._end):
            return page
        self._pages.took(page, watch.seconds)
        self._kept[after] = page
        if len(self._kept) > KEPT:
            self._dropped = next(iter(self._kept))
            del self._kept[self._dropped]
        return page

    @property
    def _end(self) -> int:
        return next(reversed(self._kept.values())).last if self._kept else 0
