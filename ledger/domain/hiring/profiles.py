"""Job profiles: the competencies a job requires, each with the lowest sufficient score, and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Value
from ledger.kernel.ids import Code, Id, JobAnalysisId, JobCode, MetricId, UnitId
from ledger.kernel.refusals import AlreadyRecorded, Refusal

ScoreValue = Annotated[Decimal, Field(ge=0, le=100, max_digits=8, decimal_places=4)]


class Requirement(Value):
    """A competency and the lowest score that suffices."""

    competency: Code
    minimum: ScoreValue


Requirements = Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=40)]


# Events


class JobProfileAdopted(Event, context="hiring"):
    """The job requires this from now on; what was decided before was decided on the requirements of its time.

    `analysis` is the one that it follows, whose figures it rests on.
    """

    job: JobCode
    unit: UnitId | None = None
    requirements: Requirements
    metrics: tuple[MetricId, ...] = ()
    analysis: JobAnalysisId | None = None


# State


@dataclass(frozen=True, slots=True)
class ProfileState:
    """A job profile: every adoption by its entry, and the current one."""

    adopted: Mapping[str, JobProfileAdopted] = field(default_factory=dict)
    current: str | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that the profile belongs to, if any."""
        return None if self.current is None else self.adopted[self.current].unit

    def has_adopted(self, analysis: str) -> bool:
        """Tell whether a form of the profile follows an analysis."""
        return any(form.analysis == analysis for form in self.adopted.values())


def evolve(state: ProfileState, entry: Entry) -> ProfileState:
    """Return the state after `entry`."""
    if isinstance(entry.event, JobProfileAdopted):
        return ProfileState({**state.adopted, entry.event_id: entry.event}, entry.event_id)
    return state


# Commands


class AdoptProfile(
    Command,
    stream="job-profile",
    verb="adopt",
    by=(By("role:hr_administrator"), By("unit_lead", "unit")),
    starts=True,
    repeats=True,
):
    """Adopt a job profile, or its next form."""

    job: JobCode
    unit: Id | None = None
    requirements: Requirements
    metrics: tuple[Id, ...] = Field(default=(), max_length=40)
    analysis: Id | None = Field(default=None, description="the analysis that it follows; then with a reason code")


class CompetencyTwice(Refusal):
    """Each competency stands once in a list."""

    code, status = "competency_twice", 422
    en = "A competency stands twice in the list."
    zh = "列表中同一能力项重复出现。"


class OtherJob(Refusal):
    """A profile stays with its job and unit."""

    code = "other_job"
    en = "This profile belongs to another job or unit."
    zh = "该岗位说明书属于其他岗位或单位。"


class OtherAnalysis(Refusal):
    """A profile follows an analysis of itself that stands."""

    code = "other_analysis"
    en = "The analysis is of another job profile, or was declined."
    zh = "该分析属于其他岗位说明书，或已被否决。"


class PersonAdopts(Refusal):
    """What an analysis proposes is adopted by a person."""

    code, status = "a_person_adopts", 403
    en = "What an analysis proposes is adopted by a person, and by no system."
    zh = "分析所提建议须由人员采纳，系统不得自行采纳。"


# Decide


def decide(command: AdoptProfile, state: ProfileState, act: Act) -> Event:
    """Return JobProfileAdopted, or refuse it."""
    competencies = [r.competency for r in command.requirements]
    if len(set(competencies)) < len(competencies):
        raise CompetencyTwice()
    act.require_known("unit", command.unit, field="unit")
    for metric in command.metrics:
        act.require_known("metric", metric, field="metrics")
    if command.analysis is not None:
        _require_analysed(command, command.analysis, act)
    adopted = JobProfileAdopted.model_validate(command.own_fields())
    _require_next_form(adopted, state)
    return adopted


def _require_analysed(command: AdoptProfile, analysis: str, act: Act) -> None:
    """Refuse to follow an analysis of another profile, or one that was declined; a person follows it, with a reason."""
    act.require_reason(command)
    act.require_known("job-analysis", analysis, field="analysis")
    if act.actor.startswith("system:"):
        raise PersonAdopts()
    state = act.facts.state("job-analysis", analysis)
    if state.declined or state.analysed is None or state.analysed.profile != act.id:
        raise OtherAnalysis()


def _require_next_form(adopted: JobProfileAdopted, state: ProfileState) -> None:
    if state.current is None:
        return
    before = state.adopted[state.current]
    if (before.job, before.unit) != (adopted.job, adopted.unit):
        raise OtherJob()
    if before == adopted:
        raise AlreadyRecorded()


STREAM = StreamKind("job-profile", "job-profiles", "j", ProfileState(), decide, evolve, (AdoptProfile,))
