"""Scratch projections: a few events folded by the program's own projections into tables that nobody keeps.

The tables are temporary ones of a single transaction, which is rolled back: on the ledger's own database they touch
nothing, and a verifier without one makes a throw-away database for them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from ledger.evidence.faults import NotYetProvable
from ledger.kernel.event import decode_raw
from ledger.store.embedded import EmbeddedUnavailable, open_cluster
from projections.catalogue import CATALOGUE
from projections.engine import View
from projections.engine.following import apply_events
from projections.engine.projection import AnyProjection, Build, Connection, RawEvent, Tables

PAGE_EVENTS = 1_000
SCHEMA = "pg_temp"
PROJECTIONS: Mapping[str, AnyProjection] = {projection.name: projection for projection in CATALOGUE}
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_one_at_a_time = threading.Lock()


def versions_of(names: Iterable[str]) -> str:
    """Return by which versions of projections an answer was found, as in `directory@2 goals@4`."""
    return " ".join(f"{name}@{PROJECTIONS[name].version}" for name in sorted(names))


@contextmanager
def scratch_views(
    connection: Connection,
    events: Iterable[bytes],
    position: int,
    names: Sequence[str],
    see: Callable[[RawEvent, bytes], None],
) -> Iterator[Mapping[str, View]]:
    """Open views on projections that have folded these events, and nothing else, up to a position.

    `events` are read once, in order of position, page by page; each is shown to `see` on the way. Raises
    `projections.engine.following.BadEvents` for an event that a projection cannot take.
    """
    connection.read_only = False
    with connection.transaction(force_rollback=True):
        made = {name: _made(connection, PROJECTIONS[name]) for name in names}
        rest = iter(events)
        while page := list(islice(rest, PAGE_EVENTS)):
            raws = [decode_raw(stored) for stored in page]
            for raw, stored in zip(raws, page, strict=True):
                see(raw, stored)
            for name, tables in made.items():
                projection = PROJECTIONS[name]
                apply_events(projection, tables, connection.cursor(), projection.used(raws))
        yield {name: View(connection.cursor(), tables, position) for name, tables in made.items()}


def _made(connection: Connection, projection: AnyProjection) -> Tables:
    tables = Tables(SCHEMA, projection, Build(projection.name, projection.version, 1))
    for statement in (*tables.creation(), *tables.indexes()):
        connection.execute(statement)
    return tables


@contextmanager
def beside_the_ledger(conninfo: str) -> Iterator[Connection]:
    """Open a connection for scratch tables on the ledger's own database; one at a time, for they weigh on it."""
    with _one_at_a_time, psycopg.connect(conninfo) as connection:
        yield connection


@contextmanager
def throw_away() -> Iterator[Connection]:
    """Open a connection to a database that is made for it and deleted after it.

    Raises NotYetProvable where the programs of the database are not there.
    """
    with TemporaryDirectory(prefix="pledger-replay-") as folder:
        try:
            cluster = open_cluster(Path(folder) / "pg", settings=FAST)
        except EmbeddedUnavailable as unavailable:
            raise NotYetProvable(
                zh=f"重算报告需要数据库程序：{unavailable}", en=f"replaying a report needs a database: {unavailable}"
            ) from None
        with cluster, psycopg.connect(cluster.conninfo) as connection:
            any_row: psycopg.Connection[tuple[Any, ...]] = connection
            yield any_row
