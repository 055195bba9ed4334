"""Holding: which personal records a hold was ever placed on."""

from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load


class HeldRecords:
    """The records of one ledger that are or were held. Blocks on the database."""

    def __init__(self, pool: ConnectionPool[Connection], schema: str) -> None:
        self._pool = pool
        self._find = load("ledger.privacy", "holding.sql").bind(schema=schema)["find_held"].encode()

    def streams(self, *, after: str, limit: int) -> list[str]:
        """Return a page of their streams (`personal-record/person/p-17`) in order, after one of them."""
        with self._pool.connection() as connection:
            rows = connection.execute(self._find, {"after": after, "limit": limit}).fetchall()
        return [str(stream) for (stream,) in rows]
