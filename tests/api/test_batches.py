"""Batches: names for ids, thirty goals for seventy people in one act, and the one act that takes a batch back."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from ledger.domain.identity import Role
from ledger.domain.people.units import RenameUnit
from tests.api.service import Service, company, recorded, running

PEOPLE, GOALS = 70, 30


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("batches"), "batch_tests") as started:
        company(started)
        started.join("other_hr", Role.HR_ADMINISTRATOR)
        with started.client("hr_administrator") as hr:
            metric = {"label": "Sales", "unit_of_measure": "units", "direction": "increase", "combines": "sum"}
            recorded(hr, "/metrics/sold/define", **metric)
        yield started


@pytest.fixture
def hr(service: Service) -> Iterator[httpx2.Client]:
    with service.client("hr_administrator") as client:
        yield client


@pytest.fixture
def lead(service: Service) -> Iterator[httpx2.Client]:
    with service.client("lead") as client:
        yield client


def fresh() -> str:
    return f"u{uuid4().hex[:12]}"


def batch(client: httpx2.Client, *commands: dict[str, Any], mode: str = "all", key: str | None = None) -> Any:
    sent = {"mode": mode, "commands": commands}
    return client.post("/batch", json=sent, headers={"idempotency-key": key or uuid4().hex})


def reverse(client: httpx2.Client, id: str, *, key: str | None = None, reason: str = "mistake", **query: Any) -> Any:
    headers = {"idempotency-key": key or uuid4().hex}
    return client.post(f"/batches/{id}/reverse", json={"reason": reason}, headers=headers, params=query)


def forming(unit: str, **body: Any) -> dict[str, Any]:
    return {"path": f"/units/{unit}/form", "body": {"label": f"Unit {unit}", **body}}


def goal(owner: str, title: str = "Sell", **more: Any) -> dict[str, Any]:
    body = {
        "owner": {"kind": "person", "id": owner},
        "title": title,
        "metric": "sold",
        "target": "10",
        "starts_on": "2026-01-01",
        "ends_on": "2030-12-31",
    }
    return {"path": "/goals/assign", "body": body | more.pop("body", {}), **more}


def size(service: Service) -> int:
    return service.ledger.reader.head().size


def acts(service: Service) -> int:
    """Return how many events stand there but for those of rules, which follow in their own time."""
    stored = service.ledger.reader.page(0, size(service))
    return sum(b'"source":"rule:' not in event for _, event in stored)


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(error["at"], error["code"]) for error in answer.json()["errors"]]


def test_a_batch_names_the_ids_that_the_server_makes(service: Service, lead: httpx2.Client):
    owner = service.ids["employee"]
    done = batch(
        lead,
        goal(owner, let="top"),
        goal(owner, "Half", body={"parent": "$top", "share": "0.5"}),
        {"path": "/goals/$top/set-milestone", "body": {"milestone": "half", "due_on": "2027-01-01", "share": "0.5"}},
    )
    assert done.status_code == 201, done.text
    streams = [receipt["stream"] for receipt in done.json()["receipts"]]
    assert streams[2] == streams[0] != streams[1]
    stored = lead.get(f"/goals/{streams[1].partition('/')[2]}", params={"min_position": size(service)}).json()
    assert streams[0].partition("/")[2] in str(stored)


@pytest.mark.parametrize(
    ("commands", "index", "code"),
    [
        ([{"path": "/goals/$a/close"}, goal("p-none", let="a")], 0, "unbound_name"),
        ([goal("p-none", let="a"), goal("p-none", let="a")], 1, "name_taken"),
        ([goal("p-none", let="A")], None, "invalid"),
    ],
)
def test_names_that_cannot_be_are_refused(service: Service, lead: httpx2.Client, commands, index, code):
    before = acts(service)
    answer = batch(lead, *commands)
    assert (answer.status_code, answer.json()["code"], answer.json().get("index")) == (422, code, index)
    assert acts(service) == before


def test_without_a_name_a_dollar_is_a_letter(service: Service, lead: httpx2.Client, hr: httpx2.Client):
    unit = fresh()
    assert batch(hr, forming(unit, label="$label")).status_code == 201
    told = lead.get(f"/trail/unit/{unit}", params={"min_position": size(service)}).json()
    assert [row["after"] for row in told["rows"]] == ["$label"]


def test_dated_facts_are_annulled_and_a_second_run_adds_nothing(service: Service, hr: httpx2.Client):
    one, two, before = fresh(), fresh(), acts(service)
    made = batch(hr, forming(one), forming(two, parent=one)).json()
    tried = reverse(hr, made["batch_id"], dry_run=True)
    assert (tried.status_code, tried.json()["events"], acts(service)) == (200, 2, before + 2), tried.text
    done = reverse(hr, made["batch_id"], key="back")
    assert done.status_code == 201, done.text
    assert (done.json()["events"], done.json()["batch"]) == (2, made["batch_id"])
    assert acts(service) == before + 5  # the reversal, and an annulment of each
    again = reverse(hr, made["batch_id"], key="back")
    assert (again.status_code, again.json()["batch_id"]) == (200, done.json()["batch_id"])
    other = reverse(hr, made["batch_id"])
    assert (other.status_code, other.json()["code"]) == (409, "already_recorded")
    assert acts(service) == before + 5

    rows = hr.get(f"/batches/{done.json()['batch_id']}", params={"min_position": size(service)}).json()["rows"]
    assert [row["topic"] for row in rows] == ["batches.BatchReversed", *["entries.EntryAnnulled"] * 2]
    assert {row["cause"] for row in rows} == {f"batch/{made['batch_id']}"}
    assert [row["id"] for row in rows[1:]] == [two, one]
    assert {row["reason"] for row in rows} == {"mistake"}
    held = hr.get(f"/batches/{made['batch_id']}").json()
    assert (held["reversed"], [row["id"] for row in held["rows"]]) == (True, [one, two])


def test_what_later_acts_rest_on_refuses_the_whole_and_is_told(service: Service, hr: httpx2.Client):
    units = [fresh() for _ in range(3)]
    made = batch(hr, *map(forming, units)).json()["batch_id"]
    below = fresh()
    resting = batch(hr, forming(below, parent=units[1])).json()["batch_id"]
    before = acts(service)
    answer = reverse(hr, made)
    assert (answer.status_code, answer.json()["code"], errors(answer)) == (
        409,
        "batch_not_reversible",
        [("/1", "rested_on")],
    )
    assert acts(service) == before
    assert reverse(hr, resting).status_code == 201
    assert reverse(hr, made).status_code == 201


def test_goals_are_withdrawn_unless_their_owner_has_answered(service: Service, lead: httpx2.Client):
    owner = service.ids["employee"]
    made = batch(
        lead,
        goal(owner, "One", let="one"),
        {"path": "/goals/$one/set-milestone", "body": {"milestone": "half", "due_on": "2027-01-01", "share": "0.5"}},
        goal(owner, "Two"),
    ).json()
    streams = [receipt["stream"] for receipt in made["receipts"]]
    with service.client("employee") as employee:
        accepted = recorded(employee, f"/goals/{streams[2].partition('/')[2]}/accept")
    assert accepted["stream"] == streams[2]
    answer = reverse(lead, made["batch_id"])
    assert errors(answer) == [("/2", "rested_on")]

    again = batch(lead, goal(owner, "Three"), goal(owner, "Four")).json()
    service.settle()
    before = acts(service)
    done = reverse(lead, again["batch_id"])
    assert done.status_code == 201, done.text
    position = done.json()["receipt"]["position"]
    topics = [event_topic(service, p) for p in range(position, position + 3)]
    assert topics == ["batches.BatchReversed", "goals.GoalWithdrawn", "goals.GoalWithdrawn"]
    assert acts(service) >= before + 3


def event_topic(service: Service, position: int) -> str:
    stored = service.ledger.reader.at(position)
    assert stored is not None
    topic: str = json.loads(stored)["topic"]
    return topic


def test_what_has_no_inverse_stands(service: Service, hr: httpx2.Client):
    made = batch(hr, {"path": "/people/register", "body": {"name": "Wu"}}, forming(fresh())).json()["batch_id"]
    assert errors(reverse(hr, made)) == [("/0", "no_inverse")]


def test_each_event_needs_the_authority_to_take_it_back(service: Service, lead: httpx2.Client, hr: httpx2.Client):
    unit, before = fresh(), acts(service)
    made = batch(hr, forming(unit)).json()["batch_id"]
    assert errors(reverse(lead, made)) == [("/0", "not_allowed")]
    goals = batch(lead, goal(service.ids["employee"], "Mine")).json()["batch_id"]
    assert errors(reverse(hr, goals)) in ([("/0", "in_a_leads_place")], [("/0", "not_allowed")])
    with service.client("outsider") as outsider:
        assert reverse(outsider, goals).status_code == 404
        assert outsider.get(f"/batches/{goals}").status_code == 404
        mixed = reverse(outsider, made)
        assert (mixed.status_code, errors(mixed)) == (409, [("/0", "not_allowed")])
    assert acts(service) >= before + 2
    assert lead.get(f"/batches/{goals}").json()["reversed"] is False


def test_a_reversal_needs_a_key_a_reason_and_a_batch(hr: httpx2.Client):
    made = batch(hr, forming(fresh())).json()["batch_id"]
    assert hr.post(f"/batches/{made}/reverse", json={"reason": "x"}).json()["code"] == "header_missing"
    assert reverse(hr, made, reason="Not a code").status_code == 422
    assert hr.post(f"/batches/{made}/reverse", content=b"{", headers={"idempotency-key": "x"}).status_code == 400
    assert reverse(hr, "b-none").status_code == 404
    assert hr.get("/batches/b-none").status_code == 404


def test_what_comes_between_refuses_the_reversal(service: Service, hr: httpx2.Client, monkeypatch):
    unit = fresh()
    made = batch(hr, forming(unit)).json()["batch_id"]
    original = type(service.ledger).record_batch

    async def with_another_before(ledger, asks, **options):
        if options["mode"] == "all":
            monkeypatch.undo()
            between = replace(asks[1], command=RenameUnit(label="Renamed meanwhile"), if_match=None)
            await ledger.record(between)
        return await original(ledger, asks, **options)

    monkeypatch.setattr(type(service.ledger), "record_batch", with_another_before)
    answer = reverse(hr, made)
    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")
    assert hr.get(f"/batches/{made}").json()["reversed"] is False


def test_thirty_goals_for_seventy_people_in_one_act(service: Service, hr: httpx2.Client, lead: httpx2.Client):
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    hired = []
    for number in range(PEOPLE):
        hired += [
            {"path": "/people/register", "body": {"name": f"Person {number}"}, "let": f"p{number}"},
            {"path": f"/people/$p{number}/start-employment", "body": day},
            {"path": f"/people/$p{number}/assign-to-unit", "body": {"unit": "dev", **day}},
        ]
    receipts = batch(hr, *hired).json()["receipts"]
    people = [receipt["stream"].partition("/")[2] for receipt in receipts[::3]]
    service.settle()

    commands = [goal(person, f"Goal {number}") for person in people for number in range(GOALS)]
    began = time.perf_counter()
    made = batch(lead, *commands, key="all-goals")
    took = time.perf_counter() - began
    assert made.status_code == 201, made.text[:500]
    assert len(made.json()["receipts"]) == PEOPLE * GOALS == 2_100
    recorded_acts = acts(service)
    positions = [receipt["position"] for receipt in made.json()["receipts"]]
    assert positions == list(range(positions[0], positions[0] + 2_100))
    assert {receipt["batch_id"] for receipt in made.json()["receipts"]} == {made.json()["batch_id"]}
    again = batch(lead, *commands, key="all-goals")
    assert again.status_code == 200
    assert again.json() == made.json()
    assert acts(service) == recorded_acts
    service.settle()

    began = time.perf_counter()
    done = reverse(lead, made.json()["batch_id"], key="all-back")
    back = time.perf_counter() - began
    assert (done.status_code, done.json()["events"]) == (201, 2_100), done.text[:500]
    assert reverse(lead, made.json()["batch_id"], key="all-back").status_code == 200
    first = made.json()["receipts"][0]["stream"].partition("/")[2]
    told = lead.get(f"/goals/{first}", params={"min_position": done.json()["receipt"]["position"] + 2_100}).json()
    assert "withdrawn" in str(told)
    print(f"2,100 goals: {took:.2f} s; taken back: {back:.2f} s")
