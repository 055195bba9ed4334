"""What can happen to a review: opened, assessed, rated, calibrated, published, answered, appealed, reopened."""

from enum import StrEnum
from typing import Annotated

from ledger.domain.figures import Quantity
from ledger.kernel.event import Event, Seal, Value
from ledger.kernel.ids import CalibrationId, Code, ContentHash, CycleId, GoalId, Grade, Id, MetricId, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.policy import Scale
from ledger.kernel.texts import Note

SealedNote = Annotated[Note | None, Seal("person", "performance")]


class AssessmentKind(StrEnum):
    """From which seat somebody assesses."""

    SELF = "self"
    PEER = "peer"
    UPWARD = "upward"
    DOTTED_LINE = "dotted_line"


class AppealOutcome(StrEnum):
    """What an appeal led to."""

    STANDS = "stands"
    CHANGED = "changed"


class PlanOutcome(StrEnum):
    """What an improvement plan led to."""

    MET = "met"
    NOT_MET = "not_met"
    ABANDONED = "abandoned"


class GoalAsItStood(Value):
    """The terms of a goal when the review was opened; later revisions leave them as they were."""

    goal: GoalId
    metric: MetricId
    baseline: Quantity | None = None
    target: Quantity
    weight: Quantity | None = None
    starts_on: Day
    ends_on: Day


class ReviewOpened(Event, context="reviews"):
    """A person's work in a period is to be judged, by these goals and on this scale as they stand."""

    person: PersonId
    employment: Id | None = None
    cycle: CycleId | None = None
    starts_on: Day
    ends_on: Day
    goals: tuple[GoalId, ...] = ()
    terms: tuple[GoalAsItStood, ...] = ()
    scale: Scale
    policy_version: int


class ReviewExempted(Event, context="reviews"):
    """The person is not judged this time and leaves every denominator."""

    person: PersonId


class ReviewersNamed(Event, context="reviews"):
    """Who is to assess besides the person and the lead."""

    person: PersonId
    peers: tuple[PersonId, ...] = ()
    upward: tuple[PersonId, ...] = ()
    dotted_line: tuple[PersonId, ...] = ()


class ReviewHandedOver(Event, context="reviews"):
    """Somebody else judges from now on; what is recorded stays, and the giver's draft travels along."""

    person: PersonId
    giver: PersonId | None = None
    taker: PersonId
    draft: Id | None = None


class AssessmentSubmitted(Event, context="reviews"):
    """Somebody assesses from their seat; input to the result, never the result."""

    person: PersonId
    assessor: PersonId
    kind: AssessmentKind
    grade: Grade | None = None
    note: SealedNote = None


class AssessmentReturned(Event, context="reviews"):
    """A submitted assessment goes back to its assessor, with a reason; it stays on record."""

    person: PersonId
    assessor: PersonId
    entry: Id
    note: SealedNote = None


class RatingProposed(Event, context="reviews"):
    """The lead's judgement; it is no result before it is published."""

    person: PersonId
    judge: PersonId
    grade: Grade
    note: SealedNote = None


class RatingCalibrated(Event, context="reviews"):
    """The leads' lead puts a grade in the place of the one proposed; `rating` is the entry that it overrides."""

    person: PersonId
    rating: Id
    before: Grade
    after: Grade
    calibrator: PersonId
    session: CalibrationId | None = None
    note: SealedNote = None


class CalibrationCancelled(Event, context="reviews"):
    """The calibrated grade holds no more; the one that it overrode holds again."""

    person: PersonId
    rating: Id
    before: Grade
    after: Grade


class ResultPublished(Event, context="reviews"):
    """The grade is told to the person; `content` binds all that it rests on, `replaces` is an earlier result."""

    person: PersonId
    grade: Grade
    rating: Id
    publisher: PersonId
    content: ContentHash
    replaces: Id | None = None


class ReviewMeetingHeld(Event, context="reviews"):
    """The result was told in person."""

    person: PersonId
    holder: PersonId
    note: SealedNote = None


class ResultReceived(Event, context="reviews"):
    """The person has seen the result; that is no agreement."""

    person: PersonId
    result: Id


class ResultAccepted(Event, context="reviews"):
    """The person accepts exactly this result."""

    person: PersonId
    result: Id
    content: ContentHash


class ResultAcceptanceRefused(Event, context="reviews"):
    """The person does not accept the result; it stands all the same."""

    person: PersonId
    result: Id
    note: SealedNote = None


class ResultAppealed(Event, context="reviews"):
    """The person asks for another decision."""

    person: PersonId
    result: Id
    ground: Code
    note: SealedNote = None


class AppealAssigned(Event, context="reviews"):
    """Somebody who did not judge is to decide the appeal."""

    person: PersonId
    appeal: Id
    decider: PersonId


class AppealDecided(Event, context="reviews"):
    """The appeal leaves the result as it stands, or changes the grade."""

    person: PersonId
    appeal: Id
    decider: PersonId
    outcome: AppealOutcome
    before: Grade
    after: Grade
    note: SealedNote = None


class ReviewReopened(Event, context="reviews"):
    """The review is judged again as a whole: no rating, result or answer of before holds, and all stay on record."""

    person: PersonId


class ReviewWithdrawn(Event, context="reviews"):
    """The review should not have been opened; nothing is judged by it."""

    person: PersonId


class ImprovementPlanOpened(Event, context="reviews"):
    """What is to become better, by when."""

    person: PersonId
    lead: PersonId
    starts_on: Day
    ends_on: Day
    goals: tuple[GoalId, ...] = ()
    note: SealedNote = None


class ImprovementPlanClosed(Event, context="reviews"):
    """How the plan ended; `plan` is the entry that opened it."""

    person: PersonId
    plan: Id
    outcome: PlanOutcome
    note: SealedNote = None
