"""Candidates: people who might be hired, known by a pseudonym; who they are is sealed, and two ids may name one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import EVENTS, OWN_STREAM, Entry, Event, LookupBy, Seal, Value
from ledger.kernel.facts import Facts
from ledger.kernel.ids import ApplicationId, CandidateId, Code, Id, PersonId, RequisitionId
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, Circle, NotFound, Refusal
from ledger.kernel.texts import Identifiers, Name

APPLIED_TWICE = "applied_twice"  # a mark: both ids have a live application for the same requisition
TWO_PERSONS = "two_persons"  # a mark: the ids name two people who work here


class Group(Value):
    """A group that a candidate counts themselves to, by code: its kind, as in gender, and which of that kind."""

    kind: Code
    group: Code


Groups = Annotated[tuple[Group, ...], Field(max_length=20)]

# Events


class CandidateRegistered(Event, context="hiring"):
    """A candidate enters the ledger under a pseudonym; name and outside identifiers are sealed.

    `person` is who they are here, where the candidate works here or did.
    """

    name: Annotated[Name | None, Seal(OWN_STREAM, "hiring")] = None
    identifiers: Annotated[Identifiers | None, Seal(OWN_STREAM, "hiring"), LookupBy()] = None
    person: PersonId | None = None


class CandidateApplied(Event, context="hiring"):
    """An application is this candidate's: noted by rule, so that nobody applies twice for the same."""

    application: ApplicationId
    requisition: RequisitionId


class CandidateGroupsDeclared(Event, context="hiring", version=2):
    """What the candidate says of themselves, in place of what they said before, for selection rates and nothing else.

    Kind → group, sealed: only HR sees it, and none of it is told to whoever assesses or decides. In events of version 1
    it stands in the clear.
    """

    groups: Annotated[dict[Code, Code] | None, Seal(OWN_STREAM, "declared_group")] = None


def _by_kind(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of version 1, a list of kind and group, as version 2 has it."""
    return {**data, "groups": {each["kind"]: each["group"] for each in data["groups"]}}


EVENTS.upcaster(CandidateGroupsDeclared.topic, 1, _by_kind)


class CandidatesMerged(Event, context="hiring"):
    """This id and another name one candidate; from now on this one is read as the other."""

    into: CandidateId


class CandidatesUnmerged(Event, context="hiring"):
    """The two ids name two candidates after all; what was recorded in between is to be allotted."""

    former: CandidateId


# State


@dataclass(frozen=True, slots=True)
class CandidateState:
    """A candidate: who they are here, what they applied for, and the id they are read as.

    `merged_at` is the position of the latest merge, kept when it is undone.
    """

    registered: bool = False
    person: str | None = None
    applied: Mapping[str, str] = field(default_factory=dict)  # application -> requisition
    merged_into: str | None = None
    merged_at: int = 0


def evolve(state: CandidateState, entry: Entry) -> CandidateState:
    """Return the state after `entry`."""
    match entry.event:
        case CandidateRegistered(person=person):
            return CandidateState(registered=True, person=person)
        case CandidateApplied(application=application, requisition=requisition):
            return replace(state, applied={**state.applied, application: requisition})
        case CandidatesMerged(into=into):
            return replace(state, merged_into=into, merged_at=entry.position)
        case CandidatesUnmerged():
            return replace(state, merged_into=None)
    return state


# Commands

_INTAKE = (By("role:hr_administrator"), By("role:hr_partner"))
_HR = (By("role:hr_administrator"),)


class RegisterCandidate(Command, stream="candidate", verb="register", by=_INTAKE, starts=True):
    """Register a candidate; the server makes the pseudonym."""

    name: Name
    identifiers: Identifiers | None = Field(default=None, description="scheme -> value, as in e-mail")
    person: Id | None = Field(default=None, description="who works here already, or did")


class DeclareGroups(Command, stream="candidate", verb="declare-groups", by=_INTAKE):
    """Record which groups a candidate counts themselves to, of their own free will; an empty list takes it all back."""

    groups: Groups


class NoteApplication(Command, stream="candidate", verb="note-application", by=(By("system", "rules"),)):
    """Note that an application is this candidate's."""

    application: Id


class MergeCandidate(Command, stream="candidate", verb="merge", by=_HR):
    """Read this id as another one from now on: both name the same candidate."""

    into: Id


class UnmergeCandidate(Command, stream="candidate", verb="unmerge", by=_HR):
    """Read this id as itself again, with a reason."""


class CandidateMergedAway(Refusal):
    """The id is read as another one: what is to be said belongs there."""

    code = "candidate_merged_away"
    en = "This candidate was merged into another; speak of that one."
    zh = "该候选人已并入另一候选人，请使用后者。"
    accepted_en = "the same command for the candidate it was merged into"
    accepted_zh = "对合并后的候选人使用同一命令"


class KindTwice(Refusal):
    """A candidate declares one group of each kind."""

    code, status = "kind_twice", 422
    en = "A kind of group stands twice in the list."
    zh = "列表中同一类别重复出现。"


class NotMerged(Refusal):
    """There is no merge to undo."""

    code = "candidate_not_merged"
    en = "This candidate is not merged into another."
    zh = "该候选人未并入其他候选人。"


# Decide


def resolved(facts: Facts, candidate: str) -> str:
    """Return the id that a candidate's id stands for: of merged ids the one they were merged into."""
    while (into := facts.state("candidate", candidate).merged_into) is not None:  # merging closes no circle
        candidate = into
    return candidate


def person_of(facts: Facts, candidate: str) -> str | None:
    """Return who a candidate is here, by any of the ids that they are read as."""
    state: CandidateState = facts.state("candidate", candidate)
    while state.person is None and state.merged_into is not None:
        state = facts.state("candidate", state.merged_into)
    return state.person


def live_applications(facts: Facts, candidate: str) -> dict[str, str]:
    """Return requisition -> application for what a candidate has applied for and may still come to something."""
    state: CandidateState = facts.state("candidate", candidate)
    found = {}
    for application, requisition in state.applied.items():
        applied = facts.state("application", application)
        if applied.is_live and resolved(facts, applied.candidate) == resolved(facts, candidate):
            found[requisition] = application
    return found


def decide(command: Command, state: CandidateState, act: Act) -> Event:
    """Return the event of a candidate's command, or refuse it."""
    act.require_happened()
    if isinstance(command, RegisterCandidate):
        if state.registered:
            raise AlreadyExists(kind="candidate")
        act.require_known("person", command.person, field="person")
        return CandidateRegistered(name=command.name, identifiers=command.identifiers, person=command.person)
    if not state.registered:
        raise NotFound()
    match command:
        case NoteApplication(application=application):
            return _applied(application, state, act)
        case DeclareGroups(groups=groups):
            return _declared(groups)
        case MergeCandidate(into=into):
            return _merged(into, state, act)
        case UnmergeCandidate():
            if state.merged_into is None:
                raise NotMerged()
            act.require_reason(command)
            return CandidatesUnmerged(former=state.merged_into)
    raise TypeError(command)


def _declared(groups: tuple[Group, ...]) -> Event:
    """Return the declaration; what was declared before is sealed, so that the same again is recorded again."""
    by_kind = {each.kind: each.group for each in groups}
    if len(by_kind) < len(groups):
        raise KindTwice()
    return CandidateGroupsDeclared(groups=by_kind)


def _applied(application: str, state: CandidateState, act: Act) -> Event:
    act.require_known("application", application, field="application")
    if application in state.applied:
        raise AlreadyRecorded()
    received = act.facts.state("application", application).received
    return CandidateApplied(application=application, requisition=received.requisition)


def _merged(into: str, state: CandidateState, act: Act) -> Event:
    """Return the merge, marked with what now does not go together in one candidate."""
    if state.merged_into is not None:
        raise AlreadyRecorded() if state.merged_into == into else CandidateMergedAway()
    act.require_known("candidate", into, field="into")
    if resolved(act.facts, into) == act.id:
        raise Circle()
    own, other = live_applications(act.facts, act.id), live_applications(act.facts, into)
    if own.keys() & other.keys():
        act.marks.append(APPLIED_TWICE)
    persons = {p for p in (state.person, person_of(act.facts, into)) if p is not None}
    if len({act.facts.resolved(person) for person in persons}) > 1:
        act.marks.append(TWO_PERSONS)
    return CandidatesMerged(into=into)


COMMANDS = (RegisterCandidate, DeclareGroups, NoteApplication, MergeCandidate, UnmergeCandidate)
STREAM = StreamKind("candidate", "candidates", "c", CandidateState(), decide, evolve, COMMANDS)
