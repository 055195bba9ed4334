"""Who may speak: roles as dated events, and tokens by which a person or system is recognised."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.ids import Id, UnitId
from ledger.kernel.moments import EffectiveAt, begins
from ledger.kernel.refusals import AlreadyExists, NotFound, Refusal


class Role(StrEnum):
    """What somebody may be in this ledger besides what follows from relations (employee, lead)."""

    HR_PARTNER = "hr_partner"
    HR_ADMINISTRATOR = "hr_administrator"
    AUDITOR = "auditor"
    SUBSCRIBER = "subscriber"
    OPERATOR = "operator"


Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
NEEDS_TWO = frozenset({Role.HR_ADMINISTRATOR, Role.AUDITOR})
SYSTEM = "system:"
RESERVED = frozenset({"system:setup", "system:rules", "system:erasure"})  # act from within only


# Events


class RoleGranted(Event, context="identity"):
    """The subject of this stream has a role, for given units or all, until a day or further notice."""

    role: Role
    units: tuple[UnitId, ...] = ()
    until: EffectiveAt | None = None
    ends: EffectiveAt | None = None  # the UTC instant of `until`, in the zone known when it was recorded


class RoleRevoked(Event, context="identity"):
    """The subject has the role no more."""

    role: Role


class TokenIssued(Event, context="identity"):
    """A token was made for somebody; only the digest of its 256 random bits is kept."""

    bearer: Subject
    digest: Digest
    expires_at: EffectiveAt


class TokenRevoked(Event, context="identity"):
    """The token opens nothing any more."""

    bearer: Subject


# State


@dataclass(frozen=True, slots=True)
class Grant:
    """One act of granting a role."""

    role: Role
    by: str
    begins: datetime
    until: datetime | None
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessState:
    """The roles of one person or system."""

    grants: tuple[Grant, ...] = ()

    def roles_at(self, at: datetime) -> dict[Role, tuple[Grant, ...]]:
        """Return the roles in force with their grants. Auditor and HR administrator need grants by two people."""
        running = [g for g in self.grants if g.begins <= at and (g.until is None or at < g.until)]
        held = {role: tuple(g for g in running if g.role is role) for role in {g.role for g in running}}
        return {role: grants for role, grants in held.items() if _suffices(role, grants)}


def _suffices(role: Role, grants: tuple[Grant, ...]) -> bool:
    granters = {g.by for g in grants}
    return role not in NEEDS_TWO or len(granters) > 1 or any(g.startswith(SYSTEM) for g in granters)


def evolve_access(state: AccessState, entry: Entry) -> AccessState:
    """Return the state after `entry`."""
    match entry.event:
        case RoleGranted(role=role, units=units, ends=until):
            ends = until if isinstance(until, datetime) else None
            return replace(state, grants=(*state.grants, Grant(role, entry.actor, entry.begins, ends, units)))
        case RoleRevoked(role=role):
            return replace(state, grants=tuple(_ended(g, role, entry.begins) for g in state.grants))
    return state


def _ended(grant: Grant, role: Role, at: datetime) -> Grant:
    if grant.role is not role or (grant.until is not None and grant.until <= at):
        return grant
    return replace(grant, until=at)


@dataclass(frozen=True, slots=True)
class TokenState:
    """A token: whose, its digest, until when."""

    bearer: Subject | None = None
    digest: str = ""
    expires_at: datetime | None = None
    revoked: bool = False


def evolve_token(state: TokenState, entry: Entry) -> TokenState:
    """Return the state after `entry`."""
    match entry.event:
        case TokenIssued(bearer=bearer, digest=digest, expires_at=expires_at):
            ends = expires_at if isinstance(expires_at, datetime) else None
            return TokenState(bearer=bearer, digest=digest, expires_at=ends)
        case TokenRevoked():
            return replace(state, revoked=True)
    return state


# Commands

_GRANTERS = (By("system"), By("role:hr_administrator"))


class GrantRole(Command, stream="access", verb="grant", by=(*_GRANTERS, By("operator_for_system"))):
    """Give the subject a role. Auditor and HR administrator are in force once two people have granted them."""

    role: Role
    units: tuple[Id, ...] = ()
    until: EffectiveAt | None = None


class RevokeRole(Command, stream="access", verb="revoke", by=_GRANTERS):
    """Take a role away."""

    role: Role


class IssueToken(Command, stream="token", verb="issue", by=(*_GRANTERS, By("operator_for_system")), starts=True):
    """Issue a token; the secret is made by the server, shown once and never stored."""

    bearer: Subject
    digest: Digest
    expires_at: EffectiveAt


class RevokeToken(Command, stream="token", verb="revoke", by=(*_GRANTERS, By("own_token"))):
    """Revoke a token."""


class NoSuchRole(Refusal):
    """The role is not held."""

    code = "role_not_held"
    en = "That role is not held."
    zh = "未持有该角色。"


class EndsBeforeItBegins(Refusal):
    """What is granted for a time ends after it begins."""

    code, status = "ends_before_it_begins", 422
    en = "It would end before it begins."
    zh = "结束时间早于开始时间。"


class ReservedName(Refusal):
    """Under the names of the ledger's own acts nobody is let in from outside."""

    code, status = "reserved_name", 403
    en = "This name is the ledger's own: no token is issued for it."
    zh = "该名称为账本自身保留，不可签发令牌。"


class OwnGrant(Refusal):
    """Nobody grants a role to themselves."""

    code, status, rule = "own_grant", 403, "nobody_approves_their_own_act"
    en = "Nobody grants a role to themselves."
    zh = "不得为自己授予角色。"


# Decide


def decide_access(command: Command, state: AccessState, act: Act) -> Event:
    """Return the event of a grant or revoke command. The stream's id is the person's or system's id."""
    match command:
        case GrantRole(role=role, units=units, until=until):
            if act.is_own(act.id):
                raise OwnGrant()
            for unit in units:
                act.require_known("unit", unit, field="units")
            ends = None if until is None else begins(until, act.facts.zone)
            if ends is not None and ends <= act.begins:
                raise EndsBeforeItBegins()
            return RoleGranted(role=role, units=units, until=until, ends=ends)
        case RevokeRole(role=role):
            if not any(g.role is role and (g.until is None or g.until > act.begins) for g in state.grants):
                raise NoSuchRole()
            return RoleRevoked(role=role)
    raise TypeError(command)


def decide_token(command: Command, state: TokenState, act: Act) -> Event:
    """Return the event of an issue or revoke command."""
    match command:
        case IssueToken(bearer=bearer, digest=digest, expires_at=expires_at):
            if state.bearer is not None:
                raise AlreadyExists(kind="token")
            if bearer.id in RESERVED:
                raise ReservedName()
            if bearer.kind == "person":
                act.require_known("person", bearer.id, field="bearer")
            ends = begins(expires_at, act.facts.zone)
            if ends <= act.begins:
                raise EndsBeforeItBegins()
            return TokenIssued(bearer=bearer, digest=digest, expires_at=ends)
        case RevokeToken():
            if state.bearer is None or state.revoked:
                raise NotFound()
            return TokenRevoked(bearer=state.bearer)
    raise TypeError(command)


STREAMS = (
    StreamKind(
        "access",
        "access",
        "a",
        AccessState(),
        decide_access,
        evolve_access,
        (GrantRole, RevokeRole),
        caller_ids=True,
        by_naming=True,
    ),
    StreamKind("token", "tokens", "t", TokenState(), decide_token, evolve_token, (IssueToken, RevokeToken)),
)
