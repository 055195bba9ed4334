"""Examples of roles and tokens."""

from __future__ import annotations

from ledger.domain.identity import (
    GrantRole,
    IssueToken,
    RevokeRole,
    RevokeToken,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.identity import Role as AccessRole
from tests.domain.examples.company import ANN, DIGEST, HIRED, day
from tests.domain.examples.example import Example

EXAMPLES = (
    Example("access", "p-ann", GrantRole(role=AccessRole.HR_PARTNER, units=("sales",)), RoleGranted),
    Example(
        "access",
        "p-ann",
        RevokeRole(role=AccessRole.HR_PARTNER),
        RoleRevoked,
        before=((RoleGranted(role=AccessRole.HR_PARTNER), HIRED),),
    ),
    Example("token", "t-1", IssueToken(bearer=ANN, digest=DIGEST, expires_at=day("2027-01-01")), TokenIssued),
    Example(
        "token",
        "t-1",
        RevokeToken(),
        TokenRevoked,
        before=(TokenIssued(bearer=ANN, digest=DIGEST, expires_at=day("2027-01-01")),),
    ),
)
