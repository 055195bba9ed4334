"""Imports: a history table tried out, proposed by one HR administrator and confirmed by another."""

import asyncio
import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.commands import as_model, idempotency, json_response, read_body
from api.exchange.mapping import TableMapping, mapping_of, read_mapping
from api.exchange.ownership import Prepared, confirm, prepare, propose, try_out
from api.exchange.report import ImportReport, Language
from api.paths import PathId
from api.reading import Asked, Asking
from api.strict_json import read
from ledger.kernel.event import Value
from ledger.kernel.refusals import Invalid

FILE_MAX_BYTES = 16 << 20
BODY_MAX_BYTES = FILE_MAX_BYTES * 4 // 3 + (128 << 10)
router = APIRouter(tags=["imports"])
DryRun = Annotated[bool, Query(description="Judge every row by every rule and record nothing.")]


class Upload(Value):
    """A file in base64 with its mapping: an object, or the text of a mapping file; none for documented headers."""

    content_base64: str = Field(min_length=1)
    filename: str | None = Field(default=None, max_length=255, description="For the sender's own sake; not kept.")
    mapping: dict[str, object] | str | None = None


_DESCRIBED: dict[str, Any] = {
    "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": Upload.model_json_schema()}}},
}


@router.post("/imports/ownership", response_class=Response, status_code=201, openapi_extra=_DESCRIBED)
async def propose_import(asked: Asking, request: Request, dry_run: DryRun = False) -> Response:
    """Propose a table, or with `dry_run` return what recording it would give. Needs an Idempotency-Key."""
    body = await read_body(request.scope, request.receive, BODY_MAX_BYTES)
    key = idempotency(asked.asker, request.scope, body, required=True)
    prepared = await _prepared(asked, body)
    if dry_run:
        return _answer(asked, await try_out(asked.ledger, prepared, asked.caller), 200)
    report = await propose(asked.ledger, prepared, asked.caller, idempotency=key)
    return _answer(asked, report, 201)


@router.post("/imports/ownership/{id}/confirm", response_class=Response, status_code=201, openapi_extra=_DESCRIBED)
async def confirm_import(asked: Asking, request: Request, id: PathId) -> Response:
    """Confirm a proposed table by sending it again, and record its rows. Needs an Idempotency-Key."""
    body = await read_body(request.scope, request.receive, BODY_MAX_BYTES)
    key = idempotency(asked.asker, request.scope, body, required=True)
    prepared = await _prepared(asked, body)
    return _answer(asked, await confirm(asked.ledger, prepared, id, asked.caller, idempotency=key), 201)


async def _prepared(asked: Asked, body: bytes) -> Prepared:
    data, mapping = await asyncio.to_thread(_read_upload, body)
    return await prepare(asked.ledger, data, mapping)


def _read_upload(body: bytes) -> tuple[bytes, TableMapping | None]:
    upload = as_model(Upload, read(body, BODY_MAX_BYTES))
    try:
        data = base64.b64decode(upload.content_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(errors=(("content_base64", "base64"),)) from None
    if upload.mapping is None:
        return data, None
    return data, read_mapping(upload.mapping.encode()) if isinstance(upload.mapping, str) else mapping_of(
        upload.mapping
    )


def _answer(asked: Asked, report: ImportReport, status: int) -> Response:
    language: Language = "zh" if asked.language == "zh" else "en"
    headers = {"cache-control": "no-store", "content-language": language}
    if report.last_position is not None:
        headers["pledger-position"] = str(report.last_position)
    return json_response(report.as_json(language), status, headers)
