"""Feedback: what was asked, told, put otherwise, read and taken back, and what was remarked about anything."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Limit, MinPosition, answer, table
from api.labels import Labels, labels_for
from api.lists import Page, listed
from api.paths import PathId, require_ids
from api.reading import Asked, Asking
from api.routes.ownership import Fields, instant, moment_json
from api.routes.threads import event_json, line_json, person_json, persons_in
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, On, moment_of
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.refusals import NotFound
from projections.engine.kept import Line
from projections.feedback import queries
from projections.feedback.handlers import State
from projections.feedback.queries import CommentStanding, FeedbackStanding, Wanted

NAME = "feedback"
HIDDEN = frozenset({"secret_digest"})  # says nothing to whom it is told, and is none of theirs
AUTHOR = "author"
COMMENTS_MAX = 1_000
router = APIRouter(tags=["feedback"])
Person = Annotated[str | None, Query(min_length=1, max_length=128, description="Whom it is for: p-…, or `me`.")]
Giver = Annotated[str | None, Query(min_length=1, max_length=128, description="By whom, if by name; or `me`.")]
AskedOf = Annotated[str | None, Query(min_length=1, max_length=128, description="Of whom it was asked; or `me`.")]
HowFar = Annotated[State | None, Query(description="`requested`: asked for, and not answered.")]
About = Annotated[str, Query(min_length=3, max_length=170, pattern=r"^[a-z][a-z0-9-]*/.+$", description="kind/id")]


@router.get("/feedback", response_class=Response)
async def feedback_list(
    asked: Asking,
    person: Person = None,
    giver: Giver = None,
    asked_of: AskedOf = None,
    state: HowFar = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return feedback that the caller may see, in order of id."""
    require_ids(person=person, giver=giver, asked_of=asked_of)
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    wanted = Wanted(me_or(asked, person), me_or(asked, giver), me_or(asked, asked_of), state)

    found = await listed(
        asked,
        NAME,
        "feedback",
        Page(f"feedback {wanted} {on} {known}", after, limit, min_position, at),
        lambda view, start, rows: queries.feedback_list(view, wanted, on=day, known=at, after=start, limit=rows),
    )
    labels = await labels_for(asked, {name for row in found.rows for name in _persons(row)}, moment, at)
    more: Fields = {"on": moment_json(moment), "known": at}
    return table(asked, [_row(row, labels) for row in found.rows], found.position, next=found.next, more=more)


@router.get("/feedback/{id}", response_class=Response)
async def feedback(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a piece of feedback with its whole thread; each wording is opened at the address of its event.

    Once it is taken back, no wording is told any more; that there was one, and by whom it was told, stays.
    """
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    found = await put(asked, NAME, lambda v: queries.feedback(v, id, on=day, known=at), at_least(min_position, at))
    if found is None:
        raise NotFound()
    subject = stream_name("feedback", id)
    remarks, _ = await put(
        asked, NAME, lambda v: queries.comments_about(v, subject, on=day, known=at, limit=COMMENTS_MAX)
    )
    seen = [remark for remark in remarks if await asked.sees("comment", remark.id)]
    said = [line for remark in seen for line in (remark.line, *remark.answers)]
    labels = await labels_for(asked, _persons(found) | named_in((*found.lines, *said)), moment, at)
    value = {
        **_row(found, labels),
        "wordings": [_wording_json(line, closed=found.closed) for line in found.wordings],
        "comments": [_comment_row(remark, labels) for remark in seen],
        "thread": [told_json(line, labels, closed=found.closed) for line in found.lines],
        "on": moment_json(moment),
        "known": found.known,
        "policy": await policy_json(asked, moment.at, at),
    }
    return answer(asked, value, found.position)


@router.get("/comments", response_class=Response)
async def comments(
    asked: Asking,
    about: About,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the comments about a subject, each with its answers; `waits` tells that nobody has answered yet."""
    await asked.require(*split_stream(about))
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at

    found = await listed(
        asked,
        NAME,
        "comment",
        Page(f"comments {about} {on} {known}", after, limit, min_position, at),
        lambda view, start, rows: queries.comments_about(view, about, on=day, known=at, after=start, limit=rows),
    )
    said = [line for row in found.rows for line in (row.line, *row.answers)]
    people = {f"person/{name}" for row in found.rows for name in (row.author, row.to) if name is not None}
    labels = await labels_for(asked, people | named_in(said), moment, at)
    more: Fields = {"on": moment_json(moment), "known": at}
    return table(asked, [_comment_row(row, labels) for row in found.rows], found.position, next=found.next, more=more)


def me_or(asked: Asked, person: str | None) -> str | None:
    """Return the caller's id for `me`."""
    return asked.caller.id if person == "me" else person


def named_in(lines: Iterable[Line]) -> set[str]:
    """Return who acted by name, and on whose behalf, as keys of labels; a pseudonym that is used once is nobody's."""
    return {key for key in persons_in(lines) if ":" not in key}


def told_json(line: Line, labels: Labels, *, closed: bool = False) -> Fields:
    """Return one event of a thread without a trace of a hidden author; `closed`: none of its texts is opened."""
    told = line_json(line, labels)
    sealed = [] if closed else [name for name in sealed_of(line) if name != AUTHOR]
    data = {name: value for name, value in line.entry.data.items() if name not in HIDDEN}
    return {**told, "actor": _actor_json(line, told), "data": data, "sealed": sealed}


def sealed_of(line: Line) -> list[str]:
    """Return the names of the texts that were sealed."""
    return sorted({str(name) for part in line.entry.sealed.values() for name in part.get("fields", ())})


def _actor_json(line: Line, told: Fields) -> object:
    actor = line.entry.actor
    return {"kind": "anonymous", "id": actor, "label": None} if line.entry.data.get("pseudonym") else told["actor"]


def _persons(found: FeedbackStanding) -> set[str]:
    seats = (found.recipient, found.giver, found.asked, found.requester, *found.readers)
    return {f"person/{person}" for person in seats if person is not None}


def _row(found: FeedbackStanding, labels: Labels) -> Fields:
    """Return a piece of feedback as a row of a list; without a giver where they gave it without a name."""
    return {
        "feedback": found.id,
        "state": found.state.value,
        "recipient": person_json(found.recipient, labels),
        "giver": person_json(found.giver, labels),
        "anonymous": found.pseudonym is not None,
        "asked": person_json(found.asked, labels),
        "requester": person_json(found.requester, labels),
        "about": None if found.about is None else found.about.model_dump(),
        "kind": found.kind,
        "visibility": None if found.visibility is None else found.visibility.value,
        "readers": [person_json(reader, labels) for reader in found.readers],
        "closed": found.closed,
        "requested_at": None if found.requested is None else instant(found.requested.entry.begins),
        "given_at": None if found.given is None else instant(found.given.entry.begins),
        "event": event_json(found.lines[-1]),
    }


def _wording_json(line: Line, *, closed: bool) -> Fields:
    """Return a wording: when it was said, and where its text is opened, while it is."""
    text = None if closed else f"/events/{line.entry.event_id}/sealed"
    return {"recorded_at": instant(line.entry.recorded_at), "event": event_json(line), "text": text}


def _comment_row(found: CommentStanding, labels: Labels) -> Fields:
    return {
        "comment": found.id,
        "about": found.about.model_dump(),
        "author": person_json(found.author, labels),
        "to": person_json(found.to, labels),
        "waits": found.waits,
        "added_at": instant(found.line.entry.recorded_at),
        "event": event_json(found.line),
        "answers": [told_json(line, labels) for line in found.answers],
    }
