"""Access records: who looked at the record of whom, kept before the answer is given."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.asking import Caller
from ledger.control import LOOKS, RECORD_SEEN, ControlLog, Noted
from ledger.facts import LedgerFacts
from ledger.kernel.ids import stream_name
from ledger.sight import OF_A_PERSON, OF_ITS_SUBJECT, OF_WHOM, WITH_STATE
from ledger.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Access:
    """One look: when, at how many persons' records, by whom and with which token, by which question."""

    number: int
    seen_at: datetime
    persons: int
    reader: str
    credential: str
    path: str


def person_about(facts: LedgerFacts, kind: str, id: str) -> str | None:
    """Return the person whom a subject is about, under the id that stands for them, or None for no person."""
    if kind in OF_ITS_SUBJECT or kind == "personal-record":
        kind, _, id = id.partition("/")
    if kind in OF_A_PERSON:
        return facts.resolved(id)
    state = facts.state(kind, id) if kind in WITH_STATE or kind == "data-request" else None
    owner = getattr(state, "owner", None)
    if owner is not None:
        return facts.resolved(owner.id) if owner.kind == "person" else None
    person = next((p for name in OF_WHOM if (p := getattr(state, name, None)) is not None), None)
    return facts.resolved(person) if isinstance(person, str) else None


class AccessRecords:
    """The access records of one ledger; they stand in its control log."""

    def __init__(self, reader: Reader, control: ControlLog, now: Callable[[], datetime]) -> None:
        self._reader, self._control, self._now = reader, control, now

    async def note(self, caller: Caller, persons: Iterable[str], path: str) -> None:
        """Keep that the caller is about to see something of these persons: one entry, however many they are."""
        subjects = tuple(stream_name("person", person) for person in sorted(set(persons)))
        if subjects:
            look = Noted(RECORD_SEEN, LOOKS, caller.id, caller.credential, self._now(), {"path": path}, subjects)
            await self._control.note([look])

    async def of(self, subjects: list[str], *, after: int, limit: int) -> list[Access]:
        """Return who looked at any of these ids of a person, in order after a number."""
        rows = await asyncio.to_thread(self._reader.rows, "read_accesses", (subjects, after, limit))
        return [Access(*row) for row in rows]
