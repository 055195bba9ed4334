"""A writer on an event loop of its own, in a thread, for programs that have no loop: the library, imports, commands."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ledger.kernel.append import Append, Appended, Repeated
from ledger.store.writer import Writer


class BackgroundWriter:
    """Runs the writer that `make` returns until `close`. Serves any number of threads; blocks its callers."""

    def __init__(self, make: Callable[[], Writer]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ledger writer", daemon=True)
        self._thread.start()
        try:
            self.writer = asyncio.run_coroutine_threadsafe(_start(make), self._loop).result()
        except BaseException:
            self._stop()
            raise

    @property
    def size(self) -> int:
        """The last size of the ledger that the writer knows."""
        return self.writer.size

    def append(self, append: Append) -> Appended | Repeated:
        """Record `append`; errors as in `Writer.append`."""
        return self.writer.append_from_thread(append)

    def close(self) -> None:
        """Record what waits, disconnect, and end the thread."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self.writer.close(), self._loop).result()
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _start(make: Callable[[], Writer]) -> Writer:
    writer = make()
    await writer.start()
    return writer
