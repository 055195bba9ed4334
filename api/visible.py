"""Visible rows: pages of a list without what the caller may not see, filled up from the pages that follow."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from api.reading import Asked
from ledger.kernel.ids import split_stream
from ledger.sight import Recorded
from projections.audit_trail.queries import TrailLine

T = TypeVar("T")
Key = Sequence[str | int]
PAGES_MAX = 50


def recorded(line: TrailLine) -> Recorded:
    """Return what sight goes by of a line of a trail."""
    return Recorded(line.stream, line.topic, line.recorded_actor, line.event_id, line.position)


async def visible_page(
    asked: Asked,
    fetch: Callable[[Key | None, int], Awaitable[list[T]]],
    *,
    key_of: Callable[[T], Key],
    subject_of: Callable[[T], str],
    after: Key | None,
    limit: int,
    kept: Callable[[T], Awaitable[bool]] | None = None,
) -> tuple[list[T], Key | None]:
    """Return up to `limit` rows after `after` whose subject the caller may see, and the key to go on from, if any.

    `kept` tells of a row whether it is kept from the caller all the same.
    How many rows were left out is told by nothing: the key is that of the last row looked at.
    """

    async def page(key: Key | None, rows: int) -> tuple[list[T], Key | None]:
        fetched = await fetch(key, rows)
        return fetched, key_of(fetched[-1]) if len(fetched) == rows else None

    return await visible_found(asked, page, key_of=key_of, subject_of=subject_of, after=after, limit=limit, kept=kept)


async def visible_found(
    asked: Asked,
    fetch: Callable[[Key | None, int], Awaitable[tuple[list[T], Key | None]]],
    *,
    key_of: Callable[[T], Key],
    subject_of: Callable[[T], str],
    after: Key | None,
    limit: int,
    kept: Callable[[T], Awaitable[bool]] | None = None,
    seated: Callable[[T], Awaitable[bool]] | None = None,
) -> tuple[list[T], Key | None]:
    """Return the same of pages that may be short before the end; each comes with the next key, None at the end.

    `seated` tells of a row that the caller has a seat in it, which shows some of it without the rest.
    Whose records are shown to whom is kept, in one entry for the list.
    """
    found, following = await _found(asked, fetch, key_of, subject_of, after, limit, kept, seated)
    await asked.note_shown(subject_of(row) for row in found)
    return found, following


async def _found(
    asked: Asked,
    fetch: Callable[[Key | None, int], Awaitable[tuple[list[T], Key | None]]],
    key_of: Callable[[T], Key],
    subject_of: Callable[[T], str],
    after: Key | None,
    limit: int,
    kept: Callable[[T], Awaitable[bool]] | None,
    seated: Callable[[T], Awaitable[bool]] | None,
) -> tuple[list[T], Key | None]:
    found: list[T] = []
    for _ in range(PAGES_MAX):
        rows, following = await fetch(after, limit)
        for row in rows:
            after = key_of(row)
            shown = await asked.sees(*split_stream(subject_of(row))) and not (kept is not None and await kept(row))
            if shown or (seated is not None and await seated(row)):
                found.append(row)
                if len(found) == limit:
                    return found, after
        if following is None:
            return found, None
        after = following
    return found, after
