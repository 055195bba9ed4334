"""Epochs of the key that wraps data keys: begun, left by every data key, and destroyed, with all old backups' worth."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load
from ledger.privacy.secrets import LedgerSecrets


class EpochInUse(Exception):
    """Data keys are still wrapped by this epoch, or it is the one in use: destroyed, their texts would be lost."""


class KeyEpochs:
    """The epochs of one ledger. Whoever makes a data key waits meanwhile. Everything blocks on the database."""

    def __init__(self, pool: ConnectionPool[Connection], schema: str, keys_schema: str, secrets: LedgerSecrets) -> None:
        self._pool, self._schema, self._secrets = pool, schema, secrets
        self._statements = load("ledger.privacy", "epochs.sql").bind(keys=keys_schema)

    def counts(self) -> dict[int, int]:
        """Return epoch → how many data keys it wraps, for every epoch whose key is there."""
        with self._pool.connection() as connection:
            wrapped: dict[int, int] = dict(connection.execute(self._sql("count_by_epoch")).fetchall())
        return {epoch: wrapped.get(epoch, 0) for epoch in self._secrets.epochs()}

    def rotate(self) -> int:
        """Begin an epoch, wrap every data key anew by its key, and return its number."""
        fresh = self._secrets.begin_epoch()
        wrapping = self._secrets.epoch_key(fresh)
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_keys"), (self._schema,))
            rows = connection.execute(self._sql("read_older"), (fresh,)).fetchall()
            moved = [
                (aes_key_wrap(wrapping, aes_key_unwrap(self._secrets.epoch_key(epoch), bytes(wrapped))), fresh, *owner)
                for *owner, epoch, wrapped in rows
            ]
            with connection.cursor() as cursor:
                cursor.executemany(self._sql("move_key"), moved)
        return fresh

    def destroy(self, epoch: int) -> Path:
        """Destroy the key of an epoch that wraps nothing any more; return where it was. Raises EpochInUse."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_keys"), (self._schema,))
            used: dict[int, int] = dict(connection.execute(self._sql("count_by_epoch")).fetchall())
            if used.get(epoch) or epoch == self._secrets.epochs()[-1]:
                raise EpochInUse(epoch)
            path = self._secrets.epoch_path(epoch)
            path.write_bytes(os.urandom(path.stat().st_size))
            path.unlink()
        return path

    def _sql(self, name: str) -> bytes:
        return self._statements[name].encode()
