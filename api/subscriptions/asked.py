"""What a subscriber asks for: filter, form and the cursor to go on from, the same for feed and stream."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query

from api.reading import Asked
from api.subscriptions.cloud_event import Form
from api.subscriptions.cursor import CursorAhead, Filter

Names = Annotated[list[str], Query(max_length=50)]
CursorText = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filter, form and cursor of one request."""

    filter: Filter
    form: Form
    cursor: str | None


def wanted(
    type: Names = [],  # noqa: B006  # FastAPI copies it
    subject: Names = [],  # noqa: B006  # FastAPI copies it
    form: Form = "readable",
    after: CursorText = None,
    lastEventId: CursorText = None,  # noqa: N803  # the name is given by http feeds
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Wanted:
    """Return what the query asks for. `lastEventId` and the header Last-Event-ID stand for `after`."""
    return Wanted(Filter(frozenset(type), frozenset(subject)), form, last_event_id or after or lastEventId)


Subscription = Annotated[Wanted, Depends(wanted)]


async def subscription(asked: Asked, wanted: Wanted) -> int:
    """Return the position to go on from: 0 without a cursor. Raises CursorMismatch, CursorAhead.

    What was recorded in this process is there at once, before the watch is told of it by the database.
    """
    asked.served.watch.announce(asked.ledger.writer.size)
    if wanted.cursor is None:
        await asked.served.watch.look()
        return 0
    position = asked.served.pages.cursors.read(wanted.cursor, wanted.filter.digest)
    if position > asked.served.watch.size and position > await asked.served.watch.look():
        raise CursorAhead()
    return position
