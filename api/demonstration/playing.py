"""Playing a story on a ledger: the clock is set to each moment, and everybody acts by a token of their own."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from api.demonstration.company import PEOPLE, UNMOVED, employed
from api.demonstration.following import Following
from api.demonstration.lists import Act, Lists, talks_owed
from api.demonstration.story import ContentOf, DutyOf, EntryOf, Line, Look, OfferOf, Story
from ledger.application import SYSTEM_CALLER, Ask, Caller, Ledger, Receipt, Refused
from ledger.domain import COMMANDS
from ledger.domain.duties import SeeDuty
from ledger.domain.hiring.onboarding import ExpectationsPresented
from ledger.domain.outcomes.answers import AnswerSurvey
from ledger.domain.reviews.events import ResultPublished
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.command import Command
from ledger.kernel.event import Entry, Subject
from ledger.kernel.refusals import Refusal

LIFETIME = timedelta(days=3_653)  # of tokens, from the real day on which the story is played
ANSWER = ("surveys", "answer")  # which no command of the registry is: it leaves no event
Progress = Callable[[int, int], None]


class NotRefused(Exception):
    """The ledger has taken what the story says that it refuses."""


class Player:
    """Plays a story once, and keeps the tokens that were issued in it: by nickname, or `system:<name>`."""

    def __init__(self, ledger: Ledger, clock: SimulatedClock, story: Story) -> None:
        self._ledger, self._clock, self._story = ledger, clock, story
        self._callers: dict[str, Caller] = {SYSTEM_CALLER.id: SYSTEM_CALLER}
        self._events: dict[str, str] = {}
        self._contents: dict[str, str] = {}  # entry -> the content hash in it
        self._lists = Lists()
        self.tokens: dict[str, str] = {}

    async def play(self, progress: Progress) -> None:
        """Play every line, the rules following. Raises the Refusal of a line that is not taken, the line noted on it.

        Raises NotRefused for a line that is taken and should not be.
        """
        done, following, looks = 0, Following(self._ledger, self._clock), self._story.looks()
        self._ledger.followers.append(self._noticed)
        for at, lines in self._story.moments():
            while looks and looks[0].at < at:
                await self._look(looks.pop(0), following)
            await following.come_to(at)
            for batch, together in groupby(lines, key=lambda line: line.batch):
                await self._play_together(batch, list(together))
            done += len(lines)
            progress(done, len(self._story))
        await following.come_to_rest()
        self._ledger.followers.remove(self._noticed)

    def _noticed(self, entry: Entry) -> None:
        self._lists.take(entry)
        if isinstance(entry.event, ResultPublished | ExpectationsPresented):
            self._contents[entry.event_id] = entry.event.content

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
            if line.command == ANSWER:
                await self._ledger.confidence.answer(self._ask(line))
            else:
                self._remember(line, await self._ledger.record(self._ask(line)))
        except Refusal as refusal:
            if refusal.code == line.refused:
                return
            refusal.add_note(str(line))
            raise
        if line.refused is not None:
            raise NotRefused(str(line))

    async def _look(self, look: Look, following: Following) -> None:
        """Let somebody see what is new on their list, and hold the conversations that they owe."""
        if not self._to_do(look):
            return
        await following.come_to(look.at)  # the rules may end some of it first
        caller = self._callers[look.actor]
        asks = [Ask(command, kind, id, caller) for kind, id, command in self._to_do(look)]
        for answer in await self._ledger.record_batch(asks, mode="each", batch_id=None):
            if isinstance(answer, Refused):
                answer.refusal.add_note(str(look))
                raise answer.refusal

    def _to_do(self, look: Look) -> list[Act]:
        person, day = self._story.person(look.actor), look.at.date()
        new: list[Act] = [("duty", owed.id, SeeDuty()) for owed in self._lists.of(person) if owed.is_new]
        if not look.talks:
            return new
        others = (each.nick for each in PEOPLE if each.nick != look.actor)
        present = {self._story.person(nick) for nick in others if employed(nick, day)}
        return [*new, *talks_owed(self._lists, person, present, steps_in=look.actor != UNMOVED)]

    async def _issue(self, line: Line) -> None:
        """Issue a token to the person or system named in place of an id, who acts by it from now on."""
        name = str(line.id)
        system = name.startswith("system:")
        bearer = Subject(kind="system" if system else "person", id=name if system else self._story.person(name))
        lifetime = datetime.now(UTC) + LIFETIME - self._clock.now()
        token, _ = await self._ledger.issue_token(self._callers[line.actor], bearer, lifetime=lifetime)
        self.tokens[name] = token
        self._callers[name] = await self._ledger.authenticate(token)

    def _ask(self, line: Line) -> Ask:
        caller = self._callers[line.actor]
        source = caller.id if caller is SYSTEM_CALLER else "api"
        principal = None if line.principal is None else self._story.person(line.principal)
        return Ask(self._command(line), line.kind, self._id(line), caller, principal=principal, source=source)

    def _command(self, line: Line) -> Command:
        cls = AnswerSurvey if line.command == ANSWER else COMMANDS[line.command]
        return cls.model_validate({name: self._value(value) for name, value in line.fields.items()})

    def _id(self, line: Line) -> str:
        """Return the id of the stream; a token is named by its bearer, as its id is drawn when it is issued."""
        if isinstance(line.id, DutyOf):
            return self._lists.find(self._story.person(line.id.holder), line.id.kind, line.id.about)
        return self._callers[line.id].credential.removeprefix("token/") if line.kind == "token" else line.id

    def _value(self, value: object) -> object:
        match value:
            case EntryOf(called=called):
                return self._events[called]
            case OfferOf(called=called):
                return f"o-{self._events[called][-12:]}"
            case ContentOf(called=called):
                return self._contents[self._events[called]]
        return value

    def _remember(self, line: Line, receipt: Receipt | Refused) -> None:
        if line.called is not None and isinstance(receipt, Receipt):
            self._events[line.called] = receipt.event_id
