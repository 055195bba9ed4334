"""What can be asked of a goal, by whom, and why it may be refused."""

from typing import Annotated

from pydantic import Field

from ledger.domain.figures import Quantity
from ledger.domain.goals.events import Interval, ScoredBy, Share, Weight
from ledger.domain.goals.state import unit_id
from ledger.kernel.annulment import commands_for
from ledger.kernel.command import By, Command
from ledger.kernel.holders import Holder
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day
from ledger.kernel.refusals import Refusal
from ledger.kernel.texts import Name, Note, Pointer

_LEADS = (By("lead", "owner"), By("unit_lead", "owner_unit"))
_LEADS_OR_HR = (*_LEADS, By("hr_for_lead", "owner"))  # HR only where the policy marks it instead of refusing it
_OWN = (By("own", "owner"),)
_HR = (By("role:hr_administrator"),)


class StateGoal(Command):
    """What proposing and assigning a goal both ask for."""

    owner: Holder
    employment: Id | None = Field(default=None, description="the owner's running employment if absent")
    title: Name
    metric: Id
    baseline: Quantity | None = None
    target: Quantity
    interval: Interval = Field(default=Interval.PERIOD, description="what one target value covers")
    tolerance: Quantity | None = Field(default=None, ge=0, description="to maintain: how far the value may stray")
    stretch: Quantity | None = None
    starts_on: Day
    ends_on: Day = Field(description="the last day of the period")
    weight: Weight | None = None
    parent: Id | None = Field(default=None, description="the goal that this one serves")
    share: Share | None = Field(default=None, description="the part of the parent's target that this goal carries")
    scored_by: ScoredBy = ScoredBy.PROGRESS

    @property
    def owner_unit(self) -> str | None:
        """Return the owner's id where a unit is to own the goal."""
        return unit_id(self.owner)


class ProposeGoal(
    StateGoal,
    stream="goal",
    verb="propose",
    by=(*_OWN, *_LEADS, By("hr_partner", "owner"), *_HR, By("system", "rules")),
    starts=True,
):
    """Suggest a goal; it binds once a lead assigns it."""

    profile: Id | None = Field(default=None, description="the job profile that asks for it")


class AssignGoal(StateGoal, stream="goal", verb="assign", by=_LEADS_OR_HR, starts=True, repeats=True):
    """Give the owner a goal, or adopt a proposed one, as it was or changed."""


class AcceptGoal(Command, stream="goal", verb="accept", by=_OWN):
    """Accept the goal as it stands."""


class DisputeGoal(Command, stream="goal", verb="dispute", by=_OWN):
    """Object to the goal; it stays binding."""

    counter_target: Quantity | None = None
    note: Note | None = None


class ReviseTarget(Command, stream="goal", verb="revise-target", by=_LEADS_OR_HR):
    """Set another target from a day on, with a reason."""

    target: Quantity
    stretch: Quantity | None = None


class CloseGoal(Command, stream="goal", verb="close", by=_LEADS_OR_HR):
    """Close the goal; its figures are kept as they stand."""


class ReopenGoal(Command, stream="goal", verb="reopen", by=_LEADS):
    """Let a closed goal run again, with a reason."""


class WithdrawGoal(Command, stream="goal", verb="withdraw", by=(*_LEADS, By("own", "proposer"))):
    """Take the goal or proposal back, with a reason; a proposer may take back a proposal."""


class HandOverGoal(Command, stream="goal", verb="hand-over", by=_LEADS):
    """Let somebody else have the goal from now on, with a reason; the taker answers it anew."""

    taker: Holder
    employment: Id | None = Field(default=None, description="the taker's running employment if absent")


class PauseGoal(Command, stream="goal", verb="pause", by=(*_LEADS, By("system", "rules"))):
    """Expect nothing from a day on, with a reason."""


class ResumeGoal(Command, stream="goal", verb="resume", by=(*_LEADS, By("system", "rules"))):
    """Let the expected path go on from a day on."""


class SetMilestone(Command, stream="goal", verb="set-milestone", by=_LEADS):
    """Say which share of the way is to be done by a day; a milestone is set anew with a reason."""

    milestone: Code
    due_on: Day
    share: Share
    title: Name | None = None


class ReachMilestone(Command, stream="goal", verb="reach-milestone", by=_OWN, claim=True):
    """Say that a milestone was reached."""

    milestone: Code
    day: Day | None = Field(default=None, description="the effective day if absent")
    evidence: Annotated[tuple[Pointer, ...], Field(max_length=20)] | None = None


AnnulGoalEntry, RedateGoalEntry = commands_for("goal", _LEADS)


class AcceptedAlready(Refusal):
    """What was accepted is disputed only after it has changed."""

    code, rule = "goal_accepted", "contradictory_states_need_a_reversal"
    en = "The owner has accepted the goal as it stands."
    zh = "目标承担人已确认该目标。"


class ParentNotRunning(Refusal):
    """A goal serves a parent that binds somebody."""

    code, markable = "parent_not_running", True
    en = "The parent goal is only proposed, closed or withdrawn."
    zh = "上级目标仅为提议，或已关闭、撤回。"


class ShareWithoutParent(Refusal):
    """A share is a part of a parent's target."""

    code, status = "share_without_parent", 422
    en = "A share needs the parent goal that it is a part of."
    zh = "填写分解比例须同时指明上级目标。"


class NotPaused(Refusal):
    """Only what is paused is resumed."""

    code = "not_paused"
    en = "The goal is not paused at that time."
    zh = "该目标在该时间并未暂停。"


class NoSuchMilestone(Refusal):
    """Only a milestone that was set is reached."""

    code = "no_such_milestone"
    en = "The goal has no milestone {milestone}."
    zh = "该目标没有里程碑 {milestone}。"


class MilestoneOutsidePeriod(Refusal):
    """A milestone lies within the goal's period."""

    code, status = "milestone_outside_period", 422
    en = "The milestone does not lie within the goal's period."
    zh = "里程碑不在目标周期之内。"


class OtherOwner(Refusal):
    """A proposal is adopted for the owner it was made for."""

    code = "other_owner"
    en = "The goal was proposed for another owner."
    zh = "该目标是为其他承担人提议的。"


class OutsidePeriod(Refusal):
    """A target takes effect by the last day of the goal's period."""

    code, status = "outside_period", 422
    en = "That day lies after the goal's period."
    zh = "该日期在目标周期之后。"


class AgainstDirection(Refusal):
    """A target lies on the better side of the baseline, a stretch on the better side of the target."""

    code, status, markable = "against_direction", 422, True
    en = "Direction {direction}: the target is worse than the baseline, or the stretch than the target."
    zh = "该指标的方向为 {direction}，但目标值劣于基准值，或挑战值劣于目标值。"
    accepted_en = "a target that is better than the baseline, or no baseline"
    accepted_zh = "优于基准值的目标值，或不填基准值"


class BandNeeded(Refusal):
    """A metric to be maintained needs a tolerance, any other has none."""

    code, status = "band_needed", 422
    en = "A tolerance belongs to a metric that is to be maintained, and to no other."
    zh = "仅“维持”类指标需要且必须填写允许偏差。"


GOAL_COMMANDS = (
    ProposeGoal,
    AssignGoal,
    AcceptGoal,
    DisputeGoal,
    ReviseTarget,
    CloseGoal,
    ReopenGoal,
    WithdrawGoal,
    HandOverGoal,
    PauseGoal,
    ResumeGoal,
    SetMilestone,
    ReachMilestone,
    AnnulGoalEntry,
    RedateGoalEntry,
)
