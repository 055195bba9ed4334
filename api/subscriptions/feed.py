"""The feed: a page of events as a CloudEvents batch, with a cursor to go on and a wait for what comes next."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.reading import Asking
from api.subscriptions.asked import Subscription, subscription
from api.subscriptions.sight import FeedSight

MEDIA_TYPE = "application/cloudevents-batch+json"
router = APIRouter(tags=["events"])
Limit = Annotated[int, Query(ge=1, le=1000, description="Events in a page.")]
Wait = Annotated[float, Query(ge=0, le=30, allow_inf_nan=False, description="Seconds to wait for events at the head.")]


@router.get("/events", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
async def events(asked: Asking, wanted: Subscription, limit: Limit = 100, wait: Wait = 0) -> Response:
    """Return events after the cursor, in order: CloudEvents 1.0.2 in batch form; empty at the head."""
    served, position, sight = asked.served, await subscription(asked, wanted), FeedSight(asked).shown
    found = await served.pages.found(wanted.filter, position, served.watch.size, limit, sight)
    if not found.events and found.at_head and await served.watch.beyond(found.position, wait):
        found = await served.pages.found(wanted.filter, found.position, served.watch.size, limit, sight)
    await asked.note_shown(event.recorded.stream for event in found.events)
    digest = wanted.filter.digest
    body = b",".join(served.pages.sent(event, wanted.form, digest) for event in found.events)
    headers = {
        "pledger-cursor": served.pages.cursors.make(found.position, digest),
        "pledger-position": str(found.position),
        "pledger-at-head": "true" if found.at_head else "false",
        "cache-control": "private, no-cache",
    }
    return Response(b"[" + body + b"]", 200, headers, MEDIA_TYPE)
