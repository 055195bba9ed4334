"""Outcomes: the candidate withdraws or comes back, a person begins by the application, an id is put right."""

from ledger.domain.hiring.applications import (
    ApplicationAllotted,
    ApplicationFilled,
    ApplicationReceived,
    ApplicationResumed,
    ApplicationState,
    ApplicationVacated,
    ApplicationWithdrawn,
    Decision,
)
from ledger.domain.hiring.conditions import DecidedAlready, require_live
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Id
from ledger.kernel.refusals import AlreadyRecorded, OfferNotAccepted, Refusal

# Commands

_SUPPORT = (By("unit_lead", "unit"), By("hr_partner", "unit"), By("role:hr_administrator"))
_RULES = (By("system", "rules"),)


class WithdrawApplication(Command, stream="application", verb="withdraw", by=_SUPPORT):
    """Record that the candidate withdraws; from every state but a rejection or a hire."""


class ResumeApplication(Command, stream="application", verb="resume", by=_SUPPORT):
    """Record that the candidate takes the withdrawal back, with a reason."""


class FillApplication(Command, stream="application", verb="fill", by=_RULES):
    """Note who begins by this application."""

    person: Id
    employment: Id


class VacateApplication(Command, stream="application", verb="vacate", by=_RULES):
    """Note that whoever was to begin did not."""


class AllotApplication(Command, stream="application", verb="allot", by=(By("role:hr_administrator"),)):
    """Say whose an application is that came in while two candidates were read as one; with a reason."""

    candidate: Id


class NotWithdrawn(Refusal):
    """There is no withdrawal to take back."""

    code = "application_not_withdrawn"
    en = "The application is not withdrawn."
    zh = "该应聘未被撤回。"


class NobodyHired(Refusal):
    """Nobody has begun by this application."""

    code = "nobody_hired"
    en = "Nobody begins by this application."
    zh = "尚无人员通过该应聘入职。"


class OtherApplication(Refusal):
    """The person's employment names another application, or none."""

    code = "other_application"
    en = "That employment did not come of this application."
    zh = "该劳动关系并非由此应聘产生。"


COMMANDS = (WithdrawApplication, ResumeApplication, FillApplication, VacateApplication, AllotApplication)

# Decide


def decide(command: Command, state: ApplicationState, received: ApplicationReceived, act: Act) -> Event:
    """Return the event of what comes of an application, or refuse it."""
    candidate = state.candidate or received.candidate
    match command:
        case WithdrawApplication():
            if state.withdrawn is not None:
                raise AlreadyRecorded()
            require_live(state)
            if state.decided is not None and state.decided.decision is Decision.REJECT:
                raise DecidedAlready(decision=state.decided.decision.value)
            return ApplicationWithdrawn(candidate=candidate)
        case ResumeApplication():
            if state.withdrawn is None:
                raise NotWithdrawn()
            act.require_reason(command)
            return ApplicationResumed(candidate=candidate, withdrawal_entry=state.withdrawn)
        case AllotApplication():
            return _allotted(command, candidate, act)
    return _hired(command, candidate, state, act)


def _allotted(command: AllotApplication, former: str, act: Act) -> Event:
    act.require_known("candidate", command.candidate, field="candidate")
    act.require_reason(command)
    return ApplicationAllotted(candidate=command.candidate, former=former)


def _hired(command: Command, candidate: str, state: ApplicationState, act: Act) -> Event:
    if isinstance(command, FillApplication):
        if (state.hired, state.employment) == (command.person, command.employment):
            raise AlreadyRecorded()
        require_live(state)
        if state.accepted is None:
            act.refuse(OfferNotAccepted())
        act.require_known("person", command.person, field="person")
        engagement = act.facts.state("person", command.person).engagement(command.employment)
        if engagement is None or engagement.terms.application != act.id:
            raise OtherApplication()
        return ApplicationFilled(candidate=candidate, person=command.person, employment=command.employment)
    if not isinstance(command, VacateApplication):
        raise TypeError(command)
    if state.hired is None or state.employment is None:
        raise NobodyHired()
    return ApplicationVacated(candidate=candidate, person=state.hired, employment=state.employment)
