"""Two ids that were read as one: what breaks is marked, and what was recorded meanwhile is allotted afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.duties import Standing
from ledger.kernel.policy import STANDING
from ledger.kernel.refusals import NotAllowed, OwnAct, Refusal
from tests.rules.conftest import Play
from tests.rules.world import World

TEXTS: dict[str, Any] = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it"}


async def refused(world: World, actor: str, plural: str, verb: str, id: str, **fields: Any) -> str:
    try:
        await world.does(actor, plural, verb, id, **fields)
    except Refusal as refusal:
        return refusal.code
    return "done"


def person(world: World, nickname: str) -> dict[str, str]:
    return {"kind": "person", "id": world.id(nickname)}


async def marks_of_merge(world: World, one: str, other: str) -> set[str]:
    receipt = await world.company.does("hr", "people", "merge", world.id(one), into=world.id(other))
    return set(receipt.marks) - {"employed_twice"}


def test_what_was_recorded_while_two_ids_were_one_has_to_be_allotted(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does("hr", "policies", "publish", STANDING, terms={"offices": {"hr": world.id("zhou")}}, **TEXTS)
        before = await world.goal()
        await world.does(
            "lin", "responsibilities", "assign", "document/kept", role="accountable", holder=person(world, "wang")
        )
        await world.does("hr", "people", "merge", world.id("mei"), into=world.id("wang"))
        given = await world.goal()
        await world.does(
            "lin", "responsibilities", "assign", "document/plan", role="accountable", holder=person(world, "wang")
        )
        await world.does("wang", "goals", "accept", before)
        assert await world.duties("allot_record") == []
        await world.does("hr", "people", "unmerge", world.id("mei"), reason="mistake")
        owed = await world.duties("allot_record")
        subjects = [duty.opened.subject.key for duty in owed if duty.opened is not None]
        assert subjects == [f"goal/{given}", "document/plan"]
        assert {duty.holder for duty in owed} == {world.id("zhou")}
        await world.goal()
        assert len(await world.duties("allot_record")) == 2, "what comes afterwards names whom it names"

    play(story)


def test_what_is_allotted_agrees_with_what_the_ledger_says_of_it(play: Play) -> None:
    async def story(world: World) -> None:
        mei, wang = world.id("mei"), world.id("wang")
        await world.does("hr", "people", "merge", mei, into=wang)
        first, second = await world.goal(), await world.goal()
        about: dict[str, Any] = {"about": {"kind": "goal", "id": first}}
        assert await refused(world, "hr", "people", "allot", mei, **about, to=wang) == "merged_away"
        await world.does("hr", "people", "unmerge", mei, reason="mistake")
        assert await refused(world, "hr", "people", "allot", mei, **about, to=mei) == "held_by_the_other"
        assert await refused(world, "hr", "people", "allot", mei, **about, to=world.id("lin")) == "neither_id"
        assert await refused(world, "hr", "people", "allot", wang, **about, to=wang) == "not_held"
        assert await refused(world, "lin", "people", "allot", mei, **about, to=wang) == "not_allowed"
        unknown = {"kind": "goal", "id": "g-unheard-of"}
        assert await refused(world, "hr", "people", "allot", mei, about=unknown, to=mei) == "unknown_reference"
        await world.does("lin", "goals", "hand-over", first, taker=person(world, "mei"), reason="mistake")
        await world.does("hr", "people", "allot", mei, **about, to=mei)
        await world.does("hr", "people", "allot", mei, about={"kind": "goal", "id": second}, to=wang)
        duties = await world.duties("allot_record")
        assert [duty.standing for duty in duties] == [Standing.DISCHARGED] * 2

    play(story)


def test_nobody_allots_what_was_recorded_of_themselves(play: Play) -> None:
    async def story(world: World) -> None:
        hr, wang = world.id("hr"), world.id("wang")
        await world.does("second_hr", "people", "merge", wang, into=hr)
        await world.does("second_hr", "people", "unmerge", wang, reason="mistake")
        about = {"kind": "person", "id": hr}
        assert await refused(world, "hr", "people", "allot", wang, about=about, to=hr) == "own_act"
        assert await refused(world, "second_hr", "people", "allot", wang, about=about, to=hr) == "done"

    play(story)


def test_a_merge_of_who_answers_for_different_subjects_marks_nothing(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does(
            "lin", "responsibilities", "assign", "document/one", role="accountable", holder=person(world, "wang")
        )
        await world.does(
            "lin", "responsibilities", "assign", "document/two", role="accountable", holder=person(world, "mei")
        )
        assert await marks_of_merge(world, "mei", "wang") == set()

    play(story)


def test_a_merge_marks_a_line_of_managers_that_leads_back(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does("hr", "people", "assign-manager", world.id("mei"), manager=world.id("zhou"))
        await world.does("hr", "people", "assign-manager", world.id("zhou"), manager=world.id("wang"))
        assert await marks_of_merge(world, "mei", "wang") == {"manages_itself"}

    play(story)


def test_a_merge_marks_a_review_that_one_id_judged_of_the_other(play: Play) -> None:
    async def story(world: World) -> None:
        period: dict[str, Any] = {
            "starts_on": "2026-01-01",
            "ends_on": "2026-02-28",
            "scale": "abc",
            "grades": ["c", "b", "a"],
        }
        review = await world.does("hr", "reviews", "open", person=world.id("wang"), **period)
        await world.does("lin", "reviews", "propose-rating", review, grade="b", note="Solid")
        assert await marks_of_merge(world, "lin", "wang") == {"own_act"}

    play(story)


def test_who_took_part_under_one_id_does_not_act_for_themselves_under_the_other(play: Play) -> None:
    async def story(world: World) -> None:
        await world.does("hr", "people", "merge", world.id("mei"), into=world.id("lin"))
        goal = {"title": "T", "metric": "customers", "target": "9", "starts_on": "2026-03-02", "ends_on": "2026-05-30"}
        own = world.company.ask("lin", "goals", "assign", owner=person(world, "mei"), **goal)
        with pytest.raises((NotAllowed, OwnAct)):
            await world.ledger.record(own)

    play(story)
