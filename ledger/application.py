"""The ledger's use cases: record a command or a batch of them, recognise a caller, open what is sealed."""

import asyncio
import secrets as random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from ledger.accesses import AccessRecords
from ledger.answers import Answers
from ledger.asking import (
    Ask,
    Caller,
    Contended,
    Idempotency,
    Receipt,
    Refused,
    Testimony,
    Unauthenticated,
)
from ledger.callers import secret_digest
from ledger.chunks import CHUNK, Chunk, receipt_again, receipt_of
from ledger.confidence import Confidence
from ledger.control import ControlLog
from ledger.current import Current
from ledger.deciding import HIDDEN, Decided, Rules, decide, draft
from ledger.domain import STREAM_KINDS
from ledger.domain.identity import IssueToken
from ledger.domain.ledgers import LedgerOpened
from ledger.founding import SYSTEM_CALLER, make_ledger, opening_of, writer_of
from ledger.kernel.append import (
    Append,
    Appended,
    DraftKnown,
    IdempotencyKey,
    KeyReused,
    LookupTaken,
    Repeated,
    StaleVersion,
    Tracked,
    TurnTaken,
)
from ledger.kernel.clock import Clock, RealClock
from ledger.kernel.event import Entry, Subject, decode_raw
from ledger.kernel.ids import pseudonym, stream_name
from ledger.kernel.refusals import AlreadyExists, AskedAlone, IdempotencyConflict, InProgress, Refusal, StaleMatch
from ledger.locks import StreamLocks
from ledger.privacy.data_keys import DataKeys
from ledger.privacy.sealing import Sealer
from ledger.privacy.secrets import LedgerSecrets
from ledger.refused import RefusedAttempts
from ledger.restricting import refuse_restricted, restrict
from ledger.states import NotLoaded, Tentative
from ledger.store.ledgers import as_service, keys_schema_of, migrate
from ledger.store.reader import Reader, pool_of
from ledger.store.writer import Writer

__all__ = [
    "SYSTEM_CALLER", "Ask", "Caller", "Idempotency", "Ledger", "Receipt", "Refused", "Testimony",
    "Unauthenticated", "make_ledger",
]  # fmt: skip

ATTEMPTS = 8
WAIT_FOR_TWIN_S = 5.0
BREATH = 100
T = TypeVar("T")
Progress = Callable[[int, int], None]


class Ledger(Answers):
    """One organisation's ledger, open for recording in this process. Open it with `Ledger.open`.

    Commands to one stream wait for each other; everything else goes on side by side on one event loop.
    """

    def __init__(
        self, name: str, opened: LedgerOpened, clock: Clock, reader: Reader, writer: Writer, secrets: LedgerSecrets
    ) -> None:
        self.name, self.origin, self.clock = name, opened.origin, clock
        self.clock_kind = opened.clock
        self.zone = ZoneInfo(opened.zone)
        self.reader, self.writer, self.secrets = reader, writer, secrets
        self.sealer = Sealer(name, DataKeys(reader.pool, keys_schema_of(name), reader.schema, secrets))
        self._rules = Rules(self.zone, opened.cut_over)
        self.followers: list[Callable[[Entry], None]] = []  # called with each entry, recorded or followed
        self._current = Current(reader, self.zone, writer.size, self._noticed)
        now = lambda: self.clock.now()  # noqa: E731, PLW0108  # a clock may be exchanged
        self.control = ControlLog(name, opened.origin, reader, secrets, now)
        self.refused = RefusedAttempts(self.control, now)
        self.accesses = AccessRecords(reader, self.control, now)
        self.confidence = Confidence(reader, self.sealer.keys, secrets, self._current, self.refused.note, now)
        self._locks = StreamLocks()
        self._in_flight: dict[tuple[str, str], asyncio.Future[None]] = {}

    @classmethod
    async def open(cls, conninfo: str, name: str, keys: Path, clock: Clock | None = None) -> "Ledger":
        """Open a ledger that `make_ledger` made. Raises UnknownLedger, SecretMissing, StoreUnavailable."""
        secrets = LedgerSecrets.open(keys, name)
        await asyncio.to_thread(migrate, conninfo, name)
        address = as_service(conninfo)
        pool = pool_of(address)
        await asyncio.to_thread(pool.open, True)
        reader = Reader(pool, name)
        opened = await asyncio.to_thread(opening_of, reader, name)
        writer = writer_of(address, name, clock or RealClock(), opened.origin, secrets)
        await writer.start()
        ledger = cls(name, opened, clock or RealClock(), reader, writer, secrets)
        await asyncio.to_thread(ledger.sealer.keys.restrict_erased)
        ledger._current.start()
        ledger.refused.start()
        return ledger

    async def close(self) -> None:
        """Record what waits and disconnect."""
        await self._current.stop()
        await self.refused.stop()
        await self.control.close()
        await self.writer.close()
        await asyncio.to_thread(self.reader.pool.close)

    @property
    def cut_over(self) -> date:
        """The date before which imported history must take effect."""
        return self._rules.cut_over

    # ---- recording

    async def record(self, ask: Ask, *, idempotency: Idempotency | None = None, dry_run: bool = False) -> Receipt:
        """Decide and record one command. Raises Refusal, or an AppendError when the store does not answer."""
        ask = self._with_id(ask)
        try:
            return await self._recorded_once(ask, idempotency, dry_run=dry_run)
        except Refusal as refusal:
            self.refused.note(ask, refusal)
            raise

    async def _recorded_once(self, ask: Ask, idempotency: Idempotency | None, *, dry_run: bool) -> Receipt:
        if idempotency is None:
            return await self._recorded(ask, None, dry_run=dry_run)
        twin = (ask.caller.id, idempotency.key)
        await self._wait_for_twin(twin)
        mine = self._in_flight[twin] = asyncio.get_running_loop().create_future()
        try:
            return await self._recorded(ask, idempotency, dry_run=dry_run)
        except Refusal:
            # A repeat may be refused because the first call has changed the state: then its answer stands.
            known = await self._known(self._key(ask, idempotency))
            if known is None:
                raise
            return (await self._repeated(known))[0]
        finally:
            del self._in_flight[twin]
            mine.set_result(None)

    def _with_id(self, ask: Ask) -> Ask:
        if ask.id is not None:
            return ask
        drawn = pseudonym(STREAM_KINDS[ask.kind].prefix)
        self._current.cache.begin(stream_name(ask.kind, drawn))
        return replace(ask, id=drawn)

    async def _recorded(self, ask: Ask, idempotency: Idempotency | None, *, dry_run: bool) -> Receipt:
        held = {stream_name(ask.kind, ask.id or "")}
        for _ in range(ATTEMPTS):
            async with self._locks.hold(held):
                receipt = await self._recorded_holding(ask, held, idempotency, dry_run=dry_run)
            if receipt is not None:
                return receipt
        raise Contended()

    async def _recorded_holding(
        self, ask: Ask, held: set[str], idempotency: Idempotency | None, *, dry_run: bool
    ) -> Receipt | None:
        """Record while the locks are held; None to try again, perhaps with more of them."""
        decided = await self._decided(ask)
        if dry_run:
            return receipt_of(decided, 0, decided.base + 1, self.clock.now())
        if not held.issuperset(decided.shared):
            held.update(decided.shared)
            return None
        key = None if idempotency is None else self._key(ask, idempotency)
        try:
            receipt = (await self._append([decided], {decided.stream: decided.base}, key))[0]
        except LookupTaken as taken:
            raise AlreadyExists(kind=taken.scheme) from taken
        except (StaleVersion, TurnTaken) as stale:
            if ask.if_match is not None and isinstance(stale, StaleVersion):
                raise StaleMatch(version=stale.actual) from stale
            self._current.cache.drop(decided.stream)
            await self._counted_again([decided])
            return None
        await self.confidence.settled(ask)
        return receipt

    async def _decided(self, ask: Ask) -> Decided:
        now = self.clock.now()
        while True:
            try:
                return refuse_restricted(decide(ask, self._current.cache, self._rules, now), self.sealer.keys)
            except NotLoaded as missing:
                await self._current.load([missing.stream])
            except AskedAlone:
                ask = await self.confidence.completed(ask)

    async def _append(
        self,
        decided: Sequence[Decided],
        expected: dict[str, int],
        key: IdempotencyKey | None,
        tracked: Tracked | None = None,
    ) -> list[Receipt]:
        owners = [owner for one in decided for owner in self.sealer.missing(one.texts)]
        if owners:
            await asyncio.to_thread(self.sealer.keys.ensure, owners)
        drafts = [draft(one, self.sealer, self.secrets) for one in decided]
        try:
            own = [one.key for one in decided if one.key is not None]
            turns = {name: turn for one in decided for name, turn in one.shared.items()}
            done = await self.writer.append(Append(drafts, expected, key, tracked, own, turns))
        except KeyReused as reused:
            raise IdempotencyConflict() from reused
        if isinstance(done, Repeated):
            return await self._repeated(done)
        return self._applied(decided, done)

    def _applied(self, decided: Sequence[Decided], done: Appended) -> list[Receipt]:
        receipts = []
        for offset, (one, version) in enumerate(zip(decided, done.versions, strict=True)):
            position = done.first + offset
            self._current.cache.apply(one.entry(position, version, done.recorded_at))
            receipts.append(receipt_of(one, position, version, done.recorded_at))
            self._current.cache.took(one.shared)
        if decided:
            self._current.cache.covers(done.first, done.first + len(decided) - 1)
        return receipts

    async def _counted_again(self, decided: Sequence[Decided]) -> None:
        """Forget what was counted, and take in what others have recorded."""
        for name in (name for one in decided for name in one.shared):
            self._current.cache.drop(name)
        await self._current.catch_up()

    # ---- batches

    async def record_batch(
        self,
        asks: Sequence[Ask],
        *,
        mode: Literal["all", "each"],
        batch_id: str | None,
        idempotency: Idempotency | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        tracked: Tracked | None = None,
    ) -> list[Receipt | Refused]:
        """Record many commands; later ones see earlier ones. Returns one result per ask, in order.

        `all`: one transaction, or only the first refusal and nothing recorded. `each`: refusals leave the others.
        With an idempotency key a repeat records nothing and returns the same results. How far a follower has read,
        `tracked`, is recorded with the last transaction, and alone where there is none; raises TrackedAlready.
        """
        asks = [self._with_id(ask) for ask in asks]
        size = max(1, len(asks)) if mode == "all" else CHUNK
        results: list[Receipt | Refused] = []
        scratch = Tentative(self._current.cache) if dry_run else None
        for start in range(0, max(1, len(asks)) if tracked else len(asks), size):
            last = tracked if start + size >= len(asks) else None
            chunk = Chunk(asks[start : start + size], start, mode, batch_id, idempotency, last)
            told = await self._record_chunk(chunk, scratch)
            chunk.note(told, self.refused)
            results += told
            if progress is not None:
                progress(min(start + size, len(asks)), len(asks))
        return results

    async def _record_chunk(self, chunk: Chunk, scratch: Tentative | None) -> list[Receipt | Refused]:
        await self._take_known(chunk)
        if scratch is not None:
            return chunk.answers(*await self._decide_all(chunk, scratch), None)
        if chunk.key is not None and chunk.asks:
            known = await self._known(IdempotencyKey(chunk.asks[0].caller.id, chunk.key, chunk.fingerprint))
            if known is not None:
                return chunk.repeated(known.answer, await self._repeated(known))
        held = {stream_name(ask.kind, ask.id or "") for ask in chunk.asks}
        await self._current.load(held)
        for _ in range(ATTEMPTS):
            async with self._locks.hold(held):
                results = await self._chunk_recorded_holding(chunk, held)
            if results is not None:
                return results
        raise Contended()

    async def _chunk_recorded_holding(self, chunk: Chunk, held: set[str]) -> list[Receipt | Refused] | None:
        """Record a chunk while the locks are held; None to try again, perhaps with more of them."""
        decided, refused = await self._decide_all(chunk, Tentative(self._current.cache))
        if (not decided and chunk.tracked is None) or (refused and chunk.mode == "all"):
            return chunk.answers([], refused, None)
        shared = {name for one in decided for name in one.shared}
        if not held.issuperset(shared):
            held |= shared
            return None
        expected = {one.stream: one.base for one in reversed(decided)}
        try:
            receipts = await self._append(decided, expected, chunk.idempotency(refused), chunk.tracked)
            return chunk.answers(decided, refused, receipts)
        except StaleVersion as stale:
            self._current.cache.drop(stale.stream)
            await self._counted_again(decided)
        except TurnTaken:
            await self._counted_again(decided)
        except DraftKnown:
            await self._take_known(chunk)
        except LookupTaken:
            await asyncio.to_thread(chunk.refuse_taken, decided, refused, self.secrets.digest_of, self.reader.lookup)
        return None

    async def _take_known(self, chunk: Chunk) -> None:
        """Look up which commands with keys of their own are recorded: they are not decided again."""
        if keys := list(chunk.keyed):
            chunk.take(await asyncio.to_thread(self.reader.recorded_under, chunk.asks[0].caller.id, keys))

    async def _decide_all(self, chunk: Chunk, states: Tentative) -> tuple[list[Decided], list[Refused]]:
        now, decided, refused = self.clock.now(), list[Decided](), list[Refused]()
        for index, ask in enumerate(chunk.asks, chunk.start):
            if (index + 1) % BREATH == 0:
                await asyncio.sleep(0)  # a long batch lets others have their turn
            try:
                if chunk.knows(index):
                    continue
                one = await self._decided_in(ask, states, now, chunk.batch_id)
            except Refusal as refusal:
                refused.append(Refused(index, refusal))
                if chunk.mode == "all":
                    break
                continue
            states.apply(one.entry(states.position + 1, one.base + 1, now))
            decided.append(one)
        return decided, refused

    async def _decided_in(self, ask: Ask, states: Tentative, now: datetime, batch_id: str | None) -> Decided:
        if ask.command.hides_author():
            raise AskedAlone()  # a batch has an id, a key and neighbours, and each of them leads to a name
        while True:
            try:
                return refuse_restricted(decide(ask, states, self._rules, now, batch_id), self.sealer.keys)
            except NotLoaded as missing:
                await self._current.load([missing.stream])

    # ---- who is being erased

    def _noticed(self, entry: Entry) -> None:
        restrict(entry, self.sealer.keys, self._current.cache)
        for follower in self.followers:
            follower(entry)

    # ---- repeats

    async def _wait_for_twin(self, twin: tuple[str, str]) -> None:
        while (running := self._in_flight.get(twin)) is not None:
            try:
                await asyncio.wait_for(asyncio.shield(running), WAIT_FOR_TWIN_S)
            except TimeoutError as late:
                raise InProgress() from late

    def _key(self, ask: Ask, given: Idempotency) -> IdempotencyKey:
        """Return the key that a command is kept under: of who must not be told, a digest in the place of both."""
        if not ask.command.hides_author():
            return IdempotencyKey(ask.caller.id, given.key, given.fingerprint)
        return IdempotencyKey(HIDDEN, self.secrets.ticket_of(f"key/{given.key}", ask.caller.id), given.fingerprint)

    async def _known(self, key: IdempotencyKey) -> Repeated | None:
        known = await asyncio.to_thread(self.reader.idempotency, key.actor, key.key)
        if known is None:
            return None
        if not compare_digest(known.fingerprint, key.fingerprint):
            raise IdempotencyConflict()
        return Repeated(known.first, known.count, known.answer)

    async def _repeated(self, done: Repeated) -> list[Receipt]:
        rows = await asyncio.to_thread(self.reader.page, done.first - 1, done.count)
        return [receipt_again(decode_raw(stored)) for _, stored in rows]

    # ---- tokens

    async def issue_token(self, caller: Caller, bearer: Subject, *, lifetime: timedelta) -> tuple[str, Receipt]:
        """Record a new token and return it; its secret is never seen again. Raises Refusal."""
        token_id, secret = pseudonym("t"), random.token_urlsafe(32)
        command = IssueToken(
            bearer=bearer,
            digest=secret_digest(secret),
            expires_at=(self.clock.now() + lifetime).replace(microsecond=0),
        )
        source = "api" if caller.kind == "person" else caller.id
        receipt = await self.record(Ask(command, "token", token_id, caller, source=source))
        return f"pledger_{self.name}.{token_id}.{secret}", receipt
