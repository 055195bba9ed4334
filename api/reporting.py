"""Reporting: a report put to the projections for one caller, and its lines as JSON."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from uuid import UUID

from api.paths import require_ids
from api.reading import Asked
from api.routes.ownership import Fields
from api.snapshots import known_position, put
from api.times import Moment, moment_of
from ledger.domain.policies.publishing import PolicyState
from ledger.kernel.event import decode_raw
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import begins, utc_text
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.kernel.refusals import Invalid, NotFound
from ledger.states import state_known
from ledger.store.reader import Reader
from projections.accountability.objections import Objection, objections_to
from projections.accountability.report import (
    MISSING,
    Answer,
    Attempt,
    Circumstances,
    Happened,
    Line,
    Missing,
    Report,
    Source,
    Words,
    withhold_small,
)
from projections.engine import View

USUAL = timedelta(days=365)  # the period up to `on` where none is asked for
ATTEMPTS_PAGE = 1_000
WORKED_OUT_S = 60  # the longest between two questions to a snapshot
APART = timedelta(minutes=5)  # several processes keep what each noted a moment later
OBJECTIONS = "accountability"  # the projection that keeps them


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller wants a report about, as they wrote it: a time, a period, a unit, and what few reports take."""

    on: str | None = None
    since: str | None = None
    until: str | None = None
    unit: str | None = None
    subject: str | None = None
    event: str | None = None
    than_on: str | None = None
    than_known: str | None = None


async def given_for(asked: Asked, chosen: Report, wanted: Wanted, known: int | None) -> tuple[Moment, Circumstances]:
    """Return what a report is asked about, as known at a position. Raises Invalid, NotFound, BeyondHead."""
    _refuse_unfit(chosen, wanted)
    moment = moment_of(wanted.on, asked.ledger.clock.now(), asked.ledger.zone)
    given = replace(
        await _circumstances(asked, moment, known, wanted.since, wanted.until),
        unit=wanted.unit,
        subject=wanted.subject,
        event=None if wanted.event is None else await asyncio.to_thread(_happened, asked, wanted.event),
        than_on=None if wanted.than_on is None else moment_of(wanted.than_on, moment.at, asked.ledger.zone).at,
        than_known=await known_position(asked, wanted.than_known),
        known_until=None if known is None else await asyncio.to_thread(_recorded_after, asked, known),
        opened=asked.ledger.open_all,
    )
    await _require_subjects(asked, wanted.unit, wanted.subject)
    return moment, given


def _refuse_unfit(chosen: Report, wanted: Wanted) -> None:
    """Refuse what the report does not take: leaving it out would answer another question than was asked."""
    given = {"from" if each.name == "since" else each.name: getattr(wanted, each.name) for each in fields(wanted)}
    if unfit := chosen.unfit(given):
        raise Invalid(errors=tuple((f"query/{name}", why) for name, why in unfit.items()))


def _recorded_after(asked: Asked, position: int) -> datetime | None:
    """Return when the first event after a position was recorded: what has no position was known until then."""
    stored = asked.ledger.reader.at(position + 1)
    return None if stored is None else datetime.fromisoformat(decode_raw(stored)["recorded_at"])


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
    recorded = [
        await asyncio.to_thread(reader.position_known_at, instant) for instant in (starts, min(ends, moment.at))
    ]
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


@dataclass(frozen=True, slots=True)
class Found:
    """What a report found: its answer, the circumstances as they came to be, the policy, and objections to lines."""

    answer: Answer
    told: Circumstances
    policy: PolicyInForce
    objections: list[Objection]


async def answered(asked: Asked, chosen: Report, given: Circumstances, min_position: int | None) -> Found:
    """Return what a report finds on snapshots that all hold the same position."""
    for projection in read_by(chosen):
        await put(asked, projection, lambda _: None, min_position)
    attempts = await asyncio.to_thread(_attempts, asked, given) if chosen.attempts else ()

    def snapshots() -> Found:
        with ExitStack() as stack:
            views = {
                name: stack.enter_context(asked.served.runner.view(name, waits_s=WORKED_OUT_S))
                for name in read_by(chosen)
            }
            known = min([given.known, *(view.position for view in views.values())])
            policies = state_known(asked.ledger.reader, stream_name("policy", STANDING), known)
            return found_on(views, chosen, replace(given, known=known, refused=attempts), policies)

    return await asyncio.to_thread(snapshots)


def found_on(views: Mapping[str, View], chosen: Report, given: Circumstances, policies: PolicyState) -> Found:
    """Return what a report finds on views that all hold `given.known`, by the policies as they were known then."""
    policy = policies.in_force(STANDING, given.on)
    told = replace(given, terms=policy.terms, policy_at=lambda at: int(policies.in_force(STANDING, at).version))
    objections = objections_to(views[OBJECTIONS], chosen, told)  # first: no snapshot waits while figures are worked out
    found = withhold_small(chosen.answer(views, told), policy.terms.small_group_limit)
    return Found(found, told, policy, objections)


def read_by(chosen: Report) -> tuple[str, ...]:
    """Return the projections that are read: the report's own, and the one that keeps what was said against lines."""
    return tuple(dict.fromkeys((*chosen.views, OBJECTIONS)))


def _attempts(asked: Asked, given: Circumstances) -> tuple[Attempt, ...]:
    """Return the attempts of the period that were refused: no more of the log is read than the period."""
    reader, last = asked.ledger.reader, min(given.last, given.known_until or given.last)
    found, after = list[Attempt](), _before(reader, given.since - APART)
    while rows := reader.refused(after, ATTEMPTS_PAGE):
        inside = (row for row in rows if given.since <= row.recorded_at <= last)
        found += [Attempt(r.number, r.recorded_at, r.actor, r.kind, r.id, r.verb, r.code) for r in inside]
        after = rows[-1].number
        if rows[-1].recorded_at > last + APART:
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


async def visible(asked: Asked, found: Found) -> Found:
    """Return what the caller may see of an answer; how much was left out is told by nothing."""
    sight, answer = _Sight(asked, {}), found.answer
    lines = [line for line in answer.lines if await sight.all_of(line.about)]
    missing = [one for one in answer.missing if await sight.all_of(one.about)]
    seen = [one for one in found.objections if await asked.sees(*split_stream(one.contested.stream))]
    return replace(found, answer=Answer(tuple(lines), tuple(missing)), objections=seen)


# What answers look like


def report_json(report: Report, language: str = "en") -> Fields:
    """Return what a report is: its question, its definition and what it takes."""
    return {
        "name": report.name,
        "question": report.asks(language),
        "definition": report.defines(language),
        "formula": f"{report.name}@{report.version}",
        "parameters": list(report.takes),
        "goes_by": list(report.thresholds),
    }


def found_json(chosen: Report, found: Found, lines: Sequence[Line], language: str = "en") -> Fields:
    """Return what a report found, with those of its lines that are asked for."""
    told, policy, missing = found.told, found.policy, found.answer.missing
    contested = [[one for one in found.objections if one.is_to(line)] for line in lines]
    return {
        "known": told.known,
        "from": utc_text(told.since) if chosen.period else None,
        "until": utc_text(told.last) if chosen.period else None,
        "unit": told.unit,
        "policy": None if policy.name is None else {"id": policy.id, "version": policy.version},
        "thresholds": {term: _threshold(getattr(told.terms, term)) for term in chosen.thresholds},
        "lines": [line_json(line, said, language) for line, said in zip(lines, contested, strict=True)],
        "missing": [{"code": one.code, "about": list(one.about)} for one in missing],
        "words": _words_json(chosen, lines, missing, language),
    }


def _threshold(value: object) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, tuple) else str(value)


def _words_json(report: Report, lines: Iterable[Line], missing: Iterable[Missing], language: str) -> Fields:
    """Return code → what it says, for the codes of an answer."""
    codes = {text for line in lines for text in texts_in(list(line.values.values()))} | {one.code for one in missing}
    known = {**MISSING, **report.words}
    return {code: known[code].said(language) for code in sorted(codes & set(known))}


def texts_in(value: object) -> Iterable[str]:
    """Yield every text in a value, however deep."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for one in value:
                yield from texts_in(one)
        case dict():
            for one in value.values():
                yield from texts_in(one)


def line_json(line: Line, contested: Iterable[Objection], language: str = "en") -> Fields:
    """Return a line with the events that it rests on, and what was said against it."""
    events = [{"event_id": one.event_id, "position": one.position} for one in line.events]
    said = [_objection_json(one) for one in contested]
    told = {"subject": line.about[0] if line.about else None, **plain(line.values, language), "events": events}
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


def plain(values: Mapping[str, object], language: str = "en") -> Fields:
    """Return a line's values as JSON."""
    return {name: _told(value, language) for name, value in values.items()}


def _told(value: object, language: str) -> object:
    """Return a value as JSON holds it: instants in UTC, decimals as text, words in a language."""
    match value:
        case datetime():
            return utc_text(value)
        case Words():
            return value.said(language)
        case dict():
            return {str(name): _told(one, language) for name, one in value.items()}
        case list() | tuple():
            return [_told(one, language) for one in value]
        case bool() | int() | float() | None | str():
            return value
    return str(value)
