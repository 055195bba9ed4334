"""Lists in order of id: a page of what a projection finds, without what the caller may not see, and how to go on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from api.answers import Keyset
from api.reading import Asked
from api.snapshots import at_least, put
from api.visible import Key, visible_found
from ledger.kernel.ids import stream_name
from projections.engine import View


class Row(Protocol):
    """What a list holds: subjects of one kind, by id."""

    @property
    def id(self) -> str:
        """The id by which the list is in order."""
        ...


R = TypeVar("R", bound=Row)
Find = Callable[[View, str, int], tuple[list[R], str | None]]  # after which id, how many → rows, where to go on


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for: `question` names the list with its parameters, to which alone its cursors belong."""

    question: str
    after: str | None
    limit: int
    min_position: int | None
    known: int | None


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """Rows that the caller may see, the position they are true at, and the cursor of the following page, if any."""

    rows: list[R]
    position: int
    next: str | None


async def listed(
    asked: Asked,
    projection: str,
    kind: str,
    page: Page,
    find: Find[R],
    *,
    seated: Callable[[R], Awaitable[bool]] | None = None,
) -> Found[R]:
    """Return a page of the subjects of a kind that `find` finds in a projection. Raises CursorMismatch, BeyondHead.

    `seated` tells of a row that the caller has a seat in it, though they may not see it as a whole.
    """

    async def fetch(key: Key | None, rows: int) -> tuple[list[R], Key | None]:
        start = "" if key is None else str(key[0])
        found, following = await put(
            asked, projection, lambda view: find(view, start, rows), at_least(page.min_position, page.known)
        )
        return found, None if following is None else (following,)

    keyset = Keyset(asked, page.question)
    rows, key = await visible_found(
        asked,
        fetch,
        key_of=lambda row: (row.id,),
        subject_of=lambda row: stream_name(kind, row.id),
        after=keyset.read(page.after),
        limit=page.limit,
        seated=seated,
    )
    position = asked.served.runner.positions.get(projection)
    return Found(rows, position, None if key is None else keyset.make(key))
