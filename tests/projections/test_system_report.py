"""Results of the system: each of the four measures taken apart by hand, and what is withheld or left out of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.domain.goals.events import GoalTargetRevised
from ledger.domain.goals.metrics import ConversionStated
from ledger.domain.outcomes.answers import Figures, Question, QuestionKind
from ledger.domain.outcomes.surveys import ClosedGroup, SurveyClosed, SurveyOpened
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.responsibilities import events as res
from ledger.kernel.event import Subject
from ledger.kernel.policy import PolicyTerms
from projections.accountability.report import Answer, Line, withhold_small
from tests.projections.conftest import Bench
from tests.projections.histories import day
from tests.projections.reported import Asker, reporting
from tests.projections.statistics_worked import closed_goal, newcomers, practised
from tests.projections.test_process_reports import PEOPLE, company, person

NAME = "results-of-the-system"


def of(answer: Answer, measure: str, group: str = "all") -> Line:
    return next(one for one in answer.lines if (one.values["measure"], one.values["of"]) == (measure, group))


def asked_since(asked: Asker, **more: Any) -> Answer:
    return asked(NAME, since=day(1), **more)


def test_the_share_with_a_clear_owner_by_hand(bench: Bench) -> None:
    history = company()  # two units, of which `sales` has a lead
    for team, holders in (("a", ("p-1",)), ("b", ("p-2", "p-3")), ("c", ())):
        stream = f"responsibility/team/{team}"
        history.add(stream, res.SubjectRegistered(label=team), day(0))
        for holder in holders:
            given = res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=person(holder))
            history.add(stream, given, day(1))
    with reporting(bench, history, NAME) as asked:
        found = asked_since(asked)
        whole, teams, units = (of(found, "clear_owner", kind).values for kind in ("all", "team", "unit"))
        assert (whole["n"], whole["clear"], whole["gaps"], whole["conflicts"]) == (5, 2, 2, 1)
        assert (whole["figure"], teams["figure"], units["figure"]) == (0.4, 0.333333, 0.5)
        assert set(of(found, "clear_owner").about) == {f"team/{t}" for t in "abc"} | {"unit/company", "unit/sales"}
        inside = of(asked_since(asked, unit="sales"), "clear_owner").values
        assert (inside["n"], inside["clear"]) == (3, 2)  # the unit, and what its people hold: teams a and b


def test_the_share_of_new_hires_is_that_of_their_own_report(bench: Bench) -> None:
    with reporting(bench, newcomers(), NAME) as asked:
        lines = [one for one in asked_since(asked).lines if one.values["measure"] == "new_hire_attainment"]
    assert [(one.values["period"], one.values["figure"]) for one in lines] == [(1, 0.25), (2, 0.8125)]
    assert lines[0].people == 8


def test_attainment_before_and_after_a_version_of_the_policy_by_hand(bench: Bench) -> None:
    history = practised()
    with reporting(bench, history, NAME) as asked:
        found = asked_since(asked)
    line = of(found, "attainment_by_practice")
    values = line.values
    assert (values["policy"], values["day"]) == ("performance@2", "2026-04-01")
    assert (values["before"], values["after"], values["figure"]) == (0.8, 1.0, 0.2)
    assert (values["own_change"], values["own_change_n"]) == (0.2, 6)
    half = 2.228139 * (0.02 / 6 + 0.02 / 6) ** 0.5  # Student's t for 10 degrees of freedom, both variances 0.02
    assert (values["low"], values["high"]) == (pytest.approx(0.2 - half, abs=1e-6), pytest.approx(0.2 + half, abs=1e-6))
    assert len(line.events) == 12 + 1
    assert line.people == 6


def test_what_runs_through_the_change_or_a_break_is_left_out_of_both_sides(bench: Bench) -> None:
    history = practised()
    history.add("goal/g-p-1-1", GoalTargetRevised(owner=person("p-1"), target=Decimal(4)), day(120))
    revised = history.size
    history.add("metric/customers", ConversionStated(to="cny", factor=Decimal(7), stated_by="p-hr"), day(90))
    with reporting(bench, history, NAME) as asked:
        values = of(asked_since(asked, known=revised), "attainment_by_practice").values
        assert (values["before_n"], values["after_n"], values["own_change_n"]) == (6, 5, 5)
        assert values["left_out"] == 1
        found = asked_since(asked)  # the meaning of the metric changed on the very day: nothing can be compared
        assert "attainment_by_practice" not in {one.values["measure"] for one in found.lines}


def test_a_version_of_few_on_one_side_is_withheld(bench: Bench) -> None:
    history = practised()
    with reporting(bench, history, NAME) as asked:
        found = withhold_small(asked_since(asked), 7)
    assert {one.values["measure"] for one in found.lines} == {"clear_owner"}
    assert {one.code for one in found.missing} >= {"small_group", "no_new_hires"}


def test_a_survey_by_hand_and_only_what_the_policy_asks_of_it(bench: Bench) -> None:
    with reporting(bench, practised(), NAME) as asked:
        found = asked_since(asked)
        line = of(found, "survey_satisfaction")
        assert line.values["figure"] == round((3 * 1 + 4 * 3 + 5 * 2) / 6, 6)
        assert (line.values["n"], line.values["counts"], len(line.events)) == (6, [0, 0, 1, 3, 2], 2)
        assert "survey_canteen" not in {one.values["measure"] for one in found.lines}
        other = asked_since(asked, terms=PolicyTerms(system_questions=("canteen",)))
        assert of(other, "survey_canteen").values["figure"] == 1
        assert "no_survey" in {one.code for one in asked_since(asked, on=day(150)).missing}


def test_groups_of_a_survey_stand_apart_and_withheld_ones_are_told(bench: Bench) -> None:
    history = company()
    question = Question(code="collaboration", kind=QuestionKind.SCALE, lowest=0, highest=1)
    units = ("company", "sales", "lab")
    opened = SurveyOpened(questions=(question,), units=units, small_group_limit=5, closes_on=date(2026, 3, 1))
    history.add("survey/s-1", opened, day(30))
    counts = ((4, 6), (5, 5), None)
    groups = tuple(
        ClosedGroup(units=(unit,), answered=10, figures=(Figures(answered=10, counts=c) if c else Figures(),))
        for unit, c in zip(units, counts, strict=True)
    )
    history.add("survey/s-1", SurveyClosed(sheets=Subject(kind="survey-answers", id="s-1"), groups=groups), day(60))
    with reporting(bench, history, NAME) as asked:
        found = asked_since(asked)
        told = {g: of(found, "survey_collaboration", g).values["figure"] for g in ("all", "company", "sales")}
        assert told == {"all": 0.55, "company": 0.6, "sales": 0.5}
        assert [one.about for one in found.missing if one.code == "small_group"] == [("survey/s-1",)]
        inside = asked_since(asked, unit="sales")
        assert of(inside, "survey_collaboration").values["counts"] == [5, 5]


def test_versions_that_follow_each_other_are_compared_with_their_neighbours_only(bench: Bench) -> None:
    history = practised()
    policy = PolicyPublished(version=3, label="Policy", terms=PolicyTerms(coaching_rhythm_days=30))
    history.add("policy/performance", policy, day(181))
    for who in PEOPLE:
        closed_goal(history, who, "0.5", 2)
    with reporting(bench, history, NAME) as asked:
        lines = [one.values for one in asked_since(asked).lines if one.values["measure"] == "attainment_by_practice"]
    assert [(one["policy"], one["before"], one["after"]) for one in lines] == [
        ("performance@2", 0.8, 1.0),
        ("performance@3", 1.0, 0.5),
    ]
