"""What is told in confidence: hidden authors, drafts and unpublished grades, in stored bytes and in sight."""

import json
from typing import Any

import pytest

from ledger.application import Receipt
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import NotFound
from ledger.sight import Recorded, is_kept_from, reads
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play
from tests.use_cases.test_policies import publish

HALF: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", "scale": "abc", "grades": ["c", "b", "a"]}


def stored(company: Company, receipt: Receipt) -> str:
    found = company.ledger.reader.at(receipt.position)
    assert found is not None
    return found.decode()


def id_of(receipt: Receipt) -> str:
    return split_stream(receipt.stream)[1]


async def seen_by(company: Company, receipt: Receipt) -> set[str]:
    """Return the nicknames of those who may see the stream of an event, and from whom the event is not kept."""
    kind, id = split_stream(receipt.stream)
    said = json.loads(stored(company, receipt))
    event = Recorded(receipt.stream, said["topic"], said["actor"], receipt.event_id, receipt.position)
    kept = await company.ledger.judged(
        lambda facts: {name for name, caller in company.people.items() if is_kept_from(facts, caller.id, event)}
    )
    found = {name for name, caller in company.people.items() if await company.ledger.may_see(caller, kind, id)}
    return found - kept


async def readers(company: Company, receipt: Receipt, part: str) -> set[str]:
    """Return the nicknames of those who may read a sealed part of an event."""
    stream = split_stream(receipt.stream)
    subject = split_stream(json.loads(stored(company, receipt))["sealed"][part]["subject"])
    now = company.ledger.clock.now()
    return await company.ledger.judged(
        lambda facts: {n for n, caller in company.people.items() if reads(facts, caller.id, stream, subject, now)}
    )


def test_nothing_stored_tells_who_gave_anonymous_feedback(play: Play) -> None:
    async def story(company: Company) -> None:
        wang, zhao = company.people["wang"].id, company.people["zhao"]
        await publish(company, small_group_limit=1)
        words: dict[str, Any] = {"recipient": wang, "kind": "concern", "text": "Listen", "visibility": "anonymous"}
        given = await company.does("zhao", "feedback", "give", **words)
        event = stored(company, given)
        assert zhao.id not in event
        assert zhao.credential not in event
        assert json.loads(event)["actor"] == f"anonymous:{given.event_id}"
        opened = company.ledger.open_parts(given.event_id)
        assert sorted(opened.values(), key=str) == [{"author": zhao.id}, {"text": "Listen"}]
        assert await seen_by(company, given) == {"wang"}
        read = await company.does("wang", "feedback", "acknowledge", id_of(given))
        assert zhao.id not in stored(company, read)

    play(story)


def test_an_author_is_opened_to_the_office_alone_after_two_have_agreed(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        await publish(company, offices={"privacy_officer": company.people["boss"].id}, small_group_limit=1)
        words: dict[str, Any] = {"recipient": wang, "kind": "concern", "text": "Listen", "visibility": "anonymous"}
        given = await company.does("zhao", "feedback", "give", **words)
        parts = json.loads(stored(company, given))["sealed"]
        author = next(name for name, part in parts.items() if part["class"] == "author")
        text = next(name for name in parts if name != author)
        assert (await readers(company, given, author), await readers(company, given, text)) == (set(), {"wang"})
        await company.does("boss", "feedback", "ask-author", id_of(given), reason="complaint")
        assert await readers(company, given, author) == set()
        await company.does("hr", "feedback", "open-author", id_of(given))
        assert (await readers(company, given, author), await readers(company, given, text)) == (
            {"boss"},
            {"boss", "wang"},
        )

    play(story)


def test_a_draft_is_its_writers_until_the_review_is_handed_over(play: Play) -> None:
    async def story(company: Company) -> None:
        review = id_of(await company.does("hr", "reviews", "open", person=company.people["wang"].id, **HALF))
        draft = await company.does("lin", "drafts", "save", review=review, grade="b", note="Half written")
        assert '"grade"' not in stored(company, draft).split('"sealed"')[0]
        assert (await seen_by(company, draft), await readers(company, draft, "0")) == ({"lin"}, {"lin"})
        boss = company.people["boss"].id
        await company.does("lin", "reviews", "hand-over", review, taker=boss, draft=id_of(draft))
        assert (await seen_by(company, draft), await readers(company, draft, "0")) == ({"boss"}, {"boss"})
        with pytest.raises(NotFound):
            await company.does("lin", "drafts", "save", id_of(draft), review=review, note="More")
        await company.does("boss", "drafts", "save", id_of(draft), review=review, note="More")

    play(story)


def test_a_grade_is_kept_from_the_person_until_it_is_published(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        opened = await company.does("hr", "reviews", "open", person=wang, **HALF)
        review = id_of(opened)
        await company.does("wang", "reviews", "submit-assessment", review, grade="a", note="I did well")
        assert "wang" in await seen_by(company, opened)
        rated = await company.does("lin", "reviews", "propose-rating", review, grade="b", note="Solid")
        assert not {"wang", "zhao"} & await seen_by(company, rated)
        assert {"lin", "boss", "hr"} <= await seen_by(company, rated)
        assert "wang" in await seen_by(company, opened), "the review itself does not go when it is rated"
        await company.does("hr", "reviews", "publish", review)
        assert "wang" in await seen_by(company, rated)
        assert {"wang", "lin"} <= await readers(company, rated, "0")

    play(story)


def test_what_others_remark_about_a_review_waits_for_its_result_unless_it_asks_the_person(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        review = id_of(await company.does("hr", "reviews", "open", person=wang, **HALF))
        about = {"kind": "review", "id": review}
        remark = await company.does("lin", "comments", "add", about=about, text="I think of a b")
        asking = await company.does("lin", "comments", "add", about=about, to=wang, text="Which figures?")
        assert "wang" not in await seen_by(company, remark)
        assert {"wang", "boss"} <= await seen_by(company, asking)
        await company.does("lin", "reviews", "propose-rating", review, grade="b")
        assert "wang" in await seen_by(company, asking)
        await company.does("hr", "reviews", "publish", review)
        assert "wang" in await seen_by(company, remark)

    play(story)


def test_who_decides_an_appeal_has_sight_while_it_is_open(play: Play) -> None:
    async def story(company: Company) -> None:
        wang, zhao = company.people["wang"].id, company.people["zhao"].id
        opened = await company.does("hr", "reviews", "open", person=wang, **HALF)
        review = id_of(opened)
        await company.does("lin", "reviews", "propose-rating", review, grade="b")
        await company.does("hr", "reviews", "publish", review)
        await company.does("wang", "reviews", "appeal", review, ground="facts", note="Wrong")
        assert "zhao" not in await seen_by(company, opened)
        await company.does("second_hr", "reviews", "assign-appeal", review, decider=zhao)
        assert "zhao" in await seen_by(company, opened)
        decided: dict[str, Any] = {"outcome": "changed", "grade": "a", "reason": "figures"}
        changed = await company.does("zhao", "reviews", "decide-appeal", review, **decided)
        assert "zhao" not in await seen_by(company, opened), "the seat is gone with the decision"
        assert "wang" not in await seen_by(company, changed), "the new grade is not published yet"
        published = await company.does("second_hr", "reviews", "publish", review)
        content = json.loads(stored(company, published))["data"]["content"]
        await company.does("wang", "reviews", "accept", review, content=content)

    play(story)


def test_one_comments_on_what_one_sees(play: Play) -> None:
    async def story(company: Company) -> None:
        about = {"kind": "person", "id": company.people["wang"].id}
        with pytest.raises(NotFound):
            await company.does("zhao", "comments", "add", about=about, text="x")
        added = await company.does("lin", "comments", "add", about=about, text="Back on Monday?")
        assert "wang" in await seen_by(company, added)
        assert "zhao" not in await seen_by(company, added)
        with pytest.raises(NotFound):
            await company.does("zhao", "comments", "answer", id_of(added), text="No")
        await company.does("wang", "comments", "answer", id_of(added), text="Yes")

    play(story)
