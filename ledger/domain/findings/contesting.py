"""Contesting a line of a report: the statement is an event of its own, beside those that the line rests on."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.ids import Code, Id, PersonId
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, NotFound, OwnAct
from ledger.kernel.texts import Note


class Answered(StrEnum):
    """What an answer says: the finding stands, stands with this remark beside it, or rests on what is not so."""

    STANDS = "stands"
    EXPLAINED = "explained"
    MISTAKEN = "mistaken"


# Events


class FindingContested(Event, context="findings"):
    """Somebody objects to a line of a report about a subject; `entries` are the events that the line rests on."""

    report: Code
    about: Subject
    entries: tuple[Id, ...] = ()
    person: PersonId
    note: Annotated[Note | None, Seal("person", "performance")] = None


class FindingAnswered(Event, context="findings"):
    """Somebody else answers the objection. No line of a report goes by it: a mistake is corrected where it was made."""

    report: Code
    about: Subject
    person: PersonId
    answerer: PersonId
    outcome: Answered
    note: Annotated[Note | None, Seal("answerer", "performance")] = None


# State


@dataclass(frozen=True, slots=True)
class FindingState:
    """An objection: to which report's line, about what, by whom, and what was answered last."""

    report: str | None = None
    about: Subject | None = None
    person: str | None = None
    outcome: Answered | None = None


def evolve(state: FindingState, entry: Entry) -> FindingState:
    """Return the state after `entry`."""
    match entry.event:
        case FindingContested(report=report, about=about, person=person):
            return FindingState(report, about, person)
        case FindingAnswered(outcome=outcome):
            return replace(state, outcome=outcome)
    return state


# Commands

_ANSWERS = (By("role:hr_administrator"), By("lead", "person"), By("hr_partner", "person"))


class ContestFinding(Command, stream="finding", verb="contest", by=(By("sight", "about"),), starts=True):
    """Object to a line of a report about a subject that one sees."""

    report: Code = Field(description="the report's name, as in ping-pong")
    about: Subject = Field(description="the line's subject")
    entries: tuple[Id, ...] = Field(default=(), max_length=50, description="events that the line rests on")
    note: Note


class AnswerFinding(Command, stream="finding", verb="answer", by=_ANSWERS):
    """Answer somebody's objection; a new answer stands beside the earlier one."""

    outcome: Answered
    note: Note | None = None


# Decide


def decide(command: Command, state: FindingState, act: Act) -> Event:
    """Return the event of a command on an objection, or refuse it."""
    act.require_happened()
    if isinstance(command, ContestFinding):
        return _contested(command, state, act)
    if state.report is None or state.about is None or state.person is None:
        raise NotFound()
    match command:
        case AnswerFinding(outcome=outcome, note=note):
            if act.is_own(state.person):
                act.refuse(OwnAct())
            if state.outcome is outcome and note is None:
                raise AlreadyRecorded()
            return FindingAnswered(
                report=state.report,
                about=state.about,
                person=state.person,
                answerer=act.actor,
                outcome=outcome,
                note=note,
            )
    raise TypeError(command)


def _contested(command: ContestFinding, state: FindingState, act: Act) -> Event:
    if state.report is not None:
        raise AlreadyExists(kind="finding")
    return FindingContested(
        report=command.report, about=command.about, entries=command.entries, person=act.actor, note=command.note
    )


COMMANDS = (ContestFinding, AnswerFinding)
STREAM = StreamKind("finding", "findings", "n", FindingState(), decide, evolve, COMMANDS)
