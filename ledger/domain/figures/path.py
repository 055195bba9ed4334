"""The expected path: how far a goal should be on a day, and whether its last value lies below that or is overdue.

While a goal is paused its path stands still and goes on afterwards as steep as before: a pause recorded today leaves
what was expected on earlier days as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from ledger.domain.figures.pauses import Pause, paused_days
from ledger.domain.figures.values import EXACT, ONE, ZERO, Figure, Why

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Milestone:
    """The share of the whole way, 0…1, that is to be done by the end of a day."""

    due_on: date
    share: Decimal


def path_day(day: date, *, starts_on: date, pauses: Iterable[Pause] = ()) -> date:
    """Return the day of the undisturbed path at which the goal is at the end of `day`."""
    return day - timedelta(days=paused_days(pauses, starts_on=starts_on, until=day + _DAY))


def expected(
    *,
    day: date,
    starts_on: date,
    ends_on: date,
    milestones: Sequence[Milestone] = (),
    pauses: Iterable[Pause] = (),
) -> Decimal:
    """Return the share of the whole way, 0…1, that is expected at the end of `day`.

    A straight line over the period, or, where the goal names milestones, the greatest share that is due by then.
    """
    on_path = path_day(day, starts_on=starts_on, pauses=pauses)
    if milestones:
        return max((m.share for m in milestones if m.due_on <= on_path), default=ZERO)
    if on_path < starts_on:
        return ZERO
    with localcontext(EXACT):
        return min(ONE, Decimal((on_path - starts_on).days + 1) / ((ends_on - starts_on).days + 1))


@dataclass(frozen=True, slots=True)
class Judged:
    """A progress beside what was expected of it; `below` is None where there is no progress to compare."""

    progress: Figure
    expected: Decimal
    share: Decimal
    below: bool | None

    @property
    def why(self) -> Why | None:
        """Return why nothing was compared."""
        return self.progress.why


def judged(*, progress: Figure, expected: Decimal, share: Decimal) -> Judged:
    """Return whether a progress lies below the policy's share of the path, compared unrounded."""
    if progress.value is None:
        return Judged(progress, expected, share, None)
    with localcontext(EXACT):
        return Judged(progress, expected, share, progress.value < share * expected)


def stale_since(
    *, last_day: date | None, starts_on: date, rhythm_days: int, pauses: Iterable[Pause] = (), until: date
) -> date | None:
    """Return the first day without a value in time, or None while the rhythm is kept up to and including `until`.

    The rhythm is counted from the last value, else from the first day of the goal; paused days do not count.
    """
    known, kept = list(pauses), last_day if last_day is not None and last_day >= starts_on else starts_on - _DAY
    waited, day = 0, kept
    while day < until:
        day += _DAY
        waited += 1 - paused_days(known, starts_on=day, until=day + _DAY)
        if waited > rhythm_days:
            return day
    return None
