"""Gathering: which events the statistics rest on, kept until they are annulled or re-dated, and read back as known."""

from collections.abc import Iterable
from datetime import UTC, datetime

from projections.accountability.acts import Act, read_acts
from projections.accountability.report import Circumstances
from projections.engine import View
from projections.engine.projection import RawEvent

FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
CONTEXTS = ("outcomes.Outcome", "outcomes.Survey", "training.", "hiring.")
MORE = frozenset(
    {
        "goals.MetricDefined",
        "goals.ConversionStated",
        "goals.GoalTargetRevised",
        "policies.PolicyPublished",
        "privacy.ErasureConfirmed",
        "privacy.SubjectErased",
        "reviews.ReviewOpened",
        "reviews.ResultPublished",
        "reviews.AppealDecided",
        "reviews.ReviewReopened",
        "reviews.ReviewWithdrawn",
        "people.EmploymentStarted",
        "people.EmploymentStartCancelled",
        "feedback.CoachingHeld",
    }
)


def is_kept(event: RawEvent) -> bool:
    """Tell whether the statistics rest on an event."""
    return event["topic"].startswith(CONTEXTS) or event["topic"] in MORE


def acts(view: View, topics: Iterable[str], asked: Circumstances) -> list[Act]:
    """Return every event of these kinds up to the time asked about, as known, in order of recording."""
    period = {"since": FIRST, "until": asked.on, "known": asked.known, "topics": list(topics)}
    return read_acts(view, period, asked.known)
