"""The writer of a ledger: takes requests from a bounded queue and commits them in groups, one transaction a drain.

One writer per process and ledger. It is a coroutine: while the database works on one group, callers prepare the
next. Several writers, in as many processes, are safe together: the head row orders them.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from ledger.kernel.append import (
    Append,
    Appended,
    AppendError,
    OutcomeUnknown,
    PositionTaken,
    Repeated,
    StoreUnavailable,
    Unrecordable,
    WriterBusy,
)
from ledger.store.batch import Batch, Known, Outcome
from ledger.store.ledgers import control_schema_of, schema_of
from ledger.store.memory import HeadRow, Memory
from ledger.store.pipeline import ConnectionLost, Pipeline, StatementRefused
from ledger.store.request import Request, encode_request
from ledger.store.transaction import (
    SETTINGS,
    Questions,
    begin,
    catch_up,
    look_up,
    recorded_at,
    take_head,
    write,
    writer_statements,
)
from ledger.store.tree import GrowingTree

DRAIN_MAX_EVENTS = 256
DRAIN_MAX_BYTES = 1_000_000
DRAIN_WHOLE = 32  # requests; of a longer queue about half is taken
SILENCE_MAX_S = 20.0  # longer than the time-outs of the server: reached when the network swallows everything
RETRY_FIRST_S, RETRY_LAST_S = 0.02, 1.0
_BAD_DATA = ("22", "23")  # SQLSTATE classes: data exception, integrity violation
# What is not asked before it is written, in the hope that it is new.
_UNASKED = ("events_event_id_key", "events_stream_key", "idempotency_key")
Decided = tuple[Batch, list[Outcome]]

logger = logging.getLogger(__name__)


class Writer:
    """Appends to one ledger. `attest(size, root)` is called for every new root; its bytes stand in the head.

    `max_queue` bounds the events that wait. `patience_s` is how long a lost database may stay away before waiting
    requests fail. `control` appends to the ledger's control log instead: drafts without keys, sealed parts and lookups.
    `prepare=False` is for connection poolers that lose prepared statements. `head_lock=False` takes
    the head lock out: only for the test that shows that positions are refused without it.
    """

    def __init__(
        self,
        conninfo: str,
        ledger: str,
        *,
        clock: Callable[[], datetime],
        attest: Callable[[int, bytes], bytes] | None = None,
        max_queue: int = 20_000,
        patience_s: float = 10.0,
        prepare: bool = True,
        head_lock: bool = True,
        control: bool = False,
    ) -> None:
        schema = control_schema_of(ledger) if control else schema_of(ledger)
        self._conninfo, self._channel = conninfo, schema.encode()
        self._statements = writer_statements(schema, control=control)
        self._clock, self._attest = clock, attest
        self._max_queue, self._patience_s = max_queue, patience_s
        self._prepare, self._head_lock = prepare, head_lock
        self._queue: deque[Request] = deque()
        self._waiting_events = 0
        self._tree, self._memory = GrowingTree.empty(), Memory()
        self._pipeline: Pipeline | None = None
        self._writing = False  # rows of the current transaction have been sent
        self._closing = False
        self._wake: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.size = 0
        self.batches = 0

    async def start(self) -> None:
        """Connect, learn the head and begin to take requests. Raises StoreUnavailable."""
        self._loop = asyncio.get_running_loop()
        try:
            pipeline = await self._connect()
            begin(pipeline, head_lock=False)
            head, _ = await take_head(pipeline)
            self._tree = await catch_up(pipeline, self._tree, head)
            self.size = head.size
            await self._undo(pipeline)
        except (ConnectionLost, StatementRefused) as failure:
            await self._disconnect()
            raise StoreUnavailable(str(failure)) from failure
        except BaseException:  # whoever starts it goes away
            await self._disconnect()
            raise
        self._task = self._loop.create_task(self._run(), name=f"writer of {self._channel.decode()}")

    async def append(self, append: Append) -> Appended | Repeated:
        """Record `append`, or repeat what its idempotency key recorded; returns once it is durable.

        Raises StaleVersion, KeyReused, EventKnown, LookupTaken, TrackedAlready, Unrecordable: refused, alone;
        WriterBusy, StoreUnavailable: not recorded; OutcomeUnknown.
        """
        if self._closing or self._task is None:
            raise StoreUnavailable("the writer is not running")
        events = len(append.drafts)
        if self._queue and self._waiting_events + events > self._max_queue:
            raise WriterBusy
        request = encode_request(append, self._loop.create_future())
        self._queue.append(request)
        self._waiting_events += events
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        return await request.outcome

    def append_from_thread(self, append: Append) -> Appended | Repeated:
        """The same for callers in other threads than the writer's event loop; blocks."""
        return asyncio.run_coroutine_threadsafe(self.append(append), self._loop).result()

    async def close(self) -> None:
        """Refuse further requests, record those that wait, and disconnect."""
        self._closing = True
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        if self._task is not None:
            await self._task
        await self._disconnect()

    # ---- the queue

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake = self._loop.create_future()
                await self._wake
                self._wake = None
                continue
            group = self._drain()
            if group:
                self.batches += 1
                _settle(group, await self._record(group))
                if self._queue and len(self._queue) + len(group) <= DRAIN_WHOLE:
                    await asyncio.sleep(0)  # few callers: those just answered join the rest, else two halves take turns

    def _drain(self) -> list[Request]:
        """Take a short queue whole, of a long one half: its callers prepare the next while the other half commits."""
        queue, group = self._queue, list[Request]()
        events = size_bytes = 0
        for _ in range(max(min(len(queue), DRAIN_WHOLE), len(queue) // 2)):
            events += len(queue[0].drafts)
            size_bytes += queue[0].size_bytes
            if group and (events > DRAIN_MAX_EVENTS or size_bytes > DRAIN_MAX_BYTES):
                break
            request = queue.popleft()
            self._waiting_events -= len(request.drafts)
            if not request.outcome.done():  # done: the caller went away
                group.append(request)
        return group

    # ---- one group

    async def _record(self, group: Sequence[Request], *, careful: bool = False) -> list[Outcome]:
        """Return the outcome of each request of the group; never raises. `careful` asks whatever can be asked."""
        try:
            return await self._transact(group, careful=careful)
        except StatementRefused as refusal:
            return await self._after_refusal(group, refusal, careful=careful)
        except ConnectionLost as loss:
            return await self._after_loss(group, loss)
        except Exception as failure:
            logger.exception("an append failed")
            await self._disconnect()  # the server rolls back; the next group starts afresh
            return [StoreUnavailable(f"the append failed: {type(failure).__name__}") for _ in group]

    async def _transact(self, group: Sequence[Request], *, careful: bool = False) -> list[Outcome]:
        self._writing = False
        pipeline = self._pipeline or await self._connect()
        begin(pipeline, head_lock=self._head_lock)
        decided = None if careful else self._by_memory(group)
        asked = Questions(group, every_id=careful).ask(pipeline) if decided is None else None
        head, known = await take_head(pipeline, asked)
        if not self._memory.found(head) or decided is None:
            decided = await self._by_answers(pipeline, group, head, known)
        batch, outcomes = decided
        self._writing = True
        await write(pipeline, batch, head, channel=self._channel, attest=self._attest)
        self._tree, self.size = batch.tree, batch.tree.size
        self._memory.left(head, batch)
        return outcomes

    def _by_memory(self, group: Sequence[Request]) -> Decided | None:
        """Decide while the head is on its way, by what is remembered; None where something has to be asked.

        A refusal is never given by memory: what it refuses may be the repeat of a request that is recorded.
        """
        known, head = self._memory.of(group), self._memory.head
        if known is None or head is None:
            return None
        batch = Batch(self._tree.copy(), known, recorded_at(head, self._clock()))
        outcomes = batch.decide(group)
        return (batch, outcomes) if all(isinstance(outcome, Appended) for outcome in outcomes) else None

    async def _by_answers(
        self, pipeline: Pipeline, group: Sequence[Request], head: HeadRow, known: Known | None
    ) -> Decided:
        """Decide by what the database says; where memory was of an older head, it is asked now."""
        if known is None:
            questions = Questions(group).ask(pipeline)
            known = questions.answered(await pipeline.sync())
        tree = await catch_up(pipeline, self._tree, head)
        batch = Batch(tree, known, recorded_at(head, self._clock()))
        return batch, batch.decide(group)

    async def _after_refusal(
        self, group: Sequence[Request], refusal: StatementRefused, *, careful: bool
    ) -> list[Outcome]:
        """Nothing was committed. A group that holds data the database refuses is tried again one by one."""
        try:
            if self._pipeline is not None:
                await self._undo(self._pipeline)
        except (ConnectionLost, StatementRefused):
            await self._disconnect()
        if refusal.constraint in ("events_position_key", "tiles_key"):
            return [PositionTaken(str(refusal)) for _ in group]
        if not refusal.sqlstate.startswith(_BAD_DATA):
            return [StoreUnavailable(f"{refusal.sqlstate}: {refusal}") for _ in group]
        if refusal.constraint in _UNASKED and not careful:
            return await self._record(group, careful=True)
        if len(group) == 1:
            return [Unrecordable(f"{refusal.sqlstate}: {refusal}")]
        return [outcome for request in group for outcome in await self._record([request])]

    async def _after_loss(self, group: Sequence[Request], loss: ConnectionLost) -> list[Outcome]:
        """Come back, and ask the database what it recorded. Only a group of which no row was sent is tried again."""
        logger.warning("the connection of the writer was lost: %s", loss)
        written, deadline, pause_s = self._writing, self._loop.time() + self._patience_s, RETRY_FIRST_S
        while True:
            await self._disconnect()
            try:
                if not written:
                    return await self._transact(group)
                found = await look_up(await self._connect(), group)
                return [place or _lost(request) for place, request in zip(found, group, strict=True)]
            except StatementRefused as refusal:
                if not written:
                    return await self._after_refusal(group, refusal, careful=False)
            except ConnectionLost:
                written = written or self._writing
            if self._loop.time() > deadline:
                return [OutcomeUnknown(str(loss)) if written else StoreUnavailable(str(loss)) for _ in group]
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_LAST_S)

    # ---- the connection

    async def _connect(self) -> Pipeline:
        """Connect anew, and forget the tree: the database that answers may be another one than before."""
        self._tree, self._memory = GrowingTree.empty(), Memory()
        self._pipeline = await Pipeline.connect(
            self._conninfo, self._statements, settings=SETTINGS, prepare=self._prepare, timeout_s=SILENCE_MAX_S
        )
        return self._pipeline

    async def _undo(self, pipeline: Pipeline) -> None:
        pipeline.send("undo_append")
        await pipeline.sync()

    async def _disconnect(self) -> None:
        if self._pipeline is not None:
            pipeline, self._pipeline = self._pipeline, None
            await pipeline.close()


def _settle(group: Sequence[Request], outcomes: Sequence[Outcome]) -> None:
    for request, outcome in zip(group, outcomes, strict=True):
        if request.outcome.done():
            continue
        if isinstance(outcome, AppendError):
            request.outcome.set_exception(outcome)
        else:
            request.outcome.set_result(outcome)


def _lost(request: Request) -> AppendError:
    if not request.drafts:
        return OutcomeUnknown("the connection broke during the commit")
    return StoreUnavailable("the connection broke during the commit, and nothing was recorded")
