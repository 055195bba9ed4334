"""Holdings: what is looked up of the projections — live duties, and what somebody holds, owes or left."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from ledger.application import Ledger
from ledger.kernel.event import Subject
from ledger.kernel.ids import split_stream
from projections.audit_trail import queries as trail
from projections.duties import queries as duties
from projections.engine import NotBuilt, Runner
from projections.goals import queries as goals
from projections.responsibility import queries as responsibility

WAIT_S = 60.0
REVIEW_OPENED = "reviews.ReviewOpened"
ACCOUNTABLE = "accountable"


class ProjectedSight:
    """The sight of the rules (`ledger.rules.Sight`), put together from the projections of one ledger."""

    def __init__(self, ledger: Ledger, runner: Runner) -> None:
        self._ledger, self._runner = ledger, runner

    async def live_duties(self) -> tuple[int, list[str]]:
        """Return the ids of the open and lapsed duties, and the position at which this is so.

        Waits for their first projection. Raises TimeoutError where it does not come to an end.
        """

        def look() -> tuple[int, list[str]]:
            with self._runner.view("duties") as view:
                return view.position, duties.live_ids(view)

        with suppress(NotBuilt):
            return await asyncio.to_thread(look)
        head = await asyncio.to_thread(self._ledger.reader.head)
        await self._reached("duties", head.size)
        return await asyncio.to_thread(look)

    async def held_by(self, person: str, position: int) -> list[Subject]:
        """Return what a person is accountable for and the goals they own, as known at `position` or later.

        Raises TimeoutError where the projections do not come that far.
        """
        for name in ("responsibility", "goals"):
            await self._reached(name, position)
        return await asyncio.to_thread(self._held, f"person/{person}", self._ledger.clock.now())

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        """Return the reviews that were opened in a cycle, as known at `position` or later. Raises TimeoutError."""
        await self._reached("audit_trail", position)
        return await asyncio.to_thread(self._reviews, f"cycle/{cycle}")

    async def _reached(self, name: str, position: int) -> None:
        if not await self._runner.reached(name, position, WAIT_S):
            raise TimeoutError(f"{name} has not reached {position}")

    def _reviews(self, cycle: str) -> list[Subject]:
        found, after = list[Subject](), None
        with self._runner.view("audit_trail") as view:
            while page := trail.trail(view, cycle, after=after):
                found += [_subject(line.stream) for line in page if line.topic == REVIEW_OPENED]
                after = page[-1].position
        return found

    def _held(self, holder: str, now: datetime) -> list[Subject]:
        return [*self._accountable(holder, now), *self._goals(holder)]

    def _accountable(self, holder: str, now: datetime) -> Iterator[Subject]:
        after = ("", "")
        with self._runner.view("responsibility") as view:
            while page := responsibility.owned_by(view, holder, role=ACCOUNTABLE, on=now, after=after):
                yield from (_subject(owned.subject) for owned in page)
                after = (ACCOUNTABLE, page[-1].subject)

    def _goals(self, holder: str) -> Iterator[Subject]:
        with self._runner.view("goals") as view:
            yield from (Subject(kind="goal", id=id) for id in goals.running_goals_of(view, holder))


def owed_by(runner: Runner, person: str) -> list[tuple[tuple[str, str], str]]:
    """Return what each live duty of a person is about, with the duty's id; blocks on the database."""
    with runner.view("duties") as view:
        found = duties.inbox(view, [person], duties.Wanted())
    return [(split_stream(one.subject), one.duty) for one in found]


def _subject(key: str) -> Subject:
    kind, id = split_stream(key)
    return Subject(kind=kind, id=id)
