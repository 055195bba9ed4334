"""Cycles: planned once, pinned to a policy, their stages opened and closed in turn; sessions and findings."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.reviews import calibrations, cycles, planning
from ledger.domain.reviews.calibrations import CalibrationHeld, GradeCount, HoldCalibration
from ledger.domain.reviews.cycles import CycleStage
from ledger.kernel.command import Command
from ledger.kernel.policy import STANDING, GradeShare, PolicyTerms, Scale
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    OwnAct,
    PeriodReversed,
    ReasonNeeded,
    UnknownReference,
)
from tests.domain.examples import company, day, q
from tests.domain.examples.reviews import CYCLE_OPENED, PLAN, PLANNED, SCALE, STAGE_CLOSED, STAGE_OPENED
from tests.domain.given import Given, Happened, History, given

WORLD = company()
CLOSED = (cycles.CycleClosed(), day("2026-06-01"))
OTHER_SCALE = Scale(code="abc", grades=("low", "high"))


def a_cycle(*happened: Happened, world: History = WORLD) -> Given:
    return given("cycle", "h1", *happened, world=world)


def under_policy(**terms: Any) -> History:
    """Return the company under a first version of the standing policy."""
    policy = PolicyPublished(version=1, label="Performance", terms=PolicyTerms.model_validate(terms))
    return given("policy", STANDING, policy, world=WORLD).history


def planned(**changed: Any) -> planning.PlanCycle:
    return planning.PlanCycle.model_validate({**PLAN, **changed})


STATES: dict[str, tuple[Happened, ...]] = {
    "unknown": (),
    "planned": (PLANNED,),
    "open": (PLANNED, CYCLE_OPENED),
    "running": (PLANNED, CYCLE_OPENED, STAGE_OPENED),
    "stopped": (PLANNED, CYCLE_OPENED, STAGE_OPENED, STAGE_CLOSED),
    "closed": (PLANNED, CYCLE_OPENED, CLOSED),
}
ASKED: dict[str, Command] = {
    "plan": planned(),
    "open": planning.OpenCycle(),
    "open-stage": planning.OpenStage(stage=CycleStage.REVIEW, reason="more_time"),
    "close-stage": planning.CloseStage(stage=CycleStage.REVIEW),
    "close": planning.CloseCycle(),
    "brief": planning.BriefAssessors(assessors=("p-lead",)),
}
ANSWERS = """
unknown  ok               not_found        not_found        not_found         not_found           not_found
planned  already_recorded ok               cycle_not_open   cycle_not_open    cycle_not_open      ok
open     cycle_begun      already_recorded ok               stage_not_running ok                  ok
running  cycle_begun      already_recorded already_recorded ok                stage_still_running ok
stopped  cycle_begun      already_recorded ok               stage_not_running ok                  ok
closed   cycle_begun      cycle_not_open   cycle_not_open   cycle_not_open    cycle_not_open      cycle_not_open
"""
TABLE = [
    (row.split()[0], verb, cell)
    for row in ANSWERS.strip().splitlines()
    for verb, cell in zip(ASKED, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "verb", "expected"), TABLE)
def test_what_each_state_answers(state: str, verb: str, expected: str):
    outcome = a_cycle(*STATES[state]).when(ASKED[verb])
    assert ("ok" if outcome.event is not None else outcome.said) == expected


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"ends_on": "2025-12-31"}, PeriodReversed),
        ({"stages": [{"stage": "review", "opens_on": "2026-05-02", "closes_on": "2026-05-01"}]}, PeriodReversed),
        ({"stages": [PLAN["stages"][0], PLAN["stages"][0]]}, planning.StageTwice),
        ({"grades": ("a", "a")}, planning.ScaleUnclear),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(changed: dict[str, Any], refusal: type):
    a_cycle().when(planned(**changed)).then(refusal)


def test_a_plan_gives_way_to_another_with_a_reason_until_the_cycle_is_opened():
    subject = a_cycle(PLANNED)
    subject.when(planned(label="Year")).then(ReasonNeeded)
    subject.when(planned(label="Year", reason="law")).then(cycles.CyclePlanned)


def test_a_cycle_keeps_the_policy_it_was_opened_under_until_somebody_changes_it_with_a_reason():
    world = under_policy(scales=[SCALE.model_dump()])
    subject = a_cycle(PLANNED, world=world)
    subject.history.do("cycle", "h1", planning.OpenCycle())
    assert (subject.state.policy_version, subject.state.scale) == (1, SCALE)
    later = PolicyPublished(version=2, label="Performance", terms=PolicyTerms(scales=(OTHER_SCALE,)))
    subject.history.record("policy", STANDING, later)
    assert subject.state.scale == SCALE, "a later rule is not applied to a cycle that runs"
    subject.when(planning.ChangeCyclePolicy()).then(ReasonNeeded)


def test_a_scale_has_one_answer():
    world = under_policy(scales=[OTHER_SCALE.model_dump()])
    a_cycle(PLANNED, world=world).when(planning.OpenCycle()).then(planning.ScaleUnclear)
    ungraded = cycles.CyclePlanned(**{**PLAN, "grades": None}, policy_version=0)
    a_cycle(ungraded).when(planning.OpenCycle()).then(planning.ScaleUnclear)
    a_cycle(ungraded, world=world).when(planning.OpenCycle()).then(
        cycles.CycleOpened(policy_version=1, scale=OTHER_SCALE)
    )


def test_only_planned_stages_run_and_a_closed_one_opens_again_with_a_reason():
    calibration = planning.OpenStage(stage=CycleStage.CALIBRATION)
    a_cycle(PLANNED, CYCLE_OPENED).when(calibration).then(planning.StageNotPlanned)
    again = planning.OpenStage(stage=CycleStage.REVIEW)
    a_cycle(PLANNED, CYCLE_OPENED, STAGE_OPENED, STAGE_CLOSED).when(again).then(ReasonNeeded)


def test_only_who_was_not_briefed_yet_is_briefed():
    subject = a_cycle(PLANNED)
    subject.history.do("cycle", "h1", planning.BriefAssessors(assessors=("p-lead",)))
    subject.when(planning.BriefAssessors(assessors=("p-lead",))).then(AlreadyRecorded)
    both = planning.BriefAssessors(assessors=("p-lead", "p-boss"))
    subject.when(both).then(cycles.AssessorsBriefed(assessors=("p-boss",)))
    subject.when(planning.BriefAssessors(assessors=("p-nobody",))).then(UnknownReference)


def test_findings_are_presented_to_others_after_the_stage():
    present = planning.PresentFindings(stage=CycleStage.REVIEW, unit="sales", leads=("p-lead",))
    a_cycle(PLANNED, CYCLE_OPENED).when(present).then(cycles.StageNotBegun)
    a_cycle(PLANNED, CYCLE_OPENED, STAGE_OPENED).when(present).then(planning.StageStillRunning)
    done = a_cycle(PLANNED, CYCLE_OPENED, STAGE_OPENED, STAGE_CLOSED)
    done.when(present, actor="p-lead").then(OwnAct)
    done.when(present.model_copy(update={"unit": "nowhere"})).then(UnknownReference)
    done.history.do("cycle", "h1", present)
    done.when(present).then(AlreadyRecorded)


# Calibration sessions


def held(world: History = WORLD, **changed: Any) -> Any:
    fields = {"cycle": "c-open", "unit": "sales", "members": ("p-boss", "p-lead"), "reviews": ("v-0", "v-2")}
    subject = given("calibration", "b-1", world=world)
    return subject.when(HoldCalibration.model_validate({**fields, **changed}), actor="p-boss")


def with_unrated() -> History:
    world = WORLD.copy()
    opened = world.state("review", "v-0").opened
    world.record("review", "v-2", opened.model_copy(update={"person": "p-ann"}))
    return world


def test_a_session_says_what_stood_before_and_counts_the_unrated_apart():
    event = held(with_unrated()).event
    assert isinstance(event, CalibrationHeld)
    assert (event.spread, event.unrated) == ((GradeCount(grade="b", count=1),), 1)


def test_a_session_keeps_the_distribution_of_its_scale():
    world = with_unrated()
    share = GradeShare(scale="abc", grade="a", largest=q("0.2"))
    other = GradeShare(scale="xy", grade="x", largest=q("0.5"))
    scales = (SCALE, Scale(code="xy", grades=("x", "y")))
    policy = PolicyPublished(version=1, label="P", terms=PolicyTerms(scales=scales, distribution=(share, other)))
    world.record("policy", STANDING, policy)
    event = held(world).event
    assert isinstance(event, CalibrationHeld)
    assert event.distribution == (share,)


def test_nobody_sits_in_the_session_that_compares_their_own_review():
    held(with_unrated(), members=("p-boss", "p-ann")).then(OwnAct)


def test_a_session_compares_reviews_of_one_running_cycle_once():
    world = with_unrated()
    held(world, reviews=("v-9",)).then(UnknownReference)
    held(world, cycle="c-9").then(UnknownReference)
    world.record("cycle", "c-2", PLANNED[0])
    world.record("cycle", "c-2", CYCLE_OPENED[0])
    held(world, cycle="c-2").then(calibrations.OtherCycle)
    world.record(
        "calibration", "b-1", CalibrationHeld(cycle="c-2", unit="sales", members=(), reviews=("v",), unrated=1)
    )
    held(world).then(AlreadyExists)
