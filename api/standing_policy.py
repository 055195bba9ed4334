"""The standing policy: which version was in force on a day, as known at a position."""

import asyncio
from datetime import datetime

from api.reading import Asked
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.states import state_known


async def policy_json(asked: Asked, on: datetime, known: int | None) -> dict[str, object] | None:
    """Return id and version of the policy in force, or None where nothing had been published."""
    stream = stream_name("policy", STANDING)
    state = await asyncio.to_thread(state_known, asked.ledger.reader, stream, known)
    in_force: PolicyInForce = state.in_force(STANDING, on)
    return None if in_force.name is None else {"id": in_force.id, "version": in_force.version}
