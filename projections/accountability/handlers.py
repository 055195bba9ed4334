"""How events become acts: those that a report looks at are kept as recorded, until they are annulled or re-dated."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from ledger.kernel.statements import load as load_statements
from projections.engine.bulk import insert_rows
from projections.engine.interval_tables import ANNULLED, REDATED
from projections.engine.intervals import NOW_KNOWN
from projections.engine.kept import MERGES
from projections.engine.merged import (
    MERGES_TABLE,
    Reading,
    reading_of,
    schema_with_merges,
    statements_with_merges,
    write_merges,
)
from projections.engine.projection import Cursor, Events, Projection, RawEvent, Tables

OVERSTEPPING = "overstepping"
CONTEXTS = ("findings.", "duties.", "goals.", "progress.", "reviews.", "feedback.")
MORE = frozenset(
    {
        "people.AbsenceStarted",
        "people.AbsenceEnded",
        "people.DelegationGranted",
        "people.DelegationEnded",
        "hiring.RequisitionOpened",
        "hiring.RequisitionApproved",
        "hiring.ProbationOutcomeProposed",
        "hiring.EmploymentConfirmed",
    }
)
ABOUT = ("person", "recipient")


class Folded(NamedTuple):
    """Rows to add, and what ends or moves the acts that are there: entry, its new time (None: annulled), position."""

    acts: list[tuple[Any, ...]]
    later: list[tuple[str, str | None, int]]
    merges: list[Reading]


def load(_: Cursor, __: Tables, ___: Events) -> None:
    """Read nothing."""


def projection_of_acts(
    *, name: str, version: int, question: str, kept: Callable[[RawEvent], bool]
) -> Projection[None, Folded]:
    """Return a projection that keeps, as acts, the events that `kept` tells of: `read_acts` reads them back."""
    return Projection(
        name=name,
        version=version,
        question=question,
        tables=("acts", MERGES_TABLE),
        topics=None,
        schema=schema_with_merges(load_statements("projections.accountability", "schema.sql")),
        statements=statements_with_merges(load_statements("projections.accountability", "statements.sql")),
        load=load,
        fold=lambda _, events: folded(events, kept),
        write=write,
    )


def is_act(event: RawEvent) -> bool:
    """Tell whether an event shows who did their part, or another's."""
    return event["topic"].startswith(CONTEXTS) or event["topic"] in MORE or OVERSTEPPING in event.get("marks", ())


def folded(events: Events, kept: Callable[[RawEvent], bool]) -> Folded:
    """Return what a page adds and what it ends, of the events that are kept."""
    found = Folded([], [], [])
    for event in events:
        topic, data = event["topic"], event["data"]
        if topic in MERGES:
            reading = reading_of(event)
            if reading is not None:
                found.merges.append(reading)
        elif topic == ANNULLED:
            found.later.append((data["entry"], None, event["position"]))
        elif topic == REDATED:
            found.later.append((data["entry"], data["new_begins"], event["position"]))
        elif kept(event):
            found.acts.append(_row(event))
    return found


def _row(event: RawEvent) -> tuple[Any, ...]:
    position = event["position"]
    return (
        event["event_id"],
        position,
        event["topic"],
        event["stream"],
        event["actor"],
        about(event),
        event["begins"],
        event["recorded_at"],
        OVERSTEPPING in event.get("marks", ()),
        position,
        NOW_KNOWN,
        orjson.dumps(event).decode(),
    )


def about(event: RawEvent) -> str:
    """Return the id of the person whom an act concerns, empty where it concerns none."""
    data = event["data"]
    for name in ABOUT:
        if isinstance(data.get(name), str):
            return str(data[name])
    owner = data.get("owner")
    if isinstance(owner, dict) and owner.get("kind") == "person":
        return str(owner["id"])
    stream = str(event["stream"])
    return stream.removeprefix("person/") if stream.startswith("person/") else ""


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Add a page's acts, then end and move what it annuls and re-dates, in order of position."""
    insert_rows(cursor, tables, "acts", folded.acts)
    for entry, moved_to, position in folded.later:
        asked = {"entry": entry, "position": position, "begins": moved_to}
        if moved_to is not None:
            cursor.execute(tables.sql("redate_act"), asked)
        cursor.execute(tables.sql("end_act"), asked)
    write_merges(cursor, tables, folded.merges)
