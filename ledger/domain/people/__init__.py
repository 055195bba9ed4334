"""People and units: who is employed when, in which unit, under whom, and who leads what."""

from ledger.domain.people import absences, calendars, delegations, lines, merging, persons, units
from ledger.domain.people.persons import AssignmentKind, ManagerKind, PersonState
from ledger.domain.people.units import UnitState

STREAMS = (units.STREAM, persons.STREAM)

__all__ = [
    "STREAMS",
    "AssignmentKind",
    "ManagerKind",
    "PersonState",
    "UnitState",
    "absences",
    "calendars",
    "delegations",
    "lines",
    "merging",
    "persons",
    "units",
]
