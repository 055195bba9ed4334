"""One event: as recorded, with its proof, and its sealed parts for those who may see whom they are about."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Response

from api.answers import answer
from api.log_tiles import proof_of
from api.policies import FEED, OPERATOR
from api.problems import NotCheckpointed
from api.reading import Asked, Asking
from api.signing import Published
from api.subscriptions.cloud_event import recorded
from ledger.evidence.stand_in import leaf_of
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import NotFound, Refusal
from ledger.sight import reads
from ledger.store.reader import Reader

PROOF_WAIT_S = 3.0
router = APIRouter(tags=["events"])
EventId = Annotated[UUID, Path()]


class Erased(Refusal):
    """The key of the sealed parts is destroyed: nobody can open them any more."""

    code, status = "erased", 410
    en = "The sealed text of this event has been erased."
    zh = "该事件的密封内容已被删除。"


@router.get("/events/{event_id}", response_class=Response)
async def event(asked: Asking, event_id: EventId) -> Response:
    """Return one event: its clear part, its exact bytes in base64, and how far it is proven."""
    position, stored = await _visible(asked, event_id)
    await asked.note_shown([orjson.loads(stored)["stream"]])
    value = {
        "event": orjson.Fragment(stored),
        "stored": base64.b64encode(stored).decode(),
        "leaf": leaf_of(stored).hex(),
        "proof": state_of(asked.served.signing, position),
        "links": {"proof": f"/events/{event_id}/proof", "sealed": f"/events/{event_id}/sealed"},
    }
    return answer(asked, value, position)


def state_of(signing: Published, position: int) -> str:
    """Return how far an event is proven: recorded, checkpointed or witnessed."""
    if signing.witnessed is not None and position <= signing.witnessed.head.size:
        return "witnessed"
    return "checkpointed" if position <= signing.latest.head.size else "recorded"


@router.get("/events/{event_id}/proof", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def proof(asked: Asking, event_id: EventId) -> Response:
    """Return the inclusion proof with its checkpoint (C2SP tlog-proof); waits up to 3 s for the signer."""
    position, _ = await _found(asked, event_id, proofs=True)
    return await proven(asked.served.signing, asked.ledger.reader, position)


async def proven(signing: Published, reader: Reader, position: int) -> Response:
    """Return the proof of a position of a log, once its signer has got so far. Raises NotCheckpointed."""
    if not await asyncio.to_thread(signing.covers, position, PROOF_WAIT_S):
        raise NotCheckpointed()
    text = await asyncio.to_thread(proof_of, reader, signing.latest, position)
    return Response(text, 200, {"cache-control": "private, no-cache"}, "text/plain; charset=utf-8")


@router.get("/events/{event_id}/sealed", response_class=Response)
async def sealed(asked: Asking, event_id: EventId) -> Response:
    """Return the opened sealed parts whose data subject the caller may see; 410 once they are erased."""
    position, stored = await _visible(asked, event_id)
    parts = orjson.loads(stored)["sealed"]
    subjects = {name: split_stream(part["subject"]) for name, part in parts.items()}
    seen = await asked.ledger.judged(lambda facts: _readable(facts, asked, stored, subjects))
    if await asked.owes(*split_stream(orjson.loads(stored)["stream"])):
        seen = set(subjects)  # whoever has to answer something needs to read what it says
    if not seen:
        raise NotFound()
    for kind, id in {subjects[name] for name in seen}:
        await asked.note_access(kind, id)
    opened = await asyncio.to_thread(asked.ledger.open_parts, str(event_id))
    shown = {name: opened[name] for name in seen if name in opened}
    if not shown:
        raise Erased()
    response = answer(asked, {"event_id": str(event_id), "parts": shown, "withheld": len(parts) - len(seen)}, position)
    response.headers["cache-control"] = "no-store"
    return response


def _readable(facts: LedgerFacts, asked: Asked, stored: bytes, subjects: Mapping[str, tuple[str, str]]) -> set[str]:
    stream, now = split_stream(orjson.loads(stored)["stream"]), asked.ledger.clock.now()
    return {name for name, subject in subjects.items() if reads(facts, asked.caller.id, stream, subject, now)}


async def visible(asked: Asked, event_id: UUID) -> str:
    """Return the stream of an event that the caller may see. Raises NotFound."""
    return str(orjson.loads((await _visible(asked, event_id))[1])["stream"])


async def _visible(asked: Asked, event_id: UUID) -> tuple[int, bytes]:
    return await _found(asked, event_id, proofs=False)


async def _found(asked: Asked, event_id: UUID, *, proofs: bool) -> tuple[int, bytes]:
    """Return position and bytes. Systems that follow the feed, and whoever may have proofs, need not see the subject.

    Proofs hold hashes alone: offices and operators may have them of any event but of what is kept from themselves.
    """
    found = await asyncio.to_thread(asked.ledger.reader.event, event_id.bytes)
    if found is None:
        raise NotFound()
    follows = bool(FEED.roles & asked.roles) and (proofs or asked.caller.kind == "system")
    said = orjson.loads(found[1])
    if not follows and not (proofs and OPERATOR in asked.roles):
        await asked.require(*split_stream(said["stream"]))
    if await asked.is_kept_from(recorded(said, found[0])):
        raise NotFound()
    return found
