"""Onboarding and probation: what was shown is acknowledged, the lead proposes, somebody else of HR carries it out."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest

from ledger.domain.hiring import onboarding as taken_in
from ledger.domain.hiring import probations as on_trial
from ledger.domain.hiring.onboarding import AcknowledgeExpectations, ExpectationsPresented, PresentExpectations
from ledger.domain.hiring.probations import Outcome
from ledger.domain.people import calendars, persons
from ledger.domain.policies.publishing import PolicyPublished
from ledger.kernel.command import Command
from ledger.kernel.policy import STANDING, PolicyTerms
from ledger.kernel.refusals import AfterLastDay, NotFound, OwnAct, ProbationTooLong, ReasonNeeded, UnknownReference
from tests.domain.examples import company, day, q
from tests.domain.examples.hiring import BEGINS, BEGUN, CONFIRMED, EXPECTED, ONBOARDING, SHOWN, proposed
from tests.domain.given import Given, Happened, given

WORLD = company()
for _kind, _id, _event, *_on in BEGINS:
    WORLD.record(_kind, _id, _event, on=_on[0] if _on else None)
FAILED = on_trial.ProbationFailed(person="p-cleo", employment="e-cleo", proposal="x")
LONGER = on_trial.ProbationExtended(
    person="p-cleo", employment="e-cleo", proposal="x", former_until=day("2026-09-10"), until=day("2026-12-10")
)


def onboarding(*happened: Happened) -> Given:
    return given("onboarding", "p-cleo", *happened, world=WORLD)


def probation(*happened: Happened) -> Given:
    return given("probation", "p-cleo", *happened, world=WORLD)


def propose(outcome: Outcome, until: str | None = None, reason: str | None = "facts") -> on_trial.ProposeOutcome:
    return on_trial.ProposeOutcome(outcome=outcome, until=None if until is None else day(until), reason=reason)


# ---- what is expected


def test_an_onboarding_names_the_requirements_that_the_person_was_hired_by():
    subject = onboarding()
    subject.when(taken_in.StartOnboarding(employment="e-cleo"), actor="p-lead").then(ONBOARDING)
    assert subject.when(taken_in.StartOnboarding(employment="e-none")).said == "no_such_employment"
    subject.when(taken_in.StartOnboarding(employment="e-cleo"), actor="p-cleo").then(OwnAct)
    present = PresentExpectations(expectations=EXPECTED)
    assert subject.when(present, actor="p-lead").said == "onboarding_not_started"
    assert onboarding(ONBOARDING).when(taken_in.StartOnboarding(employment="e-cleo")).said == "already_recorded"


def test_without_an_application_it_is_the_unit_of_the_person():
    subject = given("onboarding", "p-ann", world=WORLD)
    event = subject.when(taken_in.StartOnboarding(employment="e-p-ann")).event
    assert event == taken_in.OnboardingStarted(person="p-ann", employment="e-p-ann", unit="sales")
    given("onboarding", "p-nobody").when(taken_in.StartOnboarding(employment="e-1")).then(NotFound)


def test_the_hash_binds_what_was_shown_and_by_which_entry():
    subject = onboarding(ONBOARDING)
    event = subject.when(PresentExpectations(expectations=EXPECTED, note="Eight a month"), actor="p-lead").event
    assert isinstance(event, ExpectationsPresented)
    fresh = subject.history.act("onboarding", "p-cleo", PresentExpectations(expectations=EXPECTED), actor="x").event_id
    said = {
        "presentation": fresh,
        "started": orjson.loads(ONBOARDING.clear_json()),
        "expectations": [{"metric": "increase", "target": "8", "interval": "month"}],
    }
    assert event.content == sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def test_only_what_was_shown_last_is_acknowledged():
    subject = onboarding(ONBOARDING)
    asked = AcknowledgeExpectations(content=SHOWN.content)
    assert subject.when(asked, actor="p-cleo").said == "nothing_shown"
    first = subject.history.do("onboarding", "p-cleo", PresentExpectations(expectations=EXPECTED), actor="p-lead")
    again = subject.history.do("onboarding", "p-cleo", PresentExpectations(expectations=EXPECTED), actor="p-lead")
    assert isinstance(first.event, ExpectationsPresented)
    assert isinstance(again.event, ExpectationsPresented)
    old, new = (AcknowledgeExpectations(content=event.content) for event in (first.event, again.event))
    assert subject.when(old, actor="p-cleo").said == "other_expectations"
    entry = subject.history.do("onboarding", "p-cleo", new, actor="p-cleo")
    assert entry.data["presentation"] == again.event_id
    assert subject.when(new, actor="p-cleo").said == "already_recorded"
    subject.history.do("onboarding", "p-cleo", PresentExpectations(expectations=EXPECTED), actor="p-lead")
    assert not subject.state.shown.acknowledged


def test_each_expected_metric_is_known_and_stands_once():
    subject = onboarding(ONBOARDING)
    unknown = (taken_in.Expectation(metric="nothing", target=q("8")),)
    subject.when(PresentExpectations(expectations=unknown), actor="p-lead").then(UnknownReference)
    assert subject.when(PresentExpectations(expectations=EXPECTED * 2), actor="p-lead").said == "expected_twice"
    subject.when(PresentExpectations(expectations=EXPECTED), actor="p-cleo").then(OwnAct)


def test_who_has_left_is_shown_nothing_more():
    subject = onboarding(ONBOARDING, SHOWN)
    ended = persons.EmploymentEnded(employment="e-cleo", ending=persons.Ending.VOLUNTARY)
    subject.history.record("person", "p-cleo", ended, on=day("2026-06-14"))
    subject.when(PresentExpectations(expectations=EXPECTED), actor="p-lead").then(AfterLastDay)


# ---- how a probation ends

ASKED: tuple[tuple[Command, str], ...] = (
    (propose(Outcome.CONFIRM), "p-lead"),
    (propose(Outcome.EXTEND, "2026-12-10"), "p-lead"),
    (propose(Outcome.FAIL), "p-lead"),
    (on_trial.ConfirmEmployment(), "p-hr"),
    (on_trial.ExtendProbation(), "p-hr"),
    (on_trial.FailProbation(reason="unmet"), "p-hr"),
    (on_trial.ReverseProbationDecision(reason="mistaken"), "p-hr"),
)
SHORT = {"=": "already_recorded", "N": "not_proposed", "D": "probation_decided", "u": "probation_undecided"}
ANSWERS: dict[tuple[Happened, ...], str] = {  # propose: confirm extend fail | carry out: confirm extend fail | reverse
    (): "ok ok ok N N N u",
    (proposed(Outcome.CONFIRM),): "= ok ok ok N N u",
    (proposed(Outcome.EXTEND, "2026-12-10"),): "ok = ok N ok N u",
    (proposed(Outcome.FAIL),): "ok ok = N N ok u",
    (proposed(Outcome.FAIL), proposed(Outcome.CONFIRM)): "= ok ok ok N N u",
    (LONGER,): "ok no_extension ok N N N u",
    (CONFIRMED,): "= D D = D D ok",
    (FAILED,): "D D = D D = ok",
}


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_what_each_state_of_a_probation_answers(number: int):
    happened, answers = list(ANSWERS.items())[number]
    subject = probation(*happened)
    found = [subject.when(command, actor=actor) for command, actor in ASKED]
    said = ["ok" if outcome.event is not None else outcome.said for outcome in found]
    assert said == [SHORT.get(answer, answer) for answer in answers.split()]


def test_who_proposes_does_not_carry_out_and_nobody_decides_about_themselves():
    subject = probation(proposed(Outcome.CONFIRM))
    subject.when(on_trial.ConfirmEmployment(), actor="p-lead").then(OwnAct)
    for command, _ in ASKED:
        subject.when(command, actor="p-cleo").then(OwnAct)


def test_an_extension_ends_later_and_within_the_law():
    subject = probation()
    assert subject.when(propose(Outcome.EXTEND), actor="p-lead").said == "no_extension"
    assert subject.when(propose(Outcome.EXTEND, "2026-09-10"), actor="p-lead").said == "no_extension"
    assert subject.when(propose(Outcome.CONFIRM, "2026-10-10"), actor="p-lead").said == "no_extension"
    subject.when(propose(Outcome.EXTEND, "2026-12-11"), actor="p-lead").then(ProbationTooLong)
    subject.when(propose(Outcome.EXTEND, "2026-12-10", None), actor="p-lead").then(ReasonNeeded)
    subject = probation(proposed(Outcome.EXTEND, "2026-12-10"))
    subject.when(on_trial.ExtendProbation()).then(
        LONGER.model_copy(update={"proposal": subject.state.course("e-cleo").proposal.entry})
    )


def test_the_law_of_the_place_counts_and_a_policy_may_be_stricter():
    subject = probation()
    calendar: dict[str, Any] = {"zone": "Europe/Berlin", "calendar": "de", "jurisdiction": "de"}
    subject.history.record("person", "p-cleo", calendars.WorkCalendarSet.model_validate(calendar))
    subject.when(propose(Outcome.EXTEND, "2026-12-10"), actor="p-lead").then(on_trial.ProbationOutcomeProposed)
    strict = PolicyTerms(probation_months=4)
    subject.history.record("policy", STANDING, PolicyPublished(version=1, label="Strict", terms=strict))
    subject.when(propose(Outcome.EXTEND, "2026-12-10"), actor="p-lead").then(ProbationTooLong)
    subject.when(propose(Outcome.EXTEND, "2026-10-10"), actor="p-lead").then(on_trial.ProbationOutcomeProposed)


def test_once_it_is_over_a_probation_can_only_be_confirmed():
    subject = probation(proposed(Outcome.FAIL))
    subject.history.now = subject.history.now.replace(month=9, day=10)
    for command in (propose(Outcome.FAIL, reason="late"), propose(Outcome.EXTEND, "2026-12-10")):
        assert subject.when(command, actor="p-lead").said == "probation_over"
    assert subject.when(on_trial.FailProbation(reason="unmet")).said == "probation_over"
    subject.when(propose(Outcome.CONFIRM), actor="p-lead").then(on_trial.ProbationOutcomeProposed)


def test_a_failure_and_a_reversal_need_a_reason():
    probation(proposed(Outcome.FAIL)).when(on_trial.FailProbation()).then(ReasonNeeded)
    probation(CONFIRMED).when(on_trial.ReverseProbationDecision()).then(ReasonNeeded)
    subject = probation(CONFIRMED)
    subject.history.do("probation", "p-cleo", on_trial.ReverseProbationDecision(reason="mistaken"))
    subject.when(propose(Outcome.FAIL), actor="p-lead").then(on_trial.ProbationOutcomeProposed)


def test_there_is_nothing_to_decide_without_a_probation_or_an_employment():
    assert (
        given("probation", "p-ann", world=WORLD).when(propose(Outcome.CONFIRM), actor="p-lead").said == "no_probation"
    )
    given("probation", "p-eve", world=WORLD).when(propose(Outcome.CONFIRM), actor="p-lead").then(AfterLastDay)


def test_the_same_employer_agrees_a_probation_once():
    subject = given("person", "p-cleo", world=WORLD)
    ended = persons.EmploymentEnded(employment="e-cleo", ending=persons.Ending.VOLUNTARY)
    subject.history.record("person", "p-cleo", ended, on=day("2026-06-12"))
    back = persons.StartEmployment(employment="e-2", probation_until=day("2026-08-01"), effective_at=day("2026-06-13"))
    assert subject.when(back).said == "second_probation"
    subject.when(back, testimony=True).then(persons.EmploymentStarted, marks=("second_probation",))
    subject.when(back.model_copy(update={"probation_until": None})).then(persons.EmploymentStarted)
    subject.when(back.model_copy(update={"employer": "other-company"})).then(persons.EmploymentStarted)
    long = back.model_copy(update={"employer": "other-company", "probation_until": day("2027-01-01")})
    subject.when(long).then(ProbationTooLong)


def test_a_start_that_was_cancelled_was_no_probation():
    subject = given("person", "p-cleo", world=WORLD)
    start = subject.entry(persons.EmploymentStarted)
    cancelled = persons.EmploymentStartCancelled(employment="e-cleo", entry=start)
    subject.history.record("person", "p-cleo", cancelled)
    again = persons.StartEmployment(employment="e-2", probation_until=BEGUN.probation_until)
    subject.when(again).then(persons.EmploymentStarted)
