"""The two times of a question: `on`, when it held in the business, and `known`, what was recorded by then."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from api.problems import BeyondHead
from ledger.kernel.moments import ONE_TICK, Effective, begins, last_instant, parse_effective
from ledger.kernel.refusals import Invalid

On = Annotated[
    str | None, Query(max_length=40, description="A date (its end in the ledger's zone) or an instant with offset.")
]
Known = Annotated[str | None, Query(max_length=40, description="An instant with offset, or position:N; inclusive.")]
_POSITION = re.compile(r"position:([0-9]{1,18})", re.ASCII)
_LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Moment:
    """A resolved `on`: the text as asked, the instant it means, and for a date the last instant before its day."""

    text: str
    at: datetime
    day_before: datetime | None
    zone: str  # of the ledger: a date means a day there


def moment_of(text: str | None, now: datetime, zone: ZoneInfo) -> Moment:
    """Return the moment a question is about: now when absent. Raises Invalid for naive times and other texts."""
    if text is None:
        return Moment(now.isoformat(), now, None, zone.key)
    value = _parsed(text, "on")
    is_day = not isinstance(value, datetime)
    day_before = begins(value, zone) - ONE_TICK if is_day else None
    return Moment(text, last_instant(value, zone), day_before, zone.key)


def known_in(text: str | None) -> int | datetime | None:
    """Return a position, an instant in UTC, or None for all that is recorded. Raises Invalid."""
    if text is None:
        return None
    if found := _POSITION.fullmatch(text):
        return int(found[1])
    value = _parsed(text, "known")
    if not isinstance(value, datetime):
        raise Invalid(errors=(("query/known", "instant_or_position_expected"),))
    return value.astimezone(UTC)


def within_head(position: int, size: int) -> int:
    """Return `position`. Raises BeyondHead when it lies past the last recorded one."""
    if position > size:
        raise BeyondHead()
    return position


def _parsed(text: str, name: str) -> Effective:
    """An unescaped plus sign arrives as a space: an offset can be told from it, so it is taken for one."""
    try:
        return parse_effective(_LOST_PLUS.sub(r"\1+\2", text))
    except ValueError:
        raise Invalid(errors=((f"query/{name}", "date_or_instant_with_offset_expected"),)) from None
