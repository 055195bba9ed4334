"""Every command's route, drawn from the registry: a new command needs nothing here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.identity import Asker, Identities
from api.problems import InvalidHeader, MissingHeader, WrongMethod, as_refusal, invalid
from api.strict_json import BODY_MAX_BYTES, Json, TooLarge, Unreadable, read
from ledger.application import Ask, Idempotency, Receipt
from ledger.domain import COMMANDS, STREAM_KINDS
from ledger.kernel.append import AppendError
from ledger.kernel.command import Command, StreamKind
from ledger.kernel.ids import check_id, check_kind, stream_name
from ledger.kernel.refusals import Invalid, Refusal

M = TypeVar("M", bound=BaseModel)
PLURALS: Mapping[str, StreamKind[Any]] = {stream.plural: stream for stream in STREAM_KINDS.values()}
ACTING_FOR = "Acting-For"  # names in whose place the caller acts; the event then names both
TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a command's path names: the stream's kind, the id unless the server is to make it, the command."""

    stream: StreamKind[Any]
    command: type[Command]
    id: str | None

    @property
    def template(self) -> str:
        """The path with its id left out, for metrics and documents."""
        middle = "" if self.id is None else "/{kind}/{id}" if self.stream.by_subject else "/{id}"
        return f"/{self.stream.plural}{middle}/{self.command.verb}"


def resolve(parts: tuple[str, ...], query_id: str | None = None) -> Target | None:
    """Return what the decoded segments name, or None. Raises Invalid for an id or kind of the wrong form."""
    command, stream = COMMANDS.get((parts[0], parts[-1])), PLURALS.get(parts[0])
    if len(parts) < 2 or command is None or stream is None:
        return None
    ids = parts[1:-1] if query_id is None else (*parts[1:-1], query_id)
    if stream.by_subject and len(ids) == 2:
        return Target(
            stream, command, stream_name(_checked(check_kind, ids[0], "kind"), _checked(check_id, ids[1], "id"))
        )
    if not stream.by_subject and len(ids) == 1:
        return Target(stream, command, _checked(check_id, ids[0], "id"))
    return Target(stream, command, None) if not ids and command.starts and not stream.by_subject else None


def _checked(check: Callable[[str], str], text: str, name: str) -> str:
    try:
        return check(text)
    except ValueError:
        raise Invalid(errors=((f"path/{name}", "value_error"),)) from None


@lru_cache(maxsize=4096)
def query_of(query_string: bytes) -> Mapping[str, str]:
    """Return the query's parameters; of a repeated one the last counts."""
    return dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=50))


@lru_cache(maxsize=256)
def names_in(model: type[BaseModel]) -> frozenset[str]:
    """Return every field name a model's schema knows: the only words a validation error may repeat."""
    found: set[str] = set()

    def walk(schema: object) -> None:
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}))
            for part in schema.values():
                walk(part)
        elif isinstance(schema, list):
            for part in schema:
                walk(part)

    walk(model.model_json_schema())
    return frozenset(found)


def as_model(model: type[M], value: Json | bytes) -> M:
    """Return the model of JSON text or of a value read from it. Raises Invalid with places and codes only."""
    try:
        return model.model_validate_json(value) if isinstance(value, bytes) else model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid([dict(e) for e in found], names_in(model)) from None


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the whole body. Raises TooLarge as soon as it is known to exceed `limit` bytes."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return _within(message.get("body", b""), limit)
    whole = bytearray()
    while message["type"] == "http.request":
        whole += message.get("body", b"")
        _within(whole, limit)
        if not message.get("more_body"):
            return bytes(whole)
        message = await receive()
    raise ClientDisconnect()


def _within(body: bytes | bytearray, limit: int) -> bytes:
    if len(body) > limit:
        raise TooLarge(limit=limit)
    return body  # type: ignore[return-value]  # callers hand in bytes and keep what comes back, or only check


def flag(query: Mapping[str, str], name: str) -> bool:
    """Return a yes-or-no parameter; absent is no. Raises Invalid for anything else than true, false, 1, 0."""
    text = query.get(name, "false")
    if text not in TRUE | FALSE:
        raise Invalid(errors=((f"query/{name}", "bool_parsing"),))
    return text in TRUE


def version_in(text: str | None) -> int | None:
    """Return the stream version that If-Match names, quoted or bare. Raises InvalidHeader for another form."""
    if text is None:
        return None
    bare = text.strip().strip('"')
    if not (bare.isascii() and bare.isdigit() and len(bare) < 10):
        raise InvalidHeader(header="If-Match")
    return int(bare)


def principal_in(text: str | None) -> str | None:
    """Return the id of the person in whose place the caller acts. Raises InvalidHeader for what is no id."""
    if text is None:
        return None
    try:
        return check_id(text.strip())
    except ValueError:
        raise InvalidHeader(header=ACTING_FOR) from None


def key_in(text: str | None) -> str | None:
    """Return the idempotency key. Raises InvalidHeader unless it is 1–255 visible ASCII characters."""
    if text is None:
        return None
    if not 1 <= len(text) <= 255 or not all("!" <= c <= "~" for c in text):
        raise InvalidHeader(header="Idempotency-Key")
    return text


def idempotency(asker: Asker, scope: Scope, body: bytes, *, required: bool = False) -> Idempotency | None:
    """Return key and fingerprint of a request: HMAC over method, path, body and principal."""
    key = key_in(asker.headers.get("idempotency-key"))
    if key is None:
        if required:
            raise MissingHeader(header="Idempotency-Key")
        return None
    said = b"\0".join((scope["method"].encode(), scope["raw_path"], scope["query_string"], body))
    if (principal := asker.headers.get(ACTING_FOR.lower())) is not None:
        said += b"\0" + principal.encode()
    return Idempotency(key, asker.ledger.fingerprint(said))


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """Return the receipt as it is sent, the same for ever."""
    event = f"/events/{receipt.event_id}"
    links = {
        "event": event,
        "proof": f"{event}/proof",
        "duties": f"/duties?cause={receipt.event_id}&min_position={receipt.position}",
    }
    batch = {} if receipt.batch_id is None else {"batch_id": receipt.batch_id}
    return {
        "event_id": receipt.event_id,
        "position": receipt.position,
        "stream": receipt.stream,
        "version": receipt.version,
        "recorded_at": receipt.recorded_at,
        "proof": "recorded",
        "links": links,
        **batch,
    }


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(value), status, headers, "application/json")


class CommandRoute(BaseRoute):
    """One route for all commands: the path is looked up in the registry, the body read strictly, the act recorded."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match any path that the registry knows; other methods than POST match in part (405)."""
        if scope["type"] != "http":
            return Match.NONE, {}
        query = query_of(scope["query_string"]) if b"id=" in scope["query_string"] else {}
        target = resolve(scope["segments"], query.get("id"))
        if target is None:
            return Match.NONE, {}
        found = {"target": target, "template": target.template}
        return (Match.FULL if scope["method"] == "POST" else Match.PARTIAL), found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one command (ASGI)."""
        if scope["method"] != "POST":
            raise WrongMethod()
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        target: Target = scope["target"]
        asker = await self._identities.asker(scope)
        body = await read_body(scope, receive, BODY_MAX_BYTES)
        try:
            ask = ask_for(target, command_in(target, body), asker, version_in(asker.headers.get("if-match")))
        except Refusal as refusal:
            note_unread(asker, target, refusal)
            raise
        try:
            return await self._recorded(ask, asker, scope, body)
        except AppendError as error:
            if ask.if_match is not None and as_refusal(error).status == 409:
                raise as_refusal(error, if_match=True) from None
            raise

    async def _recorded(self, ask: Ask, asker: Asker, scope: Scope, body: bytes) -> Response:
        dry_run = flag(query_of(scope["query_string"]), "dry_run") if scope["query_string"] else False
        key = idempotency(asker, scope, body)
        receipt = await asker.ledger.record(ask, idempotency=None if dry_run else key, dry_run=dry_run)
        if dry_run:
            return json_response({"dry_run": True, "stream": receipt.stream, "version": receipt.version})
        sent = receipt_json(receipt)
        return json_response(sent, 200 if receipt.repeated else 201, {"location": f"/events/{receipt.event_id}"})


def note_unread(asker: Asker, target: Target, refusal: Refusal) -> None:
    """Note an attempt whose body was no command: the ledger was never asked."""
    kind, verb = target.stream.kind, target.command.verb
    asker.ledger.refused.note_attempt(
        asker.caller.id, asker.caller.credential, kind, target.id or "", verb, refusal.code
    )


def command_in(target: Target, body: bytes) -> Command:
    """Return the command in a body; an empty one has no fields. Raises what the strict reader raises, and Invalid."""
    if not body:
        return as_model(target.command, b"{}")
    if not isinstance(read(body), dict):
        raise Unreadable() if not body.strip() else Invalid(errors=(("", "model_type"),))
    return as_model(target.command, body)


def ask_for(target: Target, command: Command, asker: Asker, if_match: int | None) -> Ask:
    """Return what the ledger is asked: the actor always comes from the token, in whose place from a header."""
    named = target.id is not None and target.command.starts and not target.stream.caller_ids
    if named and not target.command.repeats:
        raise Invalid(errors=(("path/id", "made_by_the_server"),))
    return Ask(
        command=command,
        kind=target.stream.kind,
        id=target.id,
        caller=asker.caller,
        if_match=if_match,
        principal=principal_in(asker.headers.get(ACTING_FOR.lower())),
        continues=named,
    )
