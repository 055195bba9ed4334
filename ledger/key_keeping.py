"""Key keeping: epochs of the wrapping key are begun as ordered and destroyed on their day, from wherever it stopped."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from ledger.asking import Ask, Caller, Receipt
from ledger.domain.privacy.key_epochs import (
    FIRST,
    KIND,
    KeyDestructionScheduled,
    KeyEpochOrdered,
    KeyEpochState,
    OrderKeyEpoch,
    RecordKeyEpochBegun,
    RecordKeyEpochDestroyed,
    ScheduleKeyDestruction,
)
from ledger.facts import LedgerFacts
from ledger.kernel.clock import Clock
from ledger.kernel.command import Command
from ledger.kernel.event import Entry
from ledger.kernel.moments import day_of
from ledger.privacy.epochs import EpochInUse, KeyEpochs
from ledger.tending import Tending

KEYS_CALLER = Caller("system:keys", "none", "system")
LOOK_EVERY_S = 60.0
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What key keeping asks of a ledger (`ledger.application.Ledger` has it)."""

    clock: Clock
    zone: ZoneInfo
    followers: list[Callable[[Entry], None]]

    async def record(self, ask: Ask) -> Receipt:
        """Decide and record one command."""
        ...

    async def judged(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about the facts as they stand."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the ledger itself orders an epoch, and for how long a former key is kept; days."""

    every_days: int
    kept_days: int


def standing(facts: LedgerFacts) -> dict[int, KeyEpochState]:
    """Return epoch → how it stands, for the first one and every one that was ever ordered, in order."""
    found: dict[int, KeyEpochState] = {FIRST: facts.state(KIND, str(FIRST))}
    while (state := facts.state(KIND, str(len(found) + FIRST))).ordered:
        found[len(found) + FIRST] = state
    return found


async def keep(ledger: Recorder, epochs: KeyEpochs) -> None:
    """Begin what is ordered, schedule what it follows, destroy what is due; done again, late or twice, it is the same.

    Raises Refusal where another process has recorded a step meanwhile.
    """
    today = day_of(ledger.clock.now(), ledger.zone)
    for number, state in (await ledger.judged(standing)).items():
        if number != FIRST and not state.begun:
            await _record(ledger, number, RecordKeyEpochBegun(data_keys=await asyncio.to_thread(epochs.reach, number)))
    found = await ledger.judged(standing)
    for number, state in found.items():
        follower = found.get(number + 1)
        if follower is None or not follower.begun or follower.destroy_former_on is None or state.destroyed:
            continue
        if state.destroy_on is None:
            day = max(follower.destroy_former_on, today)
            await _record(ledger, number, ScheduleKeyDestruction(destroy_on=day))
        await _destroyed_if_due(ledger, epochs, number, state.destroy_on or follower.destroy_former_on, today)


async def _destroyed_if_due(ledger: Recorder, epochs: KeyEpochs, number: int, day: date, today: date) -> None:
    if day > today:
        return
    await asyncio.to_thread(epochs.reach, number + 1)  # what came back from a backup meanwhile leaves the epoch too
    try:
        await asyncio.to_thread(epochs.destroy, number)
    except EpochInUse:
        logger.warning("an epoch of the wrapping key is due and still in use")
        return
    await _record(ledger, number, RecordKeyEpochDestroyed())


async def order_when_old(ledger: Recorder, rhythm: Rhythm, opened_at: datetime) -> None:
    """Order the next epoch where the newest is older than the rhythm says; the first is as old as the ledger."""
    number, state = (await ledger.judged(lambda facts: list(standing(facts).items())))[-1]
    begun_at = opened_at if number == FIRST else state.begun_at
    now = ledger.clock.now()
    if begun_at is not None and begun_at + timedelta(days=rhythm.every_days) <= now:
        until = day_of(now, ledger.zone) + timedelta(days=rhythm.kept_days)
        await _record(ledger, number + 1, OrderKeyEpoch(destroy_former_on=until))


async def _record(ledger: Recorder, number: int, command: Command) -> None:
    await ledger.record(Ask(command, KIND, str(number), KEYS_CALLER, source=KEYS_CALLER.id))


class KeyKeeping(Tending):
    """Keeps the epochs of one ledger: at the start, as they are ordered, and as the days pass."""

    def __init__(self, ledger: Recorder, epochs: KeyEpochs, rhythm: Rhythm | None, opened_at: datetime) -> None:
        wakes = (KeyEpochOrdered, KeyDestructionScheduled)
        super().__init__("keys", self._keep, followers=ledger.followers, wakes=wakes, every_s=LOOK_EVERY_S)
        self._ledger, self._epochs, self._rhythm, self._opened_at = ledger, epochs, rhythm, opened_at

    async def _keep(self) -> None:
        if self._rhythm is not None:
            await order_when_old(self._ledger, self._rhythm, self._opened_at)
        await keep(self._ledger, self._epochs)
