"""Zones: in which zone the dates of a command begin, by whom or what the command is about."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from ledger.facts import LedgerFacts
from ledger.kernel.command import Command

OF_A_PERSON = frozenset({"person", "access", "policy-reading"})


def subject_zone(command: Command, kind: str, id: str, state: object, facts: LedgerFacts, now: datetime) -> ZoneInfo:
    """Return the zone of the person a command is about, else of the unit, else of the ledger, as of now."""
    if not _has_dates(command):
        return facts.zone
    person, unit = _about(command, kind, id, state)
    return facts.zone if person is None and unit is None else facts.zone_of(person, unit, now)


def _has_dates(command: Command) -> bool:
    """Instants say their own zone: only dates need one."""
    values = (getattr(command, name, None) for name in ("effective_at", "until", "new_effective_at"))
    return any(isinstance(value, date) and not isinstance(value, datetime) for value in values)


def _about(command: Command, kind: str, id: str, state: object) -> tuple[str | None, str | None]:
    """Return (person, unit): the stream's own, else the owner or holder, else the recipient, else the unit named."""
    if kind in OF_A_PERSON:
        return (None if id.startswith("system:") else id), None
    if kind == "unit":
        return None, id
    for name in ("owner", "holder"):
        named = getattr(command, name, None) or getattr(state, name, None)
        if named is not None:
            whose = str(getattr(named, "id", named))
            return (None, whose) if getattr(named, "kind", None) == "unit" else (whose, None)
    recipient, unit = (getattr(command, n, None) or getattr(state, n, None) for n in ("recipient", "unit"))
    return recipient if isinstance(recipient, str) else None, unit if isinstance(unit, str) else None
