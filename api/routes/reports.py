"""Reports: what each asks and how it answers, line by line, each line with the events that it rests on."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table, wants_csv
from api.labels import Labels, labels_for
from api.paths import PathId, require_ids
from api.reading import Asked, Asking
from api.routes.ownership import Fields, moment_json
from api.snapshots import at_least, known_position, put
from api.times import Known, Moment, On, moment_of
from ledger.kernel.event import decode_raw
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import begins, utc_text
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.kernel.refusals import Invalid, NotFound
from ledger.states import state_known
from ledger.store.reader import Reader
from projections.accountability.objections import Objection, objections_to
from projections.accountability.report import (
    PARAMETERS,
    Answer,
    Attempt,
    Circumstances,
    Happened,
    Line,
    Missing,
    Report,
    Source,
    withhold_small,
)
from projections.reports import REPORTS

USUAL = timedelta(days=365)  # the period up to `on` where none is asked for
ATTEMPTS_PAGE = 1_000
APART = timedelta(minutes=5)  # several processes keep what each noted a moment later
OBJECTIONS = "accountability"  # the projection that keeps them
router = APIRouter(tags=["reports"])
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Of a unit and those below it.")]
From = Annotated[str | None, Query(alias="from", max_length=40, description="The period's first day or instant.")]
Until = Annotated[str | None, Query(max_length=40, description="Its last day, or the instant before which it ends.")]
SubjectKey = Annotated[str | None, Query(min_length=3, max_length=170, description="Of one subject: kind/id.")]
EventId = Annotated[str | None, Query(min_length=36, max_length=36, description="When this event happened.")]
ThanOn = Annotated[str | None, Query(max_length=40, description="Compare with this day.")]
ThanKnown = Annotated[str | None, Query(max_length=40, description="Compare with what was known then.")]


@router.get("/reports", response_class=Response)
async def reports(asked: Asking) -> Response:
    """Return every report: its name, question, definition, parameters, thresholds and version of the formula."""
    rows = [_report_json(report) for report in REPORTS.values()]
    return table(asked, rows, asked.served.watch.size, next=None)


@router.get("/reports/{name}", response_class=Response)
async def report(
    asked: Asking,
    name: str,
    on: On = None,
    known: Known = None,
    unit: Unit = None,
    since: From = None,
    until: Until = None,
    subject: SubjectKey = None,
    event: EventId = None,
    than_on: ThanOn = None,
    than_known: ThanKnown = None,
    limit: Limit = 1000,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the lines of a report that the caller may see, what is missing, and how the figures come about."""
    chosen = REPORTS.get(name)
    if chosen is None:
        raise NotFound()
    given = {"subject": subject, "event": event, "than_on": than_on, "than_known": than_known}
    _refuse_unfit(chosen, given)
    keyset = Keyset(asked, f"report {name} {on} {known} {unit} {since} {until} {sorted(given.items())}")
    start, at = _place(keyset.read(after), await known_position(asked, known))
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    circumstances = replace(
        await _circumstances(asked, moment, at, since, until),
        unit=unit,
        subject=subject,
        event=None if event is None else await asyncio.to_thread(_happened, asked, event),
        than_on=None if than_on is None else moment_of(than_on, moment.at, asked.ledger.zone).at,
        than_known=await known_position(asked, than_known),
    )
    await _require_subjects(asked, unit, subject)
    found, told, policy, objections = await _answered(asked, chosen, circumstances, at_least(min_position, at))
    lines, missing = await _visible(asked, found)
    seen = [one for one in objections if await asked.sees(*split_stream(one.contested.stream))]
    page = lines[start : start + limit]
    following = keyset.make((start + limit, told.known)) if len(lines) > start + limit else None
    if wants_csv(asked.asker.headers.get("accept", "")):
        return table(asked, [_row(line) for line in page], told.known, next=following)
    labels = await labels_for(asked, _keys(page), moment, told.known)
    value: Fields = {
        **_report_json(chosen),
        "on": moment_json(moment),
        "known": told.known,
        "from": utc_text(told.since),
        "until": utc_text(told.until),
        "unit": unit,
        "policy": None if policy.name is None else {"id": policy.id, "version": policy.version},
        "thresholds": {term: str(getattr(told.terms, term)) for term in chosen.thresholds},
        "lines": [_line_json(line, [one for one in seen if one.is_to(line)]) for line in page],
        "missing": [{"code": one.code, "about": list(one.about)} for one in missing],
        "labels": _labels_json(labels, page),
        "next": following,
    }
    return answer(asked, value, told.known)


@router.get("/goals/{id}/map", response_class=Response)
async def goal_map(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return the strategy map around a goal: all above and all below it, with amounts, coverage and remainder."""
    subject = stream_name("goal", id)
    return await report(asked, "strategy-map", on=on, known=known, subject=subject, min_position=min_position)


@router.get("/units/{id}/map", response_class=Response)
async def unit_map(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return the strategy map around the goals of a unit."""
    subject = stream_name("unit", id)
    return await report(asked, "strategy-map", on=on, known=known, subject=subject, min_position=min_position)


def _refuse_unfit(chosen: Report, given: Mapping[str, str | None]) -> None:
    """Refuse what the report does not take: leaving it out would answer another question than was asked."""
    unfit = [name for name, value in given.items() if value is not None and name not in chosen.parameters]
    if unfit:
        raise Invalid(errors=tuple((f"query/{name}", "unknown_parameter") for name in unfit))


def _place(key: list[str | int] | None, known: int | None) -> tuple[int, int | None]:
    """Return where a page starts and at which position: that of the first page, for lines do not move between."""
    return (0, known) if key is None else (int(key[0]), int(key[1]))


async def _require_subjects(asked: Asked, unit: str | None, subject: str | None) -> None:
    require_ids(unit=unit, subject=None if subject is None else subject.partition("/")[2])
    for key in (None if unit is None else stream_name("unit", unit), subject):
        if key is not None:
            try:
                named = split_stream(key)
            except ValueError:
                raise NotFound() from None
            await asked.require(*named)


async def _circumstances(
    asked: Asked, moment: Moment, known: int | None, since: str | None, until: str | None
) -> Circumstances:
    zone, now = asked.ledger.zone, asked.ledger.clock.now()
    ends = moment.at if until is None else moment_of(until, now, zone).at
    starts = ends - USUAL if since is None else _first(since, now, asked)
    if starts > ends:
        raise Invalid(errors=(("query/from", "after_until"),))
    reader = asked.ledger.reader
    recorded = [await asyncio.to_thread(reader.position_known_at, instant) for instant in (starts, ends)]
    head = asked.served.watch.size if known is None else known
    return Circumstances(moment.at, head, starts, ends, zone, recorded=(recorded[0], recorded[1]))


def _happened(asked: Asked, event_id: str) -> Happened:
    """Return the event that is asked about. Raises NotFound; who may not see its subjects sees no line either."""
    try:
        stored = asked.ledger.reader.event(UUID(event_id).bytes)
    except ValueError:
        raise NotFound() from None
    if stored is None:
        raise NotFound()
    raw = decode_raw(stored[1])
    subjects = tuple(dict.fromkeys((raw["stream"], *raw["subjects"])))
    return Happened(Source(stored[0], raw["event_id"]), datetime.fromisoformat(raw["begins"]), subjects)


def _first(text: str, now: datetime, asked: Asked) -> datetime:
    """Return when a period starts: a day at its beginning."""
    moment = moment_of(text, now, asked.ledger.zone)
    return moment.at if moment.day_before is None else begins(datetime.fromisoformat(text).date(), asked.ledger.zone)


async def _answered(
    asked: Asked, chosen: Report, given: Circumstances, min_position: int | None
) -> tuple[Answer, Circumstances, PolicyInForce, list[Objection]]:
    """Return the answer on snapshots that all hold the same position, the policy it went by, and objections to it."""
    for projection in _read_by(chosen):
        await put(asked, projection, lambda _: None, min_position)
    attempts = await asyncio.to_thread(_attempts, asked, given) if chosen.attempts else ()

    def snapshots() -> tuple[Answer, Circumstances, PolicyInForce, list[Objection]]:
        with ExitStack() as stack:
            views = {name: stack.enter_context(asked.served.runner.view(name)) for name in _read_by(chosen)}
            known = min([given.known, *(view.position for view in views.values())])
            state = state_known(asked.ledger.reader, stream_name("policy", STANDING), known)
            policy: PolicyInForce = state.in_force(STANDING, given.on)
            told = replace(given, known=known, terms=policy.terms, refused=attempts)
            told = replace(told, policy_at=lambda at: int(state.in_force(STANDING, at).version))
            found = withhold_small(chosen.answer(views, told), policy.terms.small_group_limit)
            return found, told, policy, objections_to(views[OBJECTIONS], chosen, told)

    return await asyncio.to_thread(snapshots)


def _read_by(chosen: Report) -> tuple[str, ...]:
    """Return the projections that are read: the report's own, and the one that keeps what was said against lines."""
    return tuple(dict.fromkeys((*chosen.views, OBJECTIONS)))


def _attempts(asked: Asked, given: Circumstances) -> tuple[Attempt, ...]:
    """Return the attempts of the period that were refused: no more of the log is read than the period."""
    reader = asked.ledger.reader
    found, after = list[Attempt](), _before(reader, given.since - APART)
    while rows := reader.refused(after, ATTEMPTS_PAGE):
        inside = (row for row in rows if given.since <= row.recorded_at <= given.until)
        found += [Attempt(r.number, r.recorded_at, r.actor, r.kind, r.id, r.verb, r.code) for r in inside]
        after = rows[-1].number
        if rows[-1].recorded_at > given.until + APART:
            break
    return tuple(found)


def _before(reader: Reader, instant: datetime) -> int:
    """Return a number after which every attempt lies that was noted from an instant on, found by halving the log."""

    def is_reached(number: int) -> bool:
        rows = reader.refused(number, 1)
        return not rows or rows[0].recorded_at >= instant

    beyond = 1
    while not is_reached(beyond):
        beyond *= 2
    return bisect_left(range(beyond), True, key=is_reached)


# What the caller may see


@dataclass(slots=True)
class _Sight:
    """What the caller sees, each subject asked once."""

    asked: Asked
    seen: dict[str, bool]

    async def all_of(self, about: Iterable[str]) -> bool:
        for key in about:
            if key not in self.seen:
                subject = split_stream(key)
                own = subject[0] == "review" and await self.asked.is_blind(*subject)  # a row would tell of a grade
                self.seen[key] = not own and await self.asked.sees(*subject)
            if not self.seen[key]:
                return False
        return True


async def _visible(asked: Asked, found: Answer) -> tuple[list[Line], list[Missing]]:
    """Return what the caller may see of an answer; how much was left out is told by nothing."""
    sight = _Sight(asked, {})
    lines = [line for line in found.lines if await sight.all_of(line.about)]
    return lines, [one for one in found.missing if await sight.all_of(one.about)]


# What answers look like


def _report_json(report: Report) -> Fields:
    return {
        "name": report.name,
        "question": report.question,
        "definition": report.definition,
        "formula": f"{report.name}@{report.version}",
        "parameters": ["on", "known", "unit", "from", "until", *sorted(report.parameters & PARAMETERS)],
        "goes_by": list(report.thresholds),
    }


def _line_json(line: Line, contested: Iterable[Objection]) -> Fields:
    events = [{"event_id": one.event_id, "position": one.position} for one in line.events]
    said = [_objection_json(one) for one in contested]
    told = {"subject": line.about[0] if line.about else None, **_plain(line.values), "events": events}
    return {**told, "contested": said} if said else told


def _objection_json(objection: Objection) -> Fields:
    """Return an objection: by whom, when and by which events; its words are sealed, and opened by event."""
    told = (objection.contested, *objection.answers)
    return {
        "finding": objection.contested.id,
        "person": f"person/{objection.contested.actor}",
        "at": utc_text(objection.contested.begins),
        "outcome": objection.outcome,
        "events": [{"event_id": one.event_id, "position": one.position} for one in told],
    }


def _row(line: Line) -> Fields:
    """Return a line as a row of a table: its events by id."""
    ids = " ".join(one.event_id for one in line.events)
    return {"subject": line.about[0] if line.about else None, **_plain(line.values), "events": ids}


def _plain(values: Mapping[str, object]) -> Fields:
    return {name: _told(value) for name, value in values.items()}


def _told(value: object) -> object:
    """Return a value as JSON holds it: instants in UTC, decimals as text."""
    match value:
        case datetime():
            return utc_text(value)
        case dict():
            return {str(name): _told(one) for name, one in value.items()}
        case list() | tuple():
            return [_told(one) for one in value]
        case bool() | int() | float() | None | str():
            return value
    return str(value)


def _keys(lines: Iterable[Line]) -> set[str]:
    """Return the persons and units that lines name."""
    named = {text for line in lines for text in (*line.about, *_texts(list(line.values.values())))}
    return {key for key in named if key.startswith(("person/", "unit/"))}


def _texts(value: object) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for one in value:
                yield from _texts(one)
        case dict():
            for one in value.values():
                yield from _texts(one)


def _labels_json(labels: Labels, lines: Iterable[Line]) -> Fields:
    return {key: label for key in sorted(_keys(lines)) if (label := labels.known.get(key)) is not None}
