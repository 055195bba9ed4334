"""The bytes of an event as stored and hashed: what the writer puts before the encoded envelope, and takes off again."""

import json
from datetime import UTC, datetime

_as_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one a call
STORED_MAX_BYTES = 65_535  # an entry in a tlog-tiles bundle has a length of 16 bits


def stream_json(stream: str) -> bytes:
    """Return `stream` as a JSON string in UTF-8; only quotes, backslashes and control characters are escaped."""
    return _as_json(stream).encode()


def instant_text(recorded_at: datetime) -> bytes:
    """Return an instant as it stands in stored bytes: UTC, always six digits of microseconds, and a Z."""
    return recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode().rjust(27, b"0")


def prefix(position: int, stream: bytes, version: int, recorded_at: bytes) -> bytes:
    """Return what stands before the remainder; `stream` and `recorded_at` as the functions above give them."""
    return b'{"position":%d,"stream":%b,"version":%d,"recorded_at":"%b",' % (position, stream, version, recorded_at)


def remainder(stored: bytes, *, position: int, stream: str, version: int, recorded_at: datetime) -> bytes:
    """Return the bytes after the prefix. Raises ValueError when the prefix disagrees with the columns."""
    expected = prefix(position, stream_json(stream), version, instant_text(recorded_at))
    if not stored.startswith(expected):
        raise ValueError(f"the bytes at position {position} do not begin with what their columns say")
    return stored[len(expected) :]
