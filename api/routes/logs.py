"""The public log of a ledger: checkpoint, key, tiles and consistency, for whoever keeps watch over it."""

import asyncio
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.commands import json_response
from api.log_tiles import consistency_of, tiles_of
from api.policies import FEED
from api.problems import BeyondHead
from api.reading import asked
from api.services import Served, Services
from api.signing import Published
from api.subscriptions.cloud_event import recorded
from api.subscriptions.sight import FeedSight
from ledger.evidence.faults import Malformed
from ledger.evidence.proofs import TILE_WIDTH, tile_width
from ledger.evidence.stand_in import entry_of
from ledger.evidence.succession import marshal
from ledger.evidence.tiles import TileName, pack_entries, parse_path
from ledger.kernel.refusals import NotAllowed, NotFound, Refusal
from ledger.store.reader import Reader

TEXT = "text/plain; charset=utf-8"
FOR_EVER = "max-age=31536000, immutable"
BRIEF = "no-cache"
router = APIRouter(prefix="/logs/{ledger}", tags=["log"])
LedgerName = Annotated[str, Path(max_length=41)]
OldSize = Annotated[int, Query(alias="from", ge=1, le=2**53)]
NewSize = Annotated[int | None, Query(alias="to", ge=1, le=2**53)]


class EntriesWithheld(Refusal):
    """A bundle of entries is handed out whole or not at all, and holds something that is not the caller's to see."""

    code, status = "entries_withheld", 403
    en = "These entries hold events that are not yours to see; a subscriber or an auditor of the whole ledger has them."
    zh = "这些条目中含有您无权查看的事件；可由订阅系统或覆盖整个账本的审计员获取。"


@router.get("/checkpoint", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def checkpoint(request: Request, ledger: LedgerName) -> Response:
    """Return the latest signed checkpoint (C2SP tlog-checkpoint)."""
    return fresh_text(served_under(request, ledger).signing.latest.note)


@router.get("/verifier-key", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def verifier_key(request: Request, ledger: LedgerName) -> Response:
    """Return the key that checkpoints are checked with (C2SP signed-note)."""
    return fresh_text(keys_in(served_under(request, ledger).signing))


@router.get("/successions", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def successions(request: Request, ledger: LedgerName) -> Response:
    """Return the notes by which signing keys handed over to each other, signed by both; empty before the first."""
    return fresh_text(marshal(served_under(request, ledger).signing.successions))


@router.get("/witnessed-checkpoint", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def witnessed_checkpoint(request: Request, ledger: LedgerName) -> Response:
    """Return the latest checkpoint that enough witnesses cosigned (C2SP tlog-cosignature); 404 before there is one."""
    witnessed = served_under(request, ledger).signing.witnessed
    if witnessed is None:
        raise NotFound()
    return fresh_text(witnessed.note)


@router.get("/consistency", response_class=Response)
async def consistency(request: Request, ledger: LedgerName, old_size: OldSize, new_size: NewSize = None) -> Response:
    """Return the proof that the log of size `to` (the checkpoint's if absent) begins with that of size `from`."""
    served = served_under(request, ledger)
    return await proven_consistent(served.ledger.reader, old_size, new_size, signed=_provable(served))


@router.get(
    "/tile/{name:path}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
async def tile(request: Request, ledger: LedgerName, name: str) -> Response:
    """Return a tile of hashes, or with a token of the feed a bundle of entries (C2SP tlog-tiles)."""
    served = served_under(request, ledger)
    named = _named(f"tile/{name}")
    held = tile_width(named.level or 0, named.index, size=_provable(served))
    if named.width > held:
        raise NotFound()
    if named.level is None:
        data = await _entries(request, served, named)
    else:
        data = await asyncio.to_thread(_hashes, served, named, named.level)
    # Entries may give way to their leaf hashes one day: they are kept by nobody without asking again.
    lasting = named.level is not None and named.width == TILE_WIDTH
    caching = f"{'private' if named.level is None else 'public'}, {FOR_EVER if lasting else BRIEF}"
    return Response(data, 200, {"cache-control": caching}, "application/octet-stream")


def _hashes(served: Served, named: TileName, level: int) -> bytes:
    return tiles_of(served.ledger.reader).tile(level, named.index, named.width)[: 32 * named.width]


async def _entries(request: Request, served: Served, named: TileName) -> bytes:
    """Return the stored events of a tile, to whoever follows the feed and may see all of them."""
    question = await asked(request)
    if question.served is not served:
        raise NotFound()
    if not FEED.roles & question.roles:
        raise NotAllowed(needed=" / ".join(sorted(FEED.roles)))
    first = named.index * TILE_WIDTH
    page = await asyncio.to_thread(served.ledger.reader.page, first, named.width, first + named.width)
    if question.caller.kind == "person":
        said = [recorded(orjson.loads(stored), position) for position, stored in page]
        if not await FeedSight(question).shows_entries(said):
            raise EntriesWithheld()
    return pack_entries(entry_of(stored) for _, stored in page)


async def proven_consistent(reader: Reader, old_size: int, new_size: int | None, *, signed: int) -> Response:
    """Return the consistency proof between two sizes of a log, signed up to `signed`. Raises BeyondHead."""
    upto = signed if new_size is None else new_size
    if not old_size <= upto <= signed:
        raise BeyondHead()
    hashes = await asyncio.to_thread(consistency_of, reader, old_size=old_size, new_size=upto)
    return json_response({"from": old_size, "to": upto, "hashes": hashes})


def fresh_text(text: bytes | str) -> Response:
    """Return text that nobody keeps without asking again."""
    return Response(text, 200, {"cache-control": BRIEF}, TEXT)


def keys_in(signing: Published) -> str:
    """Return the verifier keys of a signer, a line each, the latest last."""
    return "".join(f"{key}\n" for key in signing.keys)


def _provable(served: Served) -> int:
    """Return how many events are signed and still there: a restored database may hold fewer than were signed."""
    return min(served.signing.latest.head.size, served.watch.size)


def _named(path: str) -> TileName:
    try:
        return parse_path(path)
    except Malformed:
        raise NotFound() from None


def served_under(request: Request, ledger: str) -> Served:
    """Return the ledger of this name. Raises NotFound."""
    services: Services = request.app.state.services
    served = services.ledgers.get(ledger)
    if served is None:
        raise NotFound()
    return served
