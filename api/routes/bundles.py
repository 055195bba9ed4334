"""Evidence bundles: an answer that a stranger can check offline, for who may ask the question."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.bundles.answers import Question
from api.bundles.gathering import bundle_for
from api.bundles.reports import report_bundle_for
from api.control import note
from api.paths import PathId, PathKind
from api.reading import Asked, Asking
from api.routes.events import visible
from api.routes.reports import Wanting, report_named
from api.snapshots import known_position
from api.times import Known, On, moment_of
from ledger.control import TAKEN_OUT
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import utc_text

ZIP = "application/zip"
router = APIRouter(prefix="/bundles", tags=["bundles"])
Earlier = Annotated[
    list[int] | None,
    Query(max_length=20, description="Sizes of checkpoints kept from before, to be proven to continue."),
]


@router.get("/who-owns/{kind}/{id}", response_class=Response, responses={200: {"content": {ZIP: {}}}})
async def of_who_owns(asked: Asking, kind: PathKind, id: PathId, on: On = None, earlier: Earlier = None) -> Response:
    """Return who answers for a subject on a day, with all that the answer rests on and every event of the subject."""
    return await _bundle(asked, "who-owns", stream_name(kind, id), on, earlier)


@router.get("/trail/{kind}/{id}", response_class=Response, responses={200: {"content": {ZIP: {}}}})
async def of_trail(asked: Asking, kind: PathKind, id: PathId, earlier: Earlier = None) -> Response:
    """Return every event about a subject that the caller may see."""
    return await _bundle(asked, "trail", stream_name(kind, id), None, earlier)


@router.get("/goals/{id}", response_class=Response, responses={200: {"content": {ZIP: {}}}})
async def of_goal(asked: Asking, id: PathId, on: On = None, earlier: Earlier = None) -> Response:
    """Return how a goal stands on a day, with its terms, figures and everything that they rest on."""
    return await _bundle(asked, "goal", stream_name("goal", id), on, earlier)


@router.get("/decisions/{event_id}", response_class=Response, responses={200: {"content": {ZIP: {}}}})
async def of_decision(asked: Asking, event_id: Annotated[UUID, Path()], earlier: Earlier = None) -> Response:
    """Return one decision: by whom, on what authority, under which policy, and what went before and after it."""
    stream = await visible(asked, event_id)
    return await _bundle(asked, "decision", stream, None, earlier, str(event_id))


@router.get("/reports/{name}", response_class=Response, responses={200: {"content": {ZIP: {}}}})
async def of_report(
    asked: Asking,
    name: str,
    wanted: Wanting,
    known: Known = None,
    earlier: Earlier = None,
) -> Response:
    """Return a report with every event of the subjects that its lines are about, to be found again by anyone."""
    chosen = report_named(name)
    at = await known_position(asked, known)
    data = await report_bundle_for(asked, chosen, wanted, at, earlier or [])
    return await _zip(asked, f"report-{name}", name, data)


async def _bundle(
    asked: Asked, ask: str, subject: str, on: str | None, earlier: list[int] | None, event_id: str = ""
) -> Response:
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    question = Question(ask, subject, utc_text(moment.at), asked.ledger.zone.key, event_id)
    data = await bundle_for(asked, question, earlier or [])
    return await _zip(asked, ask, event_id or subject, data)


async def _zip(asked: Asked, name: str, of: str, data: bytes) -> Response:
    await note(asked, TAKEN_OUT, {"what": f"bundle {name}", "of": of, "sha256": sha256(data).hexdigest()})
    headers = {"cache-control": "private, no-store", "content-disposition": f'attachment; filename="{name}.zip"'}
    return Response(data, 200, headers, ZIP)
