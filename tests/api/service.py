"""A real service on a real database, in a thread of its own, with a small company in it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import uvloop

from api.serving import Server, answer
from api.settings import Settings
from ledger.application import SYSTEM_CALLER, Ask, Ledger, make_ledger
from ledger.domain.identity import GrantRole, Role
from ledger.domain.people.persons import RegisterPerson
from ledger.kernel.clock import Clock
from ledger.kernel.event import Subject

T = TypeVar("T")
ZONE = "Asia/Shanghai"
LIFETIME = timedelta(days=1)


@dataclass
class Service:
    """A running service: its address, its loop, and for each role a person (or system) and a token."""

    server: Server
    loop: asyncio.AbstractEventLoop
    ledger: Ledger
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    lifetime: timedelta = LIFETIME

    @property
    def address(self) -> str:
        return self.server.address

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        """Run a coroutine on the service's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def client(self, who: str | None = None, **options: Any) -> httpx2.Client:
        """Return a client that asks as somebody."""
        headers = {} if who is None else {"authorization": f"Bearer {self.tokens[who]}"}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=30, **options)

    def settle(self) -> None:
        """Return once every projection holds what is recorded."""
        served = next(iter(self.server.services.ledgers.values()))
        size = self.ledger.reader.head().size
        assert all(served.runner.wait_for(status.name, size, 30) for status in served.runner.status())

    def join(self, who: str, *roles: Role, bearer: str | None = None) -> str:
        """Register a person (or take a system), grant roles and issue a token; return the id."""
        if bearer is None:
            receipt = self.run(
                self.ledger.record(Ask(RegisterPerson(name=f"Name of {who}"), "person", None, SYSTEM_CALLER))
            )
            bearer = receipt.stream.removeprefix("person/")
        for role in roles:
            self.run(self.ledger.record(Ask(GrantRole(role=role), "access", bearer, SYSTEM_CALLER)))
        kind = "system" if bearer.startswith("system:") else "person"
        token, _ = self.run(
            self.ledger.issue_token(SYSTEM_CALLER, Subject(kind=kind, id=bearer), lifetime=self.lifetime)
        )
        self.ids[who], self.tokens[who] = bearer, token
        return bearer


@contextmanager
def running(
    database_url: str, folder: Path, name: str, *, clock: Clock | None = None, rules: bool = True
) -> Iterator[Service]:
    """Make a ledger, serve it, and stop at the end. A simulated `clock` is for whoever also opens the ledger by it."""
    settings = Settings(host="127.0.0.1", port=0, data=folder / "data", keys=folder / "keys", ledger=name, rules=rules)
    settings.keys_folder.mkdir(parents=True)
    founded = {"host": "test.example", "zone": ZONE}
    make_ledger(database_url, name, settings.keys_folder, **founded, cut_over=date(2025, 1, 1), clock=clock)
    ready = threading.Event()
    found: list[tuple[Server, asyncio.AbstractEventLoop]] = []
    failed: list[BaseException] = []

    def announce(server: Server) -> None:
        found.append((server, asyncio.get_running_loop()))
        ready.set()

    def serve() -> None:
        try:
            uvloop.run(answer(settings, database_url, announce))
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=serve, name="service under test")
    thread.start()
    ready.wait(60)
    if failed:
        raise failed[0]
    server, loop = found[0]
    try:
        yield Service(server, loop, server.services.ledgers[name].ledger)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
        assert not failed


def company(service: Service) -> None:
    """People of every role in a company with two units; `employee` works in `dev`, which `lead` leads."""
    service.join("hr_administrator", Role.HR_ADMINISTRATOR)
    for who in ("employee", "colleague", "lead", "hr_partner", "outsider"):
        service.join(who)
    service.join("auditor", Role.AUDITOR)
    service.join("operator", Role.OPERATOR)
    service.join("subscriber", Role.SUBSCRIBER, bearer="system:payroll")
    service.join("other_system", bearer="system:nobody")
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    with service.client("hr_administrator") as hr:
        recorded(hr, "/units/company/form", label="Company", **day)
        recorded(hr, "/units/dev/form", label="Development", parent="company", **day)
        recorded(hr, "/units/ops/form", label="Operations", parent="company", **day)
        for who, unit in {"employee": "dev", "colleague": "dev", "lead": "dev", "hr_partner": "company"}.items():
            recorded(hr, f"/people/{service.ids[who]}/start-employment", **day)
            recorded(hr, f"/people/{service.ids[who]}/assign-to-unit", unit=unit, **day)
        recorded(hr, f"/people/{service.ids['outsider']}/start-employment", **day)
        recorded(hr, f"/people/{service.ids['outsider']}/assign-to-unit", unit="ops", **day)
        recorded(hr, "/units/dev/appoint-lead", lead=service.ids["lead"], **day)
        recorded(hr, "/units/dev/assign-hr-partner", partner=service.ids["hr_partner"], **day)
    service.settle()


def recorded(client: httpx2.Client, path: str, **body: Any) -> dict[str, Any]:
    """Post a command; return its receipt."""
    response = client.post(path, json=body)
    assert response.status_code == 201, (path, response.text)
    receipt: dict[str, Any] = response.json()
    return receipt
