"""Surveys: where one is answered. An answer is no command: it makes no event, and there is no receipt to keep."""

from fastapi import APIRouter, Request, Response

from api.commands import Target, command_in, json_response, read_body
from api.paths import PathId
from api.reading import Asking
from api.strict_json import BODY_MAX_BYTES
from ledger.application import Ask
from ledger.domain import STREAM_KINDS
from ledger.domain.outcomes.answers import AnswerSurvey

router = APIRouter(tags=["surveys"])
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": AnswerSurvey.model_json_schema()}}}
}


@router.post("/surveys/{id}/answer", response_class=Response, status_code=202, openapi_extra=_BODY)
async def answer_survey(asked: Asking, request: Request, id: PathId) -> Response:
    """Take the caller's one answer to a survey; it waits without its author and appears when the survey closes.

    The answer is the same for everybody: no id, no position, no time. An `Idempotency-Key` is not read, for it would be
    kept with the caller's name; a repeat is refused because the caller has answered.
    """
    target = Target(STREAM_KINDS["survey"], AnswerSurvey, id)
    command = command_in(target, await read_body(request.scope, request.receive, BODY_MAX_BYTES))
    await asked.ledger.confidence.answer(Ask(command, "survey", id, asked.caller))
    return json_response({"waiting": True}, 202)
