"""Requests to the writer, as the tests of the store make them."""

import json

from ledger.kernel.append import Append, Draft, IdempotencyKey, LookupKey, SealedBox
from ledger.kernel.ids import uuid7


def draft(stream: str = "goal/g-1", **parts: object) -> Draft:
    """Return a draft with a realistic remainder; `parts` replaces its fields."""
    event_id = uuid7()
    body = json.dumps(
        {"id": event_id.hex(), "topic": "goals.GoalAssigned", "data": {"target": "100.5", "unit": "销售"}}
    )
    fields: dict[str, object] = {
        "stream": stream,
        "event_id": event_id,
        "topic": "goals.GoalAssigned",
        "effective_at": "2026-03-31",
        "actor": "p-7f3a",
        "subjects": (stream, "person/p-7f3a"),
        "remainder": body.encode()[1:],
    }
    return Draft(**{**fields, **parts})  # type: ignore[arg-type] # fields by name


def append(stream: str = "goal/g-1", expected: int | None = None, key: str | None = None, **parts: object) -> Append:
    """Return a request of one draft."""
    return Append(
        [draft(stream, **parts)],
        {} if expected is None else {stream: expected},
        IdempotencyKey("p-7f3a", key, b"fingerprint", b"answer") if key else None,
    )


def sealed(part: str = "note") -> SealedBox:
    """Return ciphertext, as the writer sees it."""
    return SealedBox(part, "person/p-7f3a", "work", b"\x00" * 90)


def lookup(subject: str, digest: bytes = b"d" * 32) -> LookupKey:
    """Return a lookup key of the scheme `email`."""
    return LookupKey("email", digest, subject)
