"""The year, lived once for all tests: its events as stored, its people by handle, its tokens and what they opened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from api.demonstration import BEGINS, CUT_OVER, ZONE_NAME, live
from api.demonstration.company import PEOPLE
from ledger.application import Caller, Ledger, make_ledger
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import decode_raw
from ledger.kernel.ids import uuid7
from ledger.store.ledgers import drop_ledger


@dataclass(frozen=True)
class Year:
    """What is left when the year has been lived."""

    stored: list[bytes]
    people: dict[str, str]  # handle -> id
    callers: dict[str, tuple[Caller, frozenset[str]]]  # role of the token -> who it is, and their roles
    told: list[tuple[int, int]]
    clock_after: datetime
    seconds: float

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Every event, in order."""
        return [decode_raw(stored) for stored in self.stored]

    def of(self, *names: str, stream: str | None = None) -> list[dict[str, Any]]:
        """Return the events of these names (topics without their context), of one stream or all."""
        return [
            event
            for event in self.events
            if event["topic"].split(".")[1] in names and stream in (None, event["stream"])
        ]

    def nick(self, id: str) -> str:
        """Return the handle of a person's id."""
        return next(nick for nick, known in self.people.items() if known == id.removeprefix("person/"))


async def _lived(conninfo: str, name: str, keys: Path, clock: SimulatedClock) -> Year:
    told: list[tuple[int, int]] = []
    ledger = await Ledger.open(conninfo, name, keys, clock)
    try:
        began = time.perf_counter()
        tokens = await live(ledger, clock, lambda done, whole: told.append((done, whole)))
        seconds = time.perf_counter() - began
        callers = {role: await ledger.authenticate(token) for role, token in tokens.items()}
        roles = {role: (caller, await ledger.roles_of(caller)) for role, caller in callers.items()}
        found = await ledger.find_all("handle", [person.nick for person in PEOPLE])
        people = {nick: subject.removeprefix("person/") for nick, subject in found.items()}
        stored = [bytes(one) for _, one in await asyncio.to_thread(ledger.reader.page, 0, 100_000)]
        return Year(stored, people, roles, told, clock.now(), seconds)
    finally:
        await ledger.close()


@pytest.fixture(scope="session")
def year(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """The year, lived on a ledger of its own."""
    keys, name = tmp_path_factory.mktemp("keys"), f"year_{uuid7().hex()[:12]}"
    clock = SimulatedClock(BEGINS)
    make_ledger(database_url, name, keys, host="demo.example", zone=ZONE_NAME, cut_over=CUT_OVER, clock=clock)
    yield asyncio.run(_lived(database_url, name, keys, clock))
    drop_ledger(database_url, name)
