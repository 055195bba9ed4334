"""The days of the demonstration year: working days, months and quarters, in the company's own zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

YEAR = 2025
ZONE_NAME = "Asia/Shanghai"
ZONE = ZoneInfo(ZONE_NAME)
OPENED = date(YEAR, 1, 1)  # from when the company's own facts hold
CLOSED = date(YEAR, 12, 31)
CUT_OVER = OPENED  # older history can be brought in by import
FIRST_DAY = date(YEAR, 1, 2)
BEGINS = datetime.combine(FIRST_DAY, time(8), ZONE)  # where the simulated clock starts


def on(month: int, day: int) -> date:
    """Return a day of the year."""
    return date(YEAR, month, day)


def workday(day: date) -> date:
    """Return the day, or the Monday after where it lies on a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def later(day: date, days: int) -> date:
    """Return the working day that lies at least `days` calendar days after `day` (before it, where negative)."""
    return workday(day + timedelta(days=days))


def workdays_before(day: date, number: int) -> date:
    """Return the weekday that lies so many weekdays before a day."""
    while number > 0:
        day -= timedelta(days=1)
        number -= day.weekday() < 5
    return day


def next_month(month: date) -> date:
    """Return the first day of the month that follows."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_end(month: date) -> date:
    """Return the last day of the month."""
    return next_month(month) - timedelta(days=1)


def months() -> Iterator[date]:
    """Yield the first day of every month of the year."""
    return (on(month, 1) for month in range(1, 13))


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the year; goals of the first one start once the ledger has been set up."""

    number: int

    @property
    def name(self) -> str:
        """Return the name within ids of the story, as in `q2`."""
        return f"q{self.number}"

    @property
    def starts(self) -> date:
        """Return the first day."""
        return on(1, 13) if self.number == 1 else on(self.number * 3 - 2, 1)

    @property
    def ends(self) -> date:
        """Return the last day."""
        return month_end(on(self.number * 3, 1))

    @property
    def months(self) -> tuple[date, date, date]:
        """Return the first days of its three months."""
        first = self.number * 3 - 2
        return on(first, 1), on(first + 1, 1), on(first + 2, 1)


QUARTERS = tuple(Quarter(number) for number in (1, 2, 3, 4))
