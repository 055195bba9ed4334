"""What may be done: the commands to one subject that the caller is allowed, with their JSON Schemas."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from api.answers import answer
from api.commands import PLURALS
from api.reading import Asked, Asking
from ledger.domain import STREAM_KINDS
from ledger.facts import LedgerFacts
from ledger.kernel.command import By, Command, StreamKind
from ledger.kernel.ids import check_id, split_stream, stream_name
from ledger.kernel.refusals import NotFound
from ledger.question import Question
from ledger.sight import sees
from ledger.ways import BASES

router = APIRouter(tags=["commands"])
Kind = Annotated[str, Query(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
SubjectId = Annotated[str | None, Query(alias="id", min_length=1, max_length=128)]


@router.get("/commands", response_class=Response)
async def commands(asked: Asking, kind: Kind, id: SubjectId = None) -> Response:
    """Return the commands the caller may give to a subject, or with no id those that begin one of its kind.

    Where the authority hangs on a field of the command, `needs` says on which: lead of its `owner`, for instance.
    """
    stream, key = _target(kind, id)
    found = await asked.ledger.judged(lambda facts: _allowed(asked, facts, stream, key))
    return answer(asked, {"kind": kind, "id": id, "commands": found}, asked.served.watch.size)


def _target(kind: str, id: str | None) -> tuple[StreamKind[object], str | None]:
    """Kinds without streams of their own take the commands on responsibility."""
    stream = STREAM_KINDS.get(kind)
    try:
        key = None if id is None else check_id(id)
    except ValueError:
        raise NotFound() from None
    if stream is not None:
        return stream, key
    if key is None:
        raise NotFound()
    return PLURALS["responsibilities"], stream_name(kind, key)


def _allowed(asked: Asked, facts: LedgerFacts, stream: StreamKind[object], id: str | None) -> list[dict[str, object]]:
    now, actor = asked.ledger.clock.now(), asked.caller.id
    if id is not None:
        kind, bare = split_stream(id) if stream.by_subject else (stream.kind, id)
        if not sees(facts, actor, kind, bare, now):
            raise NotFound()
    state = stream.initial if id is None else facts.state(stream.kind, id)
    exists = stream.by_subject or stream.kind == "access" or (id is not None and facts.exists(stream.kind, id))
    found = []
    for command in stream.commands:
        if command.starts if not exists else (not command.starts or stream.by_subject):
            ways = _ways(Question(actor, _blank(command), id or "", state, now, facts), command)
            if ways:
                found.append(_described(stream, command, id, ways))
    return found


def _blank(command: type[Command]) -> Command:
    return command.model_construct(**dict.fromkeys(command.model_fields))


def _ways(question: Question, command: type[Command]) -> list[str]:
    """Return the bases that hold already, else those that hang on a field the caller is still to fill."""
    open_ways = [way for way in command.by if way.of in command.model_fields]
    held = [way.basis for way in command.by if way not in open_ways and _holds(question, way)]
    return held or [f"{way.basis} of {way.of}" for way in open_ways]


def _holds(question: Question, way: By) -> bool:
    return BASES[way.basis.partition(":")[0]](question, way) is not None


def _described(
    stream: StreamKind[object], command: type[Command], id: str | None, ways: list[str]
) -> dict[str, object]:
    return {
        "verb": command.verb,
        "path": _path(stream, command, id),
        "summary": (command.__doc__ or "").split("\n")[0],
        "needs": [way for way in ways if " of " in way],
        "schema": command.model_json_schema(),
    }


def _path(stream: StreamKind[object], command: type[Command], id: str | None) -> str:
    """Return the path to post to, each part of the id encoded as one segment."""
    ids = [] if id is None else split_stream(id) if stream.by_subject else [id]
    return "/".join(["", stream.plural, *(quote(part, safe="") for part in ids), command.verb])
