"""Facts recorded late: what was known before shows the lapse, what is known now shows it void, on both axes."""

import asyncio
from typing import Any

from projections.catalogue import CATALOGUE
from projections.duties import queries
from projections.engine import Runner
from tests.rules.conftest import Play
from tests.rules.world import World

ALL = queries.Wanted(standings=queries.STANDINGS)
LATE: dict[str, Any] = {"reason": "recorded_late"}
Seen = list[tuple[str, str | None]]


async def seen(world: World, goal: str, kind: str, known: int) -> tuple[Seen, Seen]:
    """Return standing and holder of the duties about a goal: as known at a position, and as known now."""

    def look() -> tuple[Seen, Seen]:
        ledger = world.ledger
        runner = Runner(world.conninfo, ledger.name, ledger.reader, CATALOGUE)
        runner.start()
        try:
            assert runner.wait_for("duties", ledger.reader.head().size, 30)
            with runner.view("duties") as view:
                pages = [queries.about(view, f"goal/{goal}", ALL, known=at) for at in (known, None)]
        finally:
            runner.stop()
        before, now = ([(d.standing, d.holder) for d in page if d.kind == kind] for page in pages)
        return sorted(before, key=str), sorted(now, key=str)

    return await asyncio.to_thread(look)


def test_an_employment_that_had_ended_leaves_no_lapse(play: Play) -> None:
    async def story(world: World) -> None:
        goal, wang = await world.goal(), world.id("wang")
        await world.on("2026-03-10")
        known = world.ledger.reader.head().size
        await world.does("hr", "people", "end-employment", wang, ending="voluntary", effective_at="2026-03-04", **LATE)
        before, now = await seen(world, goal, "answer_goal", known)
        assert ("lapsed", wang) in before
        assert {standing for standing, _ in now} == {"voided"}

    play(story)


def test_a_manager_who_came_earlier_should_have_answered(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        await world.does("wang", "goals", "raise-difficulty", goal, concern="resources")
        await world.on("2026-03-06")
        known = world.ledger.reader.head().size
        since = {"effective_at": "2026-03-02", **LATE}
        await world.does("hr", "people", "assign-manager", world.id("wang"), manager=world.id("zhou"), **since)
        before, now = await seen(world, goal, "answer_difficulty", known)
        assert ("lapsed", world.id("lin")) in before
        assert ("voided", world.id("lin")) in now
        assert ("open", world.id("zhou")) in now

    play(story)


def test_an_absence_that_is_recorded_late_frees_who_was_away(play: Play) -> None:
    async def story(world: World) -> None:
        goal, wang = await world.goal(), world.id("wang")
        await world.on("2026-03-10")
        known = world.ledger.reader.head().size
        away = {"kind": "parental", "effective_at": "2026-03-03", **LATE}
        await world.does("hr", "people", "start-absence", wang, **away)
        before, now = await seen(world, goal, "answer_goal", known)
        assert ("lapsed", wang) in before
        assert {("voided", wang), ("open", wang)} <= set(now)

    play(story)
