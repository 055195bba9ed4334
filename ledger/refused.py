"""Refused attempts: noted at once, kept in the control log a moment later, and never among the events."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable
from datetime import datetime

from ledger.asking import Ask
from ledger.control import ATTEMPT_REFUSED, OF_ITS_OWN, ControlLog, Noted
from ledger.domain import STREAM_KINDS
from ledger.kernel.append import AppendError
from ledger.kernel.refusals import Refusal
from ledger.store.reader import RefusedAttempt

KEEP_EVERY_S = 0.5
WAITING_MAX = 10_000
AT_ONCE = 250
UNKNOWN = ""  # the place of an id that the server never made
MADE = re.compile(r"[a-z]{1,3}-[0-9a-f]{20}|[0-9a-f-]{36}")
HIDDEN = "hidden"  # who was refused something that is given without a name
logger = logging.getLogger(__name__)


def may_be_kept(kind: str, id: str) -> bool:
    """Tell whether an id may stand in a list that nobody erases by content: where the server makes ids, only theirs.

    Whoever mistakes a person's name for an id, or types one into an address, leaves it nowhere.
    """
    stream = STREAM_KINDS[kind]
    if stream.by_subject:
        kind, _, id = id.partition("/")
        stream = STREAM_KINDS.get(kind, stream)
    return stream.caller_ids or MADE.fullmatch(id) is not None


class RefusedAttempts:
    """What was refused in this process and is still to be kept. A flood beyond what waits is counted, and logged."""

    def __init__(self, control: ControlLog, now: Callable[[], datetime]) -> None:
        self._control, self._now = control, now
        self._waiting: deque[RefusedAttempt] = deque()
        self._overflowed = 0
        self._keeping = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep what is noted."""
        self._task = asyncio.get_running_loop().create_task(self._follow(), name="keeper of refused attempts")

    async def stop(self) -> None:
        """Keep what is noted, and no more."""
        if self._task is not None:
            async with self._keeping:  # what is being kept is kept once: it is not cut off and then kept again
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.keep()

    def note(self, ask: Ask, refusal: Refusal) -> None:
        """Note that an ask was refused. Rows of imported history have a report of their own."""
        if ask.testimony is not None:
            return
        verb, hidden = type(ask.command).verb, ask.command.hides_author()
        actor, credential = (HIDDEN, HIDDEN) if hidden else (ask.caller.id, ask.caller.credential)
        self.note_attempt(actor, credential, ask.kind, ask.id or "", verb, refusal.code)

    def note_attempt(self, actor: str, credential: str, kind: str, id: str, verb: str, code: str) -> None:
        """Note an attempt that did not become an ask."""
        if len(self._waiting) >= WAITING_MAX:
            self._overflowed += 1
            return
        named = id if may_be_kept(kind, id) else UNKNOWN
        self._waiting.append(RefusedAttempt(self._now(), actor, credential, kind, named, verb, code))

    async def keep(self) -> None:
        """Write what waits to the database; when it does not answer, it waits on."""
        async with self._keeping:
            while self._waiting:
                taken = [self._waiting[n] for n in range(min(AT_ONCE, len(self._waiting)))]
                try:
                    await self._control.note([_noted(attempt) for attempt in taken])
                except AppendError:
                    logger.warning("%d refused attempts can't be kept yet", len(self._waiting))
                    return
                for _ in taken:
                    self._waiting.popleft()
        if self._overflowed:
            logger.warning("%d refused attempts were too many to be kept", self._overflowed)
            self._overflowed = 0

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            await self.keep()


def _noted(attempt: RefusedAttempt) -> Noted:
    said = {"kind": attempt.kind, "id": attempt.id, "verb": attempt.verb, "code": attempt.code}
    return Noted(ATTEMPT_REFUSED, OF_ITS_OWN, attempt.actor, attempt.credential, attempt.recorded_at, said)
