"""What decisions and authority may ask about people and units: relations walked over the states of their streams."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.identity import SYSTEM, Role
from ledger.domain.people import PersonState
from ledger.kernel.facts import Away
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.kernel.timeline import Timelines, holders_on
from ledger.naming import KIND as NAMING
from ledger.naming import Named
from ledger.states import States

JURISDICTION_OF_ZONE = {"Asia/Shanghai": "cn", "Asia/Urumqi": "cn"}  # where no work calendar says otherwise
HIGHEST = 40  # no organisation has more levels; a circle ends here


class LedgerFacts:
    """The answers of one ledger at one moment (`ledger.kernel.facts.Facts`).

    With `testimony`, a person of whom no employment was ever recorded counts as employed: what is unknown
    contradicts nothing.
    """

    def __init__(self, states: States, zone: ZoneInfo, *, testimony: bool = False) -> None:
        self._states, self._zone, self._testimony = states, zone, testimony
        self.shared: dict[str, int] = {}  # what was counted that others may change meanwhile -> the turn to take

    @property
    def zone(self) -> ZoneInfo:
        """The ledger's time zone."""
        return self._zone

    @property
    def position(self) -> int:
        """The position up to which these answers are current."""
        return self._states.position

    def exists(self, kind: str, id: str) -> bool:
        """Tell whether the stream of this subject has any event that is not retired."""
        found = self._states.get(stream_name(kind, id))
        return found.version > 0 and not found.retired

    def state(self, kind: str, id: str) -> Any:  # noqa: ANN401  # each kind of stream has a state of its own
        """Return the folded state of a subject's stream."""
        return self._states.get(stream_name(kind, id)).state

    def naming(self, kind: str, id: str, *, of: str) -> Sequence[str]:
        """Return the ids of the goals, reviews, responsibilities or merged persons whose events name a subject."""
        found = self._counted(stream_name(NAMING, stream_name(kind, id)))
        return sorted(named for stream in found.streams for of_kind, named in (split_stream(stream),) if of_kind == of)

    def one_by_one(self, what: str) -> None:
        """Let decisions that say the same word here be made one after the other."""
        self._counted(stream_name(NAMING, what))

    def _counted(self, naming: str) -> Named:
        found: Named = self._states.get(naming).state
        self.shared[naming] = found.turn
        return found

    def resolved(self, person: str) -> str:
        """Return the id that a person's id stands for: of merged ids the one they were merged into."""
        if person.startswith(SYSTEM):
            return person
        while (into := self._person(person).merged_into) is not None:  # merging closes no circle
            person = into
        return person

    def _person(self, person: str) -> PersonState:
        state: PersonState = self.state("person", person)
        return state

    def _resolved_person(self, person: str) -> PersonState:
        state = self._person(person)
        while state.merged_into is not None:
            state = self._person(state.merged_into)
        return state

    def is_employed(self, person: str, at: datetime) -> bool:
        """Tell whether the person has a running employment at that instant."""
        state = self._resolved_person(person)
        if self._testimony and not state.lines["employment"].changes:
            return True
        return state.employment_on(at) is not None

    def unit_of(self, person: str, at: datetime) -> str | None:
        """Return the person's home unit."""
        return self.unit_now(self._resolved_person(person).home_on(at), at)

    def unit_now(self, unit: str | None, at: datetime) -> str | None:
        """Return the unit that a unit has become part of, or the unit itself."""
        for _ in range(HIGHEST):
            state = None if unit is None else self.state("unit", unit)
            into = None if state is None or not state.lines.has("successor") else state.successor_on(at)
            if into is None:
                break
            unit = into
        return unit

    def lead_of(self, person: str, at: datetime) -> str | None:
        """Return the person's lead: the line manager of that time, else the first other lead from the home unit up."""
        person = self.resolved(person)
        manager = self._person(person).manager_on(at)
        if manager is not None and self.resolved(manager) != person:
            return self.resolved(manager)
        home = self.unit_of(person, at) or self.last_unit_of(person, at)
        return next((lead for lead in self.unit_leads(home, at) if lead != person), None)

    def last_unit_of(self, person: str, at: datetime) -> str | None:
        """Return the unit that was the person's home last: what concerns a past employment stays with its leads."""
        joined = [
            c.value.holder for c in self.state("person", person).lines["home"].changes if c.at <= at and c.value.begins
        ]
        return joined[-1] if joined else None

    def zone_of(self, person: str | None, unit: str | None, at: datetime) -> ZoneInfo:
        """Return the zone in which a date begins for the person, else the unit or one above it, else the ledger."""
        own = None if person is None else self._resolved_person(person).calendar_on(at)
        if own is not None:
            return ZoneInfo(own.zone)
        home = self.unit_of(person, at) if person is not None else None
        for above in self.units_above(home or unit, at):
            found = self.state("unit", above).calendar_on(at)
            if found is not None:
                return ZoneInfo(found.zone)
        return self._zone

    def jurisdiction_of(self, person: str | None, unit: str | None, at: datetime) -> str | None:
        """Return the code, as in `cn`, by the work calendar of the person, the unit or one above, else by the zone."""
        own = None if person is None else self._resolved_person(person).calendar_on(at)
        home = self.unit_of(person, at) if person is not None else None
        above = (self.state("unit", one).calendar_on(at) for one in self.units_above(home or unit, at))
        said = own or next((calendar for calendar in above if calendar is not None), None)
        return JURISDICTION_OF_ZONE.get(self._zone.key) if said is None else str(said.jurisdiction)

    def is_away(self, person: str, at: datetime) -> bool:
        """Tell whether an absence runs that pauses the person's duties."""
        return self._resolved_person(person).is_away(at)

    def days_away(self, person: str) -> tuple[Away, ...]:
        """Return the runs of days in which an absence runs that pauses the person's duties."""
        return self._resolved_person(person).absences.days_away(self._zone)

    def deputies_of(self, person: str, scope: str | None, at: datetime) -> Iterator[str]:
        """Yield who may act in the person's place in a context (in any, for None); nobody once either has left."""
        if self.is_employed(person, at):
            for delegate in self._resolved_person(person).delegates_on(at, scope):
                if self.is_employed(delegate, at):
                    yield self.resolved(delegate)

    def policy(self, at: datetime) -> PolicyInForce:
        """Return the version of the standing policy in force at that instant; the defaults while there is none."""
        in_force: PolicyInForce = self.state("policy", STANDING).in_force(STANDING, at)
        return in_force

    def units_above(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the unit and those above it, up to the top; one that was merged stands for what it became part of."""
        walked, told = set[str](), set[str]()
        while unit is not None and len(walked) < HIGHEST:
            now = self.unit_now(unit, at) or unit
            if now not in told:
                told.add(now)
                yield now
            walked |= {unit, now}
            unit = self.state("unit", now).parent_on(at)
            for _ in range(HIGHEST):  # a unit that was merged into one below it leaves that one in its place
                if unit is None or unit not in walked:
                    break
                unit = self.state("unit", unit).parent_on(at)
            else:
                return  # a circle

    def unit_leads(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the leads of the unit and of those above it, lowest first; units without one are passed over."""
        for above in self.units_above(unit, at):
            lead = self.state("unit", above).lead_on(at)
            if lead is not None:
                yield self.resolved(lead)

    def leads_above(self, person: str, at: datetime) -> Iterator[str]:
        """Yield the person's lead, that lead's lead, and so on; a circle ends the line."""
        seen = {self.resolved(person)}
        lead = self.lead_of(person, at)
        while lead is not None and lead not in seen and len(seen) < HIGHEST:
            seen.add(lead)
            yield lead
            lead = self.lead_of(lead, at)

    def partners_of(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the HR partners of the unit and of those above it."""
        for above in self.units_above(unit, at):
            yield from map(self.resolved, self.state("unit", above).partners_on(at))

    def accountable_for(self, lines: Timelines[str, Any], at: datetime) -> Iterator[str]:
        """Yield the persons accountable by a subject's timelines; a unit stands for its lead of the day."""
        for key in holders_on(lines["accountable"], at):
            kind, id = key.split("/", 1)
            person = id if kind == "person" else next(self.unit_leads(id, at), None)
            if person is not None:
                yield self.resolved(person)

    def roles_of(self, actor: str, at: datetime) -> frozenset[Role]:
        """Return the roles granted to a person or system and in force."""
        return frozenset(self.state("access", actor).roles_at(at))

    def is_lead(self, person: str, at: datetime) -> bool:
        """Tell whether the person leads their home unit or one above it."""
        return self.resolved(person) in self.unit_leads(self.unit_of(person, at), at)
