"""The binary forms, held against PostgreSQL itself and against psycopg's own."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import psycopg
import pytest
from psycopg import pq

from ledger.store import wire
from ledger.store.wire import array, fixed_array, instant, int2, int4, int8, integer, microseconds


def text_of(database_url: str, cast: str, raw: bytes) -> str:
    """Return what the database reads a binary parameter as."""
    with psycopg.connect(database_url) as connection:
        result = connection.pgconn.exec_params(f"select ($1::{cast})::text".encode(), [raw], None, [1])
        assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
        return (result.get_value(0, 0) or b"").decode()


def test_arrays_are_read_as_meant(database_url: str) -> None:
    """Empty, fixed and variable elements."""
    event_id = uuid4()
    assert text_of(database_url, "text[]", array(wire.TEXT, [])) == "{}"
    assert text_of(database_url, "text[]", array(wire.TEXT, [b"", "销售".encode(), b"a,b"])) == '{"",销售,"a,b"}'
    assert text_of(database_url, "bytea[]", array(wire.BYTEA, [b"\0\xff"])) == '{"\\\\x00ff"}'
    assert text_of(database_url, "int8[]", fixed_array(wire.INT8, [int8(-1), int8(2**62)])) == f"{{-1,{2**62}}}"
    assert text_of(database_url, "int4[]", fixed_array(wire.INT4, [int4(7)])) == "{7}"
    assert text_of(database_url, "int2[]", fixed_array(wire.INT2, [int2(-3)])) == "{-3}"
    assert text_of(database_url, "uuid[]", fixed_array(wire.UUID, [event_id.bytes])) == f"{{{event_id}}}"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 31, 8, 15, 30, 123456, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 31, 16, 15, 30, 1, tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_instants_keep_their_microseconds(database_url: str, moment: datetime) -> None:
    """Ours, PostgreSQL's and back."""
    count = microseconds(moment)
    assert instant(count) == moment
    utc = moment.astimezone(UTC)
    assert text_of(database_url, "timestamptz at time zone 'UTC'", int8(count)).ljust(26, "0")[:26] == (
        f"{utc:%Y-%m-%d %H:%M:%S.%f}"
    )


def test_integers_come_back() -> None:
    """Signed, of any width."""
    assert [integer(int2(-2)), integer(int4(2**31 - 1)), integer(int8(-(2**63)))] == [-2, 2**31 - 1, -(2**63)]


def test_a_naive_instant_is_refused() -> None:
    """Without an offset there is no instant."""
    with pytest.raises(TypeError):
        microseconds(datetime(2026, 1, 1))  # noqa: DTZ001 naive on purpose
