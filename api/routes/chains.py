"""What stands around an owned subject: the chain up to the company's aim, a goal's own owner, and open duties."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.labels import Labels
from api.leads import PERSON, UNIT, Directory
from api.reading import Asked
from api.routes.ownership import Fields, instant
from api.snapshots import put
from api.times import Moment
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import day_of
from projections.directory.queries import Unit
from projections.duties import queries as duties
from projections.duties.queries import Owed
from projections.engine import View
from projections.engine.kept import Line
from projections.goals import queries as goals
from projections.goals.replay import When
from projections.goals.standings import GoalStanding

HIGHEST = 40  # no cascade has more levels; a circle ends here
DUTIES_MAX = 100
OWNED = frozenset({"assigned", "closed"})
MAKES_OWNER = frozenset({"goals.GoalAssigned", "goals.GoalHandedOver"})


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain: a goal with its owner, or a unit with its lead, by which event."""

    subject: str
    label: str | None
    holder: str | None
    event_id: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a subject at the time of a question."""

    chain: tuple[Link, ...]
    goal: GoalStanding | None
    duties: tuple[Owed, ...]

    def holders(self) -> set[str]:
        """Return who is named, as keys of labels."""
        owing = {PERSON + owed.holder for owed in self.duties if owed.holder is not None}
        return {link.holder for link in self.chain if link.holder is not None} | owing


async def around(
    asked: Asked, subject: str, accountable: Iterable[str], moment: Moment, known: int | None, position: int | None
) -> Around:
    """Return what stands around a subject, as far as the caller may see it."""
    owed = await _owed(asked, subject, known, position)
    kind, id = split_stream(subject)
    if kind == "goal":
        found = await _goals_up(asked, id, moment, known, position)
        links = await asyncio.to_thread(_goal_links, asked, found)
        return Around(links, found[0] if found else None, owed)
    units = await _units_up(asked, subject, accountable, moment, known, position)
    return Around(tuple(_unit_link(unit) for unit in units), None, owed)


async def _owed(asked: Asked, subject: str, known: int | None, position: int | None) -> tuple[Owed, ...]:
    wanted = duties.Wanted()

    def question(view: View) -> list[Owed]:
        return duties.about(view, subject, wanted, known=known, limit=DUTIES_MAX)

    found = await put(asked, "duties", question, position)
    return tuple([owed for owed in found if await asked.sees("duty", owed.duty)])


async def _goals_up(
    asked: Asked, id: str, moment: Moment, known: int | None, position: int | None
) -> list[GoalStanding]:
    """Return a goal and those above it, up to the aim; the first that is not the caller's to see ends the chain."""
    zone = asked.ledger.zone
    when = When(moment.at, day_of(moment.at, zone), zone, known)

    def question(view: View) -> list[GoalStanding]:
        found, seen, next_id = list[GoalStanding](), set[str](), id
        while next_id not in seen and len(found) < HIGHEST:
            seen.add(next_id)
            standing = goals.goal(view, next_id, when)
            if standing is None:
                break
            found.append(standing)
            if standing.terms.parent is None:
                break
            next_id = standing.terms.parent
        return found

    told = list[GoalStanding]()
    for standing in await put(asked, "goals", question, position):
        if not await asked.sees("goal", standing.id):
            break
        told.append(standing)
    return told


def _goal_links(asked: Asked, found: Sequence[GoalStanding]) -> tuple[Link, ...]:
    return tuple(
        Link(stream_name("goal", one.id), _title(asked, one.terms_entry), one.owner, *_by(owner_line(one)))
        for one in found
    )


def _by(line: Line | None) -> tuple[str | None, int | None]:
    return (None, None) if line is None else (line.entry.event_id, line.entry.position)


def _title(asked: Asked, entry: str) -> str | None:
    """Return the goal's title as its sealed part opens now, None once it is erased."""
    for fields in asked.ledger.open_parts(entry).values():
        if isinstance(title := fields.get("title"), str):
            return title
    return None


def owner_line(goal: GoalStanding) -> Line | None:
    """Return the event that made the goal its owner's."""
    return next((line for line in reversed(goal.lines) if line.entry.topic in MAKES_OWNER), None)


async def _units_up(
    asked: Asked, subject: str, accountable: Iterable[str], moment: Moment, known: int | None, position: int | None
) -> list[Unit]:
    """Return the units from the subject's own up: of a unit itself, else of whoever is accountable for it."""
    holders = [subject] if subject.startswith(UNIT) else list(accountable)
    seen = [holder for holder in holders if holder.startswith(UNIT) or await asked.sees(*split_stream(holder))]

    def question(view: View) -> list[Unit]:
        directory = Directory(view, moment.at, known)
        homes = (directory.home_of(*split_stream(holder)) for holder in seen)
        return list(directory.units_above(next((home for home in homes if home is not None), None)))

    return await put(asked, "directory", question, position)


def _unit_link(unit: Unit) -> Link:
    lead = unit.lead
    if lead is None:
        return Link(UNIT + unit.id, unit.label, None, None, None)
    return Link(UNIT + unit.id, unit.label, lead.to, lead.event_id, lead.position)


# What answers look like


def around_json(found: Around, labels: Labels) -> Fields:
    """Return chain and open duties."""
    return {
        "chain": [_link_json(link, labels) for link in found.chain],
        "open_duties": [_duty_json(owed, labels) for owed in found.duties],
    }


def _link_json(link: Link, labels: Labels) -> Fields:
    kind, id = split_stream(link.subject)
    event = None if link.event_id is None else {"event_id": link.event_id, "position": link.position}
    holder = None if link.holder is None else labels.holder(link.holder)
    return {"subject": {"kind": kind, "id": id, "label": link.label}, "accountable": holder, "event": event}


def _duty_json(owed: Owed, labels: Labels) -> Fields:
    return {
        "duty": owed.duty,
        "kind": owed.kind,
        "party": owed.party,
        "holder": None if owed.holder is None else labels.holder(PERSON + owed.holder),
        "standing": owed.standing,
        "due_on": owed.due_on.isoformat(),
        "event": {"event_id": owed.event_id, "position": owed.position},
    }


def goal_ownership_json(goal: GoalStanding | None, labels: Labels) -> Fields:
    """Return who is accountable for a goal that was given to somebody: its owner; nothing for any other subject."""
    line = None if goal is None else owner_line(goal)
    if goal is None or line is None or goal.stage.value not in OWNED:
        return {}
    holding = {
        "holder": labels.holder(goal.owner),
        "since": instant(line.entry.begins),
        "until": None if goal.closing is None else instant(goal.closing.entry.begins),
        "actor": line.entry.actor,
        "authority": line.entry.authority.get("basis"),
        "mark": "testimony" if line.entry.testimony else "act",
        "marks": line.entry.marks,
        "event": {"event_id": line.entry.event_id, "position": line.entry.position},
    }
    return {"accountable": [holding], "gaps": []}
