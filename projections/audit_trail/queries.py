"""Questions to the audit trail: the lines of a subject, an actor, somebody acted for, or a batch, page by page."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.engine.views import View

MOST = 1_000


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One event of a trail. `before` and `after` are what the event itself says of the value it changes, if it does."""

    position: int
    event_id: str
    recorded_at: datetime
    begins: datetime
    effective_at: str
    late: bool
    back_dated: bool
    testimony: bool
    version: int
    stream: str
    topic: str
    actor: str
    authority: str
    source: str
    marks: tuple[str, ...]
    principal: str | None
    reason: str | None
    cause: str | None
    batch: str | None
    before: object
    after: object

    @property
    def on_behalf(self) -> bool:
        """Tell whether the actor acted for another."""
        return self.principal is not None


def trail(
    view: View,
    subject: str,
    *,
    after: int | None = None,
    limit: int = MOST,
    newest_first: bool = False,
    known: int | None = None,
) -> list[TrailLine]:
    """Return the events about `subject` (`kind/id`) beyond the position `after`, as known at the position `known`."""
    return _page(view, "trail_subject", subject, after, limit, newest_first=newest_first, known=known)


def trail_by_actor(
    view: View,
    actor: str,
    *,
    after: int | None = None,
    limit: int = MOST,
    newest_first: bool = False,
    known: int | None = None,
) -> list[TrailLine]:
    """Return what an actor (`p-…` or `system:…`) did; paged as `trail`."""
    return _page(view, "trail_actor", actor, after, limit, newest_first=newest_first, known=known)


def trail_on_behalf(
    view: View,
    principal: str,
    *,
    after: int | None = None,
    limit: int = MOST,
    newest_first: bool = False,
    known: int | None = None,
) -> list[TrailLine]:
    """Return what was done on behalf of somebody; paged as `trail`."""
    return _page(view, "trail_principal", principal, after, limit, newest_first=newest_first, known=known)


def by_batch(
    view: View,
    batch: str,
    *,
    after: int | None = None,
    limit: int = MOST,
    newest_first: bool = False,
    known: int | None = None,
) -> list[TrailLine]:
    """Return the events of one batch; paged as `trail`."""
    return _page(view, "trail_batch", batch, after, limit, newest_first=newest_first, known=known)


def _page(
    view: View, statement: str, of: str, after: int | None, limit: int, *, newest_first: bool, known: int | None
) -> list[TrailLine]:
    first, last = 0, view.position if known is None else min(known, view.position)
    if after is not None and newest_first:
        last = min(last, after - 1)
    elif after is not None:
        first = after + 1
    asked = {"of": of, "first": first, "last": last, "limit": min(limit, MOST)}
    rows = view.rows(f"{statement}_backwards" if newest_first else statement, asked)
    return [_line(row) for row in rows]


def _line(row: tuple[Any, ...]) -> TrailLine:
    values = [*row[:14], tuple(row[14].split()), *row[15:19], _value(row[19]), _value(row[20])]
    return TrailLine(*values)


def _value(text: str | None) -> object:
    return None if text is None else json.loads(text)
