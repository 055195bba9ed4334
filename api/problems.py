"""Problems: every refusal as application/problem+json (RFC 9457), in the caller's language, echoing nothing."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus

import orjson
from starlette.responses import Response

from ledger.kernel.append import (
    AppendError,
    EventKnown,
    KeyReused,
    LookupTaken,
    OutcomeUnknown,
    PositionTaken,
    StaleVersion,
    StoreUnavailable,
    TrackedAlready,
    TurnTaken,
    Unrecordable,
    WriterBusy,
)
from ledger.kernel.refusals import IdempotencyConflict, Invalid, NotFound, Refusal, StaleMatch
from ledger.reversing import NotReversible

MEDIA_TYPE = "application/problem+json"
_TITLES_ZH = {
    400: "无法读取请求",
    401: "需要身份凭据",
    403: "不允许",
    404: "未找到",
    405: "不支持的方法",
    406: "不支持的格式",
    409: "冲突",
    410: "已删除",
    412: "前提条件不满足",
    413: "内容过大",
    415: "不支持的内容类型",
    422: "内容无效",
    429: "请求过多",
    500: "服务器内部错误",
    503: "暂时不可用",
}


class Unexpected(Refusal):
    """Something failed that is not the caller's doing; the log has the request id."""

    code, status = "unexpected", 500
    en = "Something went wrong here. Nothing is recorded unless a receipt was given."
    zh = "服务器出现异常。未收到回执即未记录。"


class Busy(Refusal):
    """The service can't take this now."""

    code, status = "busy", 503
    en = "The ledger can't take this at the moment; try again shortly."
    zh = "账本暂时繁忙，请稍后重试。"


class Unclear(Refusal):
    """The database was lost during the commit: whether the command is recorded is open."""

    code, status = "outcome_unknown", 503
    en = "Whether this is recorded is not known; repeat it with the same Idempotency-Key."
    zh = "是否已记录尚不确定，请使用相同的 Idempotency-Key 重试。"


class IdentifierTaken(Refusal):
    """An outside identifier leads to another subject already."""

    code = "identifier_taken"
    en = "Another subject is found by this {scheme} already."
    zh = "该 {scheme} 已指向其他对象。"


class Conflict(Refusal):
    """Somebody else recorded something in the same stream meanwhile."""

    code, status = "conflict", 409
    en = "Somebody else has just changed this; read it again and decide anew."
    zh = "该内容刚被他人更改，请重新读取后再决定。"


class WrongMethod(Refusal):
    """The path exists, the method doesn't."""

    code, status = "method_not_allowed", 405
    en = "This path does not take that method."
    zh = "该路径不支持此方法。"


class MissingHeader(Refusal):
    """A required header is missing."""

    code, status = "header_missing", 400
    en = "The header {header} is required here."
    zh = "此处必须提供 {header} 请求头。"


class InvalidHeader(Refusal):
    """A header has not the form it must have."""

    code, status = "header_invalid", 400
    en = "The header {header} is not of the form it must have."
    zh = "{header} 请求头的格式不正确。"


class NotProjected(Refusal):
    """The projection has not reached the position asked for in time."""

    code, status = "not_yet_projected", 503
    en = "The answer for that position is not ready yet; try again shortly."
    zh = "该位置的结果尚未就绪，请稍后重试。"


class NotCheckpointed(Refusal):
    """No signed checkpoint covers the event yet."""

    code, status = "not_yet_checkpointed", 503
    en = "No signed checkpoint covers this event yet; try again shortly."
    zh = "该事件尚未被签点覆盖，请稍后重试。"


class BeyondHead(Refusal):
    """The position asked for has not been recorded."""

    code, status = "beyond_head", 400
    en = "That position lies beyond the last recorded one."
    zh = "该位置超过最后记录的位置。"


@lru_cache(maxsize=512)
def language_of(accept_language: str | None) -> str:
    """Return `zh` or `en`: the one with the higher q-value (RFC 9110 §12.5.4), English where neither wins."""
    quality = {"en": 0.0, "zh": 0.0}
    star = 0.0
    for part in (accept_language or "")[:500].split(","):
        tag, _, parameter = part.partition(";")
        primary = tag.strip().lower().split("-")[0]
        q = _quality(parameter)
        if primary in quality:
            quality[primary] = max(quality[primary], q)
        elif primary == "*":
            star = q
    return "zh" if quality["zh"] > max(quality["en"], star if quality["en"] == 0 else 0.0) else "en"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def as_refusal(error: AppendError, *, if_match: bool = False) -> Refusal:
    """Return the refusal that tells a caller why the writer did not record."""
    match error:
        case StaleVersion(actual=actual):
            return StaleMatch(version=actual) if if_match else Conflict()
        case KeyReused():
            return IdempotencyConflict()
        case LookupTaken(scheme=scheme):
            return IdentifierTaken(scheme=scheme)
        case Unrecordable():
            return Invalid(errors=(("", "unrecordable"),))
        case EventKnown() | TrackedAlready() | TurnTaken():
            return Conflict()
        case OutcomeUnknown():
            return Unclear()
        case WriterBusy() | StoreUnavailable() | PositionTaken():
            return Busy()
    return Unexpected()


def describe(refusal: Refusal, language: str) -> dict[str, object]:
    """Return the problem document of a refusal as plain values."""
    accepted = refusal.accepted(language)
    told = refusal.errors if isinstance(refusal, Invalid | NotReversible) else ()
    errors = [{"at": at, "code": code} for at, code in told]
    optional: dict[str, object] = {"rule": refusal.rule, "accepted": accepted or None, "errors": errors or None}
    return {
        "type": f"urn:pledger:problem:{refusal.code}",
        "title": _title(refusal.status, language),
        "status": refusal.status,
        "detail": refusal.text(language),
        "code": refusal.code,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _title(status: int, language: str) -> str:
    if language == "zh" and status in _TITLES_ZH:
        return _TITLES_ZH[status]
    return HTTPStatus(status).phrase


def problem(refusal: Refusal, language: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer for a refusal. 401 names the scheme, 503 and 429 say when to try again."""
    extra = {"content-language": language, "cache-control": "no-store", "vary": "Accept-Language", **(headers or {})}
    if refusal.status == 401:
        extra.setdefault("www-authenticate", 'Bearer realm="pledger"')
    if refusal.status in {429, 503}:
        extra.setdefault("retry-after", "1")
    return Response(orjson.dumps(describe(refusal, language)), refusal.status, extra, MEDIA_TYPE)


def invalid(errors: Sequence[Mapping[str, object]], known: frozenset[str]) -> Invalid:
    """Return the refusal for pydantic errors. Places are JSON pointers of `known` names and indexes, nothing else."""
    return Invalid(errors=tuple((_pointer(error["loc"], known), str(error["type"])) for error in errors[:50]))


def _pointer(place: object, known: frozenset[str]) -> str:
    parts = place if isinstance(place, tuple) else ()
    return "".join(f"/{part}" if isinstance(part, int) or part in known else "/*" for part in parts)


NOT_FOUND = NotFound()
