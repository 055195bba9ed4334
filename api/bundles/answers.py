"""Answers as pure functions of stored events: what a bundle is made with, and what a verifier replays it by.

They use the ledger's own folds and no projection, database or clock, so that the same events give the same answer
anywhere. Persons stand under their pseudonyms, as they were recorded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from ledger.domain import figures
from ledger.domain.goals.scoring import score
from ledger.domain.goals.state import GoalState, evolve_goal
from ledger.domain.progress.claims import ProgressState
from ledger.domain.progress.stream import evolve_progress
from ledger.facts import LedgerFacts
from ledger.kernel.event import decode, decode_raw
from ledger.kernel.moments import day_of, utc_text
from ledger.states import States, Versioned, evolved, initial_state
from projections.engine.intervals import NOW_KNOWN, IntervalRow
from projections.responsibility.handlers import (
    ACCOUNTABLE,
    CONFLICT,
    GAP,
    LABEL,
    LEAD,
    LIFE,
    UNIT_LABEL,
    UNIT_LIFE,
    fold,
)

FORMULAS = {"figures": figures.FORMULA, "responsibility": "1", "trail": "1", "decision": "1"}
_TOLD_APART = frozenset({LABEL, LIFE, UNIT_LABEL, UNIT_LIFE})
Fields = dict[str, object]
Raw = Mapping[str, Any]  # a stored event as JSON


class Evidence(Protocol):
    """The stored events up to a position."""

    @property
    def position(self) -> int:
        """The last position that counts."""
        ...

    def of(self, stream: str) -> Sequence[bytes]:
        """Return all events of a stream, in order."""
        ...

    def about(self, subject: str) -> Sequence[bytes]:
        """Return the events about a subject that whoever asks may see, in order of position."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `ask` is who-owns, trail, goal or decision; `on` is an instant in UTC as text."""

    ask: str
    subject: str
    on: str
    zone: str
    event_id: str = ""

    def as_json(self) -> Fields:
        """Return it as it stands in the bundle."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, object]) -> "Question":
        """Read it. Raises TypeError for other fields."""
        return cls(**{name: str(value) for name, value in said.items()})

    @property
    def at(self) -> datetime:
        """The instant asked about."""
        return datetime.fromisoformat(self.on)

    @property
    def day(self) -> date:
        """The day of that instant in the ledger's zone."""
        return day_of(self.at, ZoneInfo(self.zone))


def answered(question: Question, evidence: Evidence) -> Fields:
    """Return the answer. Raises KeyError for a question of another kind, LookupError where nothing is recorded."""
    return {**ANSWERS[question.ask](question, evidence), "position": evidence.position}


# ---- who owns


def _who_owns(question: Question, evidence: Evidence) -> Fields:
    subject, on = question.subject, utc_text(question.at)
    streams = [subject] if subject.startswith("unit/") else []
    told, flaws = list[IntervalRow](), list[IntervalRow]()
    for stream in [*streams, f"responsibility/{subject}"]:
        folded = fold([], [decode_raw(stored) for stored in evidence.of(stream)])
        told += [row for row in folded.lines.known.rows() if row.known_to == NOW_KNOWN]
        flaws += [row for row in folded.flaws.rows() if row.known_to == NOW_KNOWN]
    held = [row for row in told if _holds(row, on)]
    labels = {row.key[1]: row.interval.holder for row in held}
    lives = [row for row in told if row.key[1] in (LIFE, UNIT_LIFE)]
    return {
        "subject": subject,
        "label": labels.get(LABEL, labels.get(UNIT_LABEL)),
        "live": not lives or any(row in held for row in lives),
        "holders": _by_role(row for row in held if row.key[1] not in _TOLD_APART),
        "gaps": [_span(row) for row in flaws if row.key[1] == GAP and _holds(row, on)],
        "conflicts": [_span(row) for row in flaws if row.key[1] == CONFLICT and _holds(row, on)],
        "hand_overs": _hand_overs(told, LEAD if streams else ACCOUNTABLE),
        "policy": _policy(question, evidence),
    }


def _holds(row: IntervalRow, on: str) -> bool:
    return row.interval.valid_from <= on < row.interval.valid_to


def _by_role(held: Iterable[IntervalRow]) -> dict[str, list[Fields]]:
    roles: dict[str, list[Fields]] = {}
    for row in sorted(held, key=lambda row: (row.key[1], row.interval.valid_from, row.interval.holder)):
        roles.setdefault(row.key[1], []).append(_holder(row))
    return roles


def _holder(row: IntervalRow) -> Fields:
    began = row.interval.began
    return {
        "holder": row.interval.holder,
        **_span(row),
        "actor": began.actor,
        "authority": began.basis,
        "mark": "testimony" if began.testimony else "act",
        "marks": began.marks.split(),
        "event": {"event_id": began.event_id, "position": began.position},
    }


def _span(row: IntervalRow) -> Fields:
    until = row.interval.valid_to
    return {"since": row.interval.valid_from, "until": None if until == "infinity" else until}


def _hand_overs(told: Iterable[IntervalRow], role: str) -> list[Fields]:
    line = sorted((row for row in told if row.key[1] == role), key=lambda row: row.interval.valid_from)
    passed, seen = list[Fields](), set[str]()
    for giver, taker in pairwise(line):
        seen.add(giver.interval.holder)
        if giver.interval.holder != taker.interval.holder:
            returned = taker.interval.holder in seen
            passed.append({"giver": giver.interval.holder, "returned": returned, "taker": _holder(taker)})
    return passed


def _policy(question: Question, evidence: Evidence) -> str | None:
    facts = LedgerFacts(StatesOf(evidence), ZoneInfo(question.zone))
    return facts.policy(question.at).name


# ---- trail and decisions


def _trail(question: Question, evidence: Evidence) -> Fields:
    return {"subject": question.subject, "rows": [_line(decode_raw(one)) for one in evidence.about(question.subject)]}


def _decision(question: Question, evidence: Evidence) -> Fields:
    raws = [decode_raw(stored) for stored in evidence.of(question.subject)]
    decided = next((raw for raw in raws if raw["event_id"] == question.event_id), None)
    if decided is None:
        raise LookupError(question.event_id)
    before = [_line(raw) for raw in raws if raw["version"] < decided["version"]]
    after = [_line(raw) for raw in raws if raw["version"] > decided["version"]]
    said = {"data": decided["data"], "judged_at": decided["authority"]["judged_at"], "policy": decided.get("policy")}
    return {"decision": {**_line(decided), **said}, "before": before, "after": after}


def _line(raw: Raw) -> Fields:
    optional = ("principal", "reason", "cause", "batch")
    return {
        **{name: raw[name] for name in ("position", "event_id", "recorded_at", "effective_at", "stream", "version")},
        **{name: raw[name] for name in ("topic", "actor", "source")},
        "authority": raw["authority"]["basis"],
        "mark": "testimony" if raw["source"].startswith("import:") else "act",
        "marks": raw.get("marks", []),
        **{name: raw[name] for name in optional if name in raw},
    }


# ---- goals


class StatesOf:
    """The states of streams folded from evidence (`ledger.states.States`)."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self.position = evidence, evidence.position
        self._kept: dict[str, Versioned] = {}

    def get(self, stream: str) -> Versioned:
        """Return the state of a stream at the position."""
        if stream not in self._kept:
            current = Versioned(0, initial_state(stream))
            for stored in self._evidence.of(stream):
                current = evolved(stream, current, decode(stored))
            self._kept[stream] = current
        return self._kept[stream]


def _goal(question: Question, evidence: Evidence) -> Fields:
    goal, progress = GoalState(), ProgressState()
    for entry in map(decode, evidence.of(question.subject)):
        goal, progress = evolve_goal(goal, entry), evolve_progress(progress, entry)
    if goal.terms is None:
        raise LookupError(question.subject)
    facts = LedgerFacts(cast("States", StatesOf(evidence)), ZoneInfo(question.zone))
    metric = facts.state("metric", goal.terms.metric).defined
    scored = None if metric is None else score(goal, progress, question.day, facts)
    clear = {name: value for name, value in dict(goal.terms).items() if name not in type(goal.terms).sealed_fields}
    return {
        "goal": question.subject,
        "stage": goal.stage.value,
        "answer": None if goal.answer is None else goal.answer.value,
        "terms": _plain(clear),
        "assigner": goal.assigner,
        "target": _plain(goal.target_at(question.day, facts)),
        "paused": goal.is_paused(question.at),
        "milestones": _plain(goal.milestones),
        "metric": None if metric is None else _plain(dict(metric)),
        "figures": _plain(scored),
        "policy": facts.policy(question.at).name,
    }


def _plain(value: object) -> object:
    """Return a value as JSON can say it: decimals as text, exactly, instants in UTC."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case Decimal():
            return format(value, "f")
        case datetime():
            return utc_text(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return _plain(dict(cast("Iterable[tuple[str, object]]", value)))  # a part of an event


ANSWERS: Mapping[str, Callable[[Question, Evidence], Fields]] = {
    "who-owns": _who_owns,
    "trail": _trail,
    "goal": _goal,
    "decision": _decision,
}
