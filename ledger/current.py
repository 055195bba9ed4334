"""The states kept current: what decisions miss is read in one look, and what other processes record is followed."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar
from zoneinfo import ZoneInfo

import psycopg

from ledger.facts import LedgerFacts
from ledger.kernel.event import Entry, decode
from ledger.naming import is_naming
from ledger.states import NotLoaded, StateCache, load
from ledger.store.reader import Reader

FOLLOW_EVERY_S = 0.5
FOLLOW_PAGE = 1000
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Current:
    """The cache of one ledger's states in this process, with what fills it.

    One read is under way at a time, and the next takes all streams that wait.
    """

    def __init__(
        self, reader: Reader, zone: ZoneInfo, position: int, noticed: Callable[[Entry], None] = lambda entry: None
    ) -> None:
        self.cache = StateCache(position, noticed)
        self._reader, self._zone = reader, zone
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._loading: asyncio.Task[None] | None = None
        self._catching_up = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow what other processes record."""
        self._follower = asyncio.get_running_loop().create_task(self._follow(), name="follower of a ledger")

    async def stop(self) -> None:
        """Follow no more."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)

    async def ask(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about the ledger as it stands now, loading whatever it looks at."""
        while True:
            try:
                return question(LedgerFacts(self.cache, self._zone))
            except NotLoaded as missing:
                await self.load([missing.stream])

    async def load(self, streams: Iterable[str]) -> None:
        """Return once every one of `streams` is in memory. Raises psycopg.Error when the database does not answer."""
        missing = [stream for stream in dict.fromkeys(streams) if not self.cache.knows(stream)]
        loop = asyncio.get_running_loop()
        awaited = [self._waiting.setdefault(stream, loop.create_future()) for stream in missing]
        if awaited and (self._loading is None or self._loading.done()):
            self._loading = loop.create_task(self._load_waiting())
        for future in awaited:
            await asyncio.shield(future)

    async def catch_up(self) -> None:
        """Take in everything that has been recorded up to now."""
        async with self._catching_up:
            while page := await asyncio.to_thread(self._reader.page, self.cache.position, FOLLOW_PAGE):
                for _, stored in page:
                    self.cache.apply(decode(stored))
                self.cache.caught_up(page[-1][0])

    async def _load_waiting(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, {}
            try:
                loaded = await asyncio.to_thread(load, self._reader, list(taken))
            except Exception as error:  # handed to those who wait
                for future in taken.values():
                    future.set_exception(error)
                continue
            if any(map(is_naming, taken)):
                await self._seen_up_to_now(taken)
            for stream, future in taken.items():
                if self.cache.put(stream, loaded[stream]):
                    future.set_result(None)
                else:  # a later event was seen meanwhile
                    self._waiting[stream] = future

    async def _seen_up_to_now(self, waiting: dict[str, asyncio.Future[None]]) -> None:
        """Take in what others recorded before these turns were read: a free turn says that nothing is missing."""
        try:
            await self.catch_up()
        except psycopg.Error as error:
            for future in waiting.values():
                future.set_exception(error)
            waiting.clear()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.catch_up()
            except psycopg.Error:
                logger.warning("a ledger can't be read; looking again")
