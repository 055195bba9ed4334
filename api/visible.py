"""Visible rows: pages of a list without what the caller may not see, filled up from the pages that follow."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from api.reading import Asked
from ledger.kernel.ids import split_stream

T = TypeVar("T")
Key = Sequence[str | int]
PAGES_MAX = 50


async def visible_page(
    asked: Asked,
    fetch: Callable[[Key | None, int], Awaitable[list[T]]],
    *,
    key_of: Callable[[T], Key],
    subject_of: Callable[[T], str],
    after: Key | None,
    limit: int,
) -> tuple[list[T], Key | None]:
    """Return up to `limit` rows after `after` whose subject the caller may see, and the key to go on from, if any.

    How many rows were left out is told by nothing: the key is that of the last row looked at.
    """
    found: list[T] = []
    for _ in range(PAGES_MAX):
        rows = await fetch(after, limit)
        for row in rows:
            after = key_of(row)
            if await asked.sees(*split_stream(subject_of(row))):
                found.append(row)
                if len(found) == limit:
                    return found, after
        if len(rows) < limit:
            return found, None
    return found, after
