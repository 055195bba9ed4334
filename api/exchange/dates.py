"""Dates as tables write them: year first, Chinese, or in a stated order; nothing ambiguous is guessed."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from api.exchange.faults import DateAmbiguous, DateUnreadable, TimeWithoutOffset
from ledger.kernel.moments import Effective, parse_effective

Order = Literal["ymd", "dmy", "mdy"]
_CLOCK = r"(?:[T ]\s*(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})" + _CLOCK, re.IGNORECASE)
_CHINESE = re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]\s*" + _CLOCK, re.IGNORECASE)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _CLOCK, re.IGNORECASE)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})" + _CLOCK, re.IGNORECASE)


def parse_cell(text: str, *, order: Order = "ymd", zone: ZoneInfo | None = None) -> Effective:
    """Return the date or instant that a cell holds; midnight without an offset is how databases write a plain date.

    Raises DateAmbiguous (day or month first is not stated), TimeWithoutOffset (no zone either, or the clock showed
    that time twice or never) or DateUnreadable (also serial numbers, two-digit years and days that do not exist).
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _YEAR_FIRST.fullmatch(plain) or _CHINESE.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if match is not None:
        return _moment(match, match["m"], match["d"], zone)
    match = _YEAR_LAST.fullmatch(plain)
    if match is None:
        raise DateUnreadable()
    if order == "ymd":
        raise DateAmbiguous()
    month, day = (match["b"], match["a"]) if order == "dmy" else (match["a"], match["b"])
    return _moment(match, month, day, zone)


def _moment(match: re.Match[str], month: str, day: str, zone: ZoneInfo | None) -> Effective:
    iso = f"{match['y']}-{int(month):02}-{int(day):02}"
    clock, offset = match["clock"], match["offset"]
    try:
        if clock is None or (offset is None and zone is None and not clock.strip("0:.")):
            return parse_effective(iso)
        naive = datetime.fromisoformat(f"{iso}T{_padded(clock)}")
        if offset is None:
            return parse_effective(_in_zone(naive, zone))
        return parse_effective(f"{naive.isoformat()}{_with_colon(offset)}")
    except ValueError:
        raise DateUnreadable() from None


def _padded(clock: str) -> str:
    """Return the clock time with a two-digit hour and at most six decimals."""
    hour, rest = clock.split(":", 1)
    whole, _, decimals = rest.partition(".")
    return f"{int(hour):02}:{whole}" + (f".{decimals[:6]:0<6}" if decimals else "")


def _with_colon(offset: str) -> str:
    return "Z" if offset.upper() == "Z" else f"{offset[:3]}:{offset[-2:]}"


def _in_zone(naive: datetime, zone: ZoneInfo | None) -> datetime:
    """Return the instant of a wall-clock time, refused where the clock showed it twice or skipped it."""
    if zone is None:
        raise TimeWithoutOffset()
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    returned = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if first.utcoffset() != second.utcoffset() or returned != naive:
        raise TimeWithoutOffset()
    return first


def day_after(moment: Effective) -> date:
    """Return the first day after a closed interval's last day. Raises DateUnreadable for an instant: it has no day."""
    if isinstance(moment, datetime):
        raise DateUnreadable()
    return date.fromordinal(moment.toordinal() + 1)
