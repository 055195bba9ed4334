"""Goals: proposed, assigned, answered, revised, closed with figures, reopened, withdrawn, and nothing contradictory."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger.domain.figures import Direction, Why
from ledger.domain.goals import commands as goal
from ledger.domain.goals.commands import (
    AgainstDirection,
    BandNeeded,
    OtherOwner,
    OutsidePeriod,
)
from ledger.domain.goals.events import GoalAccepted, GoalAssigned, GoalClosed, GoalTargetRevised
from ledger.domain.goals.metrics import Combines, DefineMetric, MetricDefined, RatioParts
from ledger.domain.goals.state import Answer
from ledger.domain.progress import MeasurementRecorded, ProgressReported, RecordMeasurement, ReportProgress
from ledger.kernel.command import Command
from ledger.kernel.event import Event
from ledger.kernel.holders import Holder
from ledger.kernel.refusals import (
    AfterLastDay,
    Circle,
    InTheFuture,
    OwnAct,
    PeriodReversed,
    ReasonNeeded,
    UnitGone,
    UnknownReference,
)
from tests.domain.examples import (
    ACCEPTED,
    ANN,
    ASSIGNED,
    CLOSED,
    DISPUTED,
    GOAL,
    GOAL_ASKED,
    PROPOSED,
    REOPENED,
    REPORTED,
    REVISED,
    SALES,
    WITHDRAWN,
    company,
    day,
    q,
)
from tests.domain.given import Given, Happened, given

WORLD = company()

STATES: dict[str, tuple[Happened, ...]] = {
    "unknown": (),
    "proposed": (PROPOSED,),
    "assigned": (ASSIGNED,),
    "accepted": (ASSIGNED, ACCEPTED),
    "disputed": (ASSIGNED, DISPUTED),
    "revised": (ASSIGNED, ACCEPTED, REVISED),
    "closed": (ASSIGNED, CLOSED),
    "reopened": (ASSIGNED, CLOSED, REOPENED),
    "withdrawn": (ASSIGNED, WITHDRAWN),
}
ASKED: dict[str, tuple[Command, str]] = {
    "propose": (goal.ProposeGoal.model_validate(GOAL_ASKED), "p-hr"),
    "assign": (goal.AssignGoal.model_validate(GOAL_ASKED), "p-lead"),
    "accept": (goal.AcceptGoal(), "p-ann"),
    "dispute": (goal.DisputeGoal(), "p-ann"),
    "revise": (goal.ReviseTarget(target=q("150"), reason="market"), "p-lead"),
    "close": (goal.CloseGoal(), "p-lead"),
    "reopen": (goal.ReopenGoal(reason="early"), "p-lead"),
    "withdraw": (goal.WithdrawGoal(reason="dropped"), "p-lead"),
    "report": (ReportProgress(value=q("101")), "p-ann"),
    "measure": (RecordMeasurement(value=q("101"), source="erp"), "system:erp"),
}
# state: what each command gets there, in the order of ASKED; `ok` is an event
ANSWERS = """
unknown    ok ok not_found not_found not_found not_found not_found not_found not_found not_found
proposed   already_exists ok P P P P P ok P P
assigned   already_exists already_exists ok ok ok ok already_recorded ok ok ok
accepted   already_exists already_exists already_recorded goal_accepted ok ok already_recorded ok ok ok
disputed   already_exists already_exists ok already_recorded ok ok already_recorded ok ok ok
revised    already_exists already_exists ok ok ok ok already_recorded ok ok ok
closed     already_exists already_exists C C C already_recorded ok C C C
reopened   already_exists already_exists ok ok ok ok already_recorded ok ok ok
withdrawn  already_exists already_exists W W W W W already_recorded W W
"""
SHORT = {"P": "goal_only_proposed", "C": "goal_closed", "W": "goal_withdrawn"}


def table(text: str) -> list[tuple[str, str, str]]:
    rows = [line.split() for line in text.strip().splitlines()]
    return [(row[0], verb, SHORT.get(cell, cell)) for row in rows for verb, cell in zip(ASKED, row[1:], strict=True)]


@pytest.mark.parametrize(("state", "verb", "expected"), table(ANSWERS))
def test_what_each_state_answers(state: str, verb: str, expected: str):
    command, actor = ASKED[verb]
    outcome = given("goal", "g-1", *STATES[state], world=WORLD).when(command, actor=actor)
    assert ("ok" if outcome.event is not None else outcome.said) == expected


def a_goal(*happened: Happened) -> Given:
    return given("goal", "g-1", *happened, world=WORLD)


def asked(**changed: Any) -> goal.AssignGoal:
    return goal.AssignGoal.model_validate({**GOAL_ASKED, **changed})


def test_an_adopted_proposal_is_named_and_its_terms_may_change():
    subject = a_goal(PROPOSED)
    event = subject.when(asked(target=q("125")), actor="p-lead").event
    assert isinstance(event, GoalAssigned)
    assert (event.proposal, event.target) == (subject.state.entry, q("125"))


def test_a_proposal_is_adopted_for_nobody_else():
    a_goal(PROPOSED).when(asked(owner=Holder(kind="person", id="p-bob")), actor="p-lead").then(OtherOwner)


def test_once_assigned_the_proposer_has_no_say_in_taking_it_back():
    subject = a_goal(PROPOSED)
    assert subject.state.proposer == "p-hr"
    subject.history.do("goal", "g-1", asked(), actor="p-lead")
    assert subject.state.proposer is None


def test_who_left_before_the_start_gets_no_goal():
    eve = {"owner": Holder(kind="person", id="p-eve"), "employment": None}
    a_goal().when(asked(**eve), actor="p-lead").then(AfterLastDay)
    a_goal().when(asked(**eve, starts_on="2026-02-01"), actor="p-lead", on="2026-02-28").then(GoalAssigned)
    a_goal().when(asked(**eve, starts_on="2026-02-01"), actor="p-lead", on="2026-03-01").then(AfterLastDay)
    outcome = given("goal", "g-2", world=WORLD).when(asked(**eve), actor="p-hr", testimony=True)
    outcome.then(GoalAssigned, marks=("not_employed",))


def test_the_goal_belongs_to_the_employment_of_its_owner():
    event = a_goal().when(asked(employment=None), actor="p-lead").event
    assert isinstance(event, GoalAssigned)
    assert event.employment == "e-p-ann"
    a_goal().when(asked(employment="e-p-bob"), actor="p-lead").then(UnknownReference)


def test_a_unit_owns_a_goal_while_it_lives():
    unit = {"owner": Holder(kind="unit", id="sales"), "employment": None}
    event = a_goal().when(asked(**unit), actor="p-boss").event
    assert isinstance(event, GoalAssigned)
    assert (event.owner, event.employment) == (SALES, None)
    a_goal().when(asked(**unit, starts_on="2019-01-01"), actor="p-boss", on="2019-01-01").then(UnitGone)
    assert goal.AssignGoal.model_validate({**GOAL_ASKED, **unit}).owner_unit == "sales"
    assert asked().owner_unit is None


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"metric": "unheard-of"}, UnknownReference),
        ({"parent": "g-unheard-of"}, UnknownReference),
        ({"owner": {"kind": "person", "id": "p-nobody"}}, UnknownReference),
        ({"parent": "g-1"}, UnknownReference),
        ({"ends_on": "2025-12-31"}, PeriodReversed),
        ({"target": "90"}, AgainstDirection),
        ({"stretch": "110"}, AgainstDirection),
        ({"metric": "decrease"}, AgainstDirection),
        ({"tolerance": "5"}, BandNeeded),
        ({"metric": "maintain"}, BandNeeded),
    ],
)
def test_terms_that_make_no_sense_are_refused(changed: dict[str, Any], refusal: type):
    a_goal().when(asked(**changed), actor="p-lead").then(refusal)


def test_a_falling_metric_goes_down_from_its_baseline():
    falling = {"metric": "decrease", "baseline": "10", "target": "5", "stretch": "3"}
    a_goal().when(asked(**falling), actor="p-lead").then(GoalAssigned)
    a_goal().when(asked(**{**falling, "stretch": "7"}), actor="p-lead").then(AgainstDirection)


def test_goals_do_not_serve_each_other_in_a_circle():
    subject = a_goal(PROPOSED)
    child = GoalAssigned.model_validate({**GOAL, "parent": "g-1"})
    subject.history.record("goal", "g-child", child)
    subject.when(asked(parent="g-child"), actor="p-lead").then(Circle)


def test_nobody_accepts_what_they_assigned_themselves():
    own = GoalAssigned.model_validate({**GOAL, "owner": SALES}), day("2026-01-02"), "p-lead"
    a_goal(own).when(goal.AcceptGoal(), actor="p-lead").then(OwnAct)


def test_a_revised_target_awaits_a_new_answer():
    assert a_goal(ASSIGNED, ACCEPTED).state.answer is Answer.ACCEPTED
    subject = a_goal(ASSIGNED, ACCEPTED, REVISED)
    assert subject.state.answer is None
    subject.when(goal.AcceptGoal(), actor="p-ann").then(GoalAccepted(owner=ANN))


def test_a_target_is_revised_with_a_reason_in_the_better_direction_by_the_last_day():
    subject = a_goal(ASSIGNED)
    subject.when(goal.ReviseTarget(target=q("130")), actor="p-lead").then(ReasonNeeded)
    subject.when(goal.ReviseTarget(target=q("90"), reason="market"), actor="p-lead").then(AgainstDirection)
    late = goal.ReviseTarget(target=q("130"), reason="market")
    subject.when(late, actor="p-lead", on="2027-01-01").then(OutsidePeriod)
    subject.when(late, actor="p-lead", on="2026-12-31").then(GoalTargetRevised(owner=ANN, target=q("130")))


def test_each_day_has_the_target_of_its_end_and_a_late_revision_slots_in():
    subject = a_goal(ASSIGNED, REVISED, (GoalTargetRevised(owner=ANN, target=q("115")), day("2026-02-01")))
    act = subject.history.act("goal", "g-1", goal.CloseGoal(), actor="p-lead")
    days = ("2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01")
    assert [subject.state.target_on(day(d), act).value for d in days] == [q("120"), q("115"), q("115"), q("130")]


def test_an_annulled_revision_leaves_the_target_as_if_it_had_never_been():
    subject = a_goal(ASSIGNED, REVISED)
    revision = subject.entry(GoalTargetRevised)
    subject.history.do("goal", "g-1", goal.AnnulGoalEntry.model_validate({"entry": revision}), actor="p-lead")
    assert subject.state.targets["target"].changes == ()


def closed(*happened: Happened, on: str = "2026-06-15") -> GoalClosed:
    event = a_goal(*happened).when(goal.CloseGoal(), actor="p-lead", on=on).event
    assert isinstance(event, GoalClosed)
    return event


def measured(value: str, on: str, source: str = "erp") -> tuple[Event, Any]:
    return MeasurementRecorded(owner=ANN, value=q(value), day=day(on), source=source), day(on)


def test_closing_keeps_the_figures_and_says_where_the_actual_comes_from():
    event = closed(ASSIGNED, REPORTED)
    assert (event.actual, event.actual_on, event.actual_from) == (q("105"), day("2026-03-31"), "claim")
    assert (event.progress, event.attainment, event.reached) == (q("0.25"), q("0.875"), False)
    assert event.formula == "figures-2"


def test_a_measurement_of_the_approved_source_goes_before_a_later_claim():
    event = closed(ASSIGNED, measured("103", "2026-03-01"), REPORTED)
    assert (event.actual, event.actual_from) == (q("103"), "measurement")
    assert closed(ASSIGNED, measured("103", "2026-03-01", "survey"), REPORTED).actual == q("105")


def test_without_any_value_there_is_no_figure_and_it_says_why():
    event = closed(ASSIGNED)
    assert (event.actual, event.progress, event.attainment, event.reached) == (None, None, None, None)
    assert (event.progress_why, event.attainment_why) == (Why.NO_ACTUAL, Why.NO_ACTUAL)


def test_a_zero_is_a_value():
    report = ProgressReported(owner=ANN, value=Decimal(0), day=day("2026-03-31")), day("2026-03-31"), "p-ann"
    event = closed(ASSIGNED, report)
    assert (event.actual, event.progress, event.attainment) == (q("0"), q("-5"), q("0"))


def test_the_figures_use_the_target_in_force_and_values_up_to_the_closing_day():
    later = ProgressReported(owner=ANN, value=q("140"), day=day("2026-06-01")), day("2026-06-01"), "p-ann"
    event = closed(ASSIGNED, REPORTED, REVISED, later, on="2026-03-31")
    assert (event.target, event.actual) == (q("120"), q("105"))
    assert closed(ASSIGNED, REPORTED, REVISED, later).target == q("130")


def test_what_is_to_be_maintained_is_scored_by_days_inside_the_band():
    kept = {"metric": "maintain", "tolerance": q("5"), "target": q("100"), "ends_on": day("2026-04-10")}
    terms = GoalAssigned.model_validate({**GOAL, **kept}), day("2026-01-02"), "p-lead"
    event = closed(terms, measured("98", "2026-04-01"), measured("120", "2026-04-06"))
    assert (event.progress, event.reached, event.attainment_why) == (q("0.5"), False, Why.NOT_FOR_THIS_DIRECTION)


def test_a_goal_does_not_close_in_the_future():
    a_goal(ASSIGNED).when(goal.CloseGoal(), actor="p-lead", on="2026-06-16").then(InTheFuture)


@pytest.mark.parametrize("command", [goal.ReopenGoal(), goal.WithdrawGoal()])
def test_turning_back_needs_a_reason(command: Command):
    happened = (ASSIGNED, CLOSED) if isinstance(command, goal.ReopenGoal) else (ASSIGNED,)
    a_goal(*happened).when(command, actor="p-lead").then(ReasonNeeded)


def test_authority_finds_owner_and_unit_on_the_joined_state():
    state = a_goal(ASSIGNED, REPORTED).state
    assert (state.owner, state.owner_unit, state.metric) == (ANN, None, "increase")
    assert len(state.claims) == 1
    assert not hasattr(state, "unheard_of")
    unit = GoalAssigned.model_validate({**GOAL, "owner": SALES})
    assert a_goal(unit).state.owner_unit == "sales"


def test_a_metric_keeps_its_meaning():
    metric = {"label": "Share", "unit_of_measure": "%", "direction": Direction.INCREASE, "combines": Combines.RATIO}
    define = DefineMetric.model_validate({**metric, "numerator": "increase", "denominator": "decrease"})
    subject = given("metric", "share", world=WORLD)
    subject.when(define).then(MetricDefined)
    subject.when(DefineMetric.model_validate({**metric, "numerator": "increase"})).then(RatioParts)
    parts = {"numerator": "increase", "denominator": "decrease", "combines": "sum"}
    subject.when(DefineMetric.model_validate({**metric, **parts})).then(RatioParts)
    subject.history.do("metric", "share", define)
    assert subject.when(define).said == "already_exists"
    assert subject.when(define, testimony=True).said == "already_recorded"
