"""The control log: its entries and their proofs for auditors, its checkpoints and their consistency for everybody."""

import asyncio
import base64
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.answers import Limit, answer
from api.reading import Asked, Asking
from api.routes.events import proven
from api.routes.logs import (
    LedgerName,
    NewSize,
    OldSize,
    fresh_text,
    keys_in,
    proven_consistent,
    served_under,
)
from ledger.evidence.stand_in import leaf_of
from ledger.evidence.succession import marshal
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import NotFound

LAST = 2**63 - 1
router = APIRouter(tags=["control"])
Number = Annotated[int, Path(ge=1, le=LAST)]
After = Annotated[int, Query(ge=0, le=LAST, description="The number after which to go on.")]
Topics = Annotated[list[str] | None, Query(alias="topic", max_length=20, description="Entries of these topics alone.")]


@router.get("/control", response_class=Response)
async def control(asked: Asking, after: After = 0, topics: Topics = None, limit: Limit = 100) -> Response:
    """Return looks at records, refused attempts, starts of the service, rebuilds and what was taken out, in order.

    Of looks the subjects beyond the engagement are left out; an entry about nobody else is counted in `withheld`.
    """
    found = await asyncio.to_thread(asked.ledger.control.reader.entries, after, limit, topics)
    said = [(number, orjson.loads(stored)) for number, stored in found]
    rows = [row for number, entry in said if (row := await _told(asked, number, entry)) is not None]
    value = {"rows": rows, "withheld": len(said) - len(rows), "after": said[-1][0] if said else after}
    return answer(asked, value, asked.served.watch.size)


@router.get("/control/{number}", response_class=Response)
async def entry(asked: Asking, number: Number) -> Response:
    """Return one entry with its exact bytes in base64 and its leaf hash, for whoever checks its proof."""
    stored = await _found(asked, number)
    told = {"stored": base64.b64encode(stored).decode(), "leaf": leaf_of(stored).hex()}
    value = {"entry": orjson.Fragment(stored), **told, "links": {"proof": f"/control/{number}/proof"}}
    return answer(asked, value, asked.served.watch.size)


@router.get("/control/{number}/proof", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def proof(asked: Asking, number: Number) -> Response:
    """Return the inclusion proof of an entry with its checkpoint (C2SP tlog-proof); waits up to 3 s for the signer."""
    await _found(asked, number)
    return await proven(asked.served.control, asked.ledger.control.reader, number)


@router.get(
    "/logs/{ledger}/control/checkpoint", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def checkpoint(request: Request, ledger: LedgerName) -> Response:
    """Return the latest signed checkpoint of the control log (C2SP tlog-checkpoint)."""
    return fresh_text(served_under(request, ledger).control.latest.note)


@router.get(
    "/logs/{ledger}/control/verifier-key", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def verifier_key(request: Request, ledger: LedgerName) -> Response:
    """Return the key that checkpoints of the control log are checked with (C2SP signed-note)."""
    return fresh_text(keys_in(served_under(request, ledger).control))


@router.get(
    "/logs/{ledger}/control/successions", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def successions(request: Request, ledger: LedgerName) -> Response:
    """Return the notes by which the control log's keys handed over to each other; empty before the first."""
    return fresh_text(marshal(served_under(request, ledger).control.successions))


@router.get("/logs/{ledger}/control/consistency", response_class=Response)
async def consistency(request: Request, ledger: LedgerName, old_size: OldSize, new_size: NewSize = None) -> Response:
    """Return the proof that the control log of size `to` (the checkpoint's if absent) begins with that of `from`."""
    served = served_under(request, ledger)
    signed = served.control.latest.head.size if served.control.refusal is None else 0
    return await proven_consistent(served.ledger.control.reader, old_size, new_size, signed=signed)


async def _told(asked: Asked, number: int, entry: dict[str, Any]) -> dict[str, object] | None:
    """Return an entry with those of its subjects whom the caller may see, None where that leaves nobody."""
    seen = await _seen(asked, entry)
    if entry["subjects"] and not seen:
        return None
    kept = ("recorded_at", "topic", "effective_at", "actor", "data")
    return {
        "number": number,
        **{name: entry[name] for name in kept},
        "subjects": seen,
        "persons": len(entry["subjects"]),
    }


async def _seen(asked: Asked, entry: dict[str, Any]) -> list[str]:
    return [subject for subject in entry["subjects"] if await asked.sees(*split_stream(subject))]


async def _found(asked: Asked, number: int) -> bytes:
    """Return the bytes of an entry. Raises NotFound where they name somebody whom the caller may not see."""
    stored = await asyncio.to_thread(asked.ledger.control.reader.at, number)
    if stored is None:
        raise NotFound()
    said = orjson.loads(stored)
    if len(await _seen(asked, said)) < len(said["subjects"]):
        raise NotFound()
    return stored
