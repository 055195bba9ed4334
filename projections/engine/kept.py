"""Kept streams: the events of some streams as they are, to be folded at each question by the ledger's own folds.

A question chooses the events by `known` and `on` and folds them, so its answer is what the ledger itself would have
said then. Facets, as in owner or state, tell which streams to look at; what each takes is the size of its own streams.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple, TypeVar

import orjson

from ledger.kernel.annulment import is_annulment
from ledger.kernel.event import EVENTS, Entry, decode
from ledger.kernel.ids import split_stream
from ledger.kernel.statements import Statements
from ledger.kernel.statements import load as load_statements
from projections.engine.bulk import columns, insert_rows
from projections.engine.projection import Cursor, Events, RawEvent, Tables
from projections.engine.views import View

MERGED, UNMERGED = "people.PersonsMerged", "people.PersonsUnmerged"
MERGES = frozenset({MERGED, UNMERGED})
KEPT_TABLES = ("entries", "facets", "merges")
PERSON_PREFIX = "person/"
_SCHEMA = load_statements("projections.engine", "kept_schema.sql")
_STATEMENTS = load_statements("projections.engine", "kept.sql")
S = TypeVar("S")
Found = tuple[str, str]  # facet, value
Evolve = Callable[[S, Entry], S]


class Line(NamedTuple):
    """A kept event, with what its entry does not carry."""

    entry: Entry
    principal: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How streams of a kind are folded, and by which facets each is found as it then stands."""

    initial: Any
    evolve: Callable[[Any, Entry], Any]
    facets: Callable[[Any], Iterable[Found]]


@dataclass
class KeptFold:
    """What a page made: events to keep, facets to set, merges to add."""

    fresh: list[tuple[str, int, str]] = field(default_factory=list)
    facets: dict[tuple[str, str, str], bool] = field(default_factory=dict)  # stream, facet, value → current
    merges: list[tuple[str, int, str | None]] = field(default_factory=list)


Kept = Mapping[str, list[bytes]]  # stream → its kept events, in order


def schema_with(own: Statements) -> Statements:
    """Return a projection's own tables and indexes together with those of its kept streams."""
    return Statements("schema.sql", {**_SCHEMA, **own})


def statements_with(own: Statements) -> Statements:
    """Return a projection's own statements together with those of its kept streams."""
    return Statements("statements.sql", {**_STATEMENTS, **own})


def load_kept(cursor: Cursor, tables: Tables, streams: Iterable[str]) -> Kept:
    """Read what is kept of streams."""
    wanted, found = sorted(set(streams)), dict[str, list[bytes]]()
    if wanted:
        for stream, stored in cursor.execute(tables.sql("select_entries"), (wanted,)).fetchall():
            found.setdefault(stream, []).append(stored.encode())
    return found


def fold_kept(kept: Kept, events: Events, standings: Mapping[str, Standing]) -> KeptFold:
    """Keep the events of a page, and say by what their streams are found then; merges of persons go by themselves."""
    folded, streams = KeptFold(), dict[str, list[bytes]]()
    for event in events:
        if event["topic"] in MERGES:
            folded.merges.append(_reading(event))
            continue
        stored, stream = _stored(event), event["stream"]
        folded.fresh.append((stream, event["position"], stored.decode()))
        streams.setdefault(stream, list(kept.get(stream, ()))).append(stored)
    for stream, all_of_it in streams.items():
        standing = standings.get(split_stream(stream)[0])
        if standing is None:
            decode(all_of_it[-1])  # what no question could fold is found out here
        else:
            folded.facets.update(_facets(stream, all_of_it, standing))
    return folded


def _facets(stream: str, stored: Sequence[bytes], standing: Standing) -> dict[tuple[str, str, str], bool]:
    """Return every value that the stream was ever found by, True for those of now."""
    state, found, now = standing.initial, dict[tuple[str, str, str], bool](), set[Found]()
    for one in stored:
        state = standing.evolve(state, decode(one))
        now = set(standing.facets(state))
        found.update(dict.fromkeys(((stream, *facet) for facet in now), True))
    return {key: key[1:] in now for key in found}


def _reading(event: RawEvent) -> tuple[str, int, str | None]:
    into = event["data"]["into"] if event["topic"] == MERGED else None
    return str(event["stream"]).removeprefix(PERSON_PREFIX), event["position"], into


def _stored(event: RawEvent) -> bytes:
    """Return the event to keep; its data is in the current form already, and says so."""
    known = EVENTS.get(event["topic"])
    return orjson.dumps(event if known is None else {**event, "schema": known.schema_version})


def write_kept(cursor: Cursor, tables: Tables, folded: KeptFold) -> None:
    """Write what a page made of the kept streams."""
    insert_rows(cursor, tables, "entries", folded.fresh)
    insert_rows(cursor, tables, "merges", folded.merges)
    if folded.facets:
        rows = [(*key, current) for key, current in sorted(folded.facets.items())]
        cursor.execute(tables.sql("upsert_facets"), columns(rows))


# Questions


def known_at(view: View, known: int | None) -> int:
    """Return the position that a question's `known` comes to."""
    return view.position if known is None else min(known, view.position)


def lines_of(view: View, streams: Sequence[str], known: int) -> dict[str, list[Line]]:
    """Return stream → its events as known at a position, in order; without those of which nothing is known."""
    found: dict[str, list[Line]] = {}
    for stream, stored in view.rows("find_entries", {"streams": list(streams), "known": known}):
        raw = orjson.loads(stored)
        line = Line(decode(stored.encode()), raw.get("principal"), raw.get("reason"))
        found.setdefault(stream, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class Times:
    """The two times of a question."""

    on: datetime | None
    known: int

    def of(self, lines: Iterable[Line]) -> list[Line]:
        """Return the lines that count then."""
        known = [line for line in lines if line.entry.position <= self.known]
        return known if self.on is None else effective(known, self.on)


def effective(lines: Iterable[Line], on: datetime) -> list[Line]:
    """Return the events that had taken effect by an instant.

    What stands on a timeline, and what annuls or re-dates, is kept: there the fold itself looks at the time.
    """
    return [line for line in lines if line.entry.begins <= on or _on_timeline(line.entry)]


def _on_timeline(entry: Entry) -> bool:
    return is_annulment(entry) or (entry.event is not None and entry.event.dated)


def folded(initial: S, evolve: Evolve[S], lines: Iterable[Line]) -> S:
    """Return the state after the events."""
    return reduce(evolve, (line.entry for line in lines), initial)


def found_by(view: View, facet: str, values: Sequence[str], *, now: bool, after: str, limit: int) -> list[str]:
    """Return the streams found by one of the values, in order after `after`: those of now, or those of any time."""
    statement = "list_found" if now else "list_ever_found"
    rows = view.rows(statement, {"facet": facet, "values": list(values), "after": after, "limit": limit})
    return [stream for (stream,) in rows]


def still_found(view: View, streams: Sequence[str], facet: str, value: str) -> frozenset[str]:
    """Return those of the streams that are found by a value now."""
    rows = view.rows("find_found", {"streams": list(streams), "facet": facet, "value": value})
    return frozenset(stream for (stream,) in rows)


def read_as(view: View, persons: Iterable[str], known: int) -> dict[str, str]:
    """Return person's id → the id that it is read as, as known at a position: from a merge's recording on."""
    found = {person: person for person in persons}
    looked_at, ends = set[str](), set(found)
    while ends:
        rows = view.rows("find_readings", {"persons": sorted(ends), "known": known})
        into = {person: other for person, other in rows if other is not None}
        found = {person: into.get(end, end) for person, end in found.items()}
        looked_at |= ends
        ends = set(into.values()) - looked_at
    return found


def ids_of(view: View, person: str, known: int) -> list[str]:
    """Return every id that is read as the same person as this one, in order."""
    whole = read_as(view, [person], known)[person]
    found = fresh = {whole}
    while fresh:
        rows = view.rows("find_merged", {"persons": sorted(fresh), "known": known})
        candidates = {former for (former,) in rows} - found
        fresh = {id for id, end in read_as(view, candidates, known).items() if end == whole}
        found = found | fresh
    return sorted(found)
