"""Erasure: a confirmed erasure carried through to its end, step by step, from wherever it stopped."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from ledger.asking import Ask, Caller, Receipt
from ledger.control import ControlLog
from ledger.domain.privacy.records import ErasureConfirmed, HoldReleased, RecordErasure
from ledger.domain.privacy.refusals import ErasureNotAsked, Held
from ledger.facts import LedgerFacts
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.privacy.erasing import Erasing, ErasingPlace, Step
from ledger.tending import Tending

ERASURE_CALLER = Caller("system:erasure", "none", "system")
RECORD = "personal-record"
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What an erasure asks of a ledger (`ledger.application.Ledger` has it)."""

    control: ControlLog
    followers: list[Callable[[Entry], None]]

    async def record(self, ask: Ask) -> Receipt:
        """Decide and record one command."""
        ...

    async def judged(self, question: Callable[[LedgerFacts], T]) -> T:
        """Return the answer of a question about the facts as they stand."""
        ...


async def erase(ledger: Recorder, place: ErasingPlace, subject: str) -> Erasing:
    """Carry the erasure of a subject, as in `person/p-17`, to its end; done again, nothing changes.

    Raises ErasureNotAsked before two people wanted it, Held where one of its ids is held.
    """
    erasing = await asyncio.to_thread(place.find, subject) or await _begun(ledger, place, subject)
    for step in list(Step)[list(Step).index(erasing.step) + 1 :]:
        await _do(ledger, place, erasing, step)
        erasing = await asyncio.to_thread(place.advance, erasing, step)
    return erasing


async def _begun(ledger: Recorder, place: ErasingPlace, subject: str) -> Erasing:
    """Begin only what is confirmed, and held under none of the ids that are erased together."""
    ids = await asyncio.to_thread(place.merged_with, subject)
    if not await ledger.judged(lambda facts: facts.state(RECORD, subject).confirmed):
        raise ErasureNotAsked()
    if await ledger.judged(lambda facts: any(facts.state(RECORD, id).holds for id in ids)):
        raise Held()
    return await asyncio.to_thread(place.begin, subject, ids)


async def _do(ledger: Recorder, place: ErasingPlace, erasing: Erasing, step: Step) -> None:
    match step:
        case Step.DESTROYED:
            await asyncio.to_thread(place.destroy, erasing)
        case Step.PURGED:
            await asyncio.to_thread(place.purge, erasing)
            await ledger.control.forget(await asyncio.to_thread(place.refused))
        case Step.RECORDED:
            await _record(ledger, erasing)
        case Step.DELETED:
            await asyncio.to_thread(place.delete, erasing)


async def _record(ledger: Recorder, erasing: Erasing) -> None:
    """Record it once: a run that was cut off may have recorded it already."""
    if await ledger.judged(lambda facts: facts.state(RECORD, erasing.subject).erased):
        return
    ids = tuple(Subject(kind=kind, id=id) for kind, id in map(split_stream, erasing.ids))
    command = RecordErasure(ids=ids, classes=erasing.classes, parts=erasing.parts, identifiers=erasing.identifiers)
    await ledger.record(Ask(command, RECORD, erasing.subject, ERASURE_CALLER, source=ERASURE_CALLER.id))


class Erasures(Tending):
    """Carries out the erasures of one ledger: what was cut off at the start, and then each as it is confirmed."""

    def __init__(self, ledger: Recorder, place: ErasingPlace) -> None:
        wakes = (ErasureConfirmed, HoldReleased)
        super().__init__("erasures", self._carry_out, followers=ledger.followers, wakes=wakes)
        self._ledger, self._place = ledger, place

    async def _carry_out(self) -> None:
        for subject in await asyncio.to_thread(self._place.unfinished):
            try:
                await erase(self._ledger, self._place, subject)
            except Held:
                logger.warning("an erasure waits for a hold to be released")
