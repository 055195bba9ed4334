"""A process full of writers, for the tests that need several at once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from ledger.kernel.append import Append, Appended, AppendError, StaleVersion, StoreUnavailable
from ledger.store.writer import Writer
from tests.store.requests import draft


@dataclass
class Account:
    """What the callers of one process were told."""

    positions: list[int] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def run_writers(
    service_url: str, ledger_name: str, *, writers: int, requests: int, seed: int, head_lock: bool
) -> Account:
    """Append `requests` requests through each of `writers` writers, some stale on purpose; return what was answered."""
    return asyncio.run(_run(service_url, ledger_name, writers, requests, Random(seed), head_lock))


async def _run(
    service_url: str, ledger_name: str, writers: int, requests: int, random: Random, head_lock: bool
) -> Account:
    account = Account()

    async def call(writer: Writer) -> None:
        for _ in range(requests):
            stale = random.random() < 0.1
            drafts = [draft(f"goal/{random.randrange(50)}") for _ in range(random.choice([1, 1, 1, 5]))]
            expected = {drafts[0].stream: 10**6} if stale else {}
            try:
                outcome = await writer.append(Append(drafts, expected))
                assert isinstance(outcome, Appended)
                account.positions += range(outcome.first, outcome.first + len(drafts))
            except AppendError as refusal:
                unasked = isinstance(refusal, StaleVersion) and not stale
                account.refusals["Untrue" if unasked else type(refusal).__name__] += 1

    running = [
        Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC), head_lock=head_lock) for _ in range(writers)
    ]
    for writer in running:
        await _started(writer)
    await asyncio.gather(*map(call, running))
    for writer in running:
        await writer.close()
    return account


async def _started(writer: Writer) -> None:
    """Start a writer; whoever kills sessions meanwhile may have to do so again."""
    for _ in range(20):
        try:
            return await writer.start()
        except StoreUnavailable:
            continue
    raise AssertionError("no session lived long enough to start")
