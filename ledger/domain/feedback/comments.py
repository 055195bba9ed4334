"""Comments: what somebody remarks or asks about a subject they see, and what others answer."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.refusals import AlreadyExists, NotFound, OwnAct, Refusal
from ledger.kernel.texts import Note

# Events


class CommentAdded(Event, context="feedback"):
    """Somebody remarks something about a subject; `to` is whom they ask to answer, if anybody."""

    about: Subject
    author: PersonId
    to: PersonId | None = None
    text: Annotated[Note | None, Seal("author", "feedback")] = None


class CommentAnswered(Event, context="feedback"):
    """Somebody else answers."""

    about: Subject
    author: PersonId
    text: Annotated[Note | None, Seal("author", "feedback")] = None


# State


@dataclass(frozen=True, slots=True)
class CommentState:
    """A comment: about what, by whom, whom it asks, and who has answered."""

    about: Subject | None = None
    author: str | None = None
    to: str | None = None
    answered_by: tuple[str, ...] = ()


def evolve_comment(state: CommentState, entry: Entry) -> CommentState:
    """Return the state after `entry`."""
    match entry.event:
        case CommentAdded(about=about, author=author, to=to):
            return CommentState(about, author, to)
        case CommentAnswered(author=author):
            return replace(state, answered_by=(*state.answered_by, author))
    return state


# Commands


class AddComment(Command, stream="comment", verb="add", by=(By("sight", "about"),), starts=True, on_behalf=False):
    """Remark or ask something about a subject that one sees."""

    about: Subject
    to: Id | None = Field(default=None, description="whom it asks to answer")
    text: Note


class AnswerComment(Command, stream="comment", verb="answer", by=(By("sight", "about"),), on_behalf=False):
    """Answer somebody else's comment on a subject that one sees."""

    text: Note


class NotAskedToAnswer(Refusal):
    """A comment that asks somebody is answered by them first."""

    code, status, markable = "not_asked_to_answer", 403, True
    en = "The comment asks somebody else."
    zh = "该评论请他人答复。"


# Decide


def decide_comment(command: Command, state: CommentState, act: Act) -> Event:
    """Return the event of a command on a comment, or refuse it."""
    act.require_happened()
    if isinstance(command, AddComment):
        return _added(command, state, act)
    if state.about is None:
        raise NotFound()
    match command:
        case AnswerComment(text=text):
            if act.is_own(state.author):
                act.refuse(OwnAct())
            if state.to is not None and not state.answered_by and not act.is_own(state.to):
                act.refuse(NotAskedToAnswer())
            return CommentAnswered(about=state.about, author=act.actor, text=text)
    raise TypeError(command)


def _added(command: AddComment, state: CommentState, act: Act) -> Event:
    if state.about is not None:
        raise AlreadyExists(kind="comment")
    act.require_known("person", command.to, field="to")
    if act.is_own(command.to):
        act.refuse(OwnAct())
    return CommentAdded(about=command.about, author=act.actor, to=command.to, text=command.text)


COMMANDS = (AddComment, AnswerComment)
STREAM = StreamKind("comment", "comments", "x", CommentState(), decide_comment, evolve_comment, COMMANDS)
