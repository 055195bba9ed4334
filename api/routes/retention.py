"""Retention: how long each class is kept in each jurisdiction, from when, and what was retired by it."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from api.answers import answer
from api.reading import Asking
from ledger.domain.privacy import schedules
from ledger.domain.privacy.schedules import EventsRetired
from ledger.kernel.event import Entry, decode
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import utc_text

router = APIRouter(tags=["privacy"])


@router.get("/retention-schedules", response_class=Response)
async def retention_schedules(asked: Asking) -> Response:
    """Return every schedule with its versions, which of them is in force, and how many events were retired by class."""
    ledger, rows = asked.ledger, list[dict[str, Any]]()
    for law in sorted(await asyncio.to_thread(ledger.expiring.jurisdictions)):
        stored = await asyncio.to_thread(ledger.reader.events_of, stream_name(schedules.STREAM.kind, law))
        rows.append({"jurisdiction": law, **schedule_in([decode(one) for one in stored], ledger.clock.now())})
    return answer(asked, {"rows": rows}, asked.served.watch.size)


def schedule_in(entries: Iterable[Entry], now: datetime) -> dict[str, Any]:
    """Return one schedule as it stands."""
    state, retired = schedules.STREAM.initial, Counter[str]()
    for entry in entries:
        state = schedules.evolve(state, entry)
        if isinstance(entry.event, EventsRetired):
            retired[entry.event.of.value] += len(entry.event.positions)
    in_force = state.in_force(now)
    versions = [
        {
            "version": one.number,
            "effective_at": utc_text(one.begins),
            "in_force_from": None if one.since is None else utc_text(one.since),
            "proposed_by": one.proposer,
            "terms": [term.model_dump(mode="json") for term in one.terms],
        }
        for one in state.versions
    ]
    version = None if in_force is None else in_force.number
    return {"in_force": version, "versions": versions, "retired": dict(sorted(retired.items()))}
