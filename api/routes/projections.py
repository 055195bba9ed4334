"""Projections: where each stands, and building one anew beside the live one."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.answers import answer
from api.commands import json_response
from api.control import note
from api.reading import Asking
from ledger.control import REBUILD_BEGUN
from ledger.kernel.refusals import NotFound

router = APIRouter(tags=["projections"])
Name = Annotated[str, Path(max_length=60)]


@router.get("/projections", response_class=Response)
async def projections(asked: Asking) -> Response:
    """Return every projection with its question, position, state and any rebuild."""
    states = await asyncio.to_thread(asked.served.runner.status)
    return answer(asked, {"projections": [asdict(state) for state in states]}, asked.served.watch.size)


@router.post("/projections/{name}/rebuild", response_class=Response, status_code=202)
async def rebuild(asked: Asking, name: Name) -> Response:
    """Build a projection anew from position 1 beside the live one, which answers until the new one has caught up."""
    try:
        job = await asyncio.to_thread(asked.served.runner.rebuild, name)
    except KeyError:
        raise NotFound() from None
    await note(asked, REBUILD_BEGUN, {"projection": name, "build": job.build.number})
    return json_response({"projection": name, "progress": asdict(job.progress())}, 202)
