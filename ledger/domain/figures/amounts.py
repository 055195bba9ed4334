"""Amounts: targets compared over the parent's period in one unit of measure, and what of the parent they cover."""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

from ledger.domain.figures.values import EXACT, FORMULA, Figure, Why

_DAY = timedelta(days=1)
Conversions = Mapping[tuple[str, str], Decimal]  # (from, to) -> factor, each as a named person stated it


@dataclass(frozen=True, slots=True)
class Amount:
    """A target that holds for each `interval` (period, year, quarter, month, week, day) of [starts_on, ends_on].

    `sums` tells whether the metric's values add up at all.
    """

    id: str
    value: Decimal
    interval: str
    starts_on: date
    ends_on: date
    unit_of_measure: str
    sums: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the parent's amount its children carry: 96 of 100, 4 remain. `unknown` names who can't be added."""

    whole: Figure
    covered: Figure
    remainder: Figure
    share: Figure
    unknown: tuple[tuple[str, Why], ...] = ()
    formula: str = FORMULA


def amount_over(amount: Amount, *, starts_on: date, ends_on: date) -> Figure:
    """Return what the target comes to over a period, both days included: 8 a month is 96 over a year.

    Of intervals that lie in the period in part, the part counts by days. There is none where values do not add up.
    """
    if not amount.sums:
        return Figure(why=Why.DOES_NOT_ADD_UP)
    first, last = max(amount.starts_on, starts_on), min(amount.ends_on, ends_on)
    if last < first:
        return Figure(Decimal(0))
    return Figure(_decimal(Fraction(amount.value) * _intervals(amount, first, last)))


def _intervals(amount: Amount, first: date, last: date) -> Fraction:
    if amount.interval == "period":
        return Fraction((last - first).days + 1, (amount.ends_on - amount.starts_on).days + 1)
    return sum((part for part in _parts(amount.interval, first, last)), Fraction())


def _parts(interval: str, first: date, last: date) -> Iterator[Fraction]:
    """Yield the part of each calendar interval that lies in [first, last]."""
    day = first
    while day <= last:
        begin, end = bounds(interval, day)
        yield Fraction((min(end, last) - day).days + 1, (end - begin).days + 1)
        day = end + _DAY


def bounds(interval: str, day: date) -> tuple[date, date]:
    """Return the first and last day of the calendar interval around a day; weeks begin on Monday (ISO 8601)."""
    if interval == "day":
        return day, day
    if interval == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[interval]
    start = (day.month - 1) // months * months + 1
    end = start + months - 1
    return date(day.year, start, 1), date(day.year, end, calendar.monthrange(day.year, end)[1])


def coverage(parent: Amount, children: Iterable[Amount], conversions: Conversions | None = None) -> Coverage:
    """Return how much of the parent's amount its children carry over the parent's period.

    One child whose values do not add up, or whose unit of measure nobody has converted, leaves the coverage unknown:
    a sum without it would pass for the whole.
    """
    whole = amount_over(parent, starts_on=parent.starts_on, ends_on=parent.ends_on)
    ordered = sorted(children, key=lambda child: child.id)
    carried = {child.id: _carried(child, parent, conversions or {}) for child in ordered}
    unknown = tuple((id, figure.why) for id, figure in carried.items() if figure.why is not None)
    if whole.why is not None or unknown:
        nothing = Figure(why=whole.why or unknown[0][1])
        return Coverage(whole, nothing, nothing, nothing, unknown)
    with localcontext(EXACT):
        total = sum((figure.value for figure in carried.values() if figure.value is not None), Decimal(0))
        due = whole.value or Decimal(0)
        share = Figure(total / due) if due > 0 else Figure(why=Why.TARGET_NOT_POSITIVE)
        return Coverage(whole, Figure(total), Figure(due - total), share)


def _carried(child: Amount, parent: Amount, conversions: Conversions) -> Figure:
    factor = conversions.get((child.unit_of_measure, parent.unit_of_measure))
    if child.unit_of_measure == parent.unit_of_measure:
        factor = Decimal(1)
    over = amount_over(child, starts_on=parent.starts_on, ends_on=parent.ends_on)
    if over.value is None:
        return over
    if factor is None:
        return Figure(why=Why.OTHER_UNIT_OF_MEASURE)
    with localcontext(EXACT):
        return Figure(over.value * factor)


def ratio(parts: Iterable[tuple[Decimal | None, Decimal | None]]) -> Figure:
    """Return the ratio of several (numerator, denominator): their sums divided, never the mean of their ratios.

    A part of which either side is unknown is left out on both sides.
    """
    known = [(above, below) for above, below in parts if above is not None and below is not None]
    if not known:
        return Figure(why=Why.NOTHING_PRESENT)
    above, below = sum(Fraction(a) for a, _ in known), sum(Fraction(b) for _, b in known)
    return Figure(_decimal(Fraction(above) / Fraction(below))) if below else Figure(why=Why.DENOMINATOR_ZERO)


def _decimal(exact: Fraction) -> Decimal:
    with localcontext(EXACT):
        return Decimal(exact.numerator) / exact.denominator
