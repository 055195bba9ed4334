"""How events become intervals of responsibility, and gaps and conflicts; pure but for the two functions at the end."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from projections.engine.bulk import columns, insert_rows
from projections.engine.interval_tables import ANNULLED, ANNULMENTS, REDATED, Loaded, load_lines, write_lines
from projections.engine.intervals import OPEN, Change, Interval, Key, Known, Lines, Said, instant_text, said_by
from projections.engine.kept import MERGES
from projections.engine.merged import Reading, reading_of, write_merges
from projections.engine.projection import Cursor, Events, RawEvent, Tables

ACCOUNTABLE, LEAD, LABEL, LIFE, UNIT_LABEL, UNIT_LIFE = (
    "accountable",
    "lead",
    "label",
    "life",
    "unit.label",
    "unit.life",
)
SINGLE = frozenset({LEAD, LABEL, LIFE, UNIT_LABEL, UNIT_LIFE})
WHOLE_LINE = SINGLE | {ACCOUNTABLE}  # one line for all holders of the role: gaps and conflicts look at all of them
STREAM_PREFIX = "responsibility/"
UNIT_AS_SUBJECT = "responsibility/unit/"
DECLARED_VACANT = "declared_vacant"
GAP, CONFLICT = "gap", "conflict"
NOBODY = Said("", 0, "", "", False, "")


class Step(NamedTuple):
    """One step of an event: a holder begins or ends in a role."""

    role: str
    holder: str
    starts: bool = True

    def key(self, stream: str) -> Key:
        """Return the line this step goes to: holders of other roles than the accountable don't touch each other."""
        return (stream, self.role, "" if self.role in WHOLE_LINE else self.holder)


def subject_of(stream: str) -> str:
    """Return the subject whose responsibilities a stream tells."""
    return stream.removeprefix(STREAM_PREFIX)


def _named(subject: Mapping[str, str]) -> str:
    return f"{subject['kind']}/{subject['id']}"


def _registered(data: RawEvent) -> list[Step]:
    return [Step(LABEL, data["label"]), Step(LIFE, "live")]


def _assigned(data: RawEvent) -> list[Step]:
    instead = data.get("instead_of")
    ends = [] if instead is None else [Step(data["role"], _named(instead), starts=False)]
    return [*ends, Step(data["role"], _named(data["holder"]))]


def _released(data: RawEvent) -> list[Step]:
    return [Step(data["role"], _named(data["holder"]), starts=False)]


def _vacant(data: RawEvent) -> list[Step]:
    former = [_named(holder) for holder in data["former"]] or [""]
    return [Step(data["role"], holder, starts=False) for holder in former]


def _handed_over(data: RawEvent) -> list[Step]:
    return [Step(ACCOUNTABLE, _named(data["giver"]), starts=False), Step(ACCOUNTABLE, _named(data["taker"]))]


STEPS: dict[str, Callable[[RawEvent], list[Step]]] = {
    "responsibilities.SubjectRegistered": _registered,
    "responsibilities.SubjectRenamed": lambda data: [Step(LABEL, data["label"])],
    "responsibilities.SubjectRetired": lambda _: [Step(LIFE, "live", starts=False)],
    "responsibilities.ResponsibilityAssigned": _assigned,
    "responsibilities.ResponsibilityReleased": _released,
    "responsibilities.ResponsibilityDeclaredVacant": _vacant,
    "responsibilities.HandOverAccepted": _handed_over,
    "people.UnitFormed": lambda data: [Step(UNIT_LABEL, data["label"]), Step(UNIT_LIFE, "running")],
    "people.UnitRenamed": lambda data: [Step(UNIT_LABEL, data["label"])],
    "people.UnitDissolved": lambda _: [Step(UNIT_LIFE, "running", starts=False)],
    "people.UnitLeadAppointed": lambda data: [Step(LEAD, f"person/{data['lead']}")],
    "people.UnitLeadReleased": lambda data: [Step(LEAD, f"person/{data['lead']}", starts=False)],
}
TOPICS = frozenset(STEPS) | ANNULMENTS | MERGES


def steps_of(event: RawEvent) -> list[Step]:
    """Return the steps of an event, in order."""
    make = STEPS.get(event["topic"])
    return [] if make is None else make(event["data"])


def answering_lines(stream: str) -> tuple[Key, Key]:
    """Return the line of the subject's life and the one of whoever answers for it: a unit's is its lead."""
    if stream.startswith("unit/"):
        return (stream, UNIT_LIFE, ""), (stream, LEAD, "")
    return (stream, LIFE, ""), (stream, ACCOUNTABLE, "")


# Gaps and conflicts


def flaws_of(life: list[Interval], *, known_life: bool, answering: list[Interval], vacant: set[str]) -> list[Interval]:
    """Return the gaps and conflicts of a subject; `holder` holds what the table keeps in `holders`.

    A subject that was never registered is taken to be live from the time somebody first answered for it.
    """
    lives = [(i.valid_from, i.valid_to) for i in life]
    if not known_life and answering:
        lives = [(min(i.valid_from for i in answering), OPEN)]
    found = []
    for begins, ends, holders in _stretches(lives, answering):
        if len(holders) > 1:
            found.append(Interval(json.dumps(sorted(holders)), begins, ends, NOBODY, CONFLICT, None))
        elif not holders and any(start <= begins < end for start, end in lives):
            declared = "declared" if begins in vacant else ""
            found.append(Interval(declared, begins, ends, NOBODY, GAP, None))
    return found


def _stretches(lives: list[tuple[str, str]], answering: list[Interval]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield the longest stretches in which the same people answer and life doesn't change."""
    edges: dict[str, list[tuple[bool, str]]] = {edge: [] for life in lives for edge in life}
    for interval in answering:
        edges.setdefault(interval.valid_from, []).append((True, interval.holder))
        edges.setdefault(interval.valid_to, []).append((False, interval.holder))
    holding: set[str] = set()
    for begins, ends in pairwise(sorted(edges)):
        for starts, holder in sorted(edges[begins]):  # ends come first: who ends and begins at once goes on
            (holding.add if starts else holding.discard)(holder)
        yield begins, ends, frozenset(holding)


# The fold


@dataclass
class Folded:
    """What a page made of the intervals, flaws and merged ids."""

    lines: Lines
    merges: list[Reading] = field(default_factory=list)
    flaws: Known = field(default_factory=Known)
    settled: dict[str, list[Interval]] = field(default_factory=dict)  # stream → its flaws as they stand


def fold(state: Loaded, events: Events) -> Folded:
    """Return the changes that a page makes; `state` is what `load` read."""
    folded = Folded(Lines(state, single=SINGLE.__contains__))
    for event in events:
        stream, reading = event["stream"], reading_of(event)
        if reading is not None:
            folded.merges.append(reading)
            continue
        if stream not in folded.settled:
            folded.settled[stream] = _flaws(folded.lines, stream)
        if not _apply(folded.lines, event).isdisjoint(answering_lines(stream)):
            _note_flaws(folded, stream, event["position"])
    return folded


def _apply(lines: Lines, event: RawEvent) -> set[Key]:
    stream, topic, data = event["stream"], event["topic"], event["data"]
    if topic == ANNULLED:
        lines.annul(stream, data["entry"])
    elif topic == REDATED:
        lines.redate(stream, data["entry"], instant_text(data["new_begins"]))
    else:
        said = said_by(event)
        if topic == "responsibilities.ResponsibilityDeclaredVacant":
            said = said._replace(marks=f"{said.marks} {DECLARED_VACANT}".strip())
        for index, step in enumerate(steps_of(event)):
            begins = instant_text(event["begins"])
            lines.put(step.key(stream), Change(begins, said.position, index, step.holder, step.starts, said))
    return lines.settle(event["position"])


def _flaws(lines: Lines, stream: str) -> list[Interval]:
    life, answering = answering_lines(stream)
    vacant = {c.begins for c in lines.changes(answering) if not c.starts and DECLARED_VACANT in c.said.marks.split()}
    found = flaws_of(
        lines.intervals(life), known_life=bool(lines.changes(life)), answering=lines.intervals(answering), vacant=vacant
    )
    # A unit's lead answers for it: where it lacks one, its own stream says so, and says it once.
    return [flaw for flaw in found if flaw.ended_by != GAP] if stream.startswith(UNIT_AS_SUBJECT) else found


def _note_flaws(folded: Folded, stream: str, position: int) -> None:
    before, after = folded.settled[stream], _flaws(folded.lines, stream)
    folded.settled[stream] = after
    for flaw in (GAP, CONFLICT):
        was, now = ([i for i in found if i.ended_by == flaw] for found in (before, after))
        folded.flaws.replace((stream, flaw, ""), was, now, position)


# Reading and writing


def load(cursor: Cursor, tables: Tables, events: Events) -> Loaded:
    """Read the lines that a page touches, and those that tell who answers for its subjects."""
    keys: set[Key] = set()
    for event in events:
        stream = event["stream"]
        if event["topic"] in STEPS or stream.startswith((STREAM_PREFIX, "unit/")):
            keys.update(answering_lines(stream))
            keys.update(step.key(stream) for step in steps_of(event))
    return load_lines(cursor, tables, keys, events)


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Write what a page made of the intervals, flaws and merged ids."""
    write_lines(cursor, tables, folded.lines, subject_of)
    write_merges(cursor, tables, folded.merges)
    closed = [(subject_of(key[0]), key[1], holder, begins, at) for key, holder, begins, at in folded.flaws.closed]
    if closed:
        cursor.execute(tables.sql("close_flaws"), columns(closed))
    insert_rows(cursor, tables, "flaws", [_stored_flaw(*row) for row in folded.flaws.rows()])


def _stored_flaw(key: Key, interval: Interval, known_from: int, known_to: int) -> tuple[Any, ...]:
    return (subject_of(key[0]), key[1], interval.holder, interval.valid_from, interval.valid_to, known_from, known_to)
