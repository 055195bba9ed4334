"""PostgreSQL's binary form of the parameters that the writer sends: arrays, integers, instants.

Arrays are one-dimensional and without nulls (PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv): number of
dimensions, flag for nulls, element type, length, lower bound, then each element with its length before it.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

BYTEA, INT8, INT2, INT4, TEXT, UUID = 17, 20, 21, 23, 25, 2950

_HEADER = struct.Struct(">iiiii")
_LENGTH = struct.Struct(">i").pack
int2 = struct.Struct(">h").pack
int4 = struct.Struct(">i").pack
int8 = struct.Struct(">q").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def array(element: int, items: Sequence[bytes]) -> bytes:
    """Return an array of values of any length, of the type with the OID `element`."""
    if not items:
        return _HEADER.pack(0, 0, element, 0, 1)[:12]
    return _HEADER.pack(1, 0, element, len(items), 1) + b"".join([_LENGTH(len(item)) + item for item in items])


def fixed_array(element: int, items: Sequence[bytes]) -> bytes:
    """Return an array of values that are all as long as the first; at least one."""
    length = _LENGTH(len(items[0]))
    return _HEADER.pack(1, 0, element, len(items), 1) + length + length.join(items)


def integer(raw: bytes) -> int:
    """Return the signed integer in a binary int2, int4 or int8."""
    return int.from_bytes(raw, "big", signed=True)


def microseconds(instant: datetime) -> int:
    """Return microseconds since 2000-01-01 UTC, PostgreSQL's own count. Raises TypeError for a naive instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(count: int) -> datetime:
    """Return the instant, in UTC, of a count of microseconds since 2000-01-01."""
    return _EPOCH + timedelta(microseconds=count)
