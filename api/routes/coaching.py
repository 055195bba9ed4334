"""Coaching: conversations with what was agreed in them, and by lead or unit when each member was last coached."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table
from api.labels import Labels, labels_for
from api.leads import Directory
from api.lists import Page, listed
from api.members import members_of
from api.paths import PathId, require_ids
from api.reading import Asked, Asking
from api.routes.feedback import me_or, named_in, told_json
from api.routes.ownership import Fields, instant, moment_json
from api.routes.threads import event_json, person_json
from api.snapshots import at_least, known_position, put
from api.standing_policy import policy_json
from api.times import Known, Moment, On, moment_of
from ledger.domain.identity import Role
from ledger.facts import LedgerFacts
from ledger.kernel.moments import begins, day_of
from ledger.kernel.refusals import Invalid, NotFound
from ledger.sight import sees
from projections.engine import View
from projections.engine.kept import ids_of, known_at, read_as
from projections.feedback import coaching as queries
from projections.feedback.coaching import Action, Coached, CoachingStanding, Wanted

NAME = "feedback"
router = APIRouter(tags=["coaching"])
Person = Annotated[str | None, Query(min_length=1, max_length=128, description="With whom: p-…, or `me`.")]
Coach = Annotated[str | None, Query(min_length=1, max_length=128, description="By whom: p-…, or `me`.")]
Lead = Annotated[str | None, Query(min_length=1, max_length=128, description="Whose members: p-…, or `me`.")]
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Whose members.")]
Since = Annotated[date | None, Query(description="The first day of the period in which sessions are counted.")]


@router.get("/coachings", response_class=Response)
async def coachings(
    asked: Asking,
    person: Person = None,
    coach: Coach = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return conversations that the caller may see, in order of id."""
    require_ids(person=person, coach=coach)
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    wanted = Wanted(me_or(asked, person), me_or(asked, coach))

    found = await listed(
        asked,
        NAME,
        "coaching",
        Page(f"coachings {wanted} {on} {known}", after, limit, min_position, at),
        lambda view, start, rows: queries.coachings(view, wanted, on=day, known=at, after=start, limit=rows),
    )
    labels = await labels_for(asked, {name for row in found.rows for name in _persons(row)}, moment, at)
    today = day_of(moment.at, asked.ledger.zone)
    more: Fields = {"on": moment_json(moment), "known": at}
    return table(asked, [_row(row, labels, today) for row in found.rows], found.position, next=found.next, more=more)


@router.get("/coachings/{id}", response_class=Response)
async def coaching(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a conversation with the actions agreed in it, and which of them are done."""
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    day = None if on is None else moment.at
    found = await put(asked, NAME, lambda v: queries.coaching(v, id, on=day, known=at), at_least(min_position, at))
    if found is None:
        raise NotFound()
    labels = await labels_for(asked, _persons(found) | named_in(found.lines), moment, at)
    today = day_of(moment.at, asked.ledger.zone)
    value = {
        **_row(found, labels, today),
        "actions": [_action_json(action, labels, today) for action in found.actions],
        "thread": [told_json(line, labels) for line in found.lines],
        "on": moment_json(moment),
        "known": found.known,
        "policy": await policy_json(asked, moment.at, at),
    }
    return answer(asked, value, found.position)


@router.get("/coaching", response_class=Response)
async def coverage(
    asked: Asking,
    lead: Lead = None,
    unit: Unit = None,
    since: Since = None,
    on: On = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return for each member of a lead or a unit when they were last coached, by whom, and how often since a day.

    Whether somebody was coached is confidential like the conversation: figures are given of members whose
    conversations the caller may know of, and are withheld of all others.
    """
    require_ids(lead=lead, unit=unit)
    if (lead is None) == (unit is None):
        raise Invalid(errors=(("query/lead", "lead_or_unit_expected"),))
    moment, at = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone), await known_position(asked, known)
    position = at_least(min_position, at)
    leads = await _leads(asked, me_or(asked, lead), unit, moment, at, position)
    seen = [member for member in sorted(leads) if await asked.sees("person", member)]
    told = await asked.ledger.judged(lambda facts: [member for member in seen if _may_know(facts, asked, member)])
    start = None if since is None else begins(since, asked.ledger.zone)

    def question(view: View) -> tuple[list[Coached], int]:
        return queries.coverage(view, told, on=moment.at, since=start, known=at), view.position

    found, reached = await put(asked, NAME, question, position)
    by_member = dict(zip(told, found, strict=True))
    people = {f"person/{name}" for name in (*seen, *(one for one in leads.values() if one is not None))}
    coaches = {f"person/{one.last.coach}" for one in found if one.last is not None}
    labels = await labels_for(asked, people | coaches, moment, at)
    today = day_of(moment.at, asked.ledger.zone)
    keyset = Keyset(asked, f"coaching {lead} {unit} {since} {on} {known}")
    place = keyset.read(after)
    rest = [member for member in seen if place is None or member > str(place[0])]
    following = keyset.make((rest[limit - 1],)) if len(rest) > limit else None
    rows = [_coverage_row(asked, one, leads[one], by_member.get(one), labels, today) for one in rest[:limit]]
    more: Fields = {
        "since": None if since is None else since.isoformat(),
        "coached": sum(one.last is not None for one in found),
        "of": len(found),
        "withheld": len(seen) - len(found),
        "on": moment_json(moment),
        "known": at,
        "policy": await policy_json(asked, moment.at, at),
    }
    return table(asked, rows, reached, next=following, more=more)


async def _leads(
    asked: Asked, lead: str | None, unit: str | None, moment: Moment, known: int | None, position: int | None
) -> Mapping[str, str | None]:
    """Return member → their lead, merged ids as one. Raises NotFound for a lead or unit not the caller's to see."""
    members = None if unit is None else await members_of(asked, unit, moment, known)
    if lead is not None:
        await asked.require("person", lead)
    ids = [] if lead is None else await put(asked, NAME, lambda v: ids_of(v, lead, known_at(v, known)), position)

    def question(view: View) -> dict[str, str | None]:
        directory = Directory(view, moment.at, known)
        if members is None:
            return {member: one for one in ids for member in directory.led_by(one) if member not in ids}
        return {member: directory.lead_of(member) for member in members}

    found = await put(asked, "directory", question, position)
    named = {person for person in (*found, *found.values()) if person is not None}
    whole = await put(asked, NAME, lambda v: read_as(v, named, known_at(v, known)))
    return {whole[member]: None if one is None else whole[one] for member, one in found.items()}


def _may_know(facts: LedgerFacts, asked: Asked, member: str) -> bool:
    """Tell whether all that is known of a member's coaching may be told to the caller, whatever there is of it."""
    now, actor = asked.ledger.clock.now(), facts.resolved(asked.caller.id)
    if actor == facts.resolved(member) or actor in facts.leads_above(member, now):
        return True
    if actor in facts.partners_of(facts.unit_of(member, now), now):
        return True
    roles = facts.roles_of(actor, now)
    if Role.HR_ADMINISTRATOR in roles and facts.policy(now).terms.administrators_read_feedback:
        return True
    return Role.AUDITOR in roles and sees(facts, actor, "person", member, now)


def _persons(found: CoachingStanding) -> set[str]:
    holders = {action.holder for action in found.actions}
    return {f"person/{name}" for name in {found.person, found.coach, *found.participants, *holders}}


def _row(found: CoachingStanding, labels: Labels, day: date) -> Fields:
    """Return a conversation as a row of a list."""
    return {
        "coaching": found.id,
        "person": person_json(found.person, labels),
        "coach": person_json(found.coach, labels),
        "participants": [person_json(person, labels) for person in found.participants],
        "goals": found.goals,
        "held_at": instant(found.held_at),
        **_counted(found.actions, day),
        "event": event_json(found.lines[-1]),
    }


def _counted(actions: Iterable[Action], day: date) -> Fields:
    agreed = list(actions)
    done = sum(action.completed is not None for action in agreed)
    return {"agreed": len(agreed), "completed": done, "overdue": sum(action.is_overdue(day) for action in agreed)}


def _action_json(action: Action, labels: Labels, day: date) -> Fields:
    completed = action.completed
    return {
        "action": action.agreed.entry.event_id,
        "holder": person_json(action.holder, labels),
        "due_on": action.due_on.isoformat(),
        "completed_at": None if completed is None else instant(completed.entry.begins),
        "completed_by": None if completed is None else event_json(completed),
        "overdue": action.is_overdue(day),
        "event": event_json(action.agreed),
    }


def _coverage_row(
    asked: Asked, member: str, lead: str | None, found: Coached | None, labels: Labels, day: date
) -> Fields:
    """Return how a member was coached; `days` since the last time, None where there was none or it is withheld."""
    last = None if found is None else found.last
    return {
        "member": person_json(member, labels),
        "lead": person_json(lead, labels),
        "withheld": found is None,
        "sessions": None if found is None else found.sessions,
        "last_at": None if last is None else instant(last.held_at),
        "days": None if last is None else _days(asked, last.held_at, day),
        "coach": None if last is None else person_json(last.coach, labels),
        "by_lead": None if last is None else last.coach == lead,
        "open_actions": None if found is None else len(found.open_actions),
        "overdue_actions": None if found is None else sum(action.is_overdue(day) for action in found.open_actions),
        "event": None if last is None else event_json(last.held),
    }


def _days(asked: Asked, at: datetime, day: date) -> int:
    return (day - day_of(at, asked.ledger.zone)).days
