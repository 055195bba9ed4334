"""`pledger tokens`: issued, shown once, revoked and listed, over the running service."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from api.cli.console import Fields, as_json, say, show_table
from api.cli.options import AsJson, AsRole, Data, LedgerName
from api.cli.questions import moment
from api.token_text import token_of

if TYPE_CHECKING:
    import httpx2

ADMINISTRATOR = "hr_administrator"
ISSUED, REVOKED = "identity.TokenIssued", "identity.TokenRevoked"
PAGE = 1000
app = typer.Typer(help="Tokens of persons and systems.", no_args_is_help=True)
Bearer = Annotated[str, typer.Argument(help="A person's id, or system:NAME.", show_default=False)]


@app.command()
def issue(
    bearer: Bearer,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long it opens anything.")] = 90,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Issue a token and print it, this once. The secret is drawn here: the service sees only its digest."""
    from api.cli.service import answered, client, way

    asked, secret = way(data, ledger, as_role or ADMINISTRATOR), secrets.token_urlsafe(32)
    kind = "system" if bearer.startswith("system:") else "person"
    expires_at = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0).isoformat()
    body = {
        "bearer": {"kind": kind, "id": bearer.removeprefix("person/")},
        "digest": hashlib.sha256(secret.encode()).hexdigest(),
        "expires_at": expires_at,
    }
    with client(asked) as service:
        receipt = answered(service.post("/tokens/issue", json=body), machine=json)
    token_id = str(receipt["stream"]).removeprefix("token/")
    token = token_of(asked.ledger, token_id, secret)
    if json:
        as_json({"token": token, "id": token_id, "bearer": bearer, "expires_at": expires_at, "receipt": receipt})
        return
    say(token)
    say(f"Shown this once. Its id is {token_id}; it ends on {moment(expires_at)} UTC.")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token: t-….", show_default=False)],
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Revoke a token: from now on it opens nothing."""
    from api.cli.service import answered, client, way

    with client(way(data, ledger, as_role or ADMINISTRATOR)) as service:
        receipt = answered(service.post(f"/tokens/{quote(id, safe='')}/revoke", json={}), machine=json)
    as_json(receipt) if json else say(f"{id} is revoked (position {receipt['position']}).")


@app.command("list")
def list_tokens(
    all: Annotated[bool, typer.Option("--all", help="Also the expired and revoked ones.")] = False,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """List whose tokens there are, by whom they were issued, and until when."""
    from api.cli.service import client, way

    with client(way(data, ledger, as_role or ADMINISTRATOR)) as service:
        rows = [row for row in _tokens(service, machine=json).values() if all or row["state"] == "open"]
    if json:
        as_json({"tokens": rows})
        return
    columns = ("id", "bearer", "issued_at", "issued_by", "expires_at", "state")
    show_table("Tokens", columns, [{**row, "issued_at": moment(row["issued_at"])} for row in rows])


def _tokens(service: "httpx2.Client", *, machine: bool) -> dict[str, Fields]:
    """Return id -> token, read from the feed: every issue and revocation is an event."""
    from api.cli.service import refuse

    tokens: dict[str, Fields] = {}
    asked: Fields = {"type": [ISSUED, REVOKED], "limit": PAGE}
    while True:
        response = service.get("/events", params=asked)
        if not response.is_success:
            refuse(response, machine=machine)
        for event in response.json():
            _take(tokens, event)
        if response.headers["pledger-at-head"] == "true":
            return tokens
        asked["after"] = response.headers["pledger-cursor"]


def _take(tokens: dict[str, Fields], event: Fields) -> None:
    id = str(event["subject"]).removeprefix("token/")
    if str(event["type"]).startswith(REVOKED):
        if id in tokens:
            tokens[id]["state"] = "revoked"
        return
    expires_at = str(event["data"]["expires_at"])
    tokens[id] = {
        "id": id,
        "bearer": event["data"]["bearer"]["id"],
        "issued_at": event["time"],
        "issued_by": event["actor"],
        "expires_at": expires_at,
        "state": "open" if datetime.fromisoformat(expires_at) > datetime.now(UTC) else "expired",
    }
