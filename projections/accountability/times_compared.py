"""One subject at two times, or at two states of knowledge: who answered then, and which acts make the difference."""

from collections.abc import Iterable
from datetime import datetime

from projections.accountability.report import Answer, Circumstances, Happened, Line, Missing, Source, Views, sources
from projections.accountability.trails import RESPONSIBILITY, trail_of
from projections.engine import View
from projections.responsibility import queries
from projections.responsibility.queries import Holding, Ownership


def compared(views: Views, subject: str, asked: Circumstances) -> Answer:
    """Return who holds what of a subject, one line a holder; beside another time, what is the same, new, gone."""
    view = views["responsibility"]
    now = queries.who_owns(view, subject, on=asked.on, known=asked.known)
    if asked.than_on is None and asked.than_known is None:
        return Answer(tuple(_line(subject, role, held, "held") for role, held in _each(now)), _gap(now))
    on, known = asked.than_on or asked.on, asked.known if asked.than_known is None else asked.than_known
    then = queries.who_owns(view, subject, on=on, known=min(known, asked.known))
    changing = _changed_by(now, then) | _corrections(views["audit_trail"], subject, known, asked.known)
    return Answer(tuple(_differences(subject, now, then, changing)), _gap(now))


def at_event(view: View, happened: Happened, asked: Circumstances) -> Answer:
    """Return who was accountable for the subjects of an event at the instant at which it took effect."""
    if happened.source.position > asked.known:
        return Answer(missing=(Missing("no_such_event"),))
    stream, at = happened.subjects[0], happened.begins
    subjects = dict.fromkeys(subject.removeprefix(RESPONSIBILITY) for subject in happened.subjects)
    found = [line for subject in subjects for line in _accountable(view, subject, at, asked)]
    lines = (Line((*line.about, stream), line.values, tuple(sorted({*line.events, happened.source}))) for line in found)
    return Answer(tuple(lines))


def _accountable(view: View, subject: str, at: datetime, asked: Circumstances) -> list[Line]:
    owned = queries.who_owns(view, subject, on=at, known=asked.known)
    if owned.accountable:
        return [_line(subject, held.role, held, "held") for held in owned.accountable]
    known = bool(owned.rests_on)
    return (
        [Line((subject,), _values(subject, "accountable", None, "nobody"), sources(*owned.rests_on))] if known else []
    )


def _gap(owned: Ownership) -> tuple[Missing, ...]:
    return () if owned.gap is None else (Missing("gap", (owned.subject,)),)


def _each(owned: Ownership) -> list[tuple[str, Holding]]:
    return [(role, held) for role in sorted(owned.holders) for held in owned.holders[role]]


def _differences(subject: str, now: Ownership, then: Ownership, changing: frozenset[Source]) -> Iterable[Line]:
    before = {(role, held.holder): held for role, held in _each(then)}
    after = {(role, held.holder): held for role, held in _each(now)}
    for key in sorted(before | after):
        held = after.get(key) or before[key]
        change = "same" if key in before and key in after else "new" if key in after else "gone"
        line = _line(subject, key[0], held, change)
        yield line if change == "same" else Line(line.about, line.values, tuple(sorted({*line.events, *changing})))


def _changed_by(now: Ownership, then: Ownership) -> frozenset[Source]:
    """Return the acts on which one of the two answers rests, and the other does not."""
    return frozenset(sources(*(set(now.rests_on) ^ set(then.rests_on))))


def _corrections(view: View, subject: str, first: int, last: int) -> frozenset[Source]:
    """Return what was annulled and re-dated of the subject between two states of knowledge."""
    found = trail_of(view, subject, after=min(first, last), known=max(first, last))
    return frozenset(Source(one.position, one.event_id) for one in found if one.topic.startswith("entries."))


def _line(subject: str, role: str, held: Holding, change: str) -> Line:
    ended = None if held.ended_by is None else (held.ended_by, held.ended_position or 0)
    return Line((subject,), _values(subject, role, held, change), sources((held.event_id, held.position), ended))


def _values(subject: str, role: str, held: Holding | None, change: str) -> dict[str, object]:
    return {
        "of": subject,
        "role": role,
        "holder": None if held is None else held.holder,
        "since": None if held is None else held.since,
        "until": None if held is None else held.until,
        "authority": None if held is None else held.authority,
        "change": change,
    }
