"""Conditions: what has to hold of an application before more happens to it, and why it may be refused."""

from ledger.domain.hiring.applications import STANDING, ApplicationState, Decision
from ledger.domain.hiring.candidates import person_of
from ledger.kernel.command import Act
from ledger.kernel.refusals import OwnAct, Refusal

REVERSAL = "contradictory_states_need_a_reversal"


class DecidedAlready(Refusal):
    """After hire or reject nothing changes before a reversal."""

    code, rule = "decided_already", REVERSAL
    en = "The application is decided: {decision}."
    zh = "该应聘已有决定：{decision}。"
    accepted_en = "reversing the decision first"
    accepted_zh = "先撤销原决定"


class NotDecided(Refusal):
    """There is no decision to dissent from or to reverse."""

    code = "not_decided"
    en = "There is no decision yet."
    zh = "尚无决定。"


class NotToBeHired(Refusal):
    """Whoever is not to be hired is offered nothing."""

    code, rule = "not_to_be_hired", REVERSAL
    en = "It is not decided to hire this candidate."
    zh = "尚未作出录用该候选人的决定。"
    accepted_en = "a decision to hire first, after a reversal where another decision stands"
    accepted_zh = "先作出录用决定；已有其他决定的，应先撤销"


class ApplicationIsWithdrawn(Refusal):
    """After a withdrawal nothing happens before the candidate takes it back."""

    code, rule = "application_withdrawn", REVERSAL
    en = "The candidate has withdrawn the application."
    zh = "候选人已撤回应聘。"
    accepted_en = "resuming the application first"
    accepted_zh = "先恢复该应聘"


class HiredAlready(Refusal):
    """Once somebody begins by it, an application is over."""

    code, rule = "hired_already", REVERSAL
    en = "By this application a person has begun, or is to begin."
    zh = "该应聘已有人员入职或即将入职。"
    accepted_en = "cancelling the start of the employment first"
    accepted_zh = "先撤销该入职"


def require_live(state: ApplicationState) -> None:
    """Refuse what comes after a withdrawal or a hire."""
    if state.withdrawn is not None:
        raise ApplicationIsWithdrawn()
    if state.hired is not None:
        raise HiredAlready()


def require_undecided(state: ApplicationState) -> None:
    """Refuse what comes after hire or reject."""
    if state.decided is not None and state.decided.decision in STANDING:
        raise DecidedAlready(decision=state.decided.decision.value)


def require_to_be_hired(state: ApplicationState) -> str:
    """Return the entry of the decision to hire, or refuse."""
    if state.decided is None or state.decided.decision is not Decision.HIRE:
        raise NotToBeHired()
    return state.decided.entry


def require_not_own(state: ApplicationState, act: Act) -> None:
    """Refuse whoever would judge or decide about themselves."""
    person = None if state.candidate is None else person_of(act.facts, state.candidate)
    if act.is_own(person) or act.is_own(state.hired):
        act.refuse(OwnAct())
