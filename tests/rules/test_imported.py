"""Imported members: what opens from now on is theirs as everybody's, and nothing about the past is."""

from datetime import date
from typing import Any

from ledger import asking  # its Testimony, by its own name, would be collected as a test
from ledger.domain.duties import Standing
from ledger.rules import Engine
from tests.rules.conftest import Play
from tests.rules.world import World

TEXT: dict[str, Any] = {"label": "Travel", "text_zh": "制度", "text_en": "Policy"}
DIGEST = "0" * 64
OLD: dict[str, Any] = {"effective_at": "2025-06-02"}


async def an_import(world: World) -> str:
    """Return an import that one HR administrator has proposed and another confirmed."""
    batch = await world.does("hr", "imports", "propose", digest=DIGEST, form="rows", rows=9)
    await world.does("second_hr", "imports", "confirm", batch, digest=DIGEST)
    return batch


async def brings(world: World, batch: str, plural: str, verb: str, id: str | None, **fields: Any) -> str:
    ask = world.company.ask("second_hr", plural, verb, id, **fields)
    row = asking.Testimony(batch, len(world.entries()))
    receipt = await world.ledger.record(asking.Ask(ask.command, ask.kind, ask.id, ask.caller, testimony=row))
    await world.engine.pass_to()
    return receipt.stream.partition("/")[2]


async def imported_member(world: World, batch: str) -> str:
    person = await brings(world, batch, "people", "register", None, **OLD)
    await brings(world, batch, "people", "start-employment", person, **OLD)
    await brings(world, batch, "people", "assign-to-unit", person, unit="sales", **OLD)
    return person


def test_an_imported_member_owes_what_is_published_from_now_on(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        before = len(world.entries("duties.DutyOpened"))
        person = await imported_member(world, batch)
        await world.on("2026-03-03")
        assert len(world.entries("duties.DutyOpened")) == before
        await world.does("hr", "policies", "publish", "travel", bound=["sales"], **TEXT)
        (owed,) = [d for d in await world.duties("read_policy") if d.holder == person]
        assert (owed.standing, owed.due_on) == (Standing.OPEN, date(2026, 3, 17))

    play(story)


def test_a_rhythm_begins_with_the_import_and_what_was_over_before_it_is_not_owed(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        person = await imported_member(world, batch)
        terms: dict[str, Any] = {
            "owner": {"kind": "person", "id": person},
            "title": "Customers",
            "metric": "customers",
            "baseline": "0",
            "target": "90",
            "starts_on": "2025-07-01",
            **OLD,
        }
        running = await brings(world, batch, "goals", "assign", None, ends_on="2026-06-30", **terms)
        over = await brings(world, batch, "goals", "assign", None, ends_on="2025-12-31", **terms)
        (report,) = await world.duties("report_progress")
        rhythm = await world.ledger.judged(lambda facts: facts.policy(world.clock.now()).terms.reporting_rhythm_days)
        assert report.opened is not None
        assert report.due_on is not None
        assert (report.holder, report.opened.subject.id) == (person, running)
        assert (report.due_on - date(2026, 3, 2)).days == rhythm
        (coach,) = await world.duties("coach", about=person)
        assert coach.holder == world.id("lin")
        assert not await world.duties("answer_goal")
        assert over not in {d.opened.subject.id for d in await world.duties("report_progress") if d.opened}
        await brings(world, batch, "goals", "withdraw", running, reason="other_work", effective_at="2025-12-01")
        assert (await world.duty("report_progress")).standing is Standing.DISCHARGED
        size = len(world.entries())
        await Engine(world.ledger).pass_to()
        assert len(world.entries()) == size

    play(story)
