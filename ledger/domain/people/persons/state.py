"""A person as their events leave them: every dated fact on its timeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ledger.domain.people import absences, calendars, delegations, merging
from ledger.domain.people.absences import Absences
from ledger.domain.people.calendars import Calendars, WorkCalendar, calendar_on
from ledger.domain.people.delegations import Delegations, delegated_on
from ledger.domain.people.lines import Line, put, single
from ledger.domain.people.persons.events import (
    AssignmentKind,
    EmploymentEnded,
    EmploymentReinstated,
    EmploymentStartCancelled,
    EmploymentStarted,
    JobAssigned,
    ManagerAssigned,
    ManagerReleased,
    PersonAssignedToUnit,
    PersonLeftUnit,
)
from ledger.kernel.annulment import applied, is_annulment, remember
from ledger.kernel.event import Entry, Event
from ledger.kernel.timeline import Change, Held, Timeline, Timelines, holder_on, holders_on


@dataclass(frozen=True, slots=True)
class Engagement:
    """The beginning of an employment: by which entry, from which instant, on which terms."""

    entry: str
    at: datetime
    terms: EmploymentStarted


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person: employments, units, managers, absences, calendars and delegations as timelines."""

    registered: bool = False
    lines: Line = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, Decimal] = field(default_factory=dict)  # by the id of the entry that assigned
    absences: Absences = field(default_factory=Absences)
    calendars: Calendars = field(default_factory=Timelines)
    delegations: Delegations = field(default_factory=Timelines)
    terms: Mapping[str, EmploymentStarted] = field(default_factory=dict)  # by the id of the entry
    merged_into: str | None = None
    merge: merging.Merge | None = None  # the latest, also where it is undone

    def employment_on(self, at: datetime) -> str | None:
        """Return the running employment, or None."""
        running = holders_on(self.lines["employment"], at)
        return next(reversed(running), None)

    def engagement(self, employment: str) -> Engagement | None:
        """Return when and on which terms an employment began, or None where it never did."""
        begun = (
            c for c in self.lines["employment"].changes if c.value.holder == employment and c.event_id in self.terms
        )
        return next((Engagement(c.event_id, c.at, self.terms[c.event_id]) for c in begun), None)

    @property
    def engagements(self) -> tuple[Engagement, ...]:
        """Return every employment that has begun or is to begin, in that order."""
        line = self.lines["employment"]
        return tuple(
            Engagement(c.event_id, c.at, self.terms[c.event_id]) for c in line.changes if c.event_id in self.terms
        )

    def home_on(self, at: datetime) -> str | None:
        """Return the home unit, or None."""
        return single(self.lines["home"], at)

    def units_on(self, at: datetime) -> dict[str, str]:
        """Return the units besides home, unit -> kind of assignment."""
        kinds = (k for k in AssignmentKind if k is not AssignmentKind.HOME)
        return {unit: kind.value for kind in kinds for unit in holders_on(self.lines[kind.value], at)}

    def job_on(self, at: datetime) -> str | None:
        """Return the profile of the job that the person does, or None."""
        return single(self.lines["job"], at)

    def manager_on(self, at: datetime) -> str | None:
        """Return the line manager, or None."""
        return single(self.lines["manager.line"], at)

    def dotted_on(self, at: datetime) -> tuple[str, ...]:
        """Return the dotted-line managers."""
        return tuple(holders_on(self.lines["manager.dotted"], at))

    def calendar_on(self, at: datetime) -> WorkCalendar | None:
        """Return the person's own work calendar, or None."""
        return calendar_on(self.calendars, at)

    def is_away(self, at: datetime) -> bool:
        """Tell whether an absence that pauses duties runs."""
        return self.absences.paused_on(at)

    def delegates_on(self, at: datetime, scope: str | None) -> Iterator[str]:
        """Yield who may act in the person's place in a context, or in any."""
        return (one.delegate for _, one in delegated_on(self.delegations, at) if scope is None or scope in one.scope)

    def delegate(self, delegation: str) -> str | None:
        """Return whom a delegation names."""
        changes = self.delegations[delegation].changes
        return changes[0].value.delegate if changes else None

    def shares_on(self, at: datetime) -> dict[str, Decimal]:
        """Return the stated shares of the person's assignments in force, by unit and kind."""
        found = {}
        for kind in AssignmentKind:
            line = self.lines[kind.value]
            held = {"": holder_on(line, at)} if kind is AssignmentKind.HOME else holders_on(line, at)
            for change in filter(None, held.values()):
                stated = [self.shares[c.event_id] for c in _said_since(change, line, at) if c.event_id in self.shares]
                found.update({f"{kind.value} {change.value.holder}": share for share in stated[-1:]})
        return found


def _said_since(change: Change[Held], line: Timeline[Held], at: datetime) -> Iterator[Change[Held]]:
    """Yield the change by which a holder came in, and those by which the same was said again up to a time."""
    return (c for c in line.changes if c.order >= change.order and c.at <= at and c.value.holder == change.value.holder)


def evolve_person(state: PersonState, entry: Entry) -> PersonState:
    """Return the state after `entry`."""
    after = replace(
        state,
        registered=True,
        dated=remember(state.dated, entry),
        absences=absences.evolve(state.absences, entry),
        merged_into=merging.evolve(state.merged_into, entry),
        merge=merging.latest(state.merge, entry),
    )
    if is_annulment(entry):
        return replace(
            after,
            lines=applied(state.lines, entry),
            calendars=applied(state.calendars, entry),
            delegations=applied(state.delegations, entry),
        )
    lines = state.lines
    for key, held in _person_changes(entry.event):
        lines = put(lines, key, entry, held)
    if isinstance(entry.event, EmploymentStartCancelled):
        lines = lines.without(entry.event.entry)
        after = replace(after, dated={k: v for k, v in after.dated.items() if k != entry.event.entry})
    return replace(
        after,
        lines=lines,
        shares=_with_share(state.shares, entry),
        terms=_with_terms(state.terms, entry),
        calendars=calendars.evolve(state.calendars, entry),
        delegations=delegations.evolve(state.delegations, entry),
    )


def _with_terms(terms: Mapping[str, EmploymentStarted], entry: Entry) -> Mapping[str, EmploymentStarted]:
    return {**terms, entry.event_id: entry.event} if isinstance(entry.event, EmploymentStarted) else terms


def _with_share(shares: Mapping[str, Decimal], entry: Entry) -> Mapping[str, Decimal]:
    match entry.event:
        case PersonAssignedToUnit(share=share) if share is not None:
            return {**shares, entry.event_id: share}
    return shares


def _person_changes(event: Event | None) -> tuple[tuple[str, Held], ...]:
    match event:
        case EmploymentStarted(employment=employment) | EmploymentReinstated(employment=employment):
            return (("employment", Held(employment)),)
        case EmploymentEnded(employment=employment):
            return (("employment", Held(employment, begins=False)),)
        case PersonAssignedToUnit(unit=unit, assignment=assignment, ends=ends):
            until = ends if isinstance(ends, datetime) else None
            return ((assignment.value, Held(unit, until=until)),)
        case PersonLeftUnit(unit=unit):
            return tuple((kind.value, Held(unit, begins=False)) for kind in AssignmentKind)
        case JobAssigned(profile=profile):
            return (("job", Held(profile)),)
        case ManagerAssigned(manager=manager, relation=relation):
            return ((f"manager.{relation}", Held(manager)),)
        case ManagerReleased(manager=manager, relation=relation):
            return ((f"manager.{relation}", Held(manager, begins=False)),)
    return ()
