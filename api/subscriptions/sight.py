"""Sight of the feed: a person gets of every event what its single record would show them, a system what it follows."""

import asyncio
from collections.abc import Iterable

from api.policies import AUDITOR
from api.reading import Asked
from api.subscriptions.cloud_event import Told
from ledger.domain.identity import Role
from ledger.kernel.ids import split_stream
from ledger.sight import Recorded


class FeedSight:
    """What one listener gets of the feed, judged anew for each event when it is sent."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    async def shown(self, events: list[Told]) -> list[Told]:
        """Return those of the events that the listener may see. What is looked up for them is read in one look."""
        if self._asked.caller.kind == "system":
            return events
        seen = await asyncio.gather(*(self._shows(event.recorded) for event in events))
        return [event for event, shows in zip(events, seen, strict=True) if shows]

    async def shows_entries(self, events: Iterable[Recorded]) -> bool:
        """Tell whether a person may have the exact bytes of all these events, which hide none among them.

        Whoever audits the whole ledger may also have what nobody sees by office: without it there is no log to check.
        """
        whole = AUDITOR in self._asked.roles and await self._audits_all()
        for event in events:
            if not (await self._is_told(event) if whole else await self._shows(event)):
                return False
        return True

    async def _shows(self, event: Recorded) -> bool:
        return await self._asked.sees(*split_stream(event.stream)) and await self._is_told(event)

    async def _is_told(self, event: Recorded) -> bool:
        return not await self._asked.is_kept_from(event)

    async def _audits_all(self) -> bool:
        ledger, actor = self._asked.ledger, self._asked.caller.id
        now = ledger.clock.now()
        grants = await ledger.judged(lambda facts: facts.state("access", actor).roles_at(now).get(Role.AUDITOR, ()))
        return any(not grant.units for grant in grants)
