"""The tables of a bitemporal projection: lines read for a page, and what the fold made of them written."""

from collections.abc import Callable, Iterable
from typing import Any

from ledger.kernel.statements import Statements, load
from projections.engine.bulk import columns, insert_rows
from projections.engine.intervals import Change, IntervalRow, Key, Lines, Said
from projections.engine.projection import Cursor, Events, Tables

ANNULLED, REDATED = "entries.EntryAnnulled", "entries.EntryRedated"
ANNULMENTS = frozenset({ANNULLED, REDATED})
TABLES = ("changes", "intervals")
_SCHEMA = load("projections.engine", "interval_schema.sql")
_STATEMENTS = load("projections.engine", "intervals.sql")
Loaded = list[tuple[Key, Change]]


def schema_with(own: Statements) -> Statements:
    """Return a projection's own tables and indexes together with those of its intervals."""
    return Statements("schema.sql", {**_SCHEMA, **own})


def statements_with(own: Statements) -> Statements:
    """Return a projection's own statements together with those of its intervals."""
    return Statements("statements.sql", {**_STATEMENTS, **own})


def load_lines(
    cursor: Cursor, tables: Tables, keys: Iterable[Key], events: Events, pointing: frozenset[str] = ANNULMENTS
) -> Loaded:
    """Return the changes of these lines, and of those touched by entries at which the page's events point, in order.

    `pointing` are the topics of events that point, as annulments and re-datings do.
    """
    wanted = set(keys)
    entries = [e["data"]["entry"] for e in events if e["topic"] in pointing]
    if entries:
        wanted.update(cursor.execute(tables.sql("select_lines_of_events"), (entries,)).fetchall())
    if not wanted:
        return []
    rows = cursor.execute(tables.sql("select_lines"), columns(wanted)).fetchall()
    return [_change(row) for row in rows]


def _change(row: tuple[Any, ...]) -> tuple[Key, Change]:
    stream, role, line, begins, position, step, holder, starts, event_id, actor, basis, testimony, marks, until = row
    said = Said(event_id, position, actor, basis, testimony, marks)
    return (stream, role, line), Change(begins, position, step, holder, starts, said, until)


def write_lines(cursor: Cursor, tables: Tables, lines: Lines, subject_of: Callable[[str], str] = str) -> None:
    """Write what became of the lines. `subject_of` names the subject of a stream, by default the stream itself."""
    if lines.gone:
        cursor.execute(tables.sql("delete_changes"), (sorted(lines.gone),))
    insert_rows(cursor, tables, "changes", [_stored_change(key, change) for key, change in lines.fresh()])
    closed = [(subject_of(key[0]), key[1], holder, begins, at) for key, holder, begins, at in lines.known.closed]
    if closed:
        cursor.execute(tables.sql("close_intervals"), columns(closed))
    insert_rows(cursor, tables, "intervals", [_stored_interval(row, subject_of) for row in lines.known.rows()])


def _stored_change(key: Key, change: Change) -> tuple[Any, ...]:
    begins, position, step, holder, starts, said, until = change
    return (
        *key,
        begins,
        position,
        step,
        holder,
        starts,
        said.event_id,
        said.actor,
        said.basis,
        said.testimony,
        said.marks,
        until,
    )


def _stored_interval(row: IntervalRow, subject_of: Callable[[str], str]) -> tuple[Any, ...]:
    (stream, role, _), (holder, valid_from, valid_to, began, ended_by, ended_position), known_from, known_to = row
    head = (subject_of(stream), role, holder, valid_from, valid_to, known_from, known_to)
    return (
        *head,
        began.event_id,
        began.position,
        began.actor,
        began.basis,
        began.testimony,
        began.marks,
        ended_by,
        ended_position,
    )
