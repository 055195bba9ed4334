"""A small company to act in: who is who, and short ways to say what somebody does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ledger.application import SYSTEM_CALLER, Ask, Caller, Idempotency, Ledger, Receipt
from ledger.domain import COMMANDS, STREAM_KINDS

HIRED = "2025-01-01"


@dataclass
class Company:
    """A ledger and its people by nickname; `boss` leads the company, `lin` the unit `sales`, `wang` works there."""

    ledger: Ledger
    people: dict[str, Caller] = field(default_factory=dict)

    async def does(
        self,
        actor: str,
        plural: str,
        verb: str,
        id: str | None = None,
        *,
        key: Idempotency | None = None,
        **fields: Any,
    ) -> Receipt:
        """Record what somebody does; the actor is a nickname, or `system`."""
        return await self.ledger.record(self.ask(actor, plural, verb, id, **fields), idempotency=key)

    def ask(self, actor: str, plural: str, verb: str, id: str | None = None, **fields: Any) -> Ask:
        """Return the ask without recording it."""
        command = COMMANDS[plural, verb]
        caller = SYSTEM_CALLER if actor == "system" else self.people[actor]
        if_match = fields.pop("if_match", None)
        kind = next(kind for kind, stream in STREAM_KINDS.items() if stream.plural == plural)
        return Ask(command.model_validate(fields), kind, id, caller, if_match)

    async def joins(self, nickname: str, *, unit: str | None = None) -> str:
        """Register and hire somebody; return their id."""
        by = "hr" if "hr" in self.people else "system"
        receipt = await self.does(by, "people", "register", name=nickname.title(), identifiers={"handle": nickname})
        id = receipt.stream.removeprefix("person/")
        self.people[nickname] = Caller(id, "token/test")
        if by == "hr":
            await self.does("hr", "people", "start-employment", id, effective_at=HIRED, reason="set-up")
        if unit is not None:
            await self.does("hr", "people", "assign-to-unit", id, unit=unit, effective_at=HIRED, reason="set-up")
        return id


@asynccontextmanager
async def a_company(conninfo: str, name: str, keys: Path) -> AsyncIterator[Company]:
    """Yield a company: hr and second_hr administrators, boss > lin > wang, and zhao in another unit."""
    ledger = await Ledger.open(conninfo, name, keys)
    company = Company(ledger)
    try:
        for nickname in ("hr", "second_hr"):
            await company.joins(nickname)
            await company.does("system", "access", "grant", company.people[nickname].id, role="hr_administrator")
        await _units(company)
        yield company
    finally:
        await ledger.close()


async def _units(company: Company) -> None:
    dated: dict[str, Any] = {"effective_at": HIRED, "reason": "set-up"}
    await company.does("hr", "units", "form", "company", label="The company", **dated)
    for unit in ("sales", "works"):
        await company.does("hr", "units", "form", unit, label=unit.title(), parent="company", **dated)
    for nickname, unit in (("boss", "company"), ("lin", "sales"), ("wang", "sales"), ("zhao", "works")):
        await company.joins(nickname, unit=unit)
    for nickname, unit in (("boss", "company"), ("lin", "sales")):
        await company.does("hr", "units", "appoint-lead", unit, lead=company.people[nickname].id, **dated)


CUT_OVER = date(2026, 1, 1)
