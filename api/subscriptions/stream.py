"""The stream: events as server-sent events, pushed as they are recorded, with ids on real events only."""

from collections.abc import AsyncIterator

import anyio
import orjson
from fastapi import APIRouter, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.reading import RECHECK_S, Asked, Asking
from api.subscriptions.asked import Subscription, Wanted, subscription
from api.subscriptions.pages import PAGE_EVENTS
from api.subscriptions.sight import FeedSight

KEEP_ALIVE_S = 15
SEND_TIMEOUT_S = 20
GRACE_S = 5
RETRY_MS = 2000
router = APIRouter(tags=["events"])


@router.get("/events/stream", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def stream(asked: Asking, wanted: Subscription) -> EventSourceResponse:
    """Send events as they are recorded. A client that does not read is closed and goes on from its last id."""
    position = await subscription(asked, wanted)
    return EventSourceResponse(
        frames(asked, wanted, position),
        ping=KEEP_ALIVE_S,
        ping_message_factory=lambda: ServerSentEvent(comment="keep-alive", sep="\n"),
        send_timeout=SEND_TIMEOUT_S,
        sep="\n",
        shutdown_event=anyio.Event(),
        shutdown_grace_period=GRACE_S,
    )


async def frames(asked: Asked, wanted: Wanted, position: int) -> AsyncIterator[ServerSentEvent]:
    """Yield real events with the cursor as id, and frames without id: caught-up, checkpoint, going-away."""
    served, sight = asked.served, FeedSight(asked).shown
    with served.listening():
        caught_up, checkpoint = False, 0
        while not served.watch.closing:
            found = await served.pages.found(wanted.filter, position, served.watch.size, PAGE_EVENTS, sight)
            asked.noted.clear()  # each page of a stream is an answer of its own
            await asked.note_shown(event.recorded.stream for event in found.events)
            for event in found.events:
                cursor = served.pages.cursors.make(event.position, wanted.filter.digest)
                data = event.sent(wanted.form, cursor).decode()
                yield ServerSentEvent(data=data, event=event.type, id=cursor, sep="\n")
            position = found.position
            if not found.at_head:
                continue
            if not caught_up:
                caught_up = True
                yield _control("caught-up", {"position": position}, retry=RETRY_MS)
            if (latest := served.signing.latest).head.size != checkpoint:
                checkpoint = latest.head.size
                yield _control("checkpoint", {"size": checkpoint, "checkpoint": latest.note.decode()})
            await served.watch.beyond(position, RECHECK_S)
            if not await asked.still_allowed():
                return
        yield _control("going-away", {"position": position}, retry=RETRY_MS)


def _control(name: str, data: dict[str, object], retry: int | None = None) -> ServerSentEvent:
    return ServerSentEvent(data=orjson.dumps(data).decode(), event=name, retry=retry, sep="\n")
