"""Playing a story on a ledger: the clock is set to each moment, and everybody acts by a token of their own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from api.demonstration.story import EntryOf, Line, OfferOf, Story
from ledger.application import SYSTEM_CALLER, Ask, Caller, Ledger, Receipt, Refused
from ledger.domain import COMMANDS
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import Subject
from ledger.kernel.refusals import Refusal

LIFETIME = timedelta(days=3_653)  # of tokens, from the real day on which the story is played
Progress = Callable[[int, int], None]


class Player:
    """Plays a story once, and keeps the tokens that were issued in it: by nickname, or `system:<name>`."""

    def __init__(self, ledger: Ledger, clock: SimulatedClock, story: Story) -> None:
        self._ledger, self._clock, self._story = ledger, clock, story
        self._callers: dict[str, Caller] = {SYSTEM_CALLER.id: SYSTEM_CALLER}
        self._events: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    async def play(self, progress: Progress) -> None:
        """Play every line. Raises the Refusal of a line that the ledger does not take, with the line noted on it."""
        done = 0
        for at, lines in self._story.moments():
            self._clock.set(at)
            for batch, together in groupby(lines, key=lambda line: line.batch):
                await self._play_together(batch, list(together))
            done += len(lines)
            progress(done, len(self._story))

    async def _play_together(self, batch: str | None, lines: Sequence[Line]) -> None:
        if batch is not None:
            await self._play_batch(batch, lines)
            return
        issued = [line for line in lines if line.command == ("tokens", "issue")]
        others = [line for line in lines if line.command != ("tokens", "issue")]
        await asyncio.gather(*map(self._issue, issued), *map(self._play_line, others))

    async def _play_batch(self, batch: str, lines: Sequence[Line]) -> None:
        answers = await self._ledger.record_batch([self._ask(line) for line in lines], mode="all", batch_id=batch)
        for answer in answers:
            if isinstance(answer, Refused):
                answer.refusal.add_note(str(lines[answer.index]))
                raise answer.refusal
        for line, receipt in zip(lines, answers, strict=True):
            self._remember(line, receipt)

    async def _play_line(self, line: Line) -> None:
        try:
            self._remember(line, await self._ledger.record(self._ask(line)))
        except Refusal as refusal:
            refusal.add_note(str(line))
            raise

    async def _issue(self, line: Line) -> None:
        """Issue a token to the person or system named in place of an id, who acts by it from now on."""
        name = line.id
        system = name.startswith("system:")
        bearer = Subject(kind="system" if system else "person", id=name if system else self._story.person(name))
        lifetime = datetime.now(UTC) + LIFETIME - self._clock.now()
        token, _ = await self._ledger.issue_token(self._callers[line.actor], bearer, lifetime=lifetime)
        self.tokens[name] = token
        self._callers[name] = await self._ledger.authenticate(token)

    def _ask(self, line: Line) -> Ask:
        command = COMMANDS[line.command].model_validate(self._resolved(line.fields))
        caller = self._callers[line.actor]
        source = caller.id if caller is SYSTEM_CALLER else "api"
        return Ask(command, line.kind, self._id(line), caller, source=source)

    def _id(self, line: Line) -> str:
        """Return the id of the stream; a token is named by its bearer, as its id is drawn when it is issued."""
        return self._callers[line.id].credential.removeprefix("token/") if line.kind == "token" else line.id

    def _resolved(self, fields: Mapping[str, object]) -> dict[str, object]:
        return {name: self._value(value) for name, value in fields.items()}

    def _value(self, value: object) -> object:
        match value:
            case EntryOf(called=called):
                return self._events[called]
            case OfferOf(called=called):
                return f"o-{self._events[called][-12:]}"
        return value

    def _remember(self, line: Line, receipt: Receipt | Refused) -> None:
        if line.called is not None and isinstance(receipt, Receipt):
            self._events[line.called] = receipt.event_id
