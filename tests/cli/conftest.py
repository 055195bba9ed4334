"""One running service with a small company in it, for the commands that only ask."""

from collections.abc import Iterator

import pytest

from tests.cli.program import Program, Serving, program_with_trial


@pytest.fixture(scope="package")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`pledger` on a data folder with the trial ledger."""
    with program_with_trial(tmp_path_factory.mktemp("cli")) as found:
        yield found


@pytest.fixture(scope="package")
def serving(program: Program) -> Iterator[Serving]:
    """A service that runs on it, with a unit and who leads it."""
    with program.serving() as running:
        with running.client(program.tokens()["hr_administrator"]) as hr:
            day = {"effective_at": "2026-01-01", "reason": "set-up"}
            for unit, parent in (("company", {}), ("archive/wg-core", {"parent": "company"})):
                made = hr.post("/units/form", params={"id": unit}, json={"label": f"Unit {unit}", **parent, **day})
                assert made.status_code == 201, made.text
            person = hr.post("/people/register", json={"name": "Wang Fang"}).json()["stream"].removeprefix("person/")
            for path, body in (
                (f"/people/{person}/start-employment", day),
                (f"/people/{person}/assign-to-unit", {"unit": "company", **day}),
                ("/units/company/appoint-lead", {"lead": person, **day}),
            ):
                assert hr.post(path, json=body).status_code == 201
        yield running
