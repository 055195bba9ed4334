"""Loading states: what several decisions miss at the same time is read in one look at the database."""

import asyncio
from collections.abc import Iterable

from ledger.states import StateCache, load
from ledger.store.reader import Reader


class Loader:
    """Brings streams into a cache; one read is under way at a time, and the next takes all that wait."""

    def __init__(self, reader: Reader, cache: StateCache) -> None:
        self._reader, self._cache = reader, cache
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, streams: Iterable[str]) -> None:
        """Return once every one of `streams` is in memory. Raises psycopg.Error when the database does not answer."""
        missing = [stream for stream in dict.fromkeys(streams) if not self._cache.knows(stream)]
        loop = asyncio.get_running_loop()
        awaited = [self._waiting.setdefault(stream, loop.create_future()) for stream in missing]
        if awaited and (self._task is None or self._task.done()):
            self._task = loop.create_task(self._run())
        for future in awaited:
            await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, {}
            try:
                loaded = await asyncio.to_thread(load, self._reader, list(taken))
            except Exception as error:  # handed to those who wait
                for future in taken.values():
                    future.set_exception(error)
                continue
            for stream, future in taken.items():
                if self._cache.put(stream, loaded[stream]):
                    future.set_result(None)
                else:  # a later event was seen meanwhile
                    self._waiting[stream] = future
