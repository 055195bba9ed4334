"""How events become lines of the audit trail: every event once, and once under each subject it is about."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from projections.engine.bulk import insert_rows
from projections.engine.merged import Reading, reading_of, write_merges
from projections.engine.projection import Cursor, Events, RawEvent, Tables

LATE_AFTER = timedelta(days=7)
BACK_DATED = frozenset({"back_dated", "back_dating"})

# topic → the fields that hold the value before and after, where the event itself says them
CHANGED: dict[str, tuple[str | None, str | None]] = {
    "responsibilities.SubjectRegistered": (None, "label"),
    "responsibilities.SubjectRenamed": (None, "label"),
    "responsibilities.ResponsibilityAssigned": ("instead_of", "holder"),
    "responsibilities.ResponsibilityReleased": ("holder", None),
    "responsibilities.ResponsibilityDeclaredVacant": ("former", None),
    "responsibilities.HandOverAccepted": ("giver", "taker"),
    "people.UnitFormed": (None, "label"),
    "people.UnitRenamed": (None, "label"),
    "people.UnitMoved": (None, "parent"),
    "people.UnitLeadAppointed": (None, "lead"),
    "people.UnitLeadReleased": ("lead", None),
    "people.HrPartnerAssigned": (None, "partner"),
    "people.HrPartnerReleased": ("partner", None),
    "people.EmploymentStarted": (None, "employment"),
    "people.EmploymentEnded": ("employment", None),
    "people.PersonAssignedToUnit": (None, "unit"),
    "people.PersonLeftUnit": ("unit", None),
    "people.JobAssigned": (None, "profile"),
    "people.ManagerAssigned": (None, "manager"),
    "people.ManagerReleased": ("manager", None),
    "identity.RoleGranted": (None, "role"),
    "identity.RoleRevoked": ("role", None),
    "goals.GoalAssigned": (None, "target"),
    "goals.GoalTargetRevised": (None, "target"),
    "progress.ProgressReported": (None, "value"),
    "progress.ProgressCorrected": ("entry", "value"),
    "progress.MeasurementRecorded": (None, "value"),
    "entries.EntryAnnulled": ("entry", None),
    "entries.EntryRedated": ("entry", "new_effective_at"),
}


class Folded(NamedTuple):
    """Rows for the tables."""

    entries: list[tuple[Any, ...]]
    mentions: list[tuple[str, int]]
    merges: list[Reading]


def fold(_: None, events: Events) -> Folded:
    """Return the rows that a page adds; the trail needs nothing of what it holds already."""
    folded = Folded([], [], [])
    for event in events:
        folded.entries.append(_entry(event))
        position = event["position"]
        folded.mentions.extend([(subject, position) for subject in dict.fromkeys(event["subjects"])])
        reading = reading_of(event)
        if reading is not None:
            folded.merges.append(reading)
    return folded


def _entry(event: RawEvent) -> tuple[Any, ...]:
    get, marks = event.get, event.get("marks", ())
    before, after = _change(event)
    return (
        event["position"],
        event["event_id"],
        event["recorded_at"],
        event["begins"],
        event["effective_at"],
        is_late(event["begins"], event["recorded_at"]),
        bool(marks) and not BACK_DATED.isdisjoint(marks),
        event["source"].startswith("import:"),
        event["version"],
        event["stream"],
        event["topic"],
        event["actor"],
        event["authority"]["basis"],
        event["source"],
        " ".join(marks),
        get("principal"),
        get("reason"),
        get("cause"),
        get("batch"),
        before,
        after,
    )


def is_late(begins: str, recorded_at: str) -> bool:
    """Tell whether something was recorded more than the window after it took effect."""
    if begins >= recorded_at[:10]:  # the same day or later: by far the most
        return False
    return datetime.fromisoformat(recorded_at) - datetime.fromisoformat(begins) > LATE_AFTER


def _change(event: RawEvent) -> tuple[str | None, str | None]:
    fields = CHANGED.get(event["topic"])
    if fields is None:
        return None, None
    before, after = fields
    data = event["data"]
    return (None if before is None else _json(data.get(before)), None if after is None else _json(data.get(after)))


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def load(_: Cursor, __: Tables, ___: Events) -> None:
    """Read nothing."""


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Add the rows of a page."""
    insert_rows(cursor, tables, "entries", folded.entries)
    insert_rows(cursor, tables, "mentions", folded.mentions)
    write_merges(cursor, tables, folded.merges)
