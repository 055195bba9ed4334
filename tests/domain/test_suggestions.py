"""Suggestions, job analyses and jobs: shown once, answered once; adopted by people on figures."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.hiring.analyses import (
    AnalyseJob,
    DeclineProposal,
    JobAnalysed,
    NothingFound,
    OtherUnit,
    ProposalAdopted,
)
from ledger.domain.hiring.profiles import AdoptProfile, CompetencyTwice, JobProfileAdopted, OtherAnalysis, PersonAdopts
from ledger.domain.people.persons import AnnulPersonEntry, AssignJob, JobAssigned, RedatePersonEntry
from ledger.domain.suggestions.suggesting import (
    DismissSuggestion,
    ShowSuggestion,
    SuggestionAnswered,
    SuggestionDismissed,
    SuggestionShown,
    SuggestionTaken,
    TakeSuggestion,
)
from ledger.kernel.command import Command
from ledger.kernel.event import Subject
from ledger.kernel.moments import begins
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    BeyondRecord,
    PeriodReversed,
    ReasonNeeded,
    UnknownReference,
)
from tests.domain.examples import company, day
from tests.domain.examples.analyses import ANALYSED, FIGURES, NEXT_FORM
from tests.domain.examples.suggestions import SHOWN, TOLD
from tests.domain.given import SHANGHAI, Given, Happened, given

DISMISS = DismissSuggestion(reason="no_time")


def suggestion(*happened: Happened) -> Given:
    return given("suggestion", "sg-1", *happened, world=company())


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"position": 10_000}, BeyondRecord),
        ({"person": "p-nobody"}, UnknownReference),
        ({"about": Subject(kind="goal", id="g-none")}, UnknownReference),
        ({"proposes": Subject(kind="person", id="p-nobody")}, UnknownReference),
        ({"since": day("2026-06-01")}, PeriodReversed),
    ],
)
def test_a_suggestion_rests_on_what_is_there(change: dict[str, Any], refusal: type) -> None:
    suggestion().when(ShowSuggestion.model_validate({**TOLD, **change}), actor="system:suggestions").then(refusal)


@pytest.mark.parametrize(
    ("first", "then", "event", "said"),
    [
        (None, ShowSuggestion.model_validate(TOLD), None, AlreadyRecorded),
        (None, TakeSuggestion(), SuggestionTaken, AlreadyRecorded),
        (None, DISMISS, SuggestionDismissed, AlreadyRecorded),
        (TakeSuggestion(), DISMISS, None, SuggestionAnswered),
        (DISMISS, TakeSuggestion(), None, SuggestionAnswered),
        (None, DismissSuggestion(), None, ReasonNeeded),
    ],
)
def test_it_is_shown_once_and_answered_once(
    first: Command | None, then: Command, event: type | None, said: type
) -> None:
    subject = suggestion(SHOWN)
    if first is not None:
        subject.history.do("suggestion", "sg-1", first, actor="p-lead")
    if event is not None:
        subject.when(then, actor="p-lead").then(event)
        subject.history.do("suggestion", "sg-1", then, actor="p-lead")
    subject.when(then, actor="p-lead").then(said)


def test_notes_are_sealed_to_who_wrote_them() -> None:
    taken = SuggestionTaken(person="p-lead", rule="mentor", note="I ask Ann")
    assert taken.sealed_texts("suggestion/sg-1") == {("person/p-lead", "performance"): {"note": "I ask Ann"}}
    assert b"Ann" not in taken.clear_json()
    assert SuggestionShown.sealed_fields == {}  # a rule says nothing in words


# Job analysis


def analysis(*happened: Happened) -> Given:
    return given("job-analysis", "ja-1", *happened, world=company())


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"proposed_metrics": ("decrease",)}, NothingFound),
        ({"competencies": ()}, NothingFound),  # a requirement is proposed without figures
        ({"metrics": (), "competencies": (), "proposed_metrics": (), "proposed_requirements": ()}, NothingFound),
        ({"competencies": FIGURES["competencies"] * 2}, CompetencyTwice),
        ({"profile": "j-none"}, UnknownReference),
        ({"unit": "sales"}, OtherUnit),
        ({"position": 10_000}, BeyondRecord),
        ({"until": day("2025-01-01")}, PeriodReversed),
    ],
)
def test_a_proposal_rests_on_figures(change: dict[str, Any], refusal: type) -> None:
    analysis().when(AnalyseJob.model_validate({**FIGURES, **change})).then(refusal)


def test_an_analysis_is_adopted_with_a_reason_by_a_person_or_declined() -> None:
    world = analysis(ANALYSED).history
    profile = Given(world, "job-profile", "j-1")
    profile.when(NEXT_FORM.model_copy(update={"reason": None})).then(ReasonNeeded)
    profile.when(NEXT_FORM, actor="system:payroll").then(PersonAdopts)
    profile.when(NEXT_FORM).then(JobProfileAdopted)
    Given(world, "job-profile", "j-2").when(NEXT_FORM).then(OtherAnalysis)
    adopted, declined = world.copy(), world.copy()
    adopted.do("job-profile", "j-1", NEXT_FORM)
    Given(adopted, "job-analysis", "ja-1").when(DeclineProposal(reason="late")).then(ProposalAdopted)
    Given(adopted, "job-profile", "j-1").when(NEXT_FORM).then(AlreadyRecorded)
    declined.do("job-analysis", "ja-1", DeclineProposal(reason="late"))
    Given(declined, "job-profile", "j-1").when(NEXT_FORM).then(OtherAnalysis)
    Given(declined, "job-analysis", "ja-1").when(DeclineProposal(reason="late")).then(AlreadyRecorded)
    Given(declined, "job-analysis", "ja-1").when(DeclineProposal()).then(ReasonNeeded)


def test_an_analysis_keeps_job_and_analyst_by_itself() -> None:
    outcome = analysis().when(AnalyseJob.model_validate(FIGURES), actor="p-lead")
    assert isinstance(outcome.event, JobAnalysed)
    assert (outcome.event.job, outcome.event.analyst) == ("analyst", "p-lead")
    assert outcome.event.subjects("job-analysis/ja-1") == (
        "job-analysis/ja-1",
        "job-profile/j-1",
        "person/p-lead",
        "metric/increase",
    )


def test_a_profile_without_an_analysis_is_adopted_as_ever() -> None:
    form = AdoptProfile(job="analyst", requirements=FIGURES["proposed_requirements"])
    given("job-profile", "j-1", world=company()).when(form).then(JobProfileAdopted)


# The job that a person does


def test_a_job_is_held_from_its_day_until_the_next_and_can_be_taken_back() -> None:
    subject = given("person", "p-ann", world=company())
    history = subject.history
    history.record("job-profile", "j-2", JobProfileAdopted(job="lead", requirements=FIGURES["proposed_requirements"]))
    first = history.do("person", "p-ann", AssignJob(profile="j-1", effective_at=day("2026-02-01")))
    history.do("person", "p-ann", AssignJob(profile="j-2", effective_at=day("2026-04-01")))
    held = [subject.state.job_on(begins(day(on), SHANGHAI)) for on in ("2026-01-31", "2026-02-01", "2026-04-01")]
    assert held == [None, "j-1", "j-2"]
    moved = RedatePersonEntry.model_validate({"entry": first.event_id, "new_effective_at": "2026-03-01"})
    history.do("person", "p-ann", moved)
    assert subject.state.job_on(begins(day("2026-02-15"), SHANGHAI)) is None
    history.do("person", "p-ann", AnnulPersonEntry.model_validate({"entry": first.event_id}))
    assert subject.state.job_on(begins(day("2026-03-15"), SHANGHAI)) is None


def test_who_has_left_and_an_unknown_job_are_refused() -> None:
    given("person", "p-eve", world=company()).when(AssignJob(profile="j-1")).then(AfterLastDay)
    given("person", "p-ann", world=company()).when(AssignJob(profile="j-none")).then(UnknownReference)
    given("person", "p-ann", JobAssigned(profile="j-1"), world=company()).when(AssignJob(profile="j-1")).then(
        AlreadyRecorded
    )
