"""Merged ids: tables of a projection in which an id of a person may be read as another, from its recording on."""

from collections.abc import Iterable, Sequence

from ledger.kernel.statements import Statements
from projections.engine import kept
from projections.engine.bulk import insert_rows
from projections.engine.kept import MERGED, MERGES, PERSON_PREFIX
from projections.engine.projection import Cursor, RawEvent, Tables
from projections.engine.views import View

MERGES_TABLE = "merges"
Reading = tuple[str, int, str | None]  # person, from which position on, read as which id; None: as itself again
_SCHEMA = ("create_merges", "index_merges")
_STATEMENTS = ("insert_merges", "copy_merges", "find_readings", "find_merges", "find_merged")


def schema_with_merges(own: Statements) -> Statements:
    """Return a projection's own tables and indexes together with the table of merges."""
    return _joined("schema.sql", kept.schema_with(Statements("schema.sql", {})), _SCHEMA, own)


def statements_with_merges(own: Statements) -> Statements:
    """Return a projection's own statements together with those on merges."""
    return _joined("statements.sql", kept.statements_with(Statements("statements.sql", {})), _STATEMENTS, own)


def _joined(origin: str, all_of_kept: Statements, names: Sequence[str], own: Statements) -> Statements:
    return Statements(origin, {**{name: all_of_kept[name] for name in names}, **own})


def reading_of(event: RawEvent) -> Reading | None:
    """Return what an event says of how an id is read; None for an event that says nothing of it."""
    if event["topic"] not in MERGES:
        return None
    into = event["data"]["into"] if event["topic"] == MERGED else None
    return str(event["stream"]).removeprefix(PERSON_PREFIX), event["position"], into


def write_merges(cursor: Cursor, tables: Tables, readings: Sequence[Reading]) -> None:
    """Write what a page made of the merges."""
    insert_rows(cursor, tables, MERGES_TABLE, readings)


# Questions


def keys_read(view: View, keys: Iterable[str], known: int) -> dict[str, str]:
    """Return key → the key it is read as; only keys of persons (`person/…`) are ever read as another."""
    wanted = set(keys)
    persons = {key.removeprefix(PERSON_PREFIX) for key in wanted if key.startswith(PERSON_PREFIX)}
    read = kept.read_as(view, persons, known) if persons else {}
    whole = {PERSON_PREFIX + person: PERSON_PREFIX + other for person, other in read.items()}
    return {key: whole.get(key, key) for key in wanted}


def keys_of(view: View, key: str, known: int) -> list[str]:
    """Return every key that is read as the same subject as this one: several only for persons."""
    if not key.startswith(PERSON_PREFIX):
        return [key]
    return [PERSON_PREFIX + id for id in kept.ids_of(view, key.removeprefix(PERSON_PREFIX), known)]


def merge_positions(view: View, keys: Iterable[str], known: int) -> list[int]:
    """Return the positions of the merges by which these keys are read as others, in order."""
    found, seen = set[int](), set[str]()
    ends = {key.removeprefix(PERSON_PREFIX) for key in keys if key.startswith(PERSON_PREFIX)}
    while ends:
        rows = view.rows("find_merges", {"persons": sorted(ends), "known": known})
        found |= {position for position, into in rows if into is not None}
        seen |= ends
        ends = {into for _, into in rows if into is not None} - seen
    return sorted(found)


def several_ids(view: View, keys: Iterable[str], known: int) -> set[str]:
    """Return those of these keys that other ids of a person are read as, or were at some time up to a position."""
    persons = sorted({key.removeprefix(PERSON_PREFIX) for key in keys if key.startswith(PERSON_PREFIX)})
    if not persons or not view.rows("find_merged", {"persons": persons, "known": known}):
        return set()
    return {PERSON_PREFIX + id for id in persons if len(kept.ids_of(view, id, known)) > 1}
