"""The year, lived once for all tests, and then served: its events as stored, its people by handle, its tokens."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvloop

from api.demonstration import BEGINS, CUT_OVER, ZONE_NAME, live
from api.demonstration.company import PEOPLE
from api.serving import Server, answer
from api.settings import Settings
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
    name: str
    keys: Path
    tokens: dict[str, str]  # role -> the token itself
    refused: list[tuple[str, str, str]]  # (actor, verb, code) of what was refused

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
        await ledger.refused.keep()
        attempts = await asyncio.to_thread(ledger.reader.refused, 0, 100)
        refused = [(one.actor, one.verb, one.code) for one in attempts]
        return Year(stored, people, roles, told, clock.now(), seconds, name, keys, tokens, refused)
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


@dataclass
class Served:
    """The ledger of the year in a running service."""

    year: Year
    server: Server
    loop: asyncio.AbstractEventLoop
    size: int  # of the ledger before the service began
    warned: list[logging.LogRecord]  # what the rules warn of
    _read: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        """The ledger as the service has it open."""
        return self.server.services.ledgers[self.year.name].ledger

    def settle(self) -> None:
        """Let the rules look at the clock of today, and return once every projection holds what is recorded."""
        served = self.server.services.ledgers[self.year.name]
        assert served.rules is not None
        for _ in range(2):  # the rules look up what is projected, and what they do is projected again
            size = self.ledger.reader.head().size
            assert all(served.runner.wait_for(status.name, size, 60) for status in served.runner.status())
            asyncio.run_coroutine_threadsafe(served.rules.tick(), self.loop).result(60)

    def get(self, path: str, role: str = "auditor", **query: str) -> dict[str, Any]:
        """Return an answer to somebody with a role."""
        headers = {"authorization": f"Bearer {self.year.tokens[role]}"}
        with httpx2.Client(base_url=self.server.address, headers=headers, timeout=60) as client:
            response = client.get(path, params=query or None)
        assert response.status_code == 200, (path, response.text)
        found: dict[str, Any] = response.json()
        return found

    def report(self, name: str, **query: str) -> list[dict[str, Any]]:
        """Return the lines of a report of the whole year, asked once."""
        key = f"{name} {sorted(query.items())}"
        if key not in self._read:
            self._read[key] = self.get(f"/reports/{name}", **query)
        lines: list[dict[str, Any]] = self._read[key]["lines"]
        return lines


class Watching(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.told: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.told.append(record)


@pytest.fixture(scope="session")
def served(year: Year, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The year's ledger, served with its projections and its rules on the real clock."""
    data = tmp_path_factory.mktemp("data")
    settings = Settings(host="127.0.0.1", port=0, data=data, keys=year.keys, ledger=year.name)
    ready, found = threading.Event(), list[tuple[Server, asyncio.AbstractEventLoop]]()

    def announce(server: Server) -> None:
        found.append((server, asyncio.get_running_loop()))
        ready.set()

    def serve() -> None:
        try:
            uvloop.run(answer(settings, database_url, announce))
        finally:
            ready.set()

    watching = Watching(logging.WARNING)
    logging.getLogger("ledger.rules").addHandler(watching)
    thread = threading.Thread(target=serve, name="service of the year")
    thread.start()
    ready.wait(60)
    server, loop = found[0]
    try:
        serving = Served(year, server, loop, len(year.stored), watching.told)
        serving.settle()
        yield serving
    finally:
        server.should_exit = True
        thread.join(30)
        logging.getLogger("ledger.rules").removeHandler(watching)
        assert not thread.is_alive()
