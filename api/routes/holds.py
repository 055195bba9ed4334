"""Holds: what is held, by whom and why, and who wants which hold released."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, answer
from api.reading import Asking
from ledger.domain.privacy.records import HoldPlaced, HoldReleaseAsked, HoldReleased
from ledger.kernel.event import Entry, decode
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import utc_text

router = APIRouter(tags=["privacy"])
Released = Annotated[bool, Query(description="Also the holds that were released.")]


@router.get("/holds", response_class=Response)
async def holds(asked: Asking, after: After = None, limit: Limit = 100, released: Released = False) -> Response:
    """Return the holds by record, `limit` records at a time; `next` is the cursor to go on with, null at the end."""
    ledger, keyset = asked.ledger, Keyset(asked, f"holds {released}")
    key = keyset.read(after)
    streams = await asyncio.to_thread(ledger.held.streams, after="" if key is None else str(key[0]), limit=limit)
    rows: list[dict[str, Any]] = []
    for stream in streams:
        if await asked.sees(*split_stream(stream)):
            stored = await asyncio.to_thread(ledger.reader.events_of, stream)
            rows += [row for row in holds_in(map(decode, stored)) if released or row["released_at"] is None]
    await asked.note_shown(row["subject"] for row in rows)
    following = keyset.make((streams[-1],)) if len(streams) == limit else None
    return answer(asked, {"rows": rows, "next": following}, asked.served.watch.size)


def holds_in(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the holds on one personal record, in the order in which they were placed."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        match entry.event:
            case HoldPlaced(subject=subject, hold=hold, ground=ground, matter=matter):
                placed = {"placed_by": entry.actor, "placed_at": utc_text(entry.recorded_at)}
                said = {"subject": subject.key, "hold": hold, "ground": ground.value, "matter": matter}
                found[hold] = said | placed | {"release_asked_by": None, "released_by": None, "released_at": None}
            case HoldReleaseAsked(hold=hold):
                found[hold]["release_asked_by"] = entry.actor
            case HoldReleased(hold=hold):
                found[hold] |= {"released_by": entry.actor, "released_at": utc_text(entry.recorded_at)}
    return list(found.values())
