"""Reviews: each stage owes something by its last day, the result is told, and an appeal is decided by somebody else."""

from datetime import date
from typing import Any

from ledger.domain.duties import Standing
from ledger.kernel.event import Subject
from tests.rules.conftest import Play
from tests.rules.world import World

STAGES = [
    {"stage": "self_assessment", "opens_on": "2026-04-01", "closes_on": "2026-04-10"},
    {"stage": "review", "opens_on": "2026-04-13", "closes_on": "2026-04-24"},
    {"stage": "calibration", "opens_on": "2026-04-27", "closes_on": "2026-04-30"},
]


class Reviews:
    """A sight that knows the reviews of the one cycle."""

    def __init__(self) -> None:
        self.known: list[Subject] = []

    async def live_duties(self) -> tuple[int, list[str]]:
        return 0, []

    async def held_by(self, person: str, position: int) -> list[Subject]:
        return []

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        return self.known


async def cycle_in(world: World, sight: Reviews) -> tuple[str, str]:
    """Plan and open a cycle, open the review of Wang in it, and return both."""
    offices = {"hr": world.id("hu"), "top": world.id("boss")}
    terms: dict[str, Any] = {
        "terms": {"offices": offices},
        "label": "Performance",
        "text_zh": "制度",
        "text_en": "Policy",
    }
    await world.does("hr", "policies", "publish", "performance", **terms)
    plan: dict[str, Any] = {"starts_on": "2026-03-02", "ends_on": "2026-04-30", "stages": STAGES}
    grades = ["c", "b", "a"]
    cycle = await world.does("hr", "cycles", "plan", label="Spring", scale="three", grades=grades, **plan)
    await world.does("hr", "cycles", "open", cycle)
    review = await world.does("hr", "reviews", "open", person=world.id("wang"), cycle=cycle)
    sight.known.append(Subject(kind="review", id=review))
    return cycle, review


def test_a_cycle_from_briefing_to_the_decision_on_an_appeal(play: Play) -> None:
    sight = Reviews()

    async def story(world: World) -> None:
        cycle, review = await cycle_in(world, sight)
        briefing = await world.duty("brief_assessors")
        assert (briefing.holder, briefing.party, briefing.due_on) == (world.id("hu"), "hr", date(2026, 4, 1))
        await world.does("hr", "cycles", "brief-assessors", cycle, assessors=[world.id("lin")])
        assert (await world.duty("brief_assessors")).standing is Standing.DISCHARGED
        assert not await world.duties("assess_oneself")  # no stage runs yet

        await world.on("2026-04-01")
        await world.does("hr", "cycles", "open-stage", cycle, stage="self_assessment")
        own = await world.duty("assess_oneself")
        assert (own.holder, own.due_on) == (world.id("wang"), date(2026, 4, 10))
        await world.does("wang", "reviews", "submit-assessment", review, note="A good spring")
        assert (await world.duty("assess_oneself")).standing is Standing.DISCHARGED

        await world.on("2026-04-13")
        await world.does("hr", "cycles", "open-stage", cycle, stage="review")
        judging = await world.duty("judge_result")
        assert (judging.holder, judging.due_on) == (world.id("lin"), date(2026, 4, 24))
        await world.does("lin", "reviews", "propose-rating", review, grade="b")
        assert (await world.duty("judge_result")).standing is Standing.DISCHARGED

        await world.on("2026-04-27")
        await world.does("hr", "cycles", "open-stage", cycle, stage="calibration")
        assert (await world.duty("calibrate")).holder == world.id("boss")
        await world.does("boss", "reviews", "calibrate", review, grade="b")
        assert (await world.duty("calibrate")).standing is Standing.DISCHARGED

        await world.does("boss", "reviews", "publish", review)
        assert (await world.duty("tell_result")).holder == world.id("lin")
        await world.does("lin", "reviews", "hold-meeting", review)
        assert (await world.duty("tell_result")).standing is Standing.DISCHARGED

        await world.does("wang", "reviews", "appeal", review, ground="facts")
        assert (await world.duty("assign_appeal")).holder == world.id("hu")
        await world.does("hr", "reviews", "assign-appeal", review, decider=world.id("zhou"))
        deciding = await world.duty("decide_appeal")
        assert (deciding.holder, deciding.due_on) == (world.id("zhou"), date(2026, 5, 12))
        await world.does("zhou", "reviews", "decide-appeal", review, outcome="stands", reason="facts_hold")
        assert (await world.duty("decide_appeal")).standing is Standing.DISCHARGED

    play(story, sight)


def test_whoever_a_review_is_handed_to_has_to_judge_it(play: Play) -> None:
    sight = Reviews()

    async def story(world: World) -> None:
        cycle, review = await cycle_in(world, sight)
        await world.does("hr", "cycles", "open-stage", cycle, stage="review")
        await world.does("lin", "reviews", "hand-over", review, taker=world.id("boss"))
        before, after = await world.duty("judge_result"), await world.duty("judge_handed_over")
        assert (before.standing, after.holder, after.due_on) == (
            Standing.DISCHARGED,
            world.id("boss"),
            date(2026, 4, 24),
        )
        await world.does("boss", "reviews", "propose-rating", review, grade="a")
        assert (await world.duty("judge_handed_over")).standing is Standing.DISCHARGED

    play(story, sight)


def test_a_review_that_is_opened_while_a_stage_runs_owes_what_it_asks_once(play: Play) -> None:
    sight = Reviews()

    async def story(world: World) -> None:
        cycle, _ = await cycle_in(world, sight)
        await world.does("hr", "cycles", "open-stage", cycle, stage="review")
        late = await world.does("hr", "reviews", "open", person=world.id("mei"), cycle=cycle)
        assert (await world.duty("judge_result", about=late)).holder == world.id("lin")
        await world.does("hr", "cycles", "close-stage", cycle, stage="review")
        await world.does("hr", "cycles", "open-stage", cycle, stage="review", reason="more_time")
        assert len(await world.duties("judge_result")) == 2
        await world.does("hr", "reviews", "exempt", late, reason="too_short")
        assert (await world.duty("judge_result", about=late)).standing is Standing.DISCHARGED

    play(story, sight)
