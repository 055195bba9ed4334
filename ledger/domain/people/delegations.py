"""Delegations: whom a person lets act in their place, for which work and until which minute, and how each ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from ledger.domain.people.lines import require_employed
from ledger.kernel.annulment import pointed_at
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.moments import EffectiveAt, begins
from ledger.kernel.refusals import AlreadyRecorded, NotAllowed, Refusal
from ledger.kernel.timeline import Change, Timelines


class Scope(StrEnum):
    """The work that is delegated, by the context of its commands. What is a person's own word is never delegated."""

    GOALS = "goals"
    RESPONSIBILITIES = "responsibilities"
    FEEDBACK = "feedback"
    REVIEWS = "reviews"
    HIRING = "hiring"
    DUTIES = "duties"
    PEOPLE = "people"


class DelegationEnding(StrEnum):
    """Why a delegation ended."""

    REVOKED = "revoked"
    RETURNED = "returned"
    EXPIRED = "expired"
    LEFT = "left"


# Events


class DelegationGranted(Event, context="people", dated=True):
    """The delegate may act in the person's place, for this work, from then until the minute named."""

    delegation: Id
    delegate: PersonId
    scope: tuple[Scope, ...]
    until: EffectiveAt
    ends: EffectiveAt  # the UTC instant of `until`, in the zone known when it was recorded


class DelegationEnded(Event, context="people", dated=True):
    """The delegation holds no more from then on."""

    delegation: Id
    delegate: PersonId
    ending: DelegationEnding


# State


@dataclass(frozen=True, slots=True)
class Delegation:
    """One delegation as it stands from a change on."""

    delegate: str
    scope: frozenset[Scope]
    ends: datetime
    ended: bool = False

    def holds(self, at: datetime) -> bool:
        """Tell whether it holds at a time; the minute it was granted until is the first it does not."""
        return not self.ended and at < self.ends


Delegations = Timelines[str, Delegation]


def delegated_on(lines: Delegations, at: datetime) -> Iterator[tuple[str, Delegation]]:
    """Yield the delegations that hold at a time, id and terms."""
    return ((id, one) for id, one in lines.on(at).items() if one.holds(at))


def evolve(lines: Delegations, entry: Entry) -> Delegations:
    """Return the delegations after `entry`."""
    match entry.event:
        case DelegationGranted(delegation=id, delegate=delegate, scope=scope, ends=ends) if isinstance(ends, datetime):
            granted = Delegation(delegate, frozenset(scope), ends)
            return lines.with_change(id, Change(entry.begins, entry.position, entry.event_id, granted))
        case DelegationEnded(delegation=id, delegate=delegate):
            over = Delegation(delegate, frozenset(), entry.begins, ended=True)
            return lines.with_change(id, Change(entry.begins, entry.position, entry.event_id, over))
    return lines


# Commands


class GrantDelegation(Command, stream="person", verb="delegate", by=(By("own", "@"), By("lead", "@")), on_behalf=False):
    """Let somebody act in the person's place for a time. Accountability stays where it is."""

    delegate: Id
    scope: tuple[Scope, ...] = Field(min_length=1, max_length=len(Scope))
    until: EffectiveAt = Field(description="the first minute at which it holds no more; a date means its start")


class EndDelegation(
    Command,
    stream="person",
    verb="end-delegation",
    by=(By("own", "@"), By("lead", "@"), By("delegate", "delegation"), By("role:hr_administrator"), By("system")),
    on_behalf=False,
):
    """End a delegation: revoked by the person, returned by the delegate, or noted as expired or left behind."""

    delegation: Id
    ending: DelegationEnding


class DelegateToSelf(Refusal):
    """Work is delegated to somebody else."""

    code, status, rule = "delegate_to_self", 422, "acting_for_another_names_both"
    en = "Nobody acts in their own place."
    zh = "不得委托给被代理人本人。"


class DelegationReversed(Refusal):
    """A delegation ends after it begins."""

    code, status = "delegation_reversed", 422
    en = "The delegation would end before it begins."
    zh = "委托的结束时间早于开始时间。"


class DelegationOver(Refusal):
    """What has ended, or never held, can't end."""

    code = "delegation_over"
    en = "The delegation does not hold at that time."
    zh = "该委托当时并不有效。"


class NotExpired(Refusal):
    """A delegation expires at the minute it was granted until."""

    code, status = "delegation_not_expired", 422
    en = "The delegation was granted until {until}."
    zh = "该委托的有效期至 {until}。"


# Decide


def decide(command: GrantDelegation | EndDelegation, lines: Delegations, act: Act) -> Event:
    """Return the event of a delegation's command, or refuse it."""
    return _granted(command, act) if isinstance(command, GrantDelegation) else _ended(command, lines, act)


def _granted(command: GrantDelegation, act: Act) -> Event:
    act.require_known("person", command.delegate, field="delegate")
    if act.facts.resolved(command.delegate) == act.facts.resolved(act.id):
        raise DelegateToSelf()
    ends = begins(command.until, act.zone)
    if ends <= act.begins:
        raise DelegationReversed()
    require_employed(act, act.id)
    require_employed(act, command.delegate)
    return DelegationGranted(
        delegation=f"d-{act.event_id[-12:]}",
        delegate=command.delegate,
        scope=tuple(dict.fromkeys(command.scope)),
        until=command.until,
        ends=ends,
    )


def _ended(command: EndDelegation, lines: Delegations, act: Act) -> Event:
    last = lines[command.delegation].change_on(act.begins)
    if last is None:
        raise DelegationOver()
    known = last.value
    expired = command.ending is DelegationEnding.EXPIRED
    if known.ended:
        raise AlreadyRecorded()
    if expired and act.begins < known.ends:
        raise NotExpired(until=known.ends.isoformat())
    if not expired and not known.holds(act.begins):
        raise DelegationOver()
    if command.ending is DelegationEnding.RETURNED and not act.is_own(known.delegate):
        act.refuse(NotAllowed(needed="delegate"))
    return DelegationEnded(delegation=command.delegation, delegate=known.delegate, ending=command.ending)


def require_movable(entry: str, lines: Delegations, then: Act) -> None:
    """Refuse to move the beginning of a delegation to a time at which it would be over, or either side is not there."""
    for _, change in pointed_at(lines, entry):
        if not change.value.ended:
            if change.value.ends <= then.begins:
                raise DelegationReversed()
            require_employed(then, then.id)
            require_employed(then, change.value.delegate)


COMMANDS = (GrantDelegation, EndDelegation)
