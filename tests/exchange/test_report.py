"""A report is plain values for machines, and a readable text in both languages for people."""

import io
import json

import pytest
from rich.console import Console

from api.exchange.faults import CellEmpty, RowFault, TableRefused, TableTooLarge
from api.exchange.plan import Question
from api.exchange.report import ImportReport, mark_text, show

REPORT = ImportReport(
    state="recorded",
    digest="0" * 64,
    rows=60,
    import_id="i-1",
    recorded=30,
    persons=3,
    unchanged=5,
    spelling_only=(7, 8),
    marked={"already_accountable": tuple(range(40, 60))},
    refused=tuple(RowFault(row, "[bold]team", CellEmpty()) for row in range(2, 27)),
    questions=(Question("spellings", (3, 4), "Ann / ann are taken as one person.", "Ann / ann 视为同一人。"),),
    first_position=10,
    last_position=42,
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_is_plain_values(language):
    body = json.loads(json.dumps(REPORT.as_json(language)))
    assert body["counts"] == {
        "rows": 60,
        "recorded": 30,
        "persons": 3,
        "subjects": 0,
        "unchanged": 5,
        "spelling_only": 2,
        "marked": 20,
        "refused": 25,
    }
    expected = CellEmpty().text(language)
    assert body["refused"][0] == {"row": 2, "column": "[bold]team", "code": "cell_empty", "text": expected}
    assert body["marked"][0]["code"] == "already_accountable"
    assert (body["first_position"], body["last_position"]) == (10, 42)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_text_names_rows_columns_and_reasons(language):
    out = io.StringIO()
    show(REPORT, Console(file=out, width=160, color_system=None), language)
    text = out.getvalue()
    for part in ("i-1", "[bold]team", "cell_empty", "already_accountable", "Ann / ann", "25"):
        assert part in text
    assert CellEmpty().text(language) in text


def test_a_mark_says_what_a_live_act_would_have_met():
    assert mark_text("already_accountable", "en").startswith("Somebody is accountable")
    assert mark_text("already_accountable", "zh") != mark_text("already_accountable", "en")
    assert mark_text("not_allowed", "en") == "not_allowed"  # its sentence needs a detail that a mark does not keep
    assert mark_text("unheard_of", "en") == "unheard_of"


def test_a_refused_table_says_where_in_both_languages():
    fault = TableRefused(row=3, column="#2", fault=TableTooLarge(limit=5, unit="characters"))
    assert "Row 3, column #2" in fault.text("en")
    assert "第 3 行" in fault.text("zh")
    assert "5" in fault.text("zh")
