"""A company whose clock the tests set, and the rules that follow it step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ledger.application import Ledger
from ledger.domain.duties import DutyState
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import Entry, decode
from ledger.rules import Engine, Sight
from tests.use_cases.company import HIRED, Company

CUT_OVER = date(2026, 1, 1)
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, nine in the morning in Shanghai
SET_UP: dict[str, Any] = {"effective_at": HIRED, "reason": "set-up"}


@dataclass
class World:
    """A company, its clock and its rules. `boss` > `lin` (sales) > `wang`, `mei`; `hu` is HR partner of sales."""

    company: Company
    clock: SimulatedClock
    engine: Engine
    conninfo: str
    keys: Path

    @property
    def ledger(self) -> Ledger:
        return self.company.ledger

    def id(self, nickname: str) -> str:
        """Return somebody's id."""
        return self.company.people[nickname].id

    async def does(self, actor: str, plural: str, verb: str, id: str | None = None, **fields: Any) -> str:
        """Record what somebody does, let the rules follow, and return the id of the stream."""
        receipt = await self.company.does(actor, plural, verb, id, **fields)
        await self.engine.pass_to()
        return receipt.stream.partition("/")[2]

    async def on(self, day: str, hour: int = 1) -> None:
        """Let the clock come to a day, and the rules of the clock run."""
        self.clock.set(datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC))
        await self.engine.tick()

    async def goal(self, owner: str = "wang", by: str = "lin", **fields: Any) -> str:
        """Assign a goal of a rising metric over the second quarter; return its id."""
        terms = {
            "title": "Customers",
            "metric": "customers",
            "baseline": "0",
            "target": "90",
            "starts_on": "2026-03-02",
            "ends_on": "2026-05-30",
            **fields,
        }
        return await self.does(by, "goals", "assign", owner={"kind": "person", "id": self.id(owner)}, **terms)

    def entries(self, topic: str | None = None) -> list[Entry]:
        """Return what is recorded, of one topic or of all."""
        found = [decode(stored) for _, stored in self.ledger.reader.page(0, 100_000)]
        return [entry for entry in found if topic is None or entry.topic == topic]

    async def duties(self, kind: str, *, about: str | None = None) -> list[DutyState]:
        """Return the states of the duties of a kind, in the order in which they were opened."""
        opened = [e for e in self.entries("duties.DutyOpened") if e.data["kind"] == kind]
        ids = [e.stream.partition("/")[2] for e in opened if about is None or e.data["subject"]["id"] == about]
        return [await self.ledger.judged(lambda facts, id=id: facts.state("duty", id)) for id in ids]  # type: ignore[misc]  # the default binds the id

    async def duty(self, kind: str, **of: Any) -> DutyState:
        """Return the state of the one duty of a kind."""
        (only,) = await self.duties(kind, **of)
        return only


@asynccontextmanager
async def a_world(conninfo: str, name: str, keys: Path, sight: Sight | None = None) -> AsyncIterator[World]:
    """Yield the company on the morning of the first day; everybody in it was hired long ago."""
    clock = SimulatedClock(START)
    ledger = await Ledger.open(conninfo, name, keys, clock)
    world = World(Company(ledger), clock, Engine(ledger, sight), conninfo, keys)
    try:
        await _people(world.company)
        await world.engine.pass_to()
        yield world
    finally:
        await ledger.close()


async def _people(company: Company) -> None:
    for nickname in ("hr", "second_hr"):
        await company.joins(nickname)
        await company.does("system", "access", "grant", company.people[nickname].id, role="hr_administrator")
    await company.does("hr", "units", "form", "company", label="The company", **SET_UP)
    await company.does("hr", "units", "form", "sales", label="Sales", parent="company", **SET_UP)
    for nickname, unit in (("boss", "company"), ("lin", "sales"), ("hu", "company"), ("zhou", "company")):
        await company.joins(nickname, unit=unit)
    for nickname, unit in (("boss", "company"), ("lin", "sales")):
        await company.does("hr", "units", "appoint-lead", unit, lead=company.people[nickname].id, **SET_UP)
    await company.does("hr", "units", "assign-hr-partner", "sales", partner=company.people["hu"].id, **SET_UP)
    for nickname in ("wang", "mei"):
        await company.joins(nickname, unit="sales")
    await company.does(
        "hr", "metrics", "define", "customers", label="Customers", unit_of_measure="n", direction="increase",
        combines="sum",
    )  # fmt: skip


Story = Callable[[World], Awaitable[None]]
