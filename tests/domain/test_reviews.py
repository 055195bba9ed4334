"""Reviews: steps that stay apart, judged by others than oneself, and never two results at once."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.reviews import appeals, drafts, judging, opening, plans, results
from ledger.domain.reviews import events as review
from ledger.domain.reviews.calibrations import CalibrationHeld
from ledger.domain.reviews.cycles import (
    CycleNotOpen,
    CycleOpened,
    CyclePlanned,
    CycleStage,
    StageClosed,
    StageNotBegun,
    StageOpened,
)
from ledger.domain.reviews.state import NotPublished, Phase, ReviewState, evolve_review
from ledger.kernel.command import Command
from ledger.kernel.policy import Scale
from ledger.kernel.refusals import (
    AfterLastDay,
    AlreadyRecorded,
    NotFound,
    OwnAct,
    PeriodReversed,
    ReasonNeeded,
    UnknownReference,
)
from tests.domain.examples import company, day, q
from tests.domain.examples.company import GRADES
from tests.domain.examples.goals import ASSIGNED, REVISED, WITHDRAWN
from tests.domain.examples.reviews import (
    ACCEPTED_RESULT,
    ANN_OPENED,
    APPEALED,
    CALIBRATED,
    CONTENT,
    EXEMPTED,
    PLAN,
    PUBLISHED,
    RATED,
    REFUSED_RESULT,
    REVIEW_OPENED,
    REVIEW_WITHDRAWN,
    REVIEWERS,
    SCALE,
    SELF_ASSESSED,
    TOLD,
)
from tests.domain.given import Given, Happened, History, Outcome, given

WORLD = company()
NOBODY = "p-nobody"

STATES: dict[str, tuple[Happened, ...]] = {
    "unknown": (),
    "opened": (REVIEW_OPENED,),
    "rated": (REVIEW_OPENED, RATED),
    "calibrated": (REVIEW_OPENED, RATED, CALIBRATED),
    "published": TOLD,
    "accepted": (*TOLD, ACCEPTED_RESULT),
    "refused": (*TOLD, REFUSED_RESULT),
    "exempted": (REVIEW_OPENED, EXEMPTED),
    "withdrawn": (REVIEW_OPENED, REVIEW_WITHDRAWN),
}
ASKED: dict[str, tuple[Command, str]] = {
    "assess": (judging.SubmitAssessment(grade="a"), "p-ann"),
    "rate": (judging.ProposeRating(grade="c", reason="facts"), "p-lead"),
    "calibrate": (judging.CalibrateRating(grade="c", reason="cohort"), "p-boss"),
    "cancel": (judging.CancelCalibration(reason="error"), "p-boss"),
    "publish": (results.PublishResult(), "p-hr"),
    "accept": (results.AcceptResult(content=CONTENT), "p-ann"),
    "object": (results.RefuseAcceptance(), "p-ann"),
    "appeal": (appeals.AppealResult(ground="facts"), "p-ann"),
    "decide": (appeals.DecideAppeal(outcome=review.AppealOutcome.STANDS, reason="checked"), "p-bob"),
    "exempt": (opening.ExemptFromReview(reason="new"), "p-hr"),
    "reopen": (opening.ReopenReview(reason="facts"), "p-hr"),
    "withdraw": (opening.WithdrawReview(reason="error"), "p-hr"),
}
# state: what each command gets there, in the order of ASKED; `ok` is an event
ANSWERS = """
unknown     not_found not_found not_found not_found not_found not_found not_found not_found not_found not_found N N
opened      ok        ok        not_rated not_rated not_rated U         U         U         A         ok        R ok
rated       ok        ok        ok        nothing_calibrated ok U       U         U         A         ok        R ok
calibrated  ok        C         ok        ok        ok        U         U         U         A         ok        R ok
published   P         P         P         P         R         ok        ok        ok        A         P         ok P
accepted    P         P         P         P         R         R         D         D         A         P         ok P
refused     P         P         P         P         R         D         R         ok        A         P         ok P
appealed    P         P         P         P         R         O         O         R         ok        P         O  P
exempted    X         X         X         X         X         X         X         X         X         R         ok ok
withdrawn   W         W         W         W         W         W         W         W         W         W         W R
"""
SHORT = {
    "N": "not_found",
    "U": "result_not_published",
    "A": "no_open_appeal",
    "R": "already_recorded",
    "C": "rating_calibrated",
    "P": "result_published",
    "D": "answered_already",
    "O": "appeal_open",
    "X": "review_exempted",
    "W": "review_withdrawn",
}


def table() -> list[tuple[str, str, str]]:
    rows = [line.split() for line in ANSWERS.strip().splitlines()]
    return [(row[0], verb, SHORT.get(cell, cell)) for row in rows for verb, cell in zip(ASKED, row[1:], strict=True)]


def a_review(*happened: Happened, world: History = WORLD) -> Given:
    return given("review", "v-1", *happened, world=world)


def appealed() -> Given:
    """Return Ann's review with an appeal that Bob is to decide."""
    subject = a_review(*TOLD)
    subject.history.do("review", "v-1", appeals.AppealResult(ground="facts"), actor="p-ann")
    subject.history.do("review", "v-1", appeals.AssignAppeal(decider="p-bob"), actor="p-hr")
    return subject


@pytest.mark.parametrize(("state", "verb", "expected"), table())
def test_what_each_state_answers(state: str, verb: str, expected: str):
    command, actor = ASKED[verb]
    subject = appealed() if state == "appealed" else a_review(*STATES[state])
    outcome = subject.when(command, actor=actor)
    assert ("ok" if outcome.event is not None else outcome.said) == expected


# Opening


def opened(world: History = WORLD, **changed: Any) -> Outcome:
    asked: dict[str, Any] = {"person": "p-ann", "starts_on": "2026-01-01", "ends_on": "2026-06-30", "scale": "abc"}
    command = opening.OpenReview.model_validate({**asked, "grades": GRADES, **changed})
    return a_review(world=world).when(command, actor="p-hr")


def test_goals_are_kept_as_they_stood_when_the_review_was_opened():
    world = given("goal", "g-1", ASSIGNED, REVISED, world=WORLD).history
    event = opened(world, goals=["g-1"]).event
    assert isinstance(event, review.ReviewOpened)
    assert [(t.goal, t.target, t.metric) for t in event.terms] == [("g-1", q("130"), "increase")]
    earlier = opened(world, goals=["g-1"], ends_on="2026-03-31").event
    assert isinstance(earlier, review.ReviewOpened)
    assert earlier.terms[0].target == q("120"), "the target of the period's end, not today's"


def test_a_person_is_judged_by_goals_that_bind_them():
    world = given("goal", "g-1", ASSIGNED, WITHDRAWN, world=WORLD).history
    for goal in ("g-1", "g-bob", "g-unit"):
        opened(world, goals=[goal]).then(opening.NotTheirGoal)
    opened(goals=["g-nowhere"]).then(UnknownReference)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"ends_on": "2025-12-31"}, PeriodReversed),
        ({"starts_on": None}, opening.OutsideCycle),
        ({"person": NOBODY}, UnknownReference),
        ({"employment": "e-p-bob"}, UnknownReference),
        ({"cycle": "c-open"}, opening.CycleHasScale),
        ({"cycle": "c-open", "scale": None, "grades": None, "ends_on": "2026-07-01"}, opening.OutsideCycle),
        ({"cycle": "c-nowhere"}, UnknownReference),
        ({"scale": None}, opening.CycleHasScale),
        ({"person": "p-eve", "starts_on": "2026-04-01"}, AfterLastDay),
    ],
)
def test_what_can_not_be_judged_is_not_opened(changed: dict[str, Any], refusal: type):
    opened(**changed).then(refusal)


def test_who_has_left_is_judged_for_the_time_before():
    event = opened(person="p-eve").event
    assert isinstance(event, review.ReviewOpened)
    assert event.employment == "e-p-eve"


def test_in_a_cycle_the_cycles_period_and_scale_hold():
    event = opened(cycle="c-open", scale=None, grades=None, starts_on=None, ends_on=None).event
    assert isinstance(event, review.ReviewOpened)
    assert (event.starts_on, event.ends_on, event.scale) == (day("2026-01-01"), day("2026-06-30"), SCALE)


def in_cycle(*stages: CycleStage, opened: tuple[CycleStage, ...] = ()) -> tuple[History, Happened]:
    """Return a world with a running cycle of these stages, and the opening of Ann's review in it."""
    planned = [{"stage": s, "opens_on": day("2026-04-01"), "closes_on": day("2026-04-30")} for s in stages]
    plan = CyclePlanned.model_validate({**PLAN, "stages": planned, "policy_version": 0})
    events = [plan, CycleOpened(policy_version=0, scale=SCALE), *(StageOpened(stage=stage) for stage in opened)]
    return given("cycle", "c-1", *events, world=WORLD).history, ANN_OPENED.model_copy(update={"cycle": "c-1"})


def test_reviews_are_opened_in_a_cycle_that_runs():
    world = given("cycle", "c-1", CyclePlanned(**PLAN, policy_version=0), world=WORLD).history
    opened(world, cycle="c-1", scale=None, grades=None).then(CycleNotOpen)


# Assessing


def test_everybody_assesses_from_their_own_seat_only():
    subject = a_review(REVIEW_OPENED, REVIEWERS)
    for actor, kind in (("p-ann", review.AssessmentKind.SELF), ("p-bob", review.AssessmentKind.PEER)):
        event = subject.when(judging.SubmitAssessment(grade="b"), actor=actor).event
        assert isinstance(event, review.AssessmentSubmitted)
        assert (event.assessor, event.kind) == (actor, kind)
    subject.when(judging.SubmitAssessment(grade="b"), actor="p-hr").then(judging.NotAReviewer)


def test_a_submitted_assessment_is_done_again_only_after_it_was_returned():
    subject = a_review(REVIEW_OPENED, SELF_ASSESSED)
    again = judging.SubmitAssessment(grade="b")
    subject.when(again, actor="p-ann").then(judging.AssessmentInPlace)
    entry = subject.entry(review.AssessmentSubmitted)
    back = judging.ReturnAssessment(entry=entry, reason="incomplete")
    subject.when(back.model_copy(update={"reason": None}), actor="p-lead").then(ReasonNeeded)
    subject.when(back, actor="p-ann").then(OwnAct)
    subject.history.do("review", "v-1", back, actor="p-lead")
    subject.when(back, actor="p-lead").then(judging.NoSuchAssessment)
    subject.when(again, actor="p-ann").then(review.AssessmentSubmitted)
    assert [a.returned for a in subject.state.assessments] == [True], "the first one stays on record"


def test_a_grade_of_another_scale_is_no_grade():
    subject = a_review(REVIEW_OPENED)
    assert subject.when(judging.ProposeRating(grade="d"), actor="p-lead").said == "grade_not_on_scale"
    assert subject.when(judging.SubmitAssessment(grade="best"), actor="p-ann").said == "grade_not_on_scale"


def test_nobody_is_named_to_assess_themselves_or_after_they_left():
    subject = a_review(REVIEW_OPENED)
    subject.when(opening.NameReviewers(peers=("p-ann",)), actor="p-lead").then(OwnAct)
    subject.when(opening.NameReviewers(upward=("p-eve",)), actor="p-lead").then(AfterLastDay)
    subject.when(opening.NameReviewers(dotted_line=(NOBODY,)), actor="p-lead").then(UnknownReference)
    a_review(REVIEW_OPENED, REVIEWERS).when(opening.NameReviewers(peers=("p-bob",)), actor="p-lead").then(
        AlreadyRecorded
    )


def test_a_missing_assessment_is_marked_and_lowers_nothing():
    rate = judging.ProposeRating(grade="a")
    a_review(REVIEW_OPENED, REVIEWERS, SELF_ASSESSED).when(rate, actor="p-lead").then(
        review.RatingProposed(person="p-ann", judge="p-lead", grade="a"), marks=("assessments_missing",)
    )
    a_review(REVIEW_OPENED, SELF_ASSESSED).when(rate, actor="p-lead").then(review.RatingProposed)
    late = a_review(REVIEW_OPENED, RATED).when(judging.SubmitAssessment(grade="a"), actor="p-ann")
    late.then(review.AssessmentSubmitted, marks=("after_rating",))


# Rating and calibrating


def test_nobody_rates_calibrates_or_publishes_their_own():
    a_review(REVIEW_OPENED, SELF_ASSESSED).when(judging.ProposeRating(grade="a"), actor="p-ann").then(OwnAct)
    calibrate = judging.CalibrateRating(grade="a", reason="cohort")
    for actor in ("p-ann", "p-lead"):
        a_review(REVIEW_OPENED, RATED).when(calibrate, actor=actor).then(OwnAct)
        a_review(REVIEW_OPENED, RATED).when(results.PublishResult(), actor=actor).then(OwnAct)


def test_a_calibrated_grade_keeps_the_one_it_overrides_and_brings_it_back():
    subject = a_review(REVIEW_OPENED, RATED)
    proposed = subject.entry(review.RatingProposed)
    for grade, before in (("a", "b"), ("c", "a")):
        event = subject.history.do(
            "review", "v-1", judging.CalibrateRating(grade=grade, reason="cohort"), actor="p-boss"
        ).event
        assert isinstance(event, review.RatingCalibrated)
        assert (event.before, event.after) == (before, grade)
    for grade in ("a", "b"):
        subject.history.do("review", "v-1", judging.CancelCalibration(reason="error"), actor="p-boss")
        assert subject.state.standing.grade == grade
    assert subject.state.standing.entry == proposed
    subject.when(judging.CancelCalibration(reason="error"), actor="p-boss").then(judging.NothingCalibrated)


def test_a_changed_grade_needs_a_reason_and_a_confirmed_one_does_not():
    subject = a_review(REVIEW_OPENED, RATED)
    subject.when(judging.CalibrateRating(grade="a"), actor="p-boss").then(ReasonNeeded)
    subject.when(judging.CalibrateRating(grade="b"), actor="p-boss").then(review.RatingCalibrated)
    subject.when(judging.ProposeRating(grade="a"), actor="p-lead").then(ReasonNeeded)
    subject.when(judging.ProposeRating(grade="b"), actor="p-lead").then(AlreadyRecorded)


def test_a_proposal_is_not_the_result_where_the_cycle_plans_a_calibration():
    world, begun = in_cycle(CycleStage.CALIBRATION, opened=(CycleStage.CALIBRATION,))
    subject = a_review(begun, RATED, world=world)
    subject.when(results.PublishResult()).then(judging.NotCalibrated)
    a_review(begun, RATED, CALIBRATED, world=world).when(results.PublishResult()).then(review.ResultPublished)


@pytest.mark.parametrize(
    ("stage", "command", "actor"),
    [
        (CycleStage.SELF_ASSESSMENT, judging.SubmitAssessment(grade="a"), "p-ann"),
        (CycleStage.PEER_ASSESSMENT, judging.SubmitAssessment(grade="a"), "p-bob"),
        (CycleStage.REVIEW, judging.ProposeRating(grade="a", reason="facts"), "p-lead"),
        (CycleStage.CALIBRATION, judging.CalibrateRating(grade="b"), "p-boss"),
        (CycleStage.RESULTS, results.PublishResult(), "p-hr"),
    ],
)
def test_no_stage_is_applied_before_it_has_begun(stage: CycleStage, command: Command, actor: str):
    for opened, refused in (((), True), ((stage,), False)):
        world, begun = in_cycle(stage, opened=opened)
        outcome = a_review(begun, REVIEWERS, RATED, world=world).when(command, actor=actor)
        assert isinstance(outcome.refusal, StageNotBegun) == refused


def test_what_comes_after_its_stage_is_marked():
    world, begun = in_cycle(CycleStage.SELF_ASSESSMENT, opened=(CycleStage.SELF_ASSESSMENT,))
    world.record("cycle", "c-1", StageClosed(stage=CycleStage.SELF_ASSESSMENT))
    late = a_review(begun, world=world).when(judging.SubmitAssessment(grade="a"), actor="p-ann")
    late.then(review.AssessmentSubmitted, marks=("after_stage",))


def test_a_rating_is_also_that_of_whoever_gave_it_for_the_judge():
    for_lead = review.RatingProposed(person="p-ann", judge="p-lead", grade="b"), day("2026-05-10"), "p-bob"
    subject = a_review(REVIEW_OPENED, for_lead)
    for actor in ("p-lead", "p-bob"):
        subject.when(results.PublishResult(), actor=actor).then(OwnAct)
        subject.when(judging.CalibrateRating(grade="b"), actor=actor).then(OwnAct)
    assert {"p-lead", "p-bob"} <= subject.state.judges


def test_a_session_calibrates_the_reviews_of_its_cohort_by_its_members():
    held: dict[str, Any] = {"cycle": "c-open", "unit": "sales", "members": ("p-boss",), "unrated": 0}
    world = WORLD.copy()

    world.record("calibration", "b-1", CalibrationHeld(**held, reviews=("v-1",)))
    world.record("calibration", "b-2", CalibrationHeld(**held, reviews=("v-0",)))
    subject = a_review(REVIEW_OPENED, RATED, world=world)
    for session, expected in (("b-1", review.RatingCalibrated), ("b-2", judging.NotInSession)):
        subject.when(judging.CalibrateRating(grade="a", session=session, reason="x"), actor="p-boss").then(expected)
    asked = judging.CalibrateRating(grade="a", session="b-1", reason="x")
    subject.when(asked, actor="p-hr").then(judging.NotInSession)
    subject.when(judging.CalibrateRating(grade="a", session="b-9", reason="x"), actor="p-boss").then(UnknownReference)


# A changed lead


def handed(taker: str = "p-boss", draft: str | None = None) -> Happened:
    event = review.ReviewHandedOver(person="p-ann", giver="p-lead", taker=taker, draft=draft)
    return event, day("2026-05-06"), "p-lead"


def test_after_a_hand_over_only_the_taker_rates():
    subject = a_review(REVIEW_OPENED, handed())
    subject.when(judging.ProposeRating(grade="a"), actor="p-lead").then(judging.NotTheJudge)
    outcome = subject.when(judging.ProposeRating(grade="a"), actor="p-boss")
    outcome.then(review.RatingProposed, marks=("assessments_missing",))


def test_nothing_written_is_lost_when_the_lead_changes():
    writing = drafts.AssessmentDrafted(review="v-1", writer="p-lead", grade="b", note="Half written")
    world = a_review(REVIEW_OPENED, SELF_ASSESSED).history
    world.record("draft", "w-1", writing, by="p-lead")
    hand = opening.HandOverReview(taker="p-boss", draft="w-1", reason="moved")
    world.do("review", "v-1", hand, actor="p-lead")
    more = drafts.SaveDraft(review="v-1", note="Went on")
    subject = Given(world, "draft", "w-1")
    subject.when(more, actor="p-lead").then(NotFound)
    subject.when(more, actor="p-boss").then(drafts.AssessmentDrafted)
    assert len(world.state("review", "v-1").assessments) == 1


def test_only_a_draft_for_this_review_travels_and_never_the_persons_own():
    world = a_review(REVIEW_OPENED).history
    world.record("draft", "w-1", drafts.AssessmentDrafted(review="v-0", writer="p-lead", grade="b"), by="p-lead")
    world.record("draft", "w-2", drafts.AssessmentDrafted(review="v-1", writer="p-ann", grade="b"), by="p-ann")
    for draft in ("w-1", "w-2", "w-3"):
        command = opening.HandOverReview(taker="p-boss", draft=draft)
        Given(world, "review", "v-1").when(command, actor="p-lead").then(UnknownReference)


def test_a_draft_is_its_writers_and_holds_something():
    subject = given("draft", "w-1", world=a_review(REVIEW_OPENED).history)
    subject.when(drafts.SaveDraft(review="v-1"), actor="p-ann").then(drafts.EmptyDraft)
    subject.when(drafts.SaveDraft(review="v-9", note="x"), actor="p-ann").then(NotFound)
    subject.history.do("draft", "w-1", drafts.SaveDraft(review="v-1", note="x"), actor="p-ann")
    subject.when(drafts.SaveDraft(review="v-1", note="y"), actor="p-bob").then(NotFound)
    subject.when(drafts.SaveDraft(review="v-0", note="y"), actor="p-ann").then(NotFound)


# Results


def test_what_is_accepted_is_the_result_that_is_published():
    subject = a_review(REVIEW_OPENED, RATED)
    published = subject.history.do("review", "v-1", results.PublishResult(), actor="p-hr").event
    assert isinstance(published, review.ResultPublished)
    subject.when(results.AcceptResult(content="0" * 64), actor="p-ann").then(results.OtherContent)
    subject.when(results.AcceptResult(content=published.content), actor="p-ann").then(review.ResultAccepted)


def test_the_content_hash_changes_with_everything_the_result_rests_on():
    def content(*happened: Happened) -> str:
        event = a_review(*happened).when(results.PublishResult()).event
        assert isinstance(event, review.ResultPublished)
        return event.content

    other_scale = ANN_OPENED.model_copy(update={"scale": Scale(code="abc", grades=("d", *GRADES))})
    worse = review.RatingProposed(person="p-ann", judge="p-lead", grade="c"), day("2026-05-10"), "p-lead"
    histories: tuple[tuple[Happened, ...], ...] = (
        (REVIEW_OPENED, RATED),
        (REVIEW_OPENED, worse),
        ((other_scale, day("2026-05-01")), RATED),
        (REVIEW_OPENED, SELF_ASSESSED, RATED),
        (REVIEW_OPENED, RATED, CALIBRATED),
    )
    assert len({content(*happened) for happened in histories}) == len(histories)
    assert content(*histories[0]) == content(*histories[0])


def test_the_meeting_is_held_by_somebody_else_after_the_publication():
    meeting = results.HoldReviewMeeting()
    a_review(REVIEW_OPENED, RATED).when(meeting, actor="p-lead").then(NotPublished)
    a_review(*TOLD).when(meeting, actor="p-ann").then(OwnAct)
    a_review(*TOLD).when(results.ReceiveResult(), actor="p-ann").then(review.ResultReceived)


def test_a_reopened_review_is_judged_again_as_a_whole():
    subject = a_review(*TOLD, ACCEPTED_RESULT)
    first = subject.state.result.entry
    subject.when(opening.ReopenReview()).then(ReasonNeeded)
    subject.history.do("review", "v-1", opening.ReopenReview(reason="facts"), actor="p-hr")
    state: ReviewState = subject.state
    assert (state.phase, state.ratings, state.result, state.appeal) == (Phase.OPEN, (), None, None)
    subject.when(results.PublishResult()).then(judging.NotRated)
    subject.history.do("review", "v-1", judging.ProposeRating(grade="a"), actor="p-lead")
    again = subject.history.do("review", "v-1", results.PublishResult(), actor="p-hr").event
    assert isinstance(again, review.ResultPublished)
    assert (again.grade, again.replaces) == ("a", first)


# Appeals


def test_an_appeal_is_decided_by_somebody_who_had_no_part():
    assessed = review.AssessmentSubmitted(person="p-ann", assessor="p-bob", kind=review.AssessmentKind.PEER, grade="a")
    subject = a_review(REVIEW_OPENED, (assessed, day("2026-05-03"), "p-bob"), RATED, CALIBRATED, PUBLISHED, APPEALED)
    for decider in ("p-bob", "p-lead", "p-boss", "p-hr"):
        subject.when(appeals.AssignAppeal(decider=decider)).then(appeals.DeciderHadAPart)
    subject.when(appeals.AssignAppeal(decider="p-ann")).then(OwnAct)
    a_review(*TOLD, APPEALED).when(appeals.AssignAppeal(decider="p-bob")).then(review.AppealAssigned)


def test_who_sat_in_the_session_decides_no_appeal():

    world = WORLD.copy()
    held = CalibrationHeld(cycle="c-open", unit="sales", members=("p-boss", "p-bob"), reviews=("v-1",), unrated=0)
    world.record("calibration", "b-1", held)
    in_session = CALIBRATED[0].model_copy(update={"session": "b-1"})
    happened = (REVIEW_OPENED, RATED, (in_session, day("2026-05-12"), "p-boss"), PUBLISHED, APPEALED)
    a_review(*happened, world=world).when(appeals.AssignAppeal(decider="p-bob")).then(appeals.DeciderHadAPart)


def test_a_changed_grade_is_published_anew_and_judged_no_more():
    subject = appealed()
    first = subject.state.result.entry
    decide = appeals.DecideAppeal(outcome=review.AppealOutcome.CHANGED, grade="a", reason="figures")
    subject.when(decide.model_copy(update={"reason": None}), actor="p-bob").then(ReasonNeeded)
    subject.when(decide.model_copy(update={"grade": "b"}), actor="p-bob").then(appeals.GradeAndOutcome)
    subject.when(decide.model_copy(update={"grade": None}), actor="p-bob").then(appeals.GradeAndOutcome)
    subject.when(decide, actor="p-hr").then(appeals.DeciderHadAPart)
    subject.history.do("review", "v-1", decide, actor="p-bob")
    for command in (judging.CalibrateRating(grade="c", reason="x"), judging.CancelCalibration(reason="x")):
        assert subject.when(command, actor="p-boss").said == "appeal_decided"
    again = subject.history.do("review", "v-1", results.PublishResult(), actor="p-hr").event
    assert isinstance(again, review.ResultPublished)
    assert (again.grade, again.replaces) == ("a", first)


def test_a_result_is_appealed_once_in_time():
    subject = appealed()
    stands = appeals.DecideAppeal(outcome=review.AppealOutcome.STANDS, reason="checked")
    subject.history.do("review", "v-1", stands, actor="p-bob")
    assert subject.when(appeals.AppealResult(ground="facts"), actor="p-ann").said == "appeal_decided"
    late = a_review(*TOLD)
    late.history.now = late.history.now.replace(month=7)
    late.when(appeals.AppealResult(ground="facts"), actor="p-ann").then(appeals.AppealTooLate)


# Improvement plans


def test_a_plan_follows_a_result_and_one_runs_at_a_time():
    plan = plans.OpenImprovementPlan(starts_on=day("2026-06-15"), ends_on=day("2026-09-30"))
    assert a_review(REVIEW_OPENED, RATED).when(plan, actor="p-lead").said == "result_not_published"
    subject = a_review(*TOLD)
    subject.when(plan, actor="p-ann").then(OwnAct)
    subject.when(plan.model_copy(update={"ends_on": day("2026-06-14")}), actor="p-lead").then(PeriodReversed)
    subject.history.do("review", "v-1", plan, actor="p-lead")
    subject.when(plan, actor="p-lead").then(plans.PlanIsOpen)
    subject.when(plans.CloseImprovementPlan(outcome=review.PlanOutcome.ABANDONED), actor="p-lead").then(ReasonNeeded)
    subject.history.do("review", "v-1", plans.CloseImprovementPlan(outcome=review.PlanOutcome.MET), actor="p-lead")
    met = plans.CloseImprovementPlan(outcome=review.PlanOutcome.MET)
    subject.when(met, actor="p-lead").then(plans.NoOpenPlan)


def test_what_other_streams_record_changes_no_review():
    before = a_review(*TOLD).state
    assert evolve_review(before, WORLD.entries[0]) == before
