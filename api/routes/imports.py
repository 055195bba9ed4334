"""Imports: a history table that two people bring in as testimony, and a command file of the caller's own acts."""

import asyncio
import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.commands import as_model, idempotency, json_response, read_body
from api.exchange.command_file import CHUNK_LINES, CHUNK_LINES_MAX, record_file
from api.exchange.mapping import TableMapping, mapping_of, read_mapping
from api.exchange.ownership import Prepared, confirm, prepare, propose, try_out
from api.exchange.report import ImportReport, Language
from api.paths import PathId
from api.problems import InvalidHeader
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


COMMANDS_MAX_BYTES = 16 << 20
COMMAND_FILES = ("application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines")
FileMode = Annotated[Literal["each", "all"], Query(description="Each line on its own, or `chunk` lines or none.")]
ChunkLines = Annotated[int, Query(ge=1, le=CHUNK_LINES_MAX, description="Lines of one transaction in mode `all`.")]
_COMMAND_FILE: dict[str, Any] = {
    "parameters": _DESCRIBED["parameters"],
    "requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in COMMAND_FILES}},
}


@router.post("/imports", response_class=Response, status_code=201, openapi_extra=_COMMAND_FILE)
async def record_commands(
    asked: Asking,
    request: Request,
    mode: FileMode = "each",
    chunk: ChunkLines = CHUNK_LINES,
    dry_run: DryRun = False,
) -> Response:
    """Record a command file, one command a line, as the caller's own acts; what it held before is not repeated.

    The Idempotency-Key names the file: the same file, grown or mended, is sent again under the same key.
    """
    kind = asked.asker.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in COMMAND_FILES:
        raise InvalidHeader(header="Content-Type")
    body = await read_body(request.scope, request.receive, COMMANDS_MAX_BYTES)
    key = idempotency(asked.asker, request.scope, b"", required=True)
    assert key is not None, "a required key is there"
    report = await record_file(asked.asker, body, key=key.key, mode=mode, chunk=chunk, dry_run=dry_run)
    headers = {"cache-control": "no-store", "content-language": asked.language}
    if report.positions:
        headers["pledger-position"] = str(max(report.positions))
    return json_response(report.as_json(asked.language), 201 if report.positions else 200, headers)


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
