"""What can happen to a goal: proposed, assigned, answered, revised, closed, reopened, withdrawn."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.domain import figures
from ledger.domain.figures import Quantity
from ledger.kernel.event import Event, Seal, Subject
from ledger.kernel.ids import Code, GoalId, Id, JobProfileId, MetricId
from ledger.kernel.moments import Day
from ledger.kernel.texts import Name, Note, Pointer

Weight = Annotated[Quantity, Field(gt=0, le=100)]
Share = Annotated[Quantity, Field(gt=0, le=1)]


class Interval(StrEnum):
    """What one target value covers: the whole period of the goal, or each interval of it."""

    PERIOD = "period"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class ScoredBy(StrEnum):
    """Which figure scores the goal."""

    PROGRESS = "progress"
    ATTAINMENT = "attainment"
    HIT_RATE = "hit_rate"


# Events


class GoalTerms(Event):
    """What a proposed and an assigned goal both state. `ends_on` is the last day of the period."""

    owner: Subject
    employment: Id | None = None
    title: Annotated[Name | None, Seal("owner", "performance")] = None
    metric: MetricId
    baseline: Quantity | None = None
    target: Quantity
    interval: Interval = Interval.PERIOD
    tolerance: Quantity | None = None
    stretch: Quantity | None = None
    starts_on: Day
    ends_on: Day
    weight: Weight | None = None
    parent: GoalId | None = None
    share: Share | None = None
    scored_by: ScoredBy


class GoalProposed(GoalTerms, context="goals"):
    """Somebody who may not assign it, or a rule, suggests a goal; `profile` is the job's that it comes from.

    It binds nobody yet.
    """

    profile: JobProfileId | None = None


class GoalAssigned(GoalTerms, context="goals"):
    """The owner has the goal; `proposal` is the entry that it adopts."""

    proposal: Id | None = None


class GoalAccepted(Event, context="goals"):
    """The owner accepts the goal as it stands."""

    owner: Subject


class GoalDisputed(Event, context="goals"):
    """The owner objects, perhaps with another target; the goal stays binding."""

    owner: Subject
    counter_target: Quantity | None = None
    note: Annotated[Note | None, Seal("owner", "performance")] = None


class GoalTargetRevised(Event, context="goals", dated=True):
    """Another target is in force from then on; earlier intervals keep theirs."""

    owner: Subject
    target: Quantity
    stretch: Quantity | None = None


class GoalClosed(Event, context="goals"):
    """The goal ends with these figures: each a value, or a code that says why there is none."""

    owner: Subject
    metric: MetricId
    target: Quantity
    actual: Quantity | None = None
    actual_on: Day | None = None
    actual_from: figures.Origin | None = None
    actual_entry: Id | None = None
    progress: Decimal | None = None
    progress_why: figures.Why | None = None
    attainment: Decimal | None = None
    attainment_why: figures.Why | None = None
    reached: bool | None = None
    formula: Code


class GoalReopened(Event, context="goals"):
    """A closed goal runs again; the figures it was closed with stay on record."""

    owner: Subject


class GoalWithdrawn(Event, context="goals"):
    """The goal or proposal holds no more; nothing is scored by it."""

    owner: Subject


class GoalHandedOver(Event, context="goals"):
    """Somebody else has the goal from now on; what was reported before stays the giver's."""

    owner: Subject
    taker: Subject
    employment: Id | None = None


class GoalPaused(Event, context="goals", dated=True):
    """Nothing is expected on the goal from then on; its path stands still."""

    owner: Subject


class GoalResumed(Event, context="goals", dated=True):
    """The path goes on from then on, as steep as before."""

    owner: Subject


class MilestoneSet(Event, context="goals"):
    """By a day this share of the whole way is to be done; set again, it takes the place of the earlier one."""

    owner: Subject
    milestone: Code
    due_on: Day
    share: Share
    title: Annotated[Name | None, Seal("owner", "performance")] = None


class MilestoneReached(Event, context="goals"):
    """The owner claims that the milestone was reached on a day."""

    owner: Subject
    milestone: Code
    day: Day
    evidence: Annotated[tuple[Pointer, ...] | None, Seal("owner", "performance")] = None
