"""Cycles: which there are, and the board of one: stages, how complete, who is late, how the grades are spread."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, table
from api.labels import Labels, labels_for
from api.members import members_of
from api.paths import PathId, require_ids
from api.reading import Asked, Asking
from api.routes.ownership import Fields, instant, moment_json
from api.routes.reviews import NAME, reader_of
from api.routes.threads import event_json, line_json, person_json, persons_in
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, On, moment_of
from api.visible import Key, visible_found
from ledger.facts import LedgerFacts
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import NotFound
from projections.engine import View
from projections.reviews import boards, queries
from projections.reviews.boards import CycleStanding, Owed, Spread, StageStanding
from projections.reviews.queries import ReviewStanding, Wanted

AT_ONCE = 200  # questions of sight that are put together, so that what they need is loaded together
LATE_MAX = 1_000
router = APIRouter(tags=["cycles"])
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Whose members' reviews count.")]


@router.get("/cycles", response_class=Response)
async def cycles(
    asked: Asking,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the cycles, in order of id."""
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at

    async def page(key: Key | None, rows: int) -> tuple[list[CycleStanding], Key | None]:
        start, position = "" if key is None else str(key[0]), at_least(min_position, at)
        found, following = await put(
            asked, NAME, lambda view: boards.cycles(view, on=day, known=at, after=start, limit=rows), position
        )
        return found, None if following is None else (following,)

    keyset = Keyset(asked, f"cycles {on} {known}")
    found, key = await visible_found(
        asked,
        page,
        key_of=lambda row: (row.id,),
        subject_of=lambda row: stream_name("cycle", row.id),
        after=keyset.read(after),
        limit=limit,
    )
    position, further = asked.served.runner.positions.get(NAME), None if key is None else keyset.make(key)
    more: Fields = {"on": moment_json(moment), "known": at}
    return table(asked, [_row(cycle) for cycle in found], position, next=further, more=more)


@router.get("/cycles/{id}", response_class=Response)
async def cycle(
    asked: Asking,
    id: PathId,
    unit: Unit = None,
    on: On = None,
    known: Known = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the board of a cycle: one row a stage, over the reviews of others that the caller may see."""
    require_ids(unit=unit)
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day, position = None if on is None else moment.at, at_least(min_position, at)
    found = await put(asked, NAME, lambda view: boards.cycle(view, id, on=day, known=at), position)
    if found is None:
        raise NotFound()
    members = None if unit is None else await members_of(asked, unit, moment, at)
    reviews = await _visible(asked, await put(asked, NAME, lambda view: _reviews(view, id, day, at)), members)
    limit = await asked.ledger.judged(lambda facts: facts.policy(asked.ledger.clock.now()).terms.small_group_limit)
    owed = [one for review in reviews for one in boards.owed(review)]
    late = _late(found.stages, owed, day_of(moment.at, asked.ledger.zone), asked)
    leads = await _leads(asked, late[:LATE_MAX], moment.at)
    await asked.note_shown(f"person/{one.person}" for one in late[:LATE_MAX])
    labels = await labels_for(asked, _persons(late, leads, found), moment, at)
    more = {
        **_cycle_json(found),
        "reviews": _counted(reviews),
        "late": [_late_json(one, leads, labels) for one in late[:LATE_MAX]],
        "spread": _spread_json(boards.spread(reviews, found.scale, limit=limit)),
        "thread": [line_json(line, labels) for line in found.lines],
        "on": moment_json(moment),
        "known": found.known,
        "policy": await policy_json(asked, moment.at, at),
    }
    return table(asked, [_stage_row(stage, owed, late) for stage in found.stages], found.position, next=None, more=more)


def _reviews(view: View, cycle: str, on: datetime | None, known: int | None) -> list[ReviewStanding]:
    found, after = list[ReviewStanding](), ""
    while True:
        page, following = queries.reviews(view, Wanted(cycle=cycle), on=on, known=known, after=after)
        found += page
        if following is None:
            return found
        after = following


async def _visible(
    asked: Asked, reviews: Sequence[ReviewStanding], members: frozenset[str] | None
) -> list[ReviewStanding]:
    """Return the reviews that the caller may see but their own: whether that is graded is told by no count."""
    reader = reader_of(asked)
    own = await put(asked, NAME, lambda view: queries.ids_of_person(view, reader))
    counted = [r for r in reviews if r.recorded_person not in own and _is_member(r, members)]
    found: list[ReviewStanding] = []
    for first in range(0, len(counted), AT_ONCE):
        some = counted[first : first + AT_ONCE]
        seen = await asyncio.gather(*(asked.sees("review", review.id) for review in some))
        found += [review for review, is_seen in zip(some, seen, strict=True) if is_seen]
    return found


def _is_member(review: ReviewStanding, members: frozenset[str] | None) -> bool:
    return members is None or not members.isdisjoint({review.person, review.recorded_person})


def _late(stages: Sequence[StageStanding], owed: Iterable[Owed], on: date, asked: Asked) -> list[Owed]:
    planned = {stage.stage: stage for stage in stages}
    return [one for one in owed if one.stage in planned and one.is_late(planned[one.stage], on, asked.ledger.zone)]


async def _leads(asked: Asked, late: Iterable[Owed], at: datetime) -> dict[str, str]:
    """Return whose lead is to act where nobody is named: person → lead of the day."""
    found: dict[str, str] = {}
    for person in sorted({one.person for one in late if one.holder is None and one.seat in {"lead", "judge"}}):
        lead = await asked.ledger.judged(partial(_lead_of, person=person, at=at))
        found |= {} if lead is None else {person: lead}
    return found


def _lead_of(facts: LedgerFacts, *, person: str, at: datetime) -> str | None:
    return facts.lead_of(person, at)


def _persons(late: Iterable[Owed], leads: Mapping[str, str], found: CycleStanding) -> set[str]:
    named = {name for one in late for name in (one.person, one.holder) if name is not None} | set(leads.values())
    return {f"person/{name}" for name in named} | persons_in(found.lines)


def _row(found: CycleStanding) -> Fields:
    return {
        "cycle": found.id,
        "label": found.label,
        "phase": found.phase.value,
        "starts_on": found.starts_on.isoformat(),
        "ends_on": found.ends_on.isoformat(),
        "scale": found.scale_code,
        "policy_version": found.policy_version,
        "running": [stage.stage.value for stage in found.stages if stage.running],
        "event": event_json(found.lines[-1]),
    }


def _cycle_json(found: CycleStanding) -> Fields:
    scale = {"code": found.scale_code, "grades": None if found.scale is None else found.scale.grades}
    return {**_row(found), "scale": scale}


def _counted(reviews: Sequence[ReviewStanding]) -> Fields:
    """Return how many reviews count; who is exempted or withdrawn leaves the denominator and is told beside it."""
    out = [review.state.value for review in reviews if review.state in boards.OUT]
    return {"of": len(reviews) - len(out), **{state.value: out.count(state.value) for state in sorted(boards.OUT)}}


def _stage_row(stage: StageStanding, owed: Iterable[Owed], late: Iterable[Owed]) -> Fields:
    """Return a stage: "done of of", and of those done how many in time; `missing` are late if its last day is over."""
    asked_for = [one for one in owed if one.stage is stage.stage]
    behind = [one for one in late if one.stage is stage.stage]
    done = sum(one.done is not None for one in asked_for)
    return {
        "stage": stage.stage.value,
        "opens_on": stage.opens_on.isoformat(),
        "closes_on": stage.closes_on.isoformat(),
        "opened_at": None if stage.opened is None else instant(stage.opened.entry.begins),
        "closed_at": None if stage.closed is None else instant(stage.closed.entry.begins),
        "running": stage.running,
        "done": done,
        "of": len(asked_for),
        "done_late": sum(one.done is not None for one in behind),
        "late": sum(one.done is None for one in behind),
        "opened_by": None if stage.opened is None else event_json(stage.opened),
        "closed_by": None if stage.closed is None else event_json(stage.closed),
    }


def _late_json(one: Owed, leads: Mapping[str, str], labels: Labels) -> Fields:
    return {
        "stage": one.stage.value,
        "review": one.review,
        "person": person_json(one.person, labels),
        "seat": one.seat,
        "holder": person_json(one.holder or leads.get(one.person), labels),
        "done_at": instant(one.done),
    }


def _spread_json(spread: Spread) -> Fields:
    if spread.counts is None:
        return {"rated": None, "limit": spread.limit, "grades": None, "withheld": "small_group"}
    grades = [{"grade": grade, "count": count} for grade, count in spread.counts]
    return {"rated": spread.rated, "limit": spread.limit, "grades": grades, "withheld": None}
