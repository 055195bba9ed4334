"""Policies are read by everyone bound, also by who joins later; stages ask for goals, and their figures come back."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.application import Ledger
from ledger.domain.duties import Standing
from ledger.kernel.event import Subject, decode
from ledger.rules import Engine, NoSight
from tests.rules.conftest import Play
from tests.rules.test_engine import forget
from tests.rules.test_reviews import Reviews
from tests.rules.world import World

TEXT: dict[str, Any] = {"label": "Travel", "text_zh": "制度", "text_en": "Policy"}


async def readers(world: World, standing: Standing) -> set[str | None]:
    return {d.holder for d in await world.duties("read_policy") if d.standing is standing}


def test_everyone_bound_has_to_read_each_version_and_reading_ends_it(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does("hr", "policies", "publish", "travel", bound=["sales"], **TEXT)
        members = {world.id(who) for who in ("lin", "wang", "mei")}
        assert await readers(world, Standing.OPEN) == members
        assert {d.due_on for d in await world.duties("read_policy")} == {date(2026, 3, 16)}
        await world.does("wang", "policy-readings", "read", world.id("wang"), policy="travel")
        assert await readers(world, Standing.DISCHARGED) == {world.id("wang")}
        assert await readers(world, Standing.OPEN) == members - {world.id("wang")}
        await world.does("hr", "policies", "publish", "travel", bound=["sales"], **TEXT)
        assert await readers(world, Standing.OPEN) == members
        owed = await world.duties("read_policy")
        assert len(owed) == 6  # the first version is read by one, and need not be read any more by two
        before = len(world.entries())
        await Engine(world.ledger).pass_to()
        assert len(world.entries()) == before

    play(story)


@dataclass
class Seen(NoSight):
    """What is projected: every duty, up to the head."""

    ledger: Ledger

    async def live_duties(self) -> tuple[int, list[str]]:
        page = [decode(stored) for _, stored in self.ledger.reader.page(0, 100_000)]
        return page[-1].position, [e.stream.partition("/")[2] for e in page if e.topic == "duties.DutyOpened"]


def test_a_version_that_the_rules_take_twice_does_not_end_what_it_opened(play: Play) -> None:
    async def story(world: World) -> None:
        for _ in range(2):
            await world.does("hr", "policies", "publish", "travel", bound=["sales"], **TEXT)
        before = len(world.entries())
        await forget(world)  # as after a kill between what follows from an event and the position
        await Engine(world.ledger, Seen(world.ledger)).pass_to()
        assert len(world.entries()) == before

    play(story)


def test_who_joins_later_reads_what_is_in_force_from_the_first_day_on(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does("hr", "policies", "publish", "travel", bound=["sales"], **TEXT)
        owed = len(await world.duties("read_policy"))
        await world.company.joins("ding", unit="sales")
        await world.engine.pass_to()
        assert len(await world.duties("read_policy")) == owed + 1
        assert world.id("ding") in await readers(world, Standing.OPEN)
        await world.on("2026-03-03")
        assert len(await world.duties("read_policy")) == owed + 1

    play(story)


def test_the_goal_setting_stage_asks_each_lead_and_the_figures_come_back_once(play: Play) -> None:
    sight = Reviews()

    async def story(world: World) -> None:
        await world.goal()
        stages = [
            {"stage": "goal_setting", "opens_on": "2026-03-02", "closes_on": "2026-03-20"},
            {"stage": "review", "opens_on": "2026-04-13", "closes_on": "2026-04-24"},
        ]
        plan: dict[str, Any] = {"starts_on": "2026-03-02", "ends_on": "2026-04-30", "stages": stages}
        cycle = await world.does("hr", "cycles", "plan", label="Spring", scale="two", grades=["b", "a"], **plan)
        await world.does("hr", "cycles", "open", cycle)
        await world.does("hr", "cycles", "open-stage", cycle, stage="goal_setting")
        owed = [d for d in await world.duties("set_goals", about=world.id("wang")) if d.standing is Standing.OPEN]
        assert [(d.holder, d.due_on) for d in owed] == [(world.id("lin"), date(2026, 3, 20))]
        await world.goal()
        assert {d.standing for d in await world.duties("set_goals", about=world.id("wang"))} == {Standing.DISCHARGED}
        review = await world.does("hr", "reviews", "open", person=world.id("wang"), cycle=cycle)
        sight.known.append(Subject(kind="review", id=review))
        await world.does("hr", "cycles", "close-stage", cycle, stage="goal_setting")
        findings = await world.duty("present_findings")
        assert (findings.holder, findings.party) == (world.id("hu"), "hr")
        told: dict[str, Any] = {"stage": "goal_setting", "unit": "sales", "leads": [world.id("lin")]}
        await world.does("hu", "cycles", "present-findings", cycle, **told)
        assert (await world.duty("present_findings")).standing is Standing.DISCHARGED

    play(story, sight)
