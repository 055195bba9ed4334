"""A plain history that every projection can take: units, subjects and holders in a steady mix."""

from ledger.domain.people.persons import AssignmentKind, EmploymentStarted, PersonAssignedToUnit, PersonRegistered
from ledger.domain.people.units import UnitFormed, UnitLeadAppointed
from ledger.domain.responsibilities.events import (
    HandOverAccepted,
    ResponsibilityAssigned,
    ResponsibilityReleased,
    Role,
    SubjectRegistered,
)
from ledger.kernel.event import Subject
from tests.projections.histories import History, day


def extend(history: History, count: int) -> list[bytes]:
    """Append at least `count` events to the history and return the stored bytes of the new ones."""
    before = len(history.stored)
    while len(history.stored) < before + count:
        _block(history, len(history.stored))
    return history.stored[before:]


def _block(history: History, seed: int) -> None:
    number = seed // 10
    unit, person, subject = f"u{number // 5}", f"p-{number}", f"responsibility/team/t{number // 3}"
    holder, other = Subject(kind="person", id=person), Subject(kind="person", id=f"p-{max(0, number - 1)}")
    history.add(f"unit/{unit}", UnitFormed(label=f"单位 {number}"), day(0))
    history.add(f"person/{person}", PersonRegistered(), day(1))
    history.add(f"person/{person}", EmploymentStarted(employment=f"e-{number}", contract="permanent"), day(1))
    history.add(f"person/{person}", PersonAssignedToUnit(unit=unit, assignment=AssignmentKind.HOME), day(1))
    history.add(f"unit/{unit}", UnitLeadAppointed(lead=person), day(number % 90))
    history.add(subject, SubjectRegistered(label=f"t{number}"), day(2))
    history.add(subject, ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=holder), day(number % 60))
    history.add(subject, HandOverAccepted(offer="o-1", giver=holder, taker=other), day(number % 30 + 5))
    history.add(subject, ResponsibilityAssigned(role=Role.SUPPORT, holder=holder), day(3), source="import:b#1")
    history.add(subject, ResponsibilityReleased(role=Role.SUPPORT, holder=other), day(number % 50))
