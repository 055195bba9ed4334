"""How events become duties: one row for how each was opened, and a spell from each of its events to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from projections.engine.bulk import columns, insert_rows
from projections.engine.intervals import NOW_KNOWN
from projections.engine.kept import MERGES
from projections.engine.merged import Reading, reading_of, write_merges
from projections.engine.projection import Cursor, Events, RawEvent, Tables

PREFIX = "duty/"
OPEN, LAPSED = "open", "lapsed"


class Duty(NamedTuple):
    """A row of the table of duties."""

    duty: str
    kind: str
    party: str
    seat: str
    of: str
    subject: str
    opened_at: str
    cause: str
    rule: str
    answers: str | None
    escalates: str | None
    replaces: str | None
    position: int


class Spell(NamedTuple):
    """A row of the table of spells."""

    duty: str
    known_from: int
    known_to: int
    recorded_at: str
    event_id: str
    topic: str
    actor: str
    due_on: str
    standing: str
    holder: str | None
    seen_at: str | None = None
    notice: str = "none"
    lapsed_at: str | None = None
    escalated_to: str | None = None
    escalated_duty: str | None = None
    ended_by: str | None = None
    outcome: str | None = None
    late: bool = False
    why: str | None = None
    gaps: str | None = None  # JSON


State = dict[str, Spell]


@dataclass
class Folded:
    """What a page made: new duties, new spells, those of earlier pages that ended, and merged ids."""

    current: State
    duties: list[Duty] = field(default_factory=list)
    merges: list[Reading] = field(default_factory=list)
    ended: list[Spell] = field(default_factory=list)
    closed: dict[str, int] = field(default_factory=dict)  # duty → known_to of its last spell of an earlier page
    fresh: set[str] = field(default_factory=set)  # duties whose current spell was made by this page

    def put(self, spell: Spell) -> None:
        """Let a spell follow the one before."""
        before = self.current.get(spell.duty)
        if before is not None and spell.duty in self.fresh:
            self.ended.append(before._replace(known_to=spell.known_from))
        elif before is not None:
            self.closed[spell.duty] = spell.known_from
        self.current[spell.duty] = spell
        self.fresh.add(spell.duty)


def duty_of(event: RawEvent) -> str:
    """Return the duty whose stream the event is on."""
    return str(event["stream"]).removeprefix(PREFIX)


def _key(subject: dict[str, str]) -> str:
    return f"{subject['kind']}/{subject['id']}"


def _opened(folded: Folded, event: RawEvent) -> None:
    data, get, duty = event["data"], event["data"].get, duty_of(event)
    row = Duty(
        duty=duty,
        kind=data["kind"],
        party=data["party"],
        seat=data["seat"],
        of=_key(data["of"]),
        subject=_key(data["subject"]),
        opened_at=event["recorded_at"],
        cause=data["cause"],
        rule=data["rule"],
        answers=get("answers"),
        escalates=get("escalates"),
        replaces=get("replaces"),
        position=event["position"],
    )
    folded.duties.append(row)
    folded.put(
        Spell(
            duty=duty,
            known_from=event["position"],
            known_to=NOW_KNOWN,
            recorded_at=event["recorded_at"],
            event_id=event["event_id"],
            topic=event["topic"],
            actor=event["actor"],
            due_on=data["due_on"],
            standing=OPEN,
            holder=get("holder"),
        )
    )


def _changing(change: Callable[[Spell, RawEvent], dict[str, Any]]) -> Callable[[Folded, RawEvent], None]:
    def handle(folded: Folded, event: RawEvent) -> None:
        before = folded.current[duty_of(event)]
        said = {name: event[name] for name in ("recorded_at", "event_id", "topic", "actor")}
        folded.put(before._replace(known_from=event["position"], known_to=NOW_KNOWN, **said, **change(before, event)))

    return handle


def _notified(before: Spell, event: RawEvent) -> dict[str, Any]:
    return {"notice": "delivered" if before.notice == "delivered" else event["data"]["delivery"]}


def _seen(before: Spell, event: RawEvent) -> dict[str, Any]:
    return {"seen_at": event["recorded_at"], "notice": "delivered"}


def _transferred(before: Spell, event: RawEvent) -> dict[str, Any]:
    """Whoever gets it has not been told yet."""
    return {"holder": event["data"].get("taker"), "notice": "none", "seen_at": None}


def _discharged(before: Spell, event: RawEvent) -> dict[str, Any]:
    data = event["data"]
    return {
        "standing": "discharged",
        "ended_by": data["by_entry"],
        "outcome": data["outcome"],
        "late": data.get("late", False),
    }


def _excused(before: Spell, event: RawEvent) -> dict[str, Any]:
    return {"standing": "excused", "ended_by": event["event_id"], "why": event.get("reason")}


def _lapsed(before: Spell, event: RawEvent) -> dict[str, Any]:
    return {"standing": LAPSED, "lapsed_at": event["recorded_at"], "notice": event["data"]["notice"]}


def _escalated(before: Spell, event: RawEvent) -> dict[str, Any]:
    return {"escalated_to": event["data"].get("to"), "escalated_duty": event["data"].get("duty")}


def _voided(before: Spell, event: RawEvent) -> dict[str, Any]:
    data = event["data"]
    gaps = orjson.dumps(data["gaps"]).decode() if data.get("gaps") else None
    return {"standing": "voided", "ended_by": data["fact"], "why": data["why"], "gaps": gaps}


HANDLERS: dict[str, Callable[[Folded, RawEvent], None]] = {
    "duties.DutyOpened": _opened,
    "duties.DutyNotified": _changing(_notified),
    "duties.DutySeen": _changing(_seen),
    "duties.DutyTransferred": _changing(_transferred),
    "duties.DutyDischarged": _changing(_discharged),
    "duties.DutyExcused": _changing(_excused),
    "duties.DutyLapsed": _changing(_lapsed),
    "duties.DutyEscalated": _changing(_escalated),
    "duties.DutyVoided": _changing(_voided),
}
TOPICS = frozenset(HANDLERS) | MERGES


def fold(state: State, events: Events) -> Folded:
    """Return the changes that a page makes; `state` is what `load` read."""
    folded = Folded(dict(state))
    for event in events:
        reading = reading_of(event)
        if reading is None:
            HANDLERS[event["topic"]](folded, event)
        else:
            folded.merges.append(reading)
    return folded


def load(cursor: Cursor, tables: Tables, events: Events) -> State:
    """Read how the duties stand that a page changes."""
    wanted = {duty_of(event) for event in events if event["topic"] not in MERGES}
    if not wanted:
        return {}
    rows = cursor.execute(tables.sql("select_spells"), (sorted(wanted),)).fetchall()
    return {row[0]: Spell(*row) for row in rows}


def write(cursor: Cursor, tables: Tables, folded: Folded) -> None:
    """Write what a page made."""
    write_merges(cursor, tables, folded.merges)
    insert_rows(cursor, tables, "duties", folded.duties)
    if folded.closed:
        cursor.execute(tables.sql("close_spells"), columns(list(folded.closed.items())))
    insert_rows(cursor, tables, "spells", [*folded.ended, *(folded.current[duty] for duty in sorted(folded.fresh))])
