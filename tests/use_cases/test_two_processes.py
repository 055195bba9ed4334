"""What is counted over several streams holds between processes too: of two that race, exactly one records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.application import Ask, Ledger
from ledger.kernel.refusals import Refusal
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play
from tests.use_cases.test_policies import publish
from tests.use_cases.test_together import aim, goal

HALF: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", "scale": "abc", "grades": ["c", "b", "a"]}
STAGES = [{"stage": "review", "opens_on": "2026-07-01", "closes_on": "2026-07-31"}]


@asynccontextmanager
async def another(database_url: str, company: Company, keys: Path) -> AsyncIterator[Ledger]:
    """Yield the same ledger, opened once more as another process does; it follows only when it has to."""
    ledger = await Ledger.open(database_url, company.ledger.name, keys)
    await ledger._current.stop()
    try:
        yield ledger
    finally:
        await ledger.close()


async def outcome(ledger: Ledger, ask: Ask) -> str:
    """Return `done`, or the code of the refusal."""
    try:
        await ledger.record(ask)
    except Refusal as refusal:
        return refusal.code
    return "done"


async def race(ledgers: Sequence[Ledger], asks: Sequence[Ask]) -> list[str]:
    """Let each ledger record one of the asks at the same time; return the sorted outcomes."""
    return sorted(await asyncio.gather(*(outcome(one, ask) for one, ask in zip(ledgers, asks, strict=True))))


async def after(ledgers: Sequence[Ledger], asks: Sequence[Ask]) -> list[str]:
    """Let the ledgers record one after the other, the second on what it knew before; return the outcomes."""
    for ledger, ask in zip(ledgers, asks, strict=True):  # both have counted, and neither has recorded
        await ledger.record(ask, dry_run=True)
    return [await outcome(ledger, ask) for ledger, ask in zip(ledgers, asks, strict=True)]


async def shares(company: Company) -> list[Ask]:
    parent = await aim(company)
    return [company.ask("lin", "goals", "assign", **goal(company, "wang", parent=parent, share="0.6"))] * 2


async def weights(company: Company) -> list[Ask]:
    await aim(company)
    await publish(company, weights_total=100)
    return [company.ask("lin", "goals", "assign", **goal(company, "wang", weight="60"))] * 2


async def reviews(company: Company) -> list[Ask]:
    planned = await company.does("hr", "cycles", "plan", label="Spring", stages=STAGES, **HALF)
    cycle = planned.stream.removeprefix("cycle/")
    await company.does("hr", "cycles", "open", cycle)
    return [company.ask("hr", "reviews", "open", person=company.people["wang"].id, cycle=cycle)] * 2


async def units(company: Company) -> list[Ask]:
    moves = (("sales", "works"), ("works", "sales"))
    return [company.ask("hr", "units", "move", one, parent=other) for one, other in moves]


async def managers(company: Company) -> list[Ask]:
    wang, zhao = company.people["wang"].id, company.people["zhao"].id
    pairs = ((wang, zhao), (zhao, wang))
    return [company.ask("hr", "people", "assign-manager", one, manager=other) for one, other in pairs]


CASES = [
    (shares, "shares_exceed_parent"),
    (weights, "weights_exceed_total"),
    (reviews, "reviewed_already"),
    (units, "circle"),
    (managers, "circle"),
]


@pytest.mark.parametrize(("prepare", "code"), CASES, ids=[prepare.__name__ for prepare, _ in CASES])
def test_of_two_processes_that_count_the_same_exactly_one_records(
    play: Play, database_url: str, tmp_path: Path, prepare: Any, code: str
) -> None:
    async def story(company: Company) -> None:
        asks = await prepare(company)
        async with another(database_url, company, tmp_path) as ledger:
            assert await race((company.ledger, ledger), asks) == sorted(["done", code])
            assert await race((ledger, company.ledger), asks) == [code, code] or prepare in (units, managers)

    play(story)


@pytest.mark.parametrize(("prepare", "code"), CASES, ids=[prepare.__name__ for prepare, _ in CASES])
def test_who_counted_before_another_process_recorded_counts_again(
    play: Play, database_url: str, tmp_path: Path, prepare: Any, code: str
) -> None:
    async def story(company: Company) -> None:
        asks = await prepare(company)
        async with another(database_url, company, tmp_path) as ledger:
            assert await after((company.ledger, ledger), asks) == ["done", code]

    play(story)


def test_turns_go_on_between_processes_and_nobody_is_stopped_by_them(
    play: Play, database_url: str, tmp_path: Path
) -> None:
    async def story(company: Company) -> None:
        parent = await aim(company)
        ask = company.ask("lin", "goals", "assign", **goal(company, "wang", parent=parent, share="0.1"))
        async with another(database_url, company, tmp_path) as ledger:
            told = [await outcome(one, ask) for _ in range(3) for one in (company.ledger, ledger, ledger)]
            assert told == ["done"] * 9
            assert await race((ledger, company.ledger), [ask] * 2) == ["done", "shares_exceed_parent"]

    play(story)
