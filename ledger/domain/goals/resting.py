"""Resting: on which days nothing is expected on a goal, for it is paused or its owner of those days is away.

Figures, projections, rules and the replay of a bundle all take the days from here, so that none of them counts an
absence as days without progress.
"""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from ledger.domain.figures import Cause, Pause
from ledger.domain.figures.pauses import within
from ledger.domain.goals.state import GoalState
from ledger.kernel.event import Subject
from ledger.kernel.facts import Terms
from ledger.kernel.moments import begins, day_of


def resting(state: GoalState, facts: Terms) -> tuple[Pause, ...]:
    """Return the runs of days on which nothing is expected, days in the ledger's zone; those of absences after the own.

    After a hand-over the absences of whoever had the goal on a day count for that day, and no one else's.
    """
    return (*state.paused(facts.zone), *_owners_away(state, facts))


def _owners_away(state: GoalState, facts: Terms) -> Iterator[Pause]:
    for owner, since, until in _owners(state, facts.zone):
        yield from within(away(owner, facts), starts_on=since, until=until)


def _owners(state: GoalState, zone: ZoneInfo) -> Iterator[tuple[Subject, date, date | None]]:
    """Yield each owner with their days [since, until); the day of a hand-over is the taker's."""
    days = [date.min if at is None else day_of(at, zone) for at, _ in state.owners]
    for (_, owner), since, until in zip(state.owners, days, [*days[1:], None], strict=False):
        yield owner, since, until


def away(owner: Subject, facts: Terms) -> tuple[Pause, ...]:
    """Return the runs of days on which an absence that pauses duties keeps the owner away; of a unit there are none."""
    if owner.kind != "person":
        return ()
    return tuple(
        Pause(
            run.starts_on, run.until, Cause.OWNER_AWAY, run.entry, facts.policy(begins(run.starts_on, facts.zone)).name
        )
        for run in facts.days_away(owner.id)
    )
