"""Probations: before one ends the lead proposes what follows, and somebody of HR carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from ledger.domain.hiring.conditions import REVERSAL
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.moments import Day, day_of
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, NotFound, OwnAct, ProbationTooLong, Refusal
from ledger.kernel.texts import Note


class Outcome(StrEnum):
    """What may follow on a probation."""

    CONFIRM = "confirm"
    EXTEND = "extend"
    FAIL = "fail"


# Events


class ProbationOutcomeProposed(Event, context="hiring"):
    """The lead proposes what is to follow, in place of any proposal before; `until` is for an extension."""

    person: PersonId
    employment: Id
    proposer: PersonId
    outcome: Outcome
    until: Day | None = None
    note: Annotated[Note | None, Seal("person", "performance")] = None


class ProbationExtended(Event, context="hiring"):
    """The probation runs on, up to the day before `until`; what it ended on before stands beside it."""

    person: PersonId
    employment: Id
    proposal: Id
    former_until: Day
    until: Day


class EmploymentConfirmed(Event, context="hiring"):
    """The person has passed the probation."""

    person: PersonId
    employment: Id
    proposal: Id


class ProbationFailed(Event, context="hiring"):
    """The person has not met the requirements within the probation, for the coded reason in the envelope."""

    person: PersonId
    employment: Id
    proposal: Id


class ProbationDecisionReversed(Event, context="hiring"):
    """A confirmation or failure holds no more, for the coded reason in the envelope; another may be proposed."""

    person: PersonId
    employment: Id
    decision_entry: Id


# State


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the lead proposes, until it is carried out or replaced."""

    entry: str
    outcome: Outcome
    until: date | None
    proposer: str


@dataclass(frozen=True, slots=True)
class Course:
    """The probation of one employment: a longer end if it was extended, what is proposed, and how it was decided."""

    until: date | None = None
    proposal: Proposal | None = None
    outcome: Outcome | None = None
    decision: str | None = None  # the entry


@dataclass(frozen=True, slots=True)
class ProbationState:
    """The probations of a person, by employment."""

    courses: Mapping[str, Course] = field(default_factory=dict)

    def course(self, employment: str) -> Course:
        """Return how the probation of an employment went."""
        return self.courses.get(employment, Course())

    @property
    def is_pending(self) -> bool:
        """Tell whether something is proposed that is not carried out: that is kept from the person."""
        return any(course.proposal is not None for course in self.courses.values())


def evolve(state: ProbationState, entry: Entry) -> ProbationState:
    """Return the state after `entry`."""
    match entry.event:
        case ProbationOutcomeProposed(employment=employment, outcome=outcome, until=until, proposer=proposer):
            proposal = Proposal(entry.event_id, outcome, until, proposer)
            return _with(state, employment, replace(state.course(employment), proposal=proposal))
        case ProbationExtended(employment=employment, until=until):
            return _with(state, employment, Course(until=until))
        case EmploymentConfirmed(employment=employment):
            return _decided(state, employment, Outcome.CONFIRM, entry)
        case ProbationFailed(employment=employment):
            return _decided(state, employment, Outcome.FAIL, entry)
        case ProbationDecisionReversed(employment=employment):
            return _with(state, employment, Course(until=state.course(employment).until))
    return state


def _with(state: ProbationState, employment: str, course: Course) -> ProbationState:
    return ProbationState({**state.courses, employment: course})


def _decided(state: ProbationState, employment: str, outcome: Outcome, entry: Entry) -> ProbationState:
    course = Course(until=state.course(employment).until, outcome=outcome, decision=entry.event_id)
    return _with(state, employment, course)


# Commands

_HR = (By("hr_partner", "@"), By("role:hr_administrator"))


class ProposeOutcome(Command, stream="probation", verb="propose", by=(By("lead", "@"), By("hr_for_lead", "@"))):
    """Propose what is to follow on the probation; all but a confirmation with a reason."""

    outcome: Outcome
    until: Day | None = Field(default=None, description="of an extension, the first day after the probation")
    note: Note | None = None


class ExtendProbation(Command, stream="probation", verb="extend", by=_HR):
    """Carry an extension out as it was proposed."""


class ConfirmEmployment(Command, stream="probation", verb="confirm", by=_HR):
    """Carry a confirmation out as it was proposed."""


class FailProbation(Command, stream="probation", verb="fail", by=_HR):
    """Carry it out that the probation was not passed, as it was proposed; with a reason."""


class ReverseProbationDecision(Command, stream="probation", verb="reverse", by=(By("role:hr_administrator"),)):
    """Take a confirmation or failure back, with a reason."""


class NoProbation(Refusal):
    """The employment began without a probation."""

    code = "no_probation"
    en = "The person is not on probation."
    zh = "该人员不在试用期。"


class ProbationDecided(Refusal):
    """A probation is decided once; the same employer agrees no second one."""

    code, rule = "probation_decided", REVERSAL
    en = "The probation is decided: {outcome}."
    zh = "试用期已有决定：{outcome}。"
    accepted_en = "reversing the decision first"
    accepted_zh = "先撤销原决定"


class ProbationOver(Refusal):
    """Once it is over, a probation is neither extended nor failed."""

    code, markable = "probation_over", True
    en = "The probation was over on {day}: it can only be confirmed."
    zh = "试用期已于 {day} 届满，只能办理转正。"


class NotProposed(Refusal):
    """HR carries out what the lead proposes, and nothing else."""

    code, rule = "not_proposed", "boundary"
    en = "The lead has not proposed this."
    zh = "负责人未提出此项建议。"
    accepted_en = "the outcome that is proposed, or another proposal of the lead"
    accepted_zh = "按负责人的建议办理，或由其另行提出"


class NoExtension(Refusal):
    """An extension names a later end; nothing else names one."""

    code, status = "no_extension", 422
    en = "An extension needs a day after {day}; other outcomes name none."
    zh = "延长试用期须写明晚于 {day} 的日期，其他结果则不写日期。"


class ProbationUndecided(Refusal):
    """There is no decision to take back."""

    code = "probation_undecided"
    en = "The probation is not decided."
    zh = "试用期尚无决定。"


# Decide


@dataclass(frozen=True, slots=True)
class _Running:
    """The employment in question: its start and terms, and on which day its probation is over."""

    employment: str
    engagement: Any  # of another context: when and on which terms it began
    over_on: date


def decide(command: Command, state: ProbationState, act: Act) -> Event:
    """Return the event of a probation's command, or refuse it. The stream's id is the person's."""
    act.require_happened()
    if not act.facts.exists("person", act.id):
        raise NotFound()
    if act.is_own(act.id):
        act.refuse(OwnAct())
    running = _running(state, act)
    course = state.course(running.employment)
    if isinstance(command, ReverseProbationDecision):
        if course.decision is None:
            raise ProbationUndecided()
        act.require_reason(command)
        return ProbationDecisionReversed(person=act.id, employment=running.employment, decision_entry=course.decision)
    wanted = command.outcome if isinstance(command, ProposeOutcome) else _CARRIES_OUT[type(command)]
    _require_open(wanted, course, running, act)
    if isinstance(command, ProposeOutcome):
        return _proposed(command, course, running, act)
    return _carried_out(command, wanted, course, running, act)


_CARRIES_OUT: dict[type[Command], Outcome] = {
    ExtendProbation: Outcome.EXTEND,
    ConfirmEmployment: Outcome.CONFIRM,
    FailProbation: Outcome.FAIL,
}


def _running(state: ProbationState, act: Act) -> _Running:
    person = act.facts.state("person", act.id)
    employment = person.employment_on(act.begins)
    if employment is None:
        act.refuse(AfterLastDay())
        raise NoProbation()
    engagement = person.engagement(employment)
    over_on = state.course(employment).until or (None if engagement is None else engagement.terms.probation_until)
    if over_on is None:
        raise NoProbation()
    return _Running(employment, engagement, over_on)


def _require_open(wanted: Outcome, course: Course, running: _Running, act: Act) -> None:
    """Refuse what contradicts a decision, and what comes too late to be lawful."""
    if course.outcome is wanted:
        raise AlreadyRecorded()
    if course.outcome is not None:
        raise ProbationDecided(outcome=course.outcome.value)
    if wanted is not Outcome.CONFIRM and day_of(act.begins, act.zone) >= running.over_on:
        act.refuse(ProbationOver(day=running.over_on.isoformat()))


def _proposed(command: ProposeOutcome, course: Course, running: _Running, act: Act) -> ProbationOutcomeProposed:
    extends = command.outcome is Outcome.EXTEND
    if extends != (command.until is not None) or (command.until is not None and command.until <= running.over_on):
        raise NoExtension(day=running.over_on.isoformat())
    if command.until is not None:
        _require_lawful(command.until, running, act)
    if command.outcome is not Outcome.CONFIRM:
        act.require_reason(command)
    before = course.proposal
    if before is not None and (before.outcome, before.until, before.proposer) == (
        command.outcome,
        command.until,
        act.actor,
    ):
        raise AlreadyRecorded()
    return ProbationOutcomeProposed(
        person=act.id,
        employment=running.employment,
        proposer=act.actor,
        outcome=command.outcome,
        until=command.until,
        note=command.note,
    )


def _require_lawful(until: date, running: _Running, act: Act) -> None:
    """Refuse an end beyond what the law of the place allows for the contract, counted from the first day."""
    terms = running.engagement.terms
    latest: date = act.facts.policy(act.begins).terms.probation_over_by(
        jurisdiction=act.facts.jurisdiction_of(act.id, None, act.begins),
        contract=terms.contract,
        starts_on=day_of(running.engagement.at, act.zone),
        ends_on=terms.until,
    )
    if until > latest:
        act.refuse(ProbationTooLong(latest=latest.isoformat()))


def _carried_out(command: Command, wanted: Outcome, course: Course, running: _Running, act: Act) -> Event:
    proposal = course.proposal
    if proposal is None or proposal.outcome is not wanted:
        raise NotProposed()
    if act.is_own(proposal.proposer):
        act.refuse(OwnAct())
    said: dict[str, Any] = {"person": act.id, "employment": running.employment, "proposal": proposal.entry}
    match command:
        case ConfirmEmployment():
            return EmploymentConfirmed(**said)
        case FailProbation():
            act.require_reason(command)
            return ProbationFailed(**said)
    assert proposal.until is not None
    _require_lawful(proposal.until, running, act)
    return ProbationExtended(**said, former_until=running.over_on, until=proposal.until)


COMMANDS = (ProposeOutcome, ExtendProbation, ConfirmEmployment, FailProbation, ReverseProbationDecision)
STREAM = StreamKind("probation", "probations", "b", ProbationState(), decide, evolve, COMMANDS, by_naming=True)
