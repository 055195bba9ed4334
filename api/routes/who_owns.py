"""Who owns this: holders of a subject on a day as known on a day, what somebody holds, gaps, conflicts, hand-overs."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table
from api.labels import labels_for
from api.paths import PathId, PathKind
from api.reading import Asked, Asking
from api.routes.chains import around, around_json, goal_ownership_json
from api.routes.ownership import (
    checkpoint_json,
    gap_json,
    hand_over_json,
    moment_json,
    owned_row,
    ownership_json,
    rests_on_json,
)
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, On, moment_of
from api.visible import Key, visible_found, visible_page
from ledger.kernel.ids import stream_name
from projections.engine import View
from projections.engine.reading import event_at
from projections.responsibility import queries

NAME = "responsibility"
F = TypeVar("F", queries.Gap, queries.Conflict)
router = APIRouter(tags=["who-owns"])
Kind = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
QueryId = Annotated[str, Query(alias="id", min_length=1, max_length=128)]
Role = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$")]
Holder = Annotated[
    str | None, Query(max_length=180, pattern=r"^(person|unit)/.+$", description="person/… or unit/…; none: everybody.")
]


@router.get("/who-owns/{kind}/{id}", response_class=Response)
async def who_owns(
    asked: Asking, kind: PathKind, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return who answers for a subject on a day, as known on a day, and all that the answer rests on."""
    return await _who_owns(asked, stream_name(kind, id), on, known, min_position)


@router.get("/who-owns/{kind}", response_class=Response)
async def who_owns_by_query(
    asked: Asking, kind: PathKind, id: QueryId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """The same with the id as a parameter."""
    return await _who_owns(asked, stream_name(kind, id), on, known, min_position)


async def _who_owns(
    asked: Asked, subject: str, on: str | None, known: str | None, min_position: int | None
) -> Response:
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    at = await known_position(asked, known)
    ownership, passed = await put(
        asked,
        NAME,
        lambda view: (
            queries.who_owns(view, subject, on=moment.at, known=at, day_start=moment.day_before),
            queries.hand_overs(view, subject, known=at),
        ),
        at_least(min_position, at),
    )
    accountable = [holding.holder for holding in ownership.accountable]
    beside = await around(asked, subject, accountable, moment, at, at_least(min_position, at))
    labels = await labels_for(asked, _holders(ownership, passed) | beside.holders(), moment, at)
    value = {
        **ownership_json(ownership, labels),
        **(goal_ownership_json(beside.goal, labels) if not accountable else {}),
        **around_json(beside, labels),
        "rests_on": rests_on_json(ownership, await asyncio.to_thread(_entries_at, asked, ownership.merges)),
        "hand_overs": [hand_over_json(h, labels) for h in passed],
        "on": moment_json(moment),
        "known": ownership.known,
        "policy": await policy_json(asked, moment.at, at),
        "checkpoint": checkpoint_json(asked.served.signing.latest),
    }
    return answer(asked, value, ownership.position)


def _entries_at(asked: Asked, positions: Iterable[int]) -> list[tuple[str, int]]:
    """Return the events at positions by id."""
    return [(str(event_at(asked.ledger.reader, position)["event_id"]), position) for position in positions]


def _holders(ownership: queries.Ownership, passed: list[queries.HandOver]) -> set[str]:
    held = {h.holder for line in ownership.holders.values() for h in line} | {h.holder for h in ownership.changes}
    conflict = set(ownership.conflict.holders) if ownership.conflict else set()
    return held | conflict | {h.giver for h in passed} | {h.taker for h in passed}


@router.get("/who-owns", response_class=Response)
async def owned_by(
    asked: Asking,
    holder: Holder = None,
    kind: Kind = None,
    role: Role = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return what a person or unit holds on a day, in order of role and subject; without a holder, who holds what."""
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    at = await known_position(asked, known)
    keyset = Keyset(asked, f"who-owns {holder} {kind} {role} {on} {known}")

    async def fetch(key: Key | None, rows: int) -> tuple[list[queries.Owned], Key | None]:
        first, second, third = ("", "", "") if key is None else (*map(str, key), "")[:3]

        def question(view: View) -> tuple[list[queries.Owned], Key | None]:
            if holder is None:
                place = (first, second, third)
                return queries.held(view, on=moment.at, role=role, kind=kind, known=at, after=place, limit=rows)
            found = queries.owned_by(
                view, holder, on=moment.at, role=role, kind=kind, known=at, after=(first, second), limit=rows
            )
            return found, _place(found[-1], holder) if len(found) == rows else None

        return await put(asked, NAME, question, at_least(min_position, at))

    rows, key = await visible_found(
        asked,
        fetch,
        key_of=lambda owned: _place(owned, holder),
        subject_of=lambda owned: owned.subject,
        after=keyset.read(after),
        limit=limit,
    )
    await asked.note_shown(owned.holding.holder for owned in rows)
    labels = await labels_for(asked, {owned.holding.holder for owned in rows}, moment, at)
    more: dict[str, object] = {"on": moment_json(moment), "known": at}
    return await _table(asked, [owned_row(owned, labels) for owned in rows], keyset, key, more)


def _place(owned: queries.Owned, holder: str | None) -> Key:
    """Return a row's place in its list: of all holders by subject, of one by role."""
    if holder is not None:
        return (owned.holding.role, owned.subject)
    return (owned.subject, owned.holding.role, owned.holding.recorded_as[0])


@router.get("/gaps", response_class=Response)
async def gaps(
    asked: Asking,
    kind: Kind = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return live subjects that nobody answers for on a day."""
    asking = _Flaws("gaps", kind, on, known, limit, after, min_position)
    return await _flawed(asked, asking, queries.gaps, lambda gap: {"subject": gap.subject, **gap_json(gap)})


@router.get("/conflicts", response_class=Response)
async def conflicts(
    asked: Asking,
    kind: Kind = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return subjects for which several are accountable on a day."""
    asking = _Flaws("conflicts", kind, on, known, limit, after, min_position)
    return await _flawed(asked, asking, queries.conflicts, _conflict_row)


def _conflict_row(conflict: queries.Conflict) -> dict[str, object]:
    since, until = conflict.since, conflict.until
    return {"subject": conflict.subject, "since": since, "until": until, "holders": conflict.holders}


@dataclass(frozen=True, slots=True)
class _Flaws:
    """What was asked about gaps or conflicts."""

    name: str
    kind: str | None
    on: str | None
    known: str | None
    limit: int
    after: str | None
    min_position: int | None


async def _flawed(
    asked: Asked, asking: _Flaws, query: Callable[..., list[F]], row: Callable[[F], dict[str, object]]
) -> Response:
    """Return a page of gaps or conflicts, in order of subject."""
    moment = moment_of(asking.on, asked.ledger.clock.now(), asked.ledger.zone)
    at = await known_position(asked, asking.known)
    keyset = Keyset(asked, f"{asking.name} {asking.kind} {asking.on} {asking.known}")

    async def fetch(key: Key | None, rows: int) -> list[F]:
        start = "" if key is None else str(key[0])
        question = partial(query, on=moment.at, known=at, kind=asking.kind, after=start, limit=rows)
        return await put(asked, NAME, question, at_least(asking.min_position, at))

    rows, key = await visible_page(
        asked,
        fetch,
        key_of=lambda flaw: (flaw.subject,),
        subject_of=lambda flaw: flaw.subject,
        after=keyset.read(asking.after),
        limit=asking.limit,
    )
    return await _table(asked, [row(flaw) for flaw in rows], keyset, key, {"on": moment_json(moment), "known": at})


@router.get("/hand-overs", response_class=Response)
async def hand_overs(
    asked: Asking,
    kind: Annotated[str, Query(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")],
    id: QueryId,
    role: Role = None,
    known: Known = None,
    min_position: MinPosition = None,
) -> Response:
    """Return how a role of one subject passed from holder to holder; `returned` marks one who had held it before."""
    await asked.require(kind, id)
    at = await known_position(asked, known)
    question = partial(queries.hand_overs, subject=stream_name(kind, id), role=role, known=at)
    passed, position = await put(asked, NAME, lambda view: (question(view), view.position), at_least(min_position, at))
    moment = moment_of(None, asked.ledger.clock.now(), asked.ledger.zone)
    labels = await labels_for(asked, {h.giver for h in passed} | {h.taker for h in passed}, moment, at)
    return table(asked, [hand_over_json(h, labels) for h in passed], position, next=None)


async def _table(
    asked: Asked, rows: list[dict[str, object]], keyset: Keyset, key: Key | None, more: dict[str, object]
) -> Response:
    position = asked.served.runner.positions.get(NAME)
    return table(asked, rows, position, next=None if key is None else keyset.make(key), more=more)
