"""Values: progress, attainment and hit rate on decimals, aware of direction; a missing figure says why.

Nothing is rounded here but by `displayed`. A figure without a value is never zero and leaves every mean it would enter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ledger.domain.figures.pauses import Pause, paused_days
from ledger.kernel.policy import FallingAttainment

FORMULA = "figures-2"  # stored beside every figure that is kept; a changed formula gets another code
Quantity = Annotated[Decimal, Field(max_digits=28, decimal_places=10)]
Origin = Literal["measurement", "claim"]
ZERO, ONE = Decimal(0), Decimal(1)
Falling = FallingAttainment
EXACT = Context(prec=34)  # decimal128: the same quotient on every machine and under every caller's context


class Direction(StrEnum):
    """Which way is better: up, down, inside a band, or simply reached."""

    INCREASE = "increase"
    DECREASE = "decrease"
    MAINTAIN = "maintain"
    MILESTONE = "milestone"


class Why(StrEnum):
    """Why a figure has no value."""

    NO_ACTUAL = "no_actual"
    NO_BASELINE = "no_baseline"
    NO_BAND = "no_band"
    TARGET_EQUALS_BASELINE = "target_equals_baseline"
    TARGET_NOT_POSITIVE = "target_not_positive"
    ACTUAL_NOT_POSITIVE = "actual_not_positive"
    NOT_FOR_THIS_DIRECTION = "not_for_this_direction"
    NOT_FOR_THIS_INTERVAL = "not_for_this_interval"
    NOTHING_PRESENT = "nothing_present"
    NO_WEIGHT = "no_weight"
    DOES_NOT_ADD_UP = "does_not_add_up"
    OTHER_UNIT_OF_MEASURE = "other_unit_of_measure"
    DENOMINATOR_ZERO = "denominator_zero"
    PAUSED_THROUGHOUT = "paused_throughout"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, or the reason why there is none; exactly one of the two is present."""

    value: Decimal | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Actual:
    """An actual value: of which day, from which entry, and whether a system measured it or a person claimed it."""

    value: Decimal
    day: date
    entry: str
    origin: Origin


def progress(*, direction: Direction, baseline: Decimal | None, target: Decimal, actual: Decimal | None) -> Figure:
    """Return (actual − baseline) / (target − baseline), raw: below 0 has regressed, above 1 has surpassed.

    A milestone is 0 or 1; a metric to be maintained has `share_inside` instead.
    """
    if actual is None:
        return Figure(why=Why.NO_ACTUAL)
    if direction is Direction.MAINTAIN:
        return Figure(why=Why.NOT_FOR_THIS_DIRECTION)
    if direction is Direction.MILESTONE:
        return Figure(ONE if actual >= target else ZERO)
    if baseline is None:
        return Figure(why=Why.NO_BASELINE)
    if target == baseline:
        return Figure(why=Why.TARGET_EQUALS_BASELINE)
    with localcontext(EXACT):
        return Figure((actual - baseline) / (target - baseline))


def attainment(
    *, direction: Direction, target: Decimal, actual: Decimal | None, falling: Falling = Falling.QUOTIENT
) -> Figure:
    """Return actual / target, or for a falling metric the inverse named; none where a sign would turn its meaning."""
    if actual is None:
        return Figure(why=Why.NO_ACTUAL)
    if direction in {Direction.MAINTAIN, Direction.MILESTONE}:
        return Figure(why=Why.NOT_FOR_THIS_DIRECTION)
    if target <= 0:
        return Figure(why=Why.TARGET_NOT_POSITIVE)
    with localcontext(EXACT):
        if direction is Direction.INCREASE:
            return Figure(actual / target)
        if falling is Falling.MIRROR:
            return Figure(2 - actual / target)
        return Figure(target / actual) if actual > 0 else Figure(why=Why.ACTUAL_NOT_POSITIVE)


def reached(
    *, direction: Direction, target: Decimal, actual: Decimal | None, tolerance: Decimal | None = None
) -> bool | None:
    """Tell whether the target is reached, compared unrounded; None without an actual or, to maintain, a band."""
    if actual is None:
        return None
    if direction is Direction.DECREASE:
        return actual <= target
    if direction is Direction.MAINTAIN:
        return None if tolerance is None else abs(actual - target) <= tolerance
    return actual >= target


@dataclass(frozen=True, slots=True)
class HitRate:
    """The share of subjects that reached their target, of those that have an answer at all."""

    figure: Figure
    present: int
    missing: int


def hit_rate(answers: Iterable[bool | None]) -> HitRate:
    """Return the share of True among the answers present; the missing ones leave the denominator and are counted."""
    known = list(answers)
    present = [answer for answer in known if answer is not None]
    missing = len(known) - len(present)
    if not present:
        return HitRate(Figure(why=Why.NOTHING_PRESENT), 0, missing)
    with localcontext(EXACT):
        return HitRate(Figure(Decimal(sum(present)) / len(present)), len(present), missing)


def share_inside(
    series: Sequence[Actual],
    *,
    low: Decimal | None,
    high: Decimal | None,
    starts_on: date,
    until: date,
    pauses: Sequence[Pause] = (),
) -> Figure:
    """Return the share of days in [starts_on, until) on which the value lay within [low, high].

    `series` is ordered by day; each value holds until the next. Days before the first value, and paused ones, leave
    the denominator.
    """
    if low is None or high is None:
        return Figure(why=Why.NO_BAND)
    ends = [*(actual.day for actual in series[1:]), until]
    held = [
        (max(actual.day, starts_on), min(end, until), low <= actual.value <= high)
        for actual, end in zip(series, ends, strict=False)
    ]
    spans = [
        ((last - first).days - paused_days(pauses, starts_on=first, until=last), inside)
        for first, last, inside in held
        if first < last
    ]
    days = sum(length for length, _ in spans)
    if not days:
        return Figure(why=Why.PAUSED_THROUGHOUT if spans else Why.NO_ACTUAL)
    with localcontext(EXACT):
        return Figure(Decimal(sum(length for length, inside in spans if inside)) / days)


def milestones_reached(steps: Iterable[tuple[Decimal, bool]]) -> Figure:
    """Return the share up to which every milestone is reached; `steps` are (share, reached), in any order."""
    known = sorted(steps)
    if not known:
        return Figure(why=Why.NOTHING_PRESENT)
    missed = next((share for share, done in known if not done), None)
    return Figure(max((share for share, _ in known if missed is None or share < missed), default=ZERO))


def bounded(value: Decimal) -> Decimal:
    """Return a progress held to 0…1, to be shown beside the raw one and never instead of it."""
    return min(max(value, ZERO), ONE)


def displayed(value: Decimal, places: int) -> Decimal:
    """Return the value as shown: rounded once, half up (away from zero), to `places` decimals."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=EXACT)
