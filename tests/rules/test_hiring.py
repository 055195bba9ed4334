"""Hiring, lived: offers lapse, hires are shown what is expected, probations are decided in time, ids are put right."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.asking import Caller
from ledger.domain.duties import Standing
from ledger.domain.hiring.applications import ApplicationState
from ledger.domain.hiring.offers import OfferStanding
from ledger.kernel.refusals import Refusal
from ledger.rules import Engine
from tests.rules.conftest import Play
from tests.rules.world import World

GOOD = [{"competency": "analysis", "score": "4"}]
TERMS = {
    "contract": "fixed_term",
    "starts_on": "2026-03-09",
    "until": "2029-03-09",
    "probation_until": "2026-06-09",
}


async def requested(world: World) -> str:
    """Return an approved requisition of Lin's."""
    requirements = [{"competency": "analysis", "minimum": "3"}]
    await world.does("hr", "job-profiles", "adopt", "analyst", job="analyst", requirements=requirements)
    request = await world.does("lin", "requisitions", "open", unit="sales", profile="analyst")
    await world.does("boss", "requisitions", "approve", request)
    return request


async def applied(world: World, request: str, candidate: str | None = None) -> str:
    """Return an application for it."""
    who = candidate or await world.does("hr", "candidates", "register", name="Dee")
    return await world.does("hr", "applications", "receive", candidate=who, requisition=request)


async def offered(world: World, **terms: str) -> str:
    """Return an application that was decided, with an offer up to the fifth."""
    application = await applied(world, await requested(world))
    await world.does("lin", "applications", "decide", application, decision="hire", reason="known")
    await world.does("lin", "applications", "make-offer", application, **{**TERMS, "open_until": "2026-03-05", **terms})
    return application


async def begins(world: World) -> tuple[str, str]:
    """Let Dee accept, register her and start her employment on the ninth; return application and person."""
    application = await offered(world)
    await world.does("lin", "applications", "accept-offer", application)
    dee = await world.does("hr", "people", "register", name="Dee")
    terms: dict[str, Any] = {name: value for name, value in TERMS.items() if name != "starts_on"}
    await world.does(
        "hr", "people", "start-employment", dee, effective_at="2026-03-09", application=application, **terms
    )
    await world.does("hr", "people", "assign-to-unit", dee, unit="sales", effective_at="2026-03-09")
    return application, dee


async def state_of(world: World, application: str) -> ApplicationState:
    state: ApplicationState = await world.ledger.judged(lambda facts: facts.state("application", application))
    return state


async def refused(world: World, *asked: str, **fields: Any) -> str:
    """Return the code with which something is refused."""
    with pytest.raises(Refusal) as caught:
        await world.does(*asked, **fields)
    return caught.value.code


def test_an_offer_lapses_once_its_own_day_has_passed(play: Play) -> None:
    async def story(world: World) -> None:
        application = await offered(world)
        await world.on("2026-03-05")
        assert (await state_of(world, application)).offer.standing is OfferStanding.OPEN  # type: ignore[union-attr]  # it was made
        engine = Engine(world.ledger)  # another runner learns of the day from what is recorded
        world.clock.set(world.clock.now().replace(day=6))
        assert await engine.tick() > 0
        assert (await state_of(world, application)).offer.standing is OfferStanding.LAPSED  # type: ignore[union-attr]  # it was made
        (lapsed,) = world.entries("hiring.OfferLapsed")
        assert (lapsed.source, lapsed.data["open_until"]) == ("rule:offer-lapsed@1", "2026-03-05")
        assert await refused(world, "lin", "applications", "accept-offer", application) == "offer_ended"
        before = len(world.entries("hiring.OfferLapsed"))
        await world.engine.tick()
        assert len(world.entries("hiring.OfferLapsed")) == before

    play(story)


def test_a_hire_is_shown_what_is_expected_by_the_lead_who_hired(play: Play) -> None:
    async def story(world: World) -> None:
        application, dee = await begins(world)
        state = await state_of(world, application)
        assert (state.hired, state.is_live) == (dee, True)
        owed = await world.duty("present_expectations")
        assert (owed.holder, owed.due_on) == (world.id("lin"), date(2026, 3, 16))  # five days from the first
        assert owed.opened is not None
        assert owed.opened.cause == world.entries("people.EmploymentStarted")[-1].event_id
        expectations = [{"metric": "customers", "target": "8", "interval": "month"}]
        assert await refused(world, "wang", "onboardings", "present", dee, expectations=expectations) == "not_found"
        await world.on("2026-03-10")
        await world.does("lin", "onboardings", "present", dee, expectations=expectations, note="Eight a month")
        assert (await world.duty("present_expectations")).standing is Standing.DISCHARGED

    play(story)


def test_whoever_did_not_begin_leaves_the_application_open(play: Play) -> None:
    async def story(world: World) -> None:
        application, dee = await begins(world)
        employment = world.entries("people.EmploymentStarted")[-1].data["employment"]
        await world.on("2026-03-10")
        await world.does("hr", "people", "cancel-start", dee, employment=employment, reason="no_show")
        assert (await world.duty("present_expectations")).standing is Standing.DISCHARGED
        state = await state_of(world, application)
        assert (state.hired, state.accepted is not None) == (None, True)
        await world.does("lin", "applications", "withdraw-offer", application, reason="no_show")
        await world.does("lin", "applications", "withdraw", application)

    play(story)


def test_an_annulled_start_does_the_same(play: Play) -> None:
    async def story(world: World) -> None:
        application, dee = await begins(world)
        entry = world.entries("people.EmploymentStarted")[-1].event_id
        await world.does("hr", "people", "annul", dee, entry=entry, reason="mistaken")
        assert (await state_of(world, application)).hired is None
        assert (await world.duty("present_expectations")).standing is Standing.VOIDED

    play(story)


def test_a_probation_is_decided_before_it_ends_by_two_hands(play: Play) -> None:
    async def story(world: World) -> None:
        _, dee = await begins(world)
        await world.on("2026-05-09")
        assert not await world.duties("decide_probation")
        await world.on("2026-05-10")  # thirty days before
        owed = await world.duty("decide_probation")
        assert (owed.holder, owed.due_on) == (world.id("lin"), date(2026, 6, 8))
        await world.on("2026-05-11")
        assert len(await world.duties("decide_probation")) == 1
        assert await refused(world, "hr", "probations", "confirm", dee) == "not_proposed"
        await world.does("lin", "probations", "propose", dee, outcome="extend", until="2026-09-09", reason="absent")
        assert (await world.duty("decide_probation")).standing is Standing.DISCHARGED
        carry = await world.duty("carry_out_probation")
        assert (carry.holder, carry.due_on) == (world.id("hu"), date(2026, 5, 14))
        await world.does("hu", "probations", "extend", dee)
        assert (await world.duty("carry_out_probation")).standing is Standing.DISCHARGED
        await world.on("2026-08-09")
        assert len(await world.duties("decide_probation")) == 1
        await world.on("2026-08-10")
        again = (await world.duties("decide_probation"))[-1]
        assert (again.holder, again.due_on) == (world.id("lin"), date(2026, 9, 8))
        await world.does("lin", "probations", "propose", dee, outcome="confirm")
        await world.does("hr", "probations", "confirm", dee)
        assert {d.standing for d in await world.duties("decide_probation")} == {Standing.DISCHARGED}

    play(story)


def test_a_lead_who_stays_silent_lets_it_go_up_and_a_new_lead_takes_over(play: Play) -> None:
    async def story(world: World) -> None:
        _, dee = await begins(world)
        await world.on("2026-05-10")
        await world.does("hr", "units", "appoint-lead", "sales", lead=world.id("zhou"))
        assert (await world.duty("decide_probation")).holder == world.id("zhou")
        await world.on("2026-06-10")
        below, above = await world.duties("decide_probation")
        assert (below.standing, above.holder) == (Standing.LAPSED, world.id("boss"))
        assert (
            await refused(world, "boss", "probations", "propose", dee, outcome="fail", reason="unmet")
            == "probation_over"
        )
        await world.does("boss", "probations", "propose", dee, outcome="confirm")
        assert {d.standing for d in await world.duties("decide_probation")} == {Standing.DISCHARGED}
        await world.does("hr", "people", "end-employment", dee, ending="voluntary")
        assert (await world.duty("carry_out_probation")).standing is Standing.DISCHARGED

    play(story)


def test_a_withdrawal_frees_everybody_and_a_return_binds_them_again(play: Play) -> None:
    async def story(world: World) -> None:
        application = await applied(world, await requested(world))
        await world.does("lin", "applications", "name-panel", application, assessors=[world.id("wang")])
        await world.does("lin", "applications", "withdraw", application)
        assert (await world.duty("submit_scorecard")).standing is Standing.DISCHARGED
        await world.does("lin", "applications", "resume", application, reason="changed-mind")
        assert [d.standing for d in await world.duties("submit_scorecard")] == [Standing.DISCHARGED, Standing.OPEN]
        await world.does("wang", "applications", "record-assessment", application, scores=GOOD)
        assert (await world.duty("decide_application")).standing is Standing.OPEN
        await world.does("lin", "applications", "withdraw", application)
        assert (await world.duty("decide_application")).standing is Standing.DISCHARGED

    play(story)


def test_nobody_applies_twice_and_what_came_in_between_is_allotted(play: Play) -> None:
    async def story(world: World) -> None:
        request = await requested(world)
        terms: dict[str, Any] = {
            "terms": {"offices": {"hr": world.id("hu")}},
            "label": "P",
            "text_zh": "制",
            "text_en": "P",
        }
        await world.does("hr", "policies", "publish", "performance", **terms)
        one = await world.does("hr", "candidates", "register", name="Dee")
        other = await world.does("hr", "candidates", "register", name="Dee Dee")
        first = await applied(world, request, one)
        again = {"candidate": one, "requisition": request}
        assert await refused(world, "hr", "applications", "receive", **again) == "applied_already"
        await world.does("hr", "candidates", "merge", one, into=other)
        assert await refused(world, "hr", "applications", "receive", **again) == "candidate_merged_away"
        again["candidate"] = other
        assert await refused(world, "hr", "applications", "receive", **again) == "applied_already"
        await world.does("lin", "applications", "withdraw", first)
        between = await applied(world, request, other)
        await world.does("hr", "candidates", "unmerge", one, reason="mistaken")
        owed = await world.duty("allot_application")
        assert owed.opened is not None
        assert (owed.holder, owed.opened.subject.id) == (world.id("hu"), between)
        await world.does("hr", "applications", "allot", between, candidate=one, reason="unmerged")
        assert (await world.duty("allot_application")).standing is Standing.DISCHARGED
        assert (await state_of(world, between)).candidate == one
        assert await refused(world, "hr", "applications", "receive", candidate=one, requisition=request) == (
            "applied_already"
        )
        await applied(world, request, other)

    play(story)


def test_each_does_their_own_part_and_nobody_anothers(play: Play) -> None:
    async def story(world: World) -> None:
        application = await offered(world)
        assert await refused(world, "hr", "applications", "withdraw-offer", application, reason="x") == "not_allowed"
        assert await refused(world, "hr", "applications", "decide", application, decision="hold") == "not_allowed"
        assert await refused(world, "hr", "applications", "lapse-offer", application) == "not_allowed"
        assert await refused(world, "wang", "applications", "accept-offer", application) == "not_found"
        await world.does("hu", "applications", "accept-offer", application)  # a support act
        dee = await world.does("hr", "people", "register", name="Dee")
        world.company.people["dee"] = Caller(dee, "token/test")
        terms: dict[str, Any] = {name: value for name, value in TERMS.items() if name != "starts_on"}
        terms |= {"effective_at": "2026-03-09", "application": application}
        await world.does("hr", "people", "start-employment", dee, **terms)
        shown: dict[str, Any] = {"expectations": [{"metric": "customers", "target": "8"}]}
        assert await refused(world, "hr", "onboardings", "present", dee, **shown) == "in_a_leads_place"
        await world.does("lin", "onboardings", "present", dee, **shown)  # before she belongs to any unit
        await world.does("hr", "people", "assign-to-unit", dee, unit="sales", effective_at="2026-03-09")
        await world.on("2026-03-10")
        content = world.entries("hiring.ExpectationsPresented")[-1].data["content"]
        for other in ("hr", "lin"):
            assert await refused(world, other, "onboardings", "acknowledge", dee, content=content) == "not_allowed"
        assert await refused(world, "dee", "onboardings", "acknowledge", dee, content="0" * 64) == "other_expectations"
        await world.does("dee", "onboardings", "acknowledge", dee, content=content)
        (goal,) = world.entries("goals.GoalProposed")
        said = {name: goal.data[name] for name in ("metric", "target", "interval", "starts_on", "ends_on", "profile")}
        assert said == {
            "metric": "customers",
            "target": "8",
            "interval": "month",
            "starts_on": "2026-03-10",
            "ends_on": "2026-06-08",
            "profile": world.entries("hiring.JobProfileAdopted")[-1].stream.partition("/")[2],
        }
        assert goal.source == "rule:expectations-acknowledged@1"
        assert await refused(world, "hr", "probations", "propose", dee, outcome="confirm") == "in_a_leads_place"
        assert await refused(world, "dee", "probations", "propose", dee, outcome="confirm") == "not_allowed"
        assert await world.ledger.may_see(world.company.people["dee"], "probation", dee)
        await world.does("lin", "probations", "propose", dee, outcome="fail", reason="unmet")
        assert not await world.ledger.may_see(world.company.people["dee"], "probation", dee)  # until it is carried out
        assert await refused(world, "lin", "probations", "fail", dee, reason="unmet") == "not_allowed"
        await world.does("hu", "probations", "fail", dee, reason="unmet")
        assert await world.ledger.may_see(world.company.people["dee"], "probation", dee)

    play(story)


def test_where_the_policy_marks_it_hr_acts_in_a_leads_place_and_another_carries_it_out(play: Play) -> None:
    async def story(world: World) -> None:
        _, dee = await begins(world)
        texts = {"label": "P", "text_zh": "制", "text_en": "P"}
        await world.does("hr", "policies", "publish", "performance", terms={"boundary": "mark"}, **texts)
        await world.on("2026-03-10")
        await world.does("hu", "probations", "propose", dee, outcome="confirm")
        assert world.entries("hiring.ProbationOutcomeProposed")[-1].marks == ("overstepping",)
        assert await refused(world, "hu", "probations", "confirm", dee) == "own_act"
        carry = await world.duty("carry_out_probation")
        assert carry.holder != world.id("hu")
        await world.does("hr", "probations", "confirm", dee)

    play(story)


def test_a_policy_says_how_long_before_its_end_a_probation_is_to_be_decided(play: Play) -> None:
    async def story(world: World) -> None:
        await begins(world)
        texts = {"label": "P", "text_zh": "制", "text_en": "P"}
        await world.does("hr", "policies", "publish", "performance", terms={"probation_notice_days": 10}, **texts)
        await world.on("2026-05-29")
        assert not await world.duties("decide_probation")
        await world.on("2026-05-30")
        assert (await world.duty("decide_probation")).due_on == date(2026, 6, 8)

    play(story)
