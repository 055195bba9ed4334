"""Sending: follows the notices of the inbox in the feed, sends each on by the outlets, and records how that ended."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import psycopg
import structlog

from api.notices.outlets import Message, Outlet, Undelivered
from ledger.application import Ledger
from ledger.asking import Ask, Caller
from ledger.domain.duties import Delivery, DutyNotified, DutyState, NotifyDuty
from ledger.kernel.append import AppendError, Tracked, TrackedAlready
from ledger.kernel.event import Entry, decode
from ledger.kernel.ids import derived_uuid, split_stream
from ledger.kernel.refusals import Refusal

TRACKED = "notices"  # the name under which the position is kept
CALLER = Caller("system:notices", "none", "system")
INBOX, EMAIL = "inbox", "email"  # the channel that is followed; the scheme of identifiers with addresses
PAGE = 200
WAIT_S = 30.0
TRIES, FIRST_PAUSE_S, LONGEST_PAUSE_S = 8, 1.0, 300.0
Wait = Callable[[int, float], Awaitable[object]]
_log = structlog.get_logger("pledger.notices")


class Closing(Exception):
    """The service ends while a notice has not arrived: it is sent after the next start."""


class Noticing:
    """Sends on, one by one and in order, what holders of duties are told in their inbox; begins at the present head.

    What was sent is recorded together with how far it has read, so that a restart sends nothing again; only a notice
    that was under way when the process was killed may go out twice, under the same id. `leads` tells whether this
    process is the one of several that sends.
    """

    def __init__(
        self,
        ledger: Ledger,
        outlets: Sequence[Outlet],
        *,
        link: Callable[[str], str],
        wait: Wait,
        leads: Callable[[], bool] = lambda: True,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._ledger, self._outlets, self._link, self._wait = ledger, tuple(outlets), link, wait
        self._leads, self._first_pause_s = leads, first_pause_s
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._idling: asyncio.Future[object] | None = None
        self.position = 0

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="notices of a ledger")

    async def stop(self) -> None:
        """End after the notice in hand."""
        self._closing.set()
        if self._idling is not None:
            self._idling.cancel()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self.load()
                while not self._closing.is_set():
                    went_on = self._leads() and await self.page()
                    if not went_on:
                        await self._idle()
                        await self._pause(0 if self._leads() else self._first_pause_s)
            except Closing:
                return
            except (AppendError, Refusal, psycopg.Error, OSError, TrackedAlready) as error:
                _log.warning("notices wait", error=type(error).__name__)
                await self._pause(self._first_pause_s)

    async def _idle(self) -> None:
        self._idling = asyncio.ensure_future(self._wait(self.position, WAIT_S))
        with suppress(asyncio.CancelledError):
            await self._idling
        self._idling = None

    # ---- step by step

    async def load(self) -> None:
        """Learn how far notices were sent; what was opened before they were first turned on is not sent."""
        reader = self._ledger.reader
        reached = await asyncio.to_thread(reader.tracked, TRACKED)
        if reached is None:
            head = await asyncio.to_thread(reader.head)
            await self._keep([], head.size)
        self.position = reached if reached is not None else self.position

    async def page(self) -> bool:
        """Send what the next page tells of; False at the end. Raises TrackedAlready where another has sent it."""
        page = await asyncio.to_thread(self._ledger.reader.page, self.position, PAGE, None)
        for position, stored in page:
            entry = decode(stored)
            if isinstance(entry.event, DutyNotified) and entry.event.channel == INBOX:
                asks = await self._sent(entry, entry.event)
                if asks:
                    await self._keep(asks, position)
        if page and page[-1][0] > self.position:
            await self._keep([], page[-1][0])
        return bool(page)

    async def _keep(self, asks: Sequence[Ask], position: int) -> None:
        tracked = Tracked(TRACKED, position)
        await self._ledger.record_batch(asks, mode="each", batch_id=None, tracked=tracked)
        self.position = position

    async def _sent(self, entry: Entry, notice: DutyNotified) -> list[Ask]:
        """Send one notice by every outlet; nothing of a duty that is done, or is another's by now."""
        id = split_stream(entry.stream)[1]
        asks: list[Ask] = []
        for outlet in self._outlets:
            state: DutyState = await self._ledger.judged(lambda facts: facts.state("duty", id))
            if not state.is_live or state.holder != notice.holder or state.due_on is None:
                continue
            told = (notice.holder, outlet.channel, notice.occasion)
            if any(told == (holder, channel, occasion) for holder, channel, occasion, _ in state.notices):
                continue
            key = derived_uuid("notice", id, *told).hex()
            message = Message(key, id, notice.occasion.value, state.due_on, self._link(id))
            delivery = await self._delivered(outlet, message, notice.holder)
            command = NotifyDuty(channel=outlet.channel, occasion=notice.occasion, delivery=delivery)
            asks.append(Ask(command, "duty", id, CALLER, cause=entry.event_id, source="notices"))
        return asks

    async def _delivered(self, outlet: Outlet, message: Message, holder: str) -> Delivery:
        """Try until it has arrived or bounced for good, each time after a longer pause. Raises Closing in between."""
        pause_s = self._first_pause_s
        for number in range(1, TRIES + 1):
            try:
                address = await asyncio.to_thread(self._address, holder) if outlet.needs_address else None
                await asyncio.to_thread(outlet.send, message, address)
            except Undelivered as error:
                _log.warning("a notice did not arrive", channel=outlet.channel, why=str(error), number=number)
                if not error.again:
                    break
            else:
                return Delivery.DELIVERED
            if self._closing.is_set():
                raise Closing
            if number < TRIES:
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return Delivery.BOUNCED

    def _address(self, holder: str) -> str | None:
        """Return the e-mail address that was last given for a person, opened for this notice alone."""
        stored = self._ledger.reader.events_of(f"person/{holder}")
        for entry in reversed([decode(one) for one in stored]):
            if not entry.topic.startswith("people."):
                continue
            for fields in self._ledger.open_parts(entry.event_id).values():
                found = (fields.get("identifiers") or {}).get(EMAIL)
                if isinstance(found, str):
                    return found
        return None

    async def _pause(self, pause_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._closing.wait()
