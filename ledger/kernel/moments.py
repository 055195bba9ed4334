"""Business time: a date stays a date, an instant keeps its offset, and both can be placed on one line."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

Effective = date | datetime

EARLIEST = date(1850, 1, 1)
LATEST = date(2299, 12, 31)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")
ONE_TICK = timedelta(microseconds=1)
ACCEPTED = "a date such as 2026-03-31, or an instant with its offset such as 2026-03-31T09:00:00+08:00"


def parse_effective(value: object) -> Effective:
    """Return a date or an aware instant from text (or from such a value).

    Raises ValueError for anything else: naive times, numbers, two-digit years, years outside 1850–2299.
    """
    if isinstance(value, datetime):
        return _within(value) if value.tzinfo is not None else _no(value)
    if isinstance(value, date):
        return _within(value)
    if isinstance(value, str) and _DATE.fullmatch(value, 0):
        return _within(date.fromisoformat(value))
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return _within(datetime.fromisoformat(value))
    return _no(value)


def _within(value: Effective) -> Effective:
    day = value.date() if isinstance(value, datetime) else value
    if not EARLIEST <= day <= LATEST:
        raise ValueError("a day lies between 1850-01-01 and 2299-12-31")
    return value


def _no(value: object) -> Effective:
    raise ValueError(f"expected {ACCEPTED}")


def parse_day(value: object) -> date:
    """Return a date from `YYYY-MM-DD` text (or a date). Raises ValueError for anything else, instants included."""
    parsed = parse_effective(value)
    if isinstance(parsed, datetime):
        raise ValueError("expected a date such as 2026-03-31, without a time")
    return parsed


def effective_text(value: Effective) -> str:
    """Return the stored form: ISO 8601, a date or an instant with the offset it was given in."""
    return value.isoformat()


EffectiveAt = Annotated[
    Effective,
    BeforeValidator(parse_effective),
    PlainSerializer(effective_text, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]
Day = Annotated[date, BeforeValidator(parse_day)]


def begins(value: Effective, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `value` takes effect: a date at the start of its day in `zone`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(value, time.min, zone).astimezone(UTC)


def last_instant(value: Effective, zone: ZoneInfo) -> datetime:
    """Return the UTC instant a question about `value` means: a date means the end of that day in `zone`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return begins(value + timedelta(days=1), zone) - ONE_TICK


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in `zone`."""
    return instant.astimezone(zone).date()


def months_after(day: date, count: int) -> date:
    """Return the same day of the month `count` months later; the month's last day where it has no such day."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole_months(first: date, after: date) -> int:
    """Return how many whole months lie from a day up to the first day after a term; 0 where it is no term."""
    count = max(0, (after.year - first.year) * 12 + after.month - first.month)
    return count - 1 if count and months_after(first, count) > after else count


def utc_text(instant: datetime) -> str:
    """Return `2026-03-31T08:15:30.123456Z`: UTC, always six decimals, as stored in `recorded_at`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
