"""Suggesting: the rules put to one person's view of the ledger; what is put before them is recorded first, once."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from api.reading import Asked
from api.snapshots import put
from ledger.asking import Ask, Caller, Receipt
from ledger.domain.suggestions.suggesting import Shown, ShowSuggestion
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.policy import STANDING
from ledger.states import state_known
from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.report import Circumstances
from projections.engine import View
from projections.suggestions.gathering import DISMISSED, EARLY, SHOWN, TAKEN, VIEWS
from projections.suggestions.rule import Suggestion
from projections.suggestions.rules import suggested

NAME = "suggestions"
CALLER = Caller("system:suggestions", "none", "system")
YEAR = timedelta(days=365)
NEW_AT_A_TIME = 20  # who is told more at once reads none of it; the rest comes the next time


@dataclass(frozen=True, slots=True)
class Told:
    """A suggestion as it was shown, with the act that answered it, if any."""

    shown: Act
    answered: Act | None

    @property
    def state(self) -> str:
        """Return how it stands."""
        return "open" if self.answered is None else "taken" if self.answered.topic == TAKEN else "dismissed"

    @property
    def about(self) -> str:
        """Return what it is about, as `kind/id`."""
        return stream_name(**self.shown.data["about"])

    @property
    def proposes(self) -> str | None:
        """Return whom or what it names, as `kind/id`."""
        named = self.shown.data.get("proposes")
        return None if named is None else stream_name(**named)


async def put_before(asked: Asked, person: str) -> int | None:
    """Record what the rules suggest to a person now and was never shown to them; return the last position of it."""
    found = await asyncio.to_thread(_found, asked, person)
    fresh = await asked.ledger.judged(lambda facts: _fresh(facts, found))
    seen = [one for one in fresh if all([await asked.sees(*split_stream(key)) for key in one[0].seen])]
    asks = [_ask(one, position) for one, position in seen[:NEW_AT_A_TIME]]
    if not asks:
        return None
    told = await asked.ledger.record_batch(asks, mode="each", batch_id=None)
    return max((one.position for one in told if isinstance(one, Receipt)), default=None)


def _found(asked: Asked, person: str) -> list[tuple[Suggestion, int]]:
    """Return what is suggested, on snapshots that all hold the same position, with that position."""
    now = asked.ledger.clock.now()
    with ExitStack() as stack:
        views = {name: stack.enter_context(asked.served.runner.view(name)) for name in VIEWS}
        known = min(view.position for view in views.values())
        policies = state_known(asked.ledger.reader, stream_name("policy", STANDING), known)
        terms = policies.in_force(STANDING, now).terms
        given = Circumstances(now, known, now - YEAR, now, asked.ledger.zone, terms=terms)
        return [(one, known) for one in suggested(views, given, person)]


def _fresh(facts: LedgerFacts, found: list[tuple[Suggestion, int]]) -> list[tuple[Suggestion, int]]:
    return [one for one in found if not facts.exists("suggestion", one[0].id)]


def _ask(one: Suggestion, position: int) -> Ask:
    command = ShowSuggestion(
        rule=one.rule.name,
        rule_version=one.rule.version,
        person=one.person,
        about=_subject(one.about),
        advice=one.advice,
        proposes=None if one.proposes is None else _subject(one.proposes),
        figures=tuple(Shown(name=figure.name, value=figure.value, n=figure.n) for figure in one.figures),
        position=position,
        since=one.since,
        until=one.until,
        entries=tuple(event.event_id for event in one.events[-50:]),
    )
    return Ask(command, "suggestion", one.id, CALLER, source=f"rule:{one.rule.source}")


def _subject(key: str) -> Subject:
    kind, id = split_stream(key)
    return Subject(kind=kind, id=id)


async def told_to(asked: Asked, person: str, *, known: int | None, min_position: int | None) -> list[Told]:
    """Return what was ever shown to a person under any of their ids, the latest first."""
    now = asked.ledger.clock.now()

    def question(view: View) -> list[Told]:
        at = view.position if known is None else min(known, view.position)
        topics = (SHOWN, TAKEN, DISMISSED)
        return _told(acts.about_persons(view, [person], topics, since=EARLY, until=now, known=at))

    return await put(asked, NAME, question, min_position)


def _told(found: list[Act]) -> list[Told]:
    answers = {act.stream: act for act in found if act.topic != SHOWN}
    return [Told(act, answers.get(act.stream)) for act in reversed(found) if act.topic == SHOWN]
