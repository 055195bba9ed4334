"""What one drain of the queue writes: each request decided on its own, in order, against what the database knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.evidence.merkle import leaf_hash
from ledger.kernel.append import (
    Appended,
    AppendError,
    DraftKnown,
    EventKnown,
    KeyReused,
    LookupTaken,
    Repeated,
    StaleVersion,
    TrackedAlready,
    TurnTaken,
)
from ledger.store.request import EncodedDraft, Request
from ledger.store.stored import instant_text, prefix
from ledger.store.tree import GrowingTree
from ledger.store.wire import instant, int4

Outcome = Appended | Repeated | AppendError


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An idempotency key that stands in the ledger."""

    fingerprint: bytes
    first: int
    count: int
    answer: bytes


@dataclass(slots=True)
class Known:
    """What the database said, under the head lock, about the streams, keys and ids of a batch; the batch adds to it."""

    versions: dict[bytes, int | None]
    event_ids: set[bytes] = field(default_factory=set)
    keys: dict[tuple[bytes, bytes], KnownKey] = field(default_factory=dict)
    lookups: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    tracking: dict[bytes, int] = field(default_factory=dict)


@dataclass(slots=True)
class Rows:
    """Columns of the multi-row inserts."""

    versions: list[bytes] = field(default_factory=list)
    drafts: list[EncodedDraft] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    keys: list[tuple[tuple[bytes, bytes], KnownKey]] = field(default_factory=list)
    tracking: dict[bytes, int] = field(default_factory=dict)


class Batch:
    """Decides requests one after the other and gathers what the accepted ones write. Does no I/O."""

    def __init__(self, tree: GrowingTree, known: Known, recorded_at: int) -> None:
        self.first = tree.size + 1
        self.tree = tree
        self.recorded_at = recorded_at  # microseconds since 2000-01-01
        self.rows = Rows()
        self._known = known
        self._instant = instant(recorded_at)
        self._instant_text = instant_text(self._instant)

    @property
    def versions(self) -> Mapping[bytes, int | None]:
        """Version of each stream, as known and moved by the batch."""
        return self._known.versions

    def decide(self, requests: Sequence[Request]) -> list[Outcome]:
        """Return the outcome of each request, in order; they hold once the rows are committed."""
        return [self._repeat(request) or self._refusal(request) or self._accept(request) for request in requests]

    def _repeat(self, request: Request) -> Outcome | None:
        known = self._known.keys.get(request.key) if request.key else None
        if known is None:
            return None
        if known.fingerprint != request.fingerprint:
            return KeyReused("the idempotency key is known with another request")
        return Repeated(known.first, known.count, known.answer)

    def _refusal(self, request: Request) -> AppendError | None:
        return (
            self._draft_known(request)
            or self._stale(request)
            or self._event_known(request)
            or self._taken(request)
            or self._tracked(request)
            or self._turn_taken(request)
        )

    def _draft_known(self, request: Request) -> AppendError | None:
        known = any(key in self._known.keys for key, _ in request.draft_keys)
        return DraftKnown("a draft is recorded under its own key already") if known else None

    def _stale(self, request: Request) -> AppendError | None:
        for stream, expected in request.expected.items():
            actual = self._known.versions[stream]
            if actual != expected and not (actual is None and expected in (0, -1)):
                return StaleVersion(stream.decode(), expected, actual or 0)
        return None

    def _event_known(self, request: Request) -> AppendError | None:
        for draft in request.drafts:
            if draft.event_id in self._known.event_ids:
                return EventKnown(draft.event_id)
        return None

    def _taken(self, request: Request) -> AppendError | None:
        claimed: dict[tuple[bytes, bytes], bytes] = {}
        for scheme, digest, subject in [lookup for draft in request.drafts for lookup in draft.lookups]:
            holder = self._known.lookups.get((scheme, digest)) or claimed.setdefault((scheme, digest), subject)
            if holder != subject:
                return LookupTaken(scheme.decode(), holder.decode())
        return None

    def _tracked(self, request: Request) -> AppendError | None:
        if request.tracked is not None:
            name, position = request.tracked
            if position <= self._known.tracking.get(name, -1):
                return TrackedAlready(f"{name.decode()} has been read to {self._known.tracking[name]}")
        return None

    def _turn_taken(self, request: Request) -> AppendError | None:
        for name, count in request.turns.items():
            if self._known.tracking.get(name, 0) != count:
                return TurnTaken(f"what {name.decode()} counts was changed meanwhile")
        return None

    def _accept(self, request: Request) -> Appended:
        first = self.tree.size + 1
        versions = tuple(self._record(draft, request) for draft in request.drafts)
        if request.key is not None:
            self._keep_key(request.key, KnownKey(request.fingerprint, first, len(versions), request.answer))
        for position, (key, fingerprint) in enumerate(request.draft_keys, first):
            self._keep_key(key, KnownKey(fingerprint, position, 1, b""))
        if request.tracked is not None:
            name, position = request.tracked
            self._known.tracking[name] = self.rows.tracking[name] = position
        for name, count in request.turns.items():
            self._known.tracking[name] = self.rows.tracking[name] = count + 1
        return Appended(first, versions, self._instant)

    def _record(self, draft: EncodedDraft, request: Request) -> int:
        known = self._known
        current = known.versions[draft.stream]
        version = (request.expected.get(draft.stream, 0) if current is None else current) + 1
        known.versions[draft.stream] = version
        known.event_ids.add(draft.event_id)
        for scheme, digest, subject in draft.lookups:
            known.lookups[scheme, digest] = subject
        stored = prefix(self.tree.size + 1, draft.stream_json, version, self._instant_text) + draft.remainder
        leaf = leaf_hash(stored)
        self.tree.append(leaf)
        rows = self.rows
        rows.versions.append(int4(version))
        rows.drafts.append(draft)
        rows.stored.append(stored)
        rows.leaves.append(leaf)
        return version

    def _keep_key(self, key: tuple[bytes, bytes], known: KnownKey) -> None:
        self._known.keys[key] = known
        self.rows.keys.append((key, known))
