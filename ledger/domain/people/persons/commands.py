"""What can be asked of a person, by whom, and why it may be refused."""

from pydantic import Field

from ledger.domain.people import absences, calendars, delegations, merging
from ledger.domain.people.persons.events import AssignmentKind, Ending, ManagerKind
from ledger.kernel.annulment import commands_for
from ledger.kernel.command import By, Command
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day, EffectiveAt
from ledger.kernel.policy import Part
from ledger.kernel.refusals import Refusal
from ledger.kernel.texts import Identifiers, Name

_HR = (By("role:hr_administrator"),)
_HR_AND_PARTNER = (By("role:hr_administrator"), By("hr_partner", "@"))


class RegisterPerson(Command, stream="person", verb="register", by=(By("system"), *_HR), starts=True):
    """Register a person; the server makes the pseudonym."""

    name: Name | None = None
    identifiers: Identifiers | None = Field(default=None, description="scheme -> value, as in handle or e-mail")


class CorrectName(Command, stream="person", verb="correct-name", by=(By("own", "@"), *_HR)):
    """Write the person's name otherwise."""

    name: Name


class StartEmployment(Command, stream="person", verb="start-employment", by=_HR_AND_PARTNER):
    """Start an employment."""

    employment: Id | None = Field(default=None, description="made by the server if absent")
    contract: Code = "permanent"
    employer: Code | None = Field(default=None, description="needed only where the ledger has several")
    until: Day | None = Field(default=None, description="the first day after the contract's term")
    probation_until: Day | None = Field(default=None, description="the first day after the probation")
    application: Id | None = Field(default=None, description="whose accepted offer it then has to agree with")


class CancelStart(Command, stream="person", verb="cancel-start", by=_HR_AND_PARTNER):
    """Note that an employment never began, with a reason."""

    employment: Id


class ReinstateEmployment(Command, stream="person", verb="reinstate", by=_HR_AND_PARTNER):
    """Let an employment that had ended run again, with a reason."""

    employment: Id


class EndEmployment(Command, stream="person", verb="end-employment", by=_HR_AND_PARTNER):
    """End the running employment; effective on the first day after the last one."""

    ending: Ending


class AssignToUnit(Command, stream="person", verb="assign-to-unit", by=_HR_AND_PARTNER):
    """Assign the person to a unit."""

    unit: Id
    assignment: AssignmentKind = AssignmentKind.HOME
    employment: Id | None = Field(default=None, description="needed only where several employments run")
    share: Part | None = Field(default=None, description="the part of the person's time")
    until: EffectiveAt | None = Field(default=None, description="the first day or instant at which it holds no more")


class LeaveUnit(Command, stream="person", verb="leave-unit", by=_HR_AND_PARTNER):
    """End an assignment to a unit."""

    unit: Id


class AssignJob(Command, stream="person", verb="assign-job", by=_HR_AND_PARTNER):
    """Say which job the person does, by its profile."""

    profile: Id


class AssignManager(Command, stream="person", verb="assign-manager", by=_HR_AND_PARTNER):
    """Name the person's line or dotted-line manager."""

    manager: Id
    relation: ManagerKind = ManagerKind.LINE


class ReleaseManager(Command, stream="person", verb="release-manager", by=_HR_AND_PARTNER):
    """Release a manager of the person."""

    manager: Id
    relation: ManagerKind = ManagerKind.LINE


AnnulPersonEntry, RedatePersonEntry = commands_for("person", _HR)


class StillEmployed(Refusal):
    """An employment is running already."""

    code, markable = "still_employed", True
    en = "An employment is running at that time."
    zh = "当时已有劳动关系存续。"


class NeverStarted(Refusal):
    """An employment that has been lived through can be ended, and not cancelled."""

    code = "employment_lived"
    en = "That employment has ended or was lived through: it can't be as if it had never begun."
    zh = "该劳动关系已实际履行或已结束，不能视为从未开始。"
    accepted_en = "ending the employment"
    accepted_zh = "办理离职"


class SharesExceedWhole(Refusal):
    """The shares of a person's assignments make at most the whole."""

    code, status, markable = "shares_exceed_whole", 422, True
    en = "The shares of the person's assignments would exceed the whole."
    zh = "该人员各任职的占比之和将超过 100%。"


class AssignmentReversed(Refusal):
    """An assignment ends after it begins."""

    code, status = "assignment_reversed", 422
    en = "The assignment would end before it begins."
    zh = "任职的结束时间早于开始时间。"


PERSON_COMMANDS = (
    RegisterPerson,
    CorrectName,
    StartEmployment,
    CancelStart,
    ReinstateEmployment,
    EndEmployment,
    AssignToUnit,
    LeaveUnit,
    AssignJob,
    AssignManager,
    ReleaseManager,
    AnnulPersonEntry,
    RedatePersonEntry,
    *absences.COMMANDS,
    *delegations.COMMANDS,
    *merging.COMMANDS,
    calendars.SetPersonCalendar,
)
