"""Engaging: an employment begins as it was offered and accepted, on probation once, no longer than the law allows."""

from datetime import date
from typing import Protocol

from ledger.domain.people.persons.commands import StartEmployment
from ledger.domain.people.persons.events import EmploymentStarted
from ledger.domain.people.persons.state import PersonState
from ledger.kernel.command import Act
from ledger.kernel.moments import day_of
from ledger.kernel.refusals import OfferNotAccepted, PeriodReversed, ProbationTooLong, Refusal


class Offered(Protocol):
    """What was offered, as an application tells it."""

    contract: str
    starts_on: date
    until: date | None
    probation_until: date | None


class OtherThanOffered(Refusal):
    """Whoever was hired begins as it was agreed."""

    code, status, markable = "other_than_offered", 422, True
    en = "The accepted offer says otherwise about {field}."
    zh = "与已接受的录用通知不一致：{field}。"
    accepted_en = "what was offered, or another offer that is accepted first"
    accepted_zh = "按录用通知办理，或先另行发出并获接受"


class OtherHire(Refusal):
    """One application leads to one employment of one person."""

    code, markable = "application_of_another", True
    en = "By this application somebody else has begun, or was to."
    zh = "该应聘属于或已用于其他人员。"


class SecondProbation(Refusal):
    """The same employer agrees a probation with the same person once (劳动合同法 art. 19)."""

    code, markable, rule = "second_probation", True, "probation_once"
    en = "The person has been on probation with this employer before."
    zh = "同一用人单位与该人员已约定过试用期。"
    accepted_en = "the employment without a probation"
    accepted_zh = "不再约定试用期"


def begun(command: StartEmployment, employment: str, state: PersonState, act: Act) -> EmploymentStarted:
    """Return EmploymentStarted, or refuse what was not offered so or must not be agreed."""
    event = EmploymentStarted(
        employment=employment,
        contract=command.contract,
        employer=command.employer,
        until=command.until,
        probation_until=command.probation_until,
        application=command.application,
    )
    starts_on = day_of(act.begins, act.zone)
    _require_lawful_probation(event, starts_on, state, act)
    if event.application is not None:
        _require_as_offered(event, event.application, starts_on, act)
    return event


def _require_lawful_probation(event: EmploymentStarted, starts_on: date, state: PersonState, act: Act) -> None:
    if any(day is not None and day <= starts_on for day in (event.until, event.probation_until)):
        raise PeriodReversed()
    if event.probation_until is None:
        return
    if any(one.terms.probation_until and one.terms.employer == event.employer for one in state.engagements):
        act.refuse(SecondProbation())
    latest = act.facts.policy(act.begins).terms.probation_over_by(
        jurisdiction=act.facts.jurisdiction_of(act.id, None, act.begins),
        contract=event.contract,
        starts_on=starts_on,
        ends_on=event.until,
    )
    if event.probation_until > latest:
        act.refuse(ProbationTooLong(latest=latest.isoformat()))


def _require_as_offered(event: EmploymentStarted, application: str, starts_on: date, act: Act) -> None:
    act.require_known("application", application, field="application")
    applied = act.facts.state("application", application)
    offer: Offered | None = applied.accepted
    if offer is None:
        act.refuse(OfferNotAccepted())
        return
    said = ((offer.starts_on, starts_on), (offer.contract, event.contract), (offer.until, event.until))
    names = ("effective_at", "contract", "until", "probation_until")
    for name, (offered, begins) in zip(names, (*said, (offer.probation_until, event.probation_until)), strict=True):
        if offered != begins:
            act.refuse(OtherThanOffered(field=name))
    candidate: str | None = act.facts.state("candidate", applied.candidate).person
    hired: str | None = applied.hired
    for known in (candidate, hired):
        if known is not None and act.facts.resolved(known) != act.id:
            act.refuse(OtherHire())
