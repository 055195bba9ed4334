"""Views: what a question is asked of, one snapshot that names the live build and its position."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg_pool import ConnectionPool

from projections.engine.builds import Builds
from projections.engine.projection import Build, Catalogue, Connection, Cursor, Tables
from projections.engine.sessions import READING, with_options


class NotBuilt(Exception):
    """The projection has no build of this program's version that may be read yet."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the projection {name} is not built yet")
        self.name = name


@dataclass(frozen=True, slots=True)
class View:
    """One snapshot of a projection; `position` is what it has folded."""

    cursor: Cursor
    tables: Tables
    position: int

    def table(self, name: str) -> str:
        """Return the qualified name of a table of the live build."""
        return self.tables.name(name)

    def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return what a named statement of the projection answers."""
        return self.cursor.execute(self.tables.sql(statement), parameters).fetchall()


class Views:
    """Opens views on the projections of one ledger, from a pool of read-only connections."""

    def __init__(self, conninfo: str, ledger_name: str, catalogue: Catalogue, *, connections: int = 8) -> None:
        self._builds = Builds(f"ledger_{ledger_name}")
        self._catalogue = {projection.name: projection for projection in catalogue}
        self._tables: dict[Build, Tables] = {}
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            with_options(conninfo, READING),
            min_size=1,
            max_size=connections,
            open=False,
            name="views",
            check=ConnectionPool.check_connection,  # a database that was restarted is no reason to fail a question
        )

    def open(self) -> None:
        """Open the pool."""
        self._pool.open(wait=True, timeout=30.0)

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    @contextmanager
    def view(self, name: str, *, waits_s: int | None = None) -> Iterator[View]:
        """Open a snapshot of a projection. Raises KeyError, NotBuilt.

        It ends when nothing was asked of it for a few seconds, or for `waits_s` where much is worked out in between.

        The pointer is read in the snapshot itself, so that all of the view is one build, and never an empty one.
        """
        projection = self._catalogue[name]
        with self._pool.connection() as connection, connection.cursor() as cursor:
            row = cursor.execute(self._builds.sql["read_live"], (name,)).fetchone()
            if waits_s is not None:
                cursor.execute(self._builds.sql["let_wait"], (f"{waits_s}s",))
            build, position = _readable(name, projection.version, row)
            tables = self._tables.get(build)
            if tables is None:
                tables = self._tables[build] = Tables(self._builds.schema, projection, build)
            yield View(cursor, tables, position)


def _readable(name: str, version: int, row: tuple[Any, ...] | None) -> tuple[Build, int]:
    """Return the live build, or the one before it where another program has moved on to a newer version."""
    if row is not None and row[0] == version:
        return Build(name, version, row[1]), row[2]
    if row is not None and row[3] == version and row[5] is not None:
        return Build(name, version, row[4]), row[5]
    raise NotBuilt(name)
