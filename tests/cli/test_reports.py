"""`pledger reports` and `pledger report NAME` against a service that runs."""

import pytest

from projections.reports import REPORTS
from tests.cli.program import Program, Serving


@pytest.fixture(scope="module")
def gap(program: Program, serving: Serving) -> str:
    """A unit that nobody leads."""
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        form = {"label": "Nobody's", "effective_at": "2026-01-01", "reason": "setup"}
        response = hr.post("/units/nobodys/form", json=form)
        assert response.status_code == 201, response.text
    return "unit/nobodys"


def test_every_report_is_listed(program: Program, serving: Serving) -> None:
    listed = program.run("reports", "--ledger", "trial", "--json")
    assert listed.code == 0, listed.err
    assert {row["name"] for row in listed.json["rows"]} == set(REPORTS)
    assert "ping-pong" in program.run("reports", "--ledger", "trial").out


def test_a_report_is_told_for_people_and_for_machines(program: Program, gap: str) -> None:
    told = program.run("report", "responsibility", "--ledger", "trial", "--json")
    assert told.code == 0, told.err
    line = next(one for one in told.json["lines"] if one["subject"] == gap)
    assert (line["kind"], len(line["events"])) == ("no_holder", 1)
    shown = program.run("report", "responsibility", "--ledger", "trial")
    assert shown.code == 0, shown.err
    assert "Nobody's" in shown.out
    assert "formula responsibility@1" in shown.out


def test_a_report_is_told_in_chinese(program: Program, gap: str) -> None:
    shown = program.run("report", "responsibility", "--ledger", "trial", "--lang", "zh")
    assert shown.code == 0, shown.err
    assert "谁对什么负责" in shown.out
    assert "无人持有" in shown.out
    assert "公式 responsibility@1" in shown.out
    listed = program.run("reports", "--ledger", "trial", "--lang", "zh")
    assert "这套体系" in listed.out


def test_the_results_of_the_system_are_told(program: Program, gap: str) -> None:
    told = program.run("report", "results-of-the-system", "--ledger", "trial", "--json")
    assert told.code == 0, told.err
    whole = next(one for one in told.json["lines"] if (one["measure"], one["of"]) == ("clear_owner", "all"))
    assert whole["n"] == whole["clear"] + whole["gaps"] + whole["conflicts"]
    assert whole["gaps"] >= 1
    assert {one["code"] for one in told.json["missing"]} >= {"no_survey"}


def test_what_cannot_be_asked_ends_with_a_sentence(program: Program, serving: Serving) -> None:
    assert program.run("report", "nothing", "--ledger", "trial").code != 0
    assert program.run("report", "lateness", "--subject", "unit/x", "--ledger", "trial").code != 0
