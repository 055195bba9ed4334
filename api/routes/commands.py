"""What may be done: the commands to one subject that the caller is allowed, with their JSON Schemas."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from api.answers import answer
from api.commands import PLURALS
from api.reading import Asking
from ledger.domain import STREAM_KINDS
from ledger.kernel.command import Command, StreamKind
from ledger.kernel.ids import check_id, split_stream, stream_name
from ledger.kernel.refusals import NotFound
from ledger.offered import Offered

router = APIRouter(tags=["commands"])
Kind = Annotated[str, Query(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
SubjectId = Annotated[str | None, Query(alias="id", min_length=1, max_length=128)]


@router.get("/commands", response_class=Response)
async def commands(asked: Asking, kind: Kind, id: SubjectId = None) -> Response:
    """Return the commands the caller may give to a subject, or with no id those that begin one of its kind.

    Where the authority hangs on a field of the command, `needs` says on which: lead of its `owner`, for instance.
    """
    stream, key = _target(kind, id)
    found = [_described(stream, one, key) for one in await asked.ledger.commands_for(asked.caller, stream.kind, key)]
    return answer(asked, {"kind": kind, "id": id, "commands": found}, asked.served.watch.size)


def _target(kind: str, id: str | None) -> tuple[StreamKind[object], str | None]:
    """Kinds without streams of their own take the commands on responsibility."""
    stream = STREAM_KINDS.get(kind)
    try:
        key = None if id is None else check_id(id)
    except ValueError:
        raise NotFound() from None
    if stream is not None:
        if stream.by_subject and key is not None and "/" not in key:
            raise NotFound()  # its ids name a kind and an id
        return stream, key
    if key is None:
        raise NotFound()
    return PLURALS["responsibilities"], stream_name(kind, key)


def _described(stream: StreamKind[object], one: Offered, id: str | None) -> dict[str, object]:
    return {
        "verb": one.command.verb,
        "path": _path(stream, one.command, id),
        "summary": (one.command.__doc__ or "").split("\n")[0],
        "needs": one.needs,
        "schema": one.command.model_json_schema(),
    }


def _path(stream: StreamKind[object], command: type[Command], id: str | None) -> str:
    """Return the path to post to, each part of the id encoded as one segment."""
    ids = [] if id is None else split_stream(id) if stream.by_subject else [id]
    return "/".join(["", stream.plural, *(quote(part, safe="") for part in ids), command.verb])
