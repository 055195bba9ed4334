"""Erasing: the steps of an erasure in the database, each of which may be done again without another effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load
from ledger.privacy.data_keys import DataKeys


class Step(StrEnum):
    """The last step that an erasure has finished, in this order."""

    RESTRICTED = "restricted"  # nothing is opened or sealed any more; the tombstones stand
    DESTROYED = "destroyed"  # the keys are gone, and with them the meaning of every ciphertext
    PURGED = "purged"  # keyed digests and shortcuts are gone
    RECORDED = "recorded"  # SubjectErased is in the ledger, where every subscriber reads it
    DELETED = "deleted"  # the ciphertext is gone
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Erasing:
    """An erasure under way: all ids of the subject, what was kept of them when it began, and its last step."""

    subject: str
    step: Step
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    parts: int
    identifiers: int


class ErasingPlace:
    """Where erasures of one ledger are carried out. Everything blocks on the database."""

    def __init__(self, pool: ConnectionPool[Connection], schema: str, keys_schema: str, keys: DataKeys) -> None:
        self._pool, self._schema, self._keys = pool, schema, keys
        self._statements = load("ledger.privacy", "erasing.sql").bind(schema=schema, keys=keys_schema)

    def unfinished(self) -> list[str]:
        """Return the subjects whose erasure is confirmed and not done."""
        with self._pool.connection() as connection:
            rows = connection.execute(self._sql("find_unfinished")).fetchall()
        return [str(stream).partition("/")[2] for (stream,) in rows]

    def merged_with(self, subject: str) -> list[str]:
        """Return the ids that were ever merged into the subject, over any number of steps, its own first."""
        found, fresh = [subject], [subject]
        with self._pool.connection() as connection:
            while fresh:
                rows = connection.execute(self._sql("find_merged"), (fresh,)).fetchall()
                fresh = [id for (id,) in rows if id not in found]
                found += fresh
        return found

    def find(self, subject: str) -> Erasing | None:
        """Return the erasure of a subject as far as it has come, None before it began."""
        with self._pool.connection() as connection:
            row = connection.execute(self._sql("read_erasure"), (subject,)).fetchone()
        if row is None:
            return None
        step, ids, classes, parts, identifiers = row
        return Erasing(subject, Step(step), tuple(ids), tuple(classes), parts, identifiers)

    def begin(self, subject: str, ids: Sequence[str]) -> Erasing:
        """Restrict the subject under all its ids, and note what is kept of them; again, the same as at first."""
        self._keys.restrict(ids)
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_subjects"), (self._schema,))
            connection.execute(self._sql("insert_tombstones"), (list(ids),))
            counted = connection.execute(self._sql("count_held"), {"ids": list(ids)}).fetchone()
            if counted is None:
                raise LookupError("a count has a row")
            connection.execute(self._sql("insert_erasure"), (subject, list(ids), *counted))
        begun = self.find(subject)
        if begun is None:
            raise LookupError("what has begun is there")
        return begun

    def destroy(self, erasing: Erasing) -> None:
        """Destroy the keys."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_subjects"), (self._schema,))
            connection.execute(self._sql("delete_keys_of"), (list(erasing.ids),))

    def purge(self, erasing: Erasing) -> None:
        """Take away keyed digests, shortcuts, and what was said of parked events."""
        ids = {"ids": list(erasing.ids)}
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("delete_lookups_of"), (list(erasing.ids),))
            connection.execute(self._sql("delete_snapshots_of"), ids)
            if connection.execute(self._sql("find_parked")).fetchone() is not None:
                connection.execute(self._sql("empty_parked_of"), ids)

    def refused(self) -> list[int]:
        """Return where in the control log the refused attempts stand that name whoever has a tombstone."""
        with self._pool.connection() as connection:
            return [number for (number,) in connection.execute(self._sql("find_refused")).fetchall()]

    def delete(self, erasing: Erasing) -> None:
        """Delete the ciphertext."""
        with self._pool.connection() as connection:
            connection.execute(self._sql("delete_sealed_of"), (list(erasing.ids),))

    def advance(self, erasing: Erasing, step: Step) -> Erasing:
        """Note that a step is finished."""
        with self._pool.connection() as connection:
            connection.execute(self._sql("advance_erasure"), (step.value, erasing.subject))
        return replace(erasing, step=step)

    def _sql(self, name: str) -> bytes:
        return self._statements[name].encode()
