"""Goals: how one stands on a day as known on a day, figures with what they rest on, and lists by owner, unit, state."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Limit, MinPosition, answer, table
from api.labels import labels_for
from api.lists import Page, listed
from api.members import members_of
from api.paths import PathId, require_ids
from api.reading import Asked, Asking
from api.routes.goal_views import row_json, standing_json
from api.routes.ownership import Fields, moment_json
from api.routes.threads import persons_in
from api.snapshots import at_least, known_position, put
from api.times import Known, Moment, On, moment_of
from ledger.domain.goals.state import Stage
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import NotFound
from projections.engine import View
from projections.goals import queries
from projections.goals.queries import Wanted
from projections.goals.replay import When
from projections.goals.standings import Contradiction, GoalStanding

NAME = "goals"
CHILDREN_MAX = 1_000
STAGES = (Stage.PROPOSED, Stage.ASSIGNED, Stage.CLOSED, Stage.WITHDRAWN)
router = APIRouter(tags=["goals"])
Owner = Annotated[
    str | None, Query(max_length=180, pattern=r"^(me|(person|unit)/.+)$", description="person/…, unit/… or `me`.")
]
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="The unit's own goals and its members'.")]
State = Annotated[Stage | None, Query(description="Where they stand.")]


@router.get("/goals/{id}", response_class=Response)
async def goal(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a goal on a day, as known on a day: target, claim and measurement, figures, path, cascade, open calls."""
    moment, when = await _when(asked, on, known)

    def question(view: View) -> tuple[GoalStanding, list[Contradiction], list[str]] | None:
        found = queries.goal(view, id, when)
        if found is None:
            return None
        children, _ = queries.goals(view, Wanted(parent=id), when, limit=CHILDREN_MAX)
        return found, queries.contradictions(view, found, when), [child.id for child in children]

    answered = await put(asked, NAME, question, at_least(min_position, when.known))
    if answered is None:
        raise NotFound()
    found, contradictions, children = answered
    seen = await asyncio.gather(*(asked.sees("goal", child) for child in children))
    visible = [child for child, is_seen in zip(children, seen, strict=True) if is_seen]
    cascade = await put(asked, NAME, lambda view: queries.cascade(view, id, visible, when))
    labels = await labels_for(asked, _keys([found, *cascade.children]), moment, when.known)
    titles = await asyncio.to_thread(_titles, asked, found)
    value = standing_json(found, cascade, contradictions, labels=labels, titles=titles)
    return answer(asked, {**value, "on": moment_json(moment), "known": found.known}, found.position)


@router.get("/goals", response_class=Response)
async def goals(
    asked: Asking,
    owner: Owner = None,
    unit: Unit = None,
    state: State = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return goals that the caller may see, in order of id."""
    moment, when = await _when(asked, on, known)
    wanted = Wanted(await _owners(asked, owner, unit, moment, when.known), state)

    found = await listed(
        asked,
        NAME,
        "goal",
        Page(f"goals {owner} {unit} {state} {on} {known}", after, limit, min_position, when.known),
        lambda view, start, rows: queries.goals(view, wanted, when, after=start, limit=rows),
    )
    labels = await labels_for(asked, {row.owner for row in found.rows}, moment, when.known)
    more: Fields = {"on": moment_json(moment), "known": when.known}
    return table(asked, [row_json(row, labels) for row in found.rows], found.position, next=found.next, more=more)


async def _when(asked: Asked, on: str | None, known: str | None) -> tuple[Moment, When]:
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    at, zone = await known_position(asked, known), asked.ledger.zone
    return moment, When(None if on is None else moment.at, day_of(moment.at, zone), zone, at)


async def _owners(
    asked: Asked, owner: str | None, unit: str | None, moment: Moment, known: int | None
) -> list[str] | None:
    """Return whose goals are meant: of both an owner and a unit, those that fit both."""
    mine = stream_name("person", asked.caller.id) if owner == "me" else owner
    require_ids(owner=None if mine is None else mine.partition("/")[2], unit=unit)
    if unit is None:
        return None if mine is None else [mine]
    members = await members_of(asked, unit, moment, known)
    keys = [stream_name("unit", unit), *(stream_name("person", member) for member in sorted(members))]
    return keys if mine is None else [key for key in keys if key == mine]


def _keys(found: Iterable[GoalStanding]) -> set[str]:
    keys: set[str] = set()
    for one in found:
        named = {name for name in (one.assigner, one.proposer) if name is not None and not name.startswith("system:")}
        keys |= {one.owner, *(f"person/{name}" for name in named)} | persons_in(one.lines)
    return keys


def _titles(asked: Asked, found: GoalStanding) -> dict[str, str]:
    """Return event id → title, of the goal and its milestones, as their sealed parts open now; erased ones are gone."""
    entries = [found.terms_entry, *(milestone.entry for milestone in found.milestones)]
    opened = ((entry, asked.ledger.open_parts(entry).values()) for entry in entries)
    return {
        entry: title for entry, parts in opened for fields in parts if isinstance(title := fields.get("title"), str)
    }
