"""Reading: which versions of which policies a person bound by them has read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from ledger.domain.policies.publishing import PolicyState, require_version
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, PersonId, SubjectOf
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, NotFound, Refusal

PolicyId = Annotated[Id, SubjectOf("policy")]

# Events


class PolicyRead(Event, context="policies"):
    """A person bound by a policy has read a version of it; that is no agreement."""

    policy: PolicyId
    version: int
    reader: PersonId


# State


@dataclass(frozen=True, slots=True)
class PolicyReadingState:
    """What one person has read: policy -> versions."""

    read: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def has_read(self, policy: str, version: int) -> bool:
        """Tell whether the person has read that version."""
        return version in self.read.get(policy, frozenset())


def evolve(state: PolicyReadingState, entry: Entry) -> PolicyReadingState:
    """Return the state after `entry`."""
    match entry.event:
        case PolicyRead(policy=policy, version=version):
            return replace(state, read={**state.read, policy: state.read.get(policy, frozenset()) | {version}})
    return state


# Commands


class ReadPolicy(Command, stream="policy-reading", verb="read", by=(By("own", "@"),)):
    """Say that one has read a version of a policy: the one in force if none is named."""

    policy: Id
    version: int | None = Field(default=None, ge=1)


class NotBound(Refusal):
    """The policy binds other units."""

    code, markable = "not_bound", True
    en = "This policy does not bind the person at that time."
    zh = "该制度当时不适用于此人。"


# Decide


def decide(command: Command, state: PolicyReadingState, act: Act) -> Event:
    """Return PolicyRead. The stream's id is the reader's."""
    if not isinstance(command, ReadPolicy):
        raise TypeError(command)
    act.require_happened()
    if not act.facts.exists("person", act.id):
        raise NotFound()
    act.require_known("policy", command.policy, field="policy")
    policy: PolicyState = act.facts.state("policy", command.policy)
    version = require_version(policy, command.version, act.begins)
    if state.has_read(command.policy, version):
        raise AlreadyRecorded()
    _require_bound(policy.versions[version].bound, act)
    return PolicyRead(policy=command.policy, version=version, reader=act.id)


def _require_bound(bound: tuple[str, ...], act: Act) -> None:
    if not act.facts.is_employed(act.id, act.begins):
        act.refuse(AfterLastDay())
    if bound and not set(_units_above(act.facts.unit_of(act.id, act.begins), act.begins, act)) & set(bound):
        act.refuse(NotBound())


def _units_above(unit: str | None, at: datetime, act: Act) -> list[str]:
    found: list[str] = []
    while unit is not None and unit not in found:
        found.append(unit)
        unit = act.facts.state("unit", unit).parent_on(at)
    return found


STREAM = StreamKind(
    "policy-reading",
    "policy-readings",
    "y",
    PolicyReadingState(),
    decide,
    evolve,
    (ReadPolicy,),
    caller_ids=True,
    by_naming=True,
)
