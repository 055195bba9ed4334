"""Who answers on a day, and where nobody or several do: gaps with their kind, conflicts, and held in name only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.places import PERSON, UNIT, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words, sources
from projections.accountability.times_compared import at_event, compared
from projections.engine import View
from projections.responsibility import queries
from projections.responsibility.queries import Conflict, Gap, Holding, Owned

AWAY = ("people.AbsenceStarted", "people.AbsenceEnded")
DELEGATED = ("people.DelegationGranted", "people.DelegationEnded")
DEFINITION = (
    "One line for each live subject that nobody, or more than one, answers for at `on` as known at `known`. The kind "
    "of a gap: declared (said knowingly), leaver (the holder's employment has ended), dissolved_unit (held by a unit "
    "that is no more), ended_delegation (the holder is away, and the delegation under which another acted has ended), "
    "no_holder (all others). A subject held in name only, by a holder who is gone, counts as a gap although nobody "
    "took it away. With `subject`: who answers for it on the day, and with `than_on` or `than_known` the same then, "
    "with the acts that make the difference. With `event`: who answered for the event's subjects when it took effect, "
    "whatever `on` would be. It is of a day, so it takes no period."
)
DEFINITION_ZH = (
    "在 `on` 时、以 `known` 所知为准，无人负责或多人负责的每个现存对象一行。缺口的种类：declared（知情声明），"
    "leaver（持有人已离职），"
    "dissolved_unit（由已撤销的单位持有），ended_delegation（持有人缺席，而代行人的委托已终止），no_holder（其余）。"
    "仅名义上由已不在的人持有的对象也算缺口，即使无人收回。给出 `subject`：当日由谁负责；加上 `than_on` 或"
    " `than_known`："
    "另一时点的同一情况，以及造成差别的行为。给出 `event`：该事件生效时由谁对其对象负责，与 `on` 无关。本报告针对某"
    "一日，不接受期间。"
)
WORDS = {
    "gap": Words("nobody answers", "无人负责"),
    "conflict": Words("more than one answers", "多人负责"),
    "declared": Words("said knowingly", "知情声明"),
    "no_holder": Words("nobody holds it", "无人持有"),
    "leaver": Words("its holder has left", "持有人已离职"),
    "dissolved_unit": Words("its holder is a unit that is no more", "持有单位已撤销"),
    "ended_delegation": Words("its holder is away, and the delegation has ended", "持有人缺席且委托已终止"),
    "several_accountable": Words("several are accountable", "多人同时负责"),
    "no_such_event": Words("the event was not known then", "当时尚不知该事件"),
    "held": Words("held", "持有"),
    "nobody": Words("nobody", "无人"),
    "same": Words("the same at both times", "两个时点相同"),
    "new": Words("new", "新增"),
    "gone": Words("no more", "不再"),
    "accountable": Words("accountable", "负责"),
    "responsible": Words("responsible", "执行"),
    "support": Words("support", "支持"),
    "consulted": Words("consulted", "咨询"),
    "informed": Words("informed", "知会"),
    "lead": Words("lead", "主管"),
}


class GapKind(StrEnum):
    """Why nobody answers."""

    DECLARED = "declared"
    NO_HOLDER = "no_holder"
    LEAVER = "leaver"
    ENDED_DELEGATION = "ended_delegation"
    DISSOLVED_UNIT = "dissolved_unit"


@dataclass(frozen=True, slots=True)
class _Search:
    """What gaps and conflicts are looked for in."""

    view: View
    people: People
    away: View
    asked: Circumstances

    def has(self, subject: str, holder: str | None) -> bool:
        """Tell whether a subject belongs to the unit asked about: itself, or by who holds or last held it."""
        if subject.startswith(UNIT) or holder is None:
            return self.people.has(subject)
        return self.people.has(holder)


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return gaps and conflicts; or who answers for one subject, or for those of an event when it happened."""
    if asked.subject is not None:
        return compared(views, asked.subject, asked)
    if asked.event is not None:
        return at_event(views["responsibility"], asked.event, asked)
    search = _Search(views["responsibility"], People(views["directory"], asked), views["accountability"], asked)
    lines = [*_gap_lines(search), *_lines_in_name(search), *_conflict_lines(search)]
    return Answer(tuple(sorted(lines, key=lambda line: (line.about[0], str(line.values["flaw"])))))


def clarity(views: Views, asked: Circumstances) -> tuple[dict[str, tuple[Source, ...]], tuple[Line, ...]]:
    """Return who holds what, subject → the events that say so, and the gaps and conflicts at the time asked about."""
    search = _Search(views["responsibility"], People(views["directory"], asked), views["accountability"], asked)
    held = {
        owned.subject: sources((owned.holding.event_id, owned.holding.position))
        for owned in _held(search)
        if search.has(owned.subject, owned.holding.holder)
    }
    return held, (*_gap_lines(search), *_lines_in_name(search), *_conflict_lines(search))


def _gap_lines(search: _Search) -> Iterator[Line]:
    for gap in _gaps(search):
        last = _last_holder(search, gap.subject)
        if search.has(gap.subject, None if last is None else last.holder):
            yield _gap_line(search, gap, last)


def _gaps(search: _Search) -> Iterator[Gap]:
    after = ""
    while page := queries.gaps(search.view, on=search.asked.on, known=search.asked.known, after=after):
        yield from page
        after = page[-1].subject


def _last_holder(search: _Search, subject: str) -> Holding | None:
    """Return who was accountable last before the day, None for a subject that nobody ever was."""
    held = queries.line_of(search.view, subject, known=search.asked.known)
    return next((one for one in reversed(held) if one.since <= search.asked.on), None)


def _gap_line(search: _Search, gap: Gap, last: Holding | None) -> Line:
    kind = _kind(search, gap, last)
    begun = None if last is None else (last.event_id, last.position)
    ended = None if last is None or last.ended_by is None else (last.ended_by, last.ended_position or 0)
    gone = None if last is None else search.people.ended_by(last.holder)
    rests = sources(begun, ended, gone) or _life(search, gap.subject)
    return Line((gap.subject,), _values(kind.value, gap.since, gap.until, last, ()), rests)


def _life(search: _Search, subject: str) -> tuple[Source, ...]:
    """Return the events by which the subject lives: what a gap rests on where nobody ever held it."""
    owned = queries.who_owns(search.view, subject, on=search.asked.on, known=search.asked.known)
    return sources(*owned.rests_on)


def _values(
    kind: str, since: datetime, until: datetime | None, last: Holding | None, holders: tuple[str, ...]
) -> dict[str, object]:
    return {
        "flaw": "gap",
        "kind": kind,
        "since": since,
        "until": until,
        "last_holder": None if last is None else last.holder,
        "holders": list(holders),
    }


def _kind(search: _Search, gap: Gap, last: Holding | None) -> GapKind:
    if gap.declared:
        return GapKind.DECLARED
    if last is None:
        return GapKind.NO_HOLDER
    return GapKind(search.people.gone(last.holder) or GapKind.NO_HOLDER)


def _lines_in_name(search: _Search) -> Iterator[Line]:
    """Yield the gaps that holders leave who are gone, or away with nobody acting, though the ledger names them."""
    for owned in _held(search):
        if not search.has(owned.subject, owned.holding.holder):
            continue
        line = _gone_line(search, owned) or _away_line(search, owned)
        if line is not None:
            yield line


def _held(search: _Search) -> Iterator[Owned]:
    """Yield who is accountable for what, and who leads which unit."""
    for role in ("accountable", "lead"):
        place: tuple[str, str, str] | None = ("", "", "")
        while place is not None:
            on, known = search.asked.on, search.asked.known
            page, place = queries.held(search.view, on=on, known=known, role=role, after=place)
            yield from page


def _gone_line(search: _Search, owned: Owned) -> Line | None:
    held, kind = owned.holding, search.people.gone(owned.holding.holder)
    if kind is None:
        return None
    since = max(search.people.ended_at(held.holder) or held.since, held.since)
    rests = sources((held.event_id, held.position), search.people.ended_by(held.holder))
    return Line((owned.subject,), _values(kind, since, held.until, held, (held.holder,)), rests)


def _away_line(search: _Search, owned: Owned) -> Line | None:
    """Return the gap of a holder who is away, once the last delegation that let another act has ended."""
    held = owned.holding
    if not held.holder.startswith(PERSON):
        return None
    person = held.holder.removeprefix(PERSON)
    told = acts.of_streams(search.away, [held.holder], (*AWAY, *DELEGATED), search.asked.known)
    absence = _running_absence(told, search.asked.on)
    ended = _ended_delegations(told, search.asked.on)
    if absence is None or ended is None:
        return None
    at, rests_on = ended
    rests = sources((held.event_id, held.position), *((a.event_id, a.position) for a in (absence, *rests_on)))
    kind = GapKind.ENDED_DELEGATION.value
    since = max(at, absence.begins, held.since)
    return Line((owned.subject, PERSON + person), _values(kind, since, held.until, held, (held.holder,)), rests)


def _running_absence(told: list[Act], on: datetime) -> Act | None:
    over = {a.data["absence"] for a in told if a.topic == AWAY[1] and a.begins <= on}
    begun = (a for a in told if a.topic == AWAY[0] and a.begins <= on and a.data["absence"] not in over)
    return next(begun, None)


def _ended_delegations(told: list[Act], on: datetime) -> tuple[datetime, tuple[Act, ...]] | None:
    """Return when the last delegation ended and by which events; None while one holds, and where none ever did."""
    ended = {a.data["delegation"]: a for a in told if a.topic == DELEGATED[1] and a.begins <= on}
    granted = [a for a in told if a.topic == DELEGATED[0] and a.begins <= on]
    ends: list[tuple[datetime, tuple[Act, ...]]] = []
    for grant in granted:
        until = datetime.fromisoformat(grant.data["ends"])
        end = ended.get(grant.data["delegation"])
        if end is None and until > on:
            return None
        at = until if end is None else min(end.begins, until)
        ends.append((at, (grant,) if end is None else (grant, end)))
    return max(ends, key=lambda one: one[0]) if ends else None


def _conflict_lines(search: _Search) -> Iterator[Line]:
    for conflict in _conflicts(search):
        if any(search.has(conflict.subject, holder) for holder in conflict.holders):
            yield _conflict_line(search, conflict)


def _conflicts(search: _Search) -> Iterator[Conflict]:
    after = ""
    while page := queries.conflicts(search.view, on=search.asked.on, known=search.asked.known, after=after):
        yield from page
        after = page[-1].subject


def _conflict_line(search: _Search, conflict: Conflict) -> Line:
    owned = queries.who_owns(search.view, conflict.subject, on=search.asked.on, known=search.asked.known)
    values = _values("several_accountable", conflict.since, conflict.until, None, conflict.holders)
    rests = sources(*((held.event_id, held.position) for held in owned.accountable))
    return Line((conflict.subject,), {**values, "flaw": "conflict"}, rests)


REPORT = Report(
    name="responsibility",
    question="Who answers for what, where does nobody or more than one, and what changed between two times?",
    definition=DEFINITION,
    version=1,
    views=("responsibility", "directory", "accountability", "audit_trail"),
    answer=answer,
    parameters=frozenset({"subject", "event", "than_on", "than_known"}),
    question_zh="谁对什么负责，何处无人或多人负责，两个时点之间发生了什么变化？",
    definition_zh=DEFINITION_ZH,
    period=False,
    apart={"event": frozenset({"on", "unit", "subject", "than_on", "than_known"}), "subject": frozenset({"unit"})},
    needs={"than_on": "subject", "than_known": "subject"},
    words=WORDS,
)
