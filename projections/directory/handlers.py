"""How events become the directory: lines of persons and units, grants of roles, and where names are kept."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from projections.engine.bulk import insert_rows
from projections.engine.interval_tables import ANNULLED, ANNULMENTS, REDATED, Loaded, load_lines, write_lines
from projections.engine.intervals import OPEN, Change, Key, Lines, instant_text, said_by
from projections.engine.kept import MERGES
from projections.engine.merged import Reading, reading_of, write_merges
from projections.engine.projection import Cursor, Events, RawEvent, Tables

SINGLE = frozenset({"home", "job", "manager.line", "label", "parent", "life", "lead", "successor"})
ASSIGNMENTS = ("home", "additional", "seconded", "acting")
NAMED = frozenset({"people.PersonRegistered", "people.PersonNameCorrected"})
CANCELLED = "people.EmploymentStartCancelled"
GRANTED, REVOKED = "identity.RoleGranted", "identity.RoleRevoked"
ACCESS_PREFIX = "access/"


class Step(NamedTuple):
    """One step of an event: something begins or ends to hold."""

    role: str
    holder: str
    starts: bool = True
    until: str = OPEN

    def key(self, stream: str) -> Key:
        """Return the line this step goes to."""
        return (stream, self.role, "" if self.role in SINGLE else self.holder)


def _unit(id: str | None) -> str:
    return "" if id is None else f"unit/{id}"


def _formed(data: Mapping[str, Any]) -> list[Step]:
    return [Step("label", data["label"]), Step("parent", _unit(data.get("parent"))), Step("life", "running")]


def _left(data: Mapping[str, Any]) -> list[Step]:
    return [Step(kind, _unit(data["unit"]), starts=False) for kind in ASSIGNMENTS]


STEPS: dict[str, Callable[[RawEvent], list[Step]]] = {
    "people.EmploymentStarted": lambda data: [Step("employment", data["employment"])],
    "people.EmploymentEnded": lambda data: [Step("employment", data["employment"], starts=False)],
    "people.EmploymentReinstated": lambda data: [Step("employment", data["employment"])],
    "people.PersonAssignedToUnit": lambda d: [Step(d["assignment"], _unit(d["unit"]), until=_until(d.get("ends")))],
    "people.PersonLeftUnit": _left,
    "people.JobAssigned": lambda data: [Step("job", f"job-profile/{data['profile']}")],
    "people.ManagerAssigned": lambda data: [Step(f"manager.{data['relation']}", f"person/{data['manager']}")],
    "people.ManagerReleased": lambda d: [Step(f"manager.{d['relation']}", f"person/{d['manager']}", starts=False)],
    "people.UnitFormed": _formed,
    "people.UnitRenamed": lambda data: [Step("label", data["label"])],
    "people.UnitMoved": lambda data: [Step("parent", _unit(data.get("parent")))],
    "people.UnitDissolved": lambda _: [Step("life", "running", starts=False)],
    "people.UnitSplit": lambda _: [Step("life", "running", starts=False)],
    "people.UnitsMerged": lambda data: [Step("life", "running", starts=False), Step("successor", _unit(data["into"]))],
    "people.UnitLeadAppointed": lambda data: [Step("lead", f"person/{data['lead']}")],
    "people.UnitLeadReleased": lambda data: [Step("lead", f"person/{data['lead']}", starts=False)],
    "people.HrPartnerAssigned": lambda data: [Step("partner", f"person/{data['partner']}")],
    "people.HrPartnerReleased": lambda data: [Step("partner", f"person/{data['partner']}", starts=False)],
}
TOPICS = frozenset(STEPS) | ANNULMENTS | MERGES | NAMED | {CANCELLED} | {GRANTED, REVOKED}


@dataclass
class Folded:
    """What a page made of the directory."""

    lines: Lines
    identities: list[tuple[str, int, str]] = field(default_factory=list)
    grants: list[tuple[Any, ...]] = field(default_factory=list)
    revocations: list[tuple[Any, ...]] = field(default_factory=list)
    merges: list[Reading] = field(default_factory=list)


def fold(state: Loaded, events: Events) -> Folded:
    """Return the changes that a page makes; `state` is what `load` read."""
    folded = Folded(Lines(state, single=SINGLE.__contains__))
    for event in events:
        topic, reading = event["topic"], reading_of(event)
        if reading is not None:
            folded.merges.append(reading)
        elif topic in STEPS or topic in ANNULMENTS or topic == CANCELLED:
            _apply(folded.lines, event)
        elif topic in NAMED:
            folded.identities.append((event["stream"], event["position"], event["event_id"]))
        else:
            _role(folded, event)
    return folded


def _apply(lines: Lines, event: RawEvent) -> None:
    stream, topic, data = event["stream"], event["topic"], event["data"]
    if topic in {ANNULLED, CANCELLED}:
        lines.annul(stream, data["entry"])
    elif topic == REDATED:
        lines.redate(stream, data["entry"], instant_text(data["new_begins"]))
    else:
        said, begins = said_by(event), instant_text(event["begins"])
        for index, step in enumerate(STEPS[topic](data)):
            lines.put(
                step.key(stream), Change(begins, said.position, index, step.holder, step.starts, said, step.until)
            )
    lines.settle(event["position"])


def _role(folded: Folded, event: RawEvent) -> None:
    data, begins = event["data"], instant_text(event["begins"])
    bearer, said = event["stream"].removeprefix(ACCESS_PREFIX), (event["position"], event["event_id"])
    if event["topic"] == REVOKED:
        folded.revocations.append((bearer, data["role"], *said, begins))
        return
    until = _until(data.get("ends"))
    units = json.dumps(data.get("units", []), ensure_ascii=False)
    if begins < until:
        folded.grants.append((bearer, data["role"], *said, event["actor"], units, begins, until))


def _until(text: str | None) -> str:
    """Return the instant at which a grant ends; the event says it in UTC."""
    return OPEN if text is None or len(text) == len("2026-01-01") else instant_text(text)


def load(cursor: Cursor, tables: Tables, events: Events) -> Loaded:
    """Read the lines that a page touches."""
    keys: set[Key] = set()
    for event in events:
        make = STEPS.get(event["topic"])
        if make is not None:
            keys.update(step.key(event["stream"]) for step in make(event["data"]))
    return load_lines(cursor, tables, keys, events, ANNULMENTS | {CANCELLED})


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Write what a page made of the directory."""
    write_lines(cursor, tables, folded.lines)
    insert_rows(cursor, tables, "identities", folded.identities)
    insert_rows(cursor, tables, "grants", folded.grants)
    insert_rows(cursor, tables, "revocations", folded.revocations)
    write_merges(cursor, tables, folded.merges)
