"""Recording: receipts, repeats, versions, stored bytes, batches, and several processes on one ledger."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger.application import Idempotency, Ledger, Receipt, Refused
from ledger.evidence.commitment import verify_disclosure
from ledger.kernel.refusals import (
    AlreadyExists,
    IdempotencyConflict,
    InTheFuture,
    LateNeedsReason,
    NotFound,
    StaleMatch,
    UnknownReference,
)
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play

ONE, OTHER = b"1" * 32, b"2" * 32


def stored(company: Company, receipt: Receipt) -> dict[str, object]:
    """Return the stored event of a receipt."""
    found = company.ledger.reader.event(UUID(receipt.event_id).bytes)
    assert found is not None
    event: dict[str, object] = json.loads(found[1])
    return event


def test_the_whole_envelope_stands_in_the_hashed_bytes(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        receipt = await company.does(
            "lin", "feedback", "give", recipient=wang, kind="praise", text="Well done on the North deal"
        )
        event = stored(company, receipt)
        assert list(event)[:4] == ["position", "stream", "version", "recorded_at"]
        assert (event["position"], event["stream"], event["version"]) == (receipt.position, receipt.stream, 1)
        assert event["recorded_at"] == receipt.recorded_at
        assert event["actor"] == company.people["lin"].id
        assert event["credential"] == "token/test"
        assert event["authority"]["judged_at"] == receipt.position - 1  # type: ignore[index]  # an object
        assert f"person/{wang}" in event["subjects"]  # type: ignore[operator]  # a list
        assert b"North" not in company.ledger.reader.at(receipt.position)  # type: ignore[operator]  # it is there

    play(story)


def test_personal_text_opens_with_its_key_and_is_what_the_event_committed_to(play: Play) -> None:
    async def story(company: Company) -> None:
        receipt = await company.does("hr", "people", "register", name="张伟", identifiers={"handle": "zw"})
        opened = company.ledger.open_parts(receipt.event_id)
        assert opened == {"0": {"name": "张伟", "identifiers": {"handle": "zw"}}}
        sealed = stored(company, receipt)["sealed"]["0"]  # type: ignore[index]  # an object
        (box,) = company.ledger.reader.sealed(UUID(receipt.event_id).bytes)
        content = company.ledger.sealer.open(UUID(receipt.event_id).bytes, box)
        assert content is not None
        text = json.dumps(content[1], ensure_ascii=False, separators=(",", ":")).encode()
        verify_disclosure(bytes.fromhex(sealed["commitment"]), salt=content[0], content=text)

    play(story)


def test_a_person_is_found_by_a_handle_whatever_its_letter_case(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = f"person/{company.people['wang'].id}"
        assert await company.ledger.find("handle", "WANG") == wang
        assert await company.ledger.find_all("handle", ["wang ", "nobody"]) == {"wang ": wang}
        with pytest.raises(AlreadyExists):
            await company.does("hr", "people", "register", name="Another", identifiers={"handle": "Wang"})

    play(story)


def test_a_repeat_with_the_same_key_answers_the_same_and_records_nothing(play: Play) -> None:
    async def story(company: Company) -> None:
        key = Idempotency("k-1", ONE)
        first = await company.does("hr", "units", "form", "north", key=key, label="North")
        size = company.ledger.writer.size
        again = await company.does("hr", "units", "form", "north", key=key, label="North")
        assert (again.event_id, again.position, again.recorded_at) == (
            first.event_id,
            first.position,
            first.recorded_at,
        )
        assert again.repeated
        assert company.ledger.writer.size == size
        with pytest.raises(IdempotencyConflict):
            await company.does("hr", "units", "form", "south", key=Idempotency("k-1", OTHER), label="South")

    play(story)


def test_fifty_parallel_repeats_make_one_event(play: Play) -> None:
    async def story(company: Company) -> None:
        size = company.ledger.writer.size
        acts = [company.does("hr", "units", "form", "north", key=Idempotency("k", ONE), label="N") for _ in range(50)]
        receipts = await asyncio.gather(*acts)
        assert len({r.event_id for r in receipts}) == 1
        assert [r.repeated for r in receipts].count(False) == 1
        assert company.ledger.writer.size == size + 1

    play(story)


def test_parallel_commands_to_one_stream_are_decided_one_after_the_other(play: Play) -> None:
    async def story(company: Company) -> None:
        acts = [company.does("hr", "units", "rename", "sales", label=f"Sales {n}") for n in range(40)]
        versions = sorted(r.version for r in await asyncio.gather(*acts))
        assert versions == list(range(versions[0], versions[0] + 40))

    play(story)


def test_if_match_names_the_version_that_was_seen(play: Play) -> None:
    async def story(company: Company) -> None:
        receipt = await company.does("hr", "units", "form", "north", label="North")
        renamed = await company.does("hr", "units", "rename", "north", label="Nord", if_match=receipt.version)
        assert renamed.version == 2
        with pytest.raises(StaleMatch):
            await company.does("hr", "units", "rename", "north", label="Norden", if_match=receipt.version)

    play(story)


def test_a_dry_run_refuses_alike_and_records_nothing(play: Play) -> None:
    async def story(company: Company) -> None:
        size = company.ledger.writer.size
        await company.ledger.record(company.ask("hr", "units", "form", "north", label="North"), dry_run=True)
        with pytest.raises(AlreadyExists):
            await company.ledger.record(company.ask("hr", "units", "form", "sales", label="S"), dry_run=True)
        assert company.ledger.writer.size == size

    play(story)


def test_late_entries_need_a_reason_and_claims_do_not_lie_in_the_future(play: Play) -> None:
    async def story(company: Company) -> None:
        with pytest.raises(LateNeedsReason):
            await company.does("hr", "units", "rename", "sales", label="Verkauf", effective_at="2025-03-01")
        late: dict[str, Any] = {"effective_at": "2025-03-01", "reason": "forgotten"}
        assert (await company.does("hr", "units", "rename", "sales", label="Verkauf", **late)).version > 1
        wang = company.people["wang"].id
        future: dict[str, Any] = {"effective_at": "2199-01-01", "recipient": wang, "kind": "praise", "text": "x"}
        with pytest.raises(InTheFuture):
            await company.does("lin", "feedback", "give", **future)

    play(story)


def test_a_batch_of_all_is_one_transaction_or_nothing(play: Play) -> None:
    async def story(company: Company) -> None:
        asks = [
            company.ask("hr", "units", "form", f"n{i}", label=f"N{i}", parent=f"n{i - 1}" if i else None)
            for i in range(5)
        ]
        size = company.ledger.writer.size
        bad = [*asks, company.ask("hr", "units", "form", "x", label="X", parent="nowhere")]
        (refused,) = await company.ledger.record_batch(bad, mode="all", batch_id="b-1")
        assert isinstance(refused, Refused)
        assert refused.index == 5
        assert isinstance(refused.refusal, UnknownReference)
        assert company.ledger.writer.size == size
        receipts = await company.ledger.record_batch(asks, mode="all", batch_id="b-1")
        assert [r.position for r in receipts if isinstance(r, Receipt)] == list(range(size + 1, size + 6))
        assert {r.batch_id for r in receipts if isinstance(r, Receipt)} == {"b-1"}

    play(story)


def test_a_batch_of_each_leaves_the_others_and_repeats_the_same_results(play: Play) -> None:
    async def story(company: Company) -> None:
        asks = [company.ask("hr", "units", "form", f"n{i // 2}", label=f"N{i}") for i in range(600)]
        key = Idempotency("batch", ONE)
        first = await company.ledger.record_batch(asks, mode="each", batch_id="b-1", idempotency=key)
        assert [isinstance(r, Receipt) for r in first] == [i % 2 == 0 for i in range(600)]
        size = company.ledger.writer.size
        again = await company.ledger.record_batch(asks, mode="each", batch_id="b-2", idempotency=key)
        assert company.ledger.writer.size == size
        for one, other in zip(first, again, strict=True):
            if isinstance(one, Receipt):
                assert isinstance(other, Receipt)
                assert other.event_id == one.event_id
                assert other.batch_id == "b-1"
            else:
                assert isinstance(other, Refused)
                assert other.refusal.code == one.refusal.code == "already_exists"

    play(story)


def test_an_identifier_that_is_taken_refuses_its_command_alone(play: Play) -> None:
    """Taken in the ledger, or by a command before it; in a batch of all, the refusal names the command."""

    async def story(company: Company) -> None:
        handles = ["wang", "new-1", "new-2", "New-1", "lin", "new-3"]
        asks = [company.ask("hr", "people", "register", name=h, identifiers={"handle": h}) for h in handles]
        (refused,) = await company.ledger.record_batch(asks, mode="all", batch_id="b-1")
        assert isinstance(refused, Refused)
        assert (refused.index, refused.refusal.code) == (0, "already_exists")
        key = Idempotency("batch", ONE)
        told = await company.ledger.record_batch(asks, mode="each", batch_id="b-2", idempotency=key)
        codes = [one.refusal.code if isinstance(one, Refused) else "recorded" for one in told]
        assert codes == ["already_exists", "recorded", "recorded", "already_exists", "already_exists", "recorded"]
        again = await company.ledger.record_batch(asks, mode="each", batch_id="b-3", idempotency=key)
        assert [isinstance(one, Receipt) for one in again] == [isinstance(one, Receipt) for one in told]

    play(story)


def test_what_another_process_records_is_decided_on(
    play: Play, database_url: str, founded: str, tmp_path: Path
) -> None:
    async def story(company: Company) -> None:
        other = Company(await Ledger.open(database_url, founded, tmp_path), company.people)
        try:
            await asyncio.gather(
                *(
                    one.does("hr", "units", "rename", "sales", label=f"{whose} {n}")  # no two say the same
                    for n in range(10)
                    for whose, one in (("S", company), ("T", other))
                )
            )
            await other.does("hr", "units", "dissolve", "works")
            with pytest.raises(Exception, match="unit_not_live"):
                await company.does("hr", "units", "rename", "works", label="Too late")
            head = company.ledger.reader.head()
            assert head.size == company.ledger.reader.page(0, 10_000)[-1][0]
        finally:
            await other.ledger.close()

    play(story)


def test_nothing_is_said_about_what_is_not_there(play: Play) -> None:
    async def story(company: Company) -> None:
        with pytest.raises(NotFound):
            await company.does("hr", "units", "rename", "nowhere", label="X")
        with pytest.raises(NotFound):
            await company.does("zhao", "people", "correct-name", company.people["wang"].id, name="X")

    play(story)
