"""The strict reader of JSON bodies: one value, one meaning, bounded, and nothing of it ever echoed."""

import json
import re
from decimal import Decimal
from math import isinf
from typing import TypeAlias, Union

from ledger.kernel.refusals import Refusal

BODY_MAX_BYTES = 64 * 1024
BATCH_MAX_BYTES = 8 * 1024 * 1024
DEPTH_MAX = 64

Json: TypeAlias = Union[bool, int, Decimal, str, list["Json"], dict[str, "Json"], None]  # noqa: UP007  # it names itself
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # an unended string too: linear for any input
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Unreadable(Refusal):
    """The body is not JSON in UTF-8 (RFC 8259), or nested too deeply."""

    code, status = "unreadable", 400
    en = "The body is not readable: one JSON value in UTF-8 is expected."
    zh = "无法读取内容：应为一个 UTF-8 编码的 JSON 值。"


class Ambiguous(Refusal):
    """JSON that readers understand differently (RFC 7493): repeated keys, lone surrogates, NUL, overflowing numbers."""

    code, status = "ambiguous_json", 400
    en = "The body has more than one reading: repeated keys, lone surrogates, NUL and overflowing numbers are refused."
    zh = "内容存在歧义：不接受重复的键、单独的代理项、空字符或溢出的数字。"


class TooLarge(Refusal):
    """The body is longer than this route takes."""

    code, status = "too_large", 413
    en = "The body is longer than {limit} bytes."
    zh = "内容超过 {limit} 字节。"


def read(body: bytes, limit: int = BODY_MAX_BYTES) -> Json:
    """Return the JSON value of `body`; numbers with a fraction or exponent are Decimal.

    Raises TooLarge, Unreadable, or Ambiguous. `limit` is in bytes.
    """
    if len(body) > limit:
        raise TooLarge(limit=limit)
    _check_depth(body)
    try:
        text = body.decode()
        value: Json = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Unreadable() from None
    if "\\u" in text:
        _check_characters(value)
    return value


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Unreadable()


def _check_characters(value: Json) -> None:
    """Refuse NUL, which PostgreSQL can't keep, and lone surrogates, which UTF-8 can't: both come by escapes only."""
    if isinstance(value, str):
        if "\0" in value or _SURROGATE.search(value):
            raise Ambiguous()
    elif isinstance(value, list):
        for item in value:
            _check_characters(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key)
            _check_characters(item)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Ambiguous()
    return found


def _number(text: str) -> Decimal:
    if isinf(float(text)):
        raise Ambiguous()
    return Decimal(text)


def _constant(text: str) -> Json:
    raise ValueError("not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_constant, parse_float=_number)
