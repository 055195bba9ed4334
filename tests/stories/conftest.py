"""A service whose ledger has a simulated clock, with the company of the story in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.application import Ledger
from ledger.domain.identity import Role
from ledger.kernel.clock import Clock, SimulatedClock
from ledger.store.ledgers import drop_ledger
from tests.api.service import Service, recorded, running
from tests.stories.stage import ZONE, Stage

FIRST_DAY = datetime(2026, 1, 5, 8, tzinfo=ZONE)
SET_UP = {"effective_at": "2025-03-03", "reason": "set_up"}
HOMES = {
    "boss": "company", "kong": "company", "zhou": "company", "chen": "north", "wang": "north", "mei": "north",
    "zhao": "north", "lin": "south", "sun": "south", "gu": "south", "he": "south", "ma": "south", "qi": "south",
}  # fmt: skip
LEADS = {"company": "boss", "north": "chen", "south": "lin"}

OpenStage = Callable[[str], Stage]


@pytest.fixture
def open_stage(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenStage]:
    """``open_stage(way)`` starts a service of its own; all of them stop at the end."""
    original, names, stack = Ledger.open, list[str](), ExitStack()

    def begin(way: str) -> Stage:
        clock = SimulatedClock(FIRST_DAY)

        async def by_the_clock(conninfo: str, name: str, keys: Path, _: Clock | None = None) -> Ledger:
            return await original(conninfo, name, keys, clock)

        monkeypatch.setattr(Ledger, "open", by_the_clock)
        name, folder = f"story_{way}_{uuid4().hex[:8]}", tmp_path / way
        service = stack.enter_context(running(database_url, folder, name, clock=clock, rules=False))
        names.append(name)
        _company(service)
        return Stage(service, clock, folder / "data", way)

    with stack:
        yield begin
    for name in names:
        drop_ledger(database_url, name)


def _company(service: Service) -> None:
    """Two units under one company: Chen leads the north, Lin the south, the boss both; Kong is their HR partner."""
    service.lifetime = timedelta(days=800)
    service.join("hr", Role.HR_ADMINISTRATOR)
    service.join("hr2", Role.HR_ADMINISTRATOR)
    service.join("auditor", Role.AUDITOR)
    service.join("erp", Role.SUBSCRIBER, bearer="system:erp")
    for nick in (*HOMES, "hire"):
        service.join(nick)
    with service.client("hr") as hr:
        recorded(hr, "/units/company/form", label="The company", **SET_UP)
        for unit in ("north", "south"):
            recorded(hr, f"/units/{unit}/form", label=unit.title(), parent="company", **SET_UP)
        for nick, unit in HOMES.items():
            recorded(hr, f"/people/{service.ids[nick]}/start-employment", **SET_UP)
            recorded(hr, f"/people/{service.ids[nick]}/assign-to-unit", unit=unit, **SET_UP)
        for unit, lead in LEADS.items():
            recorded(hr, f"/units/{unit}/appoint-lead", lead=service.ids[lead], **SET_UP)
        recorded(hr, "/units/company/assign-hr-partner", partner=service.ids["kong"], **SET_UP)
        recorded(
            hr,
            "/metrics/orders/define",
            label="Orders",
            unit_of_measure="pieces",
            direction="increase",
            combines="sum",
            approved_source="erp",
        )
