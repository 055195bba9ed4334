"""What is personal: who looked at whose record, and how far an erasure has come."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.answers import Limit, answer
from api.control import note
from api.own_record import own_record, readable_text
from api.paths import PathId
from api.policies import AUDITOR
from api.reading import Asked, Asking
from ledger.control import TAKEN_OUT
from ledger.domain.privacy.key_epochs import FIRST, KeyEpochState
from ledger.erasure import RECORD
from ledger.founding import opened_at_of
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import day_of, utc_text
from ledger.kernel.refusals import NotFound
from ledger.key_keeping import standing

router = APIRouter(tags=["privacy"])
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The number after which to go on.")]

Form = Annotated[Literal["json", "markdown"], Query(description="for machines, or to be read")]


@router.get("/people/{id}/accesses", response_class=Response)
async def accesses(asked: Asking, id: PathId, after: After = 0, limit: Limit = 100) -> Response:
    """Return who looked at a person's record, to that person and to auditors; the number to go on from.

    A list or report that showed the records of several `persons` is one row.
    """
    person = await _own_or_audited(asked, id)
    ids = await asyncio.to_thread(asked.ledger.erasing.merged_with, stream_name("person", person))
    found = await asked.ledger.accesses.of(ids, after=after, limit=limit)
    rows = [
        {
            "number": one.number,
            "seen_at": utc_text(one.seen_at),
            "reader": one.reader,
            "path": one.path,
            "persons": one.persons,
        }
        for one in found
    ]
    return answer(asked, {"rows": rows, "after": found[-1].number if found else after}, asked.served.watch.size)


@router.get("/people/{id}/export", response_class=Response, responses={200: {"content": {"text/markdown": {}}}})
async def export(asked: Asking, id: PathId, form: Form = "json") -> Response:
    """Return all that is held about oneself, with proofs, and what was left out; to that person alone."""
    person, caller = await asked.ledger.judged(lambda facts: (facts.resolved(id), facts.resolved(asked.caller.id)))
    if caller != person:
        raise NotFound()
    ids = await asyncio.to_thread(asked.ledger.erasing.merged_with, stream_name("person", person))
    record = await own_record(asked, ids)
    await note(asked, TAKEN_OUT, {"what": "own record", "of": stream_name("person", person)})
    if form == "markdown":
        text = readable_text(record, person, asked.language)
        return Response(text, 200, {"cache-control": "no-store"}, "text/markdown; charset=utf-8")
    value = {"person": person, "ids": ids, "records": record.told, "left_out": record.left_out}
    response = answer(asked, value, asked.served.watch.size)
    response.headers["cache-control"] = "no-store"
    return response


@router.get("/people/{id}/erasure", response_class=Response)
async def erasure(asked: Asking, id: PathId) -> Response:
    """Return the receipt of an erasure: its last step, what was erased, and which subscribers have confirmed."""
    return await _receipt(asked, stream_name("person", id))


@router.get("/candidates/{id}/erasure", response_class=Response)
async def candidate_erasure(asked: Asking, id: PathId) -> Response:
    """Return the receipt of a candidate's erasure, which is carried out like a person's."""
    return await _receipt(asked, stream_name("candidate", id))


async def _receipt(asked: Asked, subject: str) -> Response:
    state = await asked.ledger.judged(lambda facts: facts.state(RECORD, subject))
    found = await asyncio.to_thread(asked.ledger.erasing.find, subject)
    if found is None:
        raise NotFound()
    value = {
        "subject": subject,
        "step": found.step.value,
        "ids": list(found.ids),
        "classes": list(found.classes),
        "parts": found.parts,
        "identifiers": found.identifiers,
        "basis": state.basis,
        "copies_erased": sorted(state.copies_erased),
    }
    return answer(asked, value, asked.served.watch.size)


@router.get("/key-epochs", response_class=Response)
async def key_epochs(asked: Asking) -> Response:
    """Return the epochs of the key that wraps the data keys: state, dates, and how many keys each wraps."""
    ledger = asked.ledger
    counts = await asyncio.to_thread(ledger.epochs.counts)
    states = await ledger.judged(standing)
    opened_at = await asyncio.to_thread(opened_at_of, ledger.reader, ledger.name)
    rows = [
        {
            "epoch": number,
            "state": _state_of(number, state, counts),
            "data_keys": counts.get(number, 0),
            "begun_at": _text(opened_at if number == FIRST else state.begun_at),
            "destroy_on": None if state.destroy_on is None else state.destroy_on.isoformat(),
            "destroyed_at": _text(state.destroyed_at),
        }
        for number in sorted(states.keys() | counts.keys())
        for state in (states.get(number, KeyEpochState()),)
    ]
    today = day_of(ledger.clock.now(), ledger.zone).isoformat()
    return answer(asked, {"rows": rows, "today": today}, asked.served.watch.size)


def _state_of(number: int, state: KeyEpochState, counts: Mapping[int, int]) -> str:
    if number in counts:
        return "in_use" if number == max(counts) else "left"
    return "destroyed" if state.destroyed or number < max(counts) else "ordered"


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else utc_text(instant)


async def _own_or_audited(asked: Asked, id: str) -> str:
    """Return the id that stands for the person. Raises NotFound for everybody but them and auditors."""
    person, caller = await asked.ledger.judged(lambda facts: (facts.resolved(id), facts.resolved(asked.caller.id)))
    if caller != person and not (AUDITOR in asked.roles and await asked.sees("person", id)):
        raise NotFound()
    return person
