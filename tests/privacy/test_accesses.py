"""Access records: whoever looks at another's record leaves one, shown to that person and to auditors alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.service import Service, company, recorded, running


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("accesses"), "accesses") as started:
        company(started)
        yield started


def _rows(world: Service, who: str, of: str) -> list[dict[str, Any]]:
    with world.client(who) as client:
        answered = client.get(f"/people/{world.ids[of]}/accesses")
        assert answered.status_code == 200, answered.text
        rows: list[dict[str, Any]] = answered.json()["rows"]
        return rows


def test_looking_at_anothers_record_is_kept_and_shown_to_them(world: Service):
    id = world.ids["employee"]
    with world.client("lead") as lead, world.client("employee") as own:
        before = len(_rows(world, "employee", "employee"))
        assert own.get(f"/people/{id}").status_code == 200  # looking at oneself is nothing to keep
        assert lead.get(f"/people/{id}").status_code == 200
    rows = _rows(world, "employee", "employee")[before:]
    assert [(row["reader"], row["path"]) for row in rows] == [(world.ids["lead"], f"/people/{id}")]
    assert _rows(world, "auditor", "employee")[before:] == rows


def test_opening_a_sealed_text_is_kept(world: Service):
    with world.client("lead") as lead:
        words = {"recipient": world.ids["employee"], "kind": "praise", "text": "Well done"}
        given = recorded(lead, "/feedback/give", **words)
        before = len(_rows(world, "employee", "employee"))
        path = f"/events/{given['event_id']}/sealed"
        assert lead.get(path).status_code == 200
    assert [row["path"] for row in _rows(world, "employee", "employee")[before:]] == [path]


def test_no_cache_stores_what_a_person_is_told(world: Service):
    with world.client("lead") as lead, world.client("subscriber") as subscriber:
        for path in (f"/people/{world.ids['employee']}", "/goals", f"/trail/person/{world.ids['employee']}"):
            answered = lead.get(path)
            assert answered.headers["cache-control"] == "private, no-store", path
        assert subscriber.get("/events").headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("who", ["lead", "hr_administrator", "colleague", "operator", "outsider"])
def test_nobody_else_is_told_who_looked(world: Service, who: str):
    with world.client(who) as client:
        assert client.get(f"/people/{world.ids['employee']}/accesses").status_code == 404


def test_who_may_not_look_leaves_no_access(world: Service):
    before = len(_rows(world, "employee", "employee"))
    with world.client("outsider") as client:
        assert client.get(f"/people/{world.ids['employee']}").status_code == 404
    assert len(_rows(world, "employee", "employee")) == before


def test_a_list_is_one_entry_with_how_many_persons_it_showed(world: Service):
    year = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    with world.client("hr_administrator") as hr, world.client("lead") as lead, world.client("employee") as own:
        fields = {"unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
        recorded(hr, "/metrics/listed/define", label="Listed", **fields)
        for who in ("employee", "colleague"):
            owner = {"kind": "person", "id": world.ids[who]}
            recorded(lead, "/goals/assign", owner=owner, title="Sell", metric="listed", target="10", **year)
        world.settle()
        before = {who: len(_rows(world, who, who)) for who in ("employee", "colleague")}
        assert len(lead.get("/goals").json()["rows"]) >= 2
        assert own.get("/goals").status_code == 200  # one's own goals alone
        for who, count in before.items():
            rows = _rows(world, who, who)[count:]
            assert [(row["reader"], row["path"], row["persons"]) for row in rows] == [(world.ids["lead"], "/goals", 2)]


def test_members_trails_holders_feeds_and_events_are_kept(world: Service):
    person = world.ids["employee"]
    with world.client("hr_administrator") as hr, world.client("lead") as lead:
        holder = {"kind": "person", "id": person}
        recorded(lead, "/responsibilities/unit/dev/assign", role="responsible", holder=holder)
        world.settle()
        paths = (
            "/units/dev",
            "/trail/unit/dev",  # who came and left
            f"/trail?actor={world.ids['hr_administrator']}&limit=1000",
            f"/who-owns?holder=person/{person}",
            "/events",
        )
        for path in paths:
            before = len(_rows(world, "employee", "employee"))
            assert hr.get(path).status_code == 200, path
            found = [row["path"] for row in _rows(world, "employee", "employee")[before:]]
            assert found == [path.partition("?")[0]], path
        event = hr.get("/events", params={"subject": f"person/{person}", "limit": 1}).json()[0]["id"]
        before = len(_rows(world, "employee", "employee"))
        assert hr.get(f"/events/{event}").status_code == 200
        assert [row["path"] for row in _rows(world, "employee", "employee")[before:]] == [f"/events/{event}"]


def test_a_report_keeps_whom_it_named(world: Service):
    with world.client("hr_administrator") as hr:
        for report in ("responsibility", "result-only", "lateness"):
            before = len(_rows(world, "employee", "employee"))
            told = hr.get(f"/reports/{report}")
            assert told.status_code == 200, told.text
            named = f"person/{world.ids['employee']}" in told.text
            found = [row["path"] for row in _rows(world, "employee", "employee")[before:]]
            assert found == ([f"/reports/{report}"] if named else []), report


def test_a_system_that_follows_the_feed_leaves_no_access(world: Service):
    before = len(_rows(world, "employee", "employee"))
    with world.client("subscriber") as subscriber:
        assert subscriber.get("/events").status_code == 200
    assert len(_rows(world, "employee", "employee")) == before
