"""What is handed to the writer, and what comes back: plain values without any knowledge of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SealedBox:
    """Ciphertext of one sealed part, kept beside the event that holds its commitment."""

    part: str
    subject: str
    retention: str
    box: bytes


@dataclass(frozen=True, slots=True)
class LookupKey:
    """A keyed digest under which a subject is found by an outside identifier (handle, employee number, e-mail)."""

    scheme: str
    digest: bytes
    subject: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One decided event before the writer completes it.

    `remainder` is the encoded envelope without its opening brace: the writer puts
    ``{"position":…,"stream":…,"version":…,"recorded_at":…,`` before it, and these bytes are kept and hashed.
    """

    stream: str
    event_id: bytes  # 16 bytes, UUIDv7
    topic: str  # context.EventName
    effective_at: str  # ISO 8601: a date, or an instant with its offset
    actor: str
    subjects: tuple[str, ...]
    remainder: bytes
    boxes: tuple[SealedBox, ...] = ()
    lookups: tuple[LookupKey, ...] = ()


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Unique per ledger and actor; kept as long as the ledger."""

    actor: str
    key: str
    fingerprint: bytes  # HMAC over method, path and body
    answer: bytes = b""  # what the caller needs to repeat its answer, besides the positions


@dataclass(frozen=True, slots=True)
class Tracked:
    """How far a follower has read another sequence; recorded with its events, and never backwards."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Append:
    """One request to the writer: all of its drafts are recorded in one transaction, or none."""

    drafts: Sequence[Draft]
    # stream -> version it must be at: 0 for none yet, and its first event is version 1 (after −1: version 0).
    # A stream that is not named is not checked and takes its next version.
    expected: Mapping[str, int] = field(default_factory=dict)
    idempotency: IdempotencyKey | None = None
    tracked: Tracked | None = None
    # One key per draft, for drafts that are each a request of their own to whoever repeats them; empty for none.
    keys: Sequence[IdempotencyKey] = ()
    # what was counted over several streams -> how many requests had counted it before; each of them counts one further.
    turns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appended:
    """The positions handed out: `first` to `first + count - 1`, consecutive, one per draft in order."""

    first: int
    versions: tuple[int, ...]
    recorded_at: datetime  # one per request: UTC, microseconds, never below the previous one


@dataclass(frozen=True, slots=True)
class Repeated:
    """The idempotency key is known with the same fingerprint: what was recorded then."""

    first: int
    count: int
    answer: bytes


class AppendError(Exception):
    """Why the writer did not record a request; nothing of it was written."""


class StaleVersion(AppendError):
    """A stream is not at the version that the decision was made on."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}")
        self.stream, self.expected, self.actual = stream, expected, actual


class KeyReused(AppendError):
    """The idempotency key is known with another fingerprint."""


class DraftKnown(AppendError):
    """A draft's own key is known: somebody else has recorded it meanwhile."""


class WriterBusy(AppendError):
    """The queue of the writer is full; try again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__("the queue of the writer is full")
        self.retry_after_s = retry_after_s


class StoreUnavailable(AppendError):
    """The database did not answer; whether the request was recorded was looked up by its event ids: it was not."""


class OutcomeUnknown(AppendError):
    """The database was lost during the commit and did not come back in time to be asked: recorded or not is open.

    Repeating the request with the same idempotency key is safe.
    """


class Unrecordable(AppendError):
    """The request itself cannot be kept: NUL or lone surrogates in text, too large, or nothing to record."""


class EventKnown(AppendError):
    """An event id of the request stands in the ledger already: a derived id makes a repeat harmless."""

    def __init__(self, event_id: bytes) -> None:
        super().__init__(f"event {event_id.hex()} is recorded already")
        self.event_id = event_id


class LookupTaken(AppendError):
    """Another subject is already found by a digest of the request."""

    def __init__(self, scheme: str, subject: str) -> None:
        super().__init__(f"another subject is found by this {scheme}")
        self.scheme, self.subject = scheme, subject


class TrackedAlready(AppendError):
    """The follower has already read as far as the request says, or further."""


class TurnTaken(AppendError):
    """Another process has changed what the decision counted over several streams: decide again."""


class PositionTaken(AppendError):
    """Another transaction took the position: the second line of defence, never reached while the head is locked."""
