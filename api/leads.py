"""Leads: whose lead somebody is on a day, as the directory knew it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from projections.directory import queries as directory
from projections.engine import View

HIGHEST = 40  # no organisation has more levels; a circle ends here
PERSON, UNIT = "person/", "unit/"


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory at one time."""

    view: View
    on: datetime
    known: int | None

    def lead_of(self, person: str) -> str | None:
        """Return a person's lead: the line manager, else the first other lead from the home unit up; None without."""
        found = directory.person(self.view, person, on=self.on, known=self.known)
        if found is None:
            return None
        manager = None if found.manager is None else found.manager.to.removeprefix(PERSON)
        if manager is not None and manager != person:
            return manager
        return next((lead for lead in self._leads_from(self.home_of("person", person)) if lead != person), None)

    def led_by(self, lead: str) -> list[str]:
        """Return who has this lead, in order of id."""
        reports = directory.reports_of(self.view, lead, on=self.on, known=self.known)
        named = {report.subject for report in reports if report.relation.kind == "manager.line"}
        for unit in directory.units_led_by(self.view, lead, on=self.on, known=self.known):
            named |= set(self._near(unit.subject.removeprefix(UNIT)))
        people = {key.removeprefix(PERSON) for key in named}
        return sorted(person for person in people if self.lead_of(person) == lead and self._works_here(person))

    def home_of(self, kind: str, id: str) -> str | None:
        """Return the unit itself, or a person's home unit; None for who has none, and for any other kind."""
        if kind != "person":
            return id if kind == "unit" else None
        found = directory.person(self.view, id, on=self.on, known=self.known)
        return None if found is None or found.home is None else found.home.to.removeprefix(UNIT)

    def units_above(self, unit: str | None) -> Iterator[directory.Unit]:
        """Yield a unit and those above it, up to the top."""
        seen = set[str]()
        while unit is not None and unit not in seen and len(seen) < HIGHEST:
            seen.add(unit)
            found = directory.unit(self.view, unit, on=self.on, known=self.known)
            if found is None:
                return
            yield found
            unit = found.parent

    def _leads_from(self, unit: str | None) -> Iterator[str]:
        for above in self.units_above(unit):
            if above.lead is not None:
                yield above.lead.to.removeprefix(PERSON)

    def _near(self, unit: str, depth: int = 0) -> Iterator[str]:
        """Yield who may have a unit's lead: its members, and below it the leads, or whoever has none of their own."""
        yield from self._members(unit)
        for below in directory.units_under(self.view, unit, on=self.on, known=self.known):
            found = directory.unit(self.view, below.subject.removeprefix(UNIT), on=self.on, known=self.known)
            if found is not None and found.lead is not None:
                yield found.lead.to
            elif found is not None and depth < HIGHEST:
                yield from self._near(found.id, depth + 1)

    def _members(self, unit: str) -> Iterator[str]:
        after = ("", "")
        while page := directory.members(self.view, unit, on=self.on, known=self.known, kinds=("home",), after=after):
            yield from (member.subject for member in page)
            after = (page[-1].relation.kind, page[-1].subject)

    def _works_here(self, person: str) -> bool:
        found = directory.person(self.view, person, on=self.on, known=self.known)
        return found is not None and found.employment is not None
