"""Rules that reach over several streams hold when two acts race: exactly one of them is recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ledger.application import Ask, Receipt
from ledger.domain.goals.wholes import WeightsExceedTotal
from ledger.kernel.refusals import Circle, Refusal
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play
from tests.use_cases.test_policies import publish

YEAR = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}


async def race(company: Company, *asks: Ask) -> list[str]:
    """Let acts race; return `done` or the code of the refusal of each, sorted."""
    return sorted(await asyncio.gather(*(outcome(company, ask) for ask in asks)))


async def outcome(company: Company, ask: Ask) -> str:
    """Return `done`, or the code of the refusal."""
    try:
        await company.ledger.record(ask)
    except Refusal as refusal:
        return refusal.code
    return "done"


async def aim(company: Company) -> str:
    """Give the unit a goal to be shared out; return its id."""
    fields: dict[str, Any] = {"unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
    await company.does("hr", "metrics", "define", "sold", label="Sold", **fields)
    receipt = await company.does("boss", "goals", "assign", **goal(company, "sales", kind="unit"))
    return receipt.stream.removeprefix("goal/")


def goal(company: Company, owner: str, *, kind: str = "person", **fields: Any) -> dict[str, Any]:
    """Return what assigning a goal asks for."""
    id = owner if kind == "unit" else company.people[owner].id
    return {"owner": {"kind": kind, "id": id}, "title": "Sell", "metric": "sold", "target": "100", **YEAR, **fields}


def test_two_shares_that_exceed_the_parent_together_race_and_one_is_refused(play: Play):
    async def story(company: Company) -> None:
        parent = await aim(company)
        shared = [company.ask("lin", "goals", "assign", **goal(company, "wang", parent=parent, share="0.6"))] * 2
        assert await race(company, *shared) == ["done", "shares_exceed_parent"]
        rest = company.ask("lin", "goals", "assign", **goal(company, "wang", parent=parent, share="0.4"))
        assert await race(company, rest) == ["done"]

    play(story)


def test_a_batch_counts_its_own_shares(play: Play):
    async def story(company: Company) -> None:
        parent = await aim(company)
        asks = [company.ask("lin", "goals", "assign", **goal(company, "wang", parent=parent, share="0.4"))] * 3
        told = await company.ledger.record_batch(asks, mode="each", batch_id="b-1")
        assert [isinstance(one, Receipt) for one in told] == [True, True, False]

    play(story)


def test_two_weights_beyond_the_policys_total_race_and_one_is_refused(play: Play):
    async def story(company: Company) -> None:
        await aim(company)
        await publish(company, weights_total=100)
        weighed = [company.ask("lin", "goals", "assign", **goal(company, "wang", weight="60"))] * 2
        assert await race(company, *weighed) == ["done", "weights_exceed_total"]

    play(story)


def test_the_weights_of_a_former_id_count_for_the_person(play: Play):
    async def story(company: Company) -> None:
        await aim(company)
        await publish(company, weights_total=100)
        await company.does("boss", "goals", "assign", **goal(company, "zhao", weight="60"))
        wang, zhao = company.people["wang"].id, company.people["zhao"].id
        await company.does("hr", "people", "merge", zhao, into=wang)
        with pytest.raises(WeightsExceedTotal):
            await company.does("lin", "goals", "assign", **goal(company, "wang", weight="60"))

    play(story)


def test_two_managers_of_each_other_race_and_one_is_refused(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = company.people["wang"].id, company.people["zhao"].id
        asks = [
            company.ask("hr", "people", "assign-manager", one, manager=other)
            for one, other in ((wang, zhao), (zhao, wang))
        ]
        assert await race(company, *asks) == [Circle.code, "done"]

    play(story)


def test_nobody_manages_themselves_through_a_merge(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = company.people["wang"].id, company.people["zhao"].id
        await company.does("hr", "people", "merge", zhao, into=wang)
        with pytest.raises(Circle):
            await company.does("hr", "people", "assign-manager", wang, manager=zhao)

    play(story)


def test_a_merge_marks_a_goal_that_one_id_gave_the_other(play: Play):
    async def story(company: Company) -> None:
        await aim(company)
        await company.does("lin", "goals", "assign", **goal(company, "wang"))
        merged = await company.does("hr", "people", "merge", company.people["lin"].id, into=company.people["wang"].id)
        assert set(merged.marks) == {"employed_twice", "own_act"}

    play(story)
