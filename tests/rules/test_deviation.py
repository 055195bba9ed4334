"""Deviations: a value to be kept that leaves its band, and a path that stands still while its owner is away."""

from datetime import date, timedelta
from typing import Any

from tests.rules.conftest import Play
from tests.rules.world import World


def test_a_value_to_be_kept_deviates_once_too_few_days_lie_in_its_band(play: Play) -> None:
    async def story(world: World) -> None:
        kept: dict[str, Any] = {"label": "Stock", "unit_of_measure": "n", "direction": "maintain", "combines": "level"}
        await world.does("hr", "metrics", "define", "stock", **kept)
        goal = await world.goal(metric="stock", baseline=None, target="50", tolerance="5")
        await world.on("2026-03-10")
        await world.does("wang", "goals", "report-progress", goal, value="52")
        assert not world.entries("progress.DeviationFound")
        await world.on("2026-03-11")
        await world.does("wang", "goals", "report-progress", goal, value="70")
        (found,) = world.entries("progress.DeviationFound")
        assert (found.data["progress"], found.data["expected"]) == ("0.5000000000", "1.0000000000")
        assert (await world.duty("talk_about_deviation")).holder == world.id("lin")

    play(story)


def test_the_expected_path_stands_still_while_the_owner_is_away(play: Play) -> None:
    async def story(world: World) -> None:
        away, stays = await world.goal(), await world.goal(owner="mei")
        await world.does("hr", "people", "start-absence", world.id("wang"), kind="parental", effective_at="2026-03-06")
        await world.on("2026-03-30")
        await world.does("hr", "people", "end-absence", world.id("wang"), effective_at="2026-03-30")
        await world.does("wang", "goals", "report-progress", away, value="6")
        await world.does("mei", "goals", "report-progress", stays, value="6")
        assert {e.stream for e in world.entries("progress.DeviationFound")} == {f"goal/{stays}"}

    play(story)


def found_in(world: World, goal: str) -> list[tuple[str, str]]:
    """Return in which way a goal was found to leave its path, and for which day."""
    entries = [e for e in world.entries("progress.DeviationFound") if e.stream == f"goal/{goal}"]
    return [(e.data["found"], e.data["day"]) for e in entries]


def test_a_month_that_is_over_below_its_target_is_a_deviation(play: Play) -> None:
    async def story(world: World) -> None:
        monthly: dict[str, Any] = {"starts_on": "2026-03-01", "baseline": None, "target": "8", "interval": "month"}
        short, enough = await world.goal(**monthly), await world.goal(owner="mei", **monthly)
        await world.on("2026-03-30")
        await world.does("wang", "goals", "report-progress", short, value="5")
        await world.does("mei", "goals", "report-progress", enough, value="8")
        await world.on("2026-03-31")
        assert found_in(world, short) == []  # the month is not over
        await world.on("2026-04-01")
        await world.on("2026-04-02")
        assert found_in(world, short) == [("below_path", "2026-03-31")]
        assert found_in(world, enough) == []
        (found,) = world.entries("progress.DeviationFound")
        assert (found.data["progress"], found.data["expected"]) == ("0.6250000000", "1.0000000000")
        assert (await world.duty("talk_about_deviation")).holder == world.id("lin")

    play(story)


def test_a_milestone_whose_day_has_passed_is_a_deviation_once(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        for milestone, share in (("pilot", "0.3"), ("launch", "0.5")):
            await world.does(
                "lin", "goals", "set-milestone", goal, milestone=milestone, due_on="2026-03-10", share=share
            )
        await world.on("2026-03-10")
        await world.does("wang", "goals", "reach-milestone", goal, milestone="pilot")
        assert found_in(world, goal) == []
        for day in ("2026-03-11", "2026-03-12"):
            await world.on(day)
        assert found_in(world, goal) == [("milestone_missed", "2026-03-10")]
        change = {"due_on": "2026-03-20", "share": "0.5", "reason": "late_supplier"}
        await world.does("lin", "goals", "set-milestone", goal, milestone="launch", **change)
        await world.on("2026-03-21")
        assert found_in(world, goal)[1:] == [("milestone_missed", "2026-03-20")]

    play(story)


def test_a_silence_is_found_on_its_first_day_whatever_becomes_of_the_report(play: Play) -> None:
    async def story(world: World) -> None:
        goal = await world.goal()
        rhythm = await world.ledger.judged(lambda facts: facts.policy(world.clock.now()).terms.reporting_rhythm_days)
        first = date(2026, 3, 1) + timedelta(days=rhythm + 1)
        await world.on(first.isoformat())
        assert found_in(world, goal) == []
        await world.on((first + timedelta(days=1)).isoformat())
        assert found_in(world, goal) == [("stale", first.isoformat())]
        await world.on((first + timedelta(days=2)).isoformat())
        assert [kind for kind, _ in found_in(world, goal)] == ["stale"]

    play(story)
