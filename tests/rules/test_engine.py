"""The engine: whatever happens to it, each duty is opened once, lapses once, and goes up once."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import psycopg

from ledger.domain.duties import Notice, Standing
from ledger.kernel.append import Tracked
from ledger.rules import Engine
from tests.rules.conftest import Play
from tests.rules.world import World


def kinds(world: World) -> Counter[str]:
    return Counter(entry.data["kind"] for entry in world.entries("duties.DutyOpened"))


def test_whoever_joins_is_to_be_given_goals_by_their_lead(play: Play) -> None:
    async def story(world: World) -> None:
        duty = await world.duty("set_goals", about=world.id("wang"))
        assert (duty.holder, duty.standing, duty.notice) == (world.id("lin"), Standing.OPEN, Notice.DELIVERED)
        assert duty.due_on == date(2026, 3, 16)  # ten working days after the Monday
        await world.goal()
        assert (await world.duty("set_goals", about=world.id("wang"))).standing is Standing.DISCHARGED
        assert (await world.duty("set_goals", about=world.id("mei"))).standing is Standing.OPEN

    play(story)


def test_running_again_from_the_beginning_records_nothing(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("wang", "goals", "accept", goal)
        await world.on("2026-05-06")
        before = [entry.event_id for entry in world.entries()]
        await forget(world)
        again = Engine(world.ledger)
        await again.pass_to()
        await again.tick()
        assert [entry.event_id for entry in world.entries()] == before
        assert again.refused

    play(story)


async def forget(world: World) -> None:
    """Set the position of the rules back to nothing, as no run could."""
    async with await psycopg.AsyncConnection.connect(world.conninfo, autocommit=True) as connection:
        await connection.execute(f"delete from {world.ledger.reader.schema}.tracking".encode())


def test_a_run_that_was_killed_between_two_transactions_is_taken_up(play: Play) -> None:
    async def story(world: World) -> None:
        receipts = [await world.company.does("lin", "goals", "assign", None, **terms(world)) for _ in range(3)]
        killed = Engine(world.ledger)
        await killed.pass_to(receipts[0].position)  # and no further: its process is gone
        assert kinds(world)["answer_goal"] == 1
        late = Engine(world.ledger)
        await late.pass_to()
        assert kinds(world)["answer_goal"] == 3
        assert kinds(world)["report_progress"] == 3
        assert late.position == world.ledger.reader.head().size

    play(story)


def terms(world: World) -> dict[str, Any]:
    return {
        "owner": {"kind": "person", "id": world.id("wang")},
        "title": "Customers",
        "metric": "customers",
        "baseline": "0",
        "target": "90",
        "starts_on": "2026-03-02",
        "ends_on": "2026-05-30",
    }


def test_several_at_once_open_each_duty_once(play: Play) -> None:
    async def story(world: World) -> None:
        for _ in range(5):
            await world.company.does("lin", "goals", "assign", None, **terms(world))
        engines = [Engine(world.ledger) for _ in range(4)]
        await asyncio.gather(*(engine.pass_to() for engine in engines))
        assert kinds(world)["answer_goal"] == 5
        streams = [entry.stream for entry in world.entries("duties.DutyOpened")]
        assert len(set(streams)) == len(streams)
        await world.on("2026-03-20")
        await asyncio.gather(*(engine.tick() for engine in engines))
        lapses = Counter(entry.stream for entry in world.entries("duties.DutyLapsed"))
        assert lapses
        assert set(lapses.values()) == {1}

    play(story)


def test_position_and_what_follows_are_recorded_together(play: Play) -> None:
    async def story(world: World) -> None:
        await world.goal()
        reached = world.ledger.reader.tracked("rules")
        assert reached == world.ledger.reader.head().size
        await world.ledger.record_batch([], mode="each", batch_id=None, tracked=Tracked("rules", reached + 100))
        await world.company.does("lin", "goals", "assign", None, **terms(world))
        before = kinds(world)["answer_goal"]
        other = Engine(world.ledger)
        await other.pass_to()  # a runner that is further by what the ledger says: nothing is done twice
        assert kinds(world)["answer_goal"] == before

    play(story)


def test_as_a_service_it_follows_by_itself_and_says_when_it_has_passed(play: Play) -> None:
    async def story(world: World) -> None:
        service = Engine(world.ledger)
        service.start()
        receipt = await world.company.does("lin", "goals", "assign", None, **terms(world))
        assert await service.passed(receipt.position, 10)
        await service.stop()
        assert kinds(world)["answer_goal"] == 1
        assert service.recorded > receipt.position
        assert not await service.passed(receipt.position + 1_000, 0.01)

    play(story)


def ends(world: World, by_entry: str) -> list[tuple[str, bool]]:
    """Return holder and lateness of what an event discharged, the duty at the bottom first."""
    found = [e.data for e in world.entries("duties.DutyDischarged") if e.data["by_entry"] == by_entry]
    return sorted(((data["holder"], data["late"]) for data in found), key=lambda end: not end[1])


def test_of_two_services_one_leads_and_the_other_takes_over(play: Play) -> None:
    async def story(world: World) -> None:
        services = [Engine(world.ledger, lease_s=0.2) for _ in range(2)]
        for service in services:
            service.start()
        for _ in range(6):
            receipt = await world.company.does("lin", "goals", "assign", None, **terms(world))
            assert all(await asyncio.gather(*(service.passed(receipt.position, 10) for service in services)))
        await services[0].stop()
        last = await world.company.does("lin", "goals", "assign", None, **terms(world))
        assert await services[1].passed(last.position, 10)
        await services[1].stop()
        assert kinds(world)["answer_goal"] == 7
        assert kinds(world)["report_progress"] == 7

    play(story)


def test_a_deviation_that_nobody_talks_about_lapses_and_goes_up(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("wang", "goals", "accept", goal)
        await world.on("2026-03-31")  # a third of the way is gone
        await world.does("wang", "goals", "report-progress", goal, value="10")
        (found,) = world.entries("progress.DeviationFound")
        assert (found.data["found"], found.source) == ("below_path", "rule:deviation-to-find@1")
        await world.does("wang", "goals", "report-progress", goal, value="11")
        assert len(world.entries("progress.DeviationFound")) == 1  # the lead has to talk about it already
        first = await world.duty("talk_about_deviation")
        assert (first.holder, first.due_on) == (world.id("lin"), date(2026, 4, 8))  # Qingming lies between
        await world.on("2026-04-08")
        assert (await world.duty("talk_about_deviation")).standing is Standing.OPEN
        await world.on("2026-04-09")
        lapsed = await world.duty("talk_about_deviation")
        assert (lapsed.standing, lapsed.escalated) == (Standing.LAPSED, False)
        own = [e for e in world.entries("duties.DutyLapsed") if e.data.get("holder") == world.id("lin")]
        assert {lapse.data["notice"] for lapse in own} == {"delivered"}
        await world.on("2026-04-13")  # the third working day after
        below, above = await world.duties("talk_about_deviation")
        assert below.standing is Standing.LAPSED  # nobody is freed
        assert (above.holder, above.standing, above.notice) == (world.id("boss"), Standing.OPEN, Notice.DELIVERED)
        person = {"kind": "goal", "id": goal}
        given: dict[str, Any] = {
            "recipient": world.id("wang"),
            "about": person,
            "kind": "advice",
            "text": "Let us look at it",
        }
        await world.does("lin", "feedback", "give", **given)
        ended = await world.duties("talk_about_deviation")
        assert [duty.standing for duty in ended] == [Standing.DISCHARGED] * 2
        (talk,) = world.entries("feedback.FeedbackGiven")
        assert [late for _, late in ends(world, talk.event_id)] == [True, False]

    play(story)


def test_a_difficulty_is_answered_late(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("wang", "goals", "raise-difficulty", goal, concern="resources", note="Nobody to test it")
        (raised,) = world.entries("progress.DifficultyRaised")
        owed = await world.duty("answer_difficulty")
        assert (owed.holder, owed.due_on) == (world.id("lin"), date(2026, 3, 5))
        await world.on("2026-03-06")
        below, above = await world.duties("answer_difficulty")
        assert (below.standing, above.holder) == (Standing.LAPSED, world.id("boss"))
        await world.does("lin", "goals", "give-support", goal, call=raised.event_id, note="Zhou will help")
        assert [d.standing for d in await world.duties("answer_difficulty")] == [Standing.DISCHARGED] * 2
        (answer,) = world.entries("progress.SupportGiven")
        assert ends(world, answer.event_id) == [(world.id("lin"), True), (world.id("boss"), False)]

    play(story)


def test_a_call_for_support_goes_to_the_hr_partner(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("wang", "goals", "request-support", goal, concern="skills")
        owed = await world.duty("answer_support_call")
        assert (owed.holder, owed.party) == (world.id("hu"), "hr")
        (call,) = world.entries("progress.SupportRequested")
        await world.does("hu", "goals", "give-support", goal, call=call.event_id)
        assert (await world.duty("answer_support_call")).standing is Standing.DISCHARGED

    play(story)
