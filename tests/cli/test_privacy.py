"""`pledger erase` and `pledger hold`: what two persons decide, refused as everywhere, and followed to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program, Ran, Serving, program_with_trial

LINE = ("--ledger", "trial", "--json")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Serving]]:
    with program_with_trial(tmp_path_factory.mktemp("privacy")) as program, program.serving() as serving:
        yield program, serving


def person(own: tuple[Program, Serving], name: str) -> str:
    program, serving = own
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        made = hr.post("/people/register", json={"name": name})
        assert made.status_code == 201, made.text
        return str(made.json()["stream"]).removeprefix("person/")


def typed(own: tuple[Program, Serving], *words: str, by: str = "hr_administrator") -> Ran:
    return own[0].run(*words, *LINE, "--as", by)


def test_two_persons_erase_and_see_it_done(own: tuple[Program, Serving]):
    id = person(own, "Zhao Min")
    asked = typed(own, "erase", "ask", id)
    assert asked.code == 0, asked.err
    alone = typed(own, "erase", "confirm", id)
    assert (alone.code, alone.json["code"]) == (1, "needs_a_second_person")
    assert typed(own, "erase", "show", id).code == 1  # nothing has begun
    done = typed(own, "erase", "confirm", f"person/{id}", by="second_hr_administrator")
    assert done.code == 0, done.err
    assert (done.json["step"], done.json["ids"], done.json["basis"]) == ("done", [f"person/{id}"], "request")
    shown = own[0].run("erase", "show", id, "--ledger", "trial")
    assert shown.code == 0, shown.err
    assert "done" in shown.out


def test_a_hold_is_placed_listed_and_released_by_two(own: tuple[Program, Serving]):
    id = person(own, "Qian Li")
    placed = typed(own, "hold", "place", id, "--matter", "case-7")
    assert placed.code == 0, placed.err
    hold = placed.json["event_id"]
    [row] = typed(own, "hold", "list").json["rows"]
    assert (row["subject"], row["hold"], row["ground"], row["matter"]) == (f"person/{id}", hold, "litigation", "case-7")
    refused = typed(own, "erase", "ask", id)
    assert (refused.code, refused.json["code"]) == (1, "data_held")
    assert typed(own, "hold", "ask-release", id, hold).code == 0
    assert typed(own, "hold", "release", id, hold).json["code"] == "needs_a_second_person"
    assert typed(own, "hold", "release", id, hold, by="second_hr_administrator").code == 0
    assert typed(own, "hold", "list").json["rows"] == []
    [row] = typed(own, "hold", "list", "--all").json["rows"]
    assert row["released_at"] is not None
    assert row["release_asked_by"] == row["placed_by"] != row["released_by"]
    table = own[0].run("hold", "list", "--all", "--ledger", "trial")
    assert "case-7" in table.out


def test_what_is_no_data_subject_is_said_before_anything_is_sent(own: tuple[Program, Serving]):
    for subject in ("unit/dev", "g-17", "person/"):
        said = typed(own, "erase", "ask", subject)
        assert (said.code, said.out) == (2, "")
    assert typed(own, "erase", "ask", "p-nobody-has").code == 1


@pytest.mark.parametrize("who", ["auditor", "operator", "subscriber"])
def test_others_are_refused(own: tuple[Program, Serving], who: str, tmp_path: Path):
    assert typed(own, "hold", "place", person(own, "Sun Wei"), "--matter", "case-8", by=who).code == 1
