"""The ways to be allowed, by basis: each says through whom or what it holds for an actor, or that it does not hold."""

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from ledger.domain.duties import Party
from ledger.domain.identity import SYSTEM, Role
from ledger.kernel.command import By
from ledger.kernel.policy import Boundary
from ledger.question import Question, named, named_value, persons


def _own(question: Question, way: By) -> str | None:
    return "" if question.actor in persons(question, way.of) else None


def _lead(question: Question, way: By) -> str | None:
    """The lead of the person named, or one above; a unit stands for its own lead's line."""
    for kind, id in named(question, way.of):
        if kind == "unit":
            return _leads_unit(question, id)
        if id == question.actor:
            return None  # nobody is their own lead
        if question.actor in question.facts.leads_above(id, question.at):
            direct = question.facts.lead_of(id, question.at)
            return f"person/{id}" if direct == question.actor else f"person/{direct}"
    return None


def _unit_lead(question: Question, way: By) -> str | None:
    units = (id for kind, id in named(question, way.of) if kind == "unit")
    return next((via for unit in units if (via := _leads_unit(question, unit)) is not None), None)


def _leads_unit(question: Question, unit: str) -> str | None:
    for above in question.facts.units_above(unit, question.at):
        lead = question.facts.state("unit", above).lead_on(question.at)
        if lead is not None and question.facts.resolved(lead) == question.actor:
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
    if taker.kind == "person":
        return "" if question.facts.resolved(taker.id) == question.actor else None
    return "" if question.actor == next(question.facts.unit_leads(taker.id, question.at), None) else None


def _in_list(question: Question, way: By) -> str | None:
    value = named_value(question, way.of)
    return "" if value is not None and question.actor in map(question.facts.resolved, value) else None


def _hr_partner(question: Question, way: By) -> str | None:
    for kind, id in named(question, way.of):
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


def _secret(question: Question, way: By) -> str | None:
    """Whoever knows the secret whose SHA-256 the state keeps, whatever their name."""
    kept, told = question.state.secret_digest, getattr(question.command, way.of or "secret", None)
    fits = kept is not None and told is not None and compare_digest(sha256(told.encode()).hexdigest(), kept)
    return "" if fits else None


def _privacy_officer(question: Question, way: By) -> str | None:
    """Whom the policy names for personal data."""
    officer = question.facts.policy(question.at).terms.offices.privacy_officer
    return "" if officer is not None and question.facts.resolved(officer) == question.actor else None


def _own_token(question: Question, way: By) -> str | None:
    bearer = question.state.bearer
    return "" if bearer is not None and bearer.id == question.actor else None


def _employee(question: Question, way: By) -> str | None:
    person = not question.actor.startswith(SYSTEM)
    return "" if person and question.facts.is_employed(question.actor, question.at) else None


def _delegate(question: Question, way: By) -> str | None:
    """Whom the delegation that the command names made the person's delegate."""
    delegate = question.state.delegate(getattr(question.command, way.of or "delegation"))
    return "" if delegate is not None and question.facts.resolved(delegate) == question.actor else None


def in_lead_place(question: Question, way: By) -> str | None:
    """Return the lead in whose place HR would act ("" where there is none), or None for whoever is not HR there.

    Nobody acts in the place of their own lead.
    """
    administers = Role.HR_ADMINISTRATOR in question.facts.roles_of(question.actor, question.at)
    for kind, id in named(question, way.of):
        if id == question.actor or not (administers or _hr_partner(question, way) is not None):
            return None
        if kind == "unit":
            lead = next(question.facts.unit_leads(id, question.at), None)
        else:
            lead = question.facts.lead_of(id, question.at)
        return None if lead == question.actor else "" if lead is None else f"person/{lead}"
    return None


def _hr_for_lead(question: Question, way: By) -> str | None:
    if question.facts.policy(question.at).terms.boundary is not Boundary.MARK:
        return None
    return in_lead_place(question, way)


def _system(question: Question, way: By) -> str | None:
    """Any system, or the one that the way names."""
    fits = question.actor.startswith(SYSTEM) if way.of is None else question.actor == f"{SYSTEM}{way.of}"
    return "" if fits else None


def _hr_duty(question: Question, way: By) -> str | None:
    """An HR administrator, for duties of HR that are not their own."""
    if question.state.party != Party.HR or question.actor == named_value(question, way.of):
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
    "hr_for_lead": _hr_for_lead,
    "delegate": _delegate,
    "role": _role,
    "operator_for_system": _operator_for_system,
    "own_token": _own_token,
    "privacy_officer": _privacy_officer,
    "secret": _secret,
    "employee": _employee,
    "system": _system,
    "hr_duty": _hr_duty,
}
