"""A fresh ledger for each test, tables of projections without a runner, and runners."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from ledger.kernel.ids import uuid7
from ledger.store.ledgers import as_service, create_ledger, drop_ledger, schema_of
from ledger.store.reader import Reader
from projections.engine import Catalogue, Runner
from projections.engine.builds import Builds
from projections.engine.following import apply_events
from projections.engine.projection import AnyProjection, Build, Connection, Events, Tables
from projections.engine.views import View

_numbers = itertools.count(1)
StartRunner = Callable[[Catalogue], Runner]


@pytest.fixture
def ledger_name(database_url: str) -> Iterator[str]:
    """The name of an empty ledger, dropped after the test."""
    name = f"proj_{uuid7().hex()[:12]}_{next(_numbers)}"
    create_ledger(database_url, name)
    yield name
    drop_ledger(database_url, name)


@pytest.fixture
def schema(ledger_name: str) -> str:
    """The schema of the ledger."""
    return schema_of(ledger_name)


@pytest.fixture
def service_url(database_url: str) -> str:
    """The address under which the service works, with its own few rights."""
    return as_service(database_url)


@pytest.fixture
def admin(database_url: str) -> Iterator[Connection]:
    """A connection that owns the ledger."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(service_url: str, ledger_name: str) -> Iterator[Reader]:
    """A reader of the ledger."""
    with ConnectionPool[psycopg.Connection](service_url, min_size=1, max_size=4, open=True) as pool:
        yield Reader(pool, ledger_name)


@pytest.fixture
def start_runner(service_url: str, ledger_name: str, reader: Reader) -> Iterator[StartRunner]:
    """``start_runner(catalogue)``: a running runner, stopped after the test."""
    with ExitStack() as stack:

        def start(catalogue: Catalogue) -> Runner:
            runner = Runner(service_url, ledger_name, reader, catalogue)
            runner.start()
            stack.callback(runner.stop)
            return runner

        yield start


class Bench:
    """Builds of projections that are fed by hand, page by page."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection, self.schema = connection, schema
        self._builds = Builds(schema)
        self._builds.prepare(connection)

    def build(self, projection: AnyProjection, pages: list[Events]) -> Tables:
        """Return the tables of a fresh build that has taken the pages, each in one transaction."""
        with self._builds.locked(self.connection) as cursor:
            build = self._builds.create(cursor, projection)
        tables = Tables(self.schema, projection, build)
        for page in pages:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                apply_events(projection, tables, cursor, projection.used(page))
        return tables

    def content(self, tables: Tables, projection: AnyProjection) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table of a build, as text, in order."""
        found = {}
        for table in projection.tables:
            rows = self.connection.execute(f"select t::text from {tables.name(table)} t".encode()).fetchall()
            found[table] = sorted(rows)
        return found

    def view(self, tables: Tables, position: int) -> View:
        """Return a view on a build, without a snapshot of its own."""
        return View(self.connection.cursor(), tables, position)

    def drop(self, build: Build) -> None:
        """Drop a build."""
        with self._builds.locked(self.connection) as cursor:
            self._builds.drop(cursor, build)


@pytest.fixture
def bench(schema: str, service_url: str) -> Iterator[Bench]:
    """Tables fed by hand."""
    with psycopg.connect(service_url, autocommit=True) as connection:
        yield Bench(connection, schema)
