"""Commands from a plan: registrations first, then one command for each fact, each with the row it stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from api.exchange.plan import Plan, PlannedFact, PlannedPerson, PlannedSubject
from ledger.domain.people.persons import AssignmentKind, AssignToUnit, LeaveUnit, RegisterPerson
from ledger.domain.people.units import FormUnit
from ledger.domain.responsibilities.commands import AssignResponsibility, RegisterSubject, ReleaseResponsibility
from ledger.kernel.command import Command
from ledger.kernel.holders import Holder
from ledger.kernel.ids import stream_name

About = Literal["person", "subject", "fact"]


@dataclass(frozen=True, slots=True)
class RowCommand:
    """A command with the stream it goes to and the row and column it comes from."""

    about: About
    row: int
    column: str
    kind: str
    id: str
    command: Command


def commands(
    plan: Plan, *, people: Mapping[str, str], known: frozenset[str], assignment: AssignmentKind
) -> Iterator[RowCommand]:
    """Yield the plan's commands in the order they are to be recorded.

    `people` gives the id of every person by key; those in `known` are in the ledger already and not registered again.
    """
    for person in plan.persons:
        if person.key not in known:
            yield _registration(person, people[person.key])
    for subject in plan.subjects:
        yield _beginning(subject)
    for fact in plan.facts:
        yield _of_unit(fact, people, assignment) if fact.role is None else _of_responsibility(fact, people)


def _registration(person: PlannedPerson, id: str) -> RowCommand:
    command = RegisterPerson(
        name=person.name, identifiers={person.scheme: person.spellings[0]}, effective_at=person.since
    )
    return RowCommand("person", person.row, person.column, "person", id, command)


def _beginning(subject: PlannedSubject) -> RowCommand:
    if subject.kind == "unit":
        formed = FormUnit(label=subject.label, effective_at=subject.since)
        return RowCommand("subject", subject.row, subject.column, "unit", subject.id, formed)
    registered = RegisterSubject(label=subject.label, effective_at=subject.since)
    id = stream_name(subject.kind, subject.id)
    return RowCommand("subject", subject.row, subject.column, "responsibility", id, registered)


def _of_unit(fact: PlannedFact, people: Mapping[str, str], assignment: AssignmentKind) -> RowCommand:
    command: Command = LeaveUnit(unit=fact.id, effective_at=fact.effective)
    if fact.begins:
        command = AssignToUnit(unit=fact.id, assignment=assignment, effective_at=fact.effective)
    return RowCommand("fact", fact.row, fact.column, "person", people[fact.holder], command)


def _of_responsibility(fact: PlannedFact, people: Mapping[str, str]) -> RowCommand:
    assert fact.role is not None, "a fact without a role is about a unit"
    person = fact.holder_kind == "person"
    holder = Holder(kind="person", id=people[fact.holder]) if person else Holder(kind="unit", id=fact.holder)
    form = AssignResponsibility if fact.begins else ReleaseResponsibility
    command = form(role=fact.role, holder=holder, effective_at=fact.effective)
    return RowCommand("fact", fact.row, fact.column, "responsibility", stream_name(fact.kind, fact.id), command)
