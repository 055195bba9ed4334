"""The watch: wakes whoever waits for new events of a ledger, by notification and, behind it, by a poll a second."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import psycopg
import structlog
from psycopg import sql

POLL_S = 1.0
_log = structlog.get_logger("pledger.watch")


class HeadWatch:
    """Knows the last recorded position of one ledger. To be used from the event loop only."""

    def __init__(self, read_size: Callable[[], int], on_move: Callable[[], None] = lambda: None) -> None:
        self._read_size, self._on_move = read_size, on_move
        self._moved = asyncio.Event()
        self.size = 0
        self.closing = False

    def announce(self, size: int) -> None:
        """Note that the ledger has reached `size`, and wake the waiters if that is news."""
        if size > self.size:
            self.size = size
            self._on_move()
            self._wake()

    def close(self) -> None:
        """Wake everybody for the last time: the service is going away."""
        self.closing = True
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def look(self) -> int:
        """Return the size as the database has it now."""
        self.announce(await asyncio.to_thread(self._read_size))
        return self.size

    async def beyond(self, position: int, timeout_s: float) -> bool:
        """Wait until the ledger is past `position`; return whether it is. Ends early when the service closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.size <= position and not self.closing:
                    await self._moved.wait()
        return self.size > position


class HeadListener:
    """One connection that listens for all ledgers of the process; it reconnects, and polls while it can't listen."""

    def __init__(self, conninfo: str, watches: Mapping[str, HeadWatch]) -> None:
        self._conninfo = conninfo
        self._watches = watches  # channel -> watch; the channel is the ledger's schema
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="listener for new events")

    async def stop(self) -> None:
        """Wake all waiters, then end."""
        for watch in self._watches.values():
            watch.close()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, psycopg.Error) as error:
                _log.warning("listener lost", error=type(error).__name__)
            await asyncio.sleep(POLL_S)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            for channel in self._watches:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            while True:
                for watch in self._watches.values():
                    await watch.look()
                async for notice in connection.notifies(timeout=POLL_S):
                    self._announce(notice)

    def _announce(self, notice: psycopg.Notify) -> None:
        if notice.payload.isdigit() and notice.channel in self._watches:
            self._watches[notice.channel].announce(int(notice.payload))
