"""The application: every route, the gateway before them, and the document that describes them."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.batches import BatchRoute
from api.commands import CommandRoute
from api.gateway import Gateway
from api.identity import Identities
from api.openapi import describing
from api.problems import NOT_FOUND, NotProjected, WrongMethod, invalid, language_of, problem
from api.routes import (
    bundles,
    coaching,
    control,
    cycles,
    directory,
    duties,
    events,
    feedback,
    goals,
    hiring,
    holds,
    imports,
    job_analyses,
    logs,
    operation,
    privacy,
    projections,
    refused,
    reports,
    retention,
    reviews,
    suggestions,
    surveys,
    trail,
    who_owns,
)
from api.routes import commands as allowed_commands
from api.routes.batches import router as batches_router
from api.services import Services
from api.subscriptions import feed, stream
from ledger.kernel.refusals import Invalid, Refusal
from projections.engine import NotBuilt

ROUTERS: Sequence[APIRouter] = (
    stream.router,  # before /events/{event_id}
    feed.router,
    events.router,
    logs.router,
    bundles.router,
    projections.router,
    operation.router,
    who_owns.router,
    trail.router,
    refused.router,
    control.router,
    directory.router,
    privacy.router,
    holds.router,
    retention.router,
    goals.router,
    reviews.router,
    cycles.router,
    duties.router,
    feedback.router,
    coaching.router,
    hiring.router,
    allowed_commands.router,
    imports.router,
    batches_router,
    surveys.router,
    suggestions.router,
    job_analyses.router,
    reports.router,
)


def create_app(services: Services) -> FastAPI:
    """Return the application over opened services. It opens and closes nothing itself."""
    app = FastAPI(title="Performance Ledger", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    identities = Identities(services)
    app.state.services, app.state.identities = services, identities
    for router in ROUTERS:
        app.include_router(router)
    for kind in (Refusal, RequestValidationError, HTTPException, NotBuilt):
        app.add_exception_handler(kind, _explained)
    app.state.commands = [CommandRoute(identities), BatchRoute(identities)]
    app.add_middleware(Gateway, metrics=services.metrics, commands=app.state.commands)
    app.openapi = describing(app)  # type: ignore[method-assign]  # the way that FastAPI names for it
    return app


async def _explained(request: Request, error: Exception) -> Response:
    """Return the problem for what a route or FastAPI itself raised, without a word of the request."""
    language = language_of(request.headers.get("accept-language"))
    return problem(_refusal(error), language)


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return _unreadable_request(error.errors())
        case HTTPException(status_code=405):
            return WrongMethod()
        case NotBuilt():
            return NotProjected()
    return NOT_FOUND


def _unreadable_request(errors: Sequence[Any]) -> Refusal:
    """A path that can't be one leads nowhere; a parameter of the wrong form is named, its value isn't."""
    if any(error["loc"][0] == "path" for error in errors):
        return NOT_FOUND
    names = frozenset(str(part) for error in errors for part in error["loc"][:2])
    return Invalid(errors=tuple((at[1:], code) for at, code in invalid(errors, names).errors))
