"""Answers: JSON with position and entity tag, lists by keyset cursor, tables as CSV that no spreadsheet executes."""

import base64
import csv
import hashlib
import hmac
import io
from collections.abc import Mapping, Sequence
from typing import Annotated

import orjson
from fastapi import Query, Response

from api.reading import Asked
from api.subscriptions.cursor import CursorMismatch

PAGE_MAX = 1000
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Rows in a page.")]
After = Annotated[str | None, Query(max_length=2000, description="The cursor `next` of the page before.")]
MinPosition = Annotated[
    int | None, Query(ge=0, le=2**53, description="Wait, up to 30 s, until the answer holds this position.")
]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
Row = Mapping[str, object]


def answer(asked: Asked, value: Row, position: int) -> Response:
    """Return a JSON answer that says its position; 304 where the caller has the very same already."""
    return _tagged(asked, orjson.dumps({**value, "position": position}, default=str), "application/json", position)


def table(asked: Asked, rows: Sequence[Row], position: int, *, next: str | None, more: Row | None = None) -> Response:
    """Return a list as JSON, or as CSV where the caller accepts that; `next` is the cursor of the following page."""
    if wants_csv(asked.asker.headers.get("accept", "")):
        response = _tagged(asked, csv_of(rows), "text/csv; charset=utf-8", position)
        if next is not None:
            response.headers["pledger-cursor"] = next
        return response
    return answer(asked, {**(more or {}), "rows": rows, "next": next}, position)


def _tagged(asked: Asked, body: bytes, media_type: str, position: int) -> Response:
    tag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
    headers = {"etag": tag, "pledger-position": str(position), "cache-control": _caching(asked)}
    headers["vary"] = "Accept, Accept-Language, Authorization"
    given = asked.asker.headers.get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in given.split(",")):
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type)


def _caching(asked: Asked) -> str:
    """Return who may store an answer: nobody what a person is told, for it may hold opened names and texts."""
    return "private, no-store" if asked.caller.kind == "person" else "private, no-cache"


def wants_csv(accept: str) -> bool:
    """Tell whether CSV is asked for by name, and JSON isn't."""
    return "text/csv" in accept and "application/json" not in accept


def csv_of(rows: Sequence[Row]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with a mark, so that spreadsheets read it right; nested values as JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer.writerow(names)
    for row in rows:
        writer.writerow([neutral(row.get(name)) for name in names])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def neutral(value: object) -> str:
    """Return the cell of a value; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return "'" + text if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


class Keyset:
    """Cursors of one list: the key of the last row, sealed for this ledger and this question."""

    def __init__(self, asked: Asked, question: str) -> None:
        self._mac = asked.ledger.fingerprint
        self._question = question.encode()

    def make(self, key: Sequence[str | int]) -> str:
        """Return the cursor after the row with this key."""
        plain = orjson.dumps(list(key))
        return base64.urlsafe_b64encode(self._seal(plain) + plain).decode().rstrip("=")

    def read(self, text: str | None) -> list[str | int] | None:
        """Return the key in a cursor, None without one. Raises CursorMismatch."""
        if text is None:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise CursorMismatch() from None
        if not hmac.compare_digest(raw[:16], self._seal(raw[16:])):
            raise CursorMismatch()
        key: list[str | int] = orjson.loads(raw[16:])
        return key

    def _seal(self, plain: bytes) -> bytes:
        return self._mac(b"list/1\0" + self._question + b"\0" + plain)[:16]
