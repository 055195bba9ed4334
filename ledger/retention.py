"""Retention: what a schedule in force keeps no more goes by itself: classes of texts, then whole streams of events."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from ledger.asking import Ask, Caller, Receipt
from ledger.domain.privacy.expiry import ClassExpired, RecordClassErased
from ledger.domain.privacy.terms import RECORDS, Kept
from ledger.facts import LedgerFacts
from ledger.kernel.clock import Clock
from ledger.kernel.command import Command
from ledger.kernel.event import decode
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import Refusal
from ledger.privacy.expiring import ExpiringPlace, Expiry, ExpiryStep, HeldClass, RetirementStep
from ledger.running_out import RECORD, SCHEDULE, RanOut, bundled, expired_class, ids_of, ran_out
from ledger.store.reader import Reader
from ledger.tending import Tending

RETENTION_CALLER = Caller("system:retention", "none", "system")
EVERY_S = 3600.0  # between two looks for a new day, and for what was cut off
SHORTEST_MONTH = timedelta(days=28)
Covered = Callable[[int], Awaitable[bool]]
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What retention asks of a ledger (`ledger.application.Ledger` has it)."""

    reader: Reader
    clock: Clock
    zone: ZoneInfo

    async def record(self, ask: Ask) -> Receipt:
        """Decide and record one command."""
        ...

    async def judged(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about the facts as they stand."""
        ...


class Retention(Tending):
    """Lets what runs out in one ledger go: what was cut off at once, and then each day whatever is due by then.

    `covered(position)` says whether a signed checkpoint holds a position, and `forget()` takes away what was made of
    retired events: projections, pages, states. Done twice, late or by two processes at once, it is the same.
    """

    def __init__(
        self,
        ledger: Recorder,
        place: ExpiringPlace,
        *,
        covered: Covered,
        forget: Callable[[], Awaitable[None]],
        signed: Callable[[], int],
        every_s: float = EVERY_S,
    ) -> None:
        super().__init__("retention", self._each_day, followers=[], every_s=every_s, retry_s=every_s)
        self._ledger, self._place = ledger, place
        self._covered, self._forget, self._signed = covered, forget, signed
        self._looked_on: date | None = None

    async def _each_day(self) -> None:
        await self.carry_out()
        today = day_of(self._ledger.clock.now(), self._ledger.zone)
        if today != self._looked_on:
            await self.look()
            self._looked_on = today

    async def look(self) -> None:
        """Say what has run out by now, and carry it out."""
        if not await asyncio.to_thread(self._place.jurisdictions):
            return
        await self._look_for_classes()
        await self.carry_out()
        await self._look_for_streams()
        await self.carry_out()

    async def carry_out(self) -> None:
        """Carry out what was said to run out, from wherever it stopped."""
        for position in await asyncio.to_thread(self._place.expiring):
            await self._erase(position)
        await self._retire_all(await asyncio.to_thread(self._place.retiring))

    # ---- looking

    async def _look_for_classes(self) -> None:
        groups = defaultdict[tuple[str, str], list[HeldClass]](list)
        for held in await asyncio.to_thread(self._place.held):
            whole = await self._ledger.judged(lambda facts, one=held.subject: ids_of(facts, one)[0])  # type: ignore[misc]  # the default binds the subject
            groups[whole, held.of].append(held)
        now = self._ledger.clock.now()
        for (subject, _), members in groups.items():
            command = await self._ledger.judged(lambda facts, all_of_it=members: expired_class(facts, all_of_it, now))  # type: ignore[misc]  # the default binds the classes
            if command is not None:
                await self._say(command, RECORD, subject)

    async def _look_for_streams(self) -> None:
        now, signed = self._ledger.clock.now(), self._signed()
        shortest = await self._shortest(now)
        gone: list[RanOut] = []
        for kind, of in RECORDS.items():
            months = shortest.get(of)
            before = now if months is None else now - months * SHORTEST_MONTH
            for stream in () if months is None else await asyncio.to_thread(self._place.idle, kind, before, signed):
                found = await self._ledger.judged(lambda facts, one=stream: ran_out(facts, one, now))  # type: ignore[misc]  # the default binds the stream
                gone += [] if found is None else [found]
        for schedule, command in bundled(gone):
            await self._say(command, SCHEDULE, schedule)

    async def _shortest(self, now: datetime) -> Mapping[Kept, int]:
        """Return class → the fewest months that any schedule in force keeps it."""
        laws = await asyncio.to_thread(self._place.jurisdictions)
        states = [await self._ledger.judged(lambda facts, law=law: facts.state(SCHEDULE, law)) for law in laws]  # type: ignore[misc]  # the default binds the law
        terms = [term for state in states if (version := state.in_force(now)) for term in version.terms]
        return {of: min(term.months for term in terms if term.of is of) for of in {term.of for term in terms}}

    async def _say(self, command: Command, kind: str, id: str) -> None:
        try:
            await self._ledger.record(Ask(command, kind, id, RETENTION_CALLER, source=RETENTION_CALLER.id))
        except Refusal as refusal:  # a hold was placed meanwhile, or another process was quicker
            logger.warning("nothing was said to run out: %s", refusal.code)

    # ---- classes of texts

    async def _erase(self, position: int) -> None:
        event = await self._event(position)
        if not isinstance(event, ClassExpired):
            raise LookupError("what runs out was said at this position")
        place, subject, ids = self._place, event.subject.key, [id.key for id in event.ids]
        expiry = await asyncio.to_thread(place.find, position)
        if expiry is None:
            expiry = await asyncio.to_thread(place.begin, position, ids, event.of.value)
        for before, step in pairwise(ExpiryStep):
            if expiry.step is before:
                await self._do(expiry, subject, step)
                expiry = await asyncio.to_thread(place.advance, expiry, step)

    async def _do(self, expiry: Expiry, subject: str, step: ExpiryStep) -> None:
        match step:
            case ExpiryStep.DESTROYED:
                await asyncio.to_thread(self._place.destroy, expiry)
            case ExpiryStep.DELETED:
                await asyncio.to_thread(self._place.delete, expiry)
            case ExpiryStep.RECORDED:
                await self._record_erased(expiry, subject)

    async def _record_erased(self, expiry: Expiry, subject: str) -> None:
        """Record it once: a run that was cut off may have recorded it already."""
        if await self._ledger.judged(lambda facts: expiry.of in facts.state(RECORD, subject).expiring):
            done = RecordClassErased(of=Kept(expiry.of), parts=expiry.parts, identifiers=expiry.identifiers)
            await self._ledger.record(Ask(done, RECORD, subject, RETENTION_CALLER, source=RETENTION_CALLER.id))

    # ---- streams of events

    async def _retire_all(self, positions: Sequence[int]) -> None:
        """Let bytes give way once the event that says so is signed; what was made of them is forgotten all at once."""
        retired = [position for position in positions if await self._retired(position)]
        if retired:
            await self._forget()
        for position in retired:
            await asyncio.to_thread(self._place.note, position, RetirementStep.DONE)

    async def _retired(self, position: int) -> bool:
        step = await asyncio.to_thread(self._place.step_of, position)
        if step is None:
            if not await self._covered(position):
                logger.warning("nothing is retired before a checkpoint holds the event that says so")
                return False
            await asyncio.to_thread(self._place.note, position, RetirementStep.COVERED)
        if step in (None, RetirementStep.COVERED):
            await asyncio.to_thread(self._place.retire, position)
            await asyncio.to_thread(self._place.note, position, RetirementStep.RETIRED)
        return True

    async def _event(self, position: int) -> object:
        stored = await asyncio.to_thread(self._ledger.reader.at, position)
        if stored is None:
            raise LookupError("an event stands at this position")
        return decode(stored).event
