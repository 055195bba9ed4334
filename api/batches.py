"""Batches: many commands in one request, all or each on its own, later ones seeing earlier ones."""

from typing import Literal

from pydantic import Field
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.commands import (
    as_model,
    flag,
    idempotency,
    json_response,
    query_of,
    read_body,
    receipt_json,
)
from api.entries import Entry, Names, ask_or_refusal
from api.identity import Asker, Identities
from api.problems import WrongMethod, describe, language_of
from api.strict_json import BATCH_MAX_BYTES, read
from ledger.application import Ask, Receipt, Refused
from ledger.kernel.event import Value
from ledger.kernel.ids import pseudonym
from ledger.kernel.refusals import Refusal

COMMANDS_MAX = 5000
PATH = "/batch"


class Batch(Value):
    """`all`: one transaction, or the first refusal; `each`: one result per index."""

    mode: Literal["all", "each"]
    commands: tuple[Entry, ...] = Field(min_length=1, max_length=COMMANDS_MAX)


class BatchRoute(BaseRoute):
    """POST /batch."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path; other methods than POST match in part (405)."""
        if scope["type"] != "http" or scope["path"] != PATH:
            return Match.NONE, {}
        return (Match.FULL if scope["method"] == "POST" else Match.PARTIAL), {"template": PATH}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one batch (ASGI)."""
        if scope["method"] != "POST":
            raise WrongMethod()
        asker = await self._identities.asker(scope)
        body = await read_body(scope, receive, BATCH_MAX_BYTES)
        response = await _answer(asker, scope, body)
        await response(scope, receive, send)


async def _answer(asker: Asker, scope: Scope, body: bytes) -> Response:
    dry_run = flag(query_of(scope["query_string"]), "dry_run")
    key = idempotency(asker, scope, body, required=True)
    batch = as_model(Batch, read(body, BATCH_MAX_BYTES))
    language = language_of(asker.headers.get("accept-language"))
    names = Names(any(entry.let is not None for entry in batch.commands))
    read_commands = [ask_or_refusal(entry, names, asker) for entry in batch.commands]
    refused = next(((i, r) for i, r in enumerate(read_commands) if isinstance(r, Refusal)), None)
    if batch.mode == "all" and refused is not None:
        return refusal_at(refused[0], refused[1], language)
    asks = [ask for ask in read_commands if isinstance(ask, Ask)]
    results = await asker.ledger.record_batch(
        asks, mode=batch.mode, batch_id=pseudonym("b"), idempotency=None if dry_run else key, dry_run=dry_run
    )
    if batch.mode == "all":
        return _all(results, language, dry_run=dry_run)
    return _each(read_commands, results, language)


def refusal_at(index: int, refusal: Refusal, language: str) -> Response:
    """Return the first refusal of a batch that is recorded whole or not at all, with the index of its command."""
    described = {**describe(refusal, language), "index": index}
    response = json_response(described, refusal.status, {"content-language": language})
    response.headers["content-type"] = "application/problem+json"
    return response


def _all(results: list[Receipt | Refused], language: str, *, dry_run: bool) -> Response:
    for result in results:
        if isinstance(result, Refused):
            return refusal_at(result.index, result.refusal, language)
    receipts = [r for r in results if isinstance(r, Receipt)]
    if dry_run:
        return json_response({"dry_run": True, "commands": len(receipts)})
    repeated = any(r.repeated for r in receipts)
    answer = {"batch_id": receipts[0].batch_id, "receipts": [receipt_json(r) for r in receipts]}
    return json_response(answer, 200 if repeated else 201)


def _each(read_commands: list[Ask | Refusal], results: list[Receipt | Refused], language: str) -> Response:
    judged = iter(results)
    rows = [c if isinstance(c, Refusal) else next(judged) for c in read_commands]
    return json_response({"results": [_row(index, row, language) for index, row in enumerate(rows)]})


def _row(index: int, row: Receipt | Refused | Refusal, language: str) -> dict[str, object]:
    if isinstance(row, Receipt):
        return {"index": index, "status": 201, "receipt": receipt_json(row)}
    refusal = row.refusal if isinstance(row, Refused) else row
    return {"index": index, "status": refusal.status, "problem": describe(refusal, language)}
