"""Hiring: requisitions with their pipeline, and each application from its receipt to the end of probation."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table
from api.labels import Labels, labels_for
from api.lists import Page, listed
from api.paths import PathId, require_ids
from api.plain import plain
from api.reading import Asked, Asking
from api.routes.ownership import Fields, instant, moment_json
from api.routes.reviews import reader_of
from api.routes.threads import event_json, line_json, person_json, persons_in
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, Moment, On, moment_of
from ledger.domain.hiring.applications import Score
from ledger.domain.hiring.offers import Offer
from ledger.domain.hiring.requisitions import Stage
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import NotFound
from projections.engine import View
from projections.engine.kept import Line
from projections.hiring import queries
from projections.hiring.judgements import DecisionTold, Scorecard
from projections.hiring.places import OVER, Spell, counted
from projections.hiring.queries import ApplicationStanding, RequisitionStanding, Wanted

NAME = "hiring"
router = APIRouter(tags=["hiring"])
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Which asks for people.")]
HowFar = Annotated[Stage | None, Query(description="Where they stand.")]


@dataclass(frozen=True, slots=True)
class _Times:
    """What a question's two times come to; `on` is None where none was asked for."""

    moment: Moment
    on: datetime | None
    known: int | None


async def _times(asked: Asked, on: str | None, known: str | None) -> _Times:
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    return _Times(moment, None if on is None else moment.at, await known_position(asked, known))


@router.get("/requisitions", response_class=Response)
async def requisitions(
    asked: Asking,
    unit: Unit = None,
    stage: HowFar = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return requisitions that the caller may see, in order of id."""
    require_ids(unit=unit)
    times, wanted = await _times(asked, on, known), Wanted(unit, stage)

    found = await listed(
        asked,
        NAME,
        "requisition",
        Page(f"requisitions {unit} {stage} {on} {known}", after, limit, min_position, times.known),
        lambda view, start, rows: queries.requisitions(
            view, wanted, on=times.on, known=times.known, after=start, limit=rows
        ),
    )
    keys = {key for row in found.rows for key in (f"person/{row.opener}", f"unit/{row.opened.unit}")}
    labels = await labels_for(asked, keys, times.moment, times.known)
    more: Fields = {"on": moment_json(times.moment), "known": times.known}
    shown = [_requisition_row(row, labels) for row in found.rows]
    return table(asked, shown, found.position, next=found.next, more=more)


@router.get("/requisitions/{id}", response_class=Response)
async def requisition(
    asked: Asking,
    id: PathId,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return a requisition with its pipeline: how many applications stand where, and each with its time there."""
    times = await _times(asked, on, known)
    position = at_least(min_position, times.known)
    found = await put(asked, NAME, lambda v: queries.requisition(v, id, on=times.on, known=times.known), position)
    if found is None:
        raise NotFound()
    seen = await _applications(asked, id, times)
    keyset = Keyset(asked, f"requisition {id} {on} {known}")
    start = keyset.read(after)
    rest = [one for one in seen if start is None or one.id > str(start[0])]
    rows, following = rest[:limit], keyset.make((rest[limit - 1].id,)) if len(rest) > limit else None
    labels = await labels_for(asked, _keys_of_requisition(found, rows), times.moment, times.known)
    names = await _candidates(asked, {one.candidate for one in rows}, times.known)
    more = {
        **_requisition_row(found, labels),
        "requirements": [plain(required.model_dump()) for required in found.requirements],
        "pipeline": [{"place": place.value, "number": n} for place, n in counted([a.place for a in seen]).items()],
        "thread": [line_json(line, labels) for line in found.lines],
        "on": moment_json(times.moment),
        "known": found.known,
        "policy": await policy_json(asked, times.moment.at, times.known),
    }
    shown = [_application_row(one, names, times.moment.at) for one in rows]
    return table(asked, shown, found.position, next=following, more=more)


async def _applications(asked: Asked, requisition: str, times: _Times) -> list[ApplicationStanding]:
    """Return every application for a requisition that the caller may see."""
    on, known, reader = times.on, times.known, reader_of(asked)

    def question(view: View) -> list[ApplicationStanding]:
        found, after = list[ApplicationStanding](), ""
        while True:
            page, following = queries.applications(view, requisition, on=on, known=known, reader=reader, after=after)
            found += page
            if following is None:
                return found
            after = following

    return [one for one in await put(asked, NAME, question) if await asked.sees("application", one.id)]


@router.get("/applications/{id}", response_class=Response)
async def application(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return an application with its whole thread: stages, panel, scorecards, decisions, offer, and what came of it.

    Others' scorecards are kept from a member of the panel whose own is not in.
    """
    times = await _times(asked, on, known)

    def question(view: View) -> ApplicationStanding | None:
        return queries.application(view, id, on=times.on, known=times.known, reader=reader_of(asked))

    found = await put(asked, NAME, question, at_least(min_position, times.known))
    if found is None:
        raise NotFound()
    after = [line for line in found.after if await asked.sees(*split_stream(line.entry.stream))]
    labels = await labels_for(asked, _keys_of_application(found, after), times.moment, times.known)
    names = await _candidates(asked, {found.candidate}, times.known)
    value = {
        **_application_row(found, names, times.moment.at),
        "requisition": found.received.requisition,
        "unit": labels.holder(f"unit/{found.received.unit}"),
        "requirements": [plain(required.model_dump()) for required in found.requirements],
        "panel": [person_json(person, labels) for person in found.panel],
        "missing": None if found.missing is None else [person_json(person, labels) for person in found.missing],
        "scorecards": [_scorecard_json(card, labels) for card in found.scorecards],
        "decisions": [_decision_json(decision, labels) for decision in found.decisions],
        "offer": _offer_json(found.offer),
        "hired": person_json(found.hired, labels),
        "employment": found.employment,
        "times": [_spell_json(spell, times.moment.at) for spell in found.spells],
        "thread": [line_json(line, labels) for line in (*found.lines, *after)],
        "on": moment_json(times.moment),
        "known": found.known,
        "policy": await policy_json(asked, times.moment.at, times.known),
    }
    return answer(asked, value, found.position)


async def _candidates(asked: Asked, candidates: Iterable[str], known: int | None) -> dict[str, str]:
    """Return the names of the candidates that the caller may see, as their sealed parts open now."""
    seen = [id for id in sorted(set(candidates)) if await asked.sees("candidate", id)]
    entries = await put(asked, NAME, lambda view: queries.identity_entries(view, seen, known=known))
    return await asyncio.to_thread(_opened, asked, entries)


def _opened(asked: Asked, entries: Mapping[str, str]) -> dict[str, str]:
    names = dict[str, str]()
    for id, entry in entries.items():
        for fields in asked.ledger.open_parts(entry).values():
            names |= {id: name} if isinstance(name := fields.get("name"), str) else {}
    return names


def _keys_of_requisition(found: RequisitionStanding, rows: Iterable[ApplicationStanding]) -> set[str]:
    own = {f"person/{found.opener}", f"unit/{found.opened.unit}"}
    return own | persons_in(found.lines) | {f"person/{row.hired}" for row in rows if row.hired is not None}


def _keys_of_application(found: ApplicationStanding, after: Iterable[Line]) -> set[str]:
    people = {*found.panel, *(card.assessor for card in found.scorecards), *(d.made.decider for d in found.decisions)}
    people |= set() if found.hired is None else {found.hired}
    return {f"person/{one}" for one in people} | {f"unit/{found.received.unit}"} | persons_in((*found.lines, *after))


def _requisition_row(found: RequisitionStanding, labels: Labels) -> Fields:
    """Return a requisition as a row of a list."""
    return {
        "requisition": found.id,
        "stage": found.stage.value,
        "unit": labels.holder(f"unit/{found.opened.unit}"),
        "profile": found.opened.profile,
        "headcount": found.opened.headcount,
        "opener": person_json(found.opener, labels, recorded=found.opened.opener),
        "opened_at": instant(found.lines[0].entry.begins),
        "event": event_json(found.lines[-1]),
    }


def _application_row(found: ApplicationStanding, names: Mapping[str, str], at: datetime) -> Fields:
    """Return an application as a row of a list; to a blind assessor nothing tells how many scorecards are in."""
    former = {} if found.recorded_candidate == found.candidate else {"recorded_as": found.recorded_candidate}
    candidate: Fields = {"kind": "candidate", "id": found.candidate, "label": names.get(found.candidate)}
    of = len(dict.fromkeys((*found.panel, *(card.assessor for card in found.scorecards))))
    return {
        "application": found.id,
        "candidate": {**candidate, "sealed": True, **former},
        "place": found.place.value,
        "since": instant(found.since),
        "days": None if found.place in OVER else (at - found.since).days,
        "assessed": None if found.blind else len(found.scorecards),
        "of": None if found.blind else of,
        "blind": found.blind,
        "event": event_json(found.lines[-1]),
    }


def _spell_json(spell: Spell, at: datetime) -> Fields:
    """Return a time at one place; `days` are whole ones, up to the asked time while it lasts."""
    lasts = spell.until is None and spell.place in OVER
    until = spell.until or at
    return {
        "place": spell.place.value,
        "since": instant(spell.since),
        "until": instant(spell.until),
        "days": None if lasts else max(until - spell.since, until - until).days,
        "entry": spell.entry,
    }


def _scores(scores: Iterable[Score]) -> list[object]:
    return [plain(score.model_dump()) for score in scores]


def _scorecard_json(card: Scorecard, labels: Labels) -> Fields:
    """Return a scorecard as it stands, with what was first submitted, and by which entries it was amended."""
    return {
        "assessor": person_json(card.assessor, labels),
        "scores": _scores(card.scores),
        "submitted": _scores(card.first),
        "submitted_at": instant(card.submitted.entry.recorded_at),
        "event": event_json(card.submitted),
        "amendments": [event_json(line) for line in card.amendments],
    }


def _decision_json(told: DecisionTold, labels: Labels) -> Fields:
    """Return a decision with the figures that it rests on, its reason, dissent and reversal."""
    return {
        "entry": told.line.entry.event_id,
        "decision": told.made.decision.value,
        "decider": person_json(told.made.decider, labels),
        "decided_at": instant(told.line.entry.begins),
        "reason": told.line.reason,
        "requirements": told.made.requirements,
        "unmet": told.made.unmet,
        "unscored": told.made.unscored,
        "figures": [plain(mean.model_dump()) for mean in told.made.figures],
        "marks": told.line.entry.marks,
        "dissents": [
            {"dissenter": person_json(line.entry.data["dissenter"], labels), "event": event_json(line)}
            for line in told.dissents
        ],
        "reversed": None
        if told.reversed_by is None
        else {"reason": told.reversed_by.reason, "event": event_json(told.reversed_by)},
    }


def _offer_json(offer: Offer | None) -> Fields | None:
    if offer is None:
        return None
    days = {name: getattr(offer.made, name) for name in ("starts_on", "until", "probation_until", "open_until")}
    told = {name: None if day is None else day.isoformat() for name, day in days.items()}
    return {"entry": offer.entry, "standing": offer.standing.value, "contract": offer.contract, **told}
