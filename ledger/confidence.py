"""Confidence: answers that wait without their authors, and what a confidential command rests on and nobody may send."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from ledger.asking import Ask
from ledger.authority import judge
from ledger.current import Current
from ledger.domain.feedback import GiveFeedback
from ledger.domain.outcomes.answers import AnswerSurvey, SurveyAnswered, SurveyClosedAlready, SurveyOver, Waiting
from ledger.domain.outcomes.surveys import CloseSurvey, admit
from ledger.facts import LedgerFacts
from ledger.kernel.append import StoreUnavailable
from ledger.kernel.command import Act
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.refusals import NotFound, Refusal
from ledger.privacy.data_keys import DataKeys
from ledger.privacy.secrets import LedgerSecrets
from ledger.privacy.waiting import NothingTaken, TicketSpent, WaitingPlace
from ledger.question import Question
from ledger.store.reader import Reader

AT_ONCE = 500  # people whose states are read together
logger = logging.getLogger(__name__)


class Confidence:
    """What one ledger keeps in confidence: its waiting answers, and the counts that protect hidden authors."""

    def __init__(
        self,
        reader: Reader,
        keys: DataKeys,
        secrets: LedgerSecrets,
        current: Current,
        refused: Callable[[Ask, Refusal], None],
        now: Callable[[], datetime],
    ) -> None:
        self._reader, self._secrets, self._current = reader, secrets, current
        self._refused, self._now = refused, now
        self._place = WaitingPlace(reader.pool, reader.schema, keys)
        self._one_by_one = asyncio.Lock()  # answers that wait for a row would keep connections from those who judge

    # ---- surveys

    async def answer(self, ask: Ask) -> None:
        """Take an answer to a survey; nothing is recorded, and there is no receipt: it waits until the survey closes.

        Raises Refusal, StoreUnavailable; what was refused is noted without whom it was refused to.
        """
        try:
            await self._answered(ask)
        except Refusal as refusal:
            if isinstance(refusal, SurveyClosedAlready):
                await self.settled(ask)
            self._refused(ask, refusal)
            raise

    async def _answered(self, ask: Ask) -> None:
        now, survey = self._now(), ask.id or ""
        waiting, person = await self._current.ask(lambda facts: admitted(ask, facts, now))
        ticket = self._secrets.ticket_of(stream_name("survey", survey), person)
        async with self._one_by_one:
            try:
                await asyncio.to_thread(self._place.deposit, survey, ticket, waiting.plain())
            except TicketSpent as spent:
                raise SurveyAnswered() from spent
            except NothingTaken as over:
                raise SurveyOver() from over
            except psycopg.OperationalError as lost:
                raise StoreUnavailable("an answer could not be kept") from lost

    # ---- what a command rests on

    async def completed(self, ask: Ask) -> Ask:
        """Return a command that may be given with what it rests on: the answers collected, the authors counted."""
        match ask.command:
            case CloseSurvey() as close:
                collected = await asyncio.to_thread(self._place.collect, ask.id or "")
                return replace(ask, command=close.holding([waiting_of(plain) for plain in collected]))
            case GiveFeedback() as give:
                return replace(ask, command=give.among(await self._possible_authors(give.recipient)))
        raise TypeError(ask.command)

    async def settled(self, ask: Ask) -> None:
        """Let go of what has appeared; what can't be reached now is encrypted, and let go of at the next attempt."""
        if isinstance(ask.command, CloseSurvey | AnswerSurvey):
            try:
                await asyncio.to_thread(self._place.forget, ask.id or "")
            except psycopg.Error:
                logger.warning("what waited for a survey is still to be let go of")

    async def _possible_authors(self, recipient: str) -> int:
        """Return how many others work in the recipient's home unit or below it; no more are counted than are enough.

        It hangs on the recipient alone: were it another group for each author, that feedback was let through would
        tell in which group its author is.
        """
        streams, now = await asyncio.to_thread(self._reader.persons), self._now()
        found: set[str] = set()
        enough = await self._current.ask(lambda facts: facts.policy(now).terms.small_group_limit)
        for start in range(0, len(streams), AT_ONCE):
            some = streams[start : start + AT_ONCE]
            await self._current.load(some)
            found |= await self._current.ask(partial(colleagues, recipient=recipient, streams=some, now=now))
            if len(found) >= enough:
                break
        return len(found)


def admitted(ask: Ask, facts: LedgerFacts, now: datetime) -> tuple[Waiting, str]:
    """Return an answer as it is to wait, and whose ticket it spends: the id that merged ids resolve to."""
    command, survey = ask.command, ask.id or ""
    if not isinstance(command, AnswerSurvey):
        raise TypeError(command)
    if not facts.exists("survey", survey):
        raise NotFound()
    state, person = facts.state("survey", survey), facts.resolved(ask.caller.id)
    judge(Question(person, command, survey, state, now, facts))
    act = Act(id=survey, actor=person, now=now, effective=now, begins=now, facts=facts, event_id="")
    return admit(command, state, act), person


def waiting_of(plain: Mapping[str, Any]) -> Waiting:
    """Return an answer from what was kept of it."""
    return Waiting(plain["unit"], plain["coded"], plain["remarks"])


def colleagues(facts: LedgerFacts, *, recipient: str, streams: Sequence[str], now: datetime) -> set[str]:
    """Return who among some people works in the recipient's home unit or below it, without the recipient."""
    recipient = facts.resolved(recipient)
    home = facts.unit_of(recipient, now)
    people = {facts.resolved(split_stream(stream)[1]) for stream in streams} - {recipient}
    working = {one: facts.unit_of(one, now) for one in people if facts.is_employed(one, now)}
    return {one for one, unit in working.items() if home is not None and home in set(facts.units_above(unit, now))}
