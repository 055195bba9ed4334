"""Random histories: no duty is held by who is not employed that day, on an own act, or ended before it was opened."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from ledger.kernel.event import Entry
from ledger.kernel.refusals import Refusal
from tests.rules.conftest import Play
from tests.rules.world import World

STEPS = 40
ENDS = {"duties.DutyDischarged", "duties.DutyExcused", "duties.DutyVoided"}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_duties_stay_with_people_in_office_and_end_once(play: Play, seed: int) -> None:
    async def story(world: World) -> None:
        chance = random.Random(seed)
        goals: list[str] = []
        day = datetime(2026, 3, 2, 1, tzinfo=UTC)
        for _ in range(STEPS):
            try:
                await step(world, chance, goals)
            except Refusal:  # what is refused changes nothing
                await world.engine.pass_to()
            if chance.random() < 0.4:
                day += timedelta(days=chance.randint(1, 9))
                await world.on(day.date().isoformat())
            await holders_are_employed(world)
        in_order(world.entries())

    play(story)


async def step(world: World, chance: random.Random, goals: list[str]) -> None:
    who, other = (world.id(one) for one in chance.sample(["lin", "wang", "mei", "zhou", "hu", "boss"], 2))
    nickname = chance.choice(["wang", "mei"])
    on_goal = chance.choice(goals) if goals else None
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: assigned(world, nickname, goals),
        lambda: world.does("hr", "units", "appoint-lead", "sales", lead=who),
        lambda: world.does("hr", "people", "assign-manager", who, manager=other),
        lambda: world.does("hr", "people", "start-absence", who, kind="parental"),
        lambda: world.does("hr", "people", "end-absence", who),
        lambda: world.does("hr", "people", "end-employment", world.id("zhou"), ending="voluntary"),
        lambda: world.does("hr", "policies", "publish", "travel", label="Travel", text_zh="制度", text_en="Policy"),
        lambda: world.does(nickname, "policy-readings", "read", world.id(nickname), policy="travel"),
    ]
    if on_goal is not None:
        steps += [
            lambda: world.does(nickname, "goals", "accept", on_goal),
            lambda: world.does(nickname, "goals", "report-progress", on_goal, value=str(chance.randint(0, 90))),
            lambda: world.does(nickname, "goals", "raise-difficulty", on_goal, concern="resources"),
        ]
    await chance.choice(steps)()


async def assigned(world: World, owner: str, goals: list[str]) -> None:
    goals.append(await world.goal(owner=owner))


async def holders_are_employed(world: World) -> None:
    """Look at the open duties as the rules left them."""
    opened = [e.stream.partition("/")[2] for e in world.entries("duties.DutyOpened")]
    for id in opened:
        duty = await world.ledger.judged(lambda facts, id=id: facts.state("duty", id))  # type: ignore[misc]  # the default binds the id
        if duty.standing != "open" or duty.holder is None:
            continue
        holder, now = duty.holder, world.clock.now()
        employed = await world.ledger.judged(lambda f, holder=holder, now=now: f.is_employed(holder, now))  # type: ignore[misc]  # the defaults bind both
        assert employed, duty
        assert duty.opened.answers != holder
        if duty.opened.seat == "lead" and duty.opened.of.kind == "person":
            assert duty.opened.of.id != holder


def in_order(entries: list[Entry]) -> None:
    begun, over = set[str](), set[str]()
    for entry in entries:
        if not entry.topic.startswith("duties."):
            continue
        if entry.topic == "duties.DutyOpened":
            assert entry.stream not in begun
            begun.add(entry.stream)
        else:
            assert entry.stream in begun
            assert entry.stream not in over
        if entry.topic in ENDS:
            over.add(entry.stream)
    assert over
