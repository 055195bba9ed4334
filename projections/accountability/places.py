"""Places: who belongs to the unit that a report is asked about, and who of its subjects' holders is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from projections.accountability.report import Circumstances
from projections.directory import queries as directory
from projections.engine import View

PERSON, UNIT = "person/", "unit/"
LEAVER, DISSOLVED = "leaver", "dissolved_unit"


@dataclass
class People:
    """The directory at the time of a report."""

    view: View
    asked: Circumstances
    _gone: dict[str, directory.Ended | None] = field(default_factory=dict)

    @cached_property
    def units(self) -> frozenset[str]:
        """Return the ids of the unit asked about and all below it; none where no unit is asked about."""
        return frozenset() if self.asked.unit is None else frozenset(self._below(self.asked.unit))

    @cached_property
    def persons(self) -> frozenset[str]:
        """Return the ids of whose home is one of these units, and of who leads one."""
        return frozenset(person for unit in self.units for person in self._of(unit))

    def has(self, holder: str) -> bool:
        """Tell whether a person or unit (`kind/id`) is of the unit asked about; everybody is where none is."""
        if self.asked.unit is None:
            return True
        kind, _, id = holder.partition("/")
        return id in (self.units if kind == "unit" else self.persons)

    def has_person(self, person: str) -> bool:
        """Tell the same of a person by id."""
        return self.asked.unit is None or person in self.persons

    def home_of(self, person: str) -> str | None:
        """Return the home unit of a person."""
        found = directory.person(self.view, person, on=self.asked.on, known=self.asked.known)
        return None if found is None or found.home is None else found.home.to.removeprefix(UNIT)

    def gone(self, holder: str) -> str | None:
        """Tell of a holder who is no more there why: a leaver, or a dissolved unit; None for all others."""
        if self._ended(holder) is None:
            return None
        return LEAVER if holder.startswith(PERSON) else DISSOLVED

    def ended_at(self, holder: str) -> datetime | None:
        """Return when a holder who is gone left or was dissolved."""
        ended = self._ended(holder)
        return None if ended is None else ended.at

    def ended_by(self, holder: str) -> tuple[str, int] | None:
        """Return the event by which a holder who is gone left or was dissolved."""
        ended = self._ended(holder)
        return None if ended is None else (ended.event_id, ended.position)

    def _ended(self, holder: str) -> directory.Ended | None:
        if holder not in self._gone:
            role = "employment" if holder.startswith(PERSON) else "life"
            self._gone[holder] = directory.ended(self.view, holder, role, on=self.asked.on, known=self.asked.known)
        return self._gone[holder]

    def _below(self, unit: str) -> Iterator[str]:
        seen, waiting = set[str](), [unit]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                yield one
                waiting += self._right_under(one)

    def _right_under(self, unit: str) -> list[str]:
        found, after = list[str](), ""
        while page := directory.units_under(self.view, unit, on=self.asked.on, known=self.asked.known, after=after):
            found += [one.subject.removeprefix(UNIT) for one in page]
            after = page[-1].subject
        return found

    def _of(self, unit: str) -> Iterator[str]:
        after = ("", "")
        on, known = self.asked.on, self.asked.known
        while page := directory.members(self.view, unit, on=on, known=known, kinds=("home",), after=after):
            yield from (one.subject.removeprefix(PERSON) for one in page)
            after = (page[-1].relation.kind, page[-1].subject)
        found = directory.unit(self.view, unit, on=on, known=known)
        if found is not None and found.lead is not None:
            yield found.lead.to.removeprefix(PERSON)
