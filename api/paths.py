"""Paths: each segment decoded on its own, so that an id may hold a slash (`archive%2Fwg-core`)."""

from typing import Annotated
from urllib.parse import unquote, unquote_to_bytes

from fastapi import Path
from pydantic import AfterValidator

from ledger.kernel.ids import check_id, check_kind
from ledger.kernel.refusals import Invalid


def segments(raw_path: bytes) -> tuple[str, ...] | None:
    """Return the decoded segments of a path as it came over the wire, or None where one is not UTF-8."""
    try:
        if b"%" not in raw_path:
            return tuple(raw_path.decode("ascii")[1:].split("/"))
        return tuple(unquote_to_bytes(part).decode() for part in raw_path[1:].split(b"/"))
    except UnicodeDecodeError:
        return None


def routed(parts: tuple[str, ...]) -> str:
    """Return the path the router sees: slashes and per cent signs inside a segment stay escaped."""
    return "/" + "/".join(p.replace("%", "%25").replace("/", "%2F") for p in parts)


def unescaped(text: str) -> str:
    """Return a path parameter as it was meant, undoing what `routed` escaped."""
    return unquote(text)


def _segment_id(text: str) -> str:
    return check_id(unescaped(text))


PathId = Annotated[
    str,
    Path(min_length=1, max_length=1200, description="An id, percent-encoded as one segment."),
    AfterValidator(_segment_id),
]
PathKind = Annotated[str, Path(max_length=40, pattern=r"^[a-z][a-z0-9-]*$"), AfterValidator(check_kind)]


def require_ids(**named: str | None) -> None:
    """Refuse query parameters that can be no id, by name. Raises Invalid."""
    for name, text in named.items():
        try:
            if text is not None:
                check_id(text)
        except ValueError:
            raise Invalid(errors=((f"query/{name}", "id_expected"),)) from None
