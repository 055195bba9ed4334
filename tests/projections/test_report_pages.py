"""The page of each report: question and definition as the program has them, and a worked example that is run here."""

import pytest

from projections.accountability import REPORTS
from tests.projections.conftest import Bench
from tests.projections.reported import reporting
from tests.projections.worked import WORKED, table_of
from tests.tidy.tree import ROOT


def test_every_report_has_an_example() -> None:
    assert set(WORKED) == {report.name for report in REPORTS}


@pytest.mark.parametrize("name", sorted(WORKED))
def test_the_page_says_what_the_report_answers(bench: Bench, name: str) -> None:
    example, page = WORKED[name], (ROOT / f"docs/reports/{name}.md").read_text("utf-8")
    report = next(report for report in REPORTS if report.name == name)
    words = " ".join(page.split())
    assert report.question in words
    assert " ".join(report.definition.split()) in words
    with reporting(bench, example.happens(), name) as asked:
        line = asked(name, **example.asked).lines[example.shown]
    rows = [row for row in page.splitlines() if row.startswith("| ") and not row.startswith("| field ")]
    assert rows == table_of(line)
    assert line.events
