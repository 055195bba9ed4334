"""Seats: who has a duty when leads change, are away or leave, and what a fact says that was recorded late."""

from datetime import date, timedelta
from typing import Any

from ledger.domain.duties import Seat, Standing
from ledger.kernel.event import Subject
from ledger.rules import Engine, Kind, support_of
from tests.rules.conftest import Play
from tests.rules.world import World


class Holdings:
    """A sight that knows what one person holds."""

    def __init__(self, *held: Subject) -> None:
        self._held = list(held)

    async def live_duties(self) -> tuple[int, list[str]]:
        return 0, []

    async def held_by(self, person: str, position: int) -> list[Subject]:
        return self._held

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        return self._held


async def troubled(world: World) -> str:
    """Let Wang raise a difficulty, which Lin has to answer; return the goal."""
    goal = await world.goal()
    await world.does("wang", "goals", "raise-difficulty", goal, concern="resources")
    return goal


def test_a_change_of_leads_moves_what_is_still_to_come_and_nothing_else(play: Play) -> None:
    async def story(world: World) -> None:
        first = await troubled(world)
        await world.on("2026-03-06")  # Lin was silent: the duty has lapsed, and went up to the boss
        second = await troubled(world)
        before, _ = await world.duties("answer_difficulty", about=first)
        assert (before.holder, before.standing) == (world.id("lin"), Standing.LAPSED)
        await world.does("hr", "units", "appoint-lead", "sales", lead=world.id("zhou"))
        moved = await world.duty("answer_difficulty", about=second)
        assert (moved.holder, moved.standing) == (world.id("zhou"), Standing.OPEN)
        stays, above = await world.duties("answer_difficulty", about=first)
        assert stays.holder == world.id("lin")
        assert above.holder == world.id("zhou")  # it is still to come, and Zhou stands above Lin now
        about = duties_about(world, second)
        (passed,) = [e for e in world.entries("duties.DutyTransferred") if e.stream in about]
        assert passed.data["giver"] == world.id("lin")
        assert passed.data["cause"] == world.entries("people.UnitLeadAppointed")[-1].event_id

    play(story)


def duties_about(world: World, goal: str) -> set[str]:
    opened = world.entries("duties.DutyOpened")
    return {e.stream for e in opened if e.data["subject"]["id"] == goal}


def test_a_change_that_takes_effect_later_moves_duties_when_its_day_has_come(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await troubled(world)
        await world.does("hr", "units", "appoint-lead", "sales", lead=world.id("zhou"), effective_at="2026-03-04")
        assert (await world.duty("answer_difficulty", about=goal)).holder == world.id("lin")
        await world.on("2026-03-04")
        assert (await world.duty("answer_difficulty", about=goal)).holder == world.id("zhou")

    play(story)


def test_a_lapse_is_void_once_it_is_known_that_the_holder_was_out_of_office(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await troubled(world)
        await world.on("2026-03-06")
        lapsed, above = await world.duties("answer_difficulty", about=goal)
        assert lapsed.standing is Standing.LAPSED
        assert above.holder == world.id("boss")
        await world.on("2026-03-09")
        since: dict[str, Any] = {"effective_at": "2026-03-02", "reason": "recorded_late"}
        await world.does("hr", "units", "appoint-lead", "sales", lead=world.id("zhou"), **since)
        fact = world.entries("people.UnitLeadAppointed")[-1].event_id
        below, gone_up, afresh = await world.duties("answer_difficulty", about=goal)
        assert (below.standing, gone_up.standing) == (Standing.VOIDED, Standing.VOIDED)
        voided = [e.data for e in world.entries("duties.DutyVoided") if e.stream in duties_about(world, goal)]
        assert {(data["fact"], data["why"]) for data in voided} == {(fact, "not_in_office")}
        assert (afresh.holder, afresh.standing, afresh.due_on) == (world.id("zhou"), Standing.OPEN, date(2026, 3, 12))
        before = len(world.entries())
        await Engine(world.ledger).pass_to()
        await world.engine.tick()
        assert len(world.entries()) == before

    play(story)


def test_a_lapse_is_void_once_it_is_known_that_the_holder_was_away(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.on("2026-03-10")
        assert (await world.duty("answer_goal", about=goal)).standing is Standing.LAPSED
        away: dict[str, Any] = {"effective_at": "2026-03-03", "reason": "recorded_late", "kind": "long_illness"}
        await world.does("hr", "people", "start-absence", world.id("wang"), **away)
        void, afresh = await world.duties("answer_goal", about=goal)
        assert void.standing is Standing.VOIDED
        assert (afresh.holder, afresh.standing) == (world.id("wang"), Standing.OPEN)
        await world.on("2026-04-20")
        assert (await world.duties("answer_goal", about=goal))[1].standing is Standing.OPEN  # it waits for her
        await world.does("hr", "people", "end-absence", world.id("wang"), effective_at="2026-04-20")
        await world.on("2026-04-27")
        assert (await world.duties("answer_goal", about=goal))[1].standing is Standing.OPEN  # the fifth working day
        await world.on("2026-04-28")
        assert (await world.duties("answer_goal", about=goal))[1].standing is Standing.LAPSED

    play(story)


def test_the_duties_of_a_lead_who_is_away_go_to_the_next_lead(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await troubled(world)
        await world.does("hr", "people", "start-absence", world.id("lin"), kind="parental")
        assert (await world.duty("answer_difficulty", about=goal)).holder == world.id("boss")
        await world.does("hr", "people", "end-absence", world.id("lin"))
        assert (await world.duty("answer_difficulty", about=goal)).holder == world.id("lin")

    play(story)


def test_what_a_leaver_holds_is_taken_over_by_their_last_day(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        holder = {"kind": "person", "id": world.id("wang")}
        await world.does("boss", "responsibilities", "assign", "team/compiler", role="accountable", holder=holder)
        engine = Engine(world.ledger, Holdings(subject("team", "compiler"), subject("goal", goal)))
        await world.company.does(
            "hr", "people", "end-employment", world.id("wang"), ending="voluntary", effective_at="2026-03-21"
        )
        await engine.pass_to()
        await world.engine.pass_to()
        owed = await world.duties("take_over")
        assert {(d.holder, d.due_on, d.opened.subject.key) for d in owed if d.opened} == {
            (world.id("lin"), date(2026, 3, 20), "team/compiler"),
            (world.id("lin"), date(2026, 3, 20), f"goal/{goal}"),
        }
        instead = {"kind": "person", "id": world.id("mei")}
        await world.does(
            "boss", "responsibilities", "assign", "team/compiler",
            role="accountable", holder=instead, instead_of=holder, effective_at="2026-03-20",
        )  # fmt: skip
        assert (await world.duty("take_over", about="compiler")).standing is Standing.DISCHARGED
        await world.on("2026-03-21", hour=4)
        assert (await world.duty("take_over", about=goal)).standing is Standing.LAPSED
        assert (await world.duty("answer_goal", about=goal)).standing is Standing.DISCHARGED  # she owes nothing now
        await world.does("lin", "goals", "withdraw", goal, reason="left")
        assert (await world.duty("take_over", about=goal)).standing is Standing.DISCHARGED

    play(story)


def subject(kind: str, id: str) -> Subject:
    return Subject(kind=kind, id=id)


def test_what_an_annulled_fact_opened_is_void(play: Play) -> None:
    async def story(world: World) -> None:
        engine = Engine(world.ledger, Holdings(subject("team", "compiler")))
        await world.company.does(
            "hr", "people", "end-employment", world.id("wang"), ending="voluntary", effective_at="2026-03-21"
        )
        await engine.pass_to()
        ended = world.entries("people.EmploymentEnded")[-1]
        assert (await world.duty("take_over")).standing is Standing.OPEN
        await world.does("hr", "people", "annul", world.id("wang"), entry=ended.event_id, reason="mistaken")
        assert (await world.duty("take_over")).standing is Standing.VOIDED

    play(story)


def test_an_excused_duty_is_owed_by_nobody_above_either(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await troubled(world)
        await world.on("2026-03-06")
        bottom = next(e.stream for e in world.entries("duties.DutyOpened") if e.data["kind"] == "answer_difficulty")
        id = bottom.removeprefix("duty/")
        await world.does("boss", "duties", "excuse", id, reason="settled_in_person")
        below, above = await world.duties("answer_difficulty", about=goal)
        assert (below.standing, above.standing) == (Standing.EXCUSED, Standing.DISCHARGED)

    play(story)


def test_hiring_from_the_request_to_the_decision(play: Play) -> None:
    async def story(world: World) -> None:
        requirements = [{"competency": "analysis", "minimum": "3"}]
        await world.does("hr", "job-profiles", "adopt", "analyst", job="analyst", requirements=requirements)
        request = await world.does("lin", "requisitions", "open", unit="sales", profile="analyst")
        owed = await world.duty("approve_requisition")
        assert (owed.holder, owed.standing) == (world.id("boss"), Standing.OPEN)
        await world.does("boss", "requisitions", "approve", request)
        assert (await world.duty("approve_requisition")).standing is Standing.DISCHARGED
        candidate = await world.does("hr", "candidates", "register", name="Dee")
        application = await world.does("hr", "applications", "receive", candidate=candidate, requisition=request)
        panel = [world.id("wang"), world.id("mei")]
        await world.does("lin", "applications", "name-panel", application, assessors=panel)
        assert {d.holder for d in await world.duties("submit_scorecard")} == set(panel)
        scores = [{"competency": "analysis", "score": "4"}]
        await world.does("wang", "applications", "record-assessment", application, scores=scores)
        assert not await world.duties("decide_application")
        await world.does("mei", "applications", "record-assessment", application, scores=scores)
        assert {d.standing for d in await world.duties("submit_scorecard")} == {Standing.DISCHARGED}
        assert (await world.duty("decide_application")).holder == world.id("lin")
        await world.does("lin", "applications", "decide", application, decision="hire")
        await world.does("lin", "applications", "reverse-decision", application, reason="withdrew")
        first, second = await world.duties("decide_application")
        assert (first.standing, second.standing) == (Standing.DISCHARGED, Standing.OPEN)

    play(story)


def test_a_report_is_owed_in_its_rhythm_and_silence_is_a_deviation(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        first = await world.duty("report_progress")
        assert (first.holder, first.due_on) == (world.id("wang"), date(2026, 4, 1))
        await world.on("2026-03-20")
        await world.does("wang", "goals", "report-progress", goal, value="30")
        await world.does("wang", "goals", "report-progress", goal, value="31")  # nothing more is owed by it
        done, following = await world.duties("report_progress")
        assert (done.standing, following.due_on) == (Standing.DISCHARGED, date(2026, 4, 19))
        await world.on("2026-04-20")
        (found,) = world.entries("progress.DeviationFound")
        assert (found.data["found"], found.data["day"]) == ("stale", "2026-04-19")
        assert (await world.duty("talk_about_deviation")).holder == world.id("lin")
        _, missed, last = await world.duties("report_progress")
        assert (missed.standing, last.due_on) == (Standing.LAPSED, date(2026, 5, 20))
        await world.does("lin", "goals", "withdraw", goal, reason="changed")
        assert {d.standing for d in await world.duties("report_progress")} <= {Standing.DISCHARGED, Standing.LAPSED}

    play(story)


def test_the_report_on_the_last_day_of_a_goal_is_the_last_one_owed(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        goal_ends = (await world.ledger.judged(lambda facts: facts.state("goal", goal).terms)).ends_on
        day = date(2026, 3, 20)
        while day < goal_ends:
            await world.on(day.isoformat())
            await world.does("wang", "goals", "report-progress", goal, value="30")
            day += timedelta(days=25)
        *_, last = await world.duties("report_progress")
        assert (last.standing, last.due_on) == (Standing.OPEN, goal_ends)
        await world.on(goal_ends.isoformat())
        await world.does("wang", "goals", "report-progress", goal, value="90")
        assert {duty.standing for duty in await world.duties("report_progress")} == {Standing.DISCHARGED}
        await world.on((goal_ends + timedelta(days=1)).isoformat())
        assert {duty.standing for duty in await world.duties("report_progress")} == {Standing.DISCHARGED}

    play(story)


def test_leads_owe_a_conversation_in_the_rhythm_of_the_policy(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.goal()
        owed = await world.duty("coach")
        assert (owed.holder, owed.due_on) == (world.id("lin"), date(2026, 5, 31))
        await world.on("2026-03-31")
        await world.does("wang", "goals", "report-progress", goal, value="1")
        assert (await world.duty("talk_about_deviation")).standing is Standing.OPEN
        await world.does("lin", "coachings", "hold", person=world.id("wang"), goals=[goal])
        assert (await world.duty("talk_about_deviation")).standing is Standing.DISCHARGED
        held, following = await world.duties("coach")
        assert (held.standing, following.due_on) == (Standing.DISCHARGED, date(2026, 6, 29))
        await world.on("2026-06-30")
        _, missed, *further = await world.duties("coach")
        assert missed.standing is Standing.LAPSED
        assert [duty.due_on for duty in further] == [date(2026, 9, 28)]

    play(story)


def test_a_paused_goal_owes_no_report_and_one_handed_over_owes_it_to_another(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("lin", "goals", "pause", goal, reason="waiting")
        assert (await world.duty("report_progress")).standing is Standing.DISCHARGED
        await world.on("2026-03-10")
        await world.does("lin", "goals", "resume", goal)
        assert (await world.duties("report_progress"))[-1].due_on == date(2026, 4, 9)
        taker = {"kind": "person", "id": world.id("mei")}
        await world.does("lin", "goals", "hand-over", goal, taker=taker, reason="moved")
        reports, answers = await world.duties("report_progress"), await world.duties("answer_goal")
        assert [duty.standing for duty in reports] == [Standing.DISCHARGED, Standing.DISCHARGED, Standing.OPEN]
        assert {duty.holder for duty in (reports[-1], answers[-1])} == {world.id("mei")}

    play(story)


def test_the_matrix_names_who_supports_whoever_has_to_act(play: Play) -> None:
    async def story(world: World) -> None:
        wang, lin = Subject(kind="person", id=world.id("wang")), world.id("lin")
        now = world.clock.now()

        kinds = (Kind.COACH, Kind.ANSWER_GOAL, Kind.REPORT_PROGRESS)
        found = await world.ledger.judged(
            lambda facts: [support_of(kind, wang, facts, now, holder=lin) for kind in kinds]
        )
        assert found == [(Seat.HR_PARTNER, world.id("hu")), (Seat.LEAD, world.id("boss")), None]

    play(story)
