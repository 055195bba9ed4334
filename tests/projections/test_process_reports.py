"""Boundary, formalism, result-only, ignored alerts, lateness, contradictions, map: one figure of each by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.domain import duties
from ledger.domain.feedback.coaching import CoachingHeld
from ledger.domain.figures import Direction
from ledger.domain.goals.events import GoalAssigned, GoalClosed, GoalProposed, Interval, ScoredBy
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.people.persons import AssignmentKind, EmploymentStarted, PersonAssignedToUnit, PersonRegistered
from ledger.domain.people.units import UnitFormed, UnitLeadAppointed
from ledger.domain.progress import MeasurementRecorded, ProgressReported
from ledger.domain.progress.claims import Health
from ledger.domain.reviews import events as told
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Subject
from ledger.kernel.policy import PolicyTerms, Scale
from projections.accountability.report import Answer as ReportAnswer
from projections.accountability.report import Attempt, Line, Missing, withhold_small
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id
from tests.projections.reported import reporting

SCALE = Scale(code="abc", grades=("C", "B", "A"))
PEOPLE = ("p-1", "p-2", "p-3", "p-4", "p-5", "p-6")


def person(id: str) -> Subject:
    return Subject(kind="person", id=id)


def goal_terms(owner: Subject, target: str, **more: Any) -> dict[str, Any]:
    terms = {"owner": owner, "metric": "customers", "target": Decimal(target), "scored_by": ScoredBy.PROGRESS}
    return {**terms, "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), "baseline": Decimal(0), **more}


def company() -> History:
    """Six people in `sales`, which `p-lead` leads, in a company."""
    history = History()
    history.add("unit/company", UnitFormed(label="Company"), day(0))
    history.add("unit/sales", UnitFormed(label="Sales", parent="company"), day(0))
    for id in (*PEOPLE, "p-lead"):
        history.add(f"person/{id}", PersonRegistered(), day(0))
        history.add(f"person/{id}", EmploymentStarted(employment="e-1", contract="permanent"), day(0))
        home = PersonAssignedToUnit(unit="sales", assignment=AssignmentKind.HOME)
        history.add(f"person/{id}", home, day(0))
    history.add("unit/sales", UnitLeadAppointed(lead="p-lead"), day(0))
    metric = MetricDefined(
        label="New customers",
        unit_of_measure="customers",
        direction=Direction.INCREASE,
        combines=Combines.SUM,
        approved_source="crm",
    )
    history.add("metric/customers", metric, day(0))
    return history


def rated(history: History, who: str, grade: str = "A", *, judge: str = "p-lead", on: int = 90) -> str:
    """Open a review of a person's first quarter, and rate them."""
    opened = told.ReviewOpened(
        person=who, cycle="c-1", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), scale=SCALE, policy_version=1
    )
    history.add(f"review/r-{who}", opened, day(on))
    rating = told.RatingProposed(person=who, judge=judge, grade=grade)
    return history.add(f"review/r-{who}", rating, day(on), actor=judge)


def coached(history: History, who: str, on: int = 30) -> str:
    held = CoachingHeld(person=who, coach="p-lead")
    return history.add(f"coaching/c-{who}-{on}", held, day(on), actor="p-lead")


def found(lines: tuple[Line, ...], name: str, value: str) -> list[Line]:
    return [line for line in lines if line.values[name] == value]


def ids(line: Line) -> set[str]:
    return {event.event_id for event in line.events}


# Formalism


def test_a_rating_without_coaching_in_its_period_is_found(bench: Bench) -> None:
    history = company()
    coached(history, "p-1", on=30)
    coached(history, "p-2", on=200)  # after the period
    rated(history, "p-1", "A")
    rating = rated(history, "p-2", "B")
    with reporting(bench, history, "formalism") as report:
        (line,) = found(report("formalism").lines, "finding", "unaccompanied_rating")
        assert line.about[:2] == ("person/p-lead", "person/p-2")
        assert rating in ids(line)


def test_an_annulled_conversation_counts_no_more_from_the_annulment_on(bench: Bench) -> None:
    history = company()
    talk = coached(history, "p-1")
    rated(history, "p-1")
    before = history.size
    history.add("coaching/c-p-1-30", EntryAnnulled(entry=talk, entry_topic="feedback.CoachingHeld"), day(100))
    with reporting(bench, history, "formalism") as report:
        assert not found(report("formalism", known=before).lines, "finding", "unaccompanied_rating")
        assert len(found(report("formalism").lines, "finding", "unaccompanied_rating")) == 1


def test_grades_all_alike_are_found_from_three_on(bench: Bench) -> None:
    history = company()
    for who in PEOPLE[:2]:
        rated(history, who)
    at_two = history.size
    rated(history, "p-3")
    at_three = history.size
    rated(history, "p-4", "B")
    with reporting(bench, history, "formalism") as report:
        counts = [
            [
                line.values["count"]
                for line in found(report("formalism", known=known).lines, "finding", "identical_grades")
            ]
            for known in (at_two, at_three, history.size)
        ]
        assert counts == [[], [3], []]


def test_five_ratings_within_minutes_are_bulk(bench: Bench) -> None:
    history = company()
    for who in PEOPLE[:4]:
        rated(history, who)
    four = history.size
    rated(history, "p-5")
    with reporting(bench, history, "formalism") as report:
        assert not found(report("formalism", known=four).lines, "finding", "bulk_ratings")
        (line,) = found(report("formalism").lines, "finding", "bulk_ratings")
        assert (line.values["count"], len(line.events)) == (5, 5)


def test_goals_after_their_end_and_results_read_in_seconds_and_no_self_part(bench: Bench) -> None:
    history = company()
    late = history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8")), day(0), actor="p-lead")
    rating = rated(history, "p-1")
    published = told.ResultPublished(person="p-1", grade="A", rating=rating, publisher="p-lead", content="0" * 64)
    result = history.add("review/r-p-1", published, day(91), actor="p-lead")
    received = told.ResultReceived(person="p-1", result=result)
    read = history.add("review/r-p-1", received, day(91), actor="p-1")
    with reporting(bench, history, "formalism") as report:
        lines = report("formalism").lines
        (goal,) = found(lines, "finding", "goal_set_late")
        assert (goal.values["stage"], ids(goal)) == ("ended", {late})
        (quick,) = found(lines, "finding", "acknowledged_unread")
        assert (quick.values["seconds"], ids(quick)) == (1.0, {result, read})
        assert len(found(lines, "finding", "self_part_missing")) == 1
        (other,) = found(report("formalism", policy_at=lambda at: 2).lines, "finding", "other_policy")
        assert (other.values["judged_by"], other.values["in_force"]) == (1, 2)


# Result-only


def test_a_judge_who_only_rates_is_found_until_the_first_conversation(bench: Bench) -> None:
    history = company()
    rated(history, "p-1")
    rated(history, "p-2")
    only = history.size
    coached(history, "p-1")
    with reporting(bench, history, "result-only") as report:
        (line,) = report("result-only", known=only).lines
        assert (line.about, line.values["ratings"], line.values["people"]) == (("person/p-lead",), 2, 2)
        assert report("result-only").lines == ()
        assert report("result-only", since=day(60)).lines != ()


# Ignored alerts


def duty(history: History, number: int, holder: str = "p-lead", party: str = "lead") -> str:
    opened = duties.DutyOpened(
        kind="talk_about_deviation",
        party=duties.Party(party),
        seat=duties.Seat("lead"),
        of=person("p-1"),
        holder=holder,
        subject=Subject(kind="goal", id="g-1"),
        due_on=date(2026, 2, 1),
        cause=event_id(1),
        rule="deviation-1",
    )
    stream = f"duty/d-{number}"
    history.add(stream, opened, day(20), actor="system:rules")
    return stream


def lapsed(history: History, stream: str, holder: str = "p-lead") -> str:
    event = duties.DutyLapsed(holder=holder, due_on=date(2026, 2, 1), notice=duties.Notice.DELIVERED)
    return history.add(stream, event, day(32), actor="system:rules")


def test_alerts_raised_seen_acted_on_and_lapsed(bench: Bench) -> None:
    history = company()
    seen, unseen, acted, running = (duty(history, number) for number in range(4))
    history.add(seen, duties.DutySeen(holder="p-lead"), day(21), actor="p-lead")
    lapsed(history, seen)
    lapsed(history, unseen)
    done = duties.DutyDischarged(holder="p-lead", by_entry=event_id(1), outcome=duties.Outcome("done"))
    history.add(acted, done, day(25), actor="system:rules")
    with reporting(bench, history, "ignored-alerts") as report:
        (line,) = report("ignored-alerts").lines
        counts = {name: line.values[name] for name in ("raised", "seen", "acted", "lapsed", "lapsed_unseen", "open")}
        assert counts == {"raised": 4, "seen": 1, "acted": 1, "lapsed": 2, "lapsed_unseen": 1, "open": 1}
        assert len(line.events) == history.size - company().size
        (then,) = report("ignored-alerts", on=day(30)).lines
        assert (then.values["lapsed"], then.values["open"]) == (0, 3)
    assert running == "duty/d-3"


def test_the_numbers_of_formalism_are_those_of_the_policy(bench: Bench) -> None:
    history = company()
    for who in PEOPLE[:2]:
        rated(history, who)
    result = told.ResultPublished(person="p-1", grade="A", rating=event_id(1), publisher="p-hr", content="0" * 64)
    published = history.add("review/r-p-1", result, day(91))
    history.add("review/r-p-1", told.ResultReceived(person="p-1", result=published), day(91), actor="p-1")
    strict = PolicyTerms(alike_ratings=2, bulk_ratings=2, bulk_minutes=1, reading_seconds=1)
    loose = PolicyTerms(alike_ratings=3, bulk_ratings=3, reading_seconds=0)
    by_number = {"identical_grades", "bulk_ratings", "acknowledged_unread"}
    with reporting(bench, history, "formalism") as report:
        found_by = {
            name: {line.values["finding"] for line in report("formalism", terms=terms).lines} & by_number
            for name, terms in (("strict", strict), ("loose", loose))
        }
    assert found_by == {"strict": by_number, "loose": set()}


# Boundary


def test_each_crossing_of_the_boundary(bench: Bench) -> None:
    history = company()
    overstepped = history.add(
        "goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8")), day(1), actor="p-hr", marks=("overstepping",)
    )
    claim = ProgressReported(owner=person("p-1"), value=Decimal(8), day=date(2026, 3, 1))
    claimed = history.add("goal/g-1", claim, day(60), actor="p-1")
    closing = GoalClosed(
        owner=person("p-1"), metric="customers", target=Decimal(8), actual_entry=claimed, formula="goals-1"
    )
    closed = history.add("goal/g-1", closing, day(61), actor="p-1")
    history.add("goal/g-2", GoalProposed(**goal_terms(person("p-2"), "8")), day(1), actor="p-2")
    approved = history.add("goal/g-2", GoalAssigned(**goal_terms(person("p-2"), "8")), day(2), actor="p-2")
    hr, leads = duty(history, 1, "p-hr", "hr"), duty(history, 2)
    ends = [lapsed(history, hr, "p-hr"), lapsed(history, leads)]
    attempt = Attempt(7, day(3), "p-hr", "goal", "g-1", "assign", "in_a_leads_place")
    other = Attempt(8, day(3), "p-hr", "goal", "g-1", "assign", "invalid")
    with reporting(bench, history, "boundary") as report:
        lines = report("boundary", refused=(attempt, other)).lines
    assert [ids(line) for line in found(lines, "kind", "hr_set_goal")] == [{overstepped}]
    assert [ids(line) for line in found(lines, "kind", "judged_own_progress")] == [{claimed, closed}]
    assert [approved in ids(line) for line in found(lines, "kind", "self_approval")] == [True]
    assert [line.values["attempt"] for line in found(lines, "kind", "refused")] == [7]
    parties = {line.values["party"]: (line.values["lapsed"], line.about) for line in found(lines, "kind", "lapses")}
    assert parties == {"hr": (1, ("person/p-hr",)), "lead": (1, ("person/p-lead",))}
    assert all(any(end in ids(line) for line in lines) for end in ends)


# Lateness


def test_lateness_by_person_and_by_unit(bench: Bench) -> None:
    """Recorded 400 days after the start: what took effect on day 399 is within a day, the others later."""
    history = company()
    first = history.size
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8")), day(100), actor="p-lead")
    history.add("goal/g-2", GoalAssigned(**goal_terms(person("p-1"), "8")), day(395), actor="p-lead")
    history.add("goal/g-3", GoalAssigned(**goal_terms(person("p-1"), "8")), day(400), actor="p-lead")
    history.add("goal/g-4", GoalAssigned(**goal_terms(person("p-1"), "8")), day(1), actor="p-1", source="import:x#1")
    with reporting(bench, history, "lateness") as report:
        lines = {line.about[0]: line for line in report("lateness", recorded=(first, history.size)).lines}
        assert set(lines) == {"person/p-lead", "unit/sales"}
        for line in lines.values():
            counts = [
                line.values[name] for name in ("entries", "late", "late_share", "same_day", "within_7_days", "later")
            ]
            assert counts == [3, 1, 0.3333, 1, 1, 1]
            assert [event.position for event in line.events] == [first + 1]
        strict = report("lateness", recorded=(first, history.size), terms=PolicyTerms(late_window_days=3)).lines
        assert strict[0].values["late"] == 2


# Contradictions


@pytest.fixture
def contradicted() -> History:
    history = company()
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "100")), day(0), actor="p-lead")
    claim = ProgressReported(owner=person("p-1"), value=Decimal(60), day=date(2026, 7, 1), health=Health.ON_TRACK)
    history.add("goal/g-1", claim, day(181), actor="p-1")
    measured = MeasurementRecorded(owner=person("p-1"), value=Decimal(20), day=date(2026, 7, 1), source="crm")
    history.add("goal/g-1", measured, day(182), actor="system:crm")
    return history


def test_claim_against_measurement_and_declared_health(bench: Bench, contradicted: History) -> None:
    with reporting(bench, contradicted, "contradictions") as report:
        lines = report("contradictions", on=day(185)).lines
        (claim,) = found(lines, "kind", "claim_against_measurement")
        assert (claim.values["said"], claim.values["found"]) == (Decimal(60), Decimal(20))
        assert [event.position for event in claim.events] == [contradicted.size - 1, contradicted.size]
        (health,) = found(lines, "kind", "declared_health")
        assert (health.values["said"], health.values["found"]) == ("on_track", "off_track")
        assert report("contradictions", on=day(185), known=contradicted.size - 1).lines == ()


def test_closed_short_of_it(bench: Bench) -> None:
    history = company()
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "100")), day(0), actor="p-lead")
    figures: dict[str, Any] = {"progress": Decimal("0.6"), "attainment": Decimal("0.6"), "formula": "goals-1"}
    closing = GoalClosed(owner=person("p-1"), metric="customers", target=Decimal(100), reached=True, **figures)
    closed = history.add("goal/g-1", closing, day(200), actor="p-lead")
    with reporting(bench, history, "contradictions") as report:
        (line,) = report("contradictions", on=day(300)).lines
        assert (line.values["kind"], line.values["found"], ids(line)) == (
            "success_against_value",
            Decimal("0.6"),
            {closed},
        )


# Strategy map


def test_eight_a_month_are_ninety_six_of_a_hundred(bench: Bench) -> None:
    history = company()
    unit, monthly = Subject(kind="unit", id="company"), {"interval": Interval.MONTH}
    history.add("goal/g-aim", GoalAssigned(**goal_terms(unit, "100")), day(0), actor="p-top")
    history.add("goal/g-1", GoalAssigned(**goal_terms(person("p-1"), "8", parent="g-aim", **monthly)), day(1))
    history.add("goal/g-lost", GoalAssigned(**goal_terms(person("p-2"), "5")), day(1))
    with reporting(bench, history, "strategy-map") as report:
        lines = report("strategy-map", on=day(10)).lines
        (coverage,) = found(lines, "kind", "coverage")
        amounts = [coverage.values[name] for name in ("amount", "covered", "remainder", "share")]
        assert amounts == [Decimal(100), Decimal(96), Decimal(4), Decimal("0.96")]
        assert coverage.about == ("goal/g-aim", "goal/g-1")
        goals = {line.values["goal"]: line.values for line in found(lines, "kind", "goal")}
        assert list(goals) == ["g-aim", "g-1", "g-lost"]
        assert [(g["aim"], g["orphan"], g["level"]) for g in goals.values()] == [
            (True, False, 0),
            (False, False, 1),
            (False, True, 0),
        ]
        around = report("strategy-map", on=day(10), subject="goal/g-1").lines
        assert [line.values["goal"] for line in found(around, "kind", "goal")] == ["g-aim", "g-1"]
        (then,) = [line for line in report("strategy-map", on=day(0)).lines if line.values["kind"] == "goal"]
        assert (then.values["goal"], then.values["without_children"]) == ("g-aim", True)
        below = report("strategy-map", on=day(10), unit="sales").lines
        assert [line.values["goal"] for line in below] == ["g-1", "g-lost"]


# The form


def test_figures_of_small_groups_are_withheld() -> None:
    small, large = (Line((f"unit/u{n}",), {"mean": 1}, (), people=n) for n in (4, 5))
    answer = withhold_small(ReportAnswer((small, large)), 5)
    assert answer.lines == (large,)
    assert answer.missing == (Missing("small_group", ("unit/u4",)),)
