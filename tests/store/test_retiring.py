"""Bytes of events give way to their leaf hashes: by an event that says so, for whole streams, and by no other way."""

import json
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg import errors

from ledger.evidence.merkle import leaf_hash
from ledger.evidence.rows import Row, check_stand_in
from ledger.evidence.stand_in import stands_for
from ledger.kernel.append import Append, Appended, LookupKey, StaleVersion
from ledger.kernel.event import decode
from ledger.kernel.ids import uuid7
from ledger.store.ledgers import schema_of
from ledger.store.reader import Reader
from tests.store.conftest import OpenWriter
from tests.store.requests import append, draft, sealed

pytestmark = pytest.mark.anyio

GOAL, OTHER = 'goal/"目标"-\\1\t', "goal/g-2"


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the service."""
    return "asyncio"


def saying(positions: Sequence[int]) -> Append:
    """Return a request to record that events give way."""
    body = json.dumps({"topic": "privacy.EventsRetired", "data": {"positions": positions}})
    return append("retention-schedule/cn", topic="privacy.EventsRetired", remainder=body.encode()[1:])


async def written(open_writer: OpenWriter, *, gone: Sequence[int]) -> None:
    """Record two streams in turns, positions 1 to 6, and at 7 that some of these give way."""
    async with open_writer() as writer:
        for stream in (GOAL, OTHER, GOAL, OTHER, GOAL, OTHER):
            event_id = uuid7()
            one = draft(stream, event_id=event_id, boxes=(sealed(),), lookups=(LookupKey("x", event_id, stream),))
            await writer.append(Append([one]))
        await writer.append(saying(gone))


def retire(reader: Reader, record: int = 7) -> list[str]:
    with reader.pool.connection() as connection:
        rows = connection.execute(f"select * from {reader.schema}.retire_events(%s)".encode(), (record,)).fetchall()
    return [stream for (stream,) in rows]


def held(reader: Reader) -> list[tuple[Any, ...]]:
    query = (
        "select position, stored, leaf, retired_by, stream, version, recorded_at, event_id, topic, actor, subjects, "
    )
    with reader.pool.connection() as connection:
        return connection.execute(
            f"{query} effective_at from {reader.schema}.events order by position".encode()
        ).fetchall()


def beside(reader: Reader) -> list[int]:
    """Return how many sealed parts and lookups there are."""
    with reader.pool.connection() as connection:
        return [
            connection.execute(f"select count(*) from {reader.schema}.{table}".encode()).fetchall()[0][0]
            for table in ("sealed", "lookup")
        ]


async def test_a_whole_stream_gives_way_to_its_leaves(open_writer: OpenWriter, reader: Reader):
    await written(open_writer, gone=[1, 3, 5])
    before, root = held(reader), reader.head().root
    assert retire(reader) == [GOAL]
    after = held(reader)
    assert [row[0] for row in after if row[3] == 7] == [1, 3, 5]
    assert [row for row in after if row[3] is None] == [row for row in before if row[0] not in {1, 3, 5}]
    columns = ("stream", "version", "recorded_at", "event_id", "topic", "actor", "subjects", "effective_at")
    for old, new in zip(before, after, strict=True):
        assert (new[2], new[4:8]) == (old[2], old[4:8])
        if new[3] is not None:
            assert stands_for(new[1]) == new[2] == leaf_hash(old[1])
            check_stand_in(Row(new[0], new[1], dict(zip(columns, new[4:], strict=True)), new[2], 7))
    assert reader.head().root == root
    assert beside(reader) == [3, 3]
    entry = decode(reader.events_of(GOAL)[-1])
    assert (entry.version, entry.topic, entry.event, entry.actor) == (3, "privacy.EventRetired", None, "")


async def test_again_it_changes_nothing(open_writer: OpenWriter, reader: Reader):
    await written(open_writer, gone=[1, 3, 5])
    retire(reader)
    before = held(reader)
    retire(reader)
    assert held(reader) == before


async def test_a_stream_that_went_on_stays(open_writer: OpenWriter, reader: Reader):
    await written(open_writer, gone=[1, 3, 4, 6, 2])
    assert retire(reader) == [OTHER]
    assert [row[0] for row in held(reader) if row[3] is not None] == [2, 4, 6]


async def test_nobody_acts_on_what_is_gone_not_even_who_remembers_its_version(open_writer: OpenWriter, reader: Reader):
    async with open_writer() as writer:
        await writer.append(append(GOAL, 0))
        await writer.append(saying([1]))
        await writer.append(append(OTHER, 0))
        retire(reader, 2)
        with pytest.raises(StaleVersion):
            await writer.append(append(GOAL, 1))
        assert isinstance(await writer.append(append(OTHER, 1)), Appended)


CHANGES = [
    "update {s}.events set retired_by = 7 where position = 2",  # the event does not say so
    "update {s}.events set retired_by = 6 where position = 1",  # that event is of another kind
    "update {s}.events set retired_by = 99 where position = 1",
    "update {s}.events set retired_by = null",
    "update {s}.events set retired_by = 7, stored = 'x' where position = 1",
    "update {s}.events set retired_by = 7, leaf = leaf where position = 1",
    "update {s}.events set retired_by = position",
]


@pytest.mark.parametrize("replica", [False, True], ids=["ordinary", "replica"])
@pytest.mark.parametrize("change", CHANGES)
async def test_no_other_change_is_let_through(
    open_writer: OpenWriter, reader: Reader, database_url: str, ledger_name: str, change: str, *, replica: bool
):
    await written(open_writer, gone=[1, 3, 5])
    with psycopg.connect(database_url) as connection:
        if replica:
            connection.execute("set session_replication_role = replica")
        with pytest.raises(errors.RestrictViolation, match="what was recorded is never changed"):
            connection.execute(change.format(s=schema_of(ledger_name)))


async def test_what_is_gone_is_never_given_another_reason(open_writer: OpenWriter, reader: Reader, database_url: str):
    await written(open_writer, gone=[1, 3, 5])
    retire(reader)
    with psycopg.connect(database_url) as connection, pytest.raises(errors.RestrictViolation):
        connection.execute(f"update {reader.schema}.events set retired_by = 7 where position = 1".encode())


async def test_the_service_retires_by_the_function_alone(open_writer: OpenWriter, reader: Reader, service_url: str):
    await written(open_writer, gone=[1, 3, 5])
    with psycopg.connect(service_url) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"update {reader.schema}.events set retired_by = 7 where position = 1".encode())
    assert retire(reader, 6) == []  # another event says nothing of the kind
