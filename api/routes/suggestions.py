"""Suggestions: what is put before the caller, on which figures, by which rule, and how they answered."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import MinPosition, table
from api.labels import Labels, labels_for
from api.paths import require_ids
from api.reading import Asked, Asking
from api.routes.ownership import Fields, instant
from api.snapshots import at_least, known_position
from api.suggesting import NAME, Told, put_before, told_to
from api.times import Known, moment_of
from ledger.kernel.ids import split_stream
from projections.suggestions.rule import Rule, figure
from projections.suggestions.rules import RULES

ME = "me"
router = APIRouter(tags=["suggestions"])
Person = Annotated[str, Query(min_length=1, max_length=128, description="To whom: `me`; for auditors p-….")]


class State(StrEnum):
    """Which suggestions: those without an answer, those answered in a way, or all."""

    OPEN = "open"
    TAKEN = "taken"
    DISMISSED = "dismissed"
    ALL = "all"


@router.get("/suggestions", response_class=Response)
async def suggestions(
    asked: Asking,
    person: Person = ME,
    state: State = State.ALL,
    known: Known = None,
    min_position: MinPosition = None,
) -> Response:
    """Return what is suggested to the caller, the latest first; what is put before them anew is recorded first.

    With `known`, and for another person, nothing is put before anybody: it tells what was. At most twenty are new at a
    time.
    """
    require_ids(person=person)
    at = await known_position(asked, known)
    whom = await asked.ledger.judged(lambda facts: facts.resolved(asked.caller.id if person == ME else person))
    anew = at is None and asked.caller.kind == "person" and whom == await _resolved(asked)
    recorded = await put_before(asked, whom) if anew else None
    position = at_least(max(filter(None, (recorded, min_position)), default=None), at)
    found = await told_to(asked, whom, known=at, min_position=position)
    wanted = [one for one in found if state in (State.ALL, one.state)]
    seen = [one for one in wanted if await _sees(asked, one)]
    await asked.note_shown(key for one in seen for key in (one.shown.stream, one.about, one.proposes) if key)
    moment = moment_of(None, asked.ledger.clock.now(), asked.ledger.zone)
    labels = await labels_for(asked, {key for one in seen for key in (one.about, one.proposes) if key}, moment, at)
    rows = [_row(one, labels, asked.language) for one in seen]
    return table(asked, rows, asked.served.runner.positions.get(NAME), next=None)


@router.get("/suggestions/rules", response_class=Response)
async def rules(asked: Asking) -> Response:
    """Return every rule: what it suggests, whom it tells, the least data that it needs, and how it is judged later."""
    rows = [_rule_json(rule, asked.language) for rule in RULES.values()]
    return table(asked, rows, asked.served.watch.size, next=None)


async def _resolved(asked: Asked) -> str:
    return await asked.ledger.judged(lambda facts: facts.resolved(asked.caller.id))


async def _sees(asked: Asked, one: Told) -> bool:
    """Tell whether the caller sees the suggestion, and still all that it names."""
    named = [one.shown.stream, one.about, *([] if one.proposes is None else [one.proposes])]
    return all([await asked.sees(*split_stream(key)) for key in named])


def _row(one: Told, labels: Labels, language: str) -> Fields:
    shown, data = one.shown, one.shown.data
    rule = RULES.get(data["rule"])
    figures = [figure(told["name"], told["value"], told.get("n")) for told in data["figures"]]
    named = {"about": labels.known.get(one.about) or one.about}
    if one.proposes is not None:
        named["proposes"] = labels.known.get(one.proposes) or one.proposes
    return {
        "suggestion": shown.id,
        "state": one.state,
        "rule": f"{data['rule']}@{data['rule_version']}",
        "text": None if rule is None else rule.said(data["advice"], figures, named, language),
        "needs": None if rule is None else rule.needs.said(language),
        "about": labels.holder(one.about),
        "advice": data["advice"],
        "proposes": None if one.proposes is None else labels.holder(one.proposes),
        "figures": data["figures"],
        "since": data["since"],
        "until": data["until"],
        "rests_on": data["position"],
        "shown_at": instant(shown.recorded_at),
        "event": {"event_id": shown.event_id, "position": shown.position},
        "answered": _answered(one),
        "entries": data.get("entries", []),
    }


def _answered(one: Told) -> Fields | None:
    act = one.answered
    return None if act is None else {"event_id": act.event_id, "position": act.position, "at": instant(act.recorded_at)}


def _rule_json(rule: Rule, language: str) -> Fields:
    return {
        "rule": rule.source,
        "title": rule.title.said(language),
        "addressed": rule.addressed.said(language),
        "needs": rule.needs.said(language),
        "limits": dict(rule.limits),
        "measure": rule.measure.name,
        "days": rule.measure.days,
        "lower_is_better": rule.measure.lower_is_better,
    }
