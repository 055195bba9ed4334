"""Questions about goals: how one stands, those of an owner or in a state, those under another, what was reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.figures import Coverage, RolledUp
from ledger.domain.goals.cascade import covered, rolled_up
from ledger.domain.goals.state import Stage
from ledger.kernel.ids import split_stream, stream_name
from projections.engine.kept import PERSON_PREFIX, found_by, ids_of, known_at, read_as, still_found
from projections.engine.views import View
from projections.goals.handlers import ALL, CLAIM, GOAL_PREFIX, MEASUREMENT
from projections.goals.replay import Replay, Value, When, replay, values_by_day
from projections.goals.standings import Contradiction, GoalStanding, defined, standing_of

MOST = 1_000
CONTRADICTIONS_MAX = 100
_LAST_POSITION = 2**63 - 1
_BEFORE: tuple[date, int] = (date.max, _LAST_POSITION)


@dataclass(frozen=True, slots=True)
class Cascade:
    """What the given goals under one carry of it, and the figure that they make together."""

    children: tuple[GoalStanding, ...]
    coverage: Coverage | None
    rolled_up: RolledUp | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which goals a list is to hold: of any of these owners (`person/…`, `unit/…`), in a stage; None for any."""

    owners: Sequence[str] | None = None
    stage: Stage | None = None
    parent: str | None = None


def goal(view: View, id: str, when: When) -> GoalStanding | None:
    """Return how a goal stood, by the target in force and the values of the days up to then; None where unknown."""
    found = _standings(view, [id], when)
    return found[0] if found else None


def goals(
    view: View, wanted: Wanted, when: When, *, after: str = "", limit: int = MOST
) -> tuple[list[GoalStanding], str | None]:
    """Return goals in order of id after `after`, and the id to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last: goals that once fitted are looked through.
    """
    known, rows = known_at(view, when.known), min(limit, MOST)
    owners = None if wanted.owners is None else _with_merged(view, wanted.owners, known)
    streams = _candidates(view, wanted, owners, when, after, rows)
    found = _standings(view, [stream.removeprefix(GOAL_PREFIX) for stream in streams], when)
    whole = None if owners is None else frozenset(owners)
    fitting = [one for one in found if _fits(one, wanted, whole)]
    return fitting, streams[-1].removeprefix(GOAL_PREFIX) if len(streams) == rows else None


def running_goals_of(view: View, owner: str) -> list[str]:
    """Return the ids of the goals that somebody has and that run, by all that is recorded."""
    found, after = list[str](), ""
    values = _with_merged(view, [owner], view.position)
    while page := found_by(view, "owner", values, now=True, after=after, limit=MOST):
        found += page
        after = page[-1]
    running = still_found(view, found, "stage", Stage.ASSIGNED.value)
    return [stream.removeprefix(GOAL_PREFIX) for stream in found if stream in running]


def cascade(view: View, id: str, children: Sequence[str], when: When) -> Cascade:
    """Return what these goals under one carry of it; those that no more stand under it then are left out."""
    played = replay(view, [id, *children], when)
    under = {c: g for c, g in played.goals.items() if c != id and g.state.terms and g.state.terms.parent == id}
    standings = tuple(_read(view, [standing_of(view, one, played) for one in under.values()], played))
    parent = played.goals.get(id)
    if parent is None or not all(defined(played, one.state) for one in (parent, *under.values())):
        return Cascade(standings, None, None)
    states = {child: one.state for child, one in under.items()}
    measured = {child: (one.state, one.values) for child, one in under.items()}
    day = when.day
    return Cascade(standings, covered((id, parent.state), states, day, played), rolled_up(measured, day, played))


def contradictions(view: View, standing: GoalStanding, when: When) -> list[Contradiction]:
    """Return the days on which claim and measurement differ, the latest first, at most a hundred."""
    source = None if standing.metric is None else standing.metric.approved_source
    day = min(when.day, standing.terms.ends_on)
    values = values_by_day(view, standing.id, day=day, source=source, known=standing.known)
    measured = {value.day: value for value in values if value.kind == MEASUREMENT}
    claims = (value for value in reversed(values) if value.kind == CLAIM and value.day in measured)
    found = [Contradiction(claim, measured[claim.day]) for claim in claims if claim.value != measured[claim.day].value]
    return found[:CONTRADICTIONS_MAX]


def reports(
    view: View, id: str, *, before: tuple[date, int] = _BEFORE, known: int | None = None, limit: int = MOST
) -> list[Value]:
    """Return what was claimed and measured about a goal, newest first, before (day, position), at most `limit`."""
    asked = {"goal": id, "before_day": before[0], "before_position": before[1], "limit": min(limit, MOST)}
    return [Value(*row) for row in view.rows("list_reports", {**asked, "known": known_at(view, known)})]


def _candidates(
    view: View, wanted: Wanted, owners: Sequence[str] | None, when: When, after: str, limit: int
) -> list[str]:
    """Return streams to look at: what a goal was ever found by holds for every `on` and `known`."""
    after, now = stream_name("goal", after) if after else "", when.on is None and when.known is None
    facet, values = "goal", [ALL]
    if owners is not None:
        facet, values = "owner", list(owners)
    elif wanted.parent is not None:
        facet, values = "parent", [wanted.parent]
    elif wanted.stage is not None:
        facet, values = "stage", [wanted.stage.value]
    return found_by(view, facet, values, now=now, after=after, limit=limit)


def _fits(standing: GoalStanding, wanted: Wanted, owners: frozenset[str] | None) -> bool:
    asked = ((standing.stage, wanted.stage), (standing.terms.parent, wanted.parent))
    return (owners is None or standing.recorded_owner in owners) and all(v in (None, has) for has, v in asked)


def _with_merged(view: View, owners: Iterable[str], known: int) -> list[str]:
    """Return owners with every id that is read as the same person."""
    found: set[str] = set()
    for owner in owners:
        kind, id = split_stream(owner)
        found |= {PERSON_PREFIX + one for one in ids_of(view, id, known)} if kind == "person" else {owner}
    return sorted(found)


def _standings(view: View, ids: Sequence[str], when: When) -> list[GoalStanding]:
    played = replay(view, ids, when)
    return _read(view, [standing_of(view, played.goals[id], played) for id in ids if id in played.goals], played)


def _read(view: View, found: list[GoalStanding], played: Replay) -> list[GoalStanding]:
    """Return the goals with each owner read as the id that it was merged into, as known then."""
    known = known_at(view, played.when.known)
    persons = {one.owner.removeprefix(PERSON_PREFIX) for one in found if one.owner.startswith(PERSON_PREFIX)}
    whole = {PERSON_PREFIX + id: PERSON_PREFIX + end for id, end in read_as(view, persons, known).items()}
    return [_of(one, whole.get(one.owner, one.owner)) for one in found]


def _of(standing: GoalStanding, owner: str) -> GoalStanding:
    return standing if owner == standing.owner else replace(standing, owner=owner)
