"""Given a history, when a command is judged, then an event or a refusal: the pure domain without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain import STREAM_KINDS
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Authority, Entry, Envelope, Event, decode, encode
from ledger.kernel.facts import Away
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import Effective, begins, day_of, parse_effective, utc_text
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.kernel.refusals import InTheFuture, Refusal
from ledger.naming import KIND as NAMING
from ledger.naming import Named, namings_of

NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # noon in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")


def event_id(position: int) -> str:
    """Return the id that the entry at a position has in these tests."""
    return f"00000000-0000-8000-8000-{position:012d}"


@dataclass
class History:
    """Everything recorded so far, folded; it answers the questions that contexts ask of each other."""

    zone: ZoneInfo = SHANGHAI
    now: datetime = NOW
    entries: list[Entry] = field(default_factory=list)
    states: dict[tuple[str, str], Any] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)

    def copy(self) -> History:
        """Return a history that can go on by itself."""
        return History(self.zone, self.now, list(self.entries), dict(self.states), dict(self.versions))

    # What contexts ask

    @property
    def position(self) -> int:
        return len(self.entries)

    def exists(self, kind: str, id: str) -> bool:
        return (kind, id) in self.versions

    def naming(self, kind: str, id: str, *, of: str) -> list[str]:
        found = {split_stream(stream) for stream in self.state(NAMING, stream_name(kind, id)).streams}
        return sorted(named for of_kind, named in found if of_kind == of)

    def one_by_one(self, what: str) -> None:
        """Nothing else happens meanwhile."""

    def state(self, kind: str, id: str) -> Any:
        if kind == NAMING:
            naming = stream_name(kind, id)
            return Named(frozenset(entry.stream for entry in self.entries if naming in namings_of(entry)))
        return self.states.get((kind, id), STREAM_KINDS[kind].initial)

    def resolved(self, person: str) -> str:
        into = None if person.startswith("system:") else self.state("person", person).merged_into
        return person if into is None else self.resolved(into)

    def is_employed(self, person: str, at: datetime) -> bool:
        return self.state("person", self.resolved(person)).employment_on(at) is not None

    def unit_of(self, person: str, at: datetime) -> str | None:
        home: str | None = self.state("person", person).home_on(at)
        return home

    def lead_of(self, person: str, at: datetime) -> str | None:
        manager: str | None = self.state("person", person).manager_on(at)
        unit, seen = self.unit_of(person, at), set[str]()
        while manager is None and unit is not None and unit not in seen:
            seen.add(unit)
            lead = self.state("unit", unit).lead_on(at)
            manager, unit = (None if lead == person else lead), self.state("unit", unit).parent_on(at)
        return manager

    def zone_of(self, person: str | None, unit: str | None, at: datetime) -> ZoneInfo:
        return self.zone

    def jurisdiction_of(self, person: str | None, unit: str | None, at: datetime) -> str | None:
        own = None if person is None else self.state("person", person).calendar_on(at)
        return "cn" if own is None else str(own.jurisdiction)

    def policy(self, at: datetime) -> PolicyInForce:
        in_force: PolicyInForce = self.state("policy", STANDING).in_force(STANDING, at)
        return in_force

    def days_away(self, person: str) -> Sequence[Away]:
        found: Sequence[Away] = self.state("person", self.resolved(person)).absences.days_away(self.zone)
        return found

    # What is recorded

    def record(
        self, kind: str, id: str, event: Event, *, on: Effective | None = None, by: str = "p-hr", source: str = "api"
    ) -> Entry:
        """Record an event as it is, through its stored bytes, and fold it."""
        position, stream = len(self.entries) + 1, stream_name(kind, id)
        effective = self.now if on is None else on
        envelope = Envelope(
            event_id=event_id(position),
            effective_at=effective,
            begins=begins(effective, self.zone),
            actor=event.hidden_actor() or by,
            credential="test",
            authority=Authority("test", None, position - 1),
            source=source,
            correlation="test",
        )
        version = self.versions.get((kind, id), 0) + 1
        prefix = f'{{"position":{position},"stream":"{stream}","version":{version},'
        stored = prefix.encode() + f'"recorded_at":"{utc_text(self.now)}",'.encode()
        entry = decode(stored + encode(envelope, event, event.subjects(stream), {}))
        self.entries.append(entry)
        self.versions[kind, id] = version
        self.states[kind, id] = STREAM_KINDS[kind].evolve(self.state(kind, id), entry)
        return entry

    def act(self, kind: str, id: str, command: Command, *, actor: str, testimony: bool = False) -> Act:
        """Return the circumstances in which a command is judged now."""
        effective = self.now if command.effective_at is None else command.effective_at
        fresh = event_id(len(self.entries) + 1)
        starts = begins(effective, self.zone)
        return Act(id, actor, self.now, effective, starts, self, fresh, testimony)

    def judge(self, kind: str, id: str, command: Command, *, actor: str = "p-hr", testimony: bool = False) -> Outcome:
        """Return what the domain says to a command, recording nothing."""
        act = self.act(kind, id, command, actor=actor, testimony=testimony)
        try:
            if type(command).claim and act.begins > self.now:
                act.refuse(InTheFuture(today=day_of(self.now, self.zone).isoformat()))
            return Outcome(STREAM_KINDS[kind].decide(command, self.state(kind, id), act), None, tuple(act.marks))
        except Refusal as refusal:
            return Outcome(None, refusal, tuple(act.marks))

    def do(self, kind: str, id: str, command: Command, *, actor: str = "p-hr", testimony: bool = False) -> Entry:
        """Judge a command and record its event; a refusal is raised."""
        outcome = self.judge(kind, id, command, actor=actor, testimony=testimony)
        if outcome.event is None:
            assert outcome.refusal is not None
            raise outcome.refusal
        source = "import:b-1#1" if testimony else "api"
        return self.record(kind, id, outcome.event, on=command.effective_at, by=actor, source=source)


@dataclass(frozen=True)
class Outcome:
    """An event with its marks, or a refusal."""

    event: Event | None
    refusal: Refusal | None
    marks: tuple[str, ...]

    @property
    def said(self) -> str:
        """Return the event's name or the refusal's code."""
        return self.refusal.code if self.refusal is not None else type(self.event).__name__

    def then(self, expected: Event | type[Event] | type[Refusal], *, marks: tuple[str, ...] = ()) -> None:
        """Assert which event, kind of event or refusal this is, and with which marks."""
        if isinstance(expected, Event):
            assert self.event == expected
        else:
            assert isinstance(self.refusal or self.event, expected), self.said
        assert self.marks == marks


Happened = Event | tuple[Event, Effective] | tuple[Event, Effective, str]


@dataclass
class Given:
    """A subject with its history, in a world where other things have happened too."""

    history: History
    kind: str
    id: str

    def when(
        self, command: Command, *, actor: str = "p-hr", on: Effective | str | None = None, testimony: bool = False
    ) -> Outcome:
        """Judge a command, effective `on`."""
        asked = command if on is None else command.model_copy(update={"effective_at": parse_effective(on)})
        return self.history.judge(self.kind, self.id, asked, actor=actor, testimony=testimony)

    @property
    def state(self) -> Any:
        """Return the folded state."""
        return self.history.state(self.kind, self.id)

    def entry(self, event_type: type[Event]) -> str:
        """Return the id of the last entry of a type on this stream, or an id that is none."""
        stream = stream_name(self.kind, self.id)
        ids = [e.event_id for e in self.history.entries if e.stream == stream and isinstance(e.event, event_type)]
        return ids[-1] if ids else "none"


def given(kind: str, id: str, *happened: Happened, world: History | None = None) -> Given:
    """Return a subject to which these events happened, each now or at the time, and by the actor, beside it."""
    history = History() if world is None else world.copy()
    for item in happened:
        event, *rest = item if isinstance(item, tuple) else (item,)
        options: Mapping[str, Any] = dict(zip(("on", "by"), rest, strict=False))
        history.record(kind, id, event, **options)
    return Given(history, kind, id)


def at(day: str | date, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Return the instant at which a day begins."""
    return begins(date.fromisoformat(day) if isinstance(day, str) else day, zone)
