"""The OpenAPI document: the routes as FastAPI describes them, and every command with its JSON Schema."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.batches import PATH as BATCH_PATH
from api.batches import Batch
from api.commands import PLURALS
from ledger.kernel.command import Command, StreamKind

Document = dict[str, Any]
_TEMPLATE = "#/components/schemas/{model}"
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 128}}
_KIND = {"name": "kind", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}}
_HEADERS = [
    {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}},
    {"name": "If-Match", "in": "header", "schema": {"type": "string", "pattern": "^[0-9]{1,9}$"}},
    {"name": "Acting-For", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 128}},
    {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}},
]
_RECEIPT: Document = {
    "type": "object",
    "required": ["event_id", "position", "stream", "version", "recorded_at", "proof", "links"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "position": {"type": "integer", "minimum": 1},
        "stream": {"type": "string"},
        "version": {"type": "integer", "minimum": 0},
        "recorded_at": {"type": "string", "format": "date-time"},
        "proof": {"const": "recorded"},
        "links": {"type": "object", "additionalProperties": {"type": "string"}},
        "batch_id": {"type": "string"},
    },
}
_PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code", "rule", "accepted")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"at": {"type": "string"}, "code": {"type": "string"}}},
        },
    },
}
PROBLEM_RESPONSE: Document = {
    "description": "Refused (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describing(app: FastAPI) -> Callable[[], Document]:
    """Return a function that makes the document once and gives it ever after."""
    routes = app.openapi

    def whole() -> Document:
        if app.openapi_schema is None or "x-commands" not in app.openapi_schema:
            app.openapi_schema = _with_commands(routes())
        return app.openapi_schema

    return whole


def _with_commands(document: Document) -> Document:
    commands = [command for stream in PLURALS.values() for command in stream.commands]
    models: list[Any] = [(model, "validation") for model in dict.fromkeys([*commands, Batch])]
    names, definitions = models_json_schema(models, ref_template=_TEMPLATE)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update({**definitions.get("$defs", {}), "Receipt": _RECEIPT, "Problem": _PROBLEM})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for stream in PLURALS.values():
        for command in stream.commands:
            for path, parameters in _paths(stream, command):
                schema = names[command, "validation"]
                document["paths"].setdefault(path, {})["post"] = _operation(stream, command, path, parameters, schema)
    document["paths"][BATCH_PATH] = {"post": _batch(names[Batch, "validation"])}
    document["x-commands"] = len(commands)
    return document


def _paths(stream: StreamKind[Any], command: type[Command]) -> list[tuple[str, list[Document]]]:
    if stream.by_subject:
        return [(f"/{stream.plural}/{{kind}}/{{id}}/{command.verb}", [_KIND, _ID])]
    paths: list[tuple[str, list[Document]]] = []
    if command.starts:
        paths.append((f"/{stream.plural}/{command.verb}", []))
    if not command.starts or stream.caller_ids:
        paths.append((f"/{stream.plural}/{{id}}/{command.verb}", [_ID]))
    return paths


def _operation(
    stream: StreamKind[Any], command: type[Command], path: str, parameters: list[Document], schema: Document
) -> Document:
    receipt = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}}}
    made = "" if parameters else "_new"
    return {
        "operationId": f"{stream.kind}_{command.verb}{made}".replace("-", "_"),
        "tags": [stream.plural],
        "summary": (command.__doc__ or "").split("\n")[0],
        "security": [{"bearer": []}],
        "parameters": [*parameters, *_HEADERS],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "201": {"description": "Recorded", **receipt},
            "200": {"description": "Recorded before under this key, or a dry run"},
            "4XX": PROBLEM_RESPONSE,
            "503": PROBLEM_RESPONSE,
        },
    }


def _batch(schema: Document) -> Document:
    return {
        "operationId": "batch",
        "tags": ["batch"],
        "summary": "Many commands in one request.",
        "security": [{"bearer": []}],
        "parameters": [{**_HEADERS[0], "required": True}, _HEADERS[2]],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "201": {"description": "All recorded"},
            "200": {"description": "One result per index"},
            "4XX": PROBLEM_RESPONSE,
            "503": PROBLEM_RESPONSE,
        },
    }
