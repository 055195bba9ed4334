"""Facts recorded late: what was known before shows the lapse, what is known now shows it void, on both axes."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from ledger.domain.duties import Standing
from projections.catalogue import CATALOGUE
from projections.duties import queries
from projections.engine import Runner
from tests.rules.conftest import Play
from tests.rules.world import World

ALL = queries.Wanted(standings=queries.STANDINGS)
LATE: dict[str, Any] = {"reason": "recorded_late"}
Seen = list[tuple[str, str | None]]


async def gaps(world: World, goal: str, known: int | None) -> list[tuple[str | None, str, str]]:
    """Return whose the duties about a goal were while they ran on others, as known at a position."""
    page = (await looked_up(world, goal, (known,)))[0]
    return [(gap.holder, str(gap.starts_on), str(gap.ends_on)) for owed in page for gap in owed.gaps]


async def seen(world: World, goal: str, kind: str, known: int) -> tuple[Seen, Seen]:
    """Return standing and holder of the duties about a goal: as known at a position, and as known now."""
    pages = await looked_up(world, goal, (known, None))
    before, now = ([(d.standing, d.holder) for d in page if d.kind == kind] for page in pages)
    return sorted(before, key=str), sorted(now, key=str)


async def looked_up(world: World, goal: str, positions: Sequence[int | None]) -> list[list[queries.Owed]]:
    """Return all duties about a goal as known at each position."""

    def look() -> list[list[queries.Owed]]:
        ledger = world.ledger
        runner = Runner(world.conninfo, ledger.name, ledger.reader, CATALOGUE)
        runner.start()
        try:
            assert runner.wait_for("duties", ledger.reader.head().size, 30)
            with runner.view("duties") as view:
                return [queries.about(view, f"goal/{goal}", ALL, known=at) for at in positions]
        finally:
            runner.stop()

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
        (void,) = world.entries("duties.DutyVoided")[:1]
        gap = {"holder": world.id("zhou"), "starts_on": "2026-03-02", "ends_on": "2026-03-05"}
        assert void.data["gaps"] == [gap]
        assert void.event is not None
        assert f"person/{world.id('zhou')}" in void.event.subjects(void.stream)
        assert await gaps(world, goal, known) == []
        assert await gaps(world, goal, None) == [(world.id("zhou"), "2026-03-02", "2026-03-05")]

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


def test_an_absence_whose_end_is_recorded_later_still_frees_for_the_time_it_ran(play: Play) -> None:
    async def story(world: World) -> None:
        goal, wang = await world.goal(), world.id("wang")
        await world.on("2026-03-10")
        away = {"kind": "parental", "effective_at": "2026-03-03", **LATE}
        await world.does("hr", "people", "start-absence", wang, **away)
        void, afresh = await world.duties("answer_goal", about=goal)
        assert (void.standing, afresh.standing) == (Standing.VOIDED, Standing.OPEN)
        await world.does("hr", "people", "end-absence", wang, effective_at="2026-03-10", **LATE)
        await world.on("2026-03-17")
        assert [d.standing for d in await world.duties("answer_goal", about=goal)] == [Standing.VOIDED, Standing.OPEN]
        await world.on("2026-03-18")  # five working days after she came back, she has still not answered
        assert (await world.duties("answer_goal", about=goal))[1].standing is Standing.LAPSED

    play(story)


def test_an_employment_that_began_later_than_was_recorded_frees_whoever_was_not_there_yet(play: Play) -> None:
    async def story(world: World) -> None:
        goal, wang = await world.goal(), world.id("wang")
        await world.on("2026-03-10")
        (begun,) = [e for e in world.entries("people.EmploymentStarted") if e.stream == f"person/{wang}"]
        await world.does(
            "hr", "people", "redate", wang, entry=begun.event_id, new_effective_at="2026-03-10", reason="wrong_day"
        )
        void, afresh = await world.duties("answer_goal", about=goal)
        assert (void.standing, afresh.standing, afresh.holder) == (Standing.VOIDED, Standing.OPEN, wang)

    play(story)


def test_the_rhythm_of_coaching_pauses_while_the_member_is_away(play: Play) -> None:
    async def story(world: World) -> None:
        await world.goal()
        due = (await world.duty("coach")).due_on
        assert due is not None
        await world.on("2026-03-09")
        await world.does("hr", "people", "start-absence", world.id("wang"), kind="parental", effective_at="2026-03-09")
        await world.on((due + timedelta(days=3)).isoformat())
        assert (await world.duty("coach")).standing is Standing.OPEN
        back = due + timedelta(days=4)
        await world.on(back.isoformat())
        await world.does("hr", "people", "end-absence", world.id("wang"), effective_at=back.isoformat())
        last = due + (back - date(2026, 3, 9))
        await world.on(last.isoformat())
        assert (await world.duty("coach")).standing is Standing.OPEN
        await world.on((last + timedelta(days=1)).isoformat())
        assert (await world.duties("coach"))[0].standing is Standing.LAPSED

    play(story)
