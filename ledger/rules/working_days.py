"""Working days: counted by the law of a unit's or person's jurisdiction, holidays and make-up days included."""

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.rules.holders import unit_in


@lru_cache(maxsize=32)
def calendar_of(jurisdiction: str | None) -> holidays.HolidayBase:
    """Return the calendar of a country's public holidays; for none and unknown ones only weekends are free."""
    if jurisdiction is not None and jurisdiction in holidays.list_supported_countries(include_aliases=False):
        return holidays.country_holidays(jurisdiction)
    return holidays.HolidayBase()


def after(day: date, count: int, jurisdiction: str | None) -> date:
    """Return the `count`-th working day after a day; for 0 the day itself, or the next working day."""
    calendar = calendar_of(jurisdiction)
    if count <= 0:
        return day if calendar.is_working_day(day) else after(day, 1, jurisdiction)
    return calendar.get_nth_working_day(day, count)


def before(day: date, count: int, jurisdiction: str | None) -> date:
    """Return the `count`-th working day before a day."""
    return calendar_of(jurisdiction).get_nth_working_day(day, -count)


def between(first: date, last: date, jurisdiction: str | None) -> int:
    """Return how many working days lie after `first` up to and including `last`; 0 where there are none."""
    calendar = calendar_of(jurisdiction)
    days = (last - first).days
    return sum(calendar.is_working_day(first + timedelta(days=number)) for number in range(1, days + 1))


def jurisdiction_of(of: Subject, facts: LedgerFacts, at: datetime) -> str | None:
    """Return the country whose holidays count for a person or unit: by its work calendar, else by its zone."""
    person = of.id if of.kind == "person" else None
    found = facts.jurisdiction_of(person, None if person else unit_in(of, facts, at), at)
    return None if found is None else found.upper()
