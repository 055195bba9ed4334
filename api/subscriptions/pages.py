"""Pages of events for all listeners of one ledger: who asks for the same page shares one reading of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.subscriptions.cloud_event import Form, Told, told
from api.subscriptions.cursor import Cursors, Filter

PAGE_EVENTS = 500
PAGES_KEPT = 32
SCAN_PAGES = 20
ReadPage = Callable[[int, int], list[tuple[int, bytes]]]
Sight = Callable[[list[Told]], Awaitable[list[Told]]]  # those that a listener may see


@dataclass(frozen=True, slots=True)
class Found:
    """What passed a filter, and how far was looked."""

    events: list[Told]
    position: int
    at_head: bool


class Pages:
    """Reads pages in a thread. Pages at the head are shared by all who wait there; full ones never change."""

    def __init__(self, read_page: ReadPage, origin: str, cursors: Cursors) -> None:
        self._read_page, self._origin, self.cursors = read_page, origin, cursors
        self._shared: OrderedDict[tuple[int, int], asyncio.Task[list[Told]]] = OrderedDict()

    def forget(self) -> None:
        """Read every page anew: events gave way."""
        self._shared.clear()

    async def after(self, position: int, head: int) -> list[Told]:
        """Return up to a page of events after `position`; `head` is the size the asker knows of."""
        key = (position, min(head, position + PAGE_EVENTS))
        task = self._shared.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(asyncio.to_thread(self._read, *key))
            self._shared[key] = task
            while len(self._shared) > PAGES_KEPT:
                self._shared.popitem(last=False)
        return await asyncio.shield(task)

    def _read(self, position: int, upto: int) -> list[Told]:
        rows = self._read_page(position, max(upto - position, 1))
        return [told(place, stored, self._origin) for place, stored in rows]

    async def found(self, filter: Filter, position: int, head: int, limit: int, sight: Sight) -> Found:
        """Return up to `limit` events after `position` that pass and may be seen, looking at SCAN_PAGES pages at most.

        What may not be seen is passed over like what the filter holds back: the answer is the same.
        """
        events: list[Told] = []
        for _ in range(SCAN_PAGES):
            if position >= head:
                break
            page = await self.after(position, head)
            events += await sight([event for event in page if event.passes(filter)])
            if len(events) >= limit:
                events = events[:limit]
                return Found(events, events[-1].position, events[-1].position >= head)
            position = page[-1].position
        return Found(events, position, position >= head)

    def sent(self, event: Told, form: Form, digest: bytes) -> bytes:
        """Return the event as JSON, with the cursor that resumes after it."""
        return event.sent(form, self.cursors.make(event.position, digest))
