"""Expiring: the steps in the database of what runs out, each of which may be done again without another effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.abc import Params
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load
from ledger.privacy.data_keys import DataKeys

FOUND_BY = {"person": "identity", "candidate": "hiring"}  # the class that outside identifiers of a kind belong to


class ExpiryStep(StrEnum):
    """The last step that the erasure of a class has finished, in this order."""

    RESTRICTED = "restricted"  # nothing of the class is opened or sealed
    DESTROYED = "destroyed"  # its keys are gone
    DELETED = "deleted"  # so are ciphertext, keyed digests and shortcuts
    RECORDED = "recorded"  # ClassErased is in the ledger
    DONE = "done"


class RetirementStep(StrEnum):
    """The last step that a retirement of events has finished, in this order."""

    COVERED = "covered"  # a signed checkpoint holds the event that says so
    RETIRED = "retired"  # the bytes gave way
    DONE = "done"  # nothing that was made of them is left


@dataclass(frozen=True, slots=True)
class Expiry:
    """The erasure of a class under way, by the position of the event that began it."""

    position: int
    step: ExpiryStep
    ids: tuple[str, ...]
    of: str
    parts: int
    identifiers: int


class HeldClass(NamedTuple):
    """A class in which texts of a subject (`person/p-…`) are kept, and when the last of them was recorded."""

    subject: str
    of: str
    last: datetime


class IdleStream(NamedTuple):
    """A stream that may give way: when it last went on or was named, where its events stand, and whom they name."""

    stream: str
    last: datetime
    positions: Sequence[int]
    subjects: Sequence[str]


class ExpiringPlace:
    """Where what runs out in one ledger is carried out. Everything blocks on the database."""

    def __init__(self, pool: ConnectionPool[Connection], schema: str, keys_schema: str, keys: DataKeys) -> None:
        self._pool, self._schema, self._keys = pool, schema, keys
        self._statements = load("ledger.privacy", "expiring.sql").bind(schema=schema, keys=keys_schema)

    # ---- classes of texts

    def held(self) -> list[HeldClass]:
        """Return the classes in which texts of persons and candidates are kept."""
        return [HeldClass(*row) for row in self._rows("find_held")]

    def expiring(self) -> list[int]:
        """Return the positions at which it was said that a class runs out, where that is not done."""
        return [position for (position,) in self._rows("find_expiring")]

    def find(self, position: int) -> Expiry | None:
        """Return the erasure that the event at a position began, None before it did."""
        found = self._rows("read_expiry", (position,))
        return Expiry(position, ExpiryStep(found[0][0]), tuple(found[0][1]), *found[0][2:]) if found else None

    def begin(self, position: int, ids: Sequence[str], of: str) -> Expiry:
        """Close a class of the subject under all its ids, and note what is kept of it; again, the same as at first."""
        self._keys.close((id, of) for id in ids)
        found = any(FOUND_BY.get(id.partition("/")[0]) == of for id in ids)
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_subjects"), (self._schema,))
            asked = {"position": position, "ids": list(ids), "class": of, "found": found}
            connection.execute(self._sql("insert_expiry"), asked)
        begun = self.find(position)
        if begun is None:
            raise LookupError("what has begun is there")
        return begun

    def destroy(self, expiry: Expiry) -> None:
        """Destroy the keys of the class."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_subjects"), (self._schema,))
            connection.execute(self._sql("delete_class_keys"), (list(expiry.ids), expiry.of))

    def delete(self, expiry: Expiry) -> None:
        """Delete the ciphertext of the class, shortcuts, and where it is what they are found by, keyed digests."""
        ids = list(expiry.ids)
        found = [id for id in ids if FOUND_BY.get(id.partition("/")[0]) == expiry.of]
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("delete_class_sealed"), (ids, expiry.of))
            connection.execute(self._sql("delete_lookups_of"), (found,))
            connection.execute(self._sql("delete_snapshots_of"), (ids,))

    def advance(self, expiry: Expiry, step: ExpiryStep) -> Expiry:
        """Note that a step is finished."""
        self._run("advance_expiry", (step.value, expiry.position))
        return replace(expiry, step=step)

    # ---- streams of events

    def jurisdictions(self) -> list[str]:
        """Return the jurisdictions that have a retention schedule."""
        return [str(stream).partition("/")[2] for (stream,) in self._rows("find_schedules")]

    def idle(self, kind: str, before: datetime, signed: int) -> list[IdleStream]:
        """Return the streams of a kind that did not go on since `before` and lie within the first `signed` events."""
        return [IdleStream(*row) for row in self._rows("find_idle", {"kind": kind, "before": before, "signed": signed})]

    def retiring(self) -> list[int]:
        """Return the positions at which it was said that events give way, where that is not done."""
        return [position for (position,) in self._rows("find_retiring")]

    def step_of(self, position: int) -> RetirementStep | None:
        """Return the last step of a retirement, None before the first."""
        found = self._rows("read_retirement", (position,))
        return RetirementStep(found[0][0]) if found else None

    def note(self, position: int, step: RetirementStep) -> None:
        """Note that a step of a retirement is finished."""
        self._run("advance_retirement", (position, step.value))

    def retire(self, position: int) -> list[str]:
        """Let the events give way that the event at a position names; return their streams, whose keys go too."""
        streams = [stream for (stream,) in self._rows("retire_events", (position,))]
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_subjects"), (self._schema,))
            connection.execute(self._sql("delete_keys_of"), (streams,))
        return streams

    # A row of the database is typed by its statement, which the type checker cannot see.

    def _rows(self, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(self._sql(name), params).fetchall()

    def _run(self, name: str, params: Params) -> None:
        with self._pool.connection() as connection:
            connection.execute(self._sql(name), params)

    def _sql(self, name: str) -> bytes:
        return self._statements[name].encode()
