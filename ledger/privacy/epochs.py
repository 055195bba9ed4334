"""Epochs of the key that wraps data keys: begun, left by every data key, and destroyed, with all old backups' worth."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load
from ledger.privacy.secrets import LedgerSecrets, SecretMissing, sync_folder

Row = tuple[str, str, int, bytes]  # data subject, retention class, epoch, wrapped key


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
        fresh = self._secrets.epochs()[-1] + 1
        self.reach(fresh)
        return fresh

    def reach(self, epoch: int) -> int:
        """Have the epoch begun, and every data key that opens wrapped by the newest; return how many that are.

        Done again, or by two processes at once, it is the same. A key that came back from an old backup and whose
        epoch is destroyed stays as it is: nobody can open it.
        """
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_keys"), (self._schema,))
            while self._secrets.epochs()[-1] < epoch:
                self._secrets.begin_epoch()
            newest = self._secrets.epochs()[-1]
            rows: list[Row] = connection.execute(self._sql("read_older"), (newest,)).fetchall()
            with connection.cursor() as cursor:
                cursor.executemany(self._sql("move_key"), self._moved(rows, newest))
            counted: dict[int, int] = dict(connection.execute(self._sql("count_by_epoch")).fetchall())
        return counted.get(newest, 0)

    def _moved(self, rows: list[Row], newest: int) -> list[tuple[bytes, int, str, str]]:
        wrapping, moved = self._secrets.epoch_key(newest), []
        for subject, retention, epoch, wrapped in rows:
            try:
                key = aes_key_unwrap(self._secrets.epoch_key(epoch), bytes(wrapped))
            except SecretMissing:
                continue
            moved.append((aes_key_wrap(wrapping, key), newest, subject, retention))
        return moved

    def destroy(self, epoch: int) -> Path:
        """Destroy the key of an epoch that wraps nothing any more; return where it was. Raises EpochInUse.

        Done again it is the same. The key leaves its place before it is written over: no half-destroyed key is read.
        """
        path = self._secrets.epoch_path(epoch)
        doomed = path.with_name(f".{path.name}.destroyed")
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._sql("lock_keys"), (self._schema,))
            if path.exists():
                used: dict[int, int] = dict(connection.execute(self._sql("count_by_epoch")).fetchall())
                if used.get(epoch) or epoch == self._secrets.epochs()[-1]:
                    raise EpochInUse(epoch)
                path.rename(doomed)
                sync_folder(path.parent)
            _wipe(doomed)
        return path

    def _sql(self, name: str) -> bytes:
        return self._statements[name].encode()


def _wipe(path: Path) -> None:
    """Write over a file, have that on disk, and take the file away; one that is not there is gone already."""
    try:
        handle = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return
    try:
        os.write(handle, os.urandom(os.fstat(handle).st_size))
        os.fsync(handle)
    finally:
        os.close(handle)
    path.unlink()
    sync_folder(path.parent)
