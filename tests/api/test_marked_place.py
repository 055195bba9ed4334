"""A company whose policy marks HR in a lead's place, and whose deputies act until their minute, asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from ledger.kernel.clock import SimulatedClock
from ledger.kernel.policy import STANDING
from tests.api.service import Service, company, recorded, running

YEAR = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
MARK = "overstepping"
TEXTS = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it"}


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("marked"), "api_marked") as started:
        company(started)
        started.join("stand_in")
        with started.client("hr_administrator") as hr:
            fields = {"unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
            recorded(hr, "/metrics/sold/define", label="Sold", **fields)
            path = f"/people/{started.ids['stand_in']}/start-employment"
            recorded(hr, path, effective_at="2026-01-01", reason="setup")
        yield started


@contextmanager
def at(world: Service, instant: datetime) -> Iterator[None]:
    """Let the ledger's clock show an instant."""
    real = world.ledger.clock
    world.ledger.clock = SimulatedClock(instant)
    try:
        yield
    finally:
        world.ledger.clock = real


def goal(world: Service, who: str = "employee") -> dict[str, Any]:
    owner = {"kind": "person", "id": world.ids[who]}
    return {"owner": owner, "title": "Sell", "metric": "sold", "target": "100", **YEAR}


def asked(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query)
    assert response.status_code == 200, (path, response.text)
    value: dict[str, Any] = response.json()
    return value


def test_where_the_policy_marks_it_the_mark_shows_wherever_the_act_does(world: Service):
    with world.client("hr_administrator") as hr:
        recorded(hr, f"/policies/{STANDING}/publish", terms={"boundary": "mark"}, **TEXTS)
    with world.client("hr_partner") as partner:
        given = recorded(partner, "/goals/assign", **goal(world))
    id, position = given["stream"].removeprefix("goal/"), given["position"]
    with world.client("lead") as lead:
        own = recorded(lead, "/goals/assign", **goal(world))
        trail = asked(lead, f"/trail/goal/{id}", min_position=position)
        by_actor = asked(lead, "/trail", actor=world.ids["hr_partner"], min_position=position)
        standing = asked(lead, f"/goals/{id}", min_position=position)
        owners = asked(lead, f"/who-owns/goal/{id}", min_position=position)
        listed = asked(lead, "/goals", owner=f"person/{world.ids['employee']}", min_position=own["position"])
        event = asked(lead, f"/events/{given['event_id']}")["event"]
        unmarked = asked(lead, f"/trail/goal/{own['stream'].removeprefix('goal/')}", min_position=own["position"])
        plain = asked(lead, f"/who-owns/{own['stream']}", min_position=own["position"])
    with world.client("hr_administrator") as hr:
        feed = hr.get("/events", params={"after": "", "type": "goals.GoalAssigned", "limit": 1000})
    assert (event["marks"], event["authority"]["basis"]) == ([MARK], "hr_for_lead")
    assert event["authority"]["via"] == f"person/{world.ids['lead']}"
    assert [row["marks"] for row in trail["rows"] if row["event_id"] == given["event_id"]] == [[MARK]]
    assert [row["marks"] for row in by_actor["rows"] if row["event_id"] == given["event_id"]] == [[MARK]]
    assert (standing["marks"], standing["thread"][0]["marks"]) == ([MARK], [MARK])
    marks = {row["goal"]: row["marks"] for row in listed["rows"]}
    assert (marks[id], marks[own["stream"].removeprefix("goal/")]) == ([MARK], [])
    assert [holding["marks"] for holding in owners["accountable"]] == [[MARK]]
    told = {one["id"]: one for one in feed.json()}
    assert told[given["event_id"]]["marks"] == MARK
    assert "marks" not in told[own["event_id"]]
    assert [row["marks"] for row in unmarked["rows"] if row["event_id"] == own["event_id"]] == [[]]
    assert [holding["marks"] for holding in plain["accountable"]] == [[]]


def test_marking_lets_nobody_act_about_themselves_or_outside_their_units(world: Service):
    with world.client("hr_partner") as partner:
        own = partner.post("/goals/assign", json=goal(world, "hr_partner"))
        other = partner.post("/goals/assign", json=goal(world, "outsider"))
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


def test_a_deputy_named_in_the_header_acts_until_the_minute_and_not_after(world: Service):
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + timedelta(hours=2)
    with world.client("lead") as lead:
        path = f"/people/{world.ids['lead']}/delegate"
        recorded(lead, path, delegate=world.ids["stand_in"], scope=["goals"], until=until.isoformat())
    told = []
    with world.client("stand_in") as deputy:
        deputy.headers["acting-for"] = world.ids["lead"]
        for instant in (until - timedelta(minutes=1), until, until + timedelta(minutes=1)):
            with at(world, instant):
                told.append(deputy.post("/goals/assign", json=goal(world)))
    assert [(answer.status_code, answer.json().get("code")) for answer in told] == [
        (201, None),
        (404, "not_found"),
        (404, "not_found"),
    ]
    event = world.ledger.reader.at(told[0].json()["position"])
    assert event is not None
    assert f'"principal":"{world.ids["lead"]}"'.encode() in event
