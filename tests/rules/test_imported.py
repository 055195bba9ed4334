"""Imported members: what opens from now on is theirs as everybody's, and nothing about the past is."""

from datetime import date, timedelta
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


async def imported_goal(world: World, batch: str, **changed: Any) -> str:
    """Import a goal of a year that began long ago, far below its path by the one value that was imported."""
    member = await imported_member(world, batch)
    world.company.people["member"] = asking.Caller(member, "test")
    owner = {"kind": "person", "id": member}
    terms: dict[str, Any] = {"title": "Customers", "metric": "customers", "baseline": "0", "target": "90", **changed}
    terms |= {"starts_on": "2025-07-01", "ends_on": "2026-06-30", **OLD}
    goal = await brings(world, batch, "goals", "assign", None, owner=owner, **terms)
    await brings(world, batch, "goals", "report-progress", goal, value="1", effective_at="2025-12-15")
    return goal


def found(world: World) -> list[tuple[str, str]]:
    return [(e.data["found"], e.data["day"]) for e in world.entries("progress.DeviationFound")]


def test_an_imported_goal_is_watched_from_its_import_on_and_no_silence_before_it_counts(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        goal = await imported_goal(world, batch)
        rhythm = await world.ledger.judged(lambda facts: facts.policy(world.clock.now()).terms.reporting_rhythm_days)
        first = date(2026, 3, 2) + timedelta(days=rhythm)
        await world.on(first.isoformat())
        assert found(world) == []
        assert not await world.duties("talk_about_deviation")
        world.engine = Engine(world.ledger)  # one that starts late learns of imported goals too
        await world.on((first + timedelta(days=1)).isoformat())
        await world.on((first + timedelta(days=2)).isoformat())
        assert found(world) == [("stale", first.isoformat())]
        talk = await world.duty("talk_about_deviation", about=goal)
        assert talk.holder == world.id("lin")

    play(story)


def test_a_value_of_an_imported_goal_is_judged_where_it_is_of_a_day_from_its_import_on(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        goal = await imported_goal(world, batch)
        await world.does("member", "goals", "correct-progress", goal, **await correction(world, goal))
        assert found(world) == []
        await world.on("2026-03-10")
        await world.does("member", "goals", "report-progress", goal, value="3")
        assert found(world) == [("below_path", "2026-03-10")]

    play(story)


async def correction(world: World, goal: str) -> dict[str, Any]:
    (imported,) = [e for e in world.entries("progress.ProgressReported") if e.stream == f"goal/{goal}"]
    return {"entry": imported.event_id, "value": "2", "day": "2025-12-16", "reason": "typo"}


def test_of_the_milestones_of_an_imported_goal_those_that_were_over_are_left_alone(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        goal = await imported_goal(world, batch)
        for milestone, due_on, share in (("pilot", "2025-12-01", "0.2"), ("launch", "2026-03-20", "0.6")):
            fields = {"milestone": milestone, "due_on": due_on, "share": share}
            await brings(world, batch, "goals", "set-milestone", goal, **fields, **OLD)
        for day in ("2026-03-03", "2026-03-20", "2026-03-21"):
            await world.on(day)
        assert found(world) == [("milestone_missed", "2026-03-20")]

    play(story)


def test_a_month_that_was_over_before_the_import_is_not_judged(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        goal = await imported_goal(world, batch, interval="month", baseline=None, target="8")
        await world.on("2026-03-03")
        assert found(world) == []
        await world.on("2026-03-30")
        await world.does("member", "goals", "report-progress", goal, value="5")
        await world.on("2026-04-01")
        assert [one for one in found(world) if one[0] == "below_path"] == [("below_path", "2026-03-31")]

    play(story)


def test_nothing_is_said_of_the_silence_on_an_imported_goal_whose_owner_has_left(play: Play) -> None:
    async def story(world: World) -> None:
        batch = await an_import(world)
        goal = await imported_goal(world, batch)
        owner = await world.ledger.judged(lambda facts: facts.state("goal", goal).terms.owner.id)
        await brings(world, batch, "people", "end-employment", owner, ending="other", effective_at="2025-12-30")
        await world.on("2026-05-04")
        assert found(world) == []

    play(story)
