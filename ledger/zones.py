"""Zones: in which zone the dates of a command begin, by whom or what the command is about."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from ledger.facts import LedgerFacts
from ledger.kernel.command import Command
from ledger.kernel.ids import split_stream

DATED = ("effective_at", "until", "new_effective_at")
ABOUT = ("owner", "holder", "recipient", "unit")
OF_ITS_SUBJECT = frozenset({"outcome", "attendance"})  # kinds whose ids name a unit or person
OF_A_PERSON = frozenset({"person", "access", "policy-reading", "onboarding", "probation"})


def subject_zone(command: Command, kind: str, id: str, state: object, facts: LedgerFacts, now: datetime) -> ZoneInfo:
    """Return the zone of the person a command is about, else of the unit, else of the ledger, as of now."""
    if not _has_dates(command):
        return facts.zone
    person, unit = _about(command, kind, id, state)
    return facts.zone if person is None and unit is None else facts.zone_of(person, unit, now)


@lru_cache
def _named_in(command: type[Command]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a command's fields that may be dates, and of those that say whom or what it is about."""
    fields = command.model_fields
    return tuple(n for n in DATED if n in fields), tuple(n for n in ABOUT if n in fields)


def _has_dates(command: Command) -> bool:
    """Instants say their own zone: only dates need one."""
    values = (getattr(command, name) for name in _named_in(type(command))[0])
    return any(isinstance(value, date) and not isinstance(value, datetime) for value in values)


def _about(command: Command, kind: str, id: str, state: object) -> tuple[str | None, str | None]:
    """Return (person, unit): the stream's own, else the owner or holder, else the recipient, else the unit named."""
    if kind in OF_ITS_SUBJECT:
        kind, id = split_stream(id)
    if kind in OF_A_PERSON:
        return (None if id.startswith("system:") else id), None
    if kind == "unit":
        return None, id
    asked = _named_in(type(command))[1]
    for name in ABOUT:
        said = (getattr(command, name) if name in asked else None) or getattr(state, name, None)
        if said is not None:
            whose = str(getattr(said, "id", said))
            is_unit = name == "unit" or getattr(said, "kind", None) == "unit"
            return (None, whose) if is_unit else (whose, None)
    return None, None
