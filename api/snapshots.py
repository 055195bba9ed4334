"""Snapshots: a question put to a projection once it has reached the position that the caller asks for."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from api.problems import BeyondHead, NotProjected
from api.reading import Asked
from api.times import known_in, within_head
from projections.engine import View

T = TypeVar("T")
WAIT_S = 30.0


async def put(asked: Asked, projection: str, question: Callable[[View], T], min_position: int | None = None) -> T:
    """Return what `question` answers on a snapshot that holds `min_position`.

    Waits up to 30 s. Raises BeyondHead for a position that is not recorded, NotProjected where it takes longer.
    """
    runner = asked.served.runner
    if min_position:
        if min_position > asked.served.watch.size and min_position > await asked.served.watch.look():
            raise BeyondHead()
        if not await runner.reached(projection, min_position, WAIT_S):
            raise NotProjected()

    def snapshot() -> T:
        with runner.view(projection) as view:
            return question(view)

    return await asyncio.to_thread(snapshot)


async def known_position(asked: Asked, text: str | None) -> int | None:
    """Return the position a `known` means, None for all that is recorded. Raises Invalid, BeyondHead."""
    known = known_in(text)
    if known is None:
        return None
    if isinstance(known, int):
        return within_head(known, await asked.served.watch.look())
    return await asyncio.to_thread(asked.ledger.reader.position_known_at, known)


def at_least(min_position: int | None, known: int | None) -> int | None:
    """Return the position a snapshot must hold to answer for both."""
    return max(min_position or 0, known or 0) or None
