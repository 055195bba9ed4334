"""Leads: who leads whom at a time, and who belongs where, as the directory has it."""

from collections.abc import Callable, Iterator
from datetime import datetime

from projections.accountability.places import PERSON, UNIT
from projections.accountability.report import Circumstances
from projections.directory import queries as directory
from projections.directory.queries import Member
from projections.engine import View

HIGHEST = 40


def units_led(view: View, person: str, asked: Circumstances) -> list[str]:
    """Return the ids of the units that somebody leads, in order."""

    def page(after: str) -> list[Member]:
        return directory.units_led_by(view, person, on=asked.on, known=asked.known, after=after)

    return sorted(one.removeprefix(UNIT) for one in _subjects(page))


def units_below(view: View, units: list[str], asked: Circumstances) -> list[str]:
    """Return units and all below them, each once."""
    found, waiting = list[str](), list(units)
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.append(unit)
            waiting += [one.removeprefix(UNIT) for one in _subjects(_under(view, unit, asked))]
    return found


def _under(view: View, unit: str, asked: Circumstances) -> Callable[[str], list[Member]]:
    return lambda after: directory.units_under(view, unit, on=asked.on, known=asked.known, after=after)


def members(view: View, unit: str, asked: Circumstances, on: datetime | None = None) -> list[str]:
    """Return the ids of whose home a unit is, at the time asked about or at another, in order."""
    at, found, after = asked.on if on is None else on, list[str](), ("", "")
    while page := directory.members(view, unit, on=at, known=asked.known, kinds=("home",), after=after):
        found += [one.subject.removeprefix(PERSON) for one in page]
        after = (page[-1].relation.kind, page[-1].subject)
    return sorted(set(found))


def led_by(view: View, person: str, asked: Circumstances) -> list[str]:
    """Return whom somebody leads: those of their units and the units below, and those whose line manager they are."""
    found = {
        one for unit in units_below(view, units_led(view, person, asked), asked) for one in members(view, unit, asked)
    }
    after = ("", "")
    while page := directory.reports_of(view, person, on=asked.on, known=asked.known, after=after):
        found |= {one.subject.removeprefix(PERSON) for one in page if one.relation.kind == "manager.line"}
        after = (page[-1].relation.kind, page[-1].subject)
    return sorted(found - {person})


def lead_of(view: View, person: str, asked: Circumstances) -> str | None:
    """Return who leads somebody: the line manager, else the first other lead from the home unit up."""
    found = directory.person(view, person, on=asked.on, known=asked.known)
    if found is None:
        return None
    if found.manager is not None:
        return found.manager.to.removeprefix(PERSON)
    unit = None if found.home is None else found.home.to.removeprefix(UNIT)
    for _ in range(HIGHEST):
        one = None if unit is None else directory.unit(view, unit, on=asked.on, known=asked.known)
        if one is None:
            return None
        if one.lead is not None and one.lead.to != PERSON + found.id:
            return one.lead.to.removeprefix(PERSON)
        unit = one.parent
    return None


def _subjects(page_after: Callable[[str], list[Member]]) -> Iterator[str]:
    after = ""
    while page := page_after(after):
        yield from (one.subject for one in page)
        after = page[-1].subject
