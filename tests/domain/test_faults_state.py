"""Faults of state that others make, each kind by its name: what is reversed stays on record, and nothing is both.

| kind | what must hold here |
|---|---|
| reopening in part | what is reopened is judged and closed again as a whole |
| close, archive and delete confused | closed counts and is reopened, withdrawn does not, and nothing is deleted |
| later rule applied early | policies and stages hold from their day on, a cycle keeps the policy it began under |
| drafts lost on manager change | the draft travels to whoever judges from now on |
| one stage's result taken for the decision | an assessment is no rating, a rating no result, an offer no employment |
| contradictory states both true | the second is refused until the first is reversed |
| a reversal that erases | what is reversed, cancelled or annulled is still there, and what it covered comes back |
| merges that lose one side | both ids keep what was said of them, and are two again after the merge is undone |
"""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.goals import commands as goal
from ledger.domain.goals.events import GoalClosed
from ledger.domain.goals.wholes import WeightsExceedTotal
from ledger.domain.hiring import candidates, offering, outcomes
from ledger.domain.hiring import judging as hire
from ledger.domain.hiring.applications import Decision, HiringDecisionMade
from ledger.domain.hiring.requisitions import RefuseRequisition, RequisitionApproved
from ledger.domain.people import merging, persons, units
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.progress import ProgressReported, ReportProgress
from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities import events as held
from ledger.domain.responsibilities.events import Role
from ledger.domain.reviews import appeals, cycles, drafts, judging, opening, planning, plans, results
from ledger.domain.reviews import events as review
from ledger.domain.reviews.cycles import CycleStage
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.command import Command
from ledger.kernel.event import Subject
from ledger.kernel.policy import STANDING, PolicyTerms
from ledger.kernel.timeline import holders_on
from tests.domain.examples import (
    ACCEPTED,
    ANN_HOLDS,
    ANN_SCORED,
    APPLIED,
    ASSIGNED,
    BOB_HOLDS,
    CLOSED,
    GOAL_ASKED,
    HIRE,
    OPENED,
    PANEL,
    REPORTED,
    REVISED,
    WITHDRAWN,
    company,
    day,
    q,
)
from tests.domain.examples.hiring import GONE, GOOD, OFFERED, OTHER_CANDIDATE, TAKEN, TERMS, decided
from tests.domain.examples.responsibilities import ANN_ACCOUNTABLE, REGISTERED
from tests.domain.examples.reviews import (
    ACCEPTED_RESULT,
    ANN_OPENED,
    APPEALED,
    CYCLE_OPENED,
    EXEMPTED,
    PLAN,
    PLANNED,
    PUBLISHED,
    RATED,
    REVIEW_OPENED,
    REVIEW_WITHDRAWN,
    SELF_ASSESSED,
    STAGE_CLOSED,
    STAGE_OPENED,
    TOLD,
)
from tests.domain.given import NOW, Given, Happened, at, given

WORLD = company()


def a_review(*happened: Happened) -> Given:
    return given("review", "v-1", *happened, world=WORLD)


def application(*happened: Happened) -> Given:
    return given("application", "n-1", APPLIED, *happened, world=WORLD)


def count(subject: Given) -> int:
    stream = f"{subject.kind}/{subject.id}"
    return sum(entry.stream == stream for entry in subject.history.entries)


def test_reopening_in_part():
    subject = a_review(*TOLD, ACCEPTED_RESULT)
    subject.history.do("review", "v-1", opening.ReopenReview(reason="error"))
    state = subject.state
    assert (state.ratings, state.result, state.appeal) == ((), None, None), "no grade outlives the result"
    for command, actor in ((results.AcceptResult(content="0" * 64), "p-ann"), (results.PublishResult(), "p-hr")):
        assert subject.when(command, actor=actor).event is None
    subject.when(judging.ProposeRating(grade="a"), actor="p-lead").then(
        review.RatingProposed, marks=(judging.ASSESSMENTS_MISSING,)
    )
    goals = given("goal", "g-1", ASSIGNED, REPORTED, CLOSED, world=WORLD)
    goals.history.do("goal", "g-1", goal.ReopenGoal(reason="early"), actor="p-lead")
    goals.history.do("goal", "g-1", ReportProgress(value=q("120")), actor="p-ann")
    again = goals.history.do("goal", "g-1", goal.CloseGoal(), actor="p-lead").event
    assert isinstance(again, GoalClosed)
    assert (again.actual, again.progress, again.reached) == (q("120"), q("1"), True), "figures of now, not those kept"
    cycle = given("cycle", "c-1", PLANNED, CYCLE_OPENED, STAGE_OPENED, STAGE_CLOSED, world=WORLD)
    cycle.history.do("cycle", "c-1", planning.OpenStage(stage=CycleStage.REVIEW, reason="late"))
    assert cycle.state.running == {CycleStage.REVIEW}, "that stage alone"
    assert cycle.when(planning.CloseCycle()).said == "stage_still_running"


def test_close_archive_and_delete_confused():
    closed, withdrawn = (given("goal", "g-1", ASSIGNED, REPORTED, e, world=WORLD) for e in (CLOSED, WITHDRAWN))
    reopen = goal.ReopenGoal(reason="early")
    assert closed.when(reopen, actor="p-lead").said == "GoalReopened"
    assert withdrawn.when(reopen, actor="p-lead").said == "goal_withdrawn"
    assert closed.when(goal.WithdrawGoal(reason="dropped"), actor="p-lead").said == "goal_closed"
    for subject in (closed, withdrawn):
        assert len(subject.state.claims) == 1, "what was reported is still there"
    exempted, gone = a_review(REVIEW_OPENED, EXEMPTED), a_review(REVIEW_OPENED, REVIEW_WITHDRAWN)
    again = opening.ReopenReview(reason="error")
    assert (exempted.when(again).said, gone.when(again).said) == ("ReviewReopened", "review_withdrawn")
    team = given("responsibility", "team/x", REGISTERED, ANN_ACCOUNTABLE, world=WORLD)
    team.history.do("responsibility", "team/x", ask.RetireSubject())
    assert list(holders_on(team.state.lines[Role.ACCOUNTABLE.value], at("2026-06-01"))) == ["person/p-ann"]
    world = WORLD.copy()
    world.do("unit", "sales", units.DissolveUnit())
    unit = world.state("unit", "sales")
    assert (unit.is_live(at("2026-06-01")), unit.is_live(NOW), unit.lead_on(at("2026-06-01"))) == (
        True,
        False,
        "p-lead",
    )


def test_later_rule_applied_early():
    world = WORLD.copy()
    strict = PolicyPublished(version=1, label="Performance", terms=PolicyTerms(appeal_days=1, late_window_days=1))
    world.record("policy", STANDING, strict, on=day("2026-06-16"))
    assert (world.policy(NOW).version, world.policy(at("2026-06-16")).version) == (0, 1)
    appeal = appeals.AppealResult(ground="facts")
    assert given("review", "v-1", *TOLD, world=world).when(appeal, actor="p-ann").said == "ResultAppealed"
    cycle = given("cycle", "c-1", PLANNED, CYCLE_OPENED, world=world)
    assert cycle.state.policy_version == 0
    cycle.history.now = at("2026-07-01")
    assert cycle.state.policy_version == 0, "it keeps the policy it began under"
    early = ANN_OPENED.model_copy(update={"cycle": "c-1"})
    before_stage = given("review", "v-1", (early, day("2026-05-01"), "p-hr"), world=cycle.history)
    before_stage.when(judging.ProposeRating(grade="b"), actor="p-lead").then(cycles.StageNotBegun)


def test_drafts_lost_on_manager_change():
    world = a_review(REVIEW_OPENED).history
    world.do("draft", "w-1", drafts.SaveDraft(review="v-1", grade="b", note="So far"), actor="p-lead")
    world.do("review", "v-1", opening.HandOverReview(taker="p-boss", draft="w-1"), actor="p-lead")
    draft = given("draft", "w-1", world=world)
    more = drafts.SaveDraft(review="v-1", grade="a")
    assert draft.when(more, actor="p-boss").said == "AssessmentDrafted"
    assert draft.when(more, actor="p-lead").said == "not_found", "a draft of somebody else is not even there"
    assert count(draft) == 1, "what the giver wrote stays as it was written"


def test_one_stages_result_taken_for_the_decision():
    assessed, rated = a_review(REVIEW_OPENED, SELF_ASSESSED), a_review(REVIEW_OPENED, SELF_ASSESSED, RATED)
    told: list[Command] = [
        results.AcceptResult(content="0" * 64),
        appeals.AppealResult(ground="facts"),
        results.ReceiveResult(),
    ]
    for subject in (assessed, rated):
        assert {subject.when(command, actor="p-ann").said for command in told} == {"result_not_published"}
    assert assessed.when(results.PublishResult()).event is None, "an assessment is no rating"
    plan: dict[str, Any] = {"starts_on": "2026-06-20", "ends_on": "2026-09-30"}
    assert rated.when(plans.OpenImprovementPlan.model_validate(plan), actor="p-lead").said == "result_not_published"
    scored = application(PANEL, ANN_SCORED)
    offer = offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20"})
    assert scored.when(offer, actor="p-lead").event is None, "a scorecard is no decision"
    world = application(HIRE, OFFERED).history
    world.record("person", "p-cleo", persons.PersonRegistered(name="Cleo"), on=day("2026-06-01"))
    start = persons.StartEmployment.model_validate({k: v for k, v in TERMS.items() if k != "starts_on"})
    begin = start.model_copy(update={"application": "n-1"})
    assert given("person", "p-cleo", world=world).when(begin, on="2026-06-10").said == "offer_not_accepted"


REJECTED, HELD = decided(Decision.REJECT), decided(Decision.HOLD)
MAKE_OFFER = offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20"})
REPORT = ReportProgress(value=q("1"))
ENDED = persons.EmploymentEnded(employment="e-p-ann", ending=persons.Ending.VOLUNTARY), day("2026-06-01")
CONTRADICTIONS: list[tuple[str, tuple[Happened, ...], Command, str]] = [
    ("goal", (ASSIGNED, CLOSED), REPORT, "p-ann"),
    ("goal", (ASSIGNED, WITHDRAWN), goal.CloseGoal(), "p-lead"),
    ("goal", (ASSIGNED, CLOSED), goal.ReviseTarget(target=q("130"), reason="market"), "p-lead"),
    ("application", (APPLIED, REJECTED), MAKE_OFFER, "p-lead"),
    ("application", (APPLIED, HELD), MAKE_OFFER, "p-lead"),
    ("application", (APPLIED, GONE), MAKE_OFFER, "p-lead"),
    ("application", (APPLIED, HIRE), hire.DecideApplication(decision=Decision.REJECT, reason="x"), "p-lead"),
    ("application", (APPLIED, HIRE, OFFERED), hire.ReverseDecision(reason="x"), "p-lead"),
    ("application", (APPLIED, HIRE, OFFERED, TAKEN), offering.DeclineOffer(), "p-hr"),
    ("application", (APPLIED, REJECTED), outcomes.WithdrawApplication(), "p-hr"),
    ("review", (REVIEW_OPENED, EXEMPTED), judging.ProposeRating(grade="a"), "p-lead"),
    ("review", (REVIEW_OPENED, RATED, PUBLISHED), judging.CalibrateRating(grade="a", reason="x"), "p-boss"),
    ("review", (*TOLD, ACCEPTED_RESULT), results.RefuseAcceptance(), "p-ann"),
    ("review", (*TOLD, ACCEPTED_RESULT), appeals.AppealResult(ground="facts"), "p-ann"),
    ("review", (*TOLD, APPEALED), results.AcceptResult(content="cd" * 32), "p-ann"),
    ("person", (ENDED,), persons.AssignManager(manager="p-lead"), "p-hr"),
]


@pytest.mark.parametrize(("kind", "happened", "command", "actor"), CONTRADICTIONS)
def test_contradictory_states_both_true(kind: str, happened: tuple[Happened, ...], command: Command, actor: str):
    subject = given(kind, "p-ann" if kind == "person" else "x-1", *happened, world=WORLD)
    before = count(subject)
    outcome = subject.when(command, actor=actor)
    assert outcome.refusal is not None, outcome.said
    assert outcome.refusal.status == 409, outcome.said
    assert count(subject) == before


APPROVED = RequisitionApproved(unit="sales"), day("2026-06-02"), "p-boss"
PLAN_AGAIN = planning.PlanCycle.model_validate({**PLAN, "reason": "late"})
WHY: list[tuple[str, tuple[Happened, ...], Command, str, str]] = [
    ("goal", (ASSIGNED, ACCEPTED), goal.DisputeGoal(), "p-ann", "goal_accepted"),
    ("cycle", (PLANNED, CYCLE_OPENED), PLAN_AGAIN, "p-hr", "cycle_begun"),
    ("cycle", (PLANNED, CYCLE_OPENED), planning.CloseStage(stage=CycleStage.REVIEW), "p-hr", "stage_not_running"),
    ("application", (APPLIED, PANEL), hire.AmendAssessment(scores=GOOD), "p-ann", "not_assessed"),
    ("requisition", (OPENED, APPROVED), RefuseRequisition(reason="budget"), "p-boss", "requisition_settled"),
]


@pytest.mark.parametrize(("kind", "happened", "command", "actor", "code"), WHY)
def test_contradictory_states_both_true_says_which(
    kind: str, happened: tuple[Happened, ...], command: Command, actor: str, code: str
):
    assert given(kind, "x-1", *happened, world=WORLD).when(command, actor=actor).said == code


def test_a_reversal_that_erases():
    targets = given("goal", "g-1", ASSIGNED, REVISED, world=WORLD)
    entry = targets.entry(type(REVISED[0]))
    before = count(targets)
    targets.history.do("goal", "g-1", goal.AnnulGoalEntry.model_validate({"entry": entry}), actor="p-lead")
    assert targets.state.target_at(day("2026-06-15"), targets.history).value == q("120"), "what it covered comes back"
    kept = [e for e in targets.history.entries if e.event_id == entry]
    assert (len(kept), count(targets)) == (1, before + 1), "the entry stays, and another says that it never held"
    rated = a_review(REVIEW_OPENED, RATED)
    calibrated = rated.history.do(
        "review", "v-1", judging.CalibrateRating(grade="a", reason="cohort"), actor="p-boss"
    ).event
    assert isinstance(calibrated, review.RatingCalibrated)
    assert (calibrated.before, calibrated.after) == ("b", "a")
    rated.history.do("review", "v-1", judging.CancelCalibration(reason="error"), actor="p-boss")
    assert rated.state.standing.grade == "b"
    assert count(rated) == 4
    reversed_ = application(PANEL, ANN_SCORED, HIRE)
    reversed_.history.do("application", "n-1", hire.ReverseDecision(reason="facts"), actor="p-lead")
    made = [e for e in reversed_.history.entries if isinstance(e.event, HiringDecisionMade)]
    assert (len(made), len(reversed_.state.assessments)) == (1, 1)


def test_merges_that_lose_one_side():
    world = WORLD.copy()
    world.do("goal", "g-bob", ReportProgress(value=q("105")), actor="p-bob")
    world.record("person", "p-second", persons.PersonRegistered(name="Bob"), on=day("2020-01-01"))
    second = ASSIGNED[0].model_copy(update={"owner": BOB_HOLDS.subject.model_copy(update={"id": "p-second"})})
    world.record("goal", "g-second", second, on=day("2026-01-02"), by="p-boss")
    before = len(world.entries)
    world.do("person", "p-second", merging.MergePerson(into="p-bob"))
    assert world.resolved("p-second") == "p-bob"
    assert world.state("goal", "g-second").owner.id == "p-second", "ids are kept, and resolved on reading"
    assert [e.event.owner.id for e in world.entries if isinstance(e.event, ProgressReported)] == ["p-bob"]
    fields = {"person": "p-bob", "goals": ["g-bob", "g-second"], "starts_on": "2026-01-01", "ends_on": "2026-06-10"}
    opened = opening.OpenReview.model_validate({**fields, "scale": "abc", "grades": ["c", "b", "a"]})
    both = given("review", "v-9", world=world)
    both.when(opened).then(review.ReviewOpened)  # what either id was assigned is judged
    both.when(opened.model_copy(update={"person": "p-second"})).then(review.ReviewOpened)
    in_cycle = {"cycle": "c-open", "starts_on": None, "ends_on": None, "scale": None, "grades": None, "goals": ()}
    reviewed = opened.model_copy(update={**in_cycle, "person": "p-second"})
    twice = given("review", "v-9", world=world)
    twice.history.do("review", "v-9", opened.model_copy(update=in_cycle))
    given("review", "v-8", world=twice.history).when(reviewed).then(opening.ReviewedAlready)
    world.do("person", "p-second", merging.UnmergePerson(reason="error"))
    given("review", "v-9", world=world).when(opened).then(opening.NotTheirGoal)
    assert world.resolved("p-second") == "p-second"
    assert len(world.entries) == before + 2, "nothing of either was rewritten"
    kind, id, registered = OTHER_CANDIDATE[:3]
    world.record(kind, id, registered)
    world.do("candidate", "c-2", candidates.MergeCandidate(into="c-1"))
    assert candidates.resolved(world, "c-2") == "c-1"
    world.do("candidate", "c-2", candidates.UnmergeCandidate(reason="error"))
    assert candidates.resolved(world, "c-2") == "c-2"


def test_merges_that_lose_one_side_of_what_is_summed():
    world = WORLD.copy()
    total = PolicyPublished(version=1, label="Performance", terms=PolicyTerms(weights_total=100))
    world.record("policy", STANDING, total, on=day("2026-01-01"))
    world.record("goal", "g-1", ASSIGNED[0].model_copy(update={"weight": q("70")}), on=day("2026-01-02"), by="p-lead")
    world.record("person", "p-second", persons.PersonRegistered(name="Ann"), on=day("2020-01-01"))
    terms = {**GOAL_ASKED, "owner": {"kind": "person", "id": "p-second"}, "employment": None, "weight": "40"}
    more = goal.AssignGoal.model_validate({**terms, "parent": None, "share": None})
    world.do("person", "p-second", merging.MergePerson(into="p-ann"))
    given("goal", "g-9", world=world).when(more, actor="p-lead").then(WeightsExceedTotal)


def test_what_is_summed_of_a_person_is_that_of_all_their_ids():
    world = WORLD.copy()
    total = PolicyPublished(version=1, label="Performance", terms=PolicyTerms(weights_total=100))
    world.record("policy", STANDING, total, on=day("2026-01-01"))
    for id in ("p-second", "p-third"):
        world.record("person", id, persons.PersonRegistered(name="Ann"), on=day("2020-01-01"))
    terms = {**GOAL_ASKED, "employment": None, "parent": None, "share": None}

    def weighed(id: str, weight: str) -> goal.AssignGoal:
        return goal.AssignGoal.model_validate({**terms, "owner": {"kind": "person", "id": id}, "weight": weight})

    third = ASSIGNED[0].model_copy(update={"weight": q("70"), "owner": Subject(kind="person", id="p-third")})
    world.record("goal", "g-1", third, on=day("2026-01-02"), by="p-lead")
    world.do("person", "p-third", merging.MergePerson(into="p-second"))
    world.do("person", "p-second", merging.MergePerson(into="p-ann"))
    for id in ("p-ann", "p-second", "p-third"):
        given("goal", "g-9", world=world).when(weighed(id, "40"), actor="p-lead").then(WeightsExceedTotal)
    world.do("person", "p-third", merging.UnmergePerson(reason="mistaken"))
    assert given("goal", "g-9", world=world).when(weighed("p-ann", "40"), actor="p-lead").said == "GoalAssigned"


def test_merges_that_make_one_accountable_twice_are_marked():
    world = WORLD.copy()
    world.record("person", "p-second", persons.PersonRegistered(name="Ann"), on=day("2020-01-01"))
    both = (ANN_HOLDS.subject, ANN_HOLDS.subject.model_copy(update={"id": "p-second"}))
    for holder in both:
        assigned = held.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=holder)
        world.record("responsibility", "team/x", assigned, on=day("2026-01-01"))
    world.do("person", "p-second", merging.MergePerson(into="p-ann"))
    merge = world.entries[-1]
    assert isinstance(merge.event, merging.PersonsMerged)
    line = world.state("responsibility", "team/x").lines[Role.ACCOUNTABLE.value]
    assert len(holders_on(line, NOW)) == 2, "both statements stay"
    subject = given("person", "p-third", persons.PersonRegistered(name="Ann"), world=world)
    subject.when(merging.MergePerson(into="p-ann")).then(merging.PersonsMerged)
    assert not any(isinstance(e.event, EntryAnnulled) for e in world.entries)
