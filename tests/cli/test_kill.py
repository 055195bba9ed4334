"""The service is killed in the middle of a load, again and again: whatever it acknowledged is there, and proven."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest

from ledger.evidence import checkpoint
from ledger.evidence.merkle import Frontier, leaf_hash
from ledger.evidence.tiles import parse_keys
from ledger.kernel.event import decode_raw
from ledger.store.embedded import open_cluster
from projections.catalogue import CATALOGUE
from projections.engine.projection import Build, Tables
from tests.cli.program import PATIENCE_S, Program, Serving, program_with_trial

LEDGER, SCHEMA = "trial", "ledger_trial"
CALLERS = 8
ACKNOWLEDGED = 60  # in each round, before the kill

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Load:
    """Commands from several callers at once, each with its own key; keeps every receipt."""

    serving: Serving
    token: str
    receipts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def run(self) -> None:
        """Return once enough is acknowledged and the service is killed under the callers' hands."""
        callers = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        with self.changed:
            reached = self.changed.wait_for(lambda: len(self.receipts) >= ACKNOWLEDGED or self.refused, PATIENCE_S)
        self.serving.kill()
        for caller in callers:
            caller.join()
        assert reached
        assert self.refused == []

    def _call(self) -> None:
        with self.serving.client(self.token) as client:
            while True:
                headers = {"idempotency-key": uuid4().hex}
                try:
                    answer = client.post("/people/register", json={"name": "Somebody"}, headers=headers)
                except httpx2.TransportError:
                    return
                with self.changed:
                    if answer.status_code == 201:
                        self.receipts.append(answer.json())
                    else:
                        self.refused.append(answer.text)
                    self.changed.notify_all()


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_nothing_acknowledged_is_lost_when_the_service_is_killed(tmp_path: Path, rounds: int):
    with program_with_trial(tmp_path) as program:
        receipts = []
        for _ in range(rounds):
            load = Load(program.serve(), program.tokens()["hr_administrator"])
            load.run()
            receipts += load.receipts
        with (
            program.serving() as serving,
            open_cluster(program.data / "pg") as cluster,
            psycopg.connect(cluster.conninfo, autocommit=True) as admin,
        ):
            require_all_there(admin, receipts)
            require_signed(admin, serving, receipts[-1]["event_id"], program.tokens()["hr_administrator"])
            require_rebuilt_equal(admin, program)
        assert program.run("verify", "--require", "checkpointed").code == 0


def require_all_there(admin: psycopg.Connection, receipts: list[dict[str, Any]]) -> None:
    """Every receipt names what stands at its position, and positions are dense up to the head."""
    stored = {position: decode_raw(bytes(data)) for position, data in events(admin)}
    assert list(stored) == list(range(1, len(stored) + 1))
    assert admin.execute(f"select size from {SCHEMA}.head".encode()).fetchone() == (len(stored),)
    found = [(stored[r["position"]]["event_id"], stored[r["position"]]["recorded_at"]) for r in receipts]
    assert found == [(r["event_id"], r["recorded_at"]) for r in receipts]


def require_signed(admin: psycopg.Connection, serving: Serving, event_id: str, token: str) -> None:
    """The root computed from the stored bytes is the one that the signer signed."""
    with serving.client(token) as client:
        assert client.get(f"/events/{event_id}/proof").status_code == 200  # waits for the signer
        keys = parse_keys(client.get(f"/logs/{LEDGER}/verifier-key").content)
        head = checkpoint.verify(client.get(f"/logs/{LEDGER}/checkpoint").content, keys)
    tree = Frontier()
    for _, data in events(admin):
        tree.append(leaf_hash(bytes(data)))
    assert (head.size, head.root) == (tree.size, tree.root())


def require_rebuilt_equal(admin: psycopg.Connection, program: Program) -> None:
    """Every projection as it was followed through all the kills is, row for row, what a rebuild gives."""
    caught_up = program.run("rebuild", "--ledger", LEDGER, "--json")
    assert caught_up.code == 0, caught_up.err
    for name, (version, build, before) in builds(admin).items():
        followed, rebuilt = content(admin, name, version, before), content(admin, name, version, build)
        assert followed == rebuilt, name
        assert any(rebuilt.values()) or name not in {"directory", "audit_trail"}


def builds(admin: psycopg.Connection) -> dict[str, tuple[int, int, int]]:
    found = admin.execute(f"select name, version, build, previous_build from {SCHEMA}.projection_live".encode())
    return {name: (version, build, before) for name, version, build, before in found.fetchall()}


def content(admin: psycopg.Connection, name: str, version: int, build: int) -> Rows:
    """Every row of every table of a build, as text, in order."""
    projection = next(one for one in CATALOGUE if one.name == name)
    tables = Tables(SCHEMA, projection, Build(name, version, build))
    return {
        table: sorted(admin.execute(f"select t::text from {tables.name(table)} t".encode()).fetchall())
        for table in projection.tables
    }


def events(admin: psycopg.Connection) -> list[tuple[int, bytes]]:
    return admin.execute(f"select position, stored from {SCHEMA}.events order by position".encode()).fetchall()
