"""Surveys in a ledger: answers wait where nobody finds them, and appear with the closing, once."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from ledger.application import Ask, Receipt, Refused
from ledger.domain.outcomes.answers import (
    AnswerSurvey,
    AnswerUnfit,
    SurveyAnswered,
    SurveyClosedAlready,
    SurveyOver,
)
from ledger.domain.outcomes.surveys import NotInSurvey, SurveyStillOpen
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import AskedAlone, NotAllowed, NotFound
from ledger.privacy.waiting import SMALLEST_BYTES
from ledger.sight import reads
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play
from tests.use_cases.test_policies import publish

QUESTIONS = [{"code": "content", "kind": "scale"}, {"code": "remarks", "kind": "text"}]
WORDS = {"content": "How content are you?", "remarks": "What else?"}
PEOPLE = ("lin", "wang", "zhao", "boss")


async def opened(company: Company, *units: str, limit: int = 2, days: int = 3) -> str:
    """Open a survey in which small groups are of less than two; return its id."""
    await publish(company, small_group_limit=limit)
    last = (company.ledger.clock.now() + timedelta(days=days)).date().isoformat()
    receipt = await company.does(
        "hr", "surveys", "open", questions=QUESTIONS, units=units or ("company",), closes_on=last, wording=WORDS
    )
    return split_stream(receipt.stream)[1]


async def answers(company: Company, survey: str, who: str, **given: Any) -> None:
    command = AnswerSurvey.model_validate({"answers": given})
    await company.ledger.confidence.answer(Ask(command, "survey", survey, company.people[who]))


def later(company: Company, days: int = 5) -> None:
    company.ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(days=days))


def rows(company: Company, query: str) -> list[Any]:
    with company.ledger.reader.pool.connection() as connection:
        return connection.execute(query.format(schema=company.ledger.reader.schema).encode()).fetchall()


def whole_ledger(company: Company) -> bytes:
    """Return the stored bytes of every event."""
    return b"\n".join(stored for _, stored in company.ledger.reader.page(0, 10_000))


def shown(company: Company, receipt: Receipt) -> dict[str, Any]:
    stored = company.ledger.reader.at(receipt.position)
    assert stored is not None
    event: dict[str, Any] = json.loads(stored)
    return event


def test_nothing_but_the_closing_shows_answers_and_nothing_shows_whose(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        before = company.ledger.writer.size
        for number, who in enumerate(PEOPLE):
            await answers(company, survey, who, content=number % 2 + 4, remarks=f"Remark of {who}")
        await company.ledger.refused.keep()
        assert company.ledger.writer.size == before, "no position is taken"
        assert len(rows(company, "select survey from {schema}.waiting")) == 1
        assert not rows(company, "select * from {schema}.refused where kind = 'survey'")
        later(company)
        closed = await company.does("hr", "surveys", "close", survey)
        assert closed.position == before + 1
        event = shown(company, closed)
        figures = event["data"]["groups"][0]["figures"]
        assert figures == [{"answered": 4, "counts": [0, 0, 0, 2, 2]}, {"answered": 4, "counts": []}]
        parts = [fields for fields in company.ledger.open_parts(closed.event_id).values() if "rows" in fields]
        assert parts[0]["texts"] == {"remarks": sorted(f"Remark of {who}" for who in PEOPLE)}
        assert parts[0]["rows"] == [{"@group": "0", "content": text} for text in "4455"]
        told = json.dumps([event, parts])
        assert not [who for who in PEOPLE if company.people[who].id in told]
        assert b"Remark of" not in whole_ledger(company)

    play(story)


def test_what_waits_is_encrypted_of_one_length_and_let_go_of_with_its_key(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        lengths = set()
        for who in PEOPLE:
            await answers(company, survey, who, content=5, remarks="A remark")
            [(box, _)] = rows(company, "select box, sealed_off from {schema}.waiting")
            lengths.add(len(box))
            assert b"remark" not in bytes(box)
        assert lengths == {12 + SMALLEST_BYTES + 16}, "nonce, one step of length, tag: no answer is counted by it"
        keys = company.ledger.reader.schema.replace("ledger_", "keys_", 1)
        held = f"select 1 from {keys}.data_keys where subject = 'survey/{survey}' and retention = 'waiting'"
        assert len(rows(company, held)) == 1
        later(company)
        await company.does("hr", "surveys", "close", survey)
        assert rows(company, "select box, sealed_off from {schema}.waiting") == [(b"", True)]
        assert not rows(company, held)

    play(story)


def test_everybody_answers_once_whoever_they_were_merged_with(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        await answers(company, survey, "wang", content=5)
        with pytest.raises(SurveyAnswered):
            await answers(company, survey, "wang", content=1)
        results = await asyncio.gather(
            *(answers(company, survey, "lin", content=n) for n in (1, 2, 3)), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "SurveyAnswered", "SurveyAnswered"]
        await company.ledger.refused.keep()
        noted = rows(company, "select actor, credential, code from {schema}.refused where kind = 'survey'")
        assert set(noted) == {("hidden", "hidden", "survey_answered")}, "a second try would tell of the first"

    play(story)


def test_who_does_not_work_in_the_units_asked_and_what_fits_no_question_is_refused(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company, "sales")
        with pytest.raises(NotInSurvey):
            await answers(company, survey, "zhao", content=5)
        with pytest.raises(NotAllowed):  # the first administrator has no employment
            await answers(company, survey, "hr", content=5)
        with pytest.raises(NotFound):
            await answers(company, "s-unheard-of", "wang", content=5)
        for unfit in ({"content": 6}, {"content": "5"}, {"other": 1}, {"remarks": 5}):
            with pytest.raises(AnswerUnfit):
                await answers(company, survey, "wang", **unfit)
        await answers(company, survey, "wang", content=5)

    play(story)


def test_a_survey_is_closed_when_its_time_is_over_alone_and_once(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        for who in PEOPLE:
            await answers(company, survey, who, content=3)
        with pytest.raises(SurveyStillOpen):
            await company.does("hr", "surveys", "close", survey)
        later(company)
        with pytest.raises(NotAllowed):
            await company.does("boss", "surveys", "close", survey)
        batch = [company.ask("hr", "surveys", "close", survey)]
        [refused] = await company.ledger.record_batch(batch, mode="each", batch_id="b-1")
        assert isinstance(refused, Refused)
        assert isinstance(refused.refusal, AskedAlone)
        results = await asyncio.gather(
            *(company.does("hr", "surveys", "close", survey) for _ in range(3)), return_exceptions=True
        )
        receipts = [result for result in results if isinstance(result, Receipt)]
        assert len(receipts) == 1
        assert sum(isinstance(result, SurveyClosedAlready) for result in results) == 2
        assert shown(company, receipts[0])["data"]["groups"][0]["answered"] == 4
        with pytest.raises(SurveyClosedAlready):
            await answers(company, survey, "wang", content=1)

    play(story)


def test_after_the_last_day_no_answer_is_taken(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        later(company)
        with pytest.raises(SurveyOver):
            await answers(company, survey, "wang", content=5)

    play(story)


def test_too_few_answers_are_never_shown_nor_counted(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company, limit=5)
        await answers(company, survey, "wang", content=1, remarks="Only I say so")
        later(company)
        closed = await company.does("hr", "surveys", "close", survey)
        assert shown(company, closed)["data"] == {
            "sheets": {"kind": "survey-answers", "id": survey}, "groups": [], "withheld": True,
        }  # fmt: skip
        assert company.ledger.open_parts(closed.event_id) == {}

    play(story)


def test_the_single_answers_open_to_administrators_and_the_words_to_all(play: Play) -> None:
    async def story(company: Company) -> None:
        survey = await opened(company)
        now, stream = company.ledger.clock.now(), ("survey", survey)

        async def readers(*subject: str) -> set[str]:
            kind, id = subject
            return await company.ledger.judged(
                lambda facts: {n for n, c in company.people.items() if reads(facts, c.id, stream, (kind, id), now)}
            )

        assert await readers("survey-answers", survey) == {"hr", "second_hr"}
        assert await readers("survey", survey) == set(company.people)

    play(story)


# Hidden authors

SECRET = "only the author has kept these words"
WORDS_OF_ZHAO: dict[str, Any] = {
    "kind": "concern",
    "text": "Listen",
    "visibility": "anonymous",
    "secret_digest": sha256(SECRET.encode()).hexdigest(),
}


def test_a_hidden_author_corrects_and_withdraws_by_a_secret_and_stays_hidden(play: Play) -> None:
    async def story(company: Company) -> None:
        await publish(company, small_group_limit=1)
        wang, zhao = company.people["wang"].id, company.people["zhao"]
        given = await company.does("zhao", "feedback", "give", recipient=wang, **WORDS_OF_ZHAO)
        id = split_stream(given.stream)[1]
        for other, refusal in (("zhao", NotFound), ("wang", NotAllowed), ("boss", NotFound)):
            with pytest.raises(refusal):
                await company.does(other, "feedback", "correct", id, text="Forged", secret="x" * 32)
        with pytest.raises(NotFound):
            await company.does("zhao", "feedback", "withdraw", id)
        corrected = await company.does("zhao", "feedback", "correct", id, text="Listen more", secret=SECRET)
        withdrawn = await company.does("zhao", "feedback", "withdraw", id, secret=SECRET)
        events = [shown(company, receipt) for receipt in (given, corrected, withdrawn)]
        assert {event["actor"] for event in events} == {f"anonymous:{given.event_id}"}
        told = json.dumps(events)
        assert not [word for word in (zhao.id, zhao.credential, SECRET) if word in told]
        await company.ledger.refused.keep()
        names = rows(company, "select actor from {schema}.refused where kind = 'feedback' and verb = 'correct'")
        assert set(names) == {("hidden",)}

    play(story)


def test_few_colleagues_hide_nobody_whoever_writes(play: Play) -> None:
    async def story(company: Company) -> None:
        await publish(company, small_group_limit=2)
        codes = []
        for author, recipient in (("zhao", "wang"), ("lin", "wang"), ("zhao", "boss")):
            ask = company.ask(author, "feedback", "give", recipient=company.people[recipient].id, **WORDS_OF_ZHAO)
            try:
                codes.append((await company.ledger.record(ask)).stream.split("/")[0])
            except Exception as refused:  # its code is looked at
                codes.append(str(refused))
        assert codes == ["too_few_authors", "too_few_authors", "feedback"]
        batch = [company.ask("zhao", "feedback", "give", recipient=company.people["boss"].id, **WORDS_OF_ZHAO)]
        [refusal] = await company.ledger.record_batch(batch, mode="each", batch_id="b-1")
        assert isinstance(refusal, Refused)
        assert isinstance(refusal.refusal, AskedAlone), "a batch has an id and a key, and both lead to a name"

    play(story)
