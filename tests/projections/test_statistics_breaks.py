"""Breaks: no series of the statistics is run through one, and published grades are a series like others."""

from datetime import date
from decimal import Decimal

from ledger.domain.goals.events import GoalAssigned, GoalTargetRevised
from ledger.domain.goals.metrics import ConversionStated, MetricDefined
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.reviews import events as told
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.policy import FallingAttainment, PolicyTerms, Scale
from projections.accountability.report import Answer
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id
from tests.projections.reported import reporting
from tests.projections.statistics_worked import QUARTERS, closed_goal, newcomers, outcome, some_trained
from tests.projections.test_process_reports import PEOPLE, SCALE, company, goal_terms, person

CONTACTS, SALES = (1, 2, 3, 4, 5, 6), (2, 1, 4, 3, 6, 5)
APRIL = day(90)  # the first of April: between the first two quarters


def two_quarters() -> History:
    """Six people with contacts and sales in two quarters; in the second, the sales are those of the first, reversed."""
    history = company()
    for who, contacts, sales, later in zip(PEOPLE, CONTACTS, SALES, reversed(SALES), strict=True):
        for metric, value, quarter in (("contacts", contacts, 0), ("sales", sales, 0), ("sales", later, 1)):
            outcome(history, who, metric, value, quarter)
        outcome(history, who, "contacts", contacts, 1)
    return history


def converted(history: History, on: int) -> str:
    return history.add("metric/sales", ConversionStated(to="cny", factor=Decimal(7), stated_by="p-hr"), day(on))


def at_once(answer: Answer) -> list[tuple[object, ...]]:
    """Return from, until, pairs, what was left out, breaks and coefficient of the lines without a lag."""
    names = ("from", "until", "pairs", "left_out", "breaks", "plain_pearson")
    return [tuple(line.values[name] for name in names) for line in answer.lines if line.values["lag"] == 0]


def test_a_series_is_cut_where_the_meaning_of_a_metric_changes(bench: Bench) -> None:
    history = two_quarters()
    before = history.size
    conversion = converted(history, 90)
    with reporting(bench, history, "correlation") as asked:
        (whole,) = at_once(asked("correlation", known=before))
        found = asked("correlation")
        assert whole[:5] == ("2026-01-01", "2026-06-30", 12, 0, [])
        assert at_once(found) == [  # 14.5 / 17.5 as in the first quarter, and reversed in the second
            ("2026-01-01", "2026-03-31", 6, 0, ["2026-04-01"], 0.828571),
            ("2026-04-01", "2026-06-30", 6, 0, ["2026-04-01"], -0.828571),
        ]
        assert all(conversion in {event.event_id for event in line.events} for line in found.lines)


def test_a_figure_whose_own_period_runs_through_a_break_is_left_out(bench: Bench) -> None:
    history = two_quarters()
    entry = converted(history, 40)
    broken = history.size
    history.add("metric/sales", EntryAnnulled(entry=entry, entry_topic="goals.ConversionStated"), day(41))
    with reporting(bench, history, "correlation") as asked:
        found = at_once(asked("correlation", known=broken))
        assert found == [("2026-04-01", "2026-06-30", 6, 6, ["2026-02-10"], -0.828571)]
        assert at_once(asked("correlation"))[0][2:5] == (12, 0, [])


def test_where_every_pair_runs_through_a_break_that_is_said(bench: Bench) -> None:
    history = company()
    for who, contacts, sales in zip(PEOPLE, CONTACTS, SALES, strict=True):
        outcome(history, who, "contacts", contacts)
        outcome(history, who, "sales", sales)
    metric = {"label": "Sales", "unit_of_measure": "cny", "direction": "increase", "combines": "sum"}
    history.add("metric/sales", MetricDefined.model_validate(metric), day(1))
    history.add("metric/sales", MetricDefined.model_validate({**metric, "label": "Sales, net"}), day(50))
    with reporting(bench, history, "correlation") as asked:
        found = asked("correlation")
    assert found.lines == ()
    assert [(one.code, one.about) for one in found.missing] == [
        ("runs_through_a_break", ("metric/contacts", "metric/sales"))
    ]


def test_a_revised_target_cuts_its_owners_series_alone(bench: Bench) -> None:
    history = two_quarters()
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8", metric="sales")), day(0))
    history.add("goal/g-1", GoalTargetRevised(owner=person("p-1"), target=Decimal(9)), APRIL)
    with reporting(bench, history, "correlation") as asked:
        found = asked("correlation")
    (line,) = at_once(found)
    assert line[:5] == ("2026-01-01", "2026-06-30", 11, 0, ["2026-04-01"])  # all but the second quarter of p-1
    assert {one.code for one in found.missing} == {"small_group"}


def closed(history: History, who: str, attainment: str, quarter: int, *, revised: bool = False) -> None:
    stream = closed_goal(history, who, attainment, quarter)
    if revised:
        middle = day((QUARTERS[quarter][0] - date(2026, 1, 1)).days + 30)
        history.add(stream, GoalTargetRevised(owner=person(who), target=Decimal(4)), middle)


def test_an_attainment_against_two_targets_is_in_no_series(bench: Bench) -> None:
    history = company()
    for number, who in enumerate(PEOPLE):
        closed(history, who, f"0.{number + 1}", 0, revised=who == "p-1")
        outcome(history, who, "sales", number)
    with reporting(bench, history, "correlation") as asked:
        line = next(iter(asked("correlation").lines))
    assert (line.values["x"], line.values["n"], line.values["left_out"]) == ("attainment of customers", 5, 1)
    assert line.values["breaks"] == ["2026-01-31"]
    assert "person/p-1" not in line.about


def test_attainments_counted_otherwise_by_a_later_policy_are_another_stretch(bench: Bench) -> None:
    history = company()
    for version, (falling, on) in enumerate(((FallingAttainment.QUOTIENT, 0), (FallingAttainment.MIRROR, 90)), 1):
        policy = PolicyPublished(version=version, label="P", terms=PolicyTerms(falling_attainment=falling))
        history.add("policy/performance", policy, day(on))
    for number, who in enumerate(PEOPLE):
        for quarter in (0, 1):
            closed(history, who, f"0.{number + 1}", quarter)
            outcome(history, who, "sales", number, quarter)
    with reporting(bench, history, "correlation") as asked:
        found = at_once(asked("correlation"))
    assert [(first, pairs, days) for first, _, pairs, _, days, _ in found] == [
        ("2026-01-01", 6, ["2026-04-01"]),
        ("2026-04-01", 6, ["2026-04-01"]),
    ]


# Published grades


def graded(history: History, who: str, grade: str, scale: Scale = SCALE, quarter: int = 0) -> str:
    starts_on, ends_on = QUARTERS[quarter]
    stream = f"review/r-{who}-{quarter}"
    opened = told.ReviewOpened(person=who, starts_on=starts_on, ends_on=ends_on, scale=scale, policy_version=1)
    history.add(stream, opened, day(200))
    result = told.ResultPublished(person=who, grade=grade, rating=event_id(1), publisher="p-hr", content="0" * 64)
    history.add(stream, result, day(210))
    return stream


def test_published_grades_go_with_outcomes_by_their_place_on_the_scale(bench: Bench) -> None:
    history = company()
    for who, grade, sales in zip(PEOPLE, "CCBBAA", SALES, strict=True):
        graded(history, who, grade)
        outcome(history, who, "sales", sales)
    with reporting(bench, history, "correlation") as asked:
        (line,) = asked("correlation").lines
        other = asked("correlation", subject="metric/customers")
    assert (line.values["x"], line.values["y"], line.values["n"]) == ("grade on abc", "sales", 6)
    # grades 1 1 2 2 3 3 and sales 2 1 4 3 6 5: products of the deviations 16 - 0, squares 4 and 17.5
    assert line.values["plain_pearson"] == round(8 / (4 * 17.5) ** 0.5, 6)
    assert {"metric/sales", "person/p-1", "review/r-p-1-0"} <= set(line.about)
    assert len(line.events) == 6 * 3
    assert other.lines == ()


def test_a_result_that_was_reopened_changed_or_withdrawn_is_no_grade(bench: Bench) -> None:
    history = company()
    streams = [graded(history, who, "A" if who == "p-1" else "B") for who in PEOPLE]
    for who, sales in zip(PEOPLE, SALES, strict=True):
        outcome(history, who, "sales", sales)
    all_six = history.size
    history.add(streams[5], told.ReviewReopened(person="p-6"), day(220))
    with reporting(bench, history, "correlation") as asked:
        assert asked("correlation", known=all_six).lines[0].values["n"] == 6
        assert asked("correlation").lines[0].values["n"] == 5
    decided = {"person": "p-5", "appeal": event_id(1), "decider": "p-top", "before": "B", "after": "A"}
    history.add(streams[4], told.AppealDecided.model_validate({**decided, "outcome": "stands"}), day(221))
    stands = history.size
    history.add(streams[4], told.AppealDecided.model_validate({**decided, "outcome": "changed"}), day(222))
    with reporting(bench, history, "correlation") as asked:
        assert asked("correlation", known=stands).lines[0].values["n"] == 5
        assert asked("correlation").missing[0].code == "small_group"


def test_a_scale_whose_grades_change_is_another_series(bench: Bench) -> None:
    history, longer = company(), Scale(code="abc", grades=("D", "C", "B", "A"))
    for who, grade, sales in zip(PEOPLE, "CCBBAA", SALES, strict=True):
        for quarter, scale in enumerate((SCALE, longer)):
            graded(history, who, grade, scale, quarter)
            outcome(history, who, "sales", sales, quarter)
    with reporting(bench, history, "correlation") as asked:
        found = [line.values for line in asked("correlation").lines if line.values["lag"] == 0]
    assert [(one["x"], one["y"], one["pairs"]) for one in found] == [
        ("grade on abc", "sales", 6),
        ("grade on abc (2)", "sales", 6),
    ]


# Trainings and new hires


def test_no_change_of_a_trained_person_runs_through_a_break(bench: Bench) -> None:
    history = some_trained()
    conversion = history.add("metric/sales", ConversionStated(to="cny", factor=Decimal(7), stated_by="p-hr"), APRIL)
    with reporting(bench, history, "training-effect") as asked:
        (line,) = asked("training-effect").lines
    assert (line.values["difference"], line.values["left_out"]) == (3, 0)
    assert line.values["before_from"] is None
    assert "change_difference" not in line.values
    assert line.values["breaks"] == ["2026-04-01"]
    assert conversion in {event.event_id for event in line.events}


def test_a_new_hire_is_watched_up_to_a_break_only(bench: Bench) -> None:
    history = newcomers()
    history.add("goal/g-p-n3-7", GoalTargetRevised(owner=person("p-n3"), target=Decimal(1)), day(200))
    with reporting(bench, history, "new-hire-attainment", "hire-to-performance") as asked:
        lines = asked("new-hire-attainment", since=day(1)).lines
        threads = asked("hire-to-performance", since=day(1)).lines
    _, second = (line.values for line in lines if line.values["group"] == "all")
    assert (second["at_risk"], second["reached"]) == (3, 2)  # without the one whose target was lowered on the way
    assert (second["cut"], second["breaks"]) == (1, ["2026-07-20"])
    third = threads[2].values
    assert (third["reached_in_period"], third["attainment"], third["breaks"]) == (None, 0.5, ["2026-07-20"])
