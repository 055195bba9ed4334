"""Operation: whether the service lives and is ready, with reasons, and its figures for Prometheus."""

import asyncio

from fastapi import APIRouter, Request, Response

from api.commands import json_response
from api.metrics import CONTENT_TYPE, Metrics
from api.reading import Asking
from api.services import Served, Services

UNSIGNED_MAX_EVENTS = 5_000
router = APIRouter(tags=["operation"])


@router.get("/health", response_class=Response)
async def health(request: Request) -> Response:
    """Return live and ready, with reasons; 503 while not ready; and whether the signer has a user of its own."""
    services: Services = request.app.state.services
    states = {name: _state(served) for name, served in services.ledgers.items()}
    reasons = sorted({str(reason) for state in states.values() for reason in state["reasons"]})  # type: ignore[attr-defined]  # a list
    ready = not reasons
    separate = all(served.signing.separate for served in services.ledgers.values()) and bool(services.ledgers)
    signer = "separate" if separate else "not separate"
    body = {"live": True, "ready": ready, "reasons": reasons, "signer": signer, "ledgers": states}
    return json_response(body, 200 if ready else 503, {"cache-control": "no-store"})


def _state(served: Served) -> dict[str, object]:
    size, signed = served.watch.size, served.signing.latest.head.size
    reasons = []
    if served.signing.refusal is not None:
        reasons.append(f"signer: {served.signing.refusal.code}: {served.signing.refusal.en}")
    if size - signed > UNSIGNED_MAX_EVENTS:
        reasons.append("signer: behind")
    state: dict[str, object] = {"clock": served.ledger.clock_kind, "position": size, "checkpointed": signed}
    if served.control.refusal is not None:
        reasons.append(f"control log: {served.control.refusal.code}: {served.control.refusal.en}")
    state["control_log"] = {"checkpointed": served.control.latest.head.size}
    if served.self_check is not None:
        state["self_check"] = served.self_check.said()
        if served.self_check.fault is not None:
            reasons.append(f"self-check: {served.self_check.fault['en']}")
    if served.witnessing is not None:
        witnessed = served.signing.witnessed
        state["witnessed"] = 0 if witnessed is None else witnessed.head.size
        state["witnesses"] = served.witnessing.said
    return {**state, "reasons": reasons}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(asked: Asking, request: Request) -> Response:
    """Return the figures of this process in Prometheus' text format."""
    services: Services = request.app.state.services
    name = asked.ledger.name
    services.metrics.positions.labels(name).set(asked.served.watch.size)
    if (check := asked.served.self_check) is not None:
        services.metrics.checked.labels(name).set(check.checked)
        services.metrics.faults.labels(name).set(check.fault is not None)
    services.metrics.streams.labels(name).set(asked.served.open_streams)
    _measure_signing(services.metrics, asked.served)
    for state in await asyncio.to_thread(asked.served.runner.status):
        services.metrics.lags.labels(name, state.name).set(state.head - state.position)
    return Response(services.metrics.text(), 200, None, CONTENT_TYPE)


def _measure_signing(metrics: Metrics, served: Served) -> None:
    """Set how far each log is signed and witnessed, and whether anybody refuses to."""
    name = served.ledger.name
    for log, signing in (("ledger", served.signing), ("control", served.control)):
        metrics.signed.labels(name, log).set(signing.latest.head.size)
        metrics.refusals.labels(name, log).set(signing.refusal is not None)
    said = {} if served.witnessing is None else dict(served.witnessing.said)
    for witness, told in said.items():
        metrics.silences.labels(name, witness).set("size" not in told)
        if "size" in told:
            metrics.witnessed.labels(name, witness).set(told["size"])
