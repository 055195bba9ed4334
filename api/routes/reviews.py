"""Reviews: how one came to its result, from seat to seat, and lists by person, cycle and state."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Limit, MinPosition, answer, table
from api.holdings import owed_by
from api.labels import Labels, labels_for
from api.lists import Page, listed
from api.paths import PathId, require_ids
from api.plain import plain
from api.reading import Asked, Asking
from api.routes.ownership import Fields, instant, moment_json
from api.routes.threads import event_json, line_json, person_json, persons_in
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, Moment, On, moment_of
from ledger.domain.duties import DutyState
from ledger.facts import LedgerFacts
from ledger.kernel.refusals import NotFound
from ledger.rules.matrix import Kind
from projections.reviews import queries
from projections.reviews.queries import ReviewStanding, Wanted
from projections.reviews.states import State

NAME = "reviews"
SEAT_NEEDS = frozenset({"id", "person", "cycle", "starts_on", "ends_on", "goals", "scale"})
TO_JUDGE = frozenset({Kind.JUDGE_RESULT, Kind.JUDGE_HANDED_OVER, Kind.CALIBRATE, Kind.DECIDE_APPEAL})
router = APIRouter(tags=["reviews"])
QueryId = Annotated[str | None, Query(min_length=1, max_length=128)]
Person = Annotated[str | None, Query(min_length=1, max_length=128, description="p-…; `me` for the caller.")]
Assessor = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=128,
        description="p-…; `me` for the caller: who still has to assess, judge, calibrate or decide an appeal.",
    ),
]
HowFar = Annotated[State | None, Query(description="How far they have come.")]


@router.get("/reviews/{id}", response_class=Response)
async def review(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a review with its whole thread on a day, as known on a day: terms, seats, ratings, result, answers."""
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    found = await put(
        asked,
        NAME,
        lambda view: queries.review(view, id, on=day, known=at, reader=reader_of(asked)),
        at_least(min_position, at),
    )
    if found is None:
        raise NotFound()
    if not await asked.sees("review", id):
        return await _from_the_seat(asked, found, moment, at)
    labels = await labels_for(asked, _persons(found), moment, at)
    value = {
        **_standing_json(found, labels),
        "thread": [line_json(line, labels) for line in found.lines],
        "on": moment_json(moment),
        "known": found.known,
        "policy": await policy_json(asked, moment.at, at),
    }
    return answer(asked, value, found.position)


async def _from_the_seat(asked: Asked, found: ReviewStanding, moment: Moment, known: int | None) -> Response:
    """Return what whoever is named to assess needs: whose work, of which time, against which goals, on which scale."""
    labels = await labels_for(asked, {f"person/{found.person}"}, moment, known)
    shown = {name: value for name, value in _standing_json(found, labels).items() if name in SEAT_NEEDS}
    value = {**shown, "seat": "assessor", "on": moment_json(moment), "known": found.known}
    return answer(asked, value, found.position)


@router.get("/reviews", response_class=Response)
async def reviews(
    asked: Asking,
    person: Person = None,
    cycle: QueryId = None,
    state: HowFar = None,
    assessor: Assessor = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return reviews that the caller may see, in order of id.

    Those in which the caller is named to assess are among them until that is done, as the single review is: `seat` says
    so, and nothing of what others say is shown. A question for a state, or for who else assesses, leaves them out.
    """
    require_ids(person=person, cycle=cycle, assessor=assessor)
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    by = asked.caller.id if assessor == "me" else assessor
    wanted = Wanted(asked.caller.id if person == "me" else person, cycle, state, by, await _called(asked, by))
    for_own_seat = state is None and by in (None, asked.caller.id)

    async def seated(row: ReviewStanding) -> bool:
        return for_own_seat and await asked.has_seat("review", row.id)

    reader = reader_of(asked)
    found = await listed(
        asked,
        NAME,
        "review",
        Page(f"reviews {person} {cycle} {state} {assessor} {on} {known}", after, limit, min_position, at),
        lambda view, start, rows: queries.reviews(
            view, wanted, on=day, known=at, reader=reader, after=start, limit=rows
        ),
        seated=seated,
    )
    seats = {row.id for row in found.rows if not await asked.sees("review", row.id)}
    labels = await labels_for(asked, {f"person/{row.person}" for row in found.rows}, moment, at)
    more: Fields = {"on": moment_json(moment), "known": at}
    shown = [_seat_row(row, labels) if row.id in seats else _row(row, labels) for row in found.rows]
    return table(asked, shown, found.position, next=found.next, more=more)


async def _called(asked: Asked, assessor: str | None) -> frozenset[str]:
    """Return the reviews that live duties call somebody to judge, where the caller may know of their duties."""
    if assessor is None or not (assessor == asked.caller.id or await asked.sees("person", assessor)):
        return frozenset()
    owed = await asyncio.to_thread(owed_by, asked.served.runner, assessor)
    reviews = [(id, duty) for (kind, id), duty in owed if kind == "review"]
    return await asked.ledger.judged(lambda facts: frozenset(id for id, duty in reviews if _to_judge(facts, duty)))


def _to_judge(facts: LedgerFacts, duty: str) -> bool:
    state: DutyState = facts.state("duty", duty)
    return state.is_live and state.opened is not None and state.opened.kind in TO_JUDGE


def reader_of(asked: Asked) -> str | None:
    """Return the person who asks, None for a system."""
    return asked.caller.id if asked.caller.kind == "person" else None


def _persons(found: ReviewStanding) -> set[str]:
    named = {found.person, found.recorded_person, *(person for _, person in found.reviewers)}
    named |= {a.assessor for a in found.assessments} | {rating.judge for rating in found.ratings}
    publisher = None if found.result is None else found.result.publisher
    decider = None if found.appeal is None else found.appeal.decider
    named |= {name for name in (found.judge, publisher, decider) if name is not None}
    return {f"person/{name}" for name in named} | persons_in(found.lines)


def _row(found: ReviewStanding, labels: Labels) -> Fields:
    """Return a review as a row of a list; `grade` is the one that stands, `published` the one that was told."""
    return {
        "review": found.id,
        "person": person_json(found.person, labels, recorded=found.recorded_person),
        "cycle": found.cycle,
        "state": found.state.value,
        "starts_on": found.starts_on.isoformat(),
        "ends_on": found.ends_on.isoformat(),
        "scale": found.scale.code,
        "grade": found.ratings[-1].grade if found.ratings else None,
        "published": None if found.result is None else found.result.grade,
        "missing": len(found.missing),
        "seat": None,
        "event": event_json(found.lines[-1]),
    }


def _seat_row(found: ReviewStanding, labels: Labels) -> Fields:
    """Return a review as a row of whoever is named to assess in it: what is to be assessed, and no more."""
    hidden = {"state": None, "grade": None, "published": None, "missing": None, "event": None}
    return {**_row(found, labels), **hidden, "seat": "assessor"}


def _standing_json(found: ReviewStanding, labels: Labels) -> Fields:
    return {
        "id": found.id,
        "person": person_json(found.person, labels, recorded=found.recorded_person),
        "state": found.state.value,
        "cycle": found.cycle,
        "employment": found.employment,
        "starts_on": found.starts_on.isoformat(),
        "ends_on": found.ends_on.isoformat(),
        "goals": [plain(goal.model_dump()) for goal in found.goals],
        "scale": found.scale.model_dump(),
        "policy_version": found.policy_version,
        "reviewers": _seats(found.reviewers, labels),
        "judge": person_json(found.judge, labels),
        **_judged_json(found, labels),
        "plan": found.plan,
    }


def _seats(seats: tuple[tuple[str, str], ...], labels: Labels) -> list[Fields]:
    return [{"seat": seat, "person": person_json(person, labels)} for seat, person in seats]


def _judged_json(found: ReviewStanding, labels: Labels) -> Fields:
    """Return what was judged: assessments, who is missing, ratings one over the other, result and appeal."""
    assessments = [
        {
            "entry": one.entry,
            "seat": one.kind.value,
            "assessor": person_json(one.assessor, labels),
            "grade": one.grade,
            "returned": one.returned,
        }
        for one in found.assessments
    ]
    ratings = [
        {"entry": one.entry, "grade": one.grade, "judge": person_json(one.judge, labels), "session": one.session}
        for one in found.ratings
    ]
    return {
        "assessments": assessments,
        "missing": _seats(found.missing, labels),
        "ratings": ratings,
        "result": _result_json(found, labels),
        "results": found.results,
        "appeal": _appeal_json(found, labels),
    }


def _result_json(found: ReviewStanding, labels: Labels) -> Fields | None:
    result = found.result
    if result is None:
        return None
    return {
        "entry": result.entry,
        "grade": result.grade,
        "content": result.content,
        "publisher": person_json(result.publisher, labels),
        "published_at": instant(result.published_at),
        "told_in_person": result.told_in_person,
        "received": result.received,
        "answer": None if result.answer is None else result.answer.value,
    }


def _appeal_json(found: ReviewStanding, labels: Labels) -> Fields | None:
    appeal = found.appeal
    if appeal is None:
        return None
    decider = person_json(appeal.decider, labels)
    return {"entry": appeal.entry, "result": appeal.result, "decider": decider, "outcome": appeal.outcome}
