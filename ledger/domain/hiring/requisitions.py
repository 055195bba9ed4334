"""Requisitions: a unit's lead asks for people, somebody above approves or refuses."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id, JobProfileId, PersonId, UnitId
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    NotFound,
    OwnAct,
    Refusal,
    UnitGone,
)

Headcount = Annotated[int, Field(ge=1, le=10_000)]


# Events


class RequisitionOpened(Event, context="hiring"):
    """A unit asks for people; `requirements` is the entry of the job profile in its form of that time."""

    unit: UnitId
    profile: JobProfileId
    requirements: Id
    headcount: Headcount
    opener: PersonId


class RequisitionApproved(Event, context="hiring"):
    """Applications may come in."""

    unit: UnitId


class RequisitionRefused(Event, context="hiring"):
    """The request is turned down, for the coded reason in the envelope."""

    unit: UnitId


class RequisitionClosed(Event, context="hiring"):
    """No more applications are taken; those under way go on."""

    unit: UnitId


# State


class Stage(StrEnum):
    """Where a requisition stands."""

    UNKNOWN = "unknown"
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RequisitionState:
    """A requisition: for which unit and job, by whom, and where it stands."""

    stage: Stage = Stage.UNKNOWN
    opened: RequisitionOpened | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that asks."""
        return None if self.opened is None else self.opened.unit

    @property
    def opener(self) -> str | None:
        """Return the person who asked."""
        return None if self.opened is None else self.opened.opener


def evolve(state: RequisitionState, entry: Entry) -> RequisitionState:
    """Return the state after `entry`."""
    match entry.event:
        case RequisitionOpened() as opened:
            return RequisitionState(Stage.OPEN, opened)
        case RequisitionApproved():
            return replace(state, stage=Stage.APPROVED)
        case RequisitionRefused():
            return replace(state, stage=Stage.REFUSED)
        case RequisitionClosed():
            return replace(state, stage=Stage.CLOSED)
    return state


# Commands

_APPROVERS = (By("lead", "opener"),)


class OpenRequisition(Command, stream="requisition", verb="open", by=(By("unit_lead", "unit"),), starts=True):
    """Ask for people for a unit."""

    unit: Id
    profile: Id
    headcount: Headcount = 1


class ApproveRequisition(Command, stream="requisition", verb="approve", by=_APPROVERS):
    """Approve the request of somebody one leads."""


class RefuseRequisition(Command, stream="requisition", verb="refuse", by=_APPROVERS):
    """Refuse the request of somebody one leads, with a reason."""


class CloseRequisition(
    Command,
    stream="requisition",
    verb="close",
    by=(By("unit_lead", "unit"), By("role:hr_administrator")),
):
    """Take no more applications."""


class RequisitionSettled(Refusal):
    """Approved, refused or closed is final: another need is another requisition."""

    code, rule = "requisition_settled", "contradictory_states_need_a_reversal"
    en = "The requisition is already {stage}."
    zh = "该招聘需求已处于“{stage}”状态。"
    accepted_en = "opening another requisition"
    accepted_zh = "另行提出招聘需求"


# Decide


def decide(command: Command, state: RequisitionState, act: Act) -> Event:
    """Return the event of a requisition's command, or refuse it."""
    if isinstance(command, OpenRequisition):
        return _opened(command, state, act)
    if state.opened is None:
        raise NotFound()
    act.require_happened()
    unit = state.opened.unit
    match command:
        case ApproveRequisition():
            _require_judge(state, Stage.APPROVED, act)
            return RequisitionApproved(unit=unit)
        case RefuseRequisition():
            _require_judge(state, Stage.REFUSED, act)
            act.require_reason(command)
            return RequisitionRefused(unit=unit)
        case CloseRequisition():
            if state.stage is Stage.CLOSED:
                raise AlreadyRecorded()
            if state.stage is Stage.REFUSED:
                raise RequisitionSettled(stage=state.stage.value)
            return RequisitionClosed(unit=unit)
    raise TypeError(command)


def _opened(command: OpenRequisition, state: RequisitionState, act: Act) -> Event:
    if state.opened is not None:
        raise AlreadyExists(kind="requisition")
    act.require_known("unit", command.unit, field="unit")
    act.require_known("job-profile", command.profile, field="profile")
    if not act.facts.state("unit", command.unit).is_live(act.begins):
        act.refuse(UnitGone())
    return RequisitionOpened(
        unit=command.unit,
        profile=command.profile,
        requirements=act.facts.state("job-profile", command.profile).current,
        headcount=command.headcount,
        opener=act.actor,
    )


def _require_judge(state: RequisitionState, wanted: Stage, act: Act) -> None:
    """Refuse who asked themselves, and a second or other answer."""
    if act.is_own(state.opener):
        act.refuse(OwnAct())
    if state.stage is wanted:
        raise AlreadyRecorded()
    if state.stage is not Stage.OPEN:
        raise RequisitionSettled(stage=state.stage.value)


STREAM = StreamKind(
    "requisition",
    "requisitions",
    "q",
    RequisitionState(),
    decide,
    evolve,
    (OpenRequisition, ApproveRequisition, RefuseRequisition, CloseRequisition),
)
