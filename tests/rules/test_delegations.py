"""Delegations: every ending is an event, by the clock at its minute and by the day on which either side leaves."""

from datetime import UTC, datetime

import orjson

from tests.rules.conftest import Play
from tests.rules.world import World

UNTIL = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)


async def delegated(world: World, until: str) -> None:
    await world.does(
        "lin", "people", "delegate", world.id("lin"), delegate=world.id("mei"), scope=["duties"], until=until
    )


def test_a_delegation_ends_at_the_minute_it_was_granted_until_and_once(play: Play) -> None:
    async def story(world: World) -> None:
        await delegated(world, UNTIL.isoformat())
        assert await world.engine.minute() == 0
        world.clock.set(datetime(2026, 3, 2, 4, 29, 59, tzinfo=UTC))
        assert await world.engine.minute() == 0
        world.clock.set(datetime(2026, 3, 2, 4, 31, tzinfo=UTC))
        assert await world.engine.minute() == 1
        assert await world.engine.minute() == 0
        (ended,) = world.entries("people.DelegationEnded")
        assert (ended.data["ending"], ended.begins, ended.source) == ("expired", UNTIL, "rule:delegation-ended@1")
        stored = orjson.loads(world.ledger.reader.page(ended.position - 1, 1)[0][1])
        assert stored["cause"] == world.entries("people.DelegationGranted")[0].event_id

    play(story)


def test_a_delegation_ends_with_the_employment_of_who_granted_or_took_it(play: Play) -> None:
    async def story(world: World) -> None:
        await delegated(world, "2026-06-01")
        leaves = {"ending": "voluntary", "effective_at": "2026-03-10"}
        await world.does("hr", "people", "end-employment", world.id("mei"), **leaves)
        await world.on("2026-03-09")
        assert not world.entries("people.DelegationEnded")
        await world.on("2026-03-10")
        (ended,) = world.entries("people.DelegationEnded")
        assert ended.data["ending"] == "left"
        await world.on("2026-06-02")
        assert len(world.entries("people.DelegationEnded")) == 1

    play(story)
