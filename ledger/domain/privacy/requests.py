"""Data requests: what somebody asks about their own data, by when the law wants an answer, and the answer."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import Code, Id, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyExists, NotFound, Refusal
from ledger.kernel.texts import Note


class Wish(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    OBJECTION = "objection"
    EXPLANATION = "explanation"


class Answer(StrEnum):
    """How a request was answered."""

    GRANTED = "granted"
    PARTLY = "partly"
    DECLINED = "declined"


PROMPT_DAYS = 15  # "without delay" (PIPL art. 50), where no stricter day is set; also where the law is not known
WITHOUT_DELAY = frozenset({"cn"})

# Events


class DataRequestMade(Event, context="privacy"):
    """Somebody asks for something about their own data; `due_on` is the last day for an answer by law."""

    person: PersonId
    wish: Wish
    due_on: Day
    jurisdiction: Code | None = None
    note: Annotated[Note | None, Seal("person", "privacy")] = None


class DataRequestAnswered(Event, context="privacy"):
    """The request was answered."""

    person: PersonId
    answer: Answer
    note: Annotated[Note | None, Seal("person", "privacy")] = None


# State


@dataclass(frozen=True, slots=True)
class DataRequestState:
    """One request and its answer."""

    person: str | None = None
    due_on: date | None = None
    answered: bool = False


def evolve(state: DataRequestState, entry: Entry) -> DataRequestState:
    """Return the state after `entry`."""
    match entry.event:
        case DataRequestMade(person=person, due_on=due_on):
            return DataRequestState(person, due_on)
        case DataRequestAnswered():
            return replace(state, answered=True)
    return state


# Commands


class MakeDataRequest(
    Command, stream="data-request", verb="make", by=(By("own", "person"), By("role:hr_administrator")), starts=True
):
    """Ask about one's own data. HR may take down what somebody asked on paper."""

    person: Id
    wish: Wish
    note: Note | None = None


class AnswerDataRequest(
    Command, stream="data-request", verb="answer", by=(By("privacy_officer"), By("role:hr_administrator"))
):
    """Answer a request; never one's own."""

    answer: Answer
    note: Note | None = None


class OwnRequest(Refusal):
    """Nobody answers their own request."""

    code, status, rule = "own_data_request", 403, "nobody_approves_their_own_act"
    en = "Nobody answers their own request."
    zh = "不得答复自己提出的请求。"


class RequestAnswered(Refusal):
    """The request has its answer."""

    code = "data_request_answered"
    en = "This request has been answered."
    zh = "该请求已答复。"


# Decide


def due_day(made: date, jurisdiction: str | None) -> date:
    """Return the last day for an answer: one month (GDPR art. 12(3)), or promptly where the law says so."""
    if jurisdiction is None or jurisdiction in WITHOUT_DELAY:
        return made + timedelta(days=PROMPT_DAYS)
    year, month = (made.year, made.month + 1) if made.month < 12 else (made.year + 1, 1)
    return date(year, month, min(made.day, monthrange(year, month)[1]))


def decide(command: Command, state: DataRequestState, act: Act) -> Event:
    """Return the event of a command to a data request."""
    match command:
        case MakeDataRequest(person=person, wish=wish, note=note):
            if state.person is not None:
                raise AlreadyExists(kind="data-request")
            act.require_known("person", person, field="person")
            law = act.facts.jurisdiction_of(person, None, act.now)
            due_on = due_day(act.today, law)
            return DataRequestMade(person=person, wish=wish, due_on=due_on, jurisdiction=law, note=note)
        case AnswerDataRequest(answer=answer, note=note):
            if state.person is None:
                raise NotFound()
            if act.is_own(state.person):
                raise OwnRequest()
            if state.answered:
                raise RequestAnswered()
            return DataRequestAnswered(person=state.person, answer=answer, note=note)
    raise TypeError(command)


STREAM = StreamKind(
    "data-request", "data-requests", "dr", DataRequestState(), decide, evolve, (MakeDataRequest, AnswerDataRequest)
)
