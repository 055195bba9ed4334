"""A founded ledger for each test, and the company that acts in it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ledger.application import make_ledger
from ledger.kernel.ids import uuid7
from ledger.store.ledgers import drop_ledger
from tests.use_cases.company import CUT_OVER, Company, a_company

_numbers = itertools.count(1)
Play = Callable[[Callable[[Company], Awaitable[None]]], None]


@pytest.fixture
def founded(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The name of a ledger that was founded in Shanghai; its keys lie in `tmp_path`."""
    name = f"case_{uuid7().hex()[:12]}_{next(_numbers)}"
    make_ledger(database_url, name, tmp_path, host="ledger.example", zone="Asia/Shanghai", cut_over=CUT_OVER)
    yield name
    drop_ledger(database_url, name)


@pytest.fixture
def play(database_url: str, founded: str, tmp_path: Path) -> Play:
    """``play(story)`` runs a coroutine function on a fresh company."""

    def run(story: Callable[[Company], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with a_company(database_url, founded, tmp_path) as company:
                await story(company)

        asyncio.run(whole())

    return run
