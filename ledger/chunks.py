"""Chunks: runs of a batch that are recorded in one transaction, and how their results are told and kept."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Literal

import orjson

from ledger.asking import Ask, Idempotency, Receipt, Refused
from ledger.deciding import Decided
from ledger.kernel.append import IdempotencyKey, Tracked
from ledger.kernel.event import decode_raw
from ledger.kernel.moments import utc_text
from ledger.kernel.refusals import REFUSALS, AlreadyExists, IdempotencyConflict
from ledger.refused import RefusedAttempts

Digest = Callable[[str, str], bytes]  # scheme, identifier → keyed digest
Holders = Callable[[str, Sequence[bytes]], Mapping[bytes, str]]  # scheme, digests → digest → the subject found by it
CHUNK = 250  # commands of an `each` batch that are recorded in one transaction


def receipt_of(decided: Decided, position: int, version: int, recorded_at: datetime) -> Receipt:
    """Return the receipt of a decided event; position 0 for one that was not recorded."""
    envelope = decided.envelope
    at, batch = utc_text(recorded_at), envelope.batch
    return Receipt(envelope.event_id, position, decided.stream, version, at, batch, marks=envelope.marks)


def receipt_again(raw: dict[str, Any]) -> Receipt:
    """Return the receipt of a stored event, to be given once more."""
    return Receipt(
        raw["event_id"],
        raw["position"],
        raw["stream"],
        raw["version"],
        raw["recorded_at"],
        raw.get("batch"),
        repeated=True,
        marks=tuple(raw.get("marks", ())),
    )


class Chunk:
    """A run of a batch that is recorded in one transaction, and how its results are told and kept."""

    def __init__(
        self,
        asks: Sequence[Ask],
        start: int,
        mode: Literal["all", "each"],
        batch_id: str | None,
        whole: Idempotency | None,
        tracked: Tracked | None = None,
    ) -> None:
        self.asks, self.start, self.mode, self.batch_id = asks, start, mode, batch_id
        self.tracked, self.is_repeat = tracked, False
        self.told: dict[int, Receipt | Refused] = {}  # of commands with keys of their own: what is known already
        self.key = None if whole is None else f"{whole.key}#{start}"
        self.fingerprint = b"" if whole is None else whole.fingerprint

    @property
    def keyed(self) -> dict[str, tuple[int, bytes]]:
        """Return key → (index, fingerprint) of the commands that have keys of their own."""
        asks = enumerate(self.asks, self.start)
        return {ask.key.key: (index, ask.key.fingerprint) for index, ask in asks if ask.key is not None}

    def take(self, known: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Take in what was recorded under the commands' own keys: key → (fingerprint, stored event)."""
        for key, (index, fingerprint) in self.keyed.items():
            if key in known:
                said, stored = known[key]
                same = compare_digest(said, fingerprint)
                self.told[index] = receipt_again(decode_raw(stored)) if same else Refused(index, IdempotencyConflict())

    def refuse_taken(
        self, decided: Sequence[Decided], refused: Sequence[Refused], digest_of: Digest, holders: Holders
    ) -> None:
        """Refuse, each alone, the commands whose identifiers another subject has, or is given by one before them."""
        apart = {*self.told, *(one.index for one in refused)}
        indexes = (i for i in range(self.start, self.start + len(self.asks)) if i not in apart)
        claims: dict[str, list[tuple[bytes, int, str]]] = {}  # scheme → digest, index, stream
        for index, one in zip(indexes, decided, strict=True):
            for scheme, value in one.event.lookups().items():
                claims.setdefault(scheme, []).append((digest_of(scheme, value), index, one.stream))
        for scheme, claimed in claims.items():
            held = {**holders(scheme, [digest for digest, _, _ in claimed])}
            for digest, index, stream in claimed:
                if held.setdefault(digest, stream) != stream:
                    self.told[index] = Refused(index, AlreadyExists(kind=scheme))

    def knows(self, index: int) -> bool:
        """Tell whether a command is recorded under its own key already. Raises what refused it meanwhile."""
        told = self.told.get(index)
        if isinstance(told, Refused):
            raise told.refusal
        return told is not None

    def idempotency(self, refused: list[Refused]) -> IdempotencyKey | None:
        """Return the key under which the run is kept, with its refusals as answer."""
        if self.key is None:
            return None
        kept = [[r.index, r.refusal.code, r.refusal.details] for r in refused]
        return IdempotencyKey(self.asks[0].caller.id, self.key, self.fingerprint, orjson.dumps(kept))

    def answers(
        self, decided: list[Decided], refused: list[Refused], receipts: list[Receipt] | None
    ) -> list[Receipt | Refused]:
        """Return one result per ask; without receipts those of a dry run."""
        if receipts is None:
            receipts = [receipt_of(one, 0, one.base + 1, one.envelope.begins) for one in decided]
        if self.mode == "all" and refused:
            return [*refused]
        return self._merged(refused, receipts)

    def note(self, results: list[Receipt | Refused], attempts: RefusedAttempts) -> None:
        """Note what was refused; a repeat tells again what was noted the first time."""
        if not self.is_repeat:
            for result in results:
                if isinstance(result, Refused):
                    attempts.note(self.asks[result.index - self.start], result.refusal)

    def repeated(self, answer: bytes, receipts: list[Receipt]) -> list[Receipt | Refused]:
        """Return the results of an earlier run from what was kept of it."""
        self.is_repeat = True
        kept = orjson.loads(answer) if answer else []
        refused = [Refused(index, REFUSALS[code](**details)) for index, code, details in kept]
        return self._merged(refused, receipts)

    def _merged(self, refused: list[Refused], receipts: list[Receipt]) -> list[Receipt | Refused]:
        by_index: dict[int, Receipt | Refused] = {**self.told, **{r.index: r for r in refused}}
        told = iter(receipts)
        indexes = range(self.start, self.start + len(self.asks))
        return [by_index[i] if i in by_index else next(told) for i in indexes]
