"""The audit trail: every event about a subject, or by an actor, with authority, marks, before and after."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, table
from api.paths import PathId, PathKind
from api.reading import Asked, Asking
from api.routes.ownership import instant
from api.snapshots import at_least, known_position, put
from api.times import Known
from api.visible import Key, recorded, visible_page
from ledger.kernel.ids import split_stream, stream_name
from projections.audit_trail import queries
from projections.audit_trail.queries import TrailLine
from projections.engine import View

NAME = "audit_trail"
router = APIRouter(tags=["trail"])
QueryId = Annotated[str, Query(alias="id", min_length=1, max_length=128)]
Actor = Annotated[str, Query(min_length=1, max_length=140, description="p-… or system:…")]
Newest = Annotated[bool, Query(description="The latest first.")]


@router.get("/trail/{kind}/{id}", response_class=Response)
async def trail(
    asked: Asking,
    kind: PathKind,
    id: PathId,
    known: Known = None,
    newest_first: Newest = False,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the events about a subject that the caller may see, in order of position."""
    return await _of_subject(asked, stream_name(kind, id), known, newest_first, limit, after, min_position)


@router.get("/trail/{kind}", response_class=Response)
async def trail_by_query(
    asked: Asking,
    kind: PathKind,
    id: QueryId,
    known: Known = None,
    newest_first: Newest = False,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """The same with the id as a parameter."""
    return await _of_subject(asked, stream_name(kind, id), known, newest_first, limit, after, min_position)


@router.get("/trail", response_class=Response)
async def trail_by_actor(
    asked: Asking,
    actor: Actor,
    known: Known = None,
    newest_first: Newest = False,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return what an actor did, as far as the caller may see whom it was done to."""
    at = await known_position(asked, known)

    def fetch(view: View, place: int | None, rows: int) -> list[TrailLine]:
        return queries.trail_by_actor(view, actor, after=place, limit=rows, newest_first=newest_first, known=at)

    keyset = Keyset(asked, f"trail actor {actor} {known} {newest_first}")
    return await _paged(asked, fetch, keyset, limit, after, at_least(min_position, at))


async def _of_subject(
    asked: Asked,
    subject: str,
    known: str | None,
    newest_first: bool,
    limit: int,
    after: str | None,
    min_position: int | None,
) -> Response:
    at = await known_position(asked, known)

    def fetch(view: View, place: int | None, rows: int) -> list[TrailLine]:
        return queries.trail(view, subject, after=place, limit=rows, newest_first=newest_first, known=at)

    keyset = Keyset(asked, f"trail {subject} {known} {newest_first}")
    return await _paged(asked, fetch, keyset, limit, after, at_least(min_position, at))


async def _paged(
    asked: Asked,
    fetch: Callable[[View, int | None, int], list[TrailLine]],
    keyset: Keyset,
    limit: int,
    after: str | None,
    min_position: int | None,
) -> Response:
    async def page(key: Key | None, rows: int) -> list[TrailLine]:
        place = None if key is None else int(key[0])
        return await put(asked, NAME, lambda view: fetch(view, place, rows), min_position)

    lines, key = await visible_page(
        asked,
        page,
        key_of=lambda line: (line.position,),
        subject_of=lambda line: line.stream,
        after=keyset.read(after),
        limit=limit,
        kept=lambda line: asked.is_kept_from(recorded(line)),
    )
    position = asked.served.runner.positions.get(NAME)
    rows = await line_rows(asked, lines)
    return table(asked, rows, position, next=None if key is None else keyset.make(key))


async def line_rows(asked: Asked, lines: Sequence[TrailLine]) -> list[dict[str, object]]:
    """Return events of a trail as rows of a table, as far as the caller may know."""
    streams = {line.stream for line in lines}
    blind = {stream for stream in streams if await asked.is_blind(*split_stream(stream))}
    return [line_row(line, blind=line.stream in blind) for line in lines]


def line_row(line: TrailLine, *, blind: bool = False) -> dict[str, object]:
    """Return one event of a trail as a row of a table; to the blind without version, whose holes would count."""
    kind, id = split_stream(line.stream)
    return {
        "position": line.position,
        "event_id": line.event_id,
        "recorded_at": instant(line.recorded_at),
        "effective_at": line.effective_at,
        "kind": kind,
        "id": id,
        "version": None if blind else line.version,
        "topic": line.topic,
        "actor": line.actor,
        **({} if line.recorded_actor == line.actor else {"recorded_actor": line.recorded_actor}),
        "principal": line.principal,
        "authority": line.authority,
        "mark": "testimony" if line.testimony else "act",
        "marks": line.marks,
        "late": line.late,
        "back_dated": line.back_dated,
        "reason": line.reason,
        "source": line.source,
        "cause": line.cause,
        "batch": line.batch,
        "before": line.before,
        "after": line.after,
    }
