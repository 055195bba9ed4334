"""What is offered: the commands that a caller may give to a subject now, and what of it hangs on what they fill in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ledger.authority import standing
from ledger.domain import STREAM_KINDS
from ledger.facts import LedgerFacts
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.ids import split_stream, uuid7, uuid_text
from ledger.kernel.policy import Boundary
from ledger.kernel.refusals import NotFound, Refusal
from ledger.question import Question
from ledger.sight import sees

CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Offered:
    """A command that may be given; with `needs` only where one of these holds, as in `lead of owner`."""

    command: type[Command]
    needs: tuple[str, ...] = ()


def offered(facts: LedgerFacts, actor: str, kind: str, id: str | None, now: datetime) -> list[Offered]:
    """Return the commands of a kind of stream that the actor may give to `id`, or without one to begin a stream.

    It agrees with what is accepted: whoever is not offered a command is refused it for authority, and whoever is
    offered one without needs is not. Raises NotFound where nothing is offered about what is not the actor's to see.
    """
    stream, actor = STREAM_KINDS[kind], facts.resolved(actor)
    seen = id is None or sees(facts, actor, *_subject(stream, id), now)
    found = [one for one in _offers(facts, actor, stream, id, now) if seen or not one.needs]
    if not seen and not found:
        raise NotFound()
    return found


def _subject(stream: StreamKind[Any], id: str) -> tuple[str, str]:
    return split_stream(id) if stream.by_subject else (stream.kind, id)


def _offers(
    facts: LedgerFacts, actor: str, stream: StreamKind[Any], id: str | None, now: datetime
) -> Iterator[Offered]:
    state = stream.initial if id is None else facts.state(stream.kind, id)
    exists = stream.begins_by_any or (id is not None and facts.exists(stream.kind, id))
    for command in stream.commands:
        fits = not command.starts or command.repeats or stream.by_subject if exists else command.starts
        if fits:
            question = Question(actor, _blank(command), id or "", state, now, facts)
            needs = _needs(question, command)
            if needs is not None and not _contradicts(question, command, stream):
                yield Offered(command, needs)


def _blank(command: type[Command]) -> Command:
    return command.model_construct(**dict.fromkeys(command.model_fields))


def _needs(question: Question, command: type[Command]) -> tuple[str, ...] | None:
    """Return nothing to need where the actor is allowed already, else the ways that are open; None for no way."""
    hanging = [way for way in command.by if way.of in command.model_fields]
    if standing(question, [way for way in command.by if way not in hanging]) is not None:
        return ()
    needs = tuple(f"{way.basis} of {way.of}" for way in hanging if not _closed(question, way))
    return needs or None


def _closed(question: Question, way: By) -> bool:
    """Tell whether the policy closes a way whatever is filled in."""
    terms = question.facts.policy(question.at).terms
    return way.basis == "hr_for_lead" and terms.boundary is not Boundary.MARK


def _contradicts(question: Question, command: type[Command], stream: StreamKind[Any]) -> bool:
    """Tell whether the state refuses the command; only those can be tried that have nothing to be filled in."""
    try:
        asked = command()
    except ValidationError:
        return False
    facts, now = question.facts, question.at
    act = Act(question.id, question.actor, now, now, now, facts, uuid_text(uuid7()))
    try:
        stream.decide(asked, question.state, act)
    except Refusal as refusal:
        return refusal.status == CONFLICT
    return False
