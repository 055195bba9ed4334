"""Callers: what a token says, whom it stands for, and which roles they have."""

from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from ledger.asking import Caller, Unauthenticated
from ledger.domain.identity import TokenState
from ledger.facts import LedgerFacts


def token_parts(token: str) -> tuple[str, str, str]:
    """Return (ledger, token id, secret) of a token. Raises Unauthenticated for any other text."""
    pieces = token.removeprefix("pledger_").split(".")
    if not token.startswith("pledger_") or len(pieces) != 3 or not all(pieces):
        raise Unauthenticated()
    return pieces[0], pieces[1], pieces[2]


def secret_digest(secret: str) -> str:
    """Return what is kept of a token's secret: SHA-256 of its 256 random bits, in hexadecimal."""
    return sha256(secret.encode()).hexdigest()


def bearer_of(token_id: str, secret: str, state: TokenState, now: datetime) -> Caller:
    """Return whom a token stands for. Raises Unauthenticated, alike for every fault."""
    right = compare_digest(secret_digest(secret), state.digest or "0" * 64)
    if not right or state.bearer is None or state.revoked:
        raise Unauthenticated()
    if state.expires_at is not None and state.expires_at <= now:
        raise Unauthenticated()
    return Caller(state.bearer.id, f"token/{token_id}", "person" if state.bearer.kind == "person" else "system")


def roles_of(facts: LedgerFacts, caller: Caller, now: datetime) -> frozenset[str]:
    """Return the roles in force, with `employee` and `lead` where they follow from relations."""
    roles = {role.value for role in facts.roles_of(caller.id, now)}
    if caller.kind == "person":
        if facts.is_employed(caller.id, now):
            roles.add("employee")
        if facts.is_lead(caller.id, now):
            roles.add("lead")
    return frozenset(roles)
