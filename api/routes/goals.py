"""Goals: how one stands on a day, by the target in force then and the values known of the days before."""

import asyncio
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from fastapi import APIRouter, Response

from api.answers import MinPosition, answer
from api.labels import labels_for
from api.paths import PathId
from api.reading import Asked, Asking
from api.routes.ownership import instant, moment_json
from api.snapshots import put
from api.times import On, moment_of
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import NotFound
from projections.goals import queries

NAME = "goals"
router = APIRouter(tags=["goals"])


@router.get("/goals/{id}", response_class=Response)
async def goal(asked: Asking, id: PathId, on: On = None, min_position: MinPosition = None) -> Response:
    """Return a goal on a day: target in force, latest claim and measurement, progress and attainment, or why none."""
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    day = day_of(moment.at, asked.ledger.zone)
    found = await put(asked, NAME, lambda view: queries.goal(view, id, on=moment.at, day=day), min_position)
    if found is None:
        raise NotFound()
    labels = await labels_for(asked, {found.owner}, moment, None)
    title = await asyncio.to_thread(_title, asked, found.terms_entry)
    standing = {name: plain(value) for name, value in asdict(found).items() if name not in {"position", "owner"}}
    owner = labels.holder(found.owner)
    value = {**standing, "title": {"text": title, "sealed": True}, "owner": owner, "on": moment_json(moment)}
    return answer(asked, value, found.position)


def _title(asked: Asked, event_id: str) -> str | None:
    """Return the goal's title as its sealed part opens now, or None once it is erased."""
    for fields in asked.ledger.open_parts(event_id).values():
        if isinstance(title := fields.get("title"), str):
            return title
    return None


def plain(value: object) -> object:
    """Return a value as JSON can say it: decimals as text, exactly, instants in UTC."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case Decimal():
            return format(value, "f")
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
    return value
