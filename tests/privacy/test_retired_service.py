"""A running service whose events were retired: it proves, tells, exports and projects as before, without them."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from api.cli.stored import Demand, verdict_on
from api.forgetting import forgetting, rebuild_all
from api.self_check import SelfCheck
from api.services import Served
from ledger.domain.identity import Role
from ledger.evidence.__main__ import main as verify
from ledger.evidence.stand_in import entries_in
from ledger.evidence.tiles import TileName, bundle_names, export_log, parse_keys, unpack_entries
from ledger.evidence.tlog_proof import parse as parse_proof
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.ids import uuid7
from ledger.retention import Retention
from ledger.store.embedded.binaries import program
from projections.catalogue import CATALOGUE
from tests.api.service import Service, company, recorded, running
from tests.evidence import second_reader

TERMS = [
    {"of": "performance", "since": "end", "months": 1, "basis": "labour-dispute-law-27"},
    {"of": "goal-records", "since": "last", "months": 1, "basis": "legitimate-need"},
]
TITLE, TARGET = f"Planted {uuid7().hex()}", "77777.125"
PERIOD = {"starts_on": "2026-01-01", "ends_on": "2030-12-31"}
KEY = {"idempotency-key": "assigned-once"}
PATIENCE_S = 60


@dataclass
class Gone:
    """A service after a goal gave way, and what was given out before."""

    service: Service
    database_url: str
    keys: Path
    goal: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[bytes] = field(default_factory=list)
    proof: str = ""
    before: list[bytes] = field(default_factory=list)

    @property
    def served(self) -> Served:
        return next(iter(self.service.server.services.ledgers.values()))

    @property
    def positions(self) -> list[int]:
        return [receipt["position"] for receipt in self.receipts]

    def note(self) -> bytes:
        return httpx2.get(f"{self.service.address}/logs/{self.service.ledger.name}/checkpoint").content


@pytest.fixture(scope="module")
def gone(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gone]:
    """A goal was given, worked on and retired."""
    folder = tmp_path_factory.mktemp("retired")
    with running(database_url, folder, f"retired_{uuid7().hex()[:8]}", rules=False) as service:
        company(service)
        service.join("second_hr", Role.HR_ADMINISTRATOR)
        found = Gone(service, database_url, folder / "keys")
        _work(found)
        _leave(found)
        _retire(found)
        yield found


def _work(gone: Gone) -> None:
    service = gone.service
    owner = {"kind": "person", "id": service.ids["employee"]}
    gone.body = {"owner": owner, "title": TITLE, "metric": "sold", "target": TARGET, **PERIOD}
    with service.client("hr_administrator") as hr, service.client("lead") as lead, service.client("employee") as own:
        metric = {"label": "Sold", "unit_of_measure": "units", "direction": "increase", "combines": "sum"}
        recorded(hr, "/metrics/sold/define", **metric)
        gone.receipts.append(lead.post("/goals/assign", json=gone.body, headers=KEY).json())
        gone.goal = gone.receipts[0]["stream"].removeprefix("goal/")
        of_unit = {**gone.body, "owner": {"kind": "unit", "id": "dev"}, "target": "5"}
        gone.receipts.append(recorded(lead, "/goals/assign", **of_unit))
        gone.receipts.append(recorded(own, f"/goals/{gone.goal}/accept"))
        gone.receipts.append(recorded(own, f"/goals/{gone.goal}/report-progress", value="66666.125"))
        gone.proof = own.get(f"/events/{gone.receipts[0]['event_id']}/proof").text
    gone.notes.append(gone.note())


def _leave(gone: Gone) -> None:
    employee = gone.service.ids["employee"]
    with gone.service.client("hr_administrator") as hr, gone.service.client("second_hr") as second:
        ended = {"effective_at": "2026-06-30", "reason": "setup", "ending": "voluntary"}
        recorded(hr, f"/people/{employee}/end-employment", **ended)
        texts = {"text_zh": "须经法律顾问核对", "text_en": "To be checked by counsel"}
        recorded(hr, "/retention-schedules/cn/propose", terms=TERMS, **texts)
        recorded(second, "/retention-schedules/cn/confirm", version=1)
    gone.before = [stored for _, stored in gone.service.ledger.reader.page(0, 2_000)]
    gone.served.signing.covers(len(gone.before), PATIENCE_S)
    gone.notes.append(gone.note())


def _retire(gone: Gone) -> None:
    ledger, served = gone.service.ledger, gone.served

    async def covered(position: int) -> bool:
        return served.signing.covers(position, PATIENCE_S)

    forget = forgetting(ledger, served.runner, served.pages, CATALOGUE)
    signed = lambda: served.signing.latest.head.size  # noqa: E731  # asked anew
    retention = Retention(ledger, ledger.expiring, covered=covered, forget=forget, signed=signed)
    clock, ledger.clock = ledger.clock, SimulatedClock(datetime.now(UTC) + timedelta(days=70))
    gone.service.run(retention.look(), 120)
    ledger.clock = clock
    gone.service.settle()


def test_the_feed_tells_it_in_its_place_without_a_gap(gone: Gone):
    with gone.service.client("subscriber") as subscriber:
        page = subscriber.get("/events?limit=500").json()
        told = page["events"] if isinstance(page, dict) else page
    assert [one["position"] for one in told] == list(range(1, len(told) + 1))
    retired = [one for one in told if one["type"] == "privacy.EventRetired.v1"]
    assert [one["position"] for one in retired] == gone.positions
    assert [one["id"] for one in retired] == [receipt["event_id"] for receipt in gone.receipts]
    assert all(set(one["data"]) == {"leaf"} and one["actor"] == "" for one in retired)
    said = next(one for one in told if one["type"] == "privacy.EventsRetired.v1")
    assert said["data"]["positions"] == gone.positions


def test_entries_and_tiles_over_http_verify_and_continue_what_was_signed_before(gone: Gone, tmp_path: Path):
    folder, earlier = _exported(gone, tmp_path / "log"), tmp_path / "earlier"
    earlier.mkdir()
    for at, note in enumerate(gone.notes):
        (earlier / str(at)).write_bytes(note)
    assert verify([str(folder), "--earlier", str(earlier), "--lang", "en"]) == 0
    _, _, entries = second_reader.read(folder)
    assert [at for at, entry in enumerate(entries, 1) if not entry] == gone.positions
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert TARGET.encode() not in held


def _exported(gone: Gone, folder: Path) -> Path:
    """Take the log over HTTP, as `pledger export` does."""
    with gone.service.client("subscriber") as subscriber:

        def read(path: str) -> bytes:
            response = subscriber.get(f"/logs/{gone.service.ledger.name}/{path}")
            assert response.status_code == 200, response.text
            return response.content

        note = read("checkpoint")
        names = list(bundle_names(int(note.split(b"\n")[1])))
        entries = [
            entry
            for name in names
            for entry in entries_in(unpack_entries(read(name.path())), read(TileName(0, name.index, name.width).path()))
        ]
        export_log(folder, signed=note, verifier_keys=parse_keys(read("verifier-key")), entries=entries)
    return folder


def test_a_proof_given_out_before_still_proves_the_bytes_of_then(gone: Gone, tmp_path: Path):
    proof, event = tmp_path / "1.tlog-proof", tmp_path / "1.event"
    proof.write_text(gone.proof)
    event.write_bytes(gone.before[gone.positions[0] - 1])
    key = httpx2.get(f"{gone.service.address}/logs/{gone.service.ledger.name}/verifier-key").text.strip()
    assert verify([str(proof), "--event", str(event), "--key", key, "--lang", "en"]) == 0
    with gone.service.client("auditor") as auditor:
        again = auditor.get(f"/events/{gone.receipts[0]['event_id']}/proof").content
    assert parse_proof(again).index == gone.positions[0] - 1


def test_a_running_service_finds_itself_as_recorded(gone: Gone):
    ledger = gone.service.ledger
    check = SelfCheck(ledger.reader, gone.served.signing, ledger.secrets, pause_s=0, between_s=0)
    check.start()
    assert check.ended(2, PATIENCE_S)
    check.stop()
    assert check.fault is None


def test_pledger_verify_says_how_many_were_withheld(gone: Gone):
    keys = gone.keys
    verdict = verdict_on(gone.database_url, gone.service.ledger.name, keys, Demand(), lambda done, total: None)
    assert (verdict.ok, verdict.withheld) == (True, len(gone.positions)), verdict.en


def test_bundles_and_own_records_leave_it_out(gone: Gone):
    with gone.service.client("lead") as lead, gone.service.client("employee") as own:
        assert lead.get(f"/bundles/goals/{gone.goal}").status_code == 404
        exported = own.get(f"/people/{gone.service.ids['employee']}/export")
    assert exported.status_code == 200, exported.text
    assert not set(gone.positions) & {one["position"] for one in exported.json()["records"]}


def test_anybody_may_know_how_long_data_is_kept(gone: Gone):
    with gone.service.client("outsider") as outsider:
        (row,) = outsider.get("/retention-schedules").json()["rows"]
    assert (row["jurisdiction"], row["in_force"], row["retired"]) == ("cn", 1, {"goal-records": len(gone.positions)})
    assert row["versions"][0]["terms"] == TERMS


def test_a_repeat_is_answered_as_at_first(gone: Gone):
    with gone.service.client("lead") as lead:
        again = lead.post("/goals/assign", json=gone.body, headers=KEY)
    assert again.status_code in {200, 201}
    assert again.json()["event_id"] == gone.receipts[0]["event_id"]
    assert again.json()["position"] == gone.positions[0]


def test_acts_and_questions_about_it_are_refused_and_nothing_breaks(gone: Gone):
    with gone.service.client("lead") as lead, gone.service.client("auditor") as auditor:
        refused = lead.post(f"/goals/{gone.goal}/close", json={})
        assert (refused.status_code, refused.json()["code"]) == (410, "record_retired")
        assert lead.get(f"/goals/{gone.goal}").status_code == 404
        assert lead.get("/goals").status_code == 200
        assert auditor.get(f"/people/{gone.service.ids['employee']}").status_code == 200
        shown = auditor.get(f"/events/{gone.receipts[0]['event_id']}")
        assert shown.json()["leaf"] == json.loads(base64.b64decode(shown.json()["stored"]))["data"]["leaf"]


def test_nothing_of_it_is_left_in_a_dump(gone: Gone):
    dump = [str(program("pg_dump")), "--schema", gone.service.ledger.reader.schema, gone.database_url]
    dumped = ""
    for _ in range(20):  # a build that somebody still reads is dropped the next time
        gone.served.runner.drop_retired()
        dumped = subprocess.run(dump, capture_output=True, check=True).stdout.decode()
        if TARGET not in dumped:
            break
    hexed = [TITLE.encode().hex(), TARGET.encode().hex(), b"66666.125".hex()]
    for text in (TITLE, TARGET, "66666.125", *hexed):
        assert text not in dumped


def test_every_projection_is_as_if_built_of_what_is_left(gone: Gone):
    runner = gone.served.runner
    live = _content(gone)
    rebuild_all(runner, [projection.name for projection in CATALOGUE])
    gone.service.settle()
    assert _content(gone) == live
    told = "".join(map(str, live.values()))
    assert gone.goal not in told
    assert TARGET not in told


def _content(gone: Gone) -> dict[str, list[str]]:
    """Return table (without its build) → its rows, of the builds that are live."""
    schema, found = gone.service.ledger.reader.schema, dict[str, list[str]]()
    with psycopg.connect(gone.database_url) as connection:
        live = connection.execute(f"select name, version, build from {schema}.projection_live".encode()).fetchall()
        tables = connection.execute("select tablename from pg_tables where schemaname = %s", (schema,)).fetchall()
        for name, version, build in live:
            prefix = f"{name}_v{version}b{build}_"
            for (table,) in tables:
                if table.startswith(prefix):
                    rows = connection.execute(f"select t::text from {schema}.{table} t".encode()).fetchall()
                    found[f"{name}/{table.removeprefix(prefix)}"] = sorted(row for (row,) in rows)
    return found


def test_what_lies_beside_the_events_is_in_order_without_them(gone: Gone) -> None:
    """Sealed parts and kept answers of retired events are no fault: their going is on record."""
    ledger = gone.service.ledger
    keys = ledger.secrets.folder.parents[1]
    found = verdict_on(ledger.reader.conninfo, ledger.name, keys, Demand(), lambda done, whole: None)
    assert found.ok, found.en
    assert found.withheld == len(gone.positions)
    assert "kept answers in order" in found.en
