"""The organisation changes: a team moves, a department splits, two teams merge, people leave."""

from datetime import date, timedelta

from api.demonstration.calendar import later
from api.demonstration.company import (
    FIELD_SERVICE_MOVES,
    FIRST_ADMINISTRATOR,
    LEADS,
    PEOPLE,
    PURCHASING_MERGES,
    SALES_SPLITS,
    SECOND_ADMINISTRATOR,
    Person,
    lead_of,
    unit,
)
from api.demonstration.goals import lead_above
from api.demonstration.story import DutyOf, Story

NOTICE_DAYS = 18  # before the last day, an ending is recorded
_ANNOUNCED = -5  # days before it takes effect, a re-organisation is recorded


def tell(story: Story) -> None:
    """Add re-organisations and leavers."""
    _field_service_moves(story)
    _sales_splits(story)
    _purchasing_merges(story)
    for person in PEOPLE:
        if person.leaves:
            _leaves(story, person)


def _field_service_moves(story: Story) -> None:
    story.add(
        later(FIELD_SERVICE_MOVES, _ANNOUNCED),
        10,
        FIRST_ADMINISTRATOR,
        "units/move",
        "field-service",
        parent="operations",
        effective_at=FIELD_SERVICE_MOVES,
    )


def _sales_splits(story: Story) -> None:
    """Overseas sales becomes a department of its own under its former lead; what stays is called otherwise."""
    day, by = later(SALES_SPLITS, _ANNOUNCED - 7), FIRST_ADMINISTRATOR
    dated: dict[str, object] = {"effective_at": SALES_SPLITS}
    label = unit("international").label
    story.add(day, 9, by, "units/form", "international", label=label, parent="company", **dated)
    story.add(day, 9, by, "units/move", "sales-overseas", parent="international", **dated)
    story.add(day, 10, by, "units/rename", "sales", label="Domestic Sales 国内销售部", **dated)
    story.add(day, 10, by, "units/assign-hr-partner", "international", partner=story.person("kong"), **dated)
    _move_people(story, "international")
    _excuse_coach(story, later(SALES_SPLITS, 1), "grace", story.person("hu"), "gu", "leads_now")
    _appoint(story, SALES_SPLITS)


def _purchasing_merges(story: Story) -> None:
    """Purchasing is merged into logistics; its lead leads both."""
    _move_people(story, "logistics")
    _appoint(story, PURCHASING_MERGES)
    day, by = later(PURCHASING_MERGES, _ANNOUNCED), SECOND_ADMINISTRATOR
    dated: dict[str, object] = {"effective_at": PURCHASING_MERGES}
    story.add(day, 12, by, "units/rename", "logistics", label="Supply Chain 供应链组", **dated)
    lead = story.person("yao")
    story.add(day, 12, by, "units/release-lead", "purchasing", lead=lead, **dated)
    story.add(PURCHASING_MERGES, 9, by, "units/dissolve", "purchasing", **dated)


def _move_people(story: Story, to: str) -> None:
    for person in PEOPLE:
        if person.moved is not None and person.moved[1] == to:
            since = person.moved[0]
            day, id = later(since, _ANNOUNCED), story.person(person.nick)
            story.add(day, 11, SECOND_ADMINISTRATOR, "people/assign-to-unit", id, unit=to, effective_at=since)


def _appoint(story: Story, since: date) -> None:
    for led, nick, day in LEADS:
        if day == since:
            recorded, lead = later(day, _ANNOUNCED), story.person(nick)
            story.add(recorded, 13, FIRST_ADMINISTRATOR, "units/appoint-lead", led, lead=lead, effective_at=day)


def _leaves(story: Story, person: Person) -> None:
    """The ending is recorded ahead; the day after the last one the token opens nothing any more."""
    day = later(person.until - timedelta(days=NOTICE_DAYS), 0)
    id, until = story.person(person.nick), person.until
    ending = "voluntary" if person.voluntary else "involuntary"
    story.add(day, 14, SECOND_ADMINISTRATOR, "people/end-employment", id, ending=ending, effective_at=until)
    story.add(day, 15, SECOND_ADMINISTRATOR, "people/leave-unit", id, unit=person.unit, effective_at=until)
    story.add(later(until, 0), 9, FIRST_ADMINISTRATOR, "tokens/revoke", person.nick)
    _excuse_coach(story, later(until, 1), lead_of(person.unit, until), id, lead_above(person.unit, until), "left")


def _excuse_coach(story: Story, day: date, lead: str, person: str, by: str, reason: str) -> None:
    """Nobody has to coach who has left, or leads themself: the lead's lead says so."""
    story.add_duty(day, 15, by, "excuse", DutyOf(lead, "coach", f"person/{person}"), reason=reason)
