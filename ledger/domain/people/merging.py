"""Merging: two ids of one person, both kept; from its recording on the one is read as the other, until un-merged."""

from typing import Protocol

from ledger.domain.people.lines import Line, NotHeld, single
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.refusals import AlreadyRecorded, Circle, Refusal
from ledger.kernel.timeline import holders_on

EMPLOYED_TWICE = "employed_twice"  # mark: both ids have a running employment
MANAGES_ITSELF = "manages_itself"  # mark: one id is the other's line manager

# Events


class PersonsMerged(Event, context="people"):
    """This id and another name one person; from now on this one is read as the other."""

    into: PersonId


class PersonsUnmerged(Event, context="people"):
    """The two ids name two people after all; what was recorded in between is to be allotted."""

    former: PersonId


# State


def evolve(merged_into: str | None, entry: Entry) -> str | None:
    """Return the id that this one is read as after `entry`, or None."""
    match entry.event:
        case PersonsMerged(into=into):
            return into
        case PersonsUnmerged():
            return None
    return merged_into


class Mergeable(Protocol):
    """What merging looks at in a person."""

    @property
    def lines(self) -> Line:
        """Employments and managers."""
        ...


# Commands

_HR = (By("role:hr_administrator"),)


class MergePerson(Command, stream="person", verb="merge", by=_HR):
    """Read this id as another one from now on: both name the same person."""

    into: Id


class UnmergePerson(Command, stream="person", verb="unmerge", by=_HR):
    """Read this id as itself again, with a reason."""


class MergedAway(Refusal):
    """The id is read as another one: what is to be said belongs there."""

    code = "merged_away"
    en = "This id was merged into another; speak of that one."
    zh = "该标识已并入另一标识，请使用后者。"
    accepted_en = "the same command for the id it was merged into"
    accepted_zh = "对合并后的标识使用同一命令"


# Decide


def decide(command: MergePerson | UnmergePerson, person: Mergeable, merged_into: str | None, act: Act) -> Event:
    """Return the event of a merge or its reversal, marking what now breaks."""
    act.require_happened()
    if isinstance(command, UnmergePerson):
        if merged_into is None:
            raise NotHeld()
        act.require_reason(command)
        return PersonsUnmerged(former=merged_into)
    if merged_into is not None:
        raise AlreadyRecorded() if merged_into == command.into else MergedAway()
    act.require_known("person", command.into, field="into")
    if act.facts.resolved(command.into) == act.id:
        raise Circle()
    act.marks.extend(_broken(person, act.facts.state("person", command.into), command.into, act))
    return PersonsMerged(into=command.into)


def _broken(one: Mergeable, other: Mergeable, into: str, act: Act) -> list[str]:
    """Return what does not go together in one person at the time of merging."""
    at = act.begins
    both = all(holders_on(person.lines["employment"], at) for person in (one, other))
    managed = into == single(one.lines["manager.line"], at) or act.id == single(other.lines["manager.line"], at)
    return [mark for mark, found in ((EMPLOYED_TWICE, both), (MANAGES_ITSELF, managed)) if found]


COMMANDS = (MergePerson, UnmergePerson)
