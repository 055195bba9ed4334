"""Examples of job analyses, and of the job that a person does."""

from __future__ import annotations

from typing import Any

from ledger.domain.hiring.analyses import (
    AnalyseJob,
    CompetencyFigures,
    DeclineProposal,
    JobAnalysed,
    JobProposalDeclined,
    MetricFigures,
    Moved,
)
from ledger.domain.hiring.profiles import AdoptProfile, JobProfileAdopted, Requirement
from ledger.domain.people.persons import AssignJob, JobAssigned
from tests.domain.examples.company import day, q
from tests.domain.examples.example import Example

QUARTILES = {"first_quartile": q("0.8"), "median": q("1"), "third_quartile": q("1.2")}
MOVED = Moved(outcome="decrease", n=9, pearson=q("0.7"), low=q("0.2"), high=q("0.9"), q=q("0.01"))
FIGURES: dict[str, Any] = {
    "profile": "j-1",
    "formula": "job-analysis@1",
    "position": 7,
    "since": day("2025-06-01"),
    "until": day("2026-05-31"),
    "persons": 9,
    "metrics": (MetricFigures(metric="increase", n=9, goals=12, hit_rate=q("0.5"), moved=(MOVED,), **QUARTILES),),
    "competencies": (
        CompetencyFigures(competency="analysis", n=6, first_quartile=q(3), median=q(4), third_quartile=q(5)),
    ),
    "proposed_metrics": ("increase",),
    "proposed_requirements": (Requirement(competency="analysis", minimum=q(3)),),
}
ANALYSED = JobAnalysed.model_validate({**FIGURES, "job": "analyst", "analyst": "p-hr"})
NEXT_FORM = AdoptProfile(
    job="analyst", requirements=FIGURES["proposed_requirements"], metrics=("increase",), analysis="ja-1", reason="data"
)

EXAMPLES = (
    Example("job-analysis", "ja-1", AnalyseJob.model_validate(FIGURES), JobAnalysed),
    Example(
        "job-analysis",
        "ja-1",
        DeclineProposal(reason="too_early", note="Wait for the second half"),
        JobProposalDeclined,
        ((ANALYSED, day("2026-06-01")),),
    ),
    Example("job-profile", "j-1", NEXT_FORM, JobProfileAdopted, beside=(("job-analysis", "ja-1", ANALYSED),)),
    Example("person", "p-ann", AssignJob(profile="j-1"), JobAssigned),
)
