"""Following: the rules of the ledger read on and look at the clock as the story's time moves, as in a service."""

from datetime import datetime, time, timedelta

from api.demonstration.calendar import ZONE
from api.demonstration.sight import LedgerSight
from ledger.application import Ledger
from ledger.kernel.clock import SimulatedClock
from ledger.rules import Engine

MORNING = time(6)  # when the rules look at the clock, before anybody acts
WEEK = timedelta(days=7)
AT_REST_AFTER = 4  # weeks in which nothing follows any more
AT_MOST = 26  # weeks after the last act


class Following:
    """Moves the clock, and lets the rules follow: at the end of each day on what was done in it, and each morning."""

    def __init__(self, ledger: Ledger, clock: SimulatedClock) -> None:
        self._clock = clock
        self._engine = Engine(ledger, LedgerSight(ledger))
        self._at: datetime | None = None

    async def come_to(self, at: datetime) -> None:
        """Set the clock to a time, and on a new day let the rules do first what is theirs."""
        if self._at is not None and at <= self._at:
            return  # others have acted at this very time
        if self._at is not None and at.date() > self._at.date():
            await self._engine.pass_to()
            self._clock.set(datetime.combine(at.date(), MORNING, ZONE))
            await self._engine.tick()
        self._at = at
        self._clock.set(at)

    async def come_to_rest(self) -> None:
        """Let weeks pass after the last act until what is still owed has lapsed, and nothing more follows from that."""
        await self._engine.pass_to()
        at, quiet = self._at, 0
        for _ in range(AT_MOST if at is not None else 0):
            assert at is not None
            at += WEEK
            self._clock.set(at)
            quiet = 0 if await self._engine.tick() else quiet + 1
            if quiet == AT_REST_AFTER:
                return
