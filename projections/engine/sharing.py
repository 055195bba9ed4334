"""Pages for rebuilds that run at once: whoever comes first reads and decodes, the others take what it decoded."""

import threading
from collections.abc import Hashable

from projections.engine.projection import Reader
from projections.engine.reading import LARGEST, Page, Pages

KEPT = 4  # pages; a rebuild runs ahead of the slowest by no more
PATIENCE_S = 1.0  # whoever holds the others up for longer reads for itself from then on


class SharedPages:
    """The last pages read, in order, and where each rebuild stands. Safe from several threads.

    A page is read while nobody is kept from those read before. Pages are as large as their bytes allow, however long
    they take: nobody waits for a single one, and the smaller they are, the more often each rebuild commits.
    A rebuild that begins behind the kept pages, or falls behind them, reads for itself until it is among the others.
    """

    def __init__(self, reader: Reader) -> None:
        self._pages = Pages(reader, limit=LARGEST)
        self._kept: dict[int, Page] = {}  # by the position they follow, oldest first
        self._dropped = -1  # the position that the last page given up followed
        self._read_now: int | None = None  # the position that the page being read follows
        self._standing: dict[Hashable, int] = {}
        self._turn = threading.Condition()

    def read(self, who: Hashable, after: int, upto: int) -> Page | None:
        """Return the page after a position, or None at the head. `who` stays counted until it leaves."""
        with self._turn:
            self._standing[who] = after
            self._turn.notify_all()
            self._turn.wait_for(lambda: after >= upto or not self._waits(who, after), PATIENCE_S)
            page = self._kept.get(after)
            mine = page is None and self._read_now is None
            if mine:
                self._read_now = after
        if page is not None:
            return page
        try:
            page = self._pages.read(after, upto)
        finally:
            if mine:
                self._keep(after, page)
        return page

    def leave(self, who: Hashable) -> None:
        """Count a rebuild no longer; the last one to leave takes the pages with it."""
        with self._turn:
            self._standing.pop(who, None)
            if not self._standing:
                self._kept.clear()
                self._dropped = -1
            self._turn.notify_all()

    def _waits(self, who: Hashable, after: int) -> bool:
        """Tell whether the page is being read, or would push out the one that another rebuild takes next."""
        if after in self._kept:
            return False
        if self._read_now is not None:
            return after >= self._end
        if len(self._kept) < KEPT or after != self._end:
            return False
        return any(at == self._dropped for other, at in self._standing.items() if other != who)

    def _keep(self, after: int, page: Page | None) -> None:
        """Keep a page for the others where it goes on from the last, and let them look again."""
        with self._turn:
            self._read_now = None
            if page is not None and self._standing and (not self._kept or after == self._end):
                self._pages.weighed(page)
                self._kept[after] = page
                if len(self._kept) > KEPT:
                    self._dropped = next(iter(self._kept))
                    del self._kept[self._dropped]
            self._turn.notify_all()

    @property
    def _end(self) -> int:
        return next(reversed(self._kept.values())).last if self._kept else 0
