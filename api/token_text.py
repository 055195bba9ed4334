"""How a token is written: `pledger_<ledger>.<token id>.<secret>`; told without any part of the service."""

TOKEN_BEGINS = "pledger_"  # noqa: S105  # how a token begins is no secret


def ledger_in(token: str) -> str:
    """Return the ledger's name in a token, or an empty text."""
    return token[len(TOKEN_BEGINS) :].partition(".")[0] if token.startswith(TOKEN_BEGINS) else ""


def token_of(ledger: str, token_id: str, secret: str) -> str:
    """Return the token with this id and secret."""
    return f"{TOKEN_BEGINS}{ledger}.{token_id}.{secret}"
