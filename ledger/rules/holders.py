"""Holders: who sits in the seat that a duty belongs to, on a day; nobody, oneself or absent means the next above."""

from collections.abc import Iterator
from datetime import datetime

from ledger.domain.duties import Seat
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.rules.matrix import SUPPORT, Kind

SCOPE = "duties"  # of a delegation, that a deputy takes over duties by


def holder_of(seat: Seat, of: Subject, facts: LedgerFacts, at: datetime, *, not_: frozenset[str]) -> str | None:
    """Return who holds a seat at that time, never one of `not_`; None is a gap.

    A seat of one's own stays one's own: the duties of an absent employee wait, and nobody takes them over.
    """
    if seat is Seat.SELF:
        own = of.id if of.kind == "person" else next(facts.unit_leads(of.id, at), None)
        return None if own in not_ else own
    own = of.id if of.kind == "person" else next(facts.unit_leads(of.id, at), None) if seat is Seat.LEAD else None
    sitting = (there for person in _line(seat, of, facts, at) for there in _there(person, facts, at))
    return next((person for person in sitting if person != own and person not in not_), None)


def support_of(
    kind: str, of: Subject, facts: LedgerFacts, at: datetime, *, holder: str | None
) -> tuple[Seat, str | None] | None:
    """Return which seat supports the holder of a duty of a kind, and who sits there then; None where none does."""
    if kind not in SUPPORT:
        return None
    seat = SUPPORT[Kind(kind)]
    return seat, holder_of(seat, of, facts, at, not_=frozenset() if holder is None else frozenset({holder}))


def _line(seat: Seat, of: Subject, facts: LedgerFacts, at: datetime) -> Iterator[str]:
    """Yield who may sit there, nearest first, and at the end whom the policy names at the top."""
    offices = facts.policy(at).terms.offices
    unit = unit_in(of, facts, at)
    if seat is Seat.LEAD:
        yield from _leads(of, facts, at)
    elif seat is Seat.UNIT_LEAD:
        yield from facts.unit_leads(unit, at)
    elif seat is Seat.HR_PARTNER:
        yield from facts.partners_of(unit, at)
    if seat is Seat.PRIVACY_OFFICE and offices.privacy_officer is not None:
        yield offices.privacy_officer
    if seat in (Seat.HR_PARTNER, Seat.HR_OFFICE, Seat.PRIVACY_OFFICE):
        if offices.hr is not None:
            yield offices.hr
        return
    if offices.top is not None:
        yield offices.top


def unit_in(of: Subject, facts: LedgerFacts, at: datetime) -> str | None:
    """Return the unit named, or that of the person named; other subjects, as a cycle, have none."""
    if of.kind == "unit":
        return of.id
    return facts.unit_of(of.id, at) if of.kind == "person" else None


def _leads(of: Subject, facts: LedgerFacts, at: datetime) -> Iterator[str]:
    """Yield the leads above a person; of a unit those above whoever leads it."""
    if of.kind == "person":
        yield from (lead for lead in facts.leads_above(of.id, at) if lead != of.id)
        return
    own = next(facts.unit_leads(of.id, at), None)
    if own is not None:
        yield from facts.leads_above(own, at)


def _there(person: str, facts: LedgerFacts, at: datetime) -> Iterator[str]:
    """Yield the person, or for who is away by an absence that pauses duties their deputies."""
    if not facts.is_employed(person, at):
        return
    if not facts.is_away(person, at):
        yield person
        return
    yield from (deputy for deputy in facts.deputies_of(person, SCOPE, at) if not facts.is_away(deputy, at))
