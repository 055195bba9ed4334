"""One rule on every path: what a single call refuses, a batch, a command file and a dry run refuse by the same code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.api.service import Service, company, recorded, running

LATE = "2020-01-01"


@dataclass(frozen=True)
class Refused:
    """A command that is refused: by whom it is given, where, with what, and with which code it comes back."""

    code: str
    who: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    if_match: int | None = None


def goal(owner: str, **more: Any) -> dict[str, Any]:
    return {
        "owner": {"kind": "person", "id": owner},
        "title": "Sell",
        "metric": "sold",
        "target": "10",
        "starts_on": "2026-01-01",
        "ends_on": "2030-12-31",
        **more,
    }


def holder(id: str) -> dict[str, Any]:
    return {"role": "accountable", "holder": {"kind": "person", "id": id}}


# `{employee}` and the like stand for ids of the company, `{goal}` for a goal that the employee has.
REFUSED = (
    Refused("already_exists", "hr_administrator", "/units/dev/form", {"label": "Again"}),
    Refused("late_needs_reason", "hr_administrator", "/units/new/form", {"label": "Late", "effective_at": LATE}),
    Refused("circle", "hr_administrator", "/units/company/move", {"parent": "dev"}),
    Refused("version_mismatch", "hr_administrator", "/units/dev/rename", {"label": "Stale"}, 99),
    Refused("invalid", "hr_administrator", "/units/new/form", {"label": ""}),
    Refused("invalid", "hr_administrator", "/units/new/form", {"label": "x", "lable": "y"}),
    Refused("not_found", "hr_administrator", "/units/none/rename", {"label": "x"}),
    Refused("not_found", "hr_administrator", "/units/dev/paint"),
    Refused("unknown_reference", "hr_administrator", "/people/{employee}/assign-to-unit", {"unit": "nowhere"}),
    Refused("not_found", "employee", "/people/{colleague}/start-employment"),
    Refused("not_allowed", "lead", "/people/{employee}/start-employment"),
    Refused("not_found", "lead", "/goals/mine/assign", goal("{employee}")),  # only what was proposed is adopted
    Refused("unknown_reference", "lead", "/goals/assign", goal("{employee}", metric="none")),
    Refused("period_reversed", "lead", "/goals/assign", goal("{employee}", ends_on="2025-12-31")),
    Refused("share_without_parent", "lead", "/goals/assign", goal("{employee}", share="0.5")),
    Refused("in_a_leads_place", "hr_administrator", "/goals/assign", goal("{employee}")),
    Refused("not_found", "outsider", "/goals/assign", goal("{employee}")),
    Refused("not_found", "outsider", "/goals/{goal}/accept"),
    Refused("not_allowed", "lead", "/goals/{goal}/accept"),
    Refused("in_the_future", "employee", "/goals/{goal}/report-progress", {"value": "1", "day": "2200-01-01"}),
    Refused("reason_needed", "lead", "/goals/{goal}/withdraw"),
    Refused("not_found", "employee", "/feedback/none/withdraw"),
    Refused("unknown_reference", "lead", "/feedback/give", {"recipient": "p-none", "kind": "praise", "text": "Well"}),
    Refused("invalid", "lead", "/policies/standing/publish", {"terms": {}}),
    Refused("not_found", "employee", "/access/{colleague}/grant", {"role": "hr_administrator"}),
    Refused("not_allowed", "hr_administrator", "/responsibilities/team/x/assign", holder("p-none")),
    Refused("not_allowed", "hr_administrator", "/responsibilities/team/none/retire"),
    Refused("not_found", "lead", "/imports/propose", {"digest": "0" * 64, "form": "csv", "rows": 1}),
    Refused("not_found", "employee", "/duties/none/see"),
    Refused("not_found", "hr_administrator", "/cycles/none/open"),
    Refused("not_found", "hr_administrator", "/reviews/none/withdraw", {"reason": "x"}),
    Refused("not_found", "lead", "/applications/none/withdraw-nothing"),
    Refused("not_allowed", "lead", "/metrics/mine/define", {"label": "M", "unit_of_measure": "units",
            "direction": "increase", "combines": "sum"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("bulk"), "bulk_acts") as started:
        company(started)
        with started.client("hr_administrator") as hr:
            metric = {"label": "Sold", "unit_of_measure": "units", "direction": "increase", "combines": "sum"}
            recorded(hr, "/metrics/sold/define", **metric)
        with started.client("lead") as lead:
            given = recorded(lead, "/goals/assign", **goal(started.ids["employee"]))
        started.ids["goal"] = given["stream"].partition("/")[2]
        yield started


def acts(service: Service) -> int:
    """Return how many events stand there but for those of rules, which follow in their own time."""
    return sum(b'"source":"rule:' not in stored for _, stored in service.ledger.reader.page(0, 1_000_000))


def filled(value: Any, ids: dict[str, str]) -> Any:
    """Return a path or body with the company's ids in it."""
    text = json.dumps(value)
    for who, id in ids.items():
        text = text.replace("{" + who + "}", id)
    return json.loads(text)


def codes(client: httpx2.Client, command: dict[str, Any], *, dry_run: bool) -> dict[str, tuple[int, str]]:
    """Return (status, code) by way, each way asked once."""
    query = {"dry_run": str(dry_run).lower()}
    match = {} if command["if_match"] is None else {"if-match": str(command["if_match"])}
    single = client.post(command["path"], json=command["body"], params=query, headers=match)
    found = {"single": (single.status_code, single.json()["code"])}
    for mode in ("all", "each"):
        headers = {"idempotency-key": uuid4().hex}
        answer = client.post("/batch", json={"mode": mode, "commands": [command]}, params=query, headers=headers)
        told = answer.json() if mode == "all" else answer.json()["results"][0]["problem"]
        found[f"batch {mode}"] = (told["status"], told["code"])
    for mode in ("all", "each"):
        headers = {"idempotency-key": uuid4().hex, "content-type": "application/jsonl"}
        answer = client.post("/imports", content=json.dumps(command), params=query | {"mode": mode}, headers=headers)
        (row,) = answer.json()["refused"]
        assert answer.json()["counts"]["recorded"] == 0
        found[f"file {mode}"] = (single.status_code, row["code"])
    return found


@pytest.mark.parametrize("refused", REFUSED, ids=lambda r: f"{r.code} {r.path}")
def test_every_way_refuses_by_the_same_code_and_records_nothing(service: Service, refused: Refused):
    command = filled({"path": refused.path, "body": refused.body, "if_match": refused.if_match}, service.ids)
    before = acts(service)
    with service.client(refused.who) as client:
        found = {
            (way, dry_run): told
            for dry_run in (False, True)
            for way, told in codes(client, command, dry_run=dry_run).items()
        }
    assert {code for _, code in found.values()} == {refused.code}, found
    assert len(set(found.values())) == 1, found
    assert acts(service) == before


def test_the_examples_speak_of_every_context(service: Service):
    contexts = {refused.path.split("/")[1] for refused in REFUSED}
    assert {"units", "people", "goals", "feedback", "policies", "access", "responsibilities", "imports"} <= contexts
    assert {"duties", "cycles", "reviews", "metrics"} <= contexts
    assert len({refused.code for refused in REFUSED}) >= 12
