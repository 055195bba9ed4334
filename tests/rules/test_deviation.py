"""Deviations: a value to be kept that leaves its band, and a path that stands still while its owner is away."""

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
