"""Merging: two ids of one person, both kept; from its recording on the one is read as the other, until un-merged."""

from dataclasses import dataclass
from typing import Protocol

from ledger.domain.people.lines import Line, NotHeld, single
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.refusals import AlreadyRecorded, Circle, OwnAct, Refusal, UnknownReference
from ledger.kernel.timeline import holders_on

EMPLOYED_TWICE = "employed_twice"  # mark: both ids have a running employment
MANAGES_ITSELF = "manages_itself"  # mark: one id stands above the other in the line of managers
ACCOUNTABLE_TWICE = "accountable_twice"  # mark: both ids are accountable for one subject
OWN_ACT = "own_act"  # mark: one id assigned the other a goal, or judged the other

# Events


class PersonsMerged(Event, context="people"):
    """This id and another name one person; from now on this one is read as the other."""

    into: PersonId


class PersonsUnmerged(Event, context="people"):
    """The two ids name two people after all; what was recorded in between is to be allotted."""

    former: PersonId


class RecordAllotted(Event, context="people"):
    """What was recorded while the two ids were read as one belongs to this one of them."""

    about: Subject
    to: PersonId
    former: PersonId


# State


@dataclass(frozen=True, slots=True)
class Merge:
    """The latest merge of an id, kept when it is undone: into which id, and from which position on."""

    into: str
    position: int


def latest(merge: Merge | None, entry: Entry) -> Merge | None:
    """Return the latest merge after `entry`, or None."""
    return Merge(entry.event.into, entry.position) if isinstance(entry.event, PersonsMerged) else merge


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


class AllotRecord(Command, stream="person", verb="allot", by=_HR):
    """Say which of two ids, that were read as one for a while, something recorded meanwhile belongs to.

    The id is the one that was merged away. What belongs to the other than it is recorded for is passed on first.
    """

    about: Subject
    to: Id


class NeitherId(Refusal):
    """Allotted is to one of the two ids that were read as one."""

    code, status = "neither_id", 422
    en = "It belongs to one of the two ids that were read as one."
    zh = "只能归属于曾被合并的两个标识之一。"


class HeldByTheOther(Refusal):
    """A goal, a review or a responsibility belongs to whom the ledger says it does."""

    code = "held_by_the_other"
    en = "It is recorded for the other of the two ids."
    zh = "账本中仍记录在另一标识名下。"
    accepted_en = "the same after a hand-over, a release or a withdrawal"
    accepted_zh = "先移交、解除或撤回，再行归属"


class MergedAway(Refusal):
    """The id is read as another one: what is to be said belongs there."""

    code = "merged_away"
    en = "This id was merged into another; speak of that one."
    zh = "该标识已并入另一标识，请使用后者。"
    accepted_en = "the same command for the id it was merged into"
    accepted_zh = "对合并后的标识使用同一命令"


# Decide


def allotted(command: AllotRecord, merge: Merge | None, act: Act) -> Event:
    """Return the event that allots a record; `merge` is the one that was undone. Nobody allots what is their own."""
    act.require_happened()
    if merge is None:
        raise NotHeld()
    if command.to not in (act.id, merge.into):
        raise NeitherId()
    if act.is_own(act.id) or act.is_own(merge.into):
        act.refuse(OwnAct())
    other = merge.into if command.to == act.id else act.id
    if _holds(other, command.about, act):
        act.refuse(HeldByTheOther())
    return RecordAllotted(about=command.about, to=command.to, former=merge.into)


def _holds(person: str, about: Subject, act: Act) -> bool:
    """Tell whether a goal, a review or a free subject is recorded for a person."""
    if act.facts.exists("responsibility", about.key):
        lines = act.facts.state("responsibility", about.key).lines
        return f"person/{person}" in holders_on(lines["accountable"], act.begins)
    if not act.facts.exists(about.kind, about.id):
        raise UnknownReference(kind=about.kind, field="about")
    if about.kind == "goal":
        return bool(act.facts.state("goal", about.id).owner == Subject(kind="person", id=person))
    if about.kind == "review":
        review = act.facts.state("review", about.id)
        return bool(review.person == person and review.phase != "withdrawn")
    return False


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
    act.facts.one_by_one("lines of managers")
    act.marks.extend(_broken(person, act.facts.state("person", command.into), command.into, act))
    return PersonsMerged(into=command.into)


def _broken(one: Mergeable, other: Mergeable, into: str, act: Act) -> list[str]:
    """Return what does not go together in one person at the time of merging."""
    at = act.begins
    both = all(holders_on(person.lines["employment"], at) for person in (one, other))
    pair = frozenset({act.id, act.facts.resolved(into), into})
    found = {
        EMPLOYED_TWICE: both,
        MANAGES_ITSELF: any(_is_led_by(id, pair, act) for id in sorted(pair)),
        ACCOUNTABLE_TWICE: _holds_twice(pair, act),
        OWN_ACT: any(_acted_on_itself(id, pair, act) for id in sorted(pair)),
    }
    return [mark for mark, holds in found.items() if holds]


def _is_led_by(person: str, pair: frozenset[str], act: Act) -> bool:
    """Tell whether a line of managers leads from one of the pair to one of them."""
    seen: set[str] = set()
    above = single(act.facts.state("person", person).lines["manager.line"], act.begins)
    while above is not None and above not in seen:
        if above in pair or act.facts.resolved(above) in pair:
            return True
        seen.add(above)
        above = single(act.facts.state("person", act.facts.resolved(above)).lines["manager.line"], act.begins)
    return False


def _holds_twice(pair: frozenset[str], act: Act) -> bool:
    """Tell whether a subject has more than one of the pair as accountable."""
    keys = {f"person/{id}" for id in pair}
    held = {subject for id in pair for subject in act.facts.naming("person", id, of="responsibility")}
    lines = (act.facts.state("responsibility", subject).lines["accountable"] for subject in sorted(held))
    return any(len(keys & set(holders_on(line, act.begins))) > 1 for line in lines)


def _acted_on_itself(person: str, pair: frozenset[str], act: Act) -> bool:
    """Tell whether a goal or a review of a person rests on an act of another id of the pair."""
    others = pair - {person}
    goals = (act.facts.state("goal", goal) for goal in act.facts.naming("person", person, of="goal"))
    reviews = (act.facts.state("review", review) for review in act.facts.naming("person", person, of="review"))
    by_goal = any(goal.owner == Subject(kind="person", id=person) and goal.assigner in others for goal in goals)
    judges = {seat for review in reviews if review.person == person for seat in (review.judge, *review.judges)}
    return by_goal or not judges.isdisjoint(others)


COMMANDS = (MergePerson, UnmergePerson, AllotRecord)
