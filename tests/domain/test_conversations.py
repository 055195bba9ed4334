"""Conversations: feedback asked for or given without a name, coaching with its actions, comments and answers."""

from __future__ import annotations

import json

import pytest

from ledger.domain.feedback import (
    AUTHOR,
    CorrectFeedback,
    FeedbackGiven,
    FeedbackKind,
    FeedbackRequested,
    FeedbackToSelf,
    GiveFeedback,
    RequestFeedback,
    Visibility,
    WithdrawFeedback,
    coaching,
    comments,
    giving,
)
from ledger.domain.policies.publishing import PolicyPublished
from ledger.kernel.event import Subject
from ledger.kernel.policy import STANDING, Offices, PolicyTerms
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyExists,
    AlreadyRecorded,
    AskedAlone,
    InTheFuture,
    OwnAct,
    ReasonNeeded,
    UnknownReference,
)
from tests.domain.examples import FEEDBACK, company, day
from tests.domain.examples.feedback import AGREED, ASKED, AUTHOR_ASKED, COACHED, REMARKED, UNNAMED
from tests.domain.given import Given, Happened, History, given

WORLD = company()
GIVE = GiveFeedback(recipient="p-ann", kind=FeedbackKind.CONCERN, text="Late again")
HIDDEN = GIVE.model_copy(update={"visibility": Visibility.ANONYMOUS}).among(5)


def feedback(*happened: Happened, world: History = WORLD) -> Given:
    return given("feedback", "f-1", *happened, world=world)


# Asked for


def test_a_request_is_answered_once_by_whom_it_asks_about_whom_it_asks():
    subject = feedback(ASKED)
    subject.when(GIVE, actor="p-lead").then(giving.NotAsked)
    subject.when(GIVE.model_copy(update={"recipient": "p-lead"}), actor="p-bob").then(giving.NotAsked)
    subject.history.do("feedback", "f-1", GIVE, actor="p-bob")
    assert (subject.state.given, subject.state.giver, subject.state.requester) == (True, "p-bob", "p-lead")
    subject.when(GIVE, actor="p-bob").then(AlreadyExists)


def test_what_was_only_asked_for_is_neither_read_nor_corrected():
    feedback(ASKED).when(CorrectFeedback(text="x"), actor="p-bob").then(giving.FeedbackAwaited)


def test_nobody_is_asked_about_themselves_or_after_they_left():
    ask = RequestFeedback(recipient="p-ann", asked="p-bob")
    feedback().when(ask, actor="p-ann").then(FeedbackRequested(recipient="p-ann", asked="p-bob", requester="p-ann"))
    feedback().when(ask.model_copy(update={"asked": "p-ann"}), actor="p-lead").then(FeedbackToSelf)
    feedback().when(ask.model_copy(update={"asked": "p-eve"}), actor="p-lead").then(AfterLastDay)
    feedback().when(ask.model_copy(update={"asked": "p-nobody"}), actor="p-lead").then(UnknownReference)
    feedback(ASKED).when(ask, actor="p-ann").then(AlreadyExists)


# Without a name


def test_who_gives_without_a_name_stands_in_a_sealed_part_of_its_own_and_nowhere_else():
    subject = feedback()
    entry = subject.history.do("feedback", "f-1", HIDDEN, actor="p-bob")
    given_event = feedback().when(HIDDEN, actor="p-bob").event
    assert isinstance(given_event, FeedbackGiven)
    assert given_event.sealed_texts("feedback/f-1") == {
        ("person/p-ann", "feedback"): {"text": "Late again"},
        ("feedback/f-1", AUTHOR): {"author": "p-bob"},
    }
    assert entry.actor == given_event.pseudonym == f"anonymous:{entry.event_id}"
    assert "p-bob" not in json.dumps([dict(entry.data), given_event.subjects("feedback/f-1")])
    assert subject.state.giver == entry.actor


def test_each_pseudonym_is_used_once():
    first, second = feedback(), given("feedback", "f-2", FEEDBACK, world=WORLD)
    second.id = "f-3"
    said = [subject.when(HIDDEN, actor="p-bob").event for subject in (first, second)]
    assert len({event.pseudonym for event in said if isinstance(event, FeedbackGiven)}) == 2


def test_the_rules_hold_without_a_name_too():
    feedback().when(HIDDEN, actor="p-ann").then(FeedbackToSelf)
    feedback(ASKED).when(HIDDEN, actor="p-bob").then(giving.AskedByName)


def test_where_few_could_have_written_it_feedback_has_a_name():
    for few in (0, 4):
        feedback().when(HIDDEN.among(few), actor="p-bob").then(giving.TooFewAuthors)
    feedback().when(GIVE.model_copy(update={"visibility": Visibility.ANONYMOUS}), actor="p-bob").then(AskedAlone)
    feedback().when(HIDDEN.among(5), actor="p-bob").then(FeedbackGiven)


def test_a_secret_is_for_hidden_authors_and_what_they_do_bears_the_same_pseudonym():
    digest = "ab" * 32
    feedback().when(GIVE.model_copy(update={"secret_digest": digest}), actor="p-bob").then(giving.SecretOnlyHidden)
    subject = feedback()
    entry = subject.history.do("feedback", "f-1", HIDDEN.model_copy(update={"secret_digest": digest}), actor="p-bob")
    assert subject.state.secret_digest == digest
    for command in (CorrectFeedback(text="Once", secret="x" * 32), WithdrawFeedback(secret="x" * 32)):
        assert command.hides_author()
        event = subject.when(command, actor="p-bob").event
        assert event is not None
        assert event.hidden_actor() == entry.actor
    assert not CorrectFeedback(text="Once").hides_author()
    named = feedback(FEEDBACK).when(CorrectFeedback(text="Once"), actor="p-bob").event
    assert named is not None
    assert named.hidden_actor() is None


def test_imported_feedback_has_no_author_to_hide():
    event = feedback().when(HIDDEN, actor="p-hr", testimony=True).event
    assert isinstance(event, FeedbackGiven)
    assert event.author is None


def with_office(officer: str) -> History:
    terms = PolicyTerms(offices=Offices(privacy_officer=officer))
    return given("policy", STANDING, PolicyPublished(version=1, label="P", terms=terms), world=WORLD).history


def test_an_author_is_opened_by_the_office_with_a_second_person_and_a_reason():
    ask = giving.AskForAuthor(reason="complaint")
    subject = feedback(UNNAMED, world=with_office("p-lead"))
    for actor in ("p-boss", "p-hr"):
        subject.when(ask, actor=actor).then(giving.NotTheOffice)
    subject.when(giving.AskForAuthor(), actor="p-lead").then(ReasonNeeded)
    subject.when(giving.OpenAuthor(), actor="p-hr").then(giving.NotAnonymous)
    subject.history.do("feedback", "f-1", ask, actor="p-lead")
    assert feedback(UNNAMED, AUTHOR_ASKED).state.opened_to is None
    subject.when(ask, actor="p-lead").then(AlreadyRecorded)
    subject.when(giving.OpenAuthor(), actor="p-lead").then(OwnAct)
    subject.history.do("feedback", "f-1", giving.OpenAuthor(), actor="p-hr")
    assert subject.state.opened_to == "p-lead"
    subject.when(giving.OpenAuthor(), actor="p-hr").then(AlreadyRecorded)


def test_the_recipient_opens_no_author_and_without_an_office_nobody_does():
    world = with_office("p-ann")
    feedback(UNNAMED, world=world).when(giving.AskForAuthor(reason="x"), actor="p-ann").then(OwnAct)
    feedback(UNNAMED, AUTHOR_ASKED).when(giving.OpenAuthor(), actor="p-ann").then(OwnAct)
    feedback(UNNAMED).when(giving.AskForAuthor(reason="x"), actor="p-hr").then(giving.NotTheOffice)
    feedback(FEEDBACK, world=world).when(giving.AskForAuthor(reason="x"), actor="p-ann").then(giving.NotAnonymous)


# Coaching


def conversation(*happened: Happened) -> Given:
    return given("coaching", "h-1", *happened, world=WORLD)


def test_coaching_was_held_with_somebody_else_who_was_there_that_day():
    hold = coaching.HoldCoaching(person="p-ann")
    conversation().when(hold, actor="p-ann").then(OwnAct)
    conversation().when(hold, actor="p-lead", on="2026-06-16").then(InTheFuture)
    eve = hold.model_copy(update={"person": "p-eve"})
    conversation().when(eve, actor="p-lead", on="2026-02-28").then(coaching.CoachingHeld)
    conversation().when(eve, actor="p-lead", on="2026-03-01").then(AfterLastDay)
    for field in ("participants", "goals"):
        unknown = hold.model_copy(update={field: ("nobody",)})
        conversation().when(unknown, actor="p-lead").then(UnknownReference)
    conversation(COACHED).when(hold, actor="p-lead").then(AlreadyExists)


def test_actions_are_agreed_by_those_who_took_part():
    agree = coaching.AgreeAction(holder="p-bob", due_on=day("2026-07-01"), text="x")
    conversation(COACHED).when(agree, actor="p-lead").then(coaching.NotInConversation)
    for holder in ("p-ann", "p-lead"):
        asked = agree.model_copy(update={"holder": holder})
        conversation(COACHED).when(asked, actor="p-lead").then(coaching.ActionAgreed)


def test_an_action_is_completed_once_by_its_holder():
    subject = conversation(COACHED, AGREED)
    done = coaching.CompleteAction(action=subject.entry(coaching.ActionAgreed))
    subject.when(done, actor="p-lead").then(coaching.NotTheirAction)
    subject.when(coaching.CompleteAction(action="another"), actor="p-ann").then(coaching.NoSuchAction)
    assert subject.state.holders == {"p-ann"}
    subject.history.do("coaching", "h-1", done, actor="p-ann")
    subject.when(done, actor="p-ann").then(AlreadyRecorded)


# Comments


def comment(*happened: Happened) -> Given:
    return given("comment", "x-1", *happened, world=WORLD)


def test_a_comment_is_answered_by_others_and_first_by_whom_it_asks():
    answer = comments.AnswerComment(text="Yes")
    subject = comment(REMARKED)
    subject.when(answer, actor="p-ann").then(OwnAct)
    subject.when(answer, actor="p-bob").then(comments.NotAskedToAnswer)
    subject.history.do("comment", "x-1", answer, actor="p-lead")
    subject.when(answer, actor="p-bob").then(comments.CommentAnswered)
    assert subject.state.answered_by == ("p-lead",)


@pytest.mark.parametrize(("to", "refusal"), [("p-ann", OwnAct), ("p-nobody", UnknownReference)])
def test_a_comment_asks_somebody_else(to: str, refusal: type):
    asked = comments.AddComment(about=Subject(kind="goal", id="g-unit"), to=to, text="x")
    comment().when(asked, actor="p-ann").then(refusal)
    comment(REMARKED).when(asked, actor="p-ann").then(AlreadyExists)
