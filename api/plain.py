"""Plain values: what JSON can say of the values of answers, decimals exactly."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from ledger.kernel.moments import utc_text


def plain(value: object) -> object:
    """Return a value as JSON can say it: decimals as text, exactly, instants in UTC."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case Decimal():
            return format(value, "f")
        case datetime():
            return utc_text(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
    return value
