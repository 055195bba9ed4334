"""One request to the writer, encoded before it joins the queue: text that PostgreSQL refuses fails here, alone."""

import asyncio
from dataclasses import dataclass

from ledger.kernel.append import Append, Appended, Draft, Repeated, Unrecordable
from ledger.store.stored import STORED_MAX_BYTES, stream_json

PREFIX_MAX_BYTES = 120  # of everything in the prefix but the stream
REQUEST_MAX_BYTES = 64 * 1024 * 1024
SEPARATOR = "\x1f"  # between subjects, until the database takes them apart


@dataclass(slots=True, eq=False)
class EncodedDraft:
    """One draft in UTF-8, as the columns take it."""

    stream: bytes
    stream_json: bytes
    event_id: bytes
    topic: bytes
    effective_at: bytes
    actor: bytes
    subjects: bytes
    remainder: bytes
    boxes: list[tuple[bytes, bytes, bytes, bytes]]  # part, subject, retention, box
    lookups: list[tuple[bytes, bytes, bytes]]  # scheme, digest, subject


@dataclass(slots=True, eq=False)
class Request:
    """What the writer decides about, and the future that its caller waits on."""

    drafts: list[EncodedDraft]
    expected: dict[bytes, int]
    key: tuple[bytes, bytes] | None  # actor, key
    fingerprint: bytes
    answer: bytes
    tracked: tuple[bytes, int] | None
    draft_keys: list[tuple[tuple[bytes, bytes], bytes]]  # of each draft: (actor, key), fingerprint
    turns: dict[bytes, int]
    size_bytes: int
    outcome: "asyncio.Future[Appended | Repeated]"


def encode_request(append: Append, outcome: "asyncio.Future[Appended | Repeated]") -> Request:
    """Return `append` encoded. Raises Unrecordable, saying why."""
    if not append.drafts and append.tracked is None:
        raise Unrecordable("there is nothing to record")
    drafts = [_encode_draft(draft) for draft in append.drafts]
    if len(drafts) > 1 and len({draft.event_id for draft in drafts}) < len(drafts):
        raise Unrecordable("two events with one id")
    size_bytes = 0
    for draft in drafts:
        size_bytes += len(draft.remainder)
        for box in draft.boxes:
            size_bytes += len(box[3])
    if size_bytes > REQUEST_MAX_BYTES:
        raise Unrecordable(f"a request of {size_bytes} bytes exceeds {REQUEST_MAX_BYTES}")
    idempotency, tracked = append.idempotency, append.tracked
    return Request(
        drafts=drafts,
        expected={_text(stream, "stream"): version for stream, version in append.expected.items()},
        key=(_text(idempotency.actor, "actor"), _text(idempotency.key, "idempotency key")) if idempotency else None,
        fingerprint=idempotency.fingerprint if idempotency else b"",
        answer=idempotency.answer if idempotency else b"",
        tracked=(_text(tracked.name, "tracked name"), tracked.position) if tracked else None,
        draft_keys=_draft_keys(append),
        turns={_text(name, "turn"): count for name, count in append.turns.items()},
        size_bytes=size_bytes,
        outcome=outcome,
    )


def _draft_keys(append: Append) -> list[tuple[tuple[bytes, bytes], bytes]]:
    keys = [((_text(k.actor, "actor"), _text(k.key, "idempotency key")), k.fingerprint) for k in append.keys]
    if keys and len({key for key, _ in keys}) < len(append.drafts):
        raise Unrecordable("each draft has a key of its own, or none has")
    return keys


def _encode_draft(draft: Draft) -> EncodedDraft:
    if len(draft.event_id) != 16:
        raise Unrecordable("an event id has 16 bytes")
    stream = _text(draft.stream, "stream")
    escaped = stream_json(draft.stream)
    if len(draft.remainder) + len(escaped) + PREFIX_MAX_BYTES > STORED_MAX_BYTES:
        raise Unrecordable("an event has less than 64 KiB; larger content goes into sealed parts")
    return EncodedDraft(
        stream=stream,
        stream_json=escaped,
        event_id=draft.event_id,
        topic=_text(draft.topic, "topic"),
        effective_at=_text(draft.effective_at, "effective_at"),
        actor=_text(draft.actor, "actor"),
        subjects=_subjects(draft.subjects),
        remainder=draft.remainder,
        boxes=[
            (_text(b.part, "part"), _text(b.subject, "subject"), _text(b.retention, "retention"), b.box)
            for b in draft.boxes
        ],
        lookups=[(_text(k.scheme, "scheme"), k.digest, _text(k.subject, "subject")) for k in draft.lookups],
    )


def _subjects(subjects: tuple[str, ...]) -> bytes:
    joined = SEPARATOR.join(subjects)
    if "" in subjects or joined.count(SEPARATOR) != max(len(subjects) - 1, 0):
        raise Unrecordable("a subject is empty or holds a control character")
    return _text(joined, "subject")


def _text(value: str, what: str) -> bytes:
    try:
        raw = value.encode()
    except UnicodeEncodeError:
        raise Unrecordable(f"{what} holds a lone surrogate") from None
    if b"\0" in raw:
        raise Unrecordable(f"{what} holds a NUL character")
    return raw
