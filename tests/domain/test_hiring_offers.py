"""Offers and what comes of applications: one word at a time, nothing after a withdrawal, nobody twice."""

from __future__ import annotations

import pytest

from ledger.domain.hiring import judging as hire
from ledger.domain.hiring import offering, offers, outcomes
from ledger.domain.hiring.applications import (
    ApplicationWithdrawn,
    Decision,
    HiringDecisionMade,
    HiringDecisionReversed,
    Step,
)
from ledger.domain.hiring.candidates import (
    CandidateApplied,
    CandidateRegistered,
    CandidatesMerged,
    MergeCandidate,
    UnmergeCandidate,
)
from ledger.domain.people import persons
from ledger.kernel.command import Command
from ledger.kernel.refusals import (
    Circle,
    OfferNotAccepted,
    OwnAct,
    PeriodReversed,
    ProbationTooLong,
    ReasonNeeded,
    UnknownReference,
)
from tests.domain.examples import ANN_SCORED, APPLIED, GOOD, HIRE, PANEL, POOR, company, day, decided, q
from tests.domain.examples.hiring import BEGINS, FILLED, GONE, OFFER, OFFERED, TAKEN, TERMS
from tests.domain.given import Given, Happened, given

WORLD = company()
REJECTED = decided(Decision.REJECT)
DECLINED = offers.OfferDeclined(candidate="c-1", offer_entry="x"), day("2026-06-09")
REVOKED = offers.OfferWithdrawn(candidate="c-1", offer_entry="x"), day("2026-06-10"), "p-lead"
LAPSED = offers.OfferLapsed(candidate="c-1", offer_entry="x", open_until=day("2026-06-12"))
REVERSED = HiringDecisionReversed(candidate="c-1", decision_entry="x"), day("2026-06-11"), "p-lead"
MAKE = offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20"})


def an_application(*happened: Happened) -> Given:
    return given("application", "n-1", APPLIED, *happened, world=WORLD)


ASKED: tuple[tuple[Command, str], ...] = (
    (MAKE, "p-lead"),
    (offering.AcceptOffer(), "p-hr"),
    (offering.DeclineOffer(), "p-hr"),
    (offering.WithdrawOffer(reason="budget"), "p-lead"),
    (offering.LapseOffer(), "system:rules"),
    (outcomes.WithdrawApplication(), "p-hr"),
    (outcomes.ResumeApplication(reason="changed-mind"), "p-hr"),
    (hire.ReverseDecision(reason="mistake"), "p-lead"),
    (hire.DecideApplication(decision=Decision.REJECT, reason="better"), "p-lead"),
    (hire.MoveApplication(to_stage=Step.SCREENING), "p-lead"),
    (outcomes.VacateApplication(), "system:rules"),
)
SHORT = {
    "W": "application_withdrawn",
    "H": "hired_already",
    "D": "decided_already",
    "E": "offer_ended",
    "S": "offer_stands",
    "-": "no_offer",
    "=": "already_recorded",
    "n": "not_to_be_hired",
    "nd": "not_decided",
    "nw": "application_not_withdrawn",
    "nh": "nobody_hired",
    "so": "offer_still_open",
}
ANSWERS = {  #          make accept decline withdraw lapse | withdraw resume reverse reject move vacate
    (): "n - - - - ok nw nd ok ok nh",
    (REJECTED,): "n - - - - D nw ok = D nh",
    (HIRE,): "ok - - - - ok nw ok D D nh",
    (HIRE, OFFERED): "S ok ok ok so ok nw S D D nh",
    (HIRE, OFFERED, TAKEN): "S = E ok E ok nw S D D nh",
    (HIRE, OFFERED, DECLINED): "ok E = E E ok nw ok D D nh",
    (HIRE, OFFERED, LAPSED): "ok E E E = ok nw ok D D nh",
    (HIRE, OFFERED, TAKEN, REVOKED): "ok E E = E ok nw ok D D nh",
    (HIRE, OFFERED, REVOKED, REVERSED): "n E E = E ok nw nd ok ok nh",
    (GONE,): "W W W W W = ok W W W nh",
    (HIRE, OFFERED, TAKEN, GONE): "W W W W W = ok W W W nh",
    (HIRE, OFFERED, TAKEN, FILLED): "H H H H H H nw H H H ok",
}


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_what_each_state_of_an_offer_answers(number: int):
    happened, answers = list(ANSWERS.items())[number]
    subject = an_application(*happened)
    outcomes_ = [subject.when(command, actor=actor) for command, actor in ASKED]
    said = ["ok" if outcome.event is not None else outcome.said for outcome in outcomes_]
    assert said == [SHORT.get(answer, answer) for answer in answers.split()]


def test_an_offer_states_its_terms_and_names_the_decision_it_rests_on():
    subject = an_application(HIRE)
    event = subject.when(MAKE, actor="p-lead").event
    assert isinstance(event, offers.OfferMade)
    assert (event.decision_entry, event.open_until) == (subject.state.decided.entry, day("2026-06-20"))
    for terms in ({"until": "2026-06-10"}, {"probation_until": "2026-06-01"}):
        asked = offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20", **terms})
        subject.when(asked, actor="p-lead").then(PeriodReversed)
    past = offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-14"})
    assert subject.when(past, actor="p-lead").said == "offer_over"


@pytest.mark.parametrize(
    ("contract", "until", "latest"),
    [
        ("fixed_term", "2026-08-10", "2026-06-10"),
        ("fixed_term", "2027-06-09", "2026-07-10"),
        ("fixed_term", "2027-06-10", "2026-08-10"),
        ("fixed_term", "2029-06-09", "2026-08-10"),
        ("fixed_term", "2029-06-10", "2026-12-10"),
        ("permanent", None, "2026-12-10"),
        ("fixed_task", None, "2026-06-10"),
    ],
)
def test_no_probation_is_longer_than_the_law_allows(contract: str, until: str | None, latest: str):
    terms = {"contract": contract, "starts_on": "2026-06-10", "until": until, "open_until": "2026-06-20"}
    subject = an_application(HIRE)
    for months, lawful in ((day(latest), True), (day(latest).replace(day=day(latest).day + 1), False)):
        asked = offering.MakeOffer.model_validate({**terms, "probation_until": months})
        outcome = subject.when(asked, actor="p-lead")
        if months > day("2026-06-10") and lawful:
            outcome.then(offers.OfferMade)
        elif not lawful:
            assert isinstance(outcome.refusal, ProbationTooLong)
            assert latest in outcome.refusal.text("zh")


def test_an_answer_counts_for_the_day_on_which_it_was_given():
    short = OFFER.model_copy(update={"open_until": day("2026-06-12")}), day("2026-06-08"), "p-lead"
    subject = an_application(HIRE, short)
    subject.when(offering.AcceptOffer(), on="2026-06-12").then(offers.OfferAccepted)
    assert subject.when(offering.AcceptOffer(), on="2026-06-13").said == "offer_over"
    subject.when(offering.LapseOffer(), actor="system:rules").then(offers.OfferLapsed)


def test_a_withdrawal_declines_the_offer_and_a_return_does_not_bring_it_back():
    subject = an_application(HIRE, OFFERED, TAKEN, GONE)
    assert subject.state.offer.standing is offers.OfferStanding.DECLINED
    subject.when(outcomes.ResumeApplication()).then(ReasonNeeded)
    subject.history.do("application", "n-1", outcomes.ResumeApplication(reason="changed-mind"))
    assert subject.when(offering.AcceptOffer()).said == "offer_ended"
    subject.when(MAKE, actor="p-lead").then(offers.OfferMade)


def test_a_decision_keeps_the_figures_it_rests_on():
    subject = an_application(PANEL, ANN_SCORED)
    event = subject.when(hire.DecideApplication(decision=Decision.HIRE), actor="p-lead").event
    assert isinstance(event, HiringDecisionMade)
    assert [(f.competency, f.minimum, f.total, f.scores) for f in event.figures] == [
        ("analysis", q("3"), q("4"), 1),
        ("writing", q("2.5"), q("3"), 1),
    ]


def test_nobody_judges_or_decides_about_themselves():
    world = WORLD.copy()
    world.record("candidate", "c-9", CandidateRegistered(person="p-ann"))
    hers = APPLIED.model_copy(update={"candidate": "c-9"})
    subject = given("application", "n-9", hers, world=world)
    subject.when(hire.NamePanel(assessors=("p-bob", "p-ann")), actor="p-lead").then(OwnAct)
    own: tuple[Command, ...] = (
        hire.NamePanel(assessors=("p-bob",)),
        hire.RecordAssessment(scores=GOOD),
        hire.MoveApplication(to_stage=Step.DECISION),
        hire.DecideApplication(decision=Decision.HIRE, reason="known"),
    )
    for command in own:
        subject.when(command, actor="p-ann").then(OwnAct)
    subject = given("application", "n-9", hers, HIRE, world=world)
    for command in (MAKE, hire.ReverseDecision(reason="mistake"), hire.RecordDissent()):
        subject.when(command, actor="p-ann").then(OwnAct)
    subject.when(outcomes.WithdrawApplication(), actor="p-ann").then(ApplicationWithdrawn)  # one's own word


# ---- one candidate, two ids


def two_candidates() -> Given:
    """Return candidate c-2 beside c-1, who applied for q-1 by n-1."""
    subject = given("candidate", "c-2", CandidateRegistered(name="Dee"), world=WORLD)
    subject.history.record("application", "n-1", APPLIED)
    subject.history.record("candidate", "c-1", CandidateApplied(application="n-1", requisition="q-1"))
    return subject


RECEIVE = hire.ReceiveApplication(candidate="c-1", requisition="q-1")


def test_nobody_applies_twice_for_the_same_while_the_first_is_live():
    history = two_candidates().history
    assert history.judge("application", "n-2", RECEIVE).said == "applied_already"
    history.record("application", "n-1", GONE[0])
    assert history.judge("application", "n-2", RECEIVE).said == "ApplicationReceived"


def test_a_merge_marks_what_does_not_go_together():
    subject = two_candidates()
    subject.when(MergeCandidate(into="c-1")).then(CandidatesMerged(into="c-1"))
    subject.history.record("application", "n-2", APPLIED.model_copy(update={"candidate": "c-2"}))
    subject.history.record("candidate", "c-2", CandidateApplied(application="n-2", requisition="q-1"))
    subject.when(MergeCandidate(into="c-1")).then(CandidatesMerged, marks=("applied_twice",))
    subject.history.record("candidate", "c-3", CandidateRegistered(person="p-bob"))
    subject.history.record("candidate", "c-4", CandidateRegistered(person="p-ann"))
    outcome = subject.history.judge("candidate", "c-3", MergeCandidate(into="c-4"))
    assert outcome.marks == ("two_persons",)


def test_merged_ids_are_kept_and_read_as_one_until_they_are_unmerged():
    subject = two_candidates()
    subject.when(MergeCandidate(into="c-0")).then(UnknownReference)
    subject.when(MergeCandidate(into="c-2")).then(Circle)
    assert subject.when(UnmergeCandidate(reason="mistaken")).said == "candidate_not_merged"
    subject.history.do("candidate", "c-2", MergeCandidate(into="c-1"))
    assert subject.when(MergeCandidate(into="c-1")).said == "already_recorded"
    assert subject.history.judge("candidate", "c-1", MergeCandidate(into="c-2")).said == "circle"
    away = hire.ReceiveApplication(candidate="c-2", requisition="q-1")
    assert subject.history.judge("application", "n-2", away).said == "candidate_merged_away"
    subject.when(UnmergeCandidate()).then(ReasonNeeded)
    subject.history.do("candidate", "c-2", UnmergeCandidate(reason="mistaken"))
    assert subject.history.judge("application", "n-2", away).said == "ApplicationReceived"


def test_an_allotted_application_is_its_candidates_from_then_on():
    subject = an_application()
    subject.when(outcomes.AllotApplication(candidate="c-2", reason="unmerged")).then(UnknownReference)
    subject.history.record("candidate", "c-2", CandidateRegistered(name="Dee"))
    subject.when(outcomes.AllotApplication(candidate="c-2")).then(ReasonNeeded)
    subject.history.do("application", "n-1", outcomes.AllotApplication(candidate="c-2", reason="unmerged"))
    event = subject.when(outcomes.WithdrawApplication()).event
    assert event == ApplicationWithdrawn(candidate="c-2")


# ---- from the application to the employment


def dee(*happened: Happened) -> Given:
    """Return a registered person, beside an application with this history."""
    subject = given("person", "p-cleo", persons.PersonRegistered(name="Cleo"), world=WORLD)
    for item in (APPLIED, *happened):
        event, *_ = item if isinstance(item, tuple) else (item,)
        subject.history.record("application", "n-1", event)
    return subject


START = persons.StartEmployment.model_validate(
    {**{k: v for k, v in TERMS.items() if k != "starts_on"}, "application": "n-1", "effective_at": "2026-06-10"}
)


def test_an_employment_begins_as_it_was_offered():
    subject = dee(HIRE, OFFERED, TAKEN)
    subject.when(START).then(persons.EmploymentStarted)
    for change in ({"contract": "permanent"}, {"until": day("2029-09-10")}, {"probation_until": None}):
        assert subject.when(START.model_copy(update=change)).said == "other_than_offered"
    assert subject.when(START, on="2026-06-09").said == "other_than_offered"
    subject.when(START, on="2026-06-09", testimony=True).then(persons.EmploymentStarted, marks=("other_than_offered",))
    subject.when(START.model_copy(update={"application": "n-0"})).then(UnknownReference)


@pytest.mark.parametrize(
    "happened",
    [(), (REJECTED,), (HIRE,), (HIRE, OFFERED), (HIRE, OFFERED, DECLINED), (HIRE, OFFERED, LAPSED),
     (HIRE, OFFERED, TAKEN, REVOKED), (HIRE, OFFERED, TAKEN, GONE)],
)  # fmt: skip
def test_nobody_begins_without_an_accepted_offer(happened: tuple[Happened, ...]):
    dee(*happened).when(START).then(OfferNotAccepted)


def test_one_application_leads_to_one_employment():
    subject = dee(HIRE, OFFERED, TAKEN, FILLED)
    subject.history.record("person", "p-dee", persons.PersonRegistered(name="Dee"))
    assert subject.history.judge("person", "p-dee", START).said == "application_of_another"
    other = outcomes.FillApplication(person="p-dee", employment="e-9")
    assert subject.history.judge("application", "n-1", other, actor="system:rules").said == "hired_already"


def test_only_an_employment_that_names_the_application_fills_it():
    subject = an_application(HIRE, OFFERED, TAKEN)
    fill = outcomes.FillApplication(person="p-ann", employment="e-p-ann")
    assert subject.when(fill, actor="system:rules").said == "other_application"
    an_application(HIRE, OFFERED).when(fill, actor="system:rules").then(OfferNotAccepted)
    for kind, id, event, *on in BEGINS[1:]:
        subject.history.record(kind, id, event, on=on[0] if on else None)
    fill = outcomes.FillApplication(person="p-cleo", employment="e-cleo")
    entry = subject.history.do("application", "n-1", fill, actor="system:rules")
    assert (subject.state.hired, entry.event) == ("p-cleo", FILLED)
    assert subject.when(fill, actor="system:rules").said == "already_recorded"


def test_a_poor_scorecard_does_not_hide_behind_a_reason():
    poor = ANN_SCORED[0].model_copy(update={"scores": POOR}), day("2026-06-01"), "p-ann"
    subject = an_application(PANEL, poor)
    event = subject.when(hire.DecideApplication(decision=Decision.HIRE, reason="trainable"), actor="p-lead").event
    assert isinstance(event, HiringDecisionMade)
    assert (event.unmet, event.figures[0].total) == (("analysis",), q("2"))
