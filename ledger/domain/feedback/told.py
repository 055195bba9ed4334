"""Feedback as events: what was asked, told, put otherwise, read and taken back, and where one piece of it stands."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from ledger.kernel.event import OWN_STREAM, Entry, Event, Seal, Subject
from ledger.kernel.ids import Id, PersonId
from ledger.kernel.texts import Note

AUTHOR = "author"  # the retention class of a hidden author, which only the named office opens

SecretDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


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
    ANONYMOUS = "anonymous"  # nobody else, and the recipient is not told from whom


# Events


class FeedbackRequested(Event, context="feedback"):
    """Somebody is asked to tell the recipient something; one request asks one person."""

    recipient: PersonId
    asked: PersonId
    requester: PersonId
    about: Subject | None = None
    note: Annotated[Note | None, Seal("recipient", "feedback")] = None


class FeedbackGiven(Event, context="feedback"):
    """Somebody tells the recipient something; the text is the recipient's.

    Given anonymously, a pseudonym that is used once is the actor, and the author stands in a sealed part of its own.
    """

    recipient: PersonId
    about: Subject | None = None
    kind: FeedbackKind
    visibility: Visibility
    readers: tuple[PersonId, ...] = ()
    text: Annotated[Note | None, Seal("recipient", "feedback")] = None
    pseudonym: Id | None = None
    secret_digest: SecretDigest | None = None  # of what lets the author correct or withdraw it without a name
    author: Annotated[Id | None, Seal(OWN_STREAM, AUTHOR)] = None  # never among the subjects

    def hidden_actor(self) -> str | None:
        """Return the pseudonym that stands in the actor's place where the feedback is anonymous."""
        return self.pseudonym


class FeedbackCorrected(Event, context="feedback"):
    """The giver puts it otherwise; the first wording stays on record."""

    recipient: PersonId
    text: Annotated[Note | None, Seal("recipient", "feedback")] = None
    pseudonym: Id | None = None

    def hidden_actor(self) -> str | None:
        """Return the pseudonym that the feedback was given under."""
        return self.pseudonym


class FeedbackAcknowledged(Event, context="feedback"):
    """The recipient has read it as it stands; that is no agreement."""

    recipient: PersonId


class FeedbackWithdrawn(Event, context="feedback"):
    """The giver takes it back: the content is closed, the fact stays."""

    recipient: PersonId
    pseudonym: Id | None = None

    def hidden_actor(self) -> str | None:
        """Return the pseudonym that the feedback was given under."""
        return self.pseudonym


class AuthorAsked(Event, context="feedback"):
    """The office that may ask who gave anonymous feedback does so, with a reason; nothing is opened yet."""

    recipient: PersonId
    asker: PersonId


class AuthorOpened(Event, context="feedback"):
    """A second person agrees: from now on the office, and nobody else, may open the sealed author."""

    recipient: PersonId
    asker: PersonId
    second: PersonId


# State


@dataclass(frozen=True, slots=True)
class FeedbackState:
    """One piece of feedback: by whom, to whom, and where it stands."""

    giver: str | None = None
    recipient: str | None = None
    asked: str | None = None
    requester: str | None = None
    given: bool = False
    disclosure: str | None = None  # who asked for the author
    opened_to: str | None = None  # who may open the author
    visibility: Visibility | None = None
    readers: tuple[str, ...] = ()
    about: Subject | None = None
    secret_digest: str | None = None
    acknowledged: bool = False
    withdrawn: bool = False

    @property
    def pseudonym(self) -> str | None:
        """Return the pseudonym that stands for the giver, None where their name does."""
        return self.giver if self.visibility is Visibility.ANONYMOUS else None


def evolve(state: FeedbackState, entry: Entry) -> FeedbackState:
    """Return the state after `entry`; what is corrected is unread again."""
    match entry.event:
        case FeedbackRequested(recipient=recipient, asked=asked, requester=requester, about=about):
            return FeedbackState(recipient=recipient, asked=asked, requester=requester, about=about)
        case AuthorAsked(asker=asker):
            return replace(state, disclosure=asker)
        case AuthorOpened(asker=asker):
            return replace(state, opened_to=asker)
        case FeedbackGiven() as given:
            return replace(
                state,
                given=True,
                giver=entry.actor,
                recipient=given.recipient,
                visibility=given.visibility,
                readers=given.readers,
                about=given.about,
                secret_digest=given.secret_digest,
            )
        case FeedbackCorrected():
            return replace(state, acknowledged=False)
        case FeedbackAcknowledged():
            return replace(state, acknowledged=True)
        case FeedbackWithdrawn():
            return replace(state, withdrawn=True)
    return state
