"""Refused attempts: who tried what stands apart from the events, without a word of what was sent."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.cli.stored import control_verdict_on
from ledger import refused as refusing
from ledger.application import Idempotency, Ledger
from ledger.kernel.refusals import AlreadyExists, NotAllowed, NotFound, Refusal
from ledger.store.ledgers import as_service, control_schema_of
from ledger.store.reader import RefusedAttempt
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play


async def kept(company: Company, after: int = 0) -> list[RefusedAttempt]:
    """Return what the database holds of the refused, once all that waits is there."""
    await company.ledger.refused.keep()
    return await asyncio.to_thread(company.ledger.reader.refused, after, 1000)


async def refused(company: Company, actor: str, plural: str, verb: str, id: str | None, **fields: Any) -> None:
    """Let somebody ask for what is refused."""
    with pytest.raises(Refusal):
        await company.does(actor, plural, verb, id, **fields)


def test_a_refused_attempt_keeps_who_what_and_why_and_no_event(play: Play) -> None:
    async def story(company: Company) -> None:
        size, wang, zhao = company.ledger.writer.size, company.people["wang"].id, company.people["zhao"].id
        await refused(company, "wang", "units", "rename", "sales", label="Mine")
        await refused(company, "zhao", "people", "correct-name", wang, name="Secret")
        found = await kept(company)
        assert [(a.actor, a.credential, a.kind, a.id, a.verb, a.code) for a in found] == [
            (wang, "token/test", "unit", "sales", "rename", NotAllowed.code),
            (zhao, "token/test", "person", wang, "correct-name", NotFound.code),
        ]
        assert await kept(company, found[0].number) == found[1:]
        assert company.ledger.writer.size == size

    play(story)


def test_dry_runs_and_batches_are_noted_alike_and_repeats_once(play: Play) -> None:
    async def story(company: Company) -> None:
        ask = company.ask("hr", "units", "form", "sales", label="Again")
        with pytest.raises(AlreadyExists):
            await company.ledger.record(ask, dry_run=True)
        key = Idempotency("b", b"1" * 32)
        asks = [ask, company.ask("hr", "units", "form", "north", label="North")]
        for _ in range(3):
            await company.ledger.record_batch(asks, mode="each", batch_id="b-1", idempotency=key)
        await company.ledger.record_batch(asks, mode="all", batch_id="b-2")
        assert [a.code for a in await kept(company)] == ["already_exists"] * 3

    play(story)


def test_what_was_noted_is_kept_when_the_ledger_closes(play: Play, database_url: str, founded: str, tmp_path: Path):
    async def story(company: Company) -> None:
        other = Company(await Ledger.open(database_url, founded, tmp_path), company.people)
        await refused(other, "wang", "units", "rename", "sales", label="Mine")
        await other.ledger.close()
        assert [a.verb for a in await asyncio.to_thread(company.ledger.reader.refused, 0, 10)] == ["rename"]

    play(story)


@pytest.mark.parametrize("change", ["update {t} set actor = ''", "delete from {t}", "truncate {t}"])
def test_the_service_changes_nothing_of_what_was_refused(play: Play, database_url: str, founded: str, change: str):
    async def story(company: Company) -> None:
        await refused(company, "wang", "units", "rename", "sales", label="Mine")
        assert len(await kept(company)) == 1
        statement = change.format(t=f"{control_schema_of(founded)}.events").encode()
        with (
            psycopg.connect(as_service(database_url)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)

    play(story)


def test_an_attempt_that_gives_way_leaves_its_hash_and_a_log_that_verifies(
    play: Play, database_url: str, founded: str, tmp_path: Path
):
    async def story(company: Company) -> None:
        for unit in ("sales", "north"):
            await refused(company, "wang", "units", "rename", unit, label="Mine")
        first, second = await kept(company)
        await company.ledger.control.forget([first.number])
        assert await kept(company) == [second]
        await refused(company, "wang", "units", "rename", "south", label="Mine")
        assert [attempt.id for attempt in await kept(company)] == ["north", "south"]
        found = await asyncio.to_thread(control_verdict_on, database_url, founded, tmp_path, lambda done, size: None)
        assert found is not None
        assert (found.ok, found.withheld) == (True, 1), found
        change = "update {s}.events set retired_by = 4 where position = {n}"
        named = change.format(s=control_schema_of(founded), n=second.number).encode()
        with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(named)

    play(story)


def test_stopped_at_any_moment_each_attempt_is_kept_once(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """The follower is cut off before, while or after it keeps what was noted, and its first entry is still to come."""
    monkeypatch.setattr(refusing, "KEEP_EVERY_S", 0.0)

    async def story(company: Company) -> None:
        noted = company.ledger.refused
        await noted.stop()
        for turns in range(30):
            noted.note_attempt("p-1", "token/test", "unit", f"u{turns}", "rename", "not_found")
            noted.start()
            for _ in range(turns):
                await asyncio.sleep(0)
            await noted.stop()
        assert [a.id for a in await kept(company)] == [f"u{turns}" for turns in range(30)]

    play(story)
