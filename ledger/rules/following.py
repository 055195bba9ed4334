"""Following: pages of the feed through the rules, what follows recorded with the position in one transaction."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

import orjson

from ledger.asking import Ask, Receipt, Refused
from ledger.domain.duties import DutyState, OpenDuty
from ledger.domain.people import PersonState
from ledger.facts import LedgerFacts
from ledger.kernel.append import Tracked
from ledger.kernel.clock import Clock
from ledger.kernel.event import Entry, Subject, decode
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.refusals import Refusal
from ledger.rules.catalogue import BY_TOPIC, WATCHES
from ledger.rules.clock import on_tick
from ledger.rules.live import LiveDuties, Sight
from ledger.rules.rule import Looked, Lookup, Rule, Watch
from ledger.rules.seats import SEAT_TOPICS, change_of, concerns, settle
from ledger.rules.surveys import ALONE
from ledger.store.reader import Reader

TRACKED = "rules"  # the name under which the position is kept
PAGE = 500
TOGETHER = 200  # commands that are recorded in one transaction
AT_ONCE = 500  # states that are loaded side by side
ROUNDS = 4  # steps that one tick may take with a duty: lapse, escalate, and what follows
FEW = 10  # events between which others get their turn
BREATH = 50  # duties between which others get their turn
LATE_AFTER = timedelta(days=2)
DUTIES = "duties."
_STREAMS = {  # what is looked up in the ledger itself: the streams with events of a topic
    Lookup.MEMBERS: ("people.EmploymentStarted", b'"employment"'),
    Lookup.POLICIES: ("policies.PolicyPublished", b'"version"'),
}
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What the engine asks of a ledger (`ledger.application.Ledger` has it)."""

    reader: Reader
    clock: Clock
    zone: ZoneInfo

    async def record_batch(
        self,
        asks: Sequence[Ask],
        *,
        mode: Literal["all", "each"],
        batch_id: str | None,
        tracked: Tracked | None = None,
    ) -> list[Receipt | Refused]:
        """Record commands, and with the last of them how far their follower has read."""
        ...

    async def record(self, ask: Ask) -> Receipt:
        """Record one command by itself. Raises Refusal, AppendError."""
        ...

    async def judged(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about the ledger as it stands."""
        ...

    async def seen(self, position: int) -> None:
        """Return once questions take in everything up to a position."""
        ...


class Following:
    """Where the rules stand, the live duties, and what is still to be recorded."""

    def __init__(self, ledger: Recorder, sight: Sight) -> None:
        self._ledger, self._sight = ledger, sight
        self.live = LiveDuties()
        self.position = self.recorded = 0
        self.refused: Counter[str] = Counter()
        self._kept = 0
        self._asks: list[Ask] = []
        self._touched: set[str] = set()
        self._watched: dict[tuple[str, int, str], None] = {}  # (topic, which watch, id), in the order of coming

    # ---- where it stands

    async def load(self) -> None:
        """Learn position and live duties: from what is projected, and from the duties' own events since."""
        self._asks, self._touched, self.live = [], set(), LiveDuties()
        reached = await asyncio.to_thread(self._ledger.reader.tracked, TRACKED)
        self._kept = self.position = reached or 0
        known, ids = await self._sight.live_duties()
        await self._ledger.seen(max(known, self.position))
        await self._look_at(ids)
        while known < self.position:
            page = await asyncio.to_thread(self._ledger.reader.page, known, PAGE, self.position)
            await self._look_at([id for _, stored in page if (id := _duty_in(stored)) is not None])
            known = page[-1][0] if page else self.position
        self._watched = {}
        for topic, watches in WATCHES.items():
            for number, watch in enumerate(watches):
                look = partial(self._ledger.reader.streams_of, topic, watch.marker, self.position)
                streams = await asyncio.to_thread(partial(look, imported=watch.begins_now))
                self._watched |= dict.fromkeys((topic, number, split_stream(stream)[1]) for stream in streams)

    async def keep(self) -> None:
        """Record the position where it has moved on without anything to record. Raises TrackedAlready."""
        if self.position > self._kept:
            await self._ledger.record_batch([], mode="each", batch_id=None, tracked=Tracked(TRACKED, self.position))
            self._kept = self.position

    async def _look_at(self, ids: Sequence[str]) -> None:
        """Take the states of duties as they stand, many in one look."""
        fresh = list(dict.fromkeys(ids))
        for start in range(0, len(fresh), AT_ONCE):
            some = fresh[start : start + AT_ONCE]
            for id, state in zip(some, await asyncio.gather(*map(self._state, some)), strict=True):
                self.live.put(id, state)

    async def _state(self, id: str) -> DutyState:
        state: DutyState = await self._ledger.judged(lambda facts: facts.state("duty", id))
        return state

    # ---- the feed

    async def page(self, upto: int | None) -> bool:
        """Run the rules on the next page up to a position; False at the end. Raises TrackedAlready, AppendError."""
        reader = self._ledger.reader
        page = await asyncio.to_thread(partial(reader.page, self.position, PAGE, upto))
        if not page:
            return False
        await self._ledger.seen(page[-1][0])
        for number, (position, stored) in enumerate(page):
            await self._take(position, stored)
            if number % FEW == 0:
                await asyncio.sleep(0)
        await self._flush(page[-1][0])
        return True

    async def _take(self, position: int, stored: bytes) -> None:
        topic = orjson.loads(stored)["topic"]
        if topic.startswith(DUTIES):
            await self._look_at([id for id in [_duty_in(stored)] if id is not None])
        if topic not in BY_TOPIC and topic not in SEAT_TOPICS and topic not in WATCHES:
            return
        entry = decode(stored)
        if entry.event is None:
            return
        for number, watch in enumerate(WATCHES.get(topic, ())):
            if watch.marker in stored and (watch.begins_now or not entry.testimony):
                self._watched[topic, number, split_stream(entry.stream)[1]] = None
        if entry.testimony:
            await self._take_imported(entry)
            return
        if topic in SEAT_TOPICS or self._touched & self._keys_of(entry):
            await self._flush(position - 1)
        for rule in BY_TOPIC.get(topic, ()):
            await self._run(rule, entry)
        if topic in SEAT_TOPICS:
            await self._settle(entry)

    async def _take_imported(self, entry: Entry) -> None:
        """Imported history opens no duties about the past: only what goes on from now begins, and what is over ends."""
        rules = [rule for rule in BY_TOPIC.get(entry.topic, ()) if rule.begins_now]
        if rules and self._touched & self._keys_of(entry):
            await self._flush(entry.position - 1)
        for rule in rules:
            await self._run(rule, entry)

    def _keys_of(self, entry: Entry) -> set[str]:
        assert entry.event is not None
        kind, id = split_stream(entry.stream)
        return {*entry.event.subjects(entry.stream), *((id,) if kind == "responsibility" else ())}

    async def _run(self, rule: Rule, entry: Entry) -> None:
        held: Sequence[Subject] = ()
        now = self._ledger.clock.now()
        late = entry.recorded_at < now - LATE_AFTER
        if rule.looks_up is not None and (late or not rule.when_late):
            held = await self._looked_up(rule.looks_up, split_stream(entry.stream)[1], entry.position)
        try:
            asks = await self._ledger.judged(
                lambda facts: rule.asks(entry, Looked(facts, self.live, now, held=held, late=late))
            )
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            logger.error("rule %s passed over event %s: %s", rule.name, entry.event_id, type(error).__name__)
            return
        self._add(asks)

    async def _looked_up(self, what: Lookup, id: str, position: int) -> Sequence[Subject]:
        """Return what a rule asks to be looked up, as known at `position` or later."""
        if what in _STREAMS:
            topic, marker = _STREAMS[what]
            found = partial(self._ledger.reader.streams_of, topic, marker, position, imported=True)
            streams = await asyncio.to_thread(found)
            return [Subject(kind=kind, id=id) for kind, id in map(split_stream, streams)]
        if what is Lookup.MERGED:
            return await self._begun_while_merged(id, position)
        look = self._sight.held_by if what is Lookup.HOLDINGS else self._sight.reviews_in
        return await look(id, position)

    async def _begun_while_merged(self, id: str, position: int) -> Sequence[Subject]:
        """Return the streams that began to name a person while `id` was read as theirs, up to its un-merging."""
        person: PersonState = await self._ledger.judged(lambda facts: facts.state("person", id))
        if person.merge is None:
            return []
        key, span = stream_name("person", person.merge.into), (person.merge.position, position)
        streams = await asyncio.to_thread(self._ledger.reader.begun_between, key, span)
        return [Subject(kind=kind, id=id) for kind, id in map(split_stream, streams)]

    async def _settle(self, entry: Entry) -> None:
        """Put every live duty that an event concerns where it belongs now."""
        now = self._ledger.clock.now()
        await self._flush(entry.position - 1)
        for number, id in enumerate(self.live.ids()):
            state = self.live.get(id)
            if state is None or not concerns(entry, state):
                continue

            def settled(facts: LedgerFacts, id: str = id, state: DutyState = state) -> list[Ask]:
                looked = Looked(facts, self.live, now)
                return settle(id, state, looked, change_of(entry, looked))

            self._add(await self._ledger.judged(settled))
            if number % BREATH == 0:
                await asyncio.sleep(0)

    # ---- the clock

    async def tick(self, now: datetime) -> int:
        """Run the rules of the clock on every day that nears and every live duty; return how many were recorded."""
        done = await self.come(now, to_the_minute=False)
        for _ in range(ROUNDS):
            step = await self._tick_once(now)
            done += step
            if not step:
                break
        return done

    async def come(self, now: datetime, *, to_the_minute: bool) -> int:
        """Run the watches, or only those to the minute; return how many commands were recorded."""
        return await self._record(await self._nearing(now, to_the_minute=to_the_minute), None)

    async def _nearing(self, now: datetime, *, to_the_minute: bool) -> list[Ask]:
        """Return what follows from days that subjects carry themselves; forget those that wait for nothing more."""
        asks: list[Ask] = []
        found_once: dict[Lookup, Sequence[Subject]] = {}
        for number, (topic, which, id) in enumerate(tuple(self._watched)):
            watch = WATCHES[topic][which]
            if to_the_minute and not watch.to_the_minute:
                continue
            if watch.looks_up is not None and watch.looks_up not in found_once:
                found_once[watch.looks_up] = await self._looked_up(watch.looks_up, id, self.position)
            held = () if watch.looks_up is None else found_once[watch.looks_up]

            def looked(
                facts: LedgerFacts, id: str = id, watch: Watch = watch, held: Sequence[Subject] = held
            ) -> list[Ask] | None:
                return watch.run(id, Looked(facts, self.live, now, held=held), watch.rule)

            try:
                found = await self._ledger.judged(looked)
            except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
                logger.error("rule %s passed over %s: %s", watch.rule.name, id, type(error).__name__)
                continue
            if found is None:
                del self._watched[topic, which, id]
            else:
                asks += found
            if number % BREATH == 0:
                await asyncio.sleep(0)
        return asks

    async def _tick_once(self, now: datetime) -> int:
        asks: list[Ask] = []
        for number, id in enumerate(self.live.ids()):
            state = self.live.get(id)
            if state is None:
                continue

            def ticked(facts: LedgerFacts, id: str = id, state: DutyState = state) -> list[Ask]:
                return on_tick(id, state, Looked(facts, self.live, now))

            asks += await self._ledger.judged(ticked)
            if number % BREATH == 0:
                await asyncio.sleep(0)
        return await self._record(asks, None)

    # ---- recording

    def _add(self, asks: Sequence[Ask]) -> None:
        for ask in asks:
            self._asks.append(ask)
            self._touched.add(stream_name(ask.kind, ask.id or ""))
            if isinstance(ask.command, OpenDuty):
                self._touched.add(ask.command.subject.key)
            elif ask.kind == "duty" and (duty := self.live.get(ask.id or "")) is not None and duty.opened is not None:
                self._touched.add(duty.opened.subject.key)  # what comes next about it must not end it once more

    async def _flush(self, position: int) -> None:
        """Record what has been gathered, together with the position that it brings the rules to."""
        asks, self._asks, self._touched = self._asks, [], set()
        if asks:
            await self._record(asks, position if position > self._kept else None)
        self.position = max(self.position, position)

    async def _record(self, asks: Sequence[Ask], position: int | None) -> int:
        done = await self._record_alone([ask for ask in asks if isinstance(ask.command, ALONE)])
        asks = [ask for ask in asks if not isinstance(ask.command, ALONE)]
        for start in range(0, len(asks), TOGETHER):
            some = asks[start : start + TOGETHER]
            last = position is not None and start + TOGETHER >= len(asks)
            tracked = Tracked(TRACKED, position) if last and position is not None else None
            results = await self._ledger.record_batch(some, mode="each", batch_id=None, tracked=tracked)
            if tracked is not None:
                self._kept = tracked.position
            done += self._count(results)
            await self._look_at([ask.id for ask in some if ask.kind == "duty" and ask.id is not None])
        return done

    async def _record_alone(self, asks: Sequence[Ask]) -> int:
        """Record what no batch takes; what another has done meanwhile is refused, and done."""
        results: list[Receipt | Refused] = []
        for number, ask in enumerate(asks):
            try:
                results.append(await self._ledger.record(ask))
            except Refusal as refusal:
                results.append(Refused(number, refusal))
        return self._count(results)

    def _count(self, results: Sequence[Receipt | Refused]) -> int:
        receipts = [one for one in results if isinstance(one, Receipt)]
        self.refused.update(one.refusal.code for one in results if isinstance(one, Refused))
        if receipts:
            self.recorded = receipts[-1].position
        return len(receipts)


def _duty_in(stored: bytes) -> str | None:
    """Return the duty whose stream a stored event is on."""
    kind, id = split_stream(orjson.loads(stored)["stream"])
    return id if kind == "duty" else None
