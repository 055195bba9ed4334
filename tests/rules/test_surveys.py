"""Surveys, lived: one closes by itself on the day after its last one, once, however late and by however many."""

import asyncio
from typing import Any

import pytest

from ledger.application import Ask, Ledger
from ledger.domain.outcomes.answers import AnswerSurvey, SurveyClosedAlready, SurveyOver
from ledger.rules import Engine
from tests.rules.conftest import Play
from tests.rules.world import World
from tests.use_cases.test_policies import publish

ASKED: dict[str, Any] = {
    "questions": [{"code": "content", "kind": "scale"}],
    "units": ["company"],
    "closes_on": "2026-03-06",
    "wording": {"content": "How content are you?"},
}


async def opened(world: World) -> str:
    """Open a survey that two have answered; groups of one are small in it."""
    await publish(world.company, small_group_limit=2)
    survey = await world.does("hr", "surveys", "open", **ASKED)
    for who in ("wang", "mei"):
        await answer(world, survey, who)
    return survey


async def answer(world: World, survey: str, who: str) -> None:
    command = AnswerSurvey.model_validate({"answers": {"content": 4}})
    await world.ledger.confidence.answer(Ask(command, "survey", survey, world.company.people[who]))


def closings(world: World) -> list[tuple[str, str, str]]:
    """Return who closed which survey, and by what it was brought in."""
    return [(e.stream, e.actor, e.source) for e in world.entries("outcomes.SurveyClosed")]


def by_itself(survey: str) -> list[tuple[str, str, str]]:
    return [(f"survey/{survey}", "system:rules", "rule:survey-over@1")]


def test_a_survey_is_closed_on_the_day_after_its_last_one_and_shows_what_waited(play: Play) -> None:
    async def story(world: World) -> None:
        survey = await opened(world)
        await world.on("2026-03-06", hour=15)  # eleven at night in Shanghai
        assert closings(world) == []
        await answer(world, survey, "lin")
        await world.on("2026-03-06", hour=16)  # midnight
        assert closings(world) == by_itself(survey)
        (closed,) = world.entries("outcomes.SurveyClosed")
        assert closed.data["groups"][0]["answered"] == 3
        with pytest.raises(SurveyClosedAlready):
            await answer(world, survey, "boss")
        await world.on("2026-03-09")
        await Engine(world.ledger).tick()
        assert closings(world) == by_itself(survey)

    play(story)


def test_a_service_that_starts_late_closes_what_was_over_meanwhile(play: Play) -> None:
    async def story(world: World) -> None:
        survey = await opened(world)
        world.clock.set(world.clock.now().replace(month=4))
        with pytest.raises(SurveyOver):
            await answer(world, survey, "lin")  # no rule has run
        late = Engine(world.ledger)
        await late.tick()
        assert closings(world) == by_itself(survey)
        (closed,) = world.entries("outcomes.SurveyClosed")
        assert closed.data["groups"][0]["answered"] == 2

    play(story)


def test_several_processes_close_a_survey_once_with_all_of_its_answers(play: Play) -> None:
    async def story(world: World) -> None:
        survey = await opened(world)
        world.clock.set(world.clock.now().replace(month=4))
        other = await Ledger.open(world.conninfo, world.ledger.name, world.keys, world.clock)
        try:
            engines = [Engine(ledger) for ledger in (world.ledger, other, world.ledger, other)]
            await asyncio.gather(*(engine.tick() for engine in engines))
        finally:
            await other.close()
        assert closings(world) == by_itself(survey)
        (closed,) = world.entries("outcomes.SurveyClosed")
        assert closed.data["groups"][0]["answered"] == 2

    play(story)


def test_what_somebody_closed_is_not_closed_again(play: Play) -> None:
    async def story(world: World) -> None:
        survey = await opened(world)
        world.clock.set(world.clock.now().replace(day=7))
        await world.does("hr", "surveys", "close", survey)
        await world.on("2026-03-09")
        assert [actor for _, actor, _ in closings(world)] == [world.id("hr")]

    play(story)
