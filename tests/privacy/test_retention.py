"""What a schedule in force keeps no more goes by itself, from wherever it was cut off; a hold stops it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.application import Ledger
from ledger.deciding import RecordRetired
from ledger.domain import STREAM_KINDS
from ledger.domain.privacy.expiry import ClassErased, ExpiresAlready
from ledger.domain.privacy.refusals import Held
from ledger.domain.privacy.schedules import NoPreset, NotProposed, OwnSchedule, ScheduleLooksBack, TermTwice
from ledger.domain.privacy.terms import PRESETS, RECORDS, Kept
from ledger.evidence.stand_in import leaf_of
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import EVENTS, Entry, decode
from ledger.kernel.refusals import NotAllowed, UnknownReference
from ledger.privacy.expiring import ExpiringPlace, Expiry, ExpiryStep, IdleStream, RetirementStep
from ledger.retention import Retention
from ledger.running_out import ran_out
from ledger.store.ledgers import keys_schema_of
from tests.privacy.conftest import Play
from tests.use_cases.company import Company, a_company

LEFT = "2025-12-31"
SHORT = [
    {"of": "identity", "since": "end", "months": 24, "basis": "labour-contract-law-50"},
    {"of": "performance", "since": "end", "months": 12, "basis": "labour-dispute-law-27"},
    {"of": "goal-records", "since": "last", "months": 36, "basis": "legitimate-need"},
]
TEXTS: dict[str, Any] = {"text_zh": "须经法律顾问核对", "text_en": "To be checked by counsel"}


@dataclass
class Around:
    """What stands for the service around a ledger."""

    signs: bool = True
    forgotten: int = 0
    waits: list[int] = field(default_factory=list)

    async def covered(self, position: int) -> bool:
        self.waits.append(position)
        return self.signs

    def of(self, ledger: Ledger, place: ExpiringPlace | None = None, *, every_s: float = 3600) -> Retention:
        async def forget() -> None:
            self.forgotten += 1
            ledger.forget_states()

        signed = lambda: ledger.reader.head().size  # noqa: E731  # what a signer would have signed
        return Retention(
            ledger, place or ledger.expiring, covered=self.covered, forget=forget, signed=signed, every_s=every_s
        )


class CutOff(BaseException):
    """Stands for the end of the process: nothing catches it."""


class CutOffPlace(ExpiringPlace):
    """A place whose process ends at a step: before or after it was noted as finished."""

    def cut(self, step: ExpiryStep | RetirementStep, *, noted: bool) -> ExpiringPlace:
        self.step, self.noted = step, noted
        return self

    def advance(self, expiry: Expiry, step: ExpiryStep) -> Expiry:
        self._end(step, before=True)
        done = super().advance(expiry, step)
        self._end(step, before=False)
        return done

    def note(self, position: int, step: RetirementStep) -> None:
        self._end(step, before=True)
        super().note(position, step)
        self._end(step, before=False)

    def _end(self, step: ExpiryStep | RetirementStep, *, before: bool) -> None:
        if step is self.step and self.noted is not before:
            raise CutOff()

    @classmethod
    def of(cls, ledger: Ledger) -> CutOffPlace:
        return cls(ledger.reader.pool, ledger.reader.schema, keys_schema_of(ledger.name), ledger.sealer.keys)


async def in_force(company: Company, terms: list[dict[str, Any]] | None = None) -> None:
    """Have two administrators want a schedule, in force from now."""
    fields: dict[str, Any] = {} if terms is None else {"terms": terms, **TEXTS}
    proposed = await company.does("hr", "retention-schedules", "propose", "cn", **fields)
    version = decode(company.ledger.reader.at(proposed.position) or b"").data["version"]
    await company.does("second_hr", "retention-schedules", "confirm", "cn", version=version)


async def leaves(company: Company, nickname: str) -> str:
    """End somebody's employment in the past; return the data subject."""
    person = company.people[nickname].id
    ended: dict[str, Any] = {"effective_at": LEFT, "reason": "set-up", "ending": "voluntary"}
    await company.does("hr", "people", "end-employment", person, **ended)
    return f"person/{person}"


def later(company: Company, months: int) -> None:
    """Let time pass for decisions; what is recorded is recorded now."""
    company.ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(days=31 * months))


def topics(ledger: Ledger) -> list[str]:
    return [decode(stored).topic for _, stored in ledger.reader.page(0, 2000)]


def kept(ledger: Ledger, subject: str) -> dict[str, list[str]]:
    """Return by table the classes of a subject that are kept; of lookups their number of letters."""
    schema, keys = ledger.reader.schema, keys_schema_of(ledger.name)
    queries = {
        "sealed": f"select distinct retention from {schema}.sealed where subject = %s order by 1",
        "keys": f"select retention from {keys}.data_keys where subject = %s order by 1",
        "lookup": f"select scheme from {schema}.lookup where subject = %s order by 1",
    }
    with psycopg.connect(ledger.reader.conninfo) as connection:
        return {
            name: [row[0] for row in connection.execute(query.encode(), (subject,)).fetchall()]
            for name, query in queries.items()
        }


async def goal_of(company: Company, nickname: str, title: str = "Sell more") -> str:
    """Have the lead assign a goal; return its stream."""
    owner = {"kind": "person", "id": company.people[nickname].id}
    metric: dict[str, Any] = {"label": "Sold", "unit_of_measure": "n", "direction": "increase"}
    await company.does("hr", "metrics", "define", "sold", **metric, combines="sum")
    days: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    receipt = await company.does("lin", "goals", "assign", owner=owner, title=title, metric="sold", target="10", **days)
    return receipt.stream


# ---- schedules


def test_a_schedule_takes_two_people_and_looks_ahead(play: Play):
    async def story(company: Company) -> None:
        plural = "retention-schedules"
        with pytest.raises(NotAllowed):
            await company.does("wang", plural, "propose", "cn")
        with pytest.raises(ScheduleLooksBack):
            await company.does("hr", plural, "propose", "cn", effective_at="2026-01-01", reason="late")
        with pytest.raises(NoPreset):
            await company.does("hr", plural, "propose", "fr")
        with pytest.raises(TermTwice):
            await company.does("hr", plural, "propose", "fr", terms=[SHORT[0], SHORT[0]], **TEXTS)
        await company.does("hr", plural, "propose", "cn")
        with pytest.raises(OwnSchedule):
            await company.does("hr", plural, "confirm", "cn", version=1)
        await company.does("second_hr", plural, "confirm", "cn", version=1)
        with pytest.raises(NotProposed):
            await company.does("second_hr", plural, "confirm", "cn", version=1)
        now = company.ledger.clock.now()
        found = await company.ledger.judged(lambda facts: facts.state("retention-schedule", "cn").in_force(now))
        assert (found.number, found.terms) == (1, PRESETS["cn"].terms)

    play(story)


def test_changing_a_schedule_changes_nothing_before_its_date(play: Play):
    async def story(company: Company) -> None:
        subject = await leaves(company, "wang")
        await in_force(company, [{**SHORT[0], "months": 1200}])
        ahead = (datetime.now(UTC).date() + timedelta(days=200)).isoformat()
        await company.does(
            "hr", "retention-schedules", "propose", "cn", terms=[{**SHORT[0], "months": 1}], effective_at=ahead, **TEXTS
        )
        await company.does("second_hr", "retention-schedules", "confirm", "cn", version=2)
        later(company, 3)
        await Around().of(company.ledger).look()
        assert "privacy.ClassExpired" not in topics(company.ledger)
        later(company, 8)
        await Around().of(company.ledger).look()
        assert kept(company.ledger, subject)["keys"] == []

    play(story)


def test_every_preset_names_every_class_once_and_every_record_class_has_a_term():
    for preset in PRESETS.values():
        assert sorted(term.of for term in preset.terms) == sorted(Kept)
        assert "counsel" in preset.text_en
        assert "法律顾问" in preset.text_zh
    assert set(RECORDS.values()) == {kept for kept in Kept if kept.endswith("-records")}


def test_every_class_of_texts_about_people_is_one_that_a_schedule_can_name():
    sealed = {seal.retention for event in EVENTS for seal in event.sealed_fields.values()}
    assert sealed - {"policy", "survey", "author"} <= set(Kept)  # which are about rules, or nobody's
    assert set(RECORDS) <= set(STREAM_KINDS)


# ---- classes of texts


def test_a_class_goes_once_its_period_is_over_and_no_other(play: Play):
    async def story(company: Company) -> None:
        ledger, around = company.ledger, Around()
        await in_force(company, SHORT)
        goal = await goal_of(company, "wang")
        subject = await leaves(company, "wang")
        assert kept(ledger, subject) == {
            "sealed": ["identity", "performance"], "keys": ["identity", "performance"], "lookup": ["handle"]
        }  # fmt: skip
        before, root = ledger.reader.page(0, 1000), ledger.reader.head().root
        await around.of(ledger).look()
        assert ledger.reader.head().root == root  # not yet
        later(company, 4)
        await around.of(ledger).look()
        assert kept(ledger, subject) == {"sealed": ["identity"], "keys": ["identity"], "lookup": ["handle"]}
        assert ledger.open_parts(decode(ledger.reader.events_of(goal)[0]).event_id) == {}
        assert ledger.open_parts(decode(ledger.reader.events_of(subject)[0]).event_id)["0"]["name"] == "Wang"
        later(company, 30)
        await around.of(ledger).look()
        assert kept(ledger, subject) == {"sealed": [], "keys": [], "lookup": []}
        assert await ledger.find("handle", "wang") is None
        assert ledger.reader.page(0, len(before)) == before
        said = [decode(stored) for _, stored in ledger.reader.page(len(before), 100)]
        assert [entry.topic for entry in said] == ["privacy.ClassExpired", "privacy.ClassErased"] * 2
        assert {entry.actor for entry in said} == {"system:retention"}
        assert (said[0].data["schedule"], said[0].data["version"]) == ("cn", 1)
        size = ledger.reader.head().size
        await asyncio.gather(around.of(ledger).look(), around.of(ledger).look())
        assert ledger.reader.head().size == size

    play(story)


def test_nothing_runs_out_while_somebody_works_here_or_without_a_schedule(play: Play):
    async def story(company: Company) -> None:
        await leaves(company, "wang")
        later(company, 600)
        await Around().of(company.ledger).look()
        assert "privacy.ClassExpired" not in topics(company.ledger)
        company.ledger.clock = SimulatedClock(datetime.now(UTC))
        await in_force(company, SHORT)
        later(company, 600)
        await Around().of(company.ledger).look()
        gone = [decode(one) for _, one in company.ledger.reader.page(0, 2000)]
        assert {e.stream for e in gone if e.topic == "privacy.ClassErased"} == {
            f"personal-record/person/{company.people['wang'].id}"
        }

    play(story)


def test_a_hold_stops_it_and_its_release_lets_it_go_on(play: Play):
    async def story(company: Company) -> None:
        records, ledger = "personal-records", company.ledger
        await in_force(company, SHORT)
        subject = await leaves(company, "wang")
        placed = await company.does("hr", records, "place-hold", subject, ground="litigation", matter="case-1")
        later(company, 40)
        await Around().of(ledger).look()
        assert kept(ledger, subject)["keys"] == ["identity"]
        ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(days=31 * 41))
        await company.does("hr", records, "ask-hold-release", subject, hold=placed.event_id)
        await company.does("second_hr", records, "release-hold", subject, hold=placed.event_id)
        await Around().of(ledger).look()
        assert kept(ledger, subject) == {"sealed": [], "keys": [], "lookup": []}

    play(story)


def test_a_hold_on_a_former_id_holds_the_whole_person(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = (company.people[who].id for who in ("wang", "zhao"))
        await in_force(company, SHORT)
        for who in ("wang", "zhao"):
            await leaves(company, who)
        held: dict[str, Any] = {"ground": "statute", "matter": "tax"}
        await company.does("hr", "personal-records", "place-hold", f"person/{wang}", **held)
        await company.does("hr", "people", "merge", wang, into=zhao, reason="same")
        later(company, 40)
        await Around().of(company.ledger).look()
        assert "privacy.ClassExpired" not in topics(company.ledger)

    play(story)


def test_merged_ids_run_out_together(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = (company.people[who].id for who in ("wang", "zhao"))
        await in_force(company, SHORT)
        for who in ("wang", "zhao"):
            await leaves(company, who)
        await company.does("hr", "people", "merge", wang, into=zhao, reason="same")
        later(company, 40)
        await Around().of(company.ledger).look()
        for id in (wang, zhao):
            assert kept(company.ledger, f"person/{id}") == {"sealed": [], "keys": [], "lookup": []}
        assert topics(company.ledger).count("privacy.ClassErased") == 1

    play(story)


def test_whoever_comes_back_is_written_about_again_under_a_fresh_key(play: Play):
    async def story(company: Company) -> None:
        await in_force(company, SHORT)
        subject = await leaves(company, "wang")
        later(company, 40)
        await Around().of(company.ledger).look()
        await company.does("hr", "people", "correct-name", subject.removeprefix("person/"), name="Wang again")
        assert kept(company.ledger, subject)["keys"] == ["identity"]
        last = decode(company.ledger.reader.events_of(subject)[-1])
        assert company.ledger.open_parts(last.event_id)["0"]["name"] == "Wang again"

    play(story)


@pytest.mark.parametrize("noted", [False, True], ids=["before-noting", "after-noting"])
@pytest.mark.parametrize("step", [step for step in ExpiryStep if step is not ExpiryStep.RESTRICTED])
def test_cut_off_at_any_step_a_class_ends_the_same(
    database_url: str, founded: str, tmp_path: Path, step: ExpiryStep, *, noted: bool
):
    async def cut() -> tuple[str, int]:
        async with a_company(database_url, founded, tmp_path) as company:
            await in_force(company, SHORT)
            subject, size = await leaves(company, "wang"), company.ledger.reader.head().size
            later(company, 40)
            with pytest.raises(CutOff):
                await Around().of(company.ledger, CutOffPlace.of(company.ledger).cut(step, noted=noted)).look()
            return subject, size

    async def resumed(subject: str, size: int) -> None:
        ledger = await Ledger.open(database_url, founded, tmp_path)
        try:
            await Around().of(ledger).carry_out()
            assert kept(ledger, subject) == {"sealed": [], "keys": [], "lookup": []}
            assert topics(ledger)[size:] == ["privacy.ClassExpired", "privacy.ClassErased"]
            assert ledger.expiring.expiring() == []
        finally:
            await ledger.close()

    asyncio.run(resumed(*asyncio.run(cut())))


def test_a_service_looks_by_itself_and_again_on_the_next_day(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        await in_force(company, SHORT)
        subject = await leaves(company, "wang")
        erased = {"identity": asyncio.Event(), "performance": asyncio.Event()}

        def follow(entry: Entry) -> None:
            if isinstance(entry.event, ClassErased):
                erased[entry.event.of].set()

        ledger.followers.append(follow)
        retention = Around().of(ledger, every_s=0.01)
        retention.start()
        later(company, 40)
        async with asyncio.timeout(20):
            await erased["identity"].wait()
        await retention.stop()
        assert kept(ledger, subject) == {"sealed": [], "keys": [], "lookup": []}
        assert not erased["performance"].is_set()

    play(story)


# ---- streams of events


async def past(company: Company) -> tuple[str, str]:
    """Leave behind a goal of somebody who left, whose texts are gone, years later; return goal and data subject."""
    await in_force(company, SHORT)
    goal = await goal_of(company, "wang")
    subject = await leaves(company, "wang")
    later(company, 40)
    return goal, subject


def test_a_stream_whose_texts_are_gone_gives_way_to_its_leaves(play: Play):
    async def story(company: Company) -> None:
        ledger, around = company.ledger, Around()
        goal, subject = await past(company)
        leaves_before, root = ledger.reader.leaves(1, 1000), ledger.reader.head().root
        await around.of(ledger).look()
        entries = [decode(stored) for stored in ledger.reader.events_of(goal)]
        assert [entry.topic for entry in entries] == ["privacy.EventRetired"]
        assert (entries[0].actor, entries[0].sealed, set(entries[0].data)) == ("", {}, {"leaf"})
        assert around.forgotten == 1
        assert len(around.waits) == 1
        stored = [one for _, one in ledger.reader.page(0, 1000)]
        assert [leaf_of(one) for one in stored] == ledger.reader.leaves(1, 1000)
        assert ledger.reader.leaves(1, len(leaves_before)) == leaves_before
        assert root != ledger.reader.head().root  # by what was put on record alone
        assert subject.encode() not in b"".join(one for one in ledger.reader.events_of(goal))
        record = decode(stored[around.waits[0] - 1])
        assert (record.stream, record.data["positions"]) == ("retention-schedule/cn", [entries[0].position])
        size = ledger.reader.head().size
        await around.of(ledger).look()
        assert (ledger.reader.head().size, around.forgotten) == (size, 1)

    play(story)


def test_nobody_acts_on_a_retired_stream_nor_points_at_it(play: Play):
    async def story(company: Company) -> None:
        goal, _ = await past(company)
        id = goal.removeprefix("goal/")
        await Around().of(company.ledger).look()
        company.ledger.clock = SimulatedClock(datetime.now(UTC))
        with pytest.raises(RecordRetired):
            await company.does("lin", "goals", "close", id)
        with pytest.raises(UnknownReference):
            await company.ledger.judged(lambda facts: require_goal(facts, id))

    def require_goal(facts: Any, id: str) -> None:
        if not facts.exists("goal", id):
            raise UnknownReference(kind="goal", field="parent")

    play(story)


def test_what_names_a_stream_keeps_it(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        goal, _ = await past(company)
        own = decode(ledger.reader.events_of(goal)[-1]).recorded_at
        ledger.clock = SimulatedClock(datetime.now(UTC))
        about = {"kind": "goal", "id": goal.removeprefix("goal/")}
        said = await company.does("lin", "comments", "add", about=about, text="As agreed")
        later(company, 40)
        await Around(signs=False).of(ledger).look()  # the texts go; the events are still there
        (idle,) = ledger.expiring.idle("goal", datetime.now(UTC) + timedelta(days=1), 1000)
        assert (idle.stream, idle.last.isoformat()) == (goal, datetime.fromisoformat(said.recorded_at).isoformat())
        assert idle.last > own

    play(story)


def test_the_one_stream_of_somebody_who_works_here_stays(play: Play):
    async def story(company: Company) -> None:
        await in_force(company, [{**SHORT[2], "of": "outcome-records", "months": 1}])
        later(company, 3)
        now = company.ledger.clock.now()

        async def gone(stream: str) -> bool:
            idle = IdleStream(stream, datetime.now(UTC), [1], [stream.partition("/")[2]])
            return await company.ledger.judged(lambda facts: ran_out(facts, idle, now)) is not None

        wang = company.people["wang"].id
        assert not await gone(f"attendance/person/{wang}")
        assert not await gone("outcome/unit/sales")
        company.ledger.clock = SimulatedClock(datetime.now(UTC))
        await leaves(company, "wang")
        assert await gone(f"attendance/person/{wang}")

    play(story)


def test_a_held_person_keeps_the_streams_that_name_them(play: Play):
    async def story(company: Company) -> None:
        goal, subject = await past(company)
        await company.does("hr", "personal-records", "place-hold", subject, ground="litigation", matter="case-1")
        await Around().of(company.ledger).look()
        assert decode(company.ledger.reader.events_of(goal)[0]).topic == "goals.GoalAssigned"

    play(story)


def test_nothing_gives_way_before_a_checkpoint_holds_the_record(play: Play):
    async def story(company: Company) -> None:
        goal, _ = await past(company)
        await Around(signs=False).of(company.ledger).look()
        assert topics(company.ledger).count("privacy.EventsRetired") == 1
        assert decode(company.ledger.reader.events_of(goal)[0]).topic == "goals.GoalAssigned"
        await Around().of(company.ledger).look()
        assert decode(company.ledger.reader.events_of(goal)[0]).topic == "privacy.EventRetired"
        assert topics(company.ledger).count("privacy.EventsRetired") == 1

    play(story)


@pytest.mark.parametrize("noted", [False, True], ids=["before-noting", "after-noting"])
@pytest.mark.parametrize("step", list(RetirementStep))
def test_cut_off_at_any_step_a_retirement_ends_the_same(
    database_url: str, founded: str, tmp_path: Path, step: RetirementStep, *, noted: bool
):
    async def cut() -> str:
        async with a_company(database_url, founded, tmp_path) as company:
            goal, _ = await past(company)
            with pytest.raises(CutOff):
                await Around().of(company.ledger, CutOffPlace.of(company.ledger).cut(step, noted=noted)).look()
            return goal

    async def resumed(goal: str) -> None:
        ledger = await Ledger.open(database_url, founded, tmp_path)
        try:
            await Around().of(ledger).carry_out()
            assert [decode(one).topic for one in ledger.reader.events_of(goal)] == ["privacy.EventRetired"]
            assert topics(ledger).count("privacy.EventsRetired") == 1
            assert ledger.expiring.retiring() == []
        finally:
            await ledger.close()

    asyncio.run(resumed(asyncio.run(cut())))


def test_the_domain_refuses_what_the_ledger_would_not_say(play: Play):
    async def story(company: Company) -> None:
        from ledger.application import Ask
        from ledger.domain.privacy.expiry import ExpireClass
        from ledger.retention import RETENTION_CALLER

        await in_force(company, SHORT)
        subject = await leaves(company, "wang")
        ask = Ask(
            ExpireClass(of=Kept.IDENTITY, schedule="cn", version=1, ran_out_on=datetime.now(UTC).date()),
            "personal-record",
            subject,
            RETENTION_CALLER,
        )
        await company.ledger.record(ask)
        with pytest.raises(ExpiresAlready):
            await company.ledger.record(ask)
        other = f"person/{company.people['zhao'].id}"
        await company.does("hr", "personal-records", "place-hold", other, ground="statute", matter="tax")
        with pytest.raises(Held):
            await company.ledger.record(Ask(ask.command, "personal-record", other, RETENTION_CALLER))

    play(story)
