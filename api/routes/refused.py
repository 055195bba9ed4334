"""Refused attempts: who tried what and was refused with which code; no bodies, and apart from the events."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import Limit, answer
from api.reading import Asking
from ledger.kernel.moments import utc_text

router = APIRouter(tags=["trail"])
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The number after which to go on.")]


@router.get("/refused", response_class=Response)
async def refused(asked: Asking, after: After = 0, limit: Limit = 100) -> Response:
    """Return refused attempts in the order in which they were noted, and the number to go on from."""
    rows = await asyncio.to_thread(asked.ledger.reader.refused, after, limit)
    told = [{**asdict(row), "recorded_at": utc_text(row.recorded_at)} for row in rows]
    following = rows[-1].number if rows else after
    return answer(asked, {"rows": told, "after": following}, asked.served.watch.size)
