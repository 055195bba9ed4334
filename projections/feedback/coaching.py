"""Questions about coaching: conversations with what was agreed in them, and when each member was last coached."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.domain.feedback.coaching import (
    ActionAgreed,
    ActionCompleted,
    CoachingHeld,
)
from ledger.kernel.ids import stream_name
from projections.engine import View
from projections.engine.kept import Line, Times, found_by, ids_of, known_at, lines_of, read_as
from projections.feedback.handlers import ALL
from projections.feedback.queries import MOST

PREFIX = "coaching/"


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody agreed to do by a day, and by which entry it was done, if it was."""

    agreed: Line
    holder: str
    due_on: date
    completed: Line | None

    def is_overdue(self, day: date) -> bool:
        """Tell whether its day has passed and it is not done."""
        return self.completed is None and self.due_on < day


@dataclass(frozen=True, slots=True)
class CoachingStanding:
    """A conversation at a time; persons are read as the ids they were merged into."""

    id: str
    position: int
    known: int
    person: str
    coach: str
    participants: tuple[str, ...]
    goals: tuple[str, ...]
    held: Line
    actions: tuple[Action, ...]
    lines: tuple[Line, ...]

    @property
    def held_at(self) -> datetime:
        """Return when it took place."""
        return self.held.entry.begins


@dataclass(frozen=True, slots=True)
class Coached:
    """How a member was coached up to a time: `sessions` within the period asked about, the last one at any time."""

    person: str
    sessions: int
    last: CoachingStanding | None
    open_actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations a list is to hold: with a person, by a coach; None for any."""

    person: str | None = None
    coach: str | None = None


def coaching(view: View, id: str, *, on: datetime | None = None, known: int | None = None) -> CoachingStanding | None:
    """Return how a conversation stood at `on` (None: by all that is recorded), as known at a position."""
    found = _standings(view, [stream_name("coaching", id)], Times(on, known_at(view, known)))
    return found[0] if found else None


def coachings(
    view: View,
    wanted: Wanted,
    *,
    on: datetime | None = None,
    known: int | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[CoachingStanding], str | None]:
    """Return conversations in order of id after `after`, and the id to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last.
    """
    times, rows = Times(on, known_at(view, known)), min(limit, MOST)
    facet, values = "coaching", [ALL]
    for name, person in (("coached", wanted.person), ("coach", wanted.coach)):
        if person is not None and facet == "coaching":
            facet, values = name, ids_of(view, person, times.known)
    start = stream_name("coaching", after) if after else ""
    streams = found_by(view, facet, values, now=False, after=start, limit=rows)
    whole = read_as(view, {p for p in (wanted.person, wanted.coach) if p is not None}, times.known)
    pairs = ((wanted.person, "person"), (wanted.coach, "coach"))
    wishes = [(name, whole[person]) for person, name in pairs if person is not None]
    found = [one for one in _standings(view, streams, times) if all(getattr(one, n) == p for n, p in wishes)]
    return found, streams[-1].removeprefix(PREFIX) if len(streams) == rows else None


def coverage(
    view: View, members: Iterable[str], *, on: datetime, since: datetime | None = None, known: int | None = None
) -> list[Coached]:
    """Return for each member when they were last coached up to `on`, and how often since `since` (None: ever)."""
    times = Times(on, known_at(view, known))
    return [_coached(view, member, since, times) for member in members]


def _coached(view: View, member: str, since: datetime | None, times: Times) -> Coached:
    ids, whole = ids_of(view, member, times.known), read_as(view, [member], times.known)[member]
    found, after = list[CoachingStanding](), ""
    while streams := found_by(view, "coached", ids, now=False, after=after, limit=MOST):
        found += [one for one in _standings(view, streams, times) if one.person == whole]
        after = streams[-1]
    found.sort(key=lambda one: (one.held_at, one.held.entry.position))
    return Coached(
        person=whole,
        sessions=sum(since is None or one.held_at >= since for one in found),
        last=found[-1] if found else None,
        open_actions=tuple(action for one in found for action in one.actions if action.completed is None),
    )


def _standings(view: View, streams: Sequence[str], times: Times) -> list[CoachingStanding]:
    told = []
    for stream, everything in sorted(lines_of(view, streams, times.known).items()):
        lines = times.of(everything)
        held = next((line for line in lines if isinstance(line.entry.event, CoachingHeld)), None)
        if held is not None and isinstance(held.entry.event, CoachingHeld):
            told.append((stream.removeprefix(PREFIX), held, held.entry.event, lines))
    whole = read_as(view, {p for _, _, event, lines in told for p in _persons(event, lines)}, times.known)
    return [
        CoachingStanding(
            id=id,
            position=view.position,
            known=times.known,
            person=whole[event.person],
            coach=whole[event.coach],
            participants=tuple(dict.fromkeys(whole[person] for person in event.participants)),
            goals=event.goals,
            held=held,
            actions=_actions(lines, whole),
            lines=tuple(lines),
        )
        for id, held, event, lines in told
    ]


def _persons(held: CoachingHeld, lines: Iterable[Line]) -> set[str]:
    holders = {line.entry.event.holder for line in lines if isinstance(line.entry.event, ActionAgreed)}
    return {held.person, held.coach, *held.participants, *holders}


def _actions(lines: Sequence[Line], whole: Mapping[str, str]) -> tuple[Action, ...]:
    done = {line.entry.event.action: line for line in lines if isinstance(line.entry.event, ActionCompleted)}
    return tuple(
        Action(line, whole[agreed.holder], agreed.due_on, done.get(line.entry.event_id))
        for line in lines
        if isinstance(agreed := line.entry.event, ActionAgreed)
    )
