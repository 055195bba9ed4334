"""What is personal: who looked at whose record, and how far an erasure has come."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.answers import Limit, answer
from api.own_record import own_record, readable_text
from api.paths import PathId
from api.policies import AUDITOR
from api.reading import Asked, Asking
from ledger.erasure import RECORD
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import utc_text
from ledger.kernel.refusals import NotFound

router = APIRouter(tags=["privacy"])
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The number after which to go on.")]

Form = Annotated[Literal["json", "markdown"], Query(description="for machines, or to be read")]


@router.get("/people/{id}/accesses", response_class=Response)
async def accesses(asked: Asking, id: PathId, after: After = 0, limit: Limit = 100) -> Response:
    """Return who looked at a person's record, to that person and to auditors; the number to go on from."""
    person = await _own_or_audited(asked, id)
    ids = await asyncio.to_thread(asked.ledger.erasing.merged_with, stream_name("person", person))
    found = await asked.ledger.accesses.of(ids, after=after, limit=limit)
    rows = [
        {"number": one.number, "seen_at": utc_text(one.seen_at), "reader": one.reader, "path": one.path}
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
    subject = stream_name("person", id)
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


async def _own_or_audited(asked: Asked, id: str) -> str:
    """Return the id that stands for the person. Raises NotFound for everybody but them and auditors."""
    person, caller = await asked.ledger.judged(lambda facts: (facts.resolved(id), facts.resolved(asked.caller.id)))
    if caller != person and not (AUDITOR in asked.roles and await asked.sees("person", id)):
        raise NotFound()
    return person
