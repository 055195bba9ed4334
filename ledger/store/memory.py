"""What a writer remembers of a ledger: while nobody else has written, it need not ask for versions again.

Memory is only ever used under the head lock, and only where the head is found as it was left. What it cannot know, as
whether an idempotency key is new, the unique indexes say: a group that they refuse is decided again, asking everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.store.batch import Batch, Known
from ledger.store.request import Request

STREAMS_MAX = 50_000  # some 10 MB; more are forgotten all at once
RANDOM_UUID = 7  # the version of an event id that follows from nothing


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The head as the append transaction finds it; `last_at` in microseconds since 2000-01-01, None when empty."""

    size: int
    frontier: bytes
    last_at: int | None


@dataclass(slots=True)
class Memory:
    """The head as this writer left it, and versions of streams at that head."""

    head: HeadRow | None = None
    versions: dict[bytes, int] = field(default_factory=dict)
    alone: bool = False  # the head was last found as it was left

    def of(self, requests: Sequence[Request]) -> Known | None:
        """Return what decisions on `requests` rest on, None where something must be asked."""
        if not self.alone:
            return None
        known = Known({})
        for request in requests:
            if not _plain(request) or not self._recall(request, known.versions):
                return None
        return known

    def _recall(self, request: Request, versions: dict[bytes, int | None]) -> bool:
        """Add the versions of the request's streams; say whether all are known, or expected to be new.

        Whoever expects a new stream writes its version 1, which the index refuses where the stream exists.
        """
        expected = request.expected
        for stream in (*expected, *(draft.stream for draft in request.drafts)):
            version = self.versions.get(stream)
            if version is None and expected.get(stream) != 0:
                return False
            versions[stream] = version
        return True

    def found(self, head: HeadRow) -> bool:
        """Say whether the head is as it was left; else forget what is no longer known."""
        self.alone = head == self.head
        if not self.alone:
            self.versions.clear()
        return self.alone

    def left(self, head: HeadRow, batch: Batch) -> None:
        """Remember what a batch on `head` left, once it is committed."""
        if batch.rows.drafts:
            head = HeadRow(batch.tree.size, batch.tree.frontier, batch.recorded_at)
        self.head = head
        self._keep(batch.versions)

    def _keep(self, versions: Mapping[bytes, int | None]) -> None:
        if len(self.versions) > STREAMS_MAX:
            self.versions.clear()
        self.versions.update((stream, version) for stream, version in versions.items() if version is not None)


def is_random(event_id: bytes) -> bool:
    """Say whether an event id is a UUIDv7: new, and where it is not, the unique index says so."""
    return event_id[6] >> 4 == RANDOM_UUID


def _plain(request: Request) -> bool:
    """Say whether nothing but streams and a key of its own is at stake."""
    if request.tracked is not None or request.turns:
        return False
    return all(is_random(draft.event_id) and not draft.lookups for draft in request.drafts)
