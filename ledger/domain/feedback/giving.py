"""Giving feedback: asked for or not, by name or without one, who may read it, and that it has been read."""

from typing import Annotated

from pydantic import Field, PrivateAttr, StringConstraints

from ledger.domain.feedback.told import (
    AuthorAsked,
    AuthorOpened,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackRequested,
    FeedbackState,
    FeedbackWithdrawn,
    SecretDigest,
    Visibility,
    evolve,
)
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Event, Subject
from ledger.kernel.ids import Id
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    AskedAlone,
    NotFound,
    OwnAct,
    Refusal,
)
from ledger.kernel.texts import Note

ANONYMOUS = "anonymous"
Secret = Annotated[str, StringConstraints(min_length=32, max_length=200)]

# Commands

_GIVER = (By("own", "giver"), By("secret", "secret"))


class RequestFeedback(
    Command,
    stream="feedback",
    verb="request",
    by=(By("own", "recipient"), By("lead", "recipient"), By("hr_partner", "recipient")),
    starts=True,
):
    """Ask somebody to tell the recipient, oneself or one's report, something about their work."""

    recipient: Id
    asked: Id
    about: Subject | None = None
    note: Note | None = None


class GiveFeedback(
    Command, stream="feedback", verb="give", by=(By("employee"),), starts=True, repeats=True, on_behalf=False
):
    """Tell somebody something about their work, asked or not."""

    recipient: Id
    about: Subject | None = Field(default=None, description="what it is about, as in a goal or a process")
    kind: FeedbackKind
    text: Note
    visibility: Visibility = Visibility.NAMED
    readers: tuple[Id, ...] = Field(default=(), max_length=20, description="who else may read it; only with `named`")
    secret_digest: SecretDigest | None = Field(
        default=None, description="only with `anonymous`: SHA-256 of a random secret that the author keeps"
    )
    _possible_authors: int | None = PrivateAttr(default=None)

    def hides_author(self) -> bool:
        """Tell whether it is anonymous."""
        return self.visibility is Visibility.ANONYMOUS

    def among(self, possible_authors: int) -> "GiveFeedback":
        """Return the command with the number of those who could have written it; no caller can bring it along."""
        counted = self.model_copy()
        counted._possible_authors = possible_authors
        return counted

    @property
    def possible_authors(self) -> int | None:
        """Return how many could have written it, None before they were counted."""
        return self._possible_authors


class HiddenGiver(Command):
    """What the two commands of a giver share: the secret by which a hidden one is known."""

    secret: Secret | None = Field(default=None, description="only with anonymous feedback: what its author kept")

    def hides_author(self) -> bool:
        """Tell whether a secret stands in the place of a name."""
        return self.secret is not None


class CorrectFeedback(HiddenGiver, stream="feedback", verb="correct", by=_GIVER):
    """Put own feedback otherwise."""

    text: Note


class AcknowledgeFeedback(Command, stream="feedback", verb="acknowledge", by=(By("own", "recipient"),)):
    """Say that it was read."""


class WithdrawFeedback(HiddenGiver, stream="feedback", verb="withdraw", by=_GIVER):
    """Take own feedback back."""


class AskForAuthor(Command, stream="feedback", verb="ask-author", by=(By("employee"),), on_behalf=False):
    """Ask, as the office that the policy names, who gave anonymous feedback, with a reason."""


class OpenAuthor(Command, stream="feedback", verb="open-author", by=(By("role:hr_administrator"),), on_behalf=False):
    """Agree, as a second person, that the office opens the author."""


class FeedbackAwaited(Refusal):
    """Feedback that was asked for is answered once it is there."""

    code = "feedback_awaited"
    en = "This feedback was asked for and is not given yet."
    zh = "该反馈已被请求，尚未给出。"


class NotAsked(Refusal):
    """A request is answered by whom it asks, about whom it asks."""

    code, status, markable = "not_asked", 403, True
    en = "Somebody else was asked, or about somebody else."
    zh = "该反馈请求针对的是其他人。"


class AskedByName(Refusal):
    """Who is asked by name does not answer without one: everybody would know."""

    code, status = "asked_by_name", 422
    en = "Feedback that was asked for by name can't be anonymous."
    zh = "应邀给出的反馈不能匿名。"


class NotTheOffice(Refusal):
    """Only the privacy officer that the policy names asks for an author."""

    code, status, markable = "not_the_office", 403, True
    en = "Only the privacy officer that the policy names may ask for an author."
    zh = "仅制度指定的隐私负责人可请求查看匿名作者。"


class NotAnonymous(Refusal):
    """There is no hidden author, or nobody has asked for it."""

    code = "author_not_asked"
    en = "This feedback has no hidden author, or nobody has asked for it."
    zh = "该反馈没有匿名作者，或尚无人请求查看。"


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


class TooFewAuthors(Refusal):
    """Where few could have written it, feedback without a name has one."""

    code, rule = "too_few_authors", "anonymity_is_in_the_data"
    en = "Fewer than {limit} colleagues could have written this: it would not be anonymous."
    zh = "可能的作者不足 {limit} 人：该反馈无法真正匿名。"
    accepted_en = "feedback by name, or to a lead above"
    accepted_zh = "实名反馈，或向上级负责人反馈"


class SecretOnlyHidden(Refusal):
    """A secret stands in the place of a name; whoever gives one by name needs none."""

    code, status = "secret_only_hidden", 422
    en = "A secret goes with anonymous feedback only."
    zh = "密钥仅用于匿名反馈。"


class ReadersOnlyNamed(Refusal):
    """Readers are listed only where visibility is by name."""

    code, status = "readers_only_named", 422
    en = "Readers can be named only with the visibility `named`."
    zh = "仅当可见范围为“指定人员”时才能列出读者。"


# Decide


def decide(command: Command, state: FeedbackState, act: Act) -> Event:
    """Return the event of a feedback command, or refuse it."""
    act.require_happened()
    if isinstance(command, RequestFeedback):
        return _requested(command, state, act)
    if isinstance(command, GiveFeedback):
        return _given(command, state, act)
    if state.recipient is None:
        raise NotFound()
    if not state.given:
        raise FeedbackAwaited()
    if isinstance(command, AskForAuthor | OpenAuthor):
        return _disclosed(command, state, state.recipient, act)
    if state.withdrawn:
        raise AlreadyRecorded() if isinstance(command, WithdrawFeedback) else FeedbackIsWithdrawn()
    match command:
        case CorrectFeedback(text=text):
            return FeedbackCorrected(recipient=state.recipient, text=text, pseudonym=state.pseudonym)
        case AcknowledgeFeedback():
            return _acknowledged(state, state.recipient, act)
        case WithdrawFeedback():
            return FeedbackWithdrawn(recipient=state.recipient, pseudonym=state.pseudonym)
    raise TypeError(command)


def _requested(command: RequestFeedback, state: FeedbackState, act: Act) -> Event:
    if state.recipient is not None:
        raise AlreadyExists(kind="feedback")
    _require_known(command.recipient, (), command.about, act)
    act.require_known("person", command.asked, field="asked")
    if act.facts.resolved(command.asked) == act.facts.resolved(command.recipient):
        act.refuse(FeedbackToSelf())
    if not act.facts.is_employed(command.asked, act.begins):
        act.refuse(AfterLastDay())
    return FeedbackRequested(
        recipient=command.recipient,
        asked=command.asked,
        requester=act.actor,
        about=command.about,
        note=command.note,
    )


def _given(command: GiveFeedback, state: FeedbackState, act: Act) -> Event:
    if state.given:
        raise AlreadyExists(kind="feedback")
    anonymous = command.visibility is Visibility.ANONYMOUS
    if state.asked is not None:
        _require_asked(command, state, state.asked, act)
    if act.is_own(command.recipient):
        act.refuse(FeedbackToSelf())
    if command.readers and command.visibility is not Visibility.NAMED:
        raise ReadersOnlyNamed()
    _require_known(command.recipient, command.readers, command.about, act)
    if command.secret_digest is not None and not anonymous:
        raise SecretOnlyHidden()
    if anonymous and not act.testimony:
        _require_company(command, act)
    return FeedbackGiven(
        recipient=command.recipient,
        about=command.about or state.about,
        kind=command.kind,
        visibility=command.visibility,
        readers=tuple(dict.fromkeys(command.readers)),
        text=command.text,
        secret_digest=command.secret_digest,
        pseudonym=f"{ANONYMOUS}:{act.event_id}" if anonymous else None,
        author=act.actor if anonymous and not act.testimony else None,
    )


def _require_company(command: GiveFeedback, act: Act) -> None:
    """Refuse what only few could have written."""
    if command.possible_authors is None:
        raise AskedAlone()
    limit = act.facts.policy(act.now).terms.small_group_limit
    if command.possible_authors < limit:
        raise TooFewAuthors(limit=limit)


def _require_asked(command: GiveFeedback, state: FeedbackState, asked: str, act: Act) -> None:
    if command.visibility is Visibility.ANONYMOUS:
        raise AskedByName()
    if not act.is_own(asked) or command.recipient != state.recipient:
        act.refuse(NotAsked())


def _require_known(recipient: str, readers: tuple[str, ...], about: Subject | None, act: Act) -> None:
    act.require_known("person", recipient, field="recipient")
    for reader in readers:
        act.require_known("person", reader, field="readers")
    if about is not None and about.kind == "goal":  # a free subject needs no entry of its own
        act.require_known("goal", about.id, field="about")


def _acknowledged(state: FeedbackState, recipient: str, act: Act) -> Event:
    if act.is_own(state.giver):
        act.refuse(OwnAct())
    if state.acknowledged:
        raise AlreadyRecorded()
    return FeedbackAcknowledged(recipient=recipient)


def _disclosed(command: AskForAuthor | OpenAuthor, state: FeedbackState, recipient: str, act: Act) -> Event:
    """Two persons, neither of them the recipient, agree that the office opens the author."""
    if state.visibility is not Visibility.ANONYMOUS:
        raise NotAnonymous()
    if act.is_own(recipient):
        act.refuse(OwnAct())
    if isinstance(command, AskForAuthor):
        if not act.is_own(act.facts.policy(act.now).terms.offices.privacy_officer):
            act.refuse(NotTheOffice())
        if act.is_own(state.disclosure):
            raise AlreadyRecorded()
        act.require_reason(command)
        return AuthorAsked(recipient=recipient, asker=act.actor)
    if state.disclosure is None:
        raise NotAnonymous()
    if state.opened_to == state.disclosure:
        raise AlreadyRecorded()
    if act.is_own(state.disclosure):
        act.refuse(OwnAct())
    return AuthorOpened(recipient=recipient, asker=state.disclosure, second=act.actor)


COMMANDS = (
    RequestFeedback,
    GiveFeedback,
    CorrectFeedback,
    AcknowledgeFeedback,
    WithdrawFeedback,
    AskForAuthor,
    OpenAuthor,
)
STREAM = StreamKind("feedback", "feedback", "f", FeedbackState(), decide, evolve, COMMANDS)
