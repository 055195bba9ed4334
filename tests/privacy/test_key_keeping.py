"""Key keeping: what is ordered is carried out, on its day, once, from wherever it stopped, and stands on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from ledger.asking import Ask
from ledger.domain.privacy.key_epochs import (
    DayPassed,
    KeyEpochGone,
    KeyEpochInUse,
    NotTheNextEpoch,
    OrderKeyEpoch,
    ScheduleKeyDestruction,
)
from ledger.kernel.event import decode
from ledger.kernel.moments import day_of
from ledger.key_keeping import KEYS_CALLER, Rhythm, keep, order_when_old, standing
from ledger.privacy.data_keys import DataKeys
from ledger.privacy.epochs import KeyEpochs
from ledger.store.ledgers import keys_schema_of
from tests.privacy.conftest import Play
from tests.use_cases.company import Company

Backup = list[tuple[Any, ...]]


@dataclass
class Later:
    """A clock that goes so many days ahead of this machine's."""

    days: int = 0
    kind = "real"

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


def _day(company: Company, days: int) -> str:
    return (day_of(datetime.now(UTC), company.ledger.zone) + timedelta(days=days)).isoformat()


async def _order(company: Company, epoch: int, *, kept_days: int) -> None:
    command = OrderKeyEpoch.model_validate({"destroy_former_on": _day(company, kept_days)})
    await company.ledger.record(Ask(command, "key-epoch", str(epoch), KEYS_CALLER, source=KEYS_CALLER.id))


async def _schedule(company: Company, epoch: int, *, on: str) -> None:
    command = ScheduleKeyDestruction.model_validate({"destroy_on": on})
    await company.ledger.record(Ask(command, "key-epoch", str(epoch), KEYS_CALLER, source=KEYS_CALLER.id))


def _topics(company: Company, *epochs: int) -> list[str]:
    stored = [event for epoch in epochs for event in company.ledger.reader.events_of(f"key-epoch/{epoch}")]
    return [decode(event).topic.removeprefix("privacy.") for event in stored]


def _backup(company: Company) -> Backup:
    keys = keys_schema_of(company.ledger.name)
    with company.ledger.reader.pool.connection() as connection:
        found: Backup = connection.execute(
            f"select subject, retention, epoch, wrapped from {keys}.data_keys".encode()
        ).fetchall()
        return found


def _restore(company: Company, backup: Backup) -> None:
    keys = keys_schema_of(company.ledger.name)
    with company.ledger.reader.pool.connection() as connection, connection.transaction():
        connection.execute(f"delete from {keys}.data_keys".encode())
        with connection.cursor() as cursor:
            cursor.executemany(f"insert into {keys}.data_keys values (%s, %s, %s, %s)".encode(), backup)


def _fresh_keys(company: Company) -> DataKeys:
    """Return the data keys as a process that has just begun reads them."""
    ledger = company.ledger
    return DataKeys(ledger.reader.pool, keys_schema_of(ledger.name), ledger.reader.schema, ledger.secrets)


def test_on_its_day_an_epoch_is_destroyed_and_an_old_backup_opens_nothing(play: Play):
    async def story(company: Company) -> None:
        ledger, clock = company.ledger, Later()
        ledger.clock = clock
        owner = (f"person/{company.people['wang'].id}", "identity")
        backup = _backup(company)
        await _order(company, 2, kept_days=30)
        await keep(ledger, ledger.epochs)
        assert ledger.epochs.counts() == {1: 0, 2: len(backup)}
        assert _topics(company, 1, 2) == ["KeyDestructionScheduled", "KeyEpochOrdered", "KeyEpochBegun"]
        clock.days = 29
        await keep(ledger, ledger.epochs)
        assert set(ledger.epochs.counts()) == {1, 2}
        clock.days = 31  # a day late, as after a week-end without a service
        await keep(ledger, ledger.epochs)
        assert ledger.epochs.counts() == {2: len(backup)}
        assert _topics(company, 1) == ["KeyDestructionScheduled", "KeyEpochDestroyed"]
        assert isinstance(_fresh_keys(company).read([owner])[owner], AESGCMSIV)
        size = ledger.reader.head().size
        await keep(ledger, ledger.epochs)
        assert ledger.reader.head().size == size, "done again it changes nothing"
        _restore(company, backup)
        assert _fresh_keys(company).read([owner]) == {}
        await _order(company, 3, kept_days=60)
        await keep(ledger, ledger.epochs)  # keys that nobody can open stop no later epoch
        assert _fresh_keys(company).read([owner]) == {}

    play(story)


def test_keys_that_a_backup_brought_back_in_time_leave_the_epoch_before_it_is_destroyed(play: Play):
    async def story(company: Company) -> None:
        ledger, owner = company.ledger, (f"person/{company.people['wang'].id}", "identity")
        backup = _backup(company)
        await _order(company, 2, kept_days=0)
        ledger.epochs.reach(2)
        _restore(company, backup)
        await keep(ledger, ledger.epochs)
        assert ledger.epochs.counts() == {2: len(backup)}
        assert isinstance(_fresh_keys(company).read([owner])[owner], AESGCMSIV)

    play(story)


class CutOff(BaseException):
    """Stands for the end of the process: nothing catches it."""


class CutOffEpochs(KeyEpochs):
    """Epochs whose process ends right after a step was done and before it is recorded."""

    step = ""

    def reach(self, epoch: int) -> int:
        done = super().reach(epoch)
        if self.step == "reach":
            raise CutOff()
        return done

    def destroy(self, epoch: int) -> Any:
        done = super().destroy(epoch)
        if self.step == "destroy":
            raise CutOff()
        return done


@pytest.mark.parametrize("step", ["reach", "destroy"])
def test_cut_off_between_act_and_record_it_ends_the_same(play: Play, step: str):
    async def story(company: Company) -> None:
        ledger = company.ledger
        held = len(_backup(company))
        await _order(company, 2, kept_days=0)
        epochs = CutOffEpochs(ledger.reader.pool, ledger.reader.schema, keys_schema_of(ledger.name), ledger.secrets)
        epochs.step = step
        with pytest.raises(CutOff):
            await keep(ledger, epochs)
        await keep(ledger, ledger.epochs)
        assert ledger.epochs.counts() == {2: held}
        assert _topics(company, 1, 2) == [
            "KeyDestructionScheduled",
            "KeyEpochDestroyed",
            "KeyEpochOrdered",
            "KeyEpochBegun",
        ]

    play(story)


def test_a_key_that_was_half_destroyed_is_never_read_and_goes(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        await _order(company, 2, kept_days=0)
        ledger.epochs.reach(2)
        path = ledger.secrets.epoch_path(1)
        doomed = path.rename(path.with_name(f".{path.name}.destroyed"))  # where a process ended before it wrote over it
        await keep(ledger, ledger.epochs)
        assert not doomed.exists()
        assert _topics(company, 1)[-1] == "KeyEpochDestroyed"

    play(story)


def test_what_is_refused(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        with pytest.raises(NotTheNextEpoch):
            await _order(company, 3, kept_days=0)
        with pytest.raises(DayPassed):
            await _order(company, 2, kept_days=-1)
        with pytest.raises(KeyEpochInUse):
            await _schedule(company, 1, on=_day(company, 0))
        await _order(company, 2, kept_days=5)
        await keep(ledger, ledger.epochs)
        await _schedule(company, 1, on=_day(company, 0))  # sooner than was said
        await keep(ledger, ledger.epochs)
        assert set(ledger.epochs.counts()) == {2}
        with pytest.raises(KeyEpochGone):
            await _schedule(company, 1, on=_day(company, 0))

    play(story)


def test_by_a_rhythm_an_epoch_is_ordered_when_the_newest_is_old(play: Play):
    async def story(company: Company) -> None:
        ledger, clock, rhythm = company.ledger, Later(), Rhythm(every_days=90, kept_days=30)
        ledger.clock, opened_at = clock, datetime.now(UTC)
        for days, newest in ((89, 1), (91, 2), (89, 2)):
            clock.days = days
            await order_when_old(ledger, rhythm, opened_at)
            await keep(ledger, ledger.epochs)
            assert max(ledger.epochs.counts()) == newest
        found = await ledger.judged(standing)
        assert found[1].destroy_on == day_of(Later(91).now(), ledger.zone) + timedelta(days=30)

    play(story)
