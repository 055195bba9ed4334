"""What a report is asked about: each parameter that it takes makes a difference, and no other one is taken."""

from datetime import UTC, datetime
from typing import Any

import pytest

from projections.accountability.report import MISSING, Report
from projections.reports import REPORTS
from tests.projections.conftest import Bench
from tests.projections.histories import day
from tests.projections.reported import FIRST, reporting
from tests.projections.statistics_worked import STATISTICS
from tests.projections.worked import WORKED

EXAMPLES = {**WORKED, **STATISTICS}
CODED: dict[str, tuple[str, ...]] = {  # report → the columns of its lines that hold codes of its own
    **dict.fromkeys(EXAMPLES, ()),
    "responsibility": ("flaw", "kind"),
    "ping-pong": ("pattern",),
    "strategy-map": ("kind",),
    "boundary": ("kind",),
    "formalism": ("finding",),
    "lateness": ("of",),
    "contradictions": ("kind",),
    "correlation": ("of",),
    "new-hire-attainment": ("group",),
    "hire-to-performance": ("path",),
    "results-of-the-system": ("measure",),
}
EARLY = datetime(2001, 1, 1, tzinfo=UTC)
RECORDED_IN_PERIOD = "lateness"  # whose period is one of recording, given as positions


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_unit_time_knowledge_and_period_are_each_heeded(bench: Bench, name: str) -> None:
    example, report = EXAMPLES[name], REPORTS[name]
    with reporting(bench, example.happens(), name) as asked:

        def lines(**more: Any) -> int:
            return len(asked(name, **{**example.asked, **more}).lines)

        assert lines() > 0
        assert lines(unit="nowhere") == 0, "a unit in which nobody is"
        assert lines(known=0) == 0, "before anything was recorded"
        if name != RECORDED_IN_PERIOD:
            assert lines(on=EARLY, since=FIRST, until=EARLY) == 0, "before anything took effect"
            assert lines(on=EARLY, since=FIRST, until=day(999)) == 0, "a period that goes on after the day asked about"
        if report.period:
            period = {"since": FIRST, "until": EARLY, "recorded": (0, 0)}
            lapsed = [line.values for line in asked(name, **{**example.asked, **period}).lines]
            assert [one for one in lapsed if one.get("measure") != "clear_owner"] == [], "a period without events"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_what_a_line_says_in_codes_is_said_in_words(bench: Bench, name: str) -> None:
    example, report = EXAMPLES[name], REPORTS[name]
    with reporting(bench, example.happens(), name) as asked:
        found = asked(name, **example.asked)
    told = {str(line.values[column]) for line in found.lines for column in CODED[name]}
    assert told <= set(report.words)
    assert {one.code for one in found.missing} <= {*report.words, *MISSING}


@pytest.mark.parametrize("report", REPORTS.values(), ids=lambda report: report.name)
def test_what_a_report_does_not_take_is_refused(report: Report) -> None:
    every = {"on", "known", "unit", "from", "until", "subject", "event", "than_on", "than_known"}
    for name in every - set(report.takes):
        assert report.unfit({name: "x/y"}) == {name: "unknown_parameter"}
    assert report.unfit(dict.fromkeys(every)) == {}
    assert {"on", "known", "unit"} <= set(report.takes)


def test_parameters_that_say_nothing_together_are_refused() -> None:
    report = REPORTS["responsibility"]
    assert report.unfit({"event": "e", "on": "2026-01-01"}) == {"on": "not_beside_event"}
    assert report.unfit({"event": "e", "subject": "unit/a"}) == {"subject": "not_beside_event"}
    assert report.unfit({"subject": "unit/a", "unit": "b"}) == {"unit": "not_beside_subject"}
    assert report.unfit({"than_on": "2026-01-01"}) == {"than_on": "only_beside_subject"}
    assert report.unfit({"subject": "unit/a", "than_on": "2026-01-01", "on": "2026-02-01"}) == {}
    assert REPORTS["correlation"].unfit({"subject": "course/a"}) == {"subject": "unfit_kind"}
    assert REPORTS["correlation"].unfit({"subject": "metric/a"}) == {}


@pytest.mark.parametrize("report", REPORTS.values(), ids=lambda report: report.name)
def test_a_report_speaks_both_languages(report: Report) -> None:
    for said in (report.asks("zh"), report.defines("zh"), *(words.zh for words in report.words.values())):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said)
    for said in (report.asks("en"), report.defines("en"), *(words.en for words in report.words.values())):
        assert said.isascii() or "“" in said
