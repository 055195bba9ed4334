"""Batches: what was recorded together, and the act that takes all of it back."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.answers import After, Keyset, Limit, MinPosition, table
from api.commands import as_model, idempotency, json_response, read_body, receipt_json
from api.paths import PathId
from api.reading import Asking
from api.reversals import NAME, reverse, state_of
from api.routes.imports import DryRun
from api.routes.trail import line_rows
from api.snapshots import put
from api.strict_json import BODY_MAX_BYTES, read
from api.visible import Key, recorded, visible_page
from ledger.kernel.event import Value
from ledger.kernel.ids import Code
from ledger.kernel.refusals import NotFound
from projections.audit_trail import queries
from projections.audit_trail.queries import TrailLine

router = APIRouter(tags=["batches"])


class Reversal(Value):
    """Why the batch is taken back."""

    reason: Code = Field(description="A reason code.")


_DESCRIBED: dict[str, Any] = {
    "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": Reversal.model_json_schema()}}},
}


@router.get("/batches/{id}", response_class=Response)
async def batch(
    asked: Asking, id: PathId, limit: Limit = 100, after: After = None, min_position: MinPosition = None
) -> Response:
    """Return the events of a batch that the caller may see, in order, and whether it was taken back."""

    async def page(key: Key | None, rows: int) -> list[TrailLine]:
        place = None if key is None else int(key[0])
        return await put(asked, NAME, lambda view: queries.by_batch(view, id, after=place, limit=rows), min_position)

    keyset = Keyset(asked, f"batch {id}")
    lines, key = await visible_page(
        asked,
        page,
        key_of=lambda line: (line.position,),
        subject_of=lambda line: line.stream,
        after=keyset.read(after),
        limit=limit,
        kept=lambda line: asked.is_kept_from(recorded(line)),
    )
    if not lines and after is None:
        raise NotFound()
    more = {"batch": id, "reversed": (await state_of(asked, id)).events is not None}
    position = asked.served.runner.positions.get(NAME)
    next = None if key is None else keyset.make(key)
    return table(asked, await line_rows(asked, lines), position, next=next, more=more)


@router.post("/batches/{id}/reverse", response_class=Response, status_code=201, openapi_extra=_DESCRIBED)
async def reverse_batch(asked: Asking, request: Request, id: PathId, dry_run: DryRun = False) -> Response:
    """Take back all events of a batch in one act, or none. Needs an Idempotency-Key and a reason code.

    The caller needs for each event the authority to take it back alone. The refusal names by place and code what
    can't be taken back.
    """
    body = await read_body(request.scope, request.receive, BODY_MAX_BYTES)
    key = idempotency(asked.asker, request.scope, body, required=True)
    wish = as_model(Reversal, read(body))
    done = await reverse(asked, id, wish.reason, None if dry_run else key, dry_run=dry_run)
    if dry_run:
        return json_response({"dry_run": True, "batch": id, "events": done.events})
    answer = {"batch": id, "batch_id": done.receipt.batch_id, "events": done.events}
    return json_response({**answer, "receipt": receipt_json(done.receipt)}, 200 if done.receipt.repeated else 201)
