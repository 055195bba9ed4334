"""Locks on streams: commands to one stream wait for each other in the process, so that none is decided in vain."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager


class StreamLocks:
    """One lock per stream in use; several are taken in one order, so that no two wait for each other in a ring."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def hold(self, streams: Iterable[str]) -> AsyncIterator[None]:
        """Hold the locks of `streams`."""
        async with AsyncExitStack() as stack:
            for stream in sorted(set(streams)):
                await stack.enter_async_context(self._one(stream))
            yield

    @asynccontextmanager
    async def _one(self, stream: str) -> AsyncIterator[None]:
        lock, users = self._locks.setdefault(stream, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                del self._locks[stream]
