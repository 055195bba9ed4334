"""Owners: the unit or person that outcomes and attendance are about, named by the stream itself."""

from datetime import date

from ledger.kernel.command import Act, By
from ledger.kernel.event import Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import begins, day_of
from ledger.kernel.refusals import AfterLastDay, InTheFuture, PeriodReversed, Refusal, UnknownReference
from ledger.kernel.timeline import held_within

OTHERS = (By("lead", "@"), By("hr_partner", "@"), By("role:hr_administrator"), By("role:subscriber"))
ABOUT_OWNER = (By("own", "@"), *OTHERS)


class NoOwner(Refusal):
    """Outcomes and attendance are of units and persons."""

    code, status = "of_unit_or_person", 422
    en = "Only a unit or a person has this."
    zh = "该事项仅适用于单位或人员。"


def owner_of(act: Act) -> Subject:
    """Return the unit or person that the stream is named by. Refuses other kinds, and what the ledger does not know."""
    kind, id = split_stream(act.id)
    if kind not in {"unit", "person"}:
        raise NoOwner()
    if not act.facts.exists(kind, id):
        raise UnknownReference(kind=kind, field="path")
    return Subject(kind=kind, id=id)


def happened(starts_on: date, ends_on: date, owner: Subject, act: Act) -> None:
    """Refuse a period that is reversed or not over, and one in which the person did not work here at all."""
    if ends_on < starts_on:
        raise PeriodReversed()
    act.require_happened()
    person, unit = (owner.id, None) if owner.kind == "person" else (None, owner.id)
    zone = act.facts.zone_of(person, unit, act.now)
    today = day_of(act.now, zone)
    if ends_on > today:
        act.refuse(InTheFuture(today=today.isoformat()))
    if person is not None:
        line = act.facts.state("person", act.facts.resolved(person)).lines["employment"]
        if next(held_within(line, begins(starts_on, zone), begins(ends_on, zone)), None) is None:
            act.refuse(AfterLastDay())
