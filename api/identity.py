"""Who is asking: a bearer token, from the Authorization header only, names the ledger and the caller."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

from api.services import Served, Services
from api.token_text import ledger_in
from ledger.application import Caller, Ledger, Unauthenticated

TOKEN_MAX_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Asker:
    """A caller who is known, the ledger the token is bound to, and the request's headers (names in lower case)."""

    caller: Caller
    served: Served
    headers: Mapping[str, str]

    @property
    def ledger(self) -> Ledger:
        """The ledger the token is bound to."""
        return self.served.ledger


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; of a repeated one the last counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


class Identities:
    """Recognises callers. Nothing is remembered here: a revoked token opens nothing from the moment it is revoked."""

    def __init__(self, services: Services) -> None:
        self._ledgers = services.ledgers

    async def asker(self, scope: Scope) -> Asker:
        """Return who asks. Raises Unauthenticated, with one and the same answer whatever is wrong with the token."""
        headers = headers_of(scope)
        token = bearer(headers.get("authorization", ""))
        served = self._ledgers.get(ledger_in(token))
        if served is None:
            raise Unauthenticated()
        return Asker(await served.ledger.authenticate(token), served, headers)


def bearer(header: str) -> str:
    """Return the token in an Authorization header (RFC 6750 §2.1). Raises Unauthenticated for any other form."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= TOKEN_MAX_LENGTH:
        raise Unauthenticated()
    return token
