"""Questions of authority, and whom a way to be allowed looks at: fields of the command, the state, or the stream."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.domain import STREAM_KINDS
from ledger.facts import LedgerFacts
from ledger.kernel.command import Command
from ledger.kernel.ids import split_stream


@dataclass(frozen=True, slots=True)
class Question:
    """One judgement: who wants to do which command to which stream, whose state is given, at which time.

    `actor` is the id that merged ids resolve to.
    """

    actor: str
    command: Command
    id: str
    state: Any
    at: datetime
    facts: LedgerFacts


def persons(question: Question, of: str | None) -> Iterator[str]:
    """Yield the persons that `of` names; a unit stands for its lead of the day."""
    for kind, id in named(question, of):
        if kind == "person":
            yield id
        else:
            lead = next(question.facts.unit_leads(id, question.at), None)
            if lead is not None:
                yield lead


def named(question: Question, of: str | None) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of the persons or units that `of` names: a holder, a person's id, or a unit's."""
    if of == "@" and STREAM_KINDS[type(question.command).stream_kind].by_subject:
        about = split_stream(question.id)
        yield about if about[0] != "person" else ("person", question.facts.resolved(about[1]))
        return
    value = named_value(question, of)
    if value is None:
        return
    kind, id = getattr(value, "kind", None), getattr(value, "id", None)
    if isinstance(kind, str) and isinstance(id, str):
        yield kind, question.facts.resolved(id) if kind == "person" else id
    elif isinstance(value, str):
        kind = _kind_of(question, of)
        yield kind, question.facts.resolved(value) if kind == "person" else value


def _kind_of(question: Question, of: str | None) -> str:
    if of == "@":
        return "unit" if type(question.command).stream_kind == "unit" else "person"
    name = (of or "").removeprefix("@")
    return "unit" if name in ("unit", "parent", "owner_unit") else "person"


def named_value(question: Question, of: str | None) -> Any:  # noqa: ANN401  # commands and states of all contexts
    """Return what `of` names: "@" the stream's id, "@x" the state's x, else the command's field, else the state's."""
    if of is None or of == "@":
        return question.id
    name = of.removeprefix("@")
    fields = type(question.command).model_fields
    if not of.startswith("@") and name in fields:
        return getattr(question.command, name)
    dated = getattr(question.state, f"{name}_on", None)
    return dated(question.at) if dated is not None else getattr(question.state, name, None)
