"""The witness as a small web service that another party runs: checkpoints and exchanged keys in, cosignatures out."""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ledger.evidence.faults import EvidenceError
from ledger.evidence.witness import MAX_BODY_BYTES, Answer, Witness


def witness_app(witness: Witness) -> Starlette:
    """Return the application of a witness (C2SP tlog-witness), which also takes successions of keys."""

    async def answered(request: Request, asked: Callable[[bytes], Answer]) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return PlainTextResponse("the request is too large\n", 413)
        try:
            answer = await asyncio.to_thread(asked, body)
        except EvidenceError as fault:
            return PlainTextResponse(f"{fault.en}\n", 500)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    async def add_checkpoint(request: Request) -> Response:
        return await answered(request, witness.add_checkpoint)

    async def add_successions(request: Request) -> Response:
        return await answered(request, witness.add_successions)

    async def latest(request: Request) -> Response:
        note = await asyncio.to_thread(witness.latest, request.path_params["digest"])
        return PlainTextResponse(note or b"", 404 if note is None else 200)

    async def key(request: Request) -> Response:
        return PlainTextResponse(f"{witness.verifier_key}\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/add-successions", add_successions, methods=["POST"]),
            Route("/verifier-key", key),
            Route("/{digest:str}/checkpoint", latest),
        ]
    )
