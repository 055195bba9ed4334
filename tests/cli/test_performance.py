"""`pledger reviews`, `cycles` and `goals` against a service that runs."""

from typing import Any

import httpx2
import pytest

from tests.cli.program import Program, Serving

DAY = {"effective_at": "2026-01-01", "reason": "setup"}
TABLED = ("reviews", "cycles", "goals")


def made(client: httpx2.Client, path: str, **body: Any) -> str:
    """Post a command; return the id of what it made or changed."""
    response = client.post(path, json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["stream"]).partition("/")[2]


@pytest.fixture(scope="module")
def ids(program: Program, serving: Serving) -> dict[str, str]:
    """A cycle with one review, and a goal, of a person in a unit of their own."""
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        person = made(hr, "/people/register", name="Li Na")
        made(hr, "/units/shop/form", label="Shop", parent="company", **DAY)
        made(hr, f"/people/{person}/start-employment", **DAY)
        made(hr, f"/people/{person}/assign-to-unit", unit="shop", **DAY)
        stage = {"stage": "self_assessment", "opens_on": "2026-07-01", "closes_on": "2026-07-10"}
        period = {"starts_on": "2026-01-01", "ends_on": "2026-06-30"}
        made(hr, "/cycles/h1/plan", label="H1", **period, stages=[stage], scale="abc", grades=["c", "b", "a"])
        made(hr, "/cycles/h1/open")
        review = made(hr, "/reviews/open", person=person, cycle="h1")
        made(hr, "/metrics/sold/define", label="Sold", unit_of_measure="n", direction="increase", combines="sum")
        owner = {"kind": "person", "id": person}
        goal = made(hr, "/goals/propose", owner=owner, title="Sell", metric="sold", baseline="0", target="9", **period)
    return {"review": review, "goal": goal, "cycle": "h1"}


@pytest.mark.parametrize("what", ["review", "cycle", "goal"])
def test_one_is_told_for_people_and_for_machines(program: Program, ids: dict[str, str], what: str) -> None:
    told = program.run(what, ids[what], "--ledger", "trial", "--json")
    assert told.code == 0, told.err
    assert told.json.get("id", told.json.get("cycle")) == ids[what]
    assert told.json["thread"][0]["event"]["position"] > 0
    shown = program.run(what, ids[what], "--ledger", "trial")
    assert shown.code == 0, shown.err
    assert ids[what] in shown.out


@pytest.mark.parametrize("what", TABLED)
def test_lists_hold_what_is_asked_for(program: Program, ids: dict[str, str], what: str) -> None:
    told = program.run(what, "--ledger", "trial", "--json")
    assert told.code == 0, told.err
    one = what.removesuffix("s")
    assert ids[one] in {row[one] for row in told.json["rows"]}
    assert program.run(what, "--ledger", "trial").code == 0
    assert program.run(one, "none-such", "--ledger", "trial").code == 1


def test_a_board_names_who_is_late(program: Program, ids: dict[str, str]) -> None:
    shown = program.run("cycle", "h1", "--on", "2030-01-01", "--ledger", "trial")
    assert shown.code == 0, shown.err
    assert "self_assessment" in shown.out
    assert "withheld" in shown.out
    assert program.run("goals", "--state", "proposed", "--unit", "shop", "--ledger", "trial", "--json").json["rows"]
    assert program.run("reviews", "--cycle", "none", "--ledger", "trial", "--json").json["rows"] == []
