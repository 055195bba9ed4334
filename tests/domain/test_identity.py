"""Identity: roles that end when they say, two people for the strongest ones, tokens that expire."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.domain.identity import (
    EndsBeforeItBegins,
    GrantRole,
    IssueToken,
    NoSuchRole,
    OwnGrant,
    ReservedName,
    RevokeRole,
    RevokeToken,
    Role,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.kernel.event import Subject
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import AlreadyExists, NotFound, UnknownReference
from tests.domain.examples import ANN, DIGEST, HIRED, company, day
from tests.domain.given import Given, Happened, at, given

WORLD = company()


def access(*happened: Happened) -> Given:
    return given("access", "p-ann", *happened, world=WORLD)


def granted(role: Role, by: str, on: str = "2026-01-01") -> Happened:
    return RoleGranted(role=role), day(on), by


def test_nobody_grants_a_role_to_themselves():
    access().when(GrantRole(role=Role.OPERATOR), actor="p-ann").then(OwnGrant)


def test_an_auditor_and_an_hr_administrator_need_two_people():
    for role in (Role.AUDITOR, Role.HR_ADMINISTRATOR):
        once = access(granted(role, "p-hr"), granted(role, "p-hr", "2026-02-01")).state
        assert once.roles_at(at("2026-03-01")) == {}
        twice = access(granted(role, "p-hr"), granted(role, "p-boss", "2026-02-01")).state
        assert role not in twice.roles_at(at("2026-02-01") - ONE_TICK)
        assert role in twice.roles_at(at("2026-02-01"))
    assert Role.HR_PARTNER in access(granted(Role.HR_PARTNER, "p-hr")).state.roles_at(at("2026-03-01"))


def test_a_role_until_a_day_ends_as_that_day_begins():
    subject = access()
    until = GrantRole(role=Role.HR_PARTNER, until=day("2026-09-01"))
    entry = subject.history.do("access", "p-ann", until)
    assert isinstance(entry.event, RoleGranted)
    assert (entry.event.until, entry.event.ends) == (day("2026-09-01"), at("2026-09-01"))
    assert Role.HR_PARTNER in subject.state.roles_at(at("2026-09-01") - ONE_TICK)
    assert Role.HR_PARTNER not in subject.state.roles_at(at("2026-09-01"))
    subject.when(until, on="2026-09-01").then(EndsBeforeItBegins)


def test_a_revoked_role_is_over_and_may_be_granted_again():
    subject = access(granted(Role.OPERATOR, "p-hr"), (RoleRevoked(role=Role.OPERATOR), day("2026-03-01")))
    assert Role.OPERATOR in subject.state.roles_at(at("2026-02-28"))
    assert Role.OPERATOR not in subject.state.roles_at(at("2026-03-01"))
    subject.when(RevokeRole(role=Role.OPERATOR)).then(NoSuchRole)
    subject.when(GrantRole(role=Role.OPERATOR)).then(RoleGranted)
    access().when(RevokeRole(role=Role.AUDITOR)).then(NoSuchRole)


def test_units_of_a_role_are_known():
    access().when(GrantRole(role=Role.HR_PARTNER, units=("nowhere",))).then(UnknownReference)


def test_a_token_expires_at_an_instant_also_when_a_day_was_said():
    subject = given("token", "t-1", world=WORLD)
    subject.history.do("token", "t-1", IssueToken(bearer=ANN, digest=DIGEST, expires_at=day("2026-07-01")))
    assert subject.state.expires_at == datetime(2026, 6, 30, 16, tzinfo=UTC)
    late = IssueToken(bearer=ANN, digest=DIGEST, expires_at=day("2026-06-15"))
    given("token", "t-2", world=WORLD).when(late).then(EndsBeforeItBegins)


def test_a_token_is_issued_once_to_somebody_known_and_revoked_once():
    ask = IssueToken(bearer=Subject(kind="person", id="p-nobody"), digest=DIGEST, expires_at=day("2027-01-01"))
    given("token", "t-1", world=WORLD).when(ask).then(UnknownReference)
    issued = TokenIssued(bearer=ANN, digest=DIGEST, expires_at=at("2027-01-01")), HIRED
    again = given("token", "t-1", issued, world=WORLD)
    again.when(ask.model_copy(update={"bearer": ANN})).then(AlreadyExists)
    again.when(RevokeToken()).then(TokenRevoked(bearer=ANN))
    given("token", "t-1", issued, TokenRevoked(bearer=ANN), world=WORLD).when(RevokeToken()).then(NotFound)


def test_nobody_is_let_in_under_a_name_of_the_ledgers_own():
    for name in ("system:rules", "system:setup"):
        ask = IssueToken(bearer=Subject(kind="system", id=name), digest=DIGEST, expires_at=day("2027-01-01"))
        given("token", "t-9", world=WORLD).when(ask, actor="p-hr").then(ReservedName)
