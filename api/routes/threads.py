"""What answers with a thread look like: persons by the id they are read as, and the events behind, line by line."""

from collections.abc import Iterable

from api.labels import Labels
from api.routes.ownership import Fields, instant
from ledger.kernel.moments import effective_text
from projections.engine.kept import Line


def person_json(person: str | None, labels: Labels, *, recorded: str | None = None) -> Fields | None:
    """Return a person; `recorded_as` is the id that was recorded, where another is read in its place."""
    if person is None:
        return None
    former = {} if recorded in (None, person) else {"recorded_as": recorded}
    return {**labels.holder(f"person/{person}"), **former}


def line_json(line: Line, labels: Labels) -> Fields:
    """Return one event of a thread. `sealed` names the texts of it that are opened at its own address."""
    entry = line.entry
    return {
        "topic": entry.topic,
        "event": event_json(line),
        "recorded_at": instant(entry.recorded_at),
        "effective_at": effective_text(entry.effective_at),
        "actor": actor_json(entry.actor, labels),
        "principal": person_json(line.principal, labels),
        "authority": entry.authority.get("basis"),
        "mark": "testimony" if entry.testimony else "act",
        "marks": entry.marks,
        "reason": line.reason,
        "data": entry.data,
        "sealed": sealed_fields(line),
    }


def event_json(line: Line) -> Fields:
    """Return by which event, at which position."""
    return {"event_id": line.entry.event_id, "position": line.entry.position}


def actor_json(actor: str, labels: Labels) -> Fields:
    """Return who acted: a person, or a system."""
    if actor.startswith("system:"):
        return {"kind": "system", "id": actor, "label": None}
    return labels.holder(f"person/{actor}")


def sealed_fields(line: Line) -> list[str]:
    """Return the names of the texts that were sealed."""
    return sorted({name for part in line.entry.sealed.values() for name in part.get("fields", ())})


def persons_in(lines: Iterable[Line]) -> set[str]:
    """Return who acted, and on whose behalf, as keys of labels."""
    found = {name for line in lines for name in (line.entry.actor, line.principal) if name is not None}
    return {f"person/{name}" for name in found if not name.startswith("system:")}
