"""Job analyses: what the ledger's own history says of a job, proposed for its profile; a person adopts it or declines.

Adopting is a new form of the profile that names the analysis (`ledger.domain.hiring.profiles`).
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from ledger.domain.hiring.profiles import CompetencyTwice, ProfileState, Requirement, ScoreValue
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Value
from ledger.kernel.ids import Code, Id, JobCode, JobProfileId, MetricId, PersonId, UnitId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, BeyondRecord, NotFound, PeriodReversed, Refusal
from ledger.kernel.texts import Note

Measure = Annotated[Decimal, Field(max_digits=28, decimal_places=10)]
Coefficient = Annotated[Decimal, Field(ge=-1, le=1, max_digits=11, decimal_places=10)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=11, decimal_places=10)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Formula = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}@[1-9][0-9]{0,4}$")]
Position = Annotated[int, Field(ge=0, le=2**53)]


class Moved(Value):
    """An outcome that goes together with a metric: the coefficient over `n` persons, its interval, q corrected."""

    outcome: MetricId
    n: Count
    pearson: Coefficient
    low: Coefficient
    high: Coefficient
    q: Share


class MetricFigures(Value):
    """What is known of a metric in the job: the quartiles of the attainment of `n` persons in `goals` closed goals."""

    metric: Id
    n: Count
    goals: Count
    first_quartile: Measure
    median: Measure
    third_quartile: Measure
    hit_rate: Share
    moved: tuple[Moved, ...] = Field(default=(), max_length=40)


class CompetencyFigures(Value):
    """What is known of a competency: the quartiles of the mean scores of `n` hires who reached their targets."""

    competency: Code
    n: Count
    first_quartile: ScoreValue
    median: ScoreValue
    third_quartile: ScoreValue


# Events


class JobAnalysed(Event, context="hiring"):
    """Somebody puts the figures of a job on record, with what they propose for its profile.

    The figures are those of the report that `formula` names, known at `position`, of the days from `since` to `until`:
    whoever asks the report again there finds the same.
    """

    profile: JobProfileId
    job: JobCode
    unit: UnitId | None = None
    analyst: PersonId
    formula: Formula
    position: Position
    since: Day
    until: Day
    persons: Count
    metrics: tuple[MetricFigures, ...] = ()
    competencies: tuple[CompetencyFigures, ...] = ()
    proposed_metrics: tuple[MetricId, ...] = ()
    proposed_requirements: tuple[Requirement, ...] = ()


class JobProposalDeclined(Event, context="hiring"):
    """The profile stays as it is, for the coded reason in the envelope."""

    profile: JobProfileId
    unit: UnitId | None = None
    decliner: PersonId
    note: Annotated[Note | None, Seal("decliner", "hiring")] = None


# State


@dataclass(frozen=True, slots=True)
class AnalysisState:
    """An analysis, and whether it was declined; which form of the profile adopts it, the profile knows."""

    analysed: JobAnalysed | None = None
    declined: bool = False

    @property
    def unit(self) -> str | None:
        """Return the unit of the job, if any."""
        return None if self.analysed is None else self.analysed.unit

    @property
    def opener(self) -> str | None:
        """Return who put it on record."""
        return None if self.analysed is None else self.analysed.analyst


def evolve(state: AnalysisState, entry: Entry) -> AnalysisState:
    """Return the state after `entry`."""
    match entry.event:
        case JobAnalysed() as analysed:
            return AnalysisState(analysed)
        case JobProposalDeclined():
            return replace(state, declined=True)
    return state


# Commands


class AnalyseJob(
    Command,
    stream="job-analysis",
    verb="record",
    by=(By("role:hr_administrator"), By("unit_lead", "unit"), By("hr_partner", "unit")),
    starts=True,
):
    """Put the figures of a job on record, as the report gives them, with what one proposes for the profile."""

    profile: Id
    unit: Id | None = Field(default=None, description="the profile's unit, where it has one")
    formula: Formula = Field(description="the report and its version, as in job-analysis@1")
    position: Position = Field(description="the `known` of the report")
    since: Day
    until: Day
    persons: Count
    metrics: tuple[MetricFigures, ...] = Field(default=(), max_length=40)
    competencies: tuple[CompetencyFigures, ...] = Field(default=(), max_length=40)
    proposed_metrics: tuple[Id, ...] = Field(default=(), max_length=40)
    proposed_requirements: tuple[Requirement, ...] = Field(default=(), max_length=40)


class DeclineProposal(
    Command, stream="job-analysis", verb="decline", by=(By("role:hr_administrator"), By("unit_lead", "@unit"))
):
    """Leave the profile as it is, with a reason code."""

    note: Note | None = None


class NothingFound(Refusal):
    """A proposal rests on figures."""

    code, status = "proposal_without_figures", 422
    en = "What is proposed has no figures: {named}."
    zh = "所建议的内容缺少数据：{named}。"


class OtherUnit(Refusal):
    """An analysis is of the unit that its profile belongs to."""

    code, status = "other_unit_than_profile", 422
    en = "The profile belongs to another unit, or to none."
    zh = "该岗位说明书属于其他单位或不属于任何单位。"


class ProposalAdopted(Refusal):
    """What a profile has adopted is not declined any more: the profile can take another form."""

    code = "proposal_adopted"
    en = "The job profile has adopted this analysis."
    zh = "岗位说明书已采纳该分析。"


# Decide


def decide(command: Command, state: AnalysisState, act: Act) -> Event:
    """Return the event of a command on an analysis, or refuse it."""
    act.require_happened()
    if isinstance(command, AnalyseJob):
        return _analysed(command, state, act)
    if state.analysed is None:
        raise NotFound()
    match command:
        case DeclineProposal(note=note):
            act.require_reason(command)
            if state.declined:
                raise AlreadyRecorded()
            if _profile(state.analysed.profile, act).has_adopted(act.id):
                raise ProposalAdopted()
            about = {"profile": state.analysed.profile, "unit": state.unit}
            return JobProposalDeclined.model_validate({**about, "decliner": act.actor, "note": note})
    raise TypeError(command)


def _profile(id: str, act: Act) -> ProfileState:
    profile: ProfileState = act.facts.state("job-profile", id)
    return profile


def _analysed(command: AnalyseJob, state: AnalysisState, act: Act) -> Event:
    if state.analysed is not None:
        raise AlreadyExists(kind="job-analysis")
    act.require_known("job-profile", command.profile, field="profile")
    profile = _profile(command.profile, act)
    if profile.current is None or command.unit != profile.unit:
        raise OtherUnit()
    if command.since > command.until:
        raise PeriodReversed()
    if command.position > act.facts.position:
        raise BeyondRecord(position=command.position)
    _require_figures(command, act)
    return JobAnalysed(job=profile.adopted[profile.current].job, analyst=act.actor, **command.own_fields())


def _require_figures(command: AnalyseJob, act: Act) -> None:
    """Refuse metrics that are unknown here, and a proposal that no figure stands behind."""
    measured = {one.metric for one in command.metrics}
    for one in command.metrics:
        act.require_known("metric", one.metric, field="metrics")
        for moved in one.moved:
            act.require_known("metric", moved.outcome, field="metrics")
    scored = [one.competency for one in command.competencies]
    required = [one.competency for one in command.proposed_requirements]
    if any(len(set(names)) < len(names) for names in (scored, required)):
        raise CompetencyTwice()
    bare = (set(command.proposed_metrics) - measured) | (set(required) - set(scored))
    if bare or not (measured or scored):
        raise NothingFound(named=", ".join(sorted(bare)))


COMMANDS = (AnalyseJob, DeclineProposal)
STREAM = StreamKind("job-analysis", "job-analyses", "ja", AnalysisState(), decide, evolve, COMMANDS)
