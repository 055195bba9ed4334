"""Publishing: versions of a policy, each in force from a time that never lies before its recording, and reviews."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from ledger.kernel.annulment import (
    DatedFact,
    EntryRedated,
    applied,
    commands_for,
    decide_annulment,
    is_annulment,
    remember,
)
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, Seal
from ledger.kernel.ids import Id, Label, UnitId
from ledger.kernel.policy import STANDING, PolicyInForce, PolicyTerms
from ledger.kernel.refusals import NotFound, Refusal
from ledger.kernel.texts import Note
from ledger.kernel.timeline import Change, Timelines

PolicyText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Version = Annotated[int, Field(ge=1)]


class Finding(StrEnum):
    """What a review finds: the policy does what it should, it should change, or it should go."""

    KEEP = "keep"
    CHANGE = "change"
    RETIRE = "retire"


# Events


class PolicyPublished(Event, context="policies", dated=True):
    """A version of a policy: its terms, its text in both languages, and the units that it binds (all where none)."""

    version: Version
    label: Label
    terms: PolicyTerms | None = None
    bound: tuple[UnitId, ...] = ()
    text_zh: Annotated[PolicyText | None, Seal(OWN_STREAM, "policy")] = None
    text_en: Annotated[PolicyText | None, Seal(OWN_STREAM, "policy")] = None


class PolicyReviewed(Event, context="policies"):
    """A version was held against its effects."""

    version: Version
    finding: Finding
    cycle: Id | None = None
    note: Annotated[Note | None, Seal(OWN_STREAM, "policy")] = None


# State


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it was published."""

    version: int
    label: str
    terms: PolicyTerms
    bound: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyState:
    """The versions of one policy, on the timeline of when each is in force."""

    versions: Mapping[int, Published] = field(default_factory=dict)
    lines: Timelines[str, int] = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)
    reviewed: tuple[int, ...] = ()

    def version_on(self, at: datetime) -> Published | None:
        """Return the version in force, or None before the first."""
        version = self.lines["version"].value_on(at)
        return None if version is None else self.versions[version]

    def in_force(self, id: str, at: datetime) -> PolicyInForce:
        """Return what holds at a time; the defaults before the first version."""
        published = self.version_on(at)
        return PolicyInForce(id) if published is None else PolicyInForce(id, published.version, published.terms)


def evolve(state: PolicyState, entry: Entry) -> PolicyState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(
            state, lines=applied(state.lines, _not_before_recorded(entry)), dated=remember(state.dated, entry)
        )
    match entry.event:
        case PolicyPublished(version=version, label=label, terms=terms, bound=bound):
            published = Published(version, label, terms or PolicyTerms(), bound)
            # The commit comes a moment after the judgement: what was recorded in between still saw the version before.
            change = Change(max(entry.begins, entry.recorded_at), entry.position, entry.event_id, version)
            return replace(
                state,
                versions={**state.versions, version: published},
                lines=state.lines.with_change("version", change),
                dated=remember(state.dated, entry),
            )
        case PolicyReviewed(version=version):
            return replace(state, reviewed=(*state.reviewed, version))
    return state


def _not_before_recorded(entry: Entry) -> Entry:
    event = entry.event
    if not isinstance(event, EntryRedated) or not isinstance(event.new_begins, datetime):
        return entry
    return replace(entry, event=event.model_copy(update={"new_begins": max(event.new_begins, entry.recorded_at)}))


# Commands

_HR = (By("role:hr_administrator"),)


class PublishPolicy(Command, stream="policy", verb="publish", by=_HR, starts=True, repeats=True):
    """Publish the next version of a policy, in force from now or a later time on."""

    label: Label
    terms: PolicyTerms | None = Field(default=None, description=f"only for the policy `{STANDING}`, whole")
    bound: tuple[Id, ...] = Field(default=(), max_length=500, description="the units it binds; all where none is named")
    text_zh: PolicyText
    text_en: PolicyText


class ReviewPolicy(Command, stream="policy", verb="review", by=_HR):
    """Say what became of a version: the latest in force if none is named."""

    version: Version | None = None
    finding: Finding
    cycle: Id | None = None
    note: Note | None = None


AnnulPolicyEntry, RedatePolicyEntry = commands_for("policy", _HR)


class PolicyLooksBack(Refusal):
    """A policy never takes effect before it is recorded, and one that has taken effect stays."""

    code, status, rule = "policy_looks_back", 422, "later_rules_do_not_judge_earlier_acts"
    en = "A policy takes effect from its recording on, never before; one that was in force stays in force for then."
    zh = "制度自记录之时起生效，不得溯及既往；已经生效的制度对当时仍然有效。"
    accepted_en = "no effective time (now), or {tomorrow} and later"
    accepted_zh = "不填生效时间（即刻生效），或不早于 {tomorrow}"


class TermsElsewhere(Refusal):
    """Terms stand in the standing policy, and in no other."""

    code, status = "terms_elsewhere", 422
    en = "Terms are stated by the policy `{policy}`, and it can't do without."
    zh = "条款由制度“{policy}”载明，且该制度必须载明条款。"


class NoSuchVersion(Refusal):
    """The version was not published, or is not in force yet."""

    code, status = "no_such_version", 422
    en = "This version of the policy is not in force at that time."
    zh = "该版本的制度当时尚未生效。"


# Decide


def decide(command: Command, state: PolicyState, act: Act) -> Event:
    """Return the event of a policy's command, or refuse it."""
    if isinstance(command, PublishPolicy):
        return _published(command, state, act)
    if not state.versions:
        raise NotFound()
    if isinstance(command, DatedFact):
        return _annulled(command, state, act)
    if isinstance(command, ReviewPolicy):
        act.require_happened()
        version = require_version(state, command.version, act.begins)
        return PolicyReviewed(version=version, finding=command.finding, cycle=command.cycle, note=command.note)
    raise TypeError(command)


def _published(command: PublishPolicy, state: PolicyState, act: Act) -> Event:
    _require_ahead(act.begins, act)
    if (command.terms is None) is (act.id == STANDING):
        raise TermsElsewhere(policy=STANDING)
    for unit in command.bound:
        act.require_known("unit", unit, field="bound")
    if command.terms is not None:
        for office, person in command.terms.offices.holders().items():
            act.require_known("person", person, field=f"terms.offices.{office}")
    return PolicyPublished(
        version=max(state.versions, default=0) + 1,
        label=command.label,
        terms=command.terms,
        bound=tuple(dict.fromkeys(command.bound)),
        text_zh=command.text_zh,
        text_en=command.text_en,
    )


def _annulled(command: DatedFact, state: PolicyState, act: Act) -> Event:
    """Only a version that is still to come can be taken out or moved, and only to a time that is to come."""
    event = decide_annulment(command, state.dated, act)
    change = next(c for c in state.lines["version"].changes if c.event_id == command.entry)
    if change.at <= act.now:
        raise _looks_back(act)
    if isinstance(event, EntryRedated) and isinstance(event.new_begins, datetime):
        _require_ahead(event.new_begins, act)
    return event


def _require_ahead(at: datetime, act: Act) -> None:
    if at < act.now:
        raise _looks_back(act)


def _looks_back(act: Act) -> PolicyLooksBack:
    return PolicyLooksBack(tomorrow=(act.today + timedelta(days=1)).isoformat())


def require_version(state: PolicyState, version: int | None, at: datetime) -> int:
    """Return the version asked for, else the one in force. Raises NoSuchVersion for one that never was in force."""
    begun = {change.value for change in state.lines["version"].changes if change.at <= at}
    current = state.version_on(at)
    wanted = version or (current.version if current is not None else 0)
    if wanted not in begun:
        raise NoSuchVersion()
    return wanted


COMMANDS = (PublishPolicy, ReviewPolicy, AnnulPolicyEntry, RedatePolicyEntry)
STREAM = StreamKind("policy", "policies", "y", PolicyState(), decide, evolve, COMMANDS, caller_ids=True)
