"""What a report is: a question with its definition, answered line by line, each line with the events it rests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ledger.kernel.moments import day_of
from ledger.kernel.policy import UNPUBLISHED, PolicyTerms
from projections.engine import View

Views = Mapping[str, View]
SMALL_GROUP = "small_group"
PARAMETERS = frozenset({"subject", "event", "than_on", "than_known"})  # that a report may take besides the usual ones
PERIOD = frozenset({"from", "until"})


@dataclass(frozen=True, slots=True)
class Words:
    """What a code or a note says, in both languages; as the value of a line it is told in the caller's."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """Return the words in a language: Chinese for `zh`, English for every other."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.en


MISSING: Mapping[str, Words] = {
    SMALL_GROUP: Words(
        "figures of a group below the policy's limit are withheld", "低于制度规定人数的群体，其数据不予展示"
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """An event that a line rests on."""

    position: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report.

    `about`: the subjects (`kind/id`) that a caller must all see to see the line, the line's own subject first.
    `people`: how many persons a figure of a group is of; below the policy's limit the line is withheld.
    """

    about: tuple[str, ...]
    values: Mapping[str, object]
    events: tuple[Source, ...]
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the answer lacks: a code that says what, and which subjects it is about."""

    code: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report found, in a stable order, and what it lacks."""

    lines: tuple[Line, ...] = ()
    missing: tuple[Missing, ...] = ()


def _no_policy(_: datetime) -> int:
    return 0


def _nothing(_: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
    return {}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a report is asked about: a time, what was known, a period from `since` up to `until`, perhaps a unit.

    `known` is a position that every view holds, `known_until` the instant up to which is known what has no
    position. `recorded`: what was recorded in the period lies after the first of
    these positions, and up to the second.
    """

    on: datetime
    known: int
    since: datetime
    until: datetime
    zone: ZoneInfo
    unit: str | None = None
    terms: PolicyTerms = UNPUBLISHED
    recorded: tuple[int, int] = (0, 2**62)
    subject: str | None = None
    event: "Happened | None" = None
    than_on: datetime | None = None
    than_known: int | None = None
    refused: Sequence["Attempt"] = field(default=())
    policy_at: Callable[[datetime], int] = _no_policy  # the version in force at an instant, 0 for none
    known_until: datetime | None = None
    opened: Callable[[Sequence[str]], Mapping[str, Mapping[str, object]]] = _nothing  # event ids → id → sealed fields

    @property
    def last(self) -> datetime:
        """Return the last instant whose acts count: the period's end, or `on` where that is earlier."""
        return min(self.on, self.until)

    @property
    def day(self) -> date:
        """Return the day of `on` in the ledger's zone."""
        return day_of(self.on, self.zone)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that a report is asked about: when it took effect, and its subjects, its own first."""

    source: Source
    begins: datetime
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A refused attempt in the period: no event, so it is told by its number in the log of what was refused."""

    number: int
    at: datetime
    actor: str
    kind: str
    id: str
    verb: str
    code: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report: `views` names the projections that it reads; `version` is that of its formula, raised with it.

    `parameters`: what it takes besides `on`, `known` and `unit`; a report of how things stand on a day takes no period.
    `apart`: a parameter → those that say nothing beside it; `needs`: a parameter → the one it says nothing without.
    `words`: code → what it says, for the codes among the values of its lines and in what is missing.
    """

    name: str
    question: str
    definition: str
    version: int
    views: tuple[str, ...]
    answer: Callable[[Views, Circumstances], Answer]
    parameters: frozenset[str] = frozenset()
    thresholds: tuple[str, ...] = ()  # the terms of the policy that it goes by
    attempts: bool = False  # whether it tells of refused attempts
    question_zh: str = ""
    definition_zh: str = ""
    period: bool = True
    subjects: frozenset[str] = frozenset()  # the kinds that `subject` may be of; none named: any
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)

    @property
    def takes(self) -> tuple[str, ...]:
        """Return every parameter that it takes, the usual ones first."""
        period = ("from", "until") if self.period else ()
        return ("on", "known", "unit", *period, *sorted(self.parameters & PARAMETERS))

    def asks(self, language: str) -> str:
        """Return its question in a language."""
        return Words(self.question, self.question_zh or self.question).said(language)

    def defines(self, language: str) -> str:
        """Return its definition in a language."""
        return Words(self.definition, self.definition_zh or self.definition).said(language)

    def unfit(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """Return parameter → why it can't be taken, of those given: leaving one out would answer another question."""
        present = {name for name, value in given.items() if value is not None}
        found = dict.fromkeys(sorted(present - set(self.takes)), "unknown_parameter")
        for name in sorted(present & set(self.apart)):
            found |= dict.fromkeys(sorted(present & self.apart[name]), f"not_beside_{name}")
        found |= {n: f"only_beside_{o}" for n, o in self.needs.items() if n in present and o not in present}
        kind = (given.get("subject") or "").partition("/")[0]
        if self.subjects and kind and kind not in self.subjects:
            found["subject"] = "unfit_kind"
        return found


def withhold_small(answer: Answer, limit: int) -> Answer:
    """Return the answer without the figures of groups smaller than `limit`, and with a word of each one withheld."""
    small = [line for line in answer.lines if line.people is not None and line.people < limit]
    if not small:
        return answer
    kept = tuple(line for line in answer.lines if line not in small)
    told = tuple(Missing(SMALL_GROUP, line.about) for line in small)
    return replace(answer, lines=kept, missing=(*answer.missing, *told))


def sources(*events: tuple[str, int] | None) -> tuple[Source, ...]:
    """Return events by id and position as sources, each once, in order of position."""
    return tuple(sorted({Source(position, event_id) for event_id, position in filter(None, events)}))
