"""Who is who: one person with employment, unit, manager and roles, one unit with lead, members and units below."""

from dataclasses import asdict

from fastapi import APIRouter, Response

from api.answers import MinPosition, answer
from api.labels import Labels, labels_for
from api.paths import PathId
from api.reading import Asking
from api.routes.ownership import instant, moment_json, subject_json
from api.snapshots import at_least, known_position, put
from api.times import Known, On, moment_of
from ledger.kernel.refusals import NotFound
from projections.directory import queries
from projections.engine import View

NAME = "directory"
MEMBERS_MAX = 1000
router = APIRouter(tags=["directory"])


@router.get("/people/{id}", response_class=Response)
async def person(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a person on a day: employment, unit, job, manager, roles; the name is opened for this answer alone."""
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    at = await known_position(asked, known)
    found = await put(
        asked, NAME, lambda view: queries.person(view, id, on=moment.at, known=at), at_least(min_position, at)
    )
    if found is None:
        raise NotFound()
    related = [r for r in (found.home, found.manager, *found.units, *found.dotted) if r is not None]
    labels = await labels_for(asked, {f"person/{found.id}", *(r.to for r in related)}, moment, at)
    value = {
        "person": labels.holder(f"person/{found.id}"),
        "ids": found.ids,
        "employment": _relation(found.employment),
        "home": _relation(found.home, labels),
        "units": [_relation(r, labels) for r in found.units],
        "job": _relation(found.job, labels),
        "manager": _relation(found.manager, labels),
        "dotted": [_relation(r, labels) for r in found.dotted],
        "roles": sorted(found.roles),
        "grants": [{**asdict(g), "since": instant(g.since), "until": instant(g.until)} for g in found.grants],
        "on": moment_json(moment),
    }
    return answer(asked, value, found.position)


@router.get("/units/{id}", response_class=Response)
async def unit(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return a unit on a day: label of that day, parent, lead, HR partners, the units below and the members seen."""
    moment = moment_of(on, asked.ledger.clock.now(), asked.ledger.zone)
    at = await known_position(asked, known)

    def question(view: View) -> tuple[queries.Unit | None, list[queries.Member], list[queries.Member]]:
        below = queries.units_under(view, id, on=moment.at, known=at)
        members = queries.members(view, id, on=moment.at, known=at, limit=MEMBERS_MAX)
        return queries.unit(view, id, on=moment.at, known=at), below, members

    found, below, members = await put(asked, NAME, question, at_least(min_position, at))
    if found is None:
        raise NotFound()
    seen = [m for m in members if await asked.sees("person", m.subject.removeprefix("person/"))]
    await asked.note_shown(m.subject for m in seen)
    heads = [r for r in (found.lead, *found.partners) if r is not None]
    keys = {m.subject for m in (*seen, *below)} | {r.to for r in heads} | ({f"unit/{found.parent}"} - {"unit/None"})
    labels = await labels_for(asked, keys, moment, at)
    value = {
        "unit": {**subject_json(f"unit/{id}", found.label), "live": found.live},
        "parent": None if found.parent is None else labels.holder(f"unit/{found.parent}"),
        "lead": _relation(found.lead, labels),
        "partners": [_relation(r, labels) for r in found.partners],
        "units": [labels.holder(m.subject) for m in below],
        "members": [{**labels.holder(m.subject), "assignment": m.relation.kind} for m in seen],
        "on": moment_json(moment),
    }
    return answer(asked, value, found.position)


def _relation(relation: queries.Relation | None, labels: Labels | None = None) -> dict[str, object] | None:
    if relation is None:
        return None
    to: object = relation.to if labels is None else labels.holder(relation.to)
    return {
        "kind": relation.kind,
        "to": to,
        "since": instant(relation.since),
        "until": instant(relation.until),
        "mark": "testimony" if relation.testimony else "act",
        "event": {"event_id": relation.event_id, "position": relation.position},
    }
