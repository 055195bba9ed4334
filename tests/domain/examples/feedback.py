"""Examples of feedback."""

from __future__ import annotations

from ledger.domain.feedback import (
    AcknowledgeFeedback,
    CorrectFeedback,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackWithdrawn,
    GiveFeedback,
    Visibility,
    WithdrawFeedback,
)
from ledger.kernel.event import Subject
from tests.domain.examples.company import day
from tests.domain.examples.example import Example

FEEDBACK = (
    FeedbackGiven(recipient="p-ann", kind=FeedbackKind.ADVICE, visibility=Visibility.LINE, text="Ask earlier"),
    day("2026-05-01"),
    "p-bob",
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
    Example("feedback", "f-1", WithdrawFeedback(), FeedbackWithdrawn, before=(FEEDBACK,), actor="p-bob"),
)
