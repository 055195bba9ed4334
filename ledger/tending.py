"""Tending: a work of the ledger that goes on beside its commands, from wherever it was cut off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg

from ledger.kernel.append import AppendError
from ledger.kernel.event import Entry, Event
from ledger.kernel.refusals import Refusal

RETRY_S = 5.0
CUT_OFF = (psycopg.Error, AppendError, Refusal, OSError)  # what a round may end by, and the next goes on after
Followers = list[Callable[[Entry], None]]
logger = logging.getLogger(__name__)


class Tending:
    """Does `work` at the start, again as an event of the kinds in `wakes` is noticed, and every `every_s` seconds.

    `followers` is where a ledger calls with each entry. A round that is cut off is done again after `retry_s`.
    """

    def __init__(
        self,
        what: str,
        work: Callable[[], Awaitable[None]],
        *,
        followers: Followers,
        wakes: tuple[type[Event], ...] = (),
        every_s: float | None = None,
        retry_s: float = RETRY_S,
    ) -> None:
        self._what, self._work = what, work
        self._followers, self._wakes = followers, wakes
        self._every_s, self._retry_s = every_s, retry_s
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._followers.append(self._noticed)
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"{self._what} of a ledger")

    async def stop(self) -> None:
        """Stop; what is cut off goes on with the next start."""
        self._followers.remove(self._noticed)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _noticed(self, entry: Entry) -> None:
        if isinstance(entry.event, self._wakes):
            self._wanted.set()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            pause_s = self._every_s
            try:
                await self._work()
            except CUT_OFF as error:
                logger.warning("%s: cut off by %s; going on with it", self._what, type(error).__name__)
                pause_s = self._retry_s
            await self._pause(pause_s)

    async def _pause(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
