"""Feedback: to somebody else, read by the recipient, withdrawn without being erased."""

from __future__ import annotations

import pytest

from ledger.domain.feedback import (
    AcknowledgeFeedback,
    CorrectFeedback,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackToSelf,
    FeedbackWithdrawn,
    GiveFeedback,
    ReadersOnlyNamed,
    Visibility,
    WithdrawFeedback,
)
from ledger.kernel.command import Command
from ledger.kernel.event import Subject
from ledger.kernel.refusals import OwnAct, UnknownReference
from tests.domain.examples import FEEDBACK, company, day
from tests.domain.given import Given, Happened, given

WORLD = company()
READ = FeedbackAcknowledged(recipient="p-ann"), day("2026-05-02"), "p-ann"
CORRECTED = FeedbackCorrected(recipient="p-ann"), day("2026-05-03"), "p-bob"
TAKEN_BACK = FeedbackWithdrawn(recipient="p-ann"), day("2026-05-04"), "p-bob"
GIVE = GiveFeedback(recipient="p-ann", kind=FeedbackKind.CONCERN, text="Late again")


def feedback(*happened: Happened) -> Given:
    return given("feedback", "f-1", *happened, world=WORLD)


@pytest.mark.parametrize(
    ("happened", "answers"),
    [
        ((), ("FeedbackGiven", "not_found", "not_found", "not_found")),
        ((FEEDBACK,), ("already_exists", "FeedbackCorrected", "FeedbackAcknowledged", "FeedbackWithdrawn")),
        ((FEEDBACK, READ), ("already_exists", "FeedbackCorrected", "already_recorded", "FeedbackWithdrawn")),
        (
            (FEEDBACK, READ, CORRECTED),
            ("already_exists", "FeedbackCorrected", "FeedbackAcknowledged", "FeedbackWithdrawn"),
        ),
        (
            (FEEDBACK, TAKEN_BACK),
            ("already_exists", "feedback_withdrawn", "feedback_withdrawn", "already_recorded"),
        ),
    ],
)
def test_what_each_state_answers(happened: tuple[Happened, ...], answers: tuple[str, ...]):
    asked: list[tuple[Command, str]] = [
        (GIVE, "p-bob"),
        (CorrectFeedback(text="Late once"), "p-bob"),
        (AcknowledgeFeedback(), "p-ann"),
        (WithdrawFeedback(), "p-bob"),
    ]
    assert tuple(feedback(*happened).when(command, actor=actor).said for command, actor in asked) == answers


def test_nobody_gives_feedback_to_themselves_or_acknowledges_their_own():
    feedback().when(GIVE, actor="p-ann").then(FeedbackToSelf)
    feedback(FEEDBACK).when(AcknowledgeFeedback(), actor="p-bob").then(OwnAct)


def test_the_text_is_the_recipients():
    event = feedback().when(GIVE, actor="p-bob").event
    assert event is not None
    assert event.sealed_texts("feedback/f-1") == {("person/p-ann", "feedback"): {"text": "Late again"}}
    assert b"Late" not in event.clear_json()


def test_readers_are_named_once_and_only_where_visibility_is_by_name():
    asked = GiveFeedback(recipient="p-ann", kind=FeedbackKind.PRAISE, text="Good", readers=("p-lead", "p-lead"))
    event = feedback().when(asked, actor="p-bob").event
    assert isinstance(event, FeedbackGiven)
    assert (event.visibility, event.readers) == (Visibility.NAMED, ("p-lead",))
    line = asked.model_copy(update={"visibility": Visibility.LINE})
    feedback().when(line, actor="p-bob").then(ReadersOnlyNamed)


@pytest.mark.parametrize(
    "changed",
    [{"recipient": "p-nobody"}, {"readers": ("p-nobody",)}, {"about": Subject(kind="goal", id="g-unheard-of")}],
)
def test_people_and_goals_that_it_names_are_known(changed: dict[str, object]):
    feedback().when(GIVE.model_copy(update=changed), actor="p-bob").then(UnknownReference)


def test_a_free_subject_may_be_named_without_an_entry_of_its_own():
    about = {"about": Subject(kind="process", id="billing")}
    feedback().when(GIVE.model_copy(update=about), actor="p-bob").then(FeedbackGiven)
