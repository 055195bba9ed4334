"""Questions to the directory: a person, a unit, who belongs to a unit, who reports to whom, where names are kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.directory.handlers import ASSIGNMENTS
from projections.engine.kept import ids_of, read_as
from projections.engine.merged import keys_of, keys_read
from projections.engine.views import View

MOST = 1_000
NEEDS_TWO = frozenset({"hr_administrator", "auditor"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody or something that a person or unit is related to, since when and until when, and by which event."""

    kind: str
    to: str
    since: datetime
    until: datetime | None
    event_id: str
    position: int
    testimony: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """A role granted: by whom, for which units (none: all), since when and until when."""

    role: str
    granted_by: str
    units: tuple[str, ...]
    since: datetime
    until: datetime | None
    event_id: str
    position: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person at a time. `units` are those besides home; `identity_events` hold the sealed name, oldest first.

    `id` is the one that merged ids are read as, and `ids` are all of them.
    """

    id: str
    position: int
    employment: Relation | None
    home: Relation | None
    units: tuple[Relation, ...]
    job: Relation | None
    manager: Relation | None
    dotted: tuple[Relation, ...]
    grants: tuple[Grant, ...]
    roles: frozenset[str]
    identity_events: tuple[tuple[str, int], ...]
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit at a time. `parent` is None at the top."""

    id: str
    position: int
    live: bool
    label: str | None
    parent: str | None
    lead: Relation | None
    partners: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a unit, or a unit or person under another: the relation runs from `subject` to what was asked."""

    subject: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Ended:
    """When something that ran came to its end, and by which event."""

    at: datetime
    event_id: str
    position: int


def person(view: View, id: str, *, on: datetime, known: int | None = None) -> Person | None:
    """Return the person at `on` as known at the position `known` (None: now); None before they are registered.

    An id that was merged into another is read as that one, from the merge on until it is undone.
    """
    at = _known(view, known)
    identities = identity_events(view, [id], known=at).get(id)
    if identities is None:
        return None
    id = read_as(view, [id], at)[id]
    identities = identity_events(view, [id], known=at).get(id, identities)
    lines = _lines(view, f"person/{id}", on, at)
    grants = grants_of(view, id, on=on, known=at)
    employments = sorted(lines.get("employment", ()), key=lambda r: (r.since, r.position))
    return Person(
        id=id,
        position=view.position,
        employment=employments[-1] if employments else None,
        home=_one(lines, "home"),
        units=tuple(r for kind in ASSIGNMENTS[1:] for r in lines.get(kind, ())),
        job=_one(lines, "job"),
        manager=_one(lines, "manager.line"),
        dotted=tuple(lines.get("manager.dotted", ())),
        grants=grants,
        roles=roles_in_force(grants),
        identity_events=identities,
        ids=tuple(ids_of(view, id, at)),
    )


def unit(view: View, id: str, *, on: datetime, known: int | None = None) -> Unit | None:
    """Return the unit at `on` as known at the position `known`; None where nothing is known of it then."""
    lines = _lines(view, f"unit/{id}", on, _known(view, known))
    if not lines:
        return None
    label, parent = _one(lines, "label"), _one(lines, "parent")
    return Unit(
        id=id,
        position=view.position,
        live="life" in lines,
        label=None if label is None else label.to,
        parent=None if parent is None or not parent.to else parent.to.removeprefix("unit/"),
        lead=_one(lines, "lead"),
        partners=tuple(lines.get("partner", ())),
    )


def members(
    view: View,
    unit: str,
    *,
    on: datetime,
    known: int | None = None,
    kinds: Sequence[str] = ASSIGNMENTS,
    after: tuple[str, str] = ("", ""),
    limit: int = MOST,
) -> list[Member]:
    """Return who belongs to a unit at `on`, in order of (kind of assignment, person) after `after`."""
    return _related(view, f"unit/{unit}", kinds, on=on, known=known, after=after, limit=limit)


def units_under(
    view: View, unit: str, *, on: datetime, known: int | None = None, after: str = "", limit: int = MOST
) -> list[Member]:
    """Return the units right under a unit at `on`, in order after the subject `after`."""
    return _related(view, f"unit/{unit}", ["parent"], on=on, known=known, after=("parent", after), limit=limit)


def reports_of(
    view: View,
    manager: str,
    *,
    on: datetime,
    known: int | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int = MOST,
) -> list[Member]:
    """Return whose line or dotted-line manager somebody is at `on`, in order of (kind of line, person)."""
    kinds = ["manager.dotted", "manager.line"]
    return _related(view, f"person/{manager}", kinds, on=on, known=known, after=after, limit=limit)


def units_led_by(
    view: View, person: str, *, on: datetime, known: int | None = None, after: str = "", limit: int = MOST
) -> list[Member]:
    """Return the units that somebody leads at `on`, in order after the subject `after`."""
    return _related(view, f"person/{person}", ["lead"], on=on, known=known, after=("lead", after), limit=limit)


def ended(view: View, subject: str, role: str, *, on: datetime, known: int | None = None) -> Ended | None:
    """Return how what ran of a person or unit had ended by `on`; None while it runs, and where it never ran."""
    rows = view.rows("find_ended", {"subject": subject, "role": role, "on": on, "known": _known(view, known)})
    return Ended(*rows[0]) if rows else None


def partner_of(view: View, person: str, *, on: datetime, known: int | None = None) -> list[Member]:
    """Return the units whose HR partner somebody is at `on`."""
    return _related(view, f"person/{person}", ["partner"], on=on, known=known, after=("partner", ""), limit=MOST)


def grants_of(view: View, bearer: str, *, on: datetime, known: int | None = None) -> tuple[Grant, ...]:
    """Return the grants in force for a person (`p-…`) or system (`system:…`) at `on`, oldest first."""
    rows = view.rows("find_grants", {"bearer": bearer, "on": on, "known": _known(view, known)})
    return tuple(Grant(role, by, tuple(json.loads(units)), *rest) for role, by, units, *rest in rows)


def roles_in_force(grants: Sequence[Grant]) -> frozenset[str]:
    """Return the roles that these grants suffice for: HR administrator and auditor need two people, or the system."""
    granters: dict[str, set[str]] = {}
    for grant in grants:
        granters.setdefault(grant.role, set()).add(grant.granted_by)
    return frozenset(role for role, by in granters.items() if _suffices(role, by))


def _suffices(role: str, granters: set[str]) -> bool:
    return role not in NEEDS_TWO or len(granters) > 1 or any(by.startswith("system:") for by in granters)


def identity_events(
    view: View, persons: Sequence[str], *, known: int | None = None
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return person id → the (event id, position) of the events that hold the sealed name, oldest first."""
    asked = {"persons": [f"person/{id}" for id in persons], "known": _known(view, known)}
    found: dict[str, list[tuple[str, int]]] = {}
    for subject, event_id, position in view.rows("find_identities", asked):
        found.setdefault(subject.removeprefix("person/"), []).append((event_id, position))
    return {id: tuple(events) for id, events in found.items()}


def _related(
    view: View,
    holder: str,
    kinds: Sequence[str],
    *,
    on: datetime,
    known: int | None,
    after: tuple[str, str],
    limit: int,
) -> list[Member]:
    at = _known(view, known)
    asked = {"holders": keys_of(view, holder, at), "roles": list(kinds), "on": on, "known": at}
    page = {"after_role": after[0], "after_subject": after[1], "limit": min(limit, MOST)}
    rows = view.rows("list_subjects", {**asked, **page})
    return [Member(subject, Relation(role, holder, *rest)) for role, subject, *rest in rows]


def _lines(view: View, subject: str, on: datetime, known: int) -> dict[str, list[Relation]]:
    found: dict[str, list[Relation]] = {}
    rows = view.rows("find_lines", {"subject": subject, "on": on, "known": known})
    read = keys_read(view, {holder for _, holder, *_ in rows}, known)
    for kind, holder, *rest in rows:
        found.setdefault(kind, []).append(Relation(kind, read[holder], *rest))
    return found


def _one(lines: dict[str, list[Relation]], kind: str) -> Relation | None:
    return lines[kind][-1] if kind in lines else None


def _known(view: View, known: int | None) -> int:
    return view.position if known is None else min(known, view.position)
