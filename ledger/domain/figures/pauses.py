"""Pauses: runs of days on which nothing is expected, why, and how many days of a span they take out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Cause(StrEnum):
    """Why nothing is expected: somebody paused the goal, or its owner of those days was away."""

    GOAL_PAUSED = "goal_paused"
    OWNER_AWAY = "owner_away"


@dataclass(frozen=True, slots=True)
class Pause:
    """The days [starts_on, until) on which nothing is expected; open while nobody has resumed or come back.

    `entry` is the event that began them; `policy`, of an absence, the version in force on its first day, which says
    which kinds of absence pause.
    """

    starts_on: date
    until: date | None = None
    cause: Cause = Cause.GOAL_PAUSED
    entry: str | None = None
    policy: str | None = None


def paused_days(pauses: Iterable[Pause], *, starts_on: date, until: date) -> int:
    """Return how many days of [starts_on, until) are paused; overlapping pauses count once."""
    days, counted_to = 0, starts_on
    for pause in sorted(pauses, key=lambda p: p.starts_on):
        first, last = max(pause.starts_on, counted_to), min(pause.until or until, until)
        if first < last:
            days += (last - first).days
            counted_to = last
    return days


def within(pauses: Iterable[Pause], *, starts_on: date, until: date | None) -> Iterator[Pause]:
    """Yield, of each pause, the days that lie in [starts_on, until), if there are any; None leaves it open."""
    for pause in pauses:
        ends = [end for end in (pause.until, until) if end is not None]
        first, last = max(pause.starts_on, starts_on), min(ends, default=None)
        if last is None or first < last:
            yield replace(pause, starts_on=first, until=last)
