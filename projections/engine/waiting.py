"""Waiting for a position: on a condition for threads, on a future for coroutines; nobody sleeps and looks again."""

import asyncio
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    position: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]


class Positions:
    """How far each projection is, and who waits for it to be further."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._positions: dict[str, int] = {}
        self._waiters: dict[str, list[_Waiter]] = {}

    def get(self, name: str) -> int:
        """Return the position of the projection, 0 before it is known."""
        return self._positions.get(name, 0)

    def reach(self, name: str, position: int) -> None:
        """Say that the projection stands at `position`, and wake whom that satisfies."""
        with self._changed:
            self._positions[name] = position
            self._changed.notify_all()
            waiting = self._waiters.get(name)
            if not waiting:
                return
            due = [w for w in waiting if w.position <= position]
            self._waiters[name] = [w for w in waiting if w.position > position]
        for waiter in due:
            _wake(waiter)

    def wait_for(self, name: str, position: int, timeout_s: float) -> bool:
        """Block until the projection stands at `position` or beyond; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.get(name) >= position, timeout_s)

    async def reached(self, name: str, position: int, timeout_s: float) -> bool:
        """The same for a coroutine, which costs no thread."""
        loop = asyncio.get_running_loop()
        waiter = _Waiter(position, loop, loop.create_future())
        with self._changed:
            if self.get(name) >= position:
                return True
            self._waiters.setdefault(name, []).append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter.future
        except TimeoutError:
            return False
        finally:
            self._forget(name, waiter)
        return True

    def _forget(self, name: str, waiter: _Waiter) -> None:
        with self._changed:
            if waiter in self._waiters.get(name, ()):
                self._waiters[name].remove(waiter)


def _wake(waiter: _Waiter) -> None:
    def settle() -> None:
        if not waiter.future.done():
            waiter.future.set_result(None)

    try:
        waiter.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # its loop is closed: nobody waits there any more
