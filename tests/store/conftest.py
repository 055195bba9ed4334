"""A fresh ledger for each test, and what writes and reads it."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.ids import uuid7
from ledger.store.ledgers import as_service, create_ledger, drop_ledger
from ledger.store.reader import Reader
from ledger.store.writer import Writer

OpenWriter = Callable[..., AbstractAsyncContextManager[Writer]]
_numbers = itertools.count(1)


@pytest.fixture
def ledger_name(database_url: str) -> Iterator[str]:
    """The name of an empty ledger, dropped after the test."""
    name = f"test_{uuid7().hex()[:12]}_{next(_numbers)}"
    create_ledger(database_url, name)
    yield name
    drop_ledger(database_url, name)


@pytest.fixture
def service_url(database_url: str) -> str:
    """The address under which the service works, with its own few rights."""
    return as_service(database_url)


@pytest.fixture
def reader(service_url: str, ledger_name: str) -> Iterator[Reader]:
    """A reader of the ledger."""
    with ConnectionPool[Connection](service_url, min_size=1, max_size=4, open=True) as pool:
        yield Reader(pool, ledger_name)


@pytest.fixture
def open_writer(service_url: str, ledger_name: str) -> OpenWriter:
    """``async with open_writer(...) as writer``: a running writer of the ledger, with a writer's options."""

    @asynccontextmanager
    async def running(**options: object) -> AsyncIterator[Writer]:
        given = {"clock": lambda: datetime.now(UTC), **options}
        writer = Writer(service_url, ledger_name, **given)  # type: ignore[arg-type] # options of any kind
        await writer.start()
        try:
            yield writer
        finally:
            await writer.close()

    return running
