"""Duties: who has to do what by when, who was told, what became of it; and everything that became of one."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table
from api.labels import Labels, labels_for
from api.paths import PathId
from api.problems import NotProjected
from api.reading import Asked, Asking
from api.routes.ownership import instant
from api.snapshots import WAIT_S, at_least, known_position, put
from api.times import Known, moment_of
from api.visible import Key, visible_page
from ledger.domain.duties import Seat
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject as Named
from ledger.kernel.ids import check_id, check_kind, split_stream, stream_name
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import Invalid, NotFound
from ledger.rules import support_of
from projections.directory import queries as directory
from projections.duties import queries
from projections.duties.queries import LIVE, STANDINGS, Owed, Wanted
from projections.engine import View

NAME = "duties"
router = APIRouter(tags=["duties"])
Person = Annotated[str | None, Query(min_length=1, max_length=128, description="p-…; `me` for the caller.")]
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Whose members hold them.")]
Cause = Annotated[str | None, Query(min_length=1, max_length=128, description="The event that opened them.")]
Subject = Annotated[str | None, Query(min_length=3, max_length=170, description="What they are about, kind/id.")]
KindCode = Annotated[str | None, Query(pattern="^[a-z][a-z_]{0,63}$", description="As in talk_about_deviation.")]
PartyCode = Annotated[Literal["lead", "hr", "employee"] | None, Query(description="Which side has to act.")]

Support = dict[str, tuple[Seat, str | None]]  # duty → the seat that supports its holder, and who sits there


class State(StrEnum):
    """Which duties: all that can still be answered, one standing, or those whose day has passed unanswered."""

    LIVE = "live"
    OPEN = "open"
    LAPSED = "lapsed"
    OVERDUE = "overdue"
    DISCHARGED = "discharged"
    EXCUSED = "excused"
    VOIDED = "voided"
    ALL = "all"


@router.get("/duties", response_class=Response)
async def duties(
    asked: Asking,
    holder: Person = None,
    state: State = State.LIVE,
    unit: Unit = None,
    cause: Cause = None,
    subject: Subject = None,
    kind: KindCode = None,
    party: PartyCode = None,
    known: Known = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return duties that the caller may see, the earliest due first. `min_position` waits for the rules as well."""
    for name, text in (("holder", holder), ("unit", unit), ("cause", cause), ("subject", subject)):
        _require_id(name, text)
    at = await known_position(asked, known)
    position = at_least(await rules_passed(asked, min_position), at)
    holders = await _holders(asked, holder, unit)
    wanted = _wanted(state, asked, kind, party)

    async def page(key: Key | None, rows: int) -> list[Owed]:
        place = (date.min, "") if key is None else (date.fromisoformat(str(key[0])), str(key[1]))

        def question(view: View) -> list[Owed]:
            if cause is not None:
                return queries.caused_by(view, cause, wanted, known=at, after=place, limit=rows)
            if subject is not None:
                return queries.about(view, subject, wanted, known=at, after=place, limit=rows)
            return queries.inbox(view, holders, wanted, known=at, after=place, limit=rows)

        return await put(asked, NAME, question, position)

    keyset = Keyset(asked, f"duties {holder} {state.value} {unit} {cause} {subject} {kind} {party} {known}")
    found, key = await visible_page(
        asked,
        page,
        key_of=lambda owed: (owed.due_on.isoformat(), owed.duty),
        subject_of=lambda owed: stream_name("duty", owed.duty),
        after=keyset.read(after),
        limit=limit,
    )
    support = await _support(asked, found)
    labels = await _labels(asked, found, at, support)
    rows = [row_of(owed, labels, support.get(owed.duty)) for owed in found]
    reached = asked.served.runner.positions.get(NAME)
    return table(asked, rows, reached, next=None if key is None else keyset.make(key))


@router.get("/duties/{id}", response_class=Response)
async def duty(asked: Asking, id: PathId, known: Known = None, min_position: MinPosition = None) -> Response:
    """Return one duty as it stands, and everything that became of it, event by event."""
    at = await known_position(asked, known)
    position = at_least(await rules_passed(asked, min_position), at)
    spells = await put(asked, NAME, lambda view: queries.history(view, id, known=at), position)
    if not spells:
        raise NotFound()
    support = await _support(asked, spells[-1:])
    labels = await _labels(asked, spells, at, support)
    steps = [_step(spell, labels) for spell in spells]
    value = {**row_of(spells[-1], labels, support.get(id)), "history": steps}
    return answer(asked, value, asked.served.runner.positions.get(NAME))


async def rules_passed(asked: Asked, min_position: int | None) -> int | None:
    """Wait until the rules have passed a position; return the position that holds what they recorded.

    Raises NotProjected where that takes longer than 30 s. A ledger that runs no rules waits for nobody.
    """
    rules = asked.served.rules
    if min_position is None or rules is None or min_position > await asked.served.watch.look():
        return min_position
    if not await rules.passed(min_position, WAIT_S):
        raise NotProjected()
    return max(min_position, rules.recorded)


def _require_id(name: str, text: str | None) -> None:
    """Refuse a parameter that no id, or for a subject no kind and id, can be."""
    if text is None:
        return
    kind, slash, id = text.partition("/") if name == "subject" else ("", "/", text)
    try:
        check_id(id if slash else "")
        check_kind(kind or "any")
    except ValueError:
        raise Invalid(errors=((f"query/{name}", "value_error"),)) from None


async def _holders(asked: Asked, holder: str | None, unit: str | None) -> list[str] | None:
    """Return whose duties are asked for, None for everybody's and nobody's."""
    if holder is not None:
        return [asked.caller.id if holder == "me" else holder]
    if unit is None:
        return None
    await asked.require("unit", unit)
    now = asked.ledger.clock.now()
    members = await put(asked, "directory", lambda view: directory.members(view, unit, on=now))
    return [member.subject.removeprefix("person/") for member in members]


def _wanted(state: State, asked: Asked, kind: str | None, party: str | None) -> Wanted:
    today = day_of(asked.ledger.clock.now(), asked.ledger.zone)
    match state:
        case State.ALL:
            return Wanted(STANDINGS, kind=kind, party=party)
        case State.LIVE:
            return Wanted(LIVE, kind=kind, party=party)
        case State.OVERDUE:
            return Wanted(LIVE, today, kind, party)
    return Wanted((state.value,), date.max - timedelta(days=1), kind, party)


async def _support(asked: Asked, found: list[Owed]) -> Support:
    """Return who supports today those who can still answer, by the matrix; duties without support are left out."""
    now = asked.ledger.clock.now()

    def question(facts: LedgerFacts) -> Support:
        sought = ((one, _named(one.of)) for one in found if one.standing in LIVE)
        seats = ((one.duty, support_of(one.kind, of, facts, now, holder=one.holder)) for one, of in sought)
        return {duty: seat for duty, seat in seats if seat is not None}

    return await asked.ledger.judged(question)


def _named(key: str) -> Named:
    kind, id = split_stream(key)
    return Named(kind=kind, id=id)


async def _labels(asked: Asked, found: list[Owed], known: int | None, support: Support) -> Labels:
    keys = {f"person/{person}" for owed in found for person in owed.people}
    keys |= {f"person/{person}" for _, person in support.values() if person is not None}
    named = {key for owed in found for key in (owed.subject, owed.of) if key.startswith(("person/", "unit/"))}
    return await labels_for(asked, keys | named, moment_of(None, asked.ledger.clock.now(), asked.ledger.zone), known)


def row_of(owed: Owed, labels: Labels, support: tuple[Seat, str | None] | None = None) -> dict[str, object]:
    """Return a duty as a row of a table. Without a holder it is a gap; `support` is whose seat stands beside it."""
    return {
        "duty": owed.duty,
        "kind": owed.kind,
        "party": owed.party,
        "holder": _person(owed.holder, labels),
        **({} if owed.recorded_holder == owed.holder else {"recorded_holder": owed.recorded_holder}),
        "gap": owed.holder is None,
        "subject": labels.holder(owed.subject),
        "seat": {"seat": owed.seat, "of": labels.holder(owed.of)},
        "support": None
        if support is None
        else {"seat": support[0].value, "holder": _person(support[1], labels)},
        "standing": owed.standing,
        "due_on": owed.due_on.isoformat(),
        "opened_at": instant(owed.opened_at),
        "cause": owed.cause,
        "rule": owed.rule,
        "seen_at": instant(owed.seen_at),
        "notice": owed.notice,
        "lapsed_at": instant(owed.lapsed_at),
        "late": owed.late,
        "outcome": owed.outcome,
        "ended_by": owed.ended_by,
        "why": owed.why,
        "gaps": [
            {
                "holder": _person(gap.holder, labels),
                "starts_on": gap.starts_on.isoformat(),
                "ends_on": gap.ends_on.isoformat(),
            }
            for gap in owed.gaps
        ],
        "escalates": owed.escalates,
        "escalated_to": _person(owed.escalated_to, labels),
        "escalated_duty": owed.escalated_duty,
        "replaces": owed.replaces,
        "event": {"event_id": owed.event_id, "position": owed.position},
    }  # fmt: skip


def _person(person: str | None, labels: Labels) -> dict[str, object] | None:
    return None if person is None else labels.holder(f"person/{person}")


def _step(spell: Owed, labels: Labels) -> dict[str, object]:
    return {
        "recorded_at": instant(spell.recorded_at),
        "topic": spell.topic,
        "actor": spell.actor,
        "standing": spell.standing,
        "holder": _person(spell.holder, labels),
        "notice": spell.notice,
        "event": {"event_id": spell.event_id, "position": spell.position},
    }
