"""A command over HTTP at 32 connections, and the same request to a route that does nothing, in one run."""

import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import uvloop
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from api.commands import as_model, read_body
from api.serving import Server, answer, database
from api.settings import Settings
from api.strict_json import BODY_MAX_BYTES, read
from ledger.application import SYSTEM_CALLER, Ask, Caller, make_ledger
from ledger.domain import COMMANDS
from ledger.kernel.event import Subject
from tests.bench.http_client import Load

LEDGER = "bench"
CONNECTIONS = 32
REQUESTS = 20_000
PEOPLE, GOALS = 50, 500


class Nothing(BaseRoute):
    """The peer: the same body read and validated by the same reader, and nothing done with it."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        return (Match.FULL if scope["path"] == "/nothing" else Match.NONE), {"template": "/nothing"}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        body = await read_body(scope, receive, BODY_MAX_BYTES)
        read(body)
        as_model(COMMANDS["goals", "report-progress"], body)
        await Response(b'{"ok":true}', 201, None, "application/json")(scope, receive, send)


def run(requests: int = REQUESTS) -> dict[str, Any]:
    """Measure; return figures per case with requests a second and latencies in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(port=0, data=Path(folder) / "data", keys=Path(folder) / "keys", ledger=LEDGER)
        with database(settings) as conninfo:
            settings.keys_folder.mkdir()
            make_ledger(
                conninfo, LEDGER, settings.keys_folder, host="bench.example", zone="UTC", cut_over=date(2025, 1, 1)
            )
            return serve_and_measure(settings, conninfo, requests)


def serve_and_measure(settings: Settings, conninfo: str, requests: int) -> dict[str, Any]:
    """Serve in this process, and load it from a second one."""
    figures: dict[str, Any] = {}
    drives: list[asyncio.Task[None]] = []

    async def drive(server: Server) -> None:
        try:
            ways = await prepared(server)
            server.config.app.state.commands.insert(0, Nothing())  # type: ignore[union-attr]  # it is the application
            figures.update(await measured(server, ways, requests))
        finally:
            server.should_exit = True

    async def whole() -> None:
        await answer(settings, conninfo, lambda server: drives.append(asyncio.ensure_future(drive(server))))
        await drives[0]

    uvloop.run(whole())
    return figures


async def prepared(server: Server) -> list[tuple[str, str]]:
    """Make a unit with a lead, people and their goals; return a path to report progress to and its token, per goal."""
    ledger = server.services.ledgers[LEDGER].ledger

    async def record(plural: str, verb: str, id: str | None, caller: Caller = SYSTEM_CALLER, **fields: Any) -> str:
        command = COMMANDS[plural, verb](**fields)
        receipt = await ledger.record(Ask(command, command.stream_kind, id, caller))
        return receipt.stream.partition("/")[2]

    async def token_of(person: str) -> str:
        bearer = Subject(kind="person", id=person)
        return (await ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=timedelta(days=1)))[0]

    administrator = await record("people", "register", None, name="Administrator")
    await record("access", "grant", administrator, role="hr_administrator")
    hr = await ledger.authenticate(await token_of(administrator))
    today = ledger.clock.now().date()
    before = today - timedelta(days=2)
    await record("units", "form", "u", hr, label="Unit", effective_at=before)
    people = [await record("people", "register", None, name=f"Person {n}") for n in range(PEOPLE + 1)]
    for person in people:
        await record("people", "start-employment", person, hr, effective_at=before)
        await record("people", "assign-to-unit", person, hr, unit="u", effective_at=before)
    await record("units", "appoint-lead", "u", hr, lead=people[0])
    lead = await ledger.authenticate(await token_of(people[0]))
    metric = {"label": "Metric", "unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
    await record("metrics", "define", "m", hr, **metric)
    goal = {"title": "Goal", "metric": "m", "target": 100, "starts_on": today, "ends_on": today + timedelta(days=90)}
    ways = []
    for number in range(GOALS):
        person = people[1 + number % PEOPLE]
        made = await record("goals", "assign", None, lead, owner={"kind": "person", "id": person}, **goal)
        ways.append((f"/goals/{made}/report-progress", person))
    tokens = {person: await token_of(person) for person in people[1:]}
    return [(path, tokens[person]) for path, person in ways]


async def measured(server: Server, ways: list[tuple[str, str]], requests: int) -> dict[str, Any]:
    """Return the figures of both cases, each after a warm-up."""
    port = int(server.address.rsplit(":", 1)[1])
    cases = {"command": ways, "nothing": [("/nothing", token) for _, token in ways]}
    body = '{"value":"NUMBER","note":"as we agreed on Monday, new customers in the south"}'
    figures: dict[str, Any] = {}
    for case, posted in cases.items():
        for count in (requests // 10, requests):
            figures[case] = await loaded(Load("127.0.0.1", port, posted, body, count, CONNECTIONS))
    served = server.services.ledgers[LEDGER]
    await served.watch.look()
    figures["events"] = served.watch.size
    figures["ratio"] = figures["command"]["per_second"] / figures["nothing"]["per_second"]
    return figures


async def loaded(load: Load) -> dict[str, Any]:
    """Run the client in a second process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.http_client", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(asdict(load)).encode())
    figures: dict[str, Any] = json.loads(out)
    return figures


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS), indent=2))
