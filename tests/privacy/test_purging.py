"""Purging: nothing that was derived from a subject's texts, or noted beside them, is left where it was kept."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.application import Idempotency
from ledger.erasure import erase
from ledger.kernel.refusals import Refusal
from ledger.kernel.statements import load
from tests.privacy.conftest import Play
from tests.privacy.test_erasure import confirmed
from tests.use_cases.company import Company

SAID = "planted-words"


def rows(company: Company, statement: str, *given: object) -> list[tuple[Any, ...]]:
    """Run a statement on the ledger's schema as the service, and return what it finds."""
    reader = company.ledger.reader
    with reader.pool.connection() as connection:
        cursor = connection.execute(statement.format(schema=reader.schema).encode(), given)
        return cursor.fetchall() if cursor.description else []


async def refused(company: Company, actor: str, plural: str, verb: str, id: str, **fields: Any) -> None:
    with pytest.raises(Refusal):
        await company.does(actor, plural, verb, id, **fields)


def test_refused_attempts_that_name_the_subject_go_and_others_stay(play: Play):
    async def story(company: Company) -> None:
        wang, lin = company.people["wang"].id, company.people["lin"].id
        await refused(company, "zhao", "people", "correct-name", wang, name=SAID)
        await refused(company, "zhao", "people", "correct-name", lin, name=SAID)
        await refused(company, "lin", "personal-records", "ask-erasure", f"person/{wang}", basis="request")
        await company.ledger.refused.keep()
        assert {id for (id,) in rows(company, "select id from {schema}.refused")} == {wang, lin, f"person/{wang}"}
        await erase(company.ledger, company.ledger.erasing, await confirmed(company, "wang"))
        assert {id for (id,) in rows(company, "select id from {schema}.refused")} == {lin}

    play(story)


def test_what_somebody_types_in_the_place_of_an_id_is_kept_nowhere(play: Play):
    async def story(company: Company) -> None:
        await refused(company, "zhao", "people", "correct-name", "Wang Fang", name=SAID)
        await refused(company, "zhao", "goals", "accept", "wang.fang@example.com")
        await refused(company, "zhao", "personal-records", "ask-erasure", "person/Wang Fang", basis="request")
        await refused(company, "zhao", "units", "rename", "sales", label="Mine")  # callers choose the ids of units
        await company.ledger.refused.keep()
        assert sorted(rows(company, "select kind, id from {schema}.refused")) == [
            ("goal", ""),
            ("person", ""),
            ("personal-record", ""),
            ("unit", "sales"),
        ]

    play(story)


def test_a_batchs_kept_answer_holds_codes_and_no_words(play: Play):
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        asks = [
            company.ask("zhao", "people", "correct-name", wang, name=SAID),
            company.ask("zhao", "feedback", "give", recipient="p-nobody", kind="praise", text=SAID),
            company.ask("hr", "people", "register", name=SAID, identifiers={"handle": SAID}),
        ]
        key = Idempotency("batch", b"1" * 32)
        told = await company.ledger.record_batch(asks, mode="each", batch_id="b-1", idempotency=key)
        assert len(told) == len(asks)
        kept = b"".join(bytes(answer) for (answer,) in rows(company, "select answer from {schema}.idempotency"))
        assert b"not_found" in kept
        assert SAID.encode() not in kept

    play(story)


def test_shortcuts_and_what_was_said_of_parked_events_go(play: Play):
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        given = await company.does("lin", "feedback", "give", recipient=wang, kind="praise", text=SAID)
        tables = load("projections.engine", "schema.sql").bind(schema=company.ledger.reader.schema)
        rows(company, tables["create_tables"])
        parked = "insert into {schema}.projection_parked values ('goals', 1, 1, %s, 'k', 'skipped', 'unknown', %s)"
        rows(company, parked, given.position, SAID)
        rows(company, parked, 1, "of the ledger itself")
        shortcut = "insert into {schema}.snapshots (stream, version, topic, state) values (%s, 1, 't', %s)"
        for stream in (given.stream, f"person/{wang}", "unit/sales"):
            rows(company, shortcut, stream, SAID.encode())
        await erase(company.ledger, company.ledger.erasing, await confirmed(company, "wang"))
        left = sorted(rows(company, "select position, reason from {schema}.projection_parked"))
        assert left == [(1, "of the ledger itself"), (given.position, None)]
        assert rows(company, "select stream from {schema}.snapshots") == [("unit/sales",)]

    play(story)
