"""Hand-overs and ping-pong: how accountability is passed about, how long each held it, and what they did with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.kernel.ids import split_stream
from projections.accountability.places import PERSON, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words, sources
from projections.accountability.trails import trail_of
from projections.directory import queries as directory
from projections.engine import View
from projections.responsibility.lines import lines_of_all
from projections.responsibility.queries import Holding, line_of

DAY = timedelta(days=1)
HR = frozenset({"hr_administrator", "hr_partner"})
HAND_OVERS = (
    "One line for each time accountability for a subject (of a unit: its lead) passed from one holder to another in "
    "the period: who gave, who took, how long the giver had held it (in days, from the taking to the end of the "
    "holding), how many days nobody held it in between, and how many acts the giver did on the subject while holding "
    "it. Who took it from whom: the giver ended at the very instant of the taking, or last before it with nobody "
    "holding it in between; who joins others takes it from nobody. Ids of one person are one holder."
)
HAND_OVERS_ZH = (
    "期间内对某对象的责任（单位则为其主管）由一人转到另一人的每一次一行：谁交出，谁接手，交出者持有多久（以天计，自"
    "接手至持有结束），"
    "其间无人持有多少天，以及交出者在持有期间对该对象做了多少行为。接自何人：在接手的同一瞬间结束持有者；否则为此前"
    "最后结束者，"
    "且其间无人持有；与他人共同持有者不接自任何人。同一人的多个标识视为一个持有人。"
)
PING_PONG = (
    "One line for each return in the period: holder A gave to B, and A holds it again (pattern `returned`); or a line "
    "holder gave to one who works for HR (holds an HR office) and it came back into the line (pattern `line_hr_line`). "
    "For each of the three holdings: who, how many days, how many acts on the subject while it was held. "
    "Who took it from whom as in hand-overs."
)
PING_PONG_ZH = (
    "期间内每次返回一行：持有人 A 交给 B，而后 A 再次持有（pattern 为 `returned`）；或业务线持有人交给人力资源人员"
    "（担任人力资源职务），"
    "而后又回到业务线（pattern 为 `line_hr_line`）。三段持有各列出：何人、多少天、持有期间对该对象做了多少行为。"
    "接自何人的判定与 hand-overs 相同。"
)
PATTERNS = {
    "returned": Words("handed over and taken back", "交出后又收回"),
    "line_hr_line": Words("from the line to HR and back", "由业务线到人力资源再返回"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A time in which one holder held a subject without a break of holder."""

    holder: str
    since: datetime
    until: datetime | None
    first: Holding
    last: Holding

    def days(self, on: datetime) -> float:
        """Return how many days it lasted, up to `on` where it still runs."""
        return round(((self.until or on) - self.since) / DAY, 3)


def joined(line: Sequence[Holding]) -> list[Held]:
    """Return holdings in order of time, those of one holder that touch or overlap made one."""
    found: list[Held] = []
    latest: dict[str, int] = {}  # holder → place in `found`
    for one in sorted(line, key=lambda holding: (holding.since, holding.position)):
        place = latest.get(one.holder)
        before = None if place is None else found[place]
        if place is None or before is None or (before.until is not None and before.until < one.since):
            latest[one.holder] = len(found)
            found.append(Held(one.holder, one.since, one.until, one, one))
        elif before.until is not None and (one.until is None or one.until > before.until):
            found[place] = Held(one.holder, before.since, one.until, before.first, one)
    return found


def passed(line: Sequence[Held]) -> list[tuple[Held, Held]]:
    """Return who took it from whom, in order of taking.

    The giver is whoever ended at the very instant of the taking; else whoever ended last before it, if nobody held it
    in between. Who joins others that hold it takes it from nobody.
    """
    found: list[tuple[Held, Held]] = []
    for taker in line:
        ends = [one.until for one in line if one.until is not None and one.until <= taker.since]
        if not ends:
            continue
        last = max(ends)
        others = (one for one in line if one is not taker and one.since < taker.since)
        shared = any(one.until is None or one.until > last for one in others)
        if last == taker.since or not shared:
            givers = [one for one in line if one.until == last and one.holder != taker.holder]
            found += [(giver, taker) for giver in givers]
    return found


def _lines(views: Views, asked: Circumstances) -> Iterator[tuple[str, list[Held]]]:
    """Yield subjects with their holders, joined, up to the end of the period: of one, or of all."""
    view = views["responsibility"]
    if asked.subject is not None:
        line = line_of(view, asked.subject, known=asked.known)
        yield asked.subject, joined([one for one in line if one.since <= asked.last])
        return
    after = ""
    while page := lines_of_all(view, until=asked.last, known=asked.known, after=after):
        yield from ((subject, joined(line)) for subject, line in page.items())
        after = max(page)


class _Doings:
    """What holders did on a subject: its trail, read once."""

    def __init__(self, view: View, subject: str, known: int) -> None:
        self._lines = trail_of(view, subject, known=known)

    def while_held(self, held: Held, until: datetime) -> list[Source]:
        """Return the acts of a person on the subject while they held it: from the taking up to the end."""
        end = until if held.until is None else held.until
        actor = held.holder.removeprefix(PERSON)
        return [
            Source(one.position, one.event_id)
            for one in self._lines
            if one.actor == actor and held.since <= one.begins < end
        ]


def hand_overs(views: Views, asked: Circumstances) -> Answer:
    """Return every hand-over of the period, in order of subject and time."""
    people, found = People(views["directory"], asked), list[Line]()
    for subject, line in _lines(views, asked):
        pairs = [pair for pair in passed(line) if asked.since <= pair[1].since <= asked.last]
        pairs = [pair for pair in pairs if any(people.has(held.holder) for held in pair)]
        if pairs:
            doings = _Doings(views["audit_trail"], subject, asked.known)
            found += [_hand_over(subject, giver, taker, doings, asked) for giver, taker in pairs]
    return Answer(tuple(found))


def _hand_over(subject: str, giver: Held, taker: Held, doings: _Doings, asked: Circumstances) -> Line:
    acts = doings.while_held(giver, asked.last)
    between = (taker.since - giver.until) / DAY if giver.until is not None else 0.0
    values = {
        "giver": giver.holder,
        "taker": taker.holder,
        "taken": taker.since,
        "days_held": giver.days(asked.last),
        "days_between": round(max(between, 0.0), 3),
        "acts_while_held": len(acts),
    }
    return Line((subject,), values, tuple(sorted({*_evidence(giver, taker), *acts})))


def _evidence(*held: Held) -> tuple[Source, ...]:
    begun = [(one.first.event_id, one.first.position) for one in held]
    ended = [(one.last.ended_by, one.last.ended_position or 0) for one in held if one.last.ended_by is not None]
    return sources(*begun, *ended)


def ping_pong(views: Views, asked: Circumstances) -> Answer:
    """Return every return of the period, in order of subject and time."""
    people, found = People(views["directory"], asked), list[Line]()
    for subject, line in _lines(views, asked):
        for three in there_and_back(line):
            pattern = _pattern(views["directory"], three, asked)
            inside = asked.since <= three[2].since <= asked.last
            if pattern is not None and inside and any(people.has(held.holder) for held in three):
                doings = _Doings(views["audit_trail"], subject, asked.known)
                found.append(_return(subject, pattern, three, doings, asked))
    return Answer(tuple(found))


def there_and_back(line: Sequence[Held]) -> list[tuple[Held, Held, Held]]:
    """Return every three holders of whom the second took it from the first, and the third from the second."""
    pairs = passed(line)
    return [(giver, middle, taker) for giver, middle in pairs for other, taker in pairs if other is middle]


def _pattern(view: View, three: Sequence[Held], asked: Circumstances) -> str | None:
    if three[0].holder == three[2].holder:
        return "returned"
    in_hr = [_is_hr(view, held, asked.known) for held in three]
    return "line_hr_line" if in_hr == [False, True, False] else None


def _is_hr(view: View, held: Held, known: int) -> bool:
    """Tell whether a holder held an office of HR when they took the subject."""
    kind, id = split_stream(held.holder)
    if kind != "person":
        return False
    grants = directory.grants_of(view, id, on=held.since, known=known)
    partner = directory.partner_of(view, id, on=held.since, known=known)
    return bool(HR & directory.roles_in_force(grants)) or bool(partner)


def _return(subject: str, pattern: str, three: Sequence[Held], doings: _Doings, asked: Circumstances) -> Line:
    acts = [doings.while_held(held, asked.last) for held in three]
    values = {
        "pattern": pattern,
        "holders": [held.holder for held in three],
        "returned": three[2].since,
        "days_held": [held.days(asked.last) for held in three],
        "acts_while_held": [len(one) for one in acts],
    }
    events = sorted({*_evidence(*three), *(source for one in acts for source in one)})
    return Line((subject,), values, tuple(events))


HAND_OVERS_REPORT = Report(
    name="hand-overs",
    question="Who handed what to whom, how long had they held it, and what had they done with it?",
    definition=HAND_OVERS,
    version=2,
    views=("responsibility", "directory", "audit_trail"),
    answer=hand_overs,
    parameters=frozenset({"subject"}),
    question_zh="谁把什么交给了谁，持有了多久，期间做了什么？",
    definition_zh=HAND_OVERS_ZH,
)
PING_PONG_REPORT = Report(
    name="ping-pong",
    question="What goes back and forth between holders, or between the line and HR, and what does each do meanwhile?",
    definition=PING_PONG,
    version=2,
    views=("responsibility", "directory", "audit_trail"),
    answer=ping_pong,
    parameters=frozenset({"subject"}),
    question_zh="什么在持有人之间，或在业务线与人力资源之间来回转手，各自期间做了什么？",
    definition_zh=PING_PONG_ZH,
    words=PATTERNS,
)
