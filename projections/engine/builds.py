"""Builds of a projection: tables made and dropped, checkpoints claimed, the pointer moved from one to the next."""

from dataclasses import dataclass

from ledger.kernel.statements import load
from projections.engine.projection import AnyProjection, Build, Connection, Cursor, Tables

STATEMENTS = load("projections.engine", "statements.sql")
SCHEMA = load("projections.engine", "schema.sql")
LEASE_S = 10.0
DROP_PATIENCE_MS = 300


@dataclass(frozen=True, slots=True)
class BuildRow:
    """A build as its checkpoint row says."""

    build: Build
    state: str
    position: int
    indexed: bool
    bad_position: int | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What whoever claims a build is told: where it stands and the epoch to commit under."""

    position: int
    epoch: int
    indexed: bool


@dataclass(frozen=True, slots=True)
class Live:
    """The build that readers see, and the one before it."""

    build: Build
    previous: Build | None


class Builds:
    """The engine's own rows in one ledger. Every method runs in the caller's transaction, or commits by itself."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.sql = {name: text.encode() for name, text in STATEMENTS.bind(schema=schema).items()}
        self._creation = SCHEMA.bind(schema=schema)["create_tables"].encode()

    def prepare(self, connection: Connection) -> None:
        """Make the engine's tables where they are missing."""
        with self.locked(connection) as cursor:
            cursor.execute(self._creation)

    def locked(self, connection: Connection) -> "_Locked":
        """Return a transaction in which no other runner makes or drops tables of this ledger."""
        return _Locked(connection, self.sql["lock_engine"], self.schema)

    def rows(self, cursor: Cursor, name: str) -> list[BuildRow]:
        """Return every build of a projection, newest last."""
        rows = cursor.execute(self.sql["select_builds"], (name,)).fetchall()
        return [BuildRow(Build(name, v, n), state, p, ix, bad, code) for v, n, state, p, _, ix, bad, code in rows]

    def live(self, cursor: Cursor, name: str) -> Live | None:
        """Return the live build, or None before there is one."""
        row = cursor.execute(self.sql["select_live"], (name,)).fetchone()
        if row is None:
            return None
        previous = None if row[2] is None else Build(name, row[2], row[3])
        return Live(Build(name, row[0], row[1]), previous)

    def create(self, cursor: Cursor, projection: AnyProjection) -> Build:
        """Make the tables and the checkpoint of a new build of the current version."""
        numbers = [r.build.number for r in self.rows(cursor, projection.name) if r.build.version == projection.version]
        build = Build(projection.name, projection.version, max(numbers, default=0) + 1)
        cursor.execute(self.sql["insert_build"], build.key)
        for statement in Tables(self.schema, projection, build).creation():
            cursor.execute(statement)
        return build

    def index(self, connection: Connection, projection: AnyProjection, build: Build) -> None:
        """Make the indexes, one transaction each, so that no snapshot is held for all of them."""
        tables = Tables(self.schema, projection, build)
        for statement in tables.indexes():
            connection.execute(statement)
        for table in projection.tables:
            connection.execute(f"analyze {tables.name(table)}".encode())
        connection.execute(self.sql["mark_indexed"], build.key)

    def claim(self, cursor: Cursor, build: Build) -> Claim:
        """Take the build over from whoever had it. Raises LookupError when there is no such build."""
        row = cursor.execute(self.sql["claim_build"], (LEASE_S, *build.key)).fetchone()
        if row is None:
            raise LookupError(f"there is no build {build.key}")
        return Claim(*row)

    def point(self, cursor: Cursor, build: Build) -> None:
        """Make the build the one that readers see, from this transaction's commit on."""
        cursor.execute(self.sql["point_live"], build.key)
        cursor.execute(self.sql["rank_builds"], (build.projection,))

    def drop(self, cursor: Cursor, build: Build) -> None:
        """Drop a build's tables and rows, whatever version of the code made it; waits only briefly for readers."""
        cursor.execute(f"set local lock_timeout = {DROP_PATIENCE_MS}".encode())
        prefix = build.table("")
        found = cursor.execute(self.sql["find_tables"], (self.schema, prefix)).fetchall()
        for (table,) in found:
            cursor.execute(f'drop table {self.schema}."{table}"'.encode())
        cursor.execute(self.sql["delete_parked"], build.key)
        cursor.execute(self.sql["delete_build"], build.key)

    def droppable(self, cursor: Cursor) -> list[Build]:
        """Return the retired builds that no snapshot can see any more."""
        return [Build(*row) for row in cursor.execute(self.sql["select_droppable"]).fetchall()]


class _Locked:
    def __init__(self, connection: Connection, lock: bytes, schema: str) -> None:
        self._transaction = connection.transaction()
        self._connection, self._lock, self._schema = connection, lock, schema

    def __enter__(self) -> Cursor:
        self._transaction.__enter__()
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._lock, (self._schema,))
        except BaseException as error:
            self._transaction.__exit__(type(error), error, error.__traceback__)
            raise
        return cursor

    def __exit__(self, *raised: object) -> None:
        self._transaction.__exit__(*raised)  # type: ignore[arg-type]  # the three that __exit__ is given
