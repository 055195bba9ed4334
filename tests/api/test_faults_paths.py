"""Faults of paths that others make, each kind by its name: whichever way an act takes, it meets the same rules.

| kind | what must hold here |
|---|---|
| rule on one path only | a call, a batch, a command file and a dry run refuse alike |
| bulk and automatic acts off the record | many are many events of one batch; a rule's act names rule and cause |
| admin edits unseen | what an administrator changes stands in the trail of whom it is about, with reason and basis |
| export that leaks what the screen hides | a table holds the rows and fields of the answer, for each who asks |
| refusal that leaves half a write | a refused act leaves no event, no stream, no text and no key |
"""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from api.answers import neutral
from ledger.kernel.event import decode_raw
from tests.api.service import Service, company, recorded, running

YEAR = {"starts_on": "2026-01-01", "ends_on": "2030-12-31"}
METRIC = {"label": "Sold", "unit_of_measure": "units", "direction": "increase", "combines": "sum"}
QUESTIONS = [
    ("/goals", {"owner": "person/{employee}"}),
    ("/trail/person/{employee}", {}),
    ("/trail/unit/dev", {}),
    ("/duties", {}),
    ("/feedback", {"person": "{employee}"}),
]


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("paths"), "paths_of_acts") as started:
        company(started)
        with started.client("hr_administrator") as hr:
            recorded(hr, "/metrics/sold/define", **METRIC)
        with started.client("lead") as lead:
            recorded(lead, "/goals/assign", **goal(started.ids["employee"]))
            text = {"recipient": started.ids["employee"], "kind": "advice", "text": "Ask earlier"}
            recorded(lead, "/feedback/give", **text)
        yield started


def goal(owner: str, **more: Any) -> dict[str, Any]:
    return {"owner": {"kind": "person", "id": owner}, "title": "Sell", "metric": "sold", "target": "10", **YEAR, **more}


def entries(service: Service) -> list[dict[str, Any]]:
    """Return the stored events as they stand."""
    return [decode_raw(stored) for _, stored in service.ledger.reader.page(0, 1_000_000)]


def batch(client: httpx2.Client, mode: str, *commands: dict[str, Any], **options: Any) -> httpx2.Response:
    headers = {"idempotency-key": uuid4().hex}
    return client.post("/batch", json={"mode": mode, "commands": list(commands)}, headers=headers, **options)


def file(client: httpx2.Client, mode: str, *commands: dict[str, Any], **params: Any) -> httpx2.Response:
    headers = {"idempotency-key": uuid4().hex, "content-type": "application/jsonl"}
    content = "\n".join(json.dumps(command) for command in commands)
    return client.post("/imports", content=content, params={"mode": mode, **params}, headers=headers)


def test_rule_on_one_path_only(service: Service):
    """A rule over several streams, and one about one's own act, hold on every way in."""
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("lead", {"path": "/goals/assign", "body": goal(service.ids["employee"], share="0.5")}, "share_without_parent"),
        ("hr_administrator", {"path": "/units/company/move", "body": {"parent": "dev"}}, "circle"),
        ("hr_administrator", {"path": "/units/dev/rename", "body": {"label": "Development"}}, "already_recorded"),
        ("hr_administrator", {"path": f"/people/{service.ids['employee']}/assign-manager",
                              "body": {"manager": service.ids["employee"]}}, "circle"),
    ]  # fmt: skip
    for who, command, code in asked:
        with service.client(who) as client:
            said = [client.post(command["path"], json=command["body"]).json()["code"]]
            said.append(client.post(command["path"], json=command["body"], params={"dry_run": "true"}).json()["code"])
            said.append(batch(client, "all", command).json()["code"])
            said.append(batch(client, "each", command).json()["results"][0]["problem"]["code"])
            said += [file(client, mode, command).json()["refused"][0]["code"] for mode in ("all", "each")]
        assert set(said) == {code}, (command, said)


def test_bulk_and_automatic_acts_off_the_record(service: Service):
    before = entries(service)[-1]["position"]
    with service.client("lead") as lead:
        asked = [{"path": "/goals/assign", "body": goal(service.ids[who])} for who in ("employee", "colleague")] * 3
        told = batch(lead, "all", *asked).json()
    made = [e for e in entries(service) if e["position"] > before and e["topic"] == "goals.GoalAssigned"]
    assert len(made) == len(asked), "many are many"
    assert {(e["batch"], e["actor"], e["authority"]["basis"]) for e in made} == {
        (told["batch_id"], service.ids["lead"], "lead")
    }
    duties = followed(service, {e["event_id"] for e in made}, "duties.DutyOpened")
    assert {e["cause"] for e in duties} == {e["event_id"] for e in made}, "what follows by itself is recorded too"
    assert {e["actor"] for e in duties} == {"system:rules"}
    assert all(e["source"].startswith("rule:") for e in duties)


def followed(service: Service, causes: set[str], topic: str) -> list[dict[str, Any]]:
    """Return what the rules have recorded because of some entries, once they have passed them."""
    rules = next(iter(service.server.services.ledgers.values())).rules
    last = max(e["position"] for e in entries(service) if e["event_id"] in causes)
    assert rules is not None
    assert service.run(rules.passed(last, 30))
    return [e for e in entries(service) if e.get("cause") in causes and e["topic"] == topic]


def test_admin_edits_unseen(service: Service):
    person = service.ids["colleague"]
    with service.client("hr_administrator") as hr:
        late = {"effective_at": "2026-02-01", "reason": "correction"}
        moved = recorded(hr, f"/people/{person}/assign-to-unit", unit="ops", **late)
        fixed = recorded(hr, f"/people/{person}/correct-name", name="Another name")
        taken = recorded(hr, f"/people/{person}/annul", entry=moved["event_id"], reason="mistake")
    service.settle()
    with service.client("colleague") as own:
        rows = own.get(f"/trail/person/{person}", params={"limit": 50}).json()["rows"]
    seen = {row["event_id"]: row for row in rows}
    for receipt in (moved, fixed, taken):
        assert seen[receipt["event_id"]]["actor"] == service.ids["hr_administrator"]
    assert seen[moved["event_id"]]["reason"] == "correction"
    assert [e["event_id"] for e in entries(service)].count(moved["event_id"]) == 1, "what is annulled is still there"


@pytest.mark.parametrize(("path", "query"), QUESTIONS)
def test_export_that_leaks_what_the_screen_hides(service: Service, path: str, query: dict[str, str]):
    service.settle()
    asked = path.format(**service.ids), {k: v.format(**service.ids) for k, v in query.items()}
    held: dict[str, int] = {}
    for who in ("employee", "colleague", "lead", "hr_partner", "outsider", "auditor", "subscriber"):
        with service.client(who) as client:
            shown = client.get(asked[0], params=asked[1])
            table = client.get(asked[0], params=asked[1], headers={"accept": "text/csv"})
        assert shown.status_code == table.status_code, who
        rows = shown.json()["rows"] if shown.status_code == 200 else []
        if rows:
            told = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
            names = list(dict.fromkeys(name for row in rows for name in row))
            assert told == [{name: neutral(row.get(name)) for name in names} for row in rows], who
        held[who] = len(rows)
    assert held["outsider"] < max(held.values()), "not everybody sees the same"


def test_refusal_that_leaves_half_a_write(service: Service):
    def stands() -> tuple[int, int]:
        found = [e for e in entries(service) if not e["source"].startswith("rule:")]
        return len(found), len({e["stream"] for e in found})

    unit, key = f"u{uuid4().hex[:8]}", uuid4().hex
    good: dict[str, Any] = {"path": f"/units/{unit}/form", "body": {"label": "Fine"}}
    bad: dict[str, Any] = {"path": f"/units/{unit}x/form", "body": {"label": "Fine", "parent": "nowhere"}}
    before = stands()
    with service.client("hr_administrator") as hr:
        assert batch(hr, "all", good, bad).json()["code"] == "unknown_reference"
        assert file(hr, "all", good, bad).json()["counts"]["recorded"] == 0
        again = hr.post(bad["path"], json=bad["body"], headers={"idempotency-key": key})
        assert again.status_code == 422
        assert stands() == before
        other = hr.post(bad["path"], json={"label": "Fine"}, headers={"idempotency-key": key})
        assert other.status_code == 201, "a refused act uses up neither its key nor its stream"
        assert other.json()["version"] == 1
        assert hr.post(good["path"], json=good["body"]).status_code == 201
    assert stands() == (before[0] + 2, before[1] + 2)
