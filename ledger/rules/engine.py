"""The engine of the rules: one coroutine that follows the feed and the clock, and records what follows from both."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime

import psycopg

from ledger.kernel.append import AppendError, TrackedAlready
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import Refusal
from ledger.rules.following import TRACKED, Following, Recorder
from ledger.rules.live import NoSight, Sight

__all__ = ["Engine", "Recorder"]

LEASE_S = 10.0  # a runner that stood by this long without seeing another move takes over
KEEP_S = 1.0  # where nothing follows from events, the position is kept this often
TICK_S = 30.0  # how often the clock is looked at; what it does changes from day to day
RETRY_S = 1.0
Wait = Callable[[int, float], Awaitable[object]]
logger = logging.getLogger(__name__)


class Engine:
    """Runs the rules of one ledger. `start` and `stop` for a service; `pass_to` and `tick` to go step by step.

    Several processes may run one each: what they record follows from the same ids, and the position of whoever is
    behind is refused, so that one leads and the others stand by. `wait(position, timeout_s)` returns once the ledger
    may be past a position.
    """

    def __init__(
        self, ledger: Recorder, sight: Sight | None = None, *, wait: Wait | None = None, lease_s: float = LEASE_S
    ) -> None:
        self._ledger, self._wait, self._lease_s = ledger, wait or _poll, lease_s
        self._following = Following(ledger, sight or NoSight())
        self._turn = asyncio.Lock()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._idling: asyncio.Task[object] | None = None
        self._closing = False
        self._loaded = False
        self._ticked: date | None = None
        self.leading = False

    # ---- what others see

    @property
    def position(self) -> int:
        """Return the position up to which all that follows is recorded."""
        return self._following.position

    @property
    def recorded(self) -> int:
        """Return the position of the last event that a rule recorded in this process."""
        return self._following.recorded

    @property
    def refused(self) -> Counter[str]:
        """Return how often what rules asked was refused, by code; a repeated run is refused what it did before."""
        return self._following.refused

    async def passed(self, position: int, timeout_s: float) -> bool:
        """Wait until the rules have passed a position; False after `timeout_s`."""
        if self.position >= position:
            return True
        waiter = (position, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1]
        except TimeoutError:
            return False
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)
        return True

    # ---- step by step

    async def pass_to(self, position: int | None = None) -> int:
        """Run the rules on everything up to a position, or until nothing more follows; return where they stand.

        Where another runner was quicker, go on from where it stands.
        """
        while True:
            try:
                async with self._turn:
                    await self._load()
                    while await self._following.page(position):
                        self._told()
                    await self._following.keep()
                return self.position
            except TrackedAlready:
                self._give_way()

    async def tick(self, now: datetime | None = None) -> int:
        """Run the rules of the clock, and what follows from them; return how many commands were recorded."""
        await self.pass_to()
        async with self._turn:
            done = await self._following.tick(now or self._ledger.clock.now())
        await self.pass_to()
        return done

    async def minute(self) -> int:
        """Run what ends at a minute, as delegations do; return how many commands were recorded."""
        async with self._turn:
            return await self._following.come(self._ledger.clock.now(), to_the_minute=True)

    # ---- as a service

    def start(self) -> None:
        """Begin to follow the ledger and the clock."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="rules of a ledger")

    async def stop(self) -> None:
        """End after the page in hand."""
        self._closing = True
        if self._idling is not None:
            self._idling.cancel()
        if self._task is not None:
            await self._task
        for _, future in self._waiters:
            future.cancel()

    async def _run(self) -> None:
        while not self._closing:
            try:
                await self._lead()
            except TrackedAlready:
                self._give_way()
                await self._stand_by()
            except (AppendError, Refusal, psycopg.Error, OSError) as error:
                logger.warning("the rules of a ledger wait: %s", type(error).__name__)
                self._give_way()
                await self._idle(self.position, RETRY_S)
            except Exception:
                logger.exception("the rules of a ledger start again")
                self._give_way()
                await self._idle(self.position, RETRY_S)

    async def _lead(self) -> None:
        kept, clock = asyncio.get_running_loop().time(), self._ledger.clock
        async with self._turn:
            await self._load()
        self.leading = True
        while not self._closing:
            async with self._turn:
                went_on = await self._following.page(None)
                self._told()
                now = asyncio.get_running_loop().time()
                if not went_on or now - kept > KEEP_S:
                    await self._following.keep()
                    kept = now
            today = day_of(clock.now(), self._ledger.zone)
            if not went_on and today != self._ticked:
                await self.tick()
                self._ticked = today
            elif not went_on:
                await self.minute()
                await self._idle(self.position, TICK_S)
        async with self._turn:
            await self._following.keep()

    async def _load(self) -> None:
        if not self._loaded:
            await self._following.load()
            self._loaded = True
            self._told()

    def _give_way(self) -> None:
        self._loaded = self.leading = False

    async def _stand_by(self) -> None:
        """Follow the position of whoever leads, until it has not moved for a while."""
        loop = asyncio.get_running_loop()
        moved, last = loop.time(), self.position
        while not self._closing and loop.time() - moved < self._lease_s:
            await self._idle(self.position, KEEP_S)
            reached = await asyncio.to_thread(self._ledger.reader.tracked, TRACKED) or 0
            if reached != last:
                moved, last = loop.time(), reached
            self._following.position = max(self.position, reached)
            self._told()

    async def _idle(self, position: int, timeout_s: float) -> None:
        if self._closing:
            return
        self._idling = asyncio.ensure_future(_within(lambda: self._wait(position, timeout_s), timeout_s))
        with suppress(asyncio.CancelledError):
            await self._idling
        self._idling = None

    def _told(self) -> None:
        due = [future for position, future in self._waiters if position <= self.position and not future.done()]
        for future in due:
            future.set_result(None)


async def _within(wait: Callable[[], Awaitable[object]], timeout_s: float) -> None:
    """Wait for a while; cancelled before it began, nothing is left that nobody waits for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await wait()


async def _poll(position: int, timeout_s: float) -> None:
    """Look again soon: for a ledger that nobody watches."""
    await asyncio.sleep(min(timeout_s, 0.1))
