"""What a ledger answers without recording: who asks, what they may see and do, and what is found or opened."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from ledger.asking import Caller, Unauthenticated
from ledger.callers import bearer_of, roles_of, token_parts
from ledger.current import Current
from ledger.facts import LedgerFacts
from ledger.kernel.clock import Clock
from ledger.offered import Offered, offered
from ledger.privacy.epochs import KeyEpochs
from ledger.privacy.erasing import ErasingPlace
from ledger.privacy.expiring import ExpiringPlace
from ledger.privacy.holding import HeldRecords
from ledger.privacy.sealing import Sealer
from ledger.privacy.secrets import LedgerSecrets
from ledger.sight import sees
from ledger.store.ledgers import keys_schema_of
from ledger.store.reader import Reader

T = TypeVar("T")
OPENED_AT_ONCE = 500  # events: fewer than keys are kept in memory


class Answers:
    """The side of a ledger that records nothing; `ledger.application.Ledger` sets what it answers from."""

    name: str
    clock: Clock
    reader: Reader
    secrets: LedgerSecrets
    sealer: Sealer
    _current: Current

    def fingerprint(self, said: bytes) -> bytes:
        """Return the keyed fingerprint of a request, 32 bytes."""
        return self.secrets.fingerprint_of(said)

    # ---- who asks, and what they may see

    async def authenticate(self, token: str) -> Caller:
        """Return whom a token stands for. Raises Unauthenticated, alike for every fault."""
        name, token_id, secret = token_parts(token)
        if name != self.name:
            raise Unauthenticated()
        state = await self._current.ask(lambda facts: facts.state("token", token_id))
        return bearer_of(token_id, secret, state, self.clock.now())

    async def roles_of(self, caller: Caller) -> frozenset[str]:
        """Return the roles in force now, with `employee` and `lead` where they follow from relations."""
        return await self._current.ask(lambda facts: roles_of(facts, caller, self.clock.now()))

    async def may_see(self, caller: Caller, kind: str, id: str) -> bool:
        """Tell whether the caller may see a subject, as of now."""
        return await self._current.ask(lambda facts: sees(facts, caller.id, kind, id, self.clock.now()))

    async def commands_for(self, caller: Caller, kind: str, id: str | None) -> list[Offered]:
        """Return the commands of a kind of stream the caller may give now. Raises NotFound as the commands would."""
        return await self._current.ask(lambda facts: offered(facts, caller.id, kind, id, self.clock.now()))

    async def judged(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about relations and authority as they stand now."""
        return await self._current.ask(question)

    async def seen(self, position: int) -> None:
        """Return once decisions and questions take in all that is recorded up to a position, by whichever process."""
        if self._current.cache.position < position:
            await self._current.catch_up()

    async def find(self, scheme: str, value: str) -> str | None:
        """Return the subject (`person/p-…`) that an outside identifier names, or None."""
        digest = self.secrets.digest_of(scheme, value)
        return (await asyncio.to_thread(self.reader.lookup, scheme, [digest])).get(digest)

    async def find_all(self, scheme: str, values: Sequence[str]) -> dict[str, str]:
        """Return value -> subject for those identifiers that are known, in one look."""
        digests = {value: self.secrets.digest_of(scheme, value) for value in values}
        known = await asyncio.to_thread(self.reader.lookup, scheme, list(digests.values()))
        return {value: known[digest] for value, digest in digests.items() if digest in known}

    def open_parts(self, event_id: str) -> dict[str, dict[str, Any]]:
        """Return part -> opened fields of an event; parts whose key is gone are absent. Blocks on the database."""
        raw = UUID(event_id).bytes
        opened = {box.part: self.sealer.open(raw, box) for box in self.reader.sealed(raw)}
        return {part: content[1] for part, content in opened.items() if content is not None}

    def open_all(self, event_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return event id → opened fields of several events; what can't be opened is absent. Blocks on the database."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(event_ids), OPENED_AT_ONCE):
            part = {UUID(id).bytes: id for id in event_ids[start : start + OPENED_AT_ONCE]}
            boxes = self.reader.sealed_of_all(list(part))
            if boxes:
                self.sealer.keys.read({(box.subject, box.retention) for _, box in boxes})
            for raw, box in boxes:
                if (content := self.sealer.open(raw, box)) is not None:
                    found.setdefault(part[raw], {}).update(content[1])
        return found

    # ---- where personal texts are erased, and the keys of their keys kept

    @property
    def erasing(self) -> ErasingPlace:
        """Where erasures are carried out (`ledger.erasure`)."""
        return ErasingPlace(self.reader.pool, self.reader.schema, keys_schema_of(self.name), self.sealer.keys)

    @property
    def expiring(self) -> ExpiringPlace:
        """Where what runs out is carried out (`ledger.retention`)."""
        return ExpiringPlace(self.reader.pool, self.reader.schema, keys_schema_of(self.name), self.sealer.keys)

    def forget_states(self) -> None:
        """Read every stream anew from now on: events gave way."""
        self._current.cache.drop_all()

    @property
    def held(self) -> HeldRecords:
        """Which personal records a hold was placed on."""
        return HeldRecords(self.reader.pool, self.reader.schema)

    @property
    def epochs(self) -> KeyEpochs:
        """The epochs of the key that wraps the data keys (`ledger.key_keeping`)."""
        return KeyEpochs(self.reader.pool, self.reader.schema, keys_schema_of(self.name), self.secrets)
