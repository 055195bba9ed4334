"""Epochs: after one is destroyed an old backup of the keys opens nothing, and everything held is still read."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from ledger.kernel.event import decode
from ledger.privacy.data_keys import DataKeys
from ledger.privacy.epochs import EpochInUse, KeyEpochs
from ledger.store.ledgers import keys_schema_of
from tests.privacy.conftest import Play
from tests.use_cases.company import Company


def test_a_destroyed_epoch_takes_old_backups_with_it(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        schema, keys = ledger.reader.schema, keys_schema_of(ledger.name)
        epochs = KeyEpochs(ledger.reader.pool, schema, keys, ledger.secrets)
        held = epochs.counts()[1]
        with ledger.reader.pool.connection() as connection:
            statement = f"select subject, retention, epoch, wrapped from {keys}.data_keys"
            backup = connection.execute(statement.encode()).fetchall()
        with pytest.raises(EpochInUse):
            epochs.destroy(1)
        assert epochs.rotate() == 2
        assert epochs.counts() == {1: 0, 2: held}
        epochs.destroy(1)
        assert epochs.counts() == {2: held}
        with pytest.raises(EpochInUse):
            epochs.destroy(2)
        fresh = DataKeys(ledger.reader.pool, keys, schema, ledger.secrets)  # nothing in memory
        owner = (f"person/{company.people['wang'].id}", "identity")
        assert isinstance(fresh.read([owner])[owner], AESGCMSIV)
        with ledger.reader.pool.connection() as connection, connection.transaction():
            connection.execute(f"delete from {keys}.data_keys".encode())
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into {keys}.data_keys values (%s, %s, %s, %s)".encode(), backup)
        restored = DataKeys(ledger.reader.pool, keys, schema, ledger.secrets)
        assert restored.read([owner]) == {}

    play(story)


def test_keys_are_made_in_the_epoch_in_use(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        epochs = KeyEpochs(ledger.reader.pool, ledger.reader.schema, keys_schema_of(ledger.name), ledger.secrets)
        epochs.rotate()
        epochs.destroy(1)
        id = await company.joins("mei")
        born = decode(ledger.reader.events_of(f"person/{id}")[0])
        assert ledger.open_parts(born.event_id)["0"]["name"] == "Mei"

    play(story)
