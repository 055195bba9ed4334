"""A founded ledger with a simulated clock for each test, and the company that lives in it."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from ledger.application import make_ledger
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.ids import uuid7
from ledger.rules import Sight
from ledger.store.ledgers import drop_ledger
from tests.rules.world import CUT_OVER, START, Story, a_world

_numbers = itertools.count(1)


class Play(Protocol):
    """``play(story)`` runs a coroutine function on a fresh company; its rules see by `sight`."""

    def __call__(self, story: Story, sight: Sight | None = None) -> None: ...


@pytest.fixture
def founded(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The name of a ledger that was founded in Shanghai under a simulated clock; its keys lie in `tmp_path`."""
    name = f"rules_{uuid7().hex()[:12]}_{next(_numbers)}"
    clock = SimulatedClock(START)
    make_ledger(
        database_url, name, tmp_path, host="ledger.example", zone="Asia/Shanghai", cut_over=CUT_OVER, clock=clock
    )
    yield name
    drop_ledger(database_url, name)


@pytest.fixture
def play(database_url: str, founded: str, tmp_path: Path) -> Play:
    """Runs a story."""

    def run(story: Story, sight: Sight | None = None) -> None:
        async def whole() -> None:
            async with a_world(database_url, founded, tmp_path, sight) as world:
                await story(world)

        asyncio.run(whole())

    return run
