"""The first days: the ledger learns who is who. The system lets two administrators in; they do the rest."""

from datetime import date

from api.demonstration.calendar import FIRST_DAY, OPENED, on
from api.demonstration.company import (
    AUDITOR,
    FIRST_ADMINISTRATOR,
    HR_PARTNERS,
    LEADS,
    OPERATOR,
    PEOPLE,
    SECOND_ADMINISTRATOR,
    SYSTEMS,
    UNITS,
    Person,
    person,
)
from api.demonstration.story import Story
from ledger.application import SYSTEM_CALLER

SYSTEM = SYSTEM_CALLER.id
ADMINISTRATORS = FIRST, SECOND = FIRST_ADMINISTRATOR, SECOND_ADMINISTRATOR


def tell(story: Story) -> None:
    """Add the first days."""
    _let_administrators_in(story)
    _register_staff(story)
    _form_units(story)
    _place_staff(story)
    _appoint(story)
    _grant_roles(story)
    _issue_tokens(story)
    _name_managers(story)


def _let_administrators_in(story: Story) -> None:
    """The only acts of the system itself."""
    for nick in ADMINISTRATORS:
        story.add(FIRST_DAY, 9, SYSTEM, "people/register", story.person(nick), **identity(nick))
    for nick in ADMINISTRATORS:
        story.add(FIRST_DAY, 9, SYSTEM, "access/grant", story.person(nick), role="hr_administrator")
    for nick in ADMINISTRATORS:
        story.add(FIRST_DAY, 9, SYSTEM, "tokens/issue", nick)
    first, second = ADMINISTRATORS
    story.add(FIRST_DAY, 10, first, "access/grant", story.person(second), role="hr_administrator")
    story.add(FIRST_DAY, 10, second, "access/grant", story.person(first), role="hr_administrator")


def identity(nick: str) -> dict[str, object]:
    """Return the name, employee number and handle of a person, which are sealed."""
    number = PEOPLE.index(person(nick)) + 1
    return {"name": person(nick).name, "identifiers": {"employee-number": f"YH-{number:03d}", "handle": nick}}


def _staff() -> tuple[Person, ...]:
    """Return who is employed when the ledger opens."""
    return tuple(p for p in PEOPLE if p.since == OPENED)


def _register_staff(story: Story) -> None:
    for each in _staff():
        if each.nick not in ADMINISTRATORS:
            id = story.person(each.nick)
            story.add_to_batch("staff-2025", FIRST_DAY, 11, SECOND, "people/register", id, **identity(each.nick))


def _form_units(story: Story) -> None:
    for unit in UNITS:
        if unit.formed == OPENED:
            terms: dict[str, object] = {"effective_at": OPENED, "label": unit.label, "parent": unit.parent}
            story.add_to_batch("units-2025", FIRST_DAY, 12, FIRST, "units/form", unit.id, **terms)


def _place_staff(story: Story) -> None:
    """Nobody employs themselves: the second administrator places the first one."""
    for each in _staff():
        by, id = (SECOND if each.nick == FIRST else FIRST), story.person(each.nick)
        hired: dict[str, object] = {"effective_at": each.since}
        story.add_to_batch("staff-2025-placed", FIRST_DAY, 13, by, "people/start-employment", id, **hired)
        placed = {**hired, "unit": each.unit}
        story.add_to_batch("staff-2025-placed", FIRST_DAY, 13, by, "people/assign-to-unit", id, **placed)


def _appoint(story: Story) -> None:
    for unit, nick, since in LEADS:
        if since == OPENED:
            terms: dict[str, object] = {"effective_at": since, "lead": story.person(nick)}
            story.add_to_batch("leads-2025", FIRST_DAY, 14, SECOND, "units/appoint-lead", unit, **terms)
    for nick, units in HR_PARTNERS.items():
        for unit in units:
            story.add(FIRST_DAY, 15, SECOND, "units/assign-hr-partner", unit, partner=story.person(nick))


def _grant_roles(story: Story) -> None:
    for nick, units in HR_PARTNERS.items():
        story.add(FIRST_DAY, 15, FIRST, "access/grant", story.person(nick), role="hr_partner", units=units)
    story.add(FIRST_DAY, 15, FIRST, "access/grant", story.person(OPERATOR), role="operator")
    story.add(FIRST_DAY, 15, FIRST, "access/grant", story.person(AUDITOR), role="auditor")
    story.add(FIRST_DAY, 16, SECOND, "access/grant", story.person(AUDITOR), role="auditor")


def _issue_tokens(story: Story) -> None:
    for each in _staff():
        if each.nick not in ADMINISTRATORS:
            issue(story, on(1, 3), each.nick)
    for system in SYSTEMS:
        name = f"system:{system}"
        story.add(on(1, 6), 9, OPERATOR, "access/grant", name, role="subscriber")
        story.add(on(1, 6), 11, OPERATOR, "tokens/issue", name)


def issue(story: Story, day: date, nick: str) -> None:
    """Let an administrator issue somebody's token; the two share the work over the day."""
    index = PEOPLE.index(person(nick))
    story.add(day, 9 + index % 8, ADMINISTRATORS[index % 2], "tokens/issue", nick)


def _name_managers(story: Story) -> None:
    """Three people stand outside the plain line: the auditor, a matrix in engineering, a secondment."""
    auditor, clara, lucy = story.person(AUDITOR), story.person("clara"), story.person("lucy")
    gu, fang = story.person("gu"), story.person("fang")
    story.add(on(1, 6), 10, SECOND, "people/assign-manager", auditor, manager=gu)
    story.add(on(2, 3), 10, SECOND, "people/assign-manager", clara, manager=fang, relation="dotted")
    story.add(on(5, 6), 10, SECOND, "people/assign-to-unit", lucy, unit="support", assignment="seconded")
