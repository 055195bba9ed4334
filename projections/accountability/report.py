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


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a report is asked about: a time, what was known, a period from `since` up to `until`, perhaps a unit.

    `known` is a position that every view holds. `recorded`: what was recorded in the period lies after the first of
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
    """A report: `views` names the projections that it reads; `version` is that of its formula, raised with it."""

    name: str
    question: str
    definition: str
    version: int
    views: tuple[str, ...]
    answer: Callable[[Views, Circumstances], Answer]
    parameters: frozenset[str] = frozenset()
    thresholds: tuple[str, ...] = ()  # the terms of the policy that it goes by
    attempts: bool = False  # whether it tells of refused attempts


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
