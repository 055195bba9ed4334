"""`pledger feedback`, `coaching`, `requisitions` and `application` against a service that runs."""

from typing import Any

import httpx2
import pytest

from tests.cli.program import Program, Serving

DAY = {"effective_at": "2026-01-01", "reason": "setup"}
TRIAL = ("--ledger", "trial")


def made(client: httpx2.Client, path: str, **body: Any) -> str:
    """Post a command; return the id of what it made or changed."""
    response = client.post(path, json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["stream"]).partition("/")[2]


@pytest.fixture(scope="module")
def hired(program: Program, serving: Serving) -> dict[str, str]:
    """Somebody who works in a unit of their own."""
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        person = made(hr, "/people/register", name="Han Mei")
        made(hr, "/units/desk/form", label="Desk", parent="company", **DAY)
        made(hr, f"/people/{person}/start-employment", **DAY)
        made(hr, f"/people/{person}/assign-to-unit", unit="desk", **DAY)
    return {"person": person, "unit": "desk"}


def test_coverage_by_unit_tells_who_was_never_coached(program: Program, hired: dict[str, str]) -> None:
    told = program.run("coaching", "--unit", hired["unit"], *TRIAL, "--json")
    assert told.code == 0, told.err
    assert [(row["member"]["id"], row["last_at"]) for row in told.json["rows"]] == [(hired["person"], None)]
    shown = program.run("coaching", "--unit", hired["unit"], *TRIAL)
    assert "1 of 1 never coached" in shown.out
    assert program.run("coaching", *TRIAL).code != 0


@pytest.mark.parametrize(
    "asked",
    [("feedback", "--state", "requested"), ("requisitions", "--stage", "open")],
    ids=["feedback", "requisitions"],
)
def test_lists_are_told_for_people_and_for_machines(
    program: Program, hired: dict[str, str], asked: tuple[str, ...]
) -> None:
    told = program.run(*asked, *TRIAL, "--json")
    assert (told.code, told.json["rows"]) == (0, [])
    assert "none" in program.run(*asked, *TRIAL).out
    assert program.run(*asked[:2], "nonsense", *TRIAL).code != 0


def test_what_there_is_not_is_not_told(program: Program, hired: dict[str, str]) -> None:
    for what in ("requisition", "application"):
        assert program.run(what, "none-such", *TRIAL).code == 1


def test_who_owns_tells_what_stands_above(program: Program, hired: dict[str, str]) -> None:
    shown = program.run("who-owns", "unit", hired["unit"], *TRIAL)
    assert shown.code == 0, shown.err
    assert "Up to the aim" in shown.out
