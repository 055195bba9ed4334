"""Job analyses and suggestions: figures by hand, nothing on less than a rule states, and what followed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ledger.domain.goals.events import GoalAssigned, GoalReopened
from ledger.domain.people.absences import AbsenceEnded, AbsenceStarted
from ledger.domain.people.persons import (
    EmploymentEnded,
    EmploymentReinstated,
    EmploymentStartCancelled,
    Ending,
    JobAssigned,
)
from projections.accountability.report import Circumstances, withhold_small
from projections.suggestions import REPORTS
from projections.suggestions.rule import Suggestion
from projections.suggestions.rules import RULES, suggested
from tests.projections.conftest import Bench
from tests.projections.histories import History, day
from tests.projections.reported import FIRST, Asker, reporting
from tests.projections.suggestions_worked import (
    SUGGESTIONS,
    a_duty,
    analysts,
    behind,
    closed,
    followed,
    lapsing,
    leaving,
    scored_hires,
    unused,
)
from tests.projections.test_process_reports import PEOPLE, goal_terms, person
from tests.projections.worked import table_of
from tests.tidy.tree import ROOT

THEN = day(328)  # 2026-11-25


def put_to(asked: Asker, who: str, on: datetime = THEN, known: int | None = None) -> list[Suggestion]:
    at = asked.size if known is None else known
    year, utc = timedelta(days=365), ZoneInfo("UTC")
    return suggested(asked.views, Circumstances(on=on, known=at, since=on - year, until=on, zone=utc), who)


def figures(one: Suggestion) -> dict[str, Any]:
    return {figure.name: figure.value for figure in one.figures}


@pytest.mark.parametrize("name", sorted(SUGGESTIONS))
def test_the_page_says_what_the_report_answers(bench: Bench, name: str) -> None:
    example, page = SUGGESTIONS[name], (ROOT / f"docs/reports/{name}.md").read_text("utf-8")
    report = next(report for report in REPORTS if report.name == name)
    words = " ".join(page.split())
    assert report.question in words
    assert " ".join(report.definition.split()) in words
    with reporting(bench, example.happens(), name) as asked:
        line = asked(name, **example.asked).lines[example.shown]
    rows = [row for row in page.splitlines() if row.startswith("| ") and not row.startswith("| field ")]
    assert rows == table_of(line)
    assert line.events
    assert {report.name for report in REPORTS} == set(SUGGESTIONS)


# Job analysis


def test_the_figures_of_a_job_by_hand(bench: Bench) -> None:
    with reporting(bench, analysts(), "job-analysis") as asked:
        metric, outcome, proposal = asked("job-analysis").lines
    told, moved = metric.values, outcome.values
    # 0.5 0.7 0.9 1.1 1.3 1.5: the quartiles lie at 1.25, 2.5 and 3.75 of the five steps
    assert (told["first_quartile"], told["median"], told["third_quartile"]) == (0.75, 1.0, 1.25)
    assert (told["n"], told["goals"], told["hit_rate"], told["in_profile"]) == (6, 6, 0.5, True)
    held = np.corrcoef([0.5, 0.7, 0.9, 1.1, 1.3, 1.5], [10, 12, 13, 15, 18, 19])[0, 1]
    assert moved["pearson"] == round(float(held), 6)
    assert (moved["outcome"], moved["n"], moved["q"]) == ("metric/sales", 6, moved["p"])  # one test: nothing to correct
    assert (moved["metric"], moved["moved"], told["moved"]) == ("metric/customers", True, ["metric/sales"])
    assert (told["proposed"], told["why"]) == (True, "goes_with_an_outcome")
    command: Any = proposal.values["command"]
    assert command["proposed_metrics"] == ["customers"]
    assert command["metrics"][0]["median"] == "1.000000"
    assert (command["position"], command["persons"]) == (analysts().size, 6)


def test_the_lowest_sufficient_score_is_that_of_who_attained(bench: Bench) -> None:
    with reporting(bench, scored_hires(), "job-analysis") as asked:
        lines = asked("job-analysis").lines
    (one,) = [line.values for line in lines if line.values["line"] == "competency"]
    assert (one["n"], one["required"], one["minimum"]) == (6, "2", 3.625)  # of 3 3.5 4 4.5 5 5.5, not of the 1
    proposal: Any = next(line.values["command"] for line in lines if line.values["line"] == "proposal")
    assert proposal["proposed_requirements"] == [{"competency": "analysis", "minimum": "3.6250"}]


def test_a_small_job_proposes_nothing(bench: Bench) -> None:
    history = analysts()
    with reporting(bench, history, "job-analysis") as asked:
        few = asked("job-analysis", known=_known_before(history, "p-5"))
    shown = withhold_small(few, 5)
    assert [line.values["line"] for line in few.lines] == ["metric"]
    assert (shown.lines, [one.code for one in shown.missing]) == ((), ["small_group"])


def _known_before(history: History, who: str) -> int:
    stored = [raw["stream"] for raw in history.raw()]
    return stored.index(f"goal/g-customers-{who}-0")


def test_only_what_was_done_in_the_job_counts(bench: Bench) -> None:
    history = analysts()
    history.add("person/p-1", JobAssigned(profile="j-2"), day(92))
    for who in PEOPLE:
        closed(history, who, "2", quarter=1)
    with reporting(bench, history, "job-analysis") as asked:
        told = asked("job-analysis", subject="job-profile/j-1").lines[0].values
        before = asked("job-analysis", until=day(91), subject="job-profile/j-1").lines[0].values
    assert (told["goals"], told["n"]) == (11, 6)  # the second quarter of the first person is of another job
    assert (before["goals"], before["median"]) == (6, 1.0)


def test_a_job_ends_with_the_employment_goes_on_with_it_and_never_was_without(bench: Bench) -> None:
    history = analysts()
    for who, ends in {"p-1": 80, "p-2": 80}.items():
        history.add(f"person/{who}", EmploymentEnded(employment="e-1", ending=Ending.OTHER), day(ends))
    history.add("person/p-2", EmploymentReinstated(employment="e-1"), day(85))
    hires = scored_hires()
    entry = next(
        raw["event_id"] for raw in hires.raw() if raw["stream"] == "person/p-h0" and "application" in raw["data"]
    )
    hires.add("person/p-h0", EmploymentStartCancelled(employment="e-1", entry=entry), day(2))
    with reporting(bench, history, "job-analysis") as asked:
        assert asked("job-analysis").lines[0].values["n"] == 5
    with reporting(bench, hires, "job-analysis") as asked:
        assert [line.values["n"] for line in asked("job-analysis").lines[:2]] == [6, 5]  # six did it, five attained


# Rules


def test_the_best_sustained_colleague_is_the_mentor(bench: Bench) -> None:
    history = behind()
    with reporting(bench, history, "suggestions") as asked:
        (one,) = put_to(asked, "p-lead")
        assert put_to(asked, "p-1") == put_to(asked, "p-2") == []
        assert (one.about, one.proposes, one.rule.name) == ("goal/g-now-p-1", "person/p-2", "mentor")
        told = figures(one)
        assert (told["progress"], told["lowest_attainment"], told["running_goals"]) == (
            Decimal("0.125"),
            Decimal("1.3"),
            1,
        )
        assert one.id == put_to(asked, "p-lead", THEN + timedelta(days=1))[0].id  # the same the day after
        assert "mentor@1" in RULES["mentor"].said(one.advice, one.figures, {"about": "A", "proposes": "B"}, "zh")


def test_whose_load_does_not_allow_it_is_no_mentor(bench: Bench) -> None:
    history = behind()
    for number in range(2):
        terms = goal_terms(person("p-2"), "8")
        history.add(f"goal/g-more-{number}", GoalAssigned(**terms), day(1), actor="p-lead")
    with reporting(bench, history, "suggestions") as asked:
        (one,) = put_to(asked, "p-lead")
    assert one.proposes == "person/p-3"


def test_who_is_away_is_no_mentor(bench: Bench) -> None:
    history = behind()
    history.add("person/p-2", AbsenceStarted(absence="a-1", pauses=False), day(300))
    history.add("person/p-2", AbsenceEnded(absence="a-1"), day(326))
    with reporting(bench, history, "suggestions") as asked:
        assert [one.proposes for one in put_to(asked, "p-lead", day(325))] == ["person/p-3"]
        assert [one.proposes for one in put_to(asked, "p-lead", day(327))] == ["person/p-2"]


def test_two_periods_make_no_mentor(bench: Bench) -> None:
    history = behind()
    for who in ("p-2", "p-3"):
        history.add(f"goal/g-customers-{who}-2", GoalReopened(owner=person(who)), day(300), reason="mistake")
    with reporting(bench, history, "suggestions") as asked:
        assert put_to(asked, "p-lead") == []
        assert len(put_to(asked, "p-lead", known=history.size - 2)) == 1  # as was known before


def test_a_unit_that_people_leave_differs_most_in_coaching(bench: Bench) -> None:
    history = leaving()
    with reporting(bench, history, "suggestions") as asked:
        (one,) = put_to(asked, "l-u-1", day(370))
        assert put_to(asked, "l-u-2", day(370)) == []
        assert put_to(asked, "l-u-1", day(370), known=history.size - 1) == []  # two leavers are too few
    told = figures(one)
    assert (one.about, one.advice) == ("unit/u-1", "coaching")
    assert (told["left"], told["rate"], told["rate_elsewhere"]) == (3, Decimal("0.5"), 0)
    assert (told["practice"], told["practice_elsewhere"]) == (0, 1)


@pytest.mark.parametrize(("lapsed", "due", "told"), [(3, 6, True), (2, 6, False), (3, 5, False), (3, 10, False)])
def test_duties_that_lapse_ask_for_fewer_of_them(bench: Bench, lapsed: int, due: int, told: bool) -> None:
    with reporting(bench, lapsing(lapsed, due), "suggestions") as asked:
        found = put_to(asked, "p-lead", day(100))
    assert [one.advice for one in found] == (["fewer_duties"] if told else [])
    if told:
        assert figures(found[0])["lapse_rate"] == Decimal("0.5")


def test_who_has_more_duties_than_other_leads_needs_a_delegate(bench: Bench) -> None:
    history = lapsing()
    for lead in ("p-1", "p-2", "p-3"):
        a_duty(history, lead, f"one-{lead}", lapses=False)
    with reporting(bench, history, "suggestions") as asked:
        (one,) = put_to(asked, "p-lead", day(100))
    assert (one.advice, figures(one)["median_due"]) == ("delegate", 1)


def test_a_metric_that_no_goal_uses_is_retired(bench: Bench) -> None:
    history = unused()
    before = history.size
    history.add("goal/g-late", GoalAssigned(**goal_terms(person("p-1"), "8", metric="calls")), day(200))
    with reporting(bench, history, "suggestions") as asked:
        (one,) = put_to(asked, "p-lead", day(301), known=before)
        assert put_to(asked, "p-lead", day(301)) == []  # a goal uses it
        assert put_to(asked, "p-lead", day(100), known=before) == []  # too early
        assert put_to(asked, "p-lead", day(301), known=before - 2) == []  # nine goals
        assert put_to(asked, "p-lead", day(560), known=before) == []  # no goal ran lately: nothing tells what is used
    assert (one.about, figures(one)["goals"], figures(one)["measured"]) == ("metric/calls", 10, 1)


# What followed


def test_what_followed_by_hand(bench: Bench) -> None:
    with reporting(bench, followed(), "suggestions") as asked:
        dismissed, taken = (line.values for line in asked("suggestions", on=day(300)).lines)
        running = asked("suggestions", on=day(150)).lines
    assert (taken["n"], taken["persons"], taken["compared"]) == (5, 5, 5)
    assert (taken["before"], taken["after"]) == (0.75, 0.35)  # afterwards 1 2 1 2 1 of 4
    assert (dismissed["before"], dismissed["after"]) == (0.75, 0.9)  # 4 3 4 3 4 of 4
    assert taken["taken_less_dismissed"] == round(-0.4 - 0.15, 6)
    interval: Any = taken["low"], taken["high"]
    assert interval[0] < -0.55 < interval[1]
    assert [(line.values["running"], line.values["before"]) for line in running] == [(5, None), (5, None)]


def test_a_few_who_answered_are_withheld(bench: Bench) -> None:
    history = followed()
    with reporting(bench, history, "suggestions") as asked:
        found = asked("suggestions", on=day(300), known=_before_last_taken(history))
    shown = withhold_small(found, 5)
    assert (shown.lines, len(shown.missing)) == ((), len(found.lines))


def _before_last_taken(history: History) -> int:
    return max(int(raw["position"]) for raw in history.raw() if raw["topic"].endswith("SuggestionTaken")) - 1


# As of then


@pytest.mark.parametrize("happens", [analysts, followed, scored_hires], ids=lambda one: str(one.__name__))
def test_an_answer_as_of_then_is_that_of_the_shorter_history(bench: Bench, happens: Callable[[], History]) -> None:
    history = happens()
    known, shorter = int(history.size * 0.6), History()
    shorter.stored = history.stored[:known]
    for name in ("job-analysis", "suggestions"):
        with reporting(bench, history, name) as asked:
            then = asked(name, on=day(300), known=known, since=FIRST)
        with reporting(bench, shorter, name) as asked:
            assert asked(name, on=day(300), since=FIRST) == then
