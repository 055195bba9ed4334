"""Work calendars: the time zone, calendar and jurisdiction of a unit or person, dated."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, StringConstraints

from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code
from ledger.kernel.refusals import AlreadyRecorded
from ledger.kernel.timeline import Change, Timelines

ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}$")]

# Events


class WorkCalendarSet(Event, context="people", dated=True):
    """From then on the unit's or person's days begin in this zone, with these working days, under this law."""

    zone: ZoneName
    calendar: Code
    jurisdiction: Code


# State


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """A work calendar as it stands from a change on."""

    zone: str
    calendar: str
    jurisdiction: str


Calendars = Timelines[str, WorkCalendar]


def calendar_on(lines: Calendars, at: datetime) -> WorkCalendar | None:
    """Return the calendar in force, or None before the first."""
    return lines["calendar"].value_on(at) if lines.has("calendar") else None


def evolve(lines: Calendars, entry: Entry) -> Calendars:
    """Return the calendars after `entry`."""
    if not isinstance(entry.event, WorkCalendarSet):
        return lines
    said = WorkCalendar(entry.event.zone, entry.event.calendar, entry.event.jurisdiction)
    return lines.with_change("calendar", Change(entry.begins, entry.position, entry.event_id, said))


# Commands


def known_zone(name: str) -> str:
    """Return the name of a zone of the time zone database. Raises ValueError for any other text."""
    if name not in available_timezones():
        raise ValueError("no such time zone")
    return name


class StatedCalendar(Command):
    """What the two commands share."""

    zone: Annotated[ZoneName, AfterValidator(known_zone)]
    calendar: Code
    jurisdiction: Code


class SetPersonCalendar(
    StatedCalendar, stream="person", verb="set-calendar", by=(By("role:hr_administrator"), By("hr_partner", "@"))
):
    """Say in which zone, with which working days and under which law the person works."""


class SetUnitCalendar(StatedCalendar, stream="unit", verb="set-calendar", by=(By("role:hr_administrator"),)):
    """Say in which zone, with which working days and under which law the unit works."""


# Decide


def decide(command: StatedCalendar, lines: Calendars, act: Act) -> Event:
    """Return WorkCalendarSet, or refuse what the ledger says already."""
    said = WorkCalendar(command.zone, command.calendar, command.jurisdiction)
    if lines["calendar"].says(act.begins, said) or (act.tells_what_is and calendar_on(lines, act.begins) == said):
        raise AlreadyRecorded()
    return WorkCalendarSet(zone=command.zone, calendar=command.calendar, jurisdiction=command.jurisdiction)


def zone_in(lines: Calendars, at: datetime) -> ZoneInfo | None:
    """Return the zone of the calendar in force, or None without one."""
    found = calendar_on(lines, at)
    return None if found is None else ZoneInfo(found.zone)
