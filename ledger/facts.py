"""What decisions and authority may ask about people and units: relations walked over the states of their streams."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.identity import Role
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import STANDING, PolicyInForce
from ledger.kernel.timeline import Timelines, holders_on
from ledger.states import States

HIGHEST = 40  # no organisation has more levels; a circle ends here


class LedgerFacts:
    """The answers of one ledger at one moment (`ledger.kernel.facts.Facts`).

    With `testimony`, a person of whom no employment was ever recorded counts as employed: what is unknown
    contradicts nothing.
    """

    def __init__(self, states: States, zone: ZoneInfo, *, testimony: bool = False) -> None:
        self._states, self._zone, self._testimony = states, zone, testimony

    @property
    def zone(self) -> ZoneInfo:
        """The ledger's time zone."""
        return self._zone

    @property
    def position(self) -> int:
        """The position up to which these answers are current."""
        return self._states.position

    def exists(self, kind: str, id: str) -> bool:
        """Tell whether the stream of this subject has any event."""
        return self._states.get(stream_name(kind, id)).version > 0

    def state(self, kind: str, id: str) -> Any:  # noqa: ANN401  # each kind of stream has a state of its own
        """Return the folded state of a subject's stream."""
        return self._states.get(stream_name(kind, id)).state

    def is_employed(self, person: str, at: datetime) -> bool:
        """Tell whether the person has a running employment at that instant."""
        state = self.state("person", person)
        if self._testimony and not state.lines["employment"].changes:
            return True
        return state.employment_on(at) is not None

    def unit_of(self, person: str, at: datetime) -> str | None:
        """Return the person's home unit."""
        unit: str | None = self.state("person", person).home_on(at)
        return unit

    def lead_of(self, person: str, at: datetime) -> str | None:
        """Return the person's lead: the line manager of that time, else the first other lead from the home unit up."""
        manager: str | None = self.state("person", person).manager_on(at)
        if manager is not None and manager != person:
            return manager
        home = self.unit_of(person, at) or self.last_unit_of(person, at)
        return next((lead for lead in self.unit_leads(home, at) if lead != person), None)

    def last_unit_of(self, person: str, at: datetime) -> str | None:
        """Return the unit that was the person's home last: what concerns a past employment stays with its leads."""
        joined = [
            c.value.holder for c in self.state("person", person).lines["home"].changes if c.at <= at and c.value.begins
        ]
        return joined[-1] if joined else None

    def zone_of(self, person: str | None, unit: str | None, at: datetime) -> ZoneInfo:
        """Return the zone in which a date begins: the ledger's, until calendars say otherwise."""
        return self._zone

    def policy(self, at: datetime) -> PolicyInForce:
        """Return the version of the standing policy in force at that instant; the defaults while there is none."""
        in_force: PolicyInForce = self.state("policy", STANDING).in_force(STANDING, at)
        return in_force

    def units_above(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the unit and those above it, up to the top."""
        seen: set[str] = set()
        while unit is not None and unit not in seen and len(seen) < HIGHEST:
            seen.add(unit)
            yield unit
            unit = self.state("unit", unit).parent_on(at)

    def unit_leads(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the leads of the unit and of those above it, lowest first; units without one are passed over."""
        for above in self.units_above(unit, at):
            lead = self.state("unit", above).lead_on(at)
            if lead is not None:
                yield lead

    def leads_above(self, person: str, at: datetime) -> Iterator[str]:
        """Yield the person's lead, that lead's lead, and so on; a circle ends the line."""
        seen = {person}
        lead = self.lead_of(person, at)
        while lead is not None and lead not in seen and len(seen) < HIGHEST:
            seen.add(lead)
            yield lead
            lead = self.lead_of(lead, at)

    def partners_of(self, unit: str | None, at: datetime) -> Iterator[str]:
        """Yield the HR partners of the unit and of those above it."""
        for above in self.units_above(unit, at):
            yield from self.state("unit", above).partners_on(at)

    def accountable_for(self, lines: Timelines[str, Any], at: datetime) -> Iterator[str]:
        """Yield the persons accountable by a subject's timelines; a unit stands for its lead of the day."""
        for key in holders_on(lines["accountable"], at):
            kind, id = key.split("/", 1)
            person = id if kind == "person" else next(self.unit_leads(id, at), None)
            if person is not None:
                yield person

    def roles_of(self, actor: str, at: datetime) -> frozenset[Role]:
        """Return the roles granted to a person or system and in force."""
        return frozenset(self.state("access", actor).roles_at(at))

    def is_lead(self, person: str, at: datetime) -> bool:
        """Tell whether the person leads their home unit or one above it."""
        home = self.unit_of(person, at)
        return any(self.state("unit", unit).lead_on(at) == person for unit in self.units_above(home, at))
