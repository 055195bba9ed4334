"""Feedback between people: what is told, asked, coached and remarked, and who may read it."""

from ledger.domain.feedback import coaching, comments, giving
from ledger.domain.feedback.giving import (
    AcknowledgeFeedback,
    CorrectFeedback,
    FeedbackIsWithdrawn,
    FeedbackToSelf,
    GiveFeedback,
    ReadersOnlyNamed,
    RequestFeedback,
    WithdrawFeedback,
)
from ledger.domain.feedback.told import (
    AUTHOR,
    FeedbackAcknowledged,
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackKind,
    FeedbackRequested,
    FeedbackState,
    FeedbackWithdrawn,
    Visibility,
)

STREAMS = (giving.STREAM, coaching.STREAM, comments.STREAM)

__all__ = [
    "AUTHOR",
    "STREAMS",
    "AcknowledgeFeedback",
    "CorrectFeedback",
    "FeedbackAcknowledged",
    "FeedbackCorrected",
    "FeedbackGiven",
    "FeedbackIsWithdrawn",
    "FeedbackKind",
    "FeedbackRequested",
    "FeedbackState",
    "FeedbackToSelf",
    "FeedbackWithdrawn",
    "GiveFeedback",
    "ReadersOnlyNamed",
    "RequestFeedback",
    "Visibility",
    "WithdrawFeedback",
    "coaching",
    "comments",
    "giving",
]
