"""Control log: what is no event of the ledger and has to be provable all the same, in a log with a tree of its own.

Looks at others' records, refused attempts, the settings that a service started with, rebuilds and what was taken out.
What operators do by command of the ledger (tokens, exchanged keys, declared restores) is an event and isn't repeated.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson

from ledger.evidence.signer import attest
from ledger.kernel.append import Append, Draft, StaleVersion
from ledger.kernel.ids import uuid7
from ledger.kernel.moments import utc_text
from ledger.privacy.secrets import LedgerSecrets
from ledger.store.reader import Reader
from ledger.store.writer import Writer

LOG_OPENED = "control.LogOpened"
LOSS_DECLARED = "control.LossDeclared"
RECORD_SEEN = "control.RecordSeen"
ATTEMPT_REFUSED = "control.AttemptRefused"
SERVICE_STARTED = "control.ServiceStarted"
REBUILD_BEGUN = "control.RebuildBegun"
TAKEN_OUT = "control.TakenOut"
ENTRIES_RETIRED = "privacy.EventsRetired"  # as in a ledger, so that one verifier knows why bytes are gone
LOG, LOOKS, SERVICE = "control/log", "control/looks", "control/service"
OF_ITS_OWN = ""  # for an entry that may give way later: its stream has no other
SETUP = "system:setup"
SCHEMA = 1
FORGOTTEN = 1_000  # at once: an entry has less than 64 KiB


@dataclass(frozen=True, slots=True)
class Noted:
    """What is to be kept: topic, stream, by whom and with which token, when, the rest, and about whom."""

    topic: str
    stream: str
    actor: str
    credential: str
    at: datetime
    data: Mapping[str, object] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()


def origin_of_control(origin: str) -> str:
    """Return the origin of the control log of the ledger with this origin: its checkpoints are signed under it."""
    return f"{origin}/control"


class ControlLog:
    """The control log of one ledger, open for appending in this process; it connects at the first entry.

    Entries are kept as the ledger's events are: one writer, one tree, attested roots, and never changed.
    """

    def __init__(
        self, name: str, origin: str, reader: Reader, secrets: LedgerSecrets, now: Callable[[], datetime]
    ) -> None:
        self.origin = origin_of_control(origin)
        self.reader = Reader(reader.pool, name, control=True)
        self._name, self._secrets, self._now = name, secrets, now
        self._writer: Writer | None = None
        self._opening = asyncio.Lock()

    async def note(self, entries: Sequence[Noted]) -> None:
        """Keep entries, all or none, before it returns. Raises an AppendError when the store does not answer."""
        if entries:
            writer = self._writer or await self._opened()
            await writer.append(Append([_draft(entry) for entry in entries]))

    async def forget(self, numbers: Sequence[int]) -> None:
        """Let refused attempts give way to their leaf hashes, because of an erasure; done again, nothing changes."""
        for start in range(0, len(numbers), FORGOTTEN):
            said = {"positions": list(numbers[start : start + FORGOTTEN]), "basis": "erasure"}
            writer = self._writer or await self._opened()
            done = await writer.append(Append([_draft(Noted(ENTRIES_RETIRED, LOG, SETUP, "none", self._now(), said))]))
            await asyncio.to_thread(self.reader.rows, "forget_entries", (done.first,))

    async def close(self) -> None:
        """Keep what waits, and disconnect."""
        if self._writer is not None:
            await self._writer.close()

    async def _opened(self) -> Writer:
        async with self._opening:
            if self._writer is None:
                writer = Writer(self.reader.conninfo, self._name, clock=self._now, attest=self._word, control=True)
                await writer.start()
                try:
                    if writer.size == 0:
                        await self._begin(writer)
                except BaseException:  # it is nobody's yet
                    await writer.close()
                    raise
                self._writer = writer
            return self._writer

    async def _begin(self, writer: Writer) -> None:
        """Keep the first entry, which names the origin, unless another process has done so meanwhile."""
        first = Noted(LOG_OPENED, LOG, SETUP, "none", self._now(), {"origin": self.origin})
        try:
            await writer.append(Append([_draft(first)], {LOG: 0}))
        except StaleVersion:
            return

    def _word(self, size: int, root: bytes) -> bytes:
        return attest(self._secrets.attest, origin=self.origin, size=size, root=root)


def _draft(entry: Noted) -> Draft:
    event_id, at = uuid7(), utc_text(entry.at)
    stream, actor, credential = (
        _plain(entry.stream or f"attempt/{UUID(bytes=event_id)}"),
        _plain(entry.actor),
        _plain(entry.credential),
    )
    said = {
        "event_id": str(UUID(bytes=event_id)),
        "topic": entry.topic,
        "schema": SCHEMA,
        "effective_at": at,
        "actor": actor,
        "credential": credential,
        "subjects": entry.subjects,
        "data": {name: _plain(value) if isinstance(value, str) else value for name, value in entry.data.items()},
    }
    return Draft(stream, event_id, entry.topic, at, actor, entry.subjects, orjson.dumps(said)[1:])


def _plain(text: str) -> str:
    """Return text that the database takes: what came over the wire may hold NUL or lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
