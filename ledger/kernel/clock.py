"""The clock is a port of the writer: real, or simulated for a demonstration and for tests."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time at which something is recorded."""

    kind: str

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        ...


class RealClock:
    """The clock of this machine."""

    kind = "real"

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that is set by hand and moves a millisecond with each look, so that no two looks are the same.

    Only for a ledger that says so in its origin and its first event. `release()` lets the real time take over.
    """

    kind = "simulated"

    def __init__(self, start: datetime) -> None:
        self._now: datetime | None = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the simulated instant, or the real one once released."""
        if self._now is None:
            return datetime.now(UTC)
        self._now += timedelta(milliseconds=1)
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to `instant`; a clock never goes back. Raises ValueError if asked to."""
        if self._now is not None and instant < self._now:
            raise ValueError("a clock does not go back")
        self._now = instant.astimezone(UTC)

    def release(self) -> None:
        """Take the real time from now on."""
        self._now = None
