"""Questions to the audit trail: the lines of a subject, an actor, somebody acted for, or a batch, page by page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from projections.engine.kept import ids_of, read_as
from projections.engine.merged import keys_of
from projections.engine.views import View

MOST = 1_000


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One event of a trail. `before` and `after` are what the event itself says of the value it changes, if it does.

    `actor` and `principal` are read as the ids they were merged into; `recorded_actor` is the id that acted.
    """

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
    recorded_actor: str

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
    """Return the events about `subject` (`kind/id`) beyond the position `after`, as known at the position `known`.

    Of a person, under whatever id they were recorded.
    """
    ids = keys_of(view, subject, _last(view, known))
    return _page(view, "trail_subject", ids, after, limit, newest_first=newest_first, known=known)


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
    ids = _ids(view, actor, _last(view, known))
    return _page(view, "trail_actor", ids, after, limit, newest_first=newest_first, known=known)


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
    ids = _ids(view, principal, _last(view, known))
    return _page(view, "trail_principal", ids, after, limit, newest_first=newest_first, known=known)


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
    return _page(view, "trail_batch", [batch], after, limit, newest_first=newest_first, known=known)


def _last(view: View, known: int | None) -> int:
    return view.position if known is None else min(known, view.position)


def _ids(view: View, actor: str, known: int) -> list[str]:
    """Return every id of a person who acts; a system, and a name that is used once, has one."""
    return [actor] if ":" in actor else ids_of(view, actor, known)


def _page(
    view: View,
    statement: str,
    ids: Sequence[str],
    after: int | None,
    limit: int,
    *,
    newest_first: bool,
    known: int | None,
) -> list[TrailLine]:
    """Return a page of what was recorded under any of these ids, each event once, in order of position."""
    first, last = 0, _last(view, known)
    if after is not None and newest_first:
        last = min(last, after - 1)
    elif after is not None:
        first = after + 1
    asked = {"first": first, "last": last, "limit": min(limit, MOST)}
    name = f"{statement}_backwards" if newest_first else statement
    found = {row[0]: row for id in ids for row in view.rows(name, {**asked, "of": id})}
    positions = sorted(found, reverse=newest_first)[: asked["limit"]]
    return _lines(view, [found[position] for position in positions], _last(view, known))


def _lines(view: View, rows: Sequence[tuple[Any, ...]], known: int) -> list[TrailLine]:
    lines = [_line(row) for row in rows]
    acting = {name for line in lines for name in (line.actor, line.principal) if name is not None and ":" not in name}
    whole = read_as(view, acting, known) if acting else {}
    return [
        replace(
            line,
            actor=whole.get(line.actor, line.actor),
            principal=None if line.principal is None else whole.get(line.principal, line.principal),
        )
        for line in lines
    ]


def _line(row: tuple[Any, ...]) -> TrailLine:
    values = [*row[:14], tuple(row[14].split()), *row[15:19], _value(row[19]), _value(row[20]), row[11]]
    return TrailLine(*values)


def _value(text: str | None) -> object:
    return None if text is None else json.loads(text)
