"""Where a goal stands: its terms, the owner's answer, and its targets as a timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from ledger.domain.figures import Pause
from ledger.domain.goals.events import (
    GoalAccepted,
    GoalAssigned,
    GoalClosed,
    GoalDisputed,
    GoalHandedOver,
    GoalPaused,
    GoalProposed,
    GoalReopened,
    GoalResumed,
    GoalTargetRevised,
    GoalTerms,
    GoalWithdrawn,
    MilestoneReached,
    MilestoneSet,
)
from ledger.kernel.annulment import applied, is_annulment, remember
from ledger.kernel.command import Act
from ledger.kernel.event import Entry, Subject
from ledger.kernel.facts import Terms
from ledger.kernel.holders import Holder
from ledger.kernel.moments import ONE_TICK, begins, day_of
from ledger.kernel.refusals import (
    NotFound,
    Refusal,
)
from ledger.kernel.timeline import Change, Timelines

PAUSED = "paused"


class Stage(StrEnum):
    """Where a goal stands."""

    UNKNOWN = "unknown"
    PROPOSED = "proposed"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    """What the owner said to the goal as it stands."""

    ACCEPTED = "accepted"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Target:
    """A target in force, with its stretch."""

    value: Decimal
    stretch: Decimal | None


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone: the share of the way it stands for, its day, and when it was reached, if it was."""

    due_on: date
    share: Decimal
    reached_on: date | None = None
    entry: str | None = None  # that set it last


@dataclass(frozen=True, slots=True)
class GoalState:
    """A goal: its terms, where it stands, the owner's answer, its milestones, and targets and pauses as timelines."""

    stage: Stage = Stage.UNKNOWN
    terms: GoalTerms | None = None
    entry: str | None = None  # the entry that stated the terms
    owners: tuple[tuple[datetime | None, Subject], ...] = ()  # since when each has it; the first from ever
    imported_at: datetime | None = None  # when imported history told of its terms; None for a live act
    assigner: str | None = None
    proposer: str | None = None  # who may take it back while it is only proposed
    answer: Answer | None = None
    targets: Timelines[str, Target] = field(default_factory=Timelines)
    pauses: Timelines[str, bool] = field(default_factory=Timelines)
    milestones: Mapping[str, Step] = field(default_factory=dict)
    dated: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Subject | None:
        """Return the person or unit that has the goal."""
        return None if self.terms is None else self.terms.owner

    @property
    def owner_unit(self) -> str | None:
        """Return the owner's id where a unit owns the goal."""
        return unit_id(self.owner)

    @property
    def metric(self) -> str | None:
        """Return the metric by which the goal is measured."""
        return None if self.terms is None else self.terms.metric

    @property
    def starts_on(self) -> date | None:
        """Return the first day of the period."""
        return None if self.terms is None else self.terms.starts_on

    @property
    def ends_on(self) -> date | None:
        """Return the last day of the period."""
        return None if self.terms is None else self.terms.ends_on

    def is_paused(self, at: datetime) -> bool:
        """Tell whether nothing is expected at that instant."""
        return self.pauses[PAUSED].value_on(at) is True

    def paused(self, zone: ZoneInfo) -> tuple[Pause, ...]:
        """Return the runs of days on which nothing is expected, in order."""
        runs: list[Pause] = []
        for change in self.pauses[PAUSED].changes:
            day, open_run = day_of(change.at, zone), bool(runs) and runs[-1].until is None
            if change.value and not open_run:
                runs.append(Pause(day, entry=change.event_id))
            elif not change.value and open_run:
                runs[-1] = replace(runs[-1], until=day)
        return tuple(runs)

    def target_on(self, day: date, act: Act) -> Target:
        """Return the target in force at the end of a day."""
        return self.target_at(day, act.facts)

    def target_at(self, day: date, facts: Terms) -> Target:
        """Return the target in force at the end of a day, in the ledger's zone."""
        last = begins(day + timedelta(days=1), facts.zone) - ONE_TICK
        return self.targets["target"].value_on(last) or self._first_target()

    def target_from(self, act: Act) -> Target:
        """Return the target in force when an act takes effect."""
        return self.targets["target"].value_on(act.begins) or self._first_target()

    def _first_target(self) -> Target:
        if self.terms is None:
            raise NotFound()
        return Target(self.terms.target, self.terms.stretch)

    def require_running(self) -> None:
        """Refuse unless the goal is assigned and neither closed nor withdrawn."""
        refusals: dict[Stage, type[Refusal]] = {
            Stage.UNKNOWN: NotFound,
            Stage.PROPOSED: GoalOnlyProposed,
            Stage.CLOSED: GoalIsClosed,
            Stage.WITHDRAWN: GoalIsWithdrawn,
        }
        if self.stage in refusals:
            raise refusals[self.stage]()


def unit_id(owner: Subject | Holder | None) -> str | None:
    """Return the owner's id where it is a unit."""
    return owner.id if owner is not None and owner.kind == "unit" else None


def evolve_goal(state: GoalState, entry: Entry) -> GoalState:
    """Return the state after `entry`; a revised target, a reopening or a new assignment awaits a new answer."""
    if is_annulment(entry):
        return _annulled(state, entry)
    return _course(state, entry) or _binding(state, entry)


def _annulled(state: GoalState, entry: Entry) -> GoalState:
    """A changed target awaits a new answer; a changed pause does not."""
    targets = applied(state.targets, entry)
    answer = state.answer if state.pauses.knows(getattr(entry.event, "entry", "")) else None
    pauses, dated = applied(state.pauses, entry), remember(state.dated, entry)
    return replace(state, targets=targets, pauses=pauses, dated=dated, answer=answer)


def _course(state: GoalState, entry: Entry) -> GoalState | None:
    """Return the state after what happens on the way: pauses, milestones, a hand-over."""
    match entry.event:
        case GoalPaused() | GoalResumed() as event:
            change = Change(entry.begins, entry.position, entry.event_id, isinstance(event, GoalPaused))
            pauses = state.pauses.with_change(PAUSED, change)
            return replace(state, pauses=pauses, dated=remember(state.dated, entry))
        case MilestoneSet(milestone=milestone, due_on=due_on, share=share):
            return replace(state, milestones={**state.milestones, milestone: Step(due_on, share, entry=entry.event_id)})
        case MilestoneReached(milestone=milestone, day=day) if milestone in state.milestones:
            done = replace(state.milestones[milestone], reached_on=day)
            return replace(state, milestones={**state.milestones, milestone: done})
        case GoalHandedOver(taker=taker, employment=employment) if state.terms is not None:
            terms = state.terms.model_copy(update={"owner": taker, "employment": employment})
            return replace(state, terms=terms, owners=_handed(state, entry, taker), answer=None, assigner=entry.actor)
    return None


def _handed(state: GoalState, entry: Entry, taker: Subject) -> tuple[tuple[datetime | None, Subject], ...]:
    """Return the owners with the taker from the hand-over on; what is said last counts from its time on."""
    before = (one for one in state.owners if one[0] is None or one[0] < entry.begins)
    return (*before, (entry.begins, taker))


def _binding(state: GoalState, entry: Entry) -> GoalState:
    match entry.event:
        case GoalProposed() as terms:
            fresh = replace(state, stage=Stage.PROPOSED, terms=terms, entry=entry.event_id, proposer=entry.actor)
            return replace(fresh, owners=((None, terms.owner),))
        case GoalAssigned() as terms:
            fresh = replace(state, stage=Stage.ASSIGNED, terms=terms, entry=entry.event_id, assigner=entry.actor)
            imported_at = entry.recorded_at if entry.testimony else None
            return replace(fresh, owners=((None, terms.owner),), imported_at=imported_at, proposer=None, answer=None)
        case GoalAccepted():
            return replace(state, answer=Answer.ACCEPTED)
        case GoalDisputed():
            return replace(state, answer=Answer.DISPUTED)
        case GoalTargetRevised(target=target, stretch=stretch):
            change = Change(entry.begins, entry.position, entry.event_id, Target(target, stretch))
            lines = state.targets.with_change("target", change)
            return replace(state, targets=lines, dated=remember(state.dated, entry), answer=None, assigner=entry.actor)
        case GoalClosed():
            return replace(state, stage=Stage.CLOSED)
        case GoalReopened():
            return replace(state, stage=Stage.ASSIGNED)
        case GoalWithdrawn():
            return replace(state, stage=Stage.WITHDRAWN)
    return state


class GoalOnlyProposed(Refusal):
    """A proposal binds nobody: it can be adopted or withdrawn only."""

    code = "goal_only_proposed"
    en = "This goal is only proposed; it binds once a lead assigns it."
    zh = "该目标仅为提议，由负责人下达后方才生效。"
    accepted_en = "assigning it first"
    accepted_zh = "先下达该目标"


class GoalIsClosed(Refusal):
    """A closed goal changes only after it was reopened."""

    code, rule = "goal_closed", "contradictory_states_need_a_reversal"
    en = "The goal is closed."
    zh = "该目标已关闭。"
    accepted_en = "reopening it first"
    accepted_zh = "先重新开启该目标"


class GoalIsWithdrawn(Refusal):
    """A withdrawn goal holds no more; another one is assigned instead."""

    code, rule = "goal_withdrawn", "contradictory_states_need_a_reversal"
    en = "The goal is withdrawn."
    zh = "该目标已撤回。"
    accepted_en = "assigning another goal"
    accepted_zh = "另行下达目标"
