"""Who may do what to whom, and on what basis: of the ways a command names, the first that holds is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.domain.duties import Party
from ledger.domain.identity import Role
from ledger.facts import LedgerFacts
from ledger.kernel.command import By, Command
from ledger.kernel.event import Authority
from ledger.kernel.refusals import NotAllowed, NotFound

SYSTEM = "system:"
OPEN_KINDS = frozenset({"unit", "metric", "job-profile", "responsibility", "ledger", "policy"})
ALL_SEEING = frozenset({Role.HR_ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Question:
    """One judgement: who wants to do which command to which stream, whose state is given, at which time."""

    actor: str
    command: Command
    id: str
    state: Any
    at: datetime
    facts: LedgerFacts


def judge(question: Question) -> Authority:
    """Return why the actor is allowed, judged at the facts' position.

    Raises NotAllowed with what it would need; NotFound where the subject is not the actor's to see at all.
    """
    for way in type(question.command).by:
        via = BASES[way.basis.partition(":")[0]](question, way)
        if via is not None:
            return Authority(way.basis, via or None, question.facts.position)
    kind = type(question.command).stream_kind
    if not sees(question.facts, question.actor, kind, question.id, question.at):
        raise NotFound()
    raise NotAllowed(needed=" / ".join(dict.fromkeys(way.basis for way in type(question.command).by)))


def sees(facts: LedgerFacts, actor: str, kind: str, id: str, at: datetime) -> bool:
    """Tell whether the actor may see a subject. `at` is always now: a question's time chooses facts, never rights."""
    if actor.startswith(SYSTEM):
        return False
    if facts.roles_of(actor, at) & ALL_SEEING:
        return True
    if kind in OPEN_KINDS:
        return True
    return SIGHT.get(kind, _sees_subject)(facts, actor, id, at)


def _sees_subject(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Free subjects of the responsibilities context are open; kinds with streams of their own are not."""
    return True


def _sees_person(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    if actor == id:
        return True
    return actor in facts.leads_above(id, at) or actor in facts.partners_of(facts.unit_of(id, at), at)


def _sees_goal(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    owner = facts.state("goal", id).owner
    return owner is not None and (owner.kind == "unit" or _sees_person(facts, actor, owner.id, at))


def _sees_feedback(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    state = facts.state("feedback", id)
    if actor in (state.giver, state.recipient):
        return True
    return state.recipient is not None and actor in facts.leads_above(state.recipient, at)


def _sees_hiring(kind: str) -> Callable[[LedgerFacts, str, str, datetime], bool]:
    def look(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
        state = facts.state(kind, id)
        seats = {getattr(state, name, None) for name in ("opener", "decider")} | set(getattr(state, "assessors", ()))
        requisition = getattr(state, "requisition", None)
        if actor in seats or (requisition is not None and look_requisition(facts, actor, requisition, at)):
            return True
        unit = getattr(state, "unit", None)
        return unit is not None and (actor in facts.unit_leads(unit, at) or actor in facts.partners_of(unit, at))

    return look


look_requisition = _sees_hiring("requisition")


def _sees_candidate(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return Role.HR_PARTNER in facts.roles_of(actor, at)


def _sees_duty(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """The holder and who stands above them; of a duty without a holder, who stands above its seat."""
    state = facts.state("duty", id)
    if state.holder is not None:
        return _sees_person(facts, actor, state.holder, at)
    if state.of is None or state.of.kind != "person":
        unit = None if state.of is None else state.of.id
        return actor in facts.unit_leads(unit, at) or actor in facts.partners_of(unit, at)
    return actor != state.of.id and _sees_person(facts, actor, state.of.id, at)


def _sees_token(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    bearer = facts.state("token", id).bearer
    return bearer is not None and bearer.id == actor


def _sees_own(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return actor == id


def _sees_nothing(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return False


SIGHT: dict[str, Callable[[LedgerFacts, str, str, datetime], bool]] = {
    "person": _sees_person,
    "policy-reading": _sees_person,
    "goal": _sees_goal,
    "feedback": _sees_feedback,
    "requisition": look_requisition,
    "application": _sees_hiring("application"),
    "candidate": _sees_candidate,
    "duty": _sees_duty,
    "token": _sees_token,
    "access": _sees_own,
    "import": _sees_nothing,
}


# ---- the bases: each returns through whom or what it holds ("" for by itself), or None


def _own(question: Question, way: By) -> str | None:
    return "" if question.actor in _persons(question, way.of) else None


def _lead(question: Question, way: By) -> str | None:
    """The lead of the person named, or one above; a unit stands for its own lead's line."""
    for kind, id in _named(question, way.of):
        if kind == "unit":
            return _leads_unit(question, id)
        if id == question.actor:
            return None  # nobody is their own lead
        if question.actor in question.facts.leads_above(id, question.at):
            direct = question.facts.lead_of(id, question.at)
            return f"person/{id}" if direct == question.actor else f"person/{direct}"
    return None


def _unit_lead(question: Question, way: By) -> str | None:
    units = (id for kind, id in _named(question, way.of) if kind == "unit")
    return next((via for unit in units if (via := _leads_unit(question, unit)) is not None), None)


def _leads_unit(question: Question, unit: str) -> str | None:
    for above in question.facts.units_above(unit, question.at):
        if question.facts.state("unit", above).lead_on(question.at) == question.actor:
            return f"unit/{above}"
    return None


def _holder(question: Question, way: By) -> str | None:
    accountable = question.facts.accountable_for(question.state.lines, question.at)
    return "" if question.actor in accountable else None


def _taker(question: Question, way: By) -> str | None:
    offer = question.state.offers.get(getattr(question.command, way.of or "offer"))
    if offer is None:
        return None
    taker = offer[1]
    person = taker.id if taker.kind == "person" else next(question.facts.unit_leads(taker.id, question.at), None)
    return "" if person == question.actor else None


def _in_list(question: Question, way: By) -> str | None:
    value = _value(question, way.of)
    return "" if value is not None and question.actor in value else None


def _hr_partner(question: Question, way: By) -> str | None:
    for kind, id in _named(question, way.of):
        unit = id if kind == "unit" else question.facts.unit_of(id, question.at)
        if question.actor in question.facts.partners_of(unit, question.at):
            return f"unit/{unit}"
    return None


def _role(question: Question, way: By) -> str | None:
    role = way.basis.partition(":")[2]
    return "" if role in question.facts.roles_of(question.actor, question.at) else None


def _operator_for_system(question: Question, way: By) -> str | None:
    bearer = getattr(question.command, "bearer", None)
    for_system = bearer.kind == "system" if bearer is not None else question.id.startswith(SYSTEM)
    roles = question.facts.roles_of(question.actor, question.at)
    return "" if for_system and Role.OPERATOR in roles else None


def _own_token(question: Question, way: By) -> str | None:
    bearer = question.state.bearer
    return "" if bearer is not None and bearer.id == question.actor else None


def _employee(question: Question, way: By) -> str | None:
    person = not question.actor.startswith(SYSTEM)
    return "" if person and question.facts.is_employed(question.actor, question.at) else None


def _system(question: Question, way: By) -> str | None:
    """Any system, or the one that the way names."""
    fits = question.actor.startswith(SYSTEM) if way.of is None else question.actor == f"{SYSTEM}{way.of}"
    return "" if fits else None


def _hr_duty(question: Question, way: By) -> str | None:
    """An HR administrator, for duties of HR that are not their own."""
    if question.state.party != Party.HR or question.actor == _value(question, way.of):
        return None
    return "" if Role.HR_ADMINISTRATOR in question.facts.roles_of(question.actor, question.at) else None


BASES: dict[str, Callable[[Question, By], str | None]] = {
    "own": _own,
    "lead": _lead,
    "unit_lead": _unit_lead,
    "holder": _holder,
    "taker": _taker,
    "named": _in_list,
    "hr_partner": _hr_partner,
    "role": _role,
    "operator_for_system": _operator_for_system,
    "own_token": _own_token,
    "employee": _employee,
    "system": _system,
    "hr_duty": _hr_duty,
}


# ---- whom a way looks at


def _persons(question: Question, of: str | None) -> Iterator[str]:
    for kind, id in _named(question, of):
        if kind == "person":
            yield id
        else:
            lead = next(question.facts.unit_leads(id, question.at), None)
            if lead is not None:
                yield lead


def _named(question: Question, of: str | None) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of the persons or units that `of` names: a holder, a person's id, or a unit's."""
    value = _value(question, of)
    if value is None:
        return
    kind, id = getattr(value, "kind", None), getattr(value, "id", None)
    if isinstance(kind, str) and isinstance(id, str):
        yield kind, id
    elif isinstance(value, str):
        yield _kind_of(question, of), value


def _kind_of(question: Question, of: str | None) -> str:
    if of == "@":
        return "unit" if type(question.command).stream_kind == "unit" else "person"
    name = (of or "").removeprefix("@")
    return "unit" if name in ("unit", "parent", "owner_unit") else "person"


def _value(question: Question, of: str | None) -> Any:  # noqa: ANN401  # commands and states of all contexts
    """Return what `of` names: "@" the stream's id, "@x" the state's x, else the command's field, else the state's."""
    if of is None or of == "@":
        return question.id
    name = of.removeprefix("@")
    fields = type(question.command).model_fields
    if not of.startswith("@") and name in fields:
        return getattr(question.command, name)
    dated = getattr(question.state, f"{name}_on", None)
    return dated(question.at) if dated is not None else getattr(question.state, name, None)
