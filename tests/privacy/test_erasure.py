"""Erasure by two people, carried to its end from wherever it was cut off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.application import Ledger
from ledger.domain.privacy.refusals import (
    ErasureAskedAlready,
    ErasureNotAsked,
    ErasureUnderWay,
    Held,
    MergedRecord,
    OwnOrOnesLine,
    SameTwice,
)
from ledger.erasure import Erasures, erase
from ledger.evidence.merkle import leaf_hash
from ledger.kernel.event import decode
from ledger.kernel.ids import uuid7
from ledger.kernel.refusals import NotFound
from ledger.privacy.erasing import Erasing, ErasingPlace, Step
from ledger.store.ledgers import keys_schema_of
from tests.privacy.conftest import Play
from tests.use_cases.company import Company, a_company
from tests.use_cases.test_policies import publish


class CutOff(BaseException):
    """Stands for the end of the process: nothing catches it."""


class CutOffPlace(ErasingPlace):
    """A place whose process ends at a step: before or after it was noted as finished."""

    def cut(self, step: Step, *, noted: bool) -> ErasingPlace:
        self.step, self.noted = step, noted
        return self

    def advance(self, erasing: Erasing, step: Step) -> Erasing:
        if step is self.step and not self.noted:
            raise CutOff()
        done = super().advance(erasing, step)
        if step is self.step:
            raise CutOff()
        return done

    @classmethod
    def of(cls, ledger: Ledger) -> CutOffPlace:
        return cls(ledger.reader.pool, ledger.reader.schema, keys_schema_of(ledger.name), ledger.sealer.keys)


async def confirmed(company: Company, nickname: str, *, subject: str | None = None) -> str:
    """Have two administrators want the erasure of somebody; return the data subject."""
    subject = subject or f"person/{company.people[nickname].id}"
    await company.does("hr", "personal-records", "ask-erasure", subject, basis="request")
    await company.does("second_hr", "personal-records", "confirm-erasure", subject)
    return subject


async def held_of(ledger: Ledger, subject: str) -> dict[str, int]:
    """Return how much is kept of a subject, by table."""
    schema, keys = ledger.reader.schema, keys_schema_of(ledger.name)
    tables = {"sealed": f"{schema}.sealed", "lookup": f"{schema}.lookup", "keys": f"{keys}.data_keys"}

    def count() -> dict[str, int]:
        with psycopg.connect(ledger.reader.conninfo) as connection:
            return {
                name: connection.execute(
                    f"select count(*) from {table} where subject = %s".encode(), (subject,)
                ).fetchall()[0][0]
                for name, table in tables.items()
            }

    return await asyncio.to_thread(count)


def whole(ledger: Ledger) -> list[tuple[str, str]]:
    return [(entry.topic, entry.stream) for _, stored in ledger.reader.page(0, 1000) for entry in (decode(stored),)]


GONE = {"sealed": 0, "lookup": 0, "keys": 0}


def test_an_erasure_takes_away_keys_texts_and_identifiers_and_leaves_the_events(play: Play):
    async def story(company: Company) -> None:
        ledger = company.ledger
        before = ledger.reader.page(0, 1000)
        root = ledger.reader.head()
        subject = await confirmed(company, "wang")
        born = decode(ledger.reader.events_of(subject)[0])
        assert ledger.open_parts(born.event_id) == {}  # restricted at once, before any step
        done = await erase(ledger, ledger.erasing, subject)
        assert done.step is Step.DONE
        assert (done.classes, done.parts, done.identifiers) == (("identity",), 1, 1)
        assert await held_of(ledger, subject) == GONE
        assert await ledger.find("handle", "wang") is None
        assert ledger.reader.page(0, len(before)) == before
        assert [leaf_hash(stored) for _, stored in before] == ledger.reader.leaves(1, root.size)
        last = decode(ledger.reader.page(0, 1000)[-1][1])
        assert last.topic == "privacy.SubjectErased"
        assert (last.actor, last.data["parts"], last.data["classes"]) == ("system:erasure", 1, ["identity"])

    play(story)


def test_an_erasure_again_changes_nothing(play: Play):
    async def story(company: Company) -> None:
        subject = await confirmed(company, "wang")
        first = await erase(company.ledger, company.ledger.erasing, subject)
        size = company.ledger.reader.head().size
        assert await erase(company.ledger, company.ledger.erasing, subject) == first
        assert company.ledger.reader.head().size == size

    play(story)


@pytest.mark.parametrize("noted", [False, True], ids=["before-noting", "after-noting"])
@pytest.mark.parametrize("step", [step for step in Step if step is not Step.RESTRICTED])
def test_cut_off_at_any_step_it_ends_the_same(
    database_url: str, founded: str, tmp_path: Path, step: Step, *, noted: bool
):
    async def cut() -> tuple[str, int]:
        async with a_company(database_url, founded, tmp_path) as company:
            subject = await confirmed(company, "wang")
            size = company.ledger.reader.head().size
            place = CutOffPlace.of(company.ledger).cut(step, noted=noted)
            with pytest.raises(CutOff):
                await erase(company.ledger, place, subject)
            return subject, size

    async def resumed(subject: str, size: int) -> None:
        ledger = await Ledger.open(database_url, founded, tmp_path)
        try:
            erasures = Erasures(ledger, ledger.erasing)
            erasures.start()
            async with asyncio.timeout(20):
                while subject in await asyncio.to_thread(ledger.erasing.unfinished):
                    pass
            await erasures.stop()
            done = ledger.erasing.find(subject)
            assert done is not None
            assert (done.step, done.classes, done.parts, done.identifiers) == (Step.DONE, ("identity",), 1, 1)
            assert await held_of(ledger, subject) == GONE
            assert whole(ledger)[size:] == [("privacy.SubjectErased", f"personal-record/{subject}")]
        finally:
            await ledger.close()

    subject, size = asyncio.run(cut())
    asyncio.run(resumed(subject, size))


def test_of_an_event_with_two_subjects_the_others_part_stays(play: Play):
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        await publish(company, small_group_limit=1)
        words: dict[str, Any] = {"recipient": wang, "kind": "praise", "text": "Well done", "visibility": "anonymous"}
        given = await company.does("zhao", "feedback", "give", **words)
        assert set(company.ledger.open_parts(given.event_id)) == {"0", "1"}
        await erase(company.ledger, company.ledger.erasing, await confirmed(company, "wang"))
        left = company.ledger.open_parts(given.event_id)
        assert [set(part) for part in left.values()] == [{"author"}]

    play(story)


def test_merged_ids_are_erased_together(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = (company.people[who].id for who in ("wang", "zhao"))
        await company.does("hr", "people", "merge", wang, into=zhao, reason="same")
        with pytest.raises(MergedRecord):
            await company.does("hr", "personal-records", "ask-erasure", f"person/{wang}", basis="request")
        done = await erase(company.ledger, company.ledger.erasing, await confirmed(company, "zhao"))
        assert set(done.ids) == {f"person/{wang}", f"person/{zhao}"}
        for id in done.ids:
            assert await held_of(company.ledger, id) == GONE

    play(story)


def test_a_hold_stops_an_erasure_until_two_people_release_it(play: Play):
    async def story(company: Company) -> None:
        subject = f"person/{company.people['wang'].id}"
        records = "personal-records"
        placed = await company.does("hr", records, "place-hold", subject, ground="litigation", matter="case-1")
        with pytest.raises(Held):
            await company.does("hr", records, "ask-erasure", subject, basis="request")
        with pytest.raises(SameTwice):
            await company.does("hr", records, "release-hold", subject, hold=placed.event_id)
        await company.does("hr", records, "ask-hold-release", subject, hold=placed.event_id)
        with pytest.raises(SameTwice):
            await company.does("hr", records, "release-hold", subject, hold=placed.event_id)
        await company.does("second_hr", records, "release-hold", subject, hold=placed.event_id)
        await confirmed(company, "wang")
        with pytest.raises(ErasureUnderWay):
            await company.does("hr", records, "place-hold", subject, ground="statute", matter="tax")

    play(story)


def test_a_hold_on_a_merged_id_holds_the_whole_person(play: Play):
    async def story(company: Company) -> None:
        wang, zhao = (company.people[who].id for who in ("wang", "zhao"))
        hold: dict[str, Any] = {"ground": "statute", "matter": "tax"}
        await company.does("hr", "personal-records", "place-hold", f"person/{wang}", **hold)
        await company.does("hr", "people", "merge", wang, into=zhao, reason="same")
        subject = await confirmed(company, "zhao")
        with pytest.raises(Held):
            await erase(company.ledger, company.ledger.erasing, subject)
        assert (await held_of(company.ledger, subject))["keys"] == 1

    play(story)


def test_two_people_who_are_neither_the_subject_nor_their_line(play: Play):
    async def story(company: Company) -> None:
        records, wang = "personal-records", f"person/{company.people['wang'].id}"
        with pytest.raises(NotFound):
            await company.does("zhao", records, "ask-erasure", wang, basis="request")
        with pytest.raises(ErasureNotAsked):
            await company.does("hr", records, "confirm-erasure", wang)
        with pytest.raises(ErasureNotAsked):
            await erase(company.ledger, company.ledger.erasing, wang)
        with pytest.raises(OwnOrOnesLine):
            await company.does("hr", records, "ask-erasure", f"person/{company.people['hr'].id}", basis="request")
        for by in ("system", "system"):
            await company.does(by, "access", "grant", company.people["boss"].id, role="hr_administrator")
        with pytest.raises(OwnOrOnesLine):
            await company.does("boss", records, "ask-erasure", wang, basis="request")
        await company.does("hr", records, "ask-erasure", wang, basis="request")
        with pytest.raises(ErasureAskedAlready):
            await company.does("second_hr", records, "ask-erasure", wang, basis="request")
        with pytest.raises(SameTwice):
            await company.does("hr", records, "confirm-erasure", wang)

    play(story)


def test_nothing_is_written_about_an_erased_person_and_no_key_made_again(play: Play, database_url: str):
    async def story(company: Company) -> None:
        subject = await confirmed(company, "wang")
        id = company.people["wang"].id
        with pytest.raises(ErasureUnderWay):
            await company.does("hr", "people", "correct-name", id, name=f"Name {uuid7().hex()}")
        await erase(company.ledger, company.ledger.erasing, subject)
        keys = company.ledger.sealer.keys
        keys.restricted = frozenset()  # as in another process that has not heard of it yet
        await asyncio.to_thread(keys.ensure, [(subject, "identity")])
        assert keys.known((subject, "identity")) is None
        assert await held_of(company.ledger, subject) == GONE

    play(story)
