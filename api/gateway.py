"""The gateway: what happens to every request before a route sees it, and to every answer before it leaves."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import psycopg
import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.paths import routed, segments
from api.problems import NOT_FOUND, Busy, Unexpected, as_refusal, language_of, problem
from ledger.kernel.append import AppendError
from ledger.kernel.refusals import Refusal

API_VERSION = "1"
SLOW_S = 1.0
RETRY_AFTER_S = 2
LASTING = frozenset({"/events", "/events/stream"})  # they wait for news, so that a long answer is no slow one
_log = structlog.get_logger("pledger.http")


class Gateway:
    """Numbers each request, decodes its path segment by segment, turns what is raised into problems, and counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics, commands: Sequence[BaseRoute]) -> None:
        self._app, self._metrics, self._commands = app, metrics, commands
        self._run, self._numbers = secrets.token_hex(4), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = f"{self._run}-{next(self._numbers):x}"
        answer = _Answer(send, request_id)
        parts = segments(scope.get("raw_path") or scope["path"].encode())
        if parts is None:
            await problem(NOT_FOUND, _language(scope))(scope, receive, answer.send)
        else:
            scope["path"], scope["segments"], scope["request_id"] = routed(parts), parts, request_id
            await self._guarded(scope, receive, answer)
        self._report(scope, answer, request_id, time.perf_counter() - began)

    async def _guarded(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._routed(scope)(scope, receive, answer.send)
        except Exception as error:
            if answer.status:
                raise
            await refused(error, _language(scope), scope["request_id"])(scope, receive, answer.send)

    def _routed(self, scope: Scope) -> ASGIApp:
        """Commands go straight to their route: most requests are, and they need nothing of what lies between."""
        for route in self._commands:
            match, found = route.matches(scope)
            if match is not Match.NONE:
                scope.update(found)
                return route.handle
        return self._app

    def _report(self, scope: Scope, answer: "_Answer", request_id: str, elapsed_s: float) -> None:
        route = scope.get("template") or getattr(scope.get("route"), "path", "none")
        counter, histogram = self._metrics.request(scope["method"], route, answer.status)
        counter.inc()
        histogram.observe(elapsed_s)
        if answer.status >= 500 or (elapsed_s > SLOW_S and route not in LASTING):
            _log.warning(
                "answered", method=scope["method"], route=route, status=answer.status,
                elapsed_ms=round(elapsed_s * 1000, 1), request_id=request_id,
            )  # fmt: skip


class _Answer:
    """Passes the answer on with the headers that all answers carry, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send: Callable[[Message], Awaitable[None]] = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers["pledger-api"] = API_VERSION
            headers["x-request-id"] = self._request_id
            headers["x-content-type-options"] = "nosniff"
        await self._send(message)


def _language(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return language_of(value.decode("latin-1"))
    return "en"


def refused(error: Exception, language: str, request_id: str) -> Response:
    """Return the problem for whatever a route raised; the unexpected is logged by place and kind, without values."""
    if isinstance(error, Refusal):
        return problem(error, language)
    if isinstance(error, AppendError):
        retry = {"retry-after": str(max(1, round(getattr(error, "retry_after_s", 1))))}
        refusal = as_refusal(error)
        return problem(refusal, language, retry if refusal.status == 503 else None)
    if isinstance(error, psycopg.OperationalError | TimeoutError):
        # The database was away, or too busy to answer within the time a question has: worth another try.
        _log.warning("not answered", request_id=request_id, error=type(error).__name__, at=places(error))
        return problem(Busy(), language, {"retry-after": str(RETRY_AFTER_S)})
    _log.error("unexpected", request_id=request_id, error=type(error).__name__, at=places(error))
    return problem(Unexpected(), language, {"x-request-id": request_id})


def places(error: BaseException, limit: int = 12) -> list[str]:
    """Return file, line and function of the innermost frames: enough to find the fault, and no value of anybody's."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-limit:]
