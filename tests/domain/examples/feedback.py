"""Examples of feedback."""

from __future__ import annotations

from hashlib import sha256

from ledger.domain.feedback import (
    AcknowledgeFeedback,
    CorrectFeedback,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackRequested,
    FeedbackWithdrawn,
    GiveFeedback,
    RequestFeedback,
    Visibility,
    WithdrawFeedback,
    coaching,
    comments,
    giving,
    told,
)
from ledger.domain.policies.publishing import PolicyPublished
from ledger.kernel.event import Subject
from ledger.kernel.policy import STANDING, Offices, PolicyTerms
from tests.domain.examples.company import day
from tests.domain.examples.example import Example

SECRET = "kept by whoever gave it, and by nobody else"
FEEDBACK = (
    FeedbackGiven(recipient="p-ann", kind=FeedbackKind.ADVICE, visibility=Visibility.LINE, text="Ask earlier"),
    day("2026-05-01"),
    "p-bob",
)

ASKED = (FeedbackRequested(recipient="p-ann", asked="p-bob", requester="p-lead"), day("2026-05-01"), "p-lead")
UNNAMED = (
    FeedbackGiven(
        recipient="p-ann",
        kind=FeedbackKind.CONCERN,
        visibility=Visibility.ANONYMOUS,
        text="Listen",
        pseudonym="anonymous:1",
        author="p-bob",
    ),
    day("2026-05-01"),
    "p-bob",
)
AUTHOR_ASKED = (told.AuthorAsked(recipient="p-ann", asker="p-lead"), day("2026-05-02"), "p-lead")
OFFICE = PolicyPublished(version=1, label="Performance", terms=PolicyTerms(offices=Offices(privacy_officer="p-lead")))
COACHED = (coaching.CoachingHeld(person="p-ann", coach="p-lead"), day("2026-05-01"), "p-lead")
AGREED = (coaching.ActionAgreed(person="p-ann", holder="p-ann", due_on=day("2026-06-01")), day("2026-05-01"), "p-lead")
REMARKED = (
    comments.CommentAdded(about=Subject(kind="goal", id="g-unit"), author="p-ann", to="p-lead"),
    day("2026-05-01"),
    "p-ann",
)

EXAMPLES = (
    Example(
        "feedback",
        "f-1",
        GiveFeedback(recipient="p-ann", about=Subject(kind="goal", id="g-unit"), kind=FeedbackKind.PRAISE, text="Good"),
        FeedbackGiven,
        actor="p-bob",
    ),
    Example("feedback", "f-1", CorrectFeedback(text="Very good"), FeedbackCorrected, before=(FEEDBACK,), actor="p-bob"),
    Example("feedback", "f-1", AcknowledgeFeedback(), FeedbackAcknowledged, before=(FEEDBACK,), actor="p-ann"),
    Example(
        "feedback",
        "f-1",
        RequestFeedback(recipient="p-ann", asked="p-bob", note="How was the launch?"),
        FeedbackRequested,
        actor="p-ann",
    ),
    Example(
        "feedback",
        "f-1",
        GiveFeedback(recipient="p-ann", kind=FeedbackKind.ADVICE, text="As asked"),
        FeedbackGiven,
        (ASKED,),
        "p-bob",
    ),
    Example(
        "feedback",
        "f-1",
        GiveFeedback(
            recipient="p-ann",
            kind=FeedbackKind.CONCERN,
            text="Listen",
            visibility=Visibility.ANONYMOUS,
            secret_digest=sha256(SECRET.encode()).hexdigest(),
        ).among(5),
        FeedbackGiven,
        actor="p-bob",
    ),
    Example(
        "feedback",
        "f-1",
        giving.AskForAuthor(reason="complaint"),
        told.AuthorAsked,
        (UNNAMED,),
        "p-lead",
        (("policy", STANDING, OFFICE),),
    ),
    Example("feedback", "f-1", giving.OpenAuthor(), told.AuthorOpened, (UNNAMED, AUTHOR_ASKED)),
    Example(
        "coaching",
        "h-1",
        coaching.HoldCoaching(person="p-ann", participants=("p-hr",), goals=("g-unit",), note="Calm"),
        coaching.CoachingHeld,
        actor="p-lead",
    ),
    Example(
        "coaching",
        "h-1",
        coaching.AgreeAction(holder="p-ann", due_on=day("2026-07-01"), text="Call every client"),
        coaching.ActionAgreed,
        (COACHED,),
        "p-lead",
    ),
    Example(
        "coaching",
        "h-1",
        lambda subject: coaching.CompleteAction(action=subject.entry(coaching.ActionAgreed)),
        coaching.ActionCompleted,
        (COACHED, AGREED),
        "p-ann",
    ),
    Example(
        "comment",
        "x-1",
        comments.AddComment(about=Subject(kind="goal", id="g-unit"), to="p-lead", text="Is this the right metric?"),
        comments.CommentAdded,
        actor="p-ann",
    ),
    Example(
        "comment", "x-1", comments.AnswerComment(text="For this year"), comments.CommentAnswered, (REMARKED,), "p-lead"
    ),
    Example("feedback", "f-1", WithdrawFeedback(), FeedbackWithdrawn, before=(FEEDBACK,), actor="p-bob"),
)
