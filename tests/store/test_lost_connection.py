"""A connection lost at any point of an append: the answer is true, or says that it is not known."""

import asyncio
import gc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ledger.kernel.append import Appended, OutcomeUnknown, Repeated, StoreUnavailable
from ledger.store.reader import Reader
from ledger.store.writer import Writer
from tests.store.cutting_proxy import CuttingProxy
from tests.store.requests import append


@pytest.fixture
def proxy(service_url: str) -> Iterator[CuttingProxy]:
    """A proxy between the writer and the database."""
    with CuttingProxy(service_url) as running:
        yield running


def record_through(proxy: CuttingProxy, ledger_name: str, *, patience_s: float = 10.0) -> list[object]:
    """Record an event, then three at once while the armed proxy cuts, then one more; return the outcomes."""

    async def main() -> list[object]:
        writer = Writer(proxy.conninfo, ledger_name, clock=lambda: datetime.now(UTC), patience_s=patience_s)
        await writer.start()
        first = await writer.append(append("goal/first", 0))
        proxy.arm()
        calls = [writer.append(append(f"goal/{i}", 0, key=f"k-{i}")) for i in range(3)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        last = await asyncio.gather(writer.append(append("goal/last", 0)), return_exceptions=True)
        await writer.close()
        return [first, *outcomes, *last]

    outcomes = asyncio.run(main())
    assert proxy.cuts == 1
    return outcomes


def kinds(outcomes: list[object]) -> list[type]:
    """Return the classes of outcomes."""
    return [type(outcome) for outcome in outcomes]


def test_a_commit_whose_answer_is_lost_is_found(proxy: CuttingProxy, ledger_name: str, reader: Reader) -> None:
    """The events are there, so the callers get their true positions."""
    proxy.plan("commit_append", deliver=True)
    outcomes = record_through(proxy, ledger_name)
    assert kinds(outcomes) == [Appended] * 5
    assert [getattr(outcome, "first", 0) for outcome in outcomes] == [1, 2, 3, 4, 5]
    stored = reader.at(3)
    assert stored is not None
    recorded_at = getattr(outcomes[2], "recorded_at", datetime.now(UTC))
    assert f"{recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}".encode() in stored
    assert reader.head().size == 5


def test_a_commit_that_never_arrived_is_not_repeated(proxy: CuttingProxy, ledger_name: str, reader: Reader) -> None:
    """Nothing was recorded, and the callers are told so; the writer goes on."""
    proxy.plan("commit_append", deliver=False)
    outcomes = record_through(proxy, ledger_name)
    assert kinds(outcomes) == [Appended, StoreUnavailable, StoreUnavailable, StoreUnavailable, Appended]
    assert reader.head().size == 2


def test_a_loss_before_any_row_was_sent_is_healed(proxy: CuttingProxy, ledger_name: str, reader: Reader) -> None:
    """Nothing can have been recorded yet: the group is decided anew on a new connection."""
    proxy.plan("lock_head", deliver=False)
    assert kinds(record_through(proxy, ledger_name)) == [Appended] * 5
    assert reader.head().size == 5


def test_a_database_that_stays_away_leaves_the_outcome_open(
    proxy: CuttingProxy, ledger_name: str, reader: Reader
) -> None:
    """Recorded, but nobody can tell: the error says that, and the next request is refused as unavailable."""
    proxy.plan("commit_append", deliver=True, for_good=True)
    outcomes = record_through(proxy, ledger_name, patience_s=0.2)
    assert kinds(outcomes) == [Appended, OutcomeUnknown, OutcomeUnknown, OutcomeUnknown, StoreUnavailable]
    assert reader.head().size == 4


def test_the_same_key_is_safe_after_an_open_outcome(
    proxy: CuttingProxy, ledger_name: str, service_url: str, reader: Reader
) -> None:
    """The advice that OutcomeUnknown gives."""
    proxy.plan("commit_append", deliver=True, for_good=True)
    record_through(proxy, ledger_name, patience_s=0.2)

    async def main() -> object:
        writer = Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC))
        await writer.start()
        try:
            return await writer.append(append("goal/0", key="k-0"))
        finally:
            await writer.close()

    assert asyncio.run(main()) == Repeated(2, 1, b"answer")


def test_a_start_that_is_cut_off_leaves_no_session(service_url: str, ledger_name: str) -> None:
    """Whoever starts a writer goes away at any moment: what it opened is closed."""

    async def main() -> None:
        for turns in range(0, 20_000, 4):
            writer = Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC))
            task = asyncio.create_task(writer.start())
            for _ in range(turns):
                await asyncio.sleep(0)
            if task.done():
                await writer.close()
                return
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    gc.collect()  # a connection that nobody closed warns, and a warning is an error
