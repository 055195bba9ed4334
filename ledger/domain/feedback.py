"""Feedback: what somebody tells another about their work, who may read it, and that it has been read."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Subject
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, NotFound, OwnAct, Refusal
from ledger.kernel.texts import Note


class FeedbackKind(StrEnum):
    """What the feedback is."""

    PRAISE = "praise"
    ADVICE = "advice"
    CONCERN = "concern"


class Visibility(StrEnum):
    """Who reads it besides the recipient and the giver."""

    NAMED = "named"  # the readers named, if any
    LINE = "line"
    HR_PARTNER = "hr_partner"


# Events


class FeedbackGiven(Event, context="feedback"):
    """Somebody tells the recipient something; the text is the recipient's."""

    recipient: PersonId
    about: Subject | None = None
    kind: FeedbackKind
    visibility: Visibility
    readers: tuple[PersonId, ...] = ()
    text: Annotated[Note | None, Seal("recipient", "feedback")] = None


class FeedbackCorrected(Event, context="feedback"):
    """The giver puts it otherwise; the first wording stays on record."""

    recipient: PersonId
    text: Annotated[Note | None, Seal("recipient", "feedback")] = None


class FeedbackAcknowledged(Event, context="feedback"):
    """The recipient has read it as it stands; that is no agreement."""

    recipient: PersonId


class FeedbackWithdrawn(Event, context="feedback"):
    """The giver takes it back: the content is closed, the fact stays."""

    recipient: PersonId


# State


@dataclass(frozen=True, slots=True)
class FeedbackState:
    """One piece of feedback: by whom, to whom, and where it stands."""

    giver: str | None = None
    recipient: str | None = None
    visibility: Visibility | None = None
    readers: tuple[str, ...] = ()
    about: Subject | None = None
    acknowledged: bool = False
    withdrawn: bool = False


def evolve(state: FeedbackState, entry: Entry) -> FeedbackState:
    """Return the state after `entry`; what is corrected is unread again."""
    match entry.event:
        case FeedbackGiven() as given:
            return FeedbackState(
                giver=entry.actor,
                recipient=given.recipient,
                visibility=given.visibility,
                readers=given.readers,
                about=given.about,
            )
        case FeedbackCorrected():
            return replace(state, acknowledged=False)
        case FeedbackAcknowledged():
            return replace(state, acknowledged=True)
        case FeedbackWithdrawn():
            return replace(state, withdrawn=True)
    return state


# Commands

_GIVER = (By("own", "giver"),)


class GiveFeedback(Command, stream="feedback", verb="give", by=(By("employee"),), starts=True):
    """Tell somebody something about their work."""

    recipient: Id
    about: Subject | None = Field(default=None, description="what it is about, as in a goal or a process")
    kind: FeedbackKind
    text: Note
    visibility: Visibility = Visibility.NAMED
    readers: tuple[Id, ...] = Field(default=(), max_length=20, description="who else may read it; only with `named`")


class CorrectFeedback(Command, stream="feedback", verb="correct", by=_GIVER):
    """Put own feedback otherwise."""

    text: Note


class AcknowledgeFeedback(Command, stream="feedback", verb="acknowledge", by=(By("own", "recipient"),)):
    """Say that it was read."""


class WithdrawFeedback(Command, stream="feedback", verb="withdraw", by=_GIVER):
    """Take own feedback back."""


class FeedbackIsWithdrawn(Refusal):
    """Withdrawn feedback changes no more."""

    code, rule = "feedback_withdrawn", "contradictory_states_need_a_reversal"
    en = "This feedback was withdrawn."
    zh = "该反馈已撤回。"
    accepted_en = "giving other feedback"
    accepted_zh = "另行给出反馈"


class FeedbackToSelf(Refusal):
    """Feedback goes to somebody else."""

    code, status, markable, rule = "feedback_to_self", 403, True, "nobody_approves_their_own_act"
    en = "Nobody gives feedback to themselves."
    zh = "不得给自己反馈。"


class ReadersOnlyNamed(Refusal):
    """Readers are listed only where visibility is by name."""

    code, status = "readers_only_named", 422
    en = "Readers can be named only with the visibility `named`."
    zh = "仅当可见范围为“指定人员”时才能列出读者。"


# Decide


def decide(command: Command, state: FeedbackState, act: Act) -> Event:
    """Return the event of a feedback command, or refuse it."""
    act.require_happened()
    if isinstance(command, GiveFeedback):
        return _given(command, state, act)
    if state.recipient is None:
        raise NotFound()
    if state.withdrawn:
        raise AlreadyRecorded() if isinstance(command, WithdrawFeedback) else FeedbackIsWithdrawn()
    match command:
        case CorrectFeedback(text=text):
            return FeedbackCorrected(recipient=state.recipient, text=text)
        case AcknowledgeFeedback():
            return _acknowledged(state, state.recipient, act)
        case WithdrawFeedback():
            return FeedbackWithdrawn(recipient=state.recipient)
    raise TypeError(command)


def _given(command: GiveFeedback, state: FeedbackState, act: Act) -> Event:
    if state.recipient is not None:
        raise AlreadyExists(kind="feedback")
    if act.is_own(command.recipient):
        act.refuse(FeedbackToSelf())
    if command.readers and command.visibility is not Visibility.NAMED:
        raise ReadersOnlyNamed()
    _require_known(command, act)
    return FeedbackGiven(
        recipient=command.recipient,
        about=command.about,
        kind=command.kind,
        visibility=command.visibility,
        readers=tuple(dict.fromkeys(command.readers)),
        text=command.text,
    )


def _require_known(command: GiveFeedback, act: Act) -> None:
    act.require_known("person", command.recipient, field="recipient")
    for reader in command.readers:
        act.require_known("person", reader, field="readers")
    if command.about is not None and command.about.kind == "goal":  # a free subject needs no entry of its own
        act.require_known("goal", command.about.id, field="about")


def _acknowledged(state: FeedbackState, recipient: str, act: Act) -> Event:
    if act.is_own(state.giver):
        act.refuse(OwnAct())
    if state.acknowledged:
        raise AlreadyRecorded()
    return FeedbackAcknowledged(recipient=recipient)


COMMANDS = (GiveFeedback, CorrectFeedback, AcknowledgeFeedback, WithdrawFeedback)
STREAMS = (StreamKind("feedback", "feedback", "f", FeedbackState(), decide, evolve, COMMANDS),)
