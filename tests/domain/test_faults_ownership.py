"""Faults of ownership that others make, each kind by its name: who has what, since when, and nobody in their own case.

| kind | what must hold here |
|---|---|
| new holder inherits old duties | what lapsed, was claimed or was held before stays with whoever held it then |
| old holder keeps rights | whoever handed over neither judges, hands over nor writes any more |
| own act approved by oneself | no act on one's own act, under whichever of one's ids |
| duty addressed to its author | a duty to answer somebody is never theirs |
| null equals null | nobody is never the same person as nobody |
| self-managers and circles | no line of managers, units or goals leads back to where it began |
| several managers flattened to one | dotted lines stand beside the line manager |
| deputies that never end | a delegation has an end, holds no minute longer, and its ending is an event |
| actor and principal merged | an act in another's place is that of both |
| leaver's items orphaned | what a leaver holds is still there, and is handed on in their absence |
| label used as key | equal labels are two subjects, another label is the same one |
| only the last of several moves kept | each move answers for its own time |
| profile saved again | saying again what holds begins nothing anew |
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger.domain import STREAM_KINDS, duties, identity
from ledger.domain.duties.commands import DutyIsDue
from ledger.domain.feedback import giving
from ledger.domain.feedback.comments import AnswerComment, CommentAdded
from ledger.domain.goals import commands as goal
from ledger.domain.goals.events import GoalHandedOver
from ledger.domain.hiring import judging as hire
from ledger.domain.hiring.requisitions import ApproveRequisition
from ledger.domain.ledgers import ConfirmImport, ImportProposed
from ledger.domain.outcomes.pay import HandToPay
from ledger.domain.people import calendars, delegations, persons, units
from ledger.domain.people.delegations import DelegationEnding, Scope
from ledger.domain.people.merging import PersonsMerged
from ledger.domain.people.persons import AssignmentKind, ManagerKind
from ledger.domain.progress import ProgressReported, RecordMeasurement, ReportProgress
from ledger.domain.progress.help import GiveSupport, SupportRequested
from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities import events as held
from ledger.domain.responsibilities.events import Role
from ledger.domain.reviews import events as review
from ledger.domain.reviews import judging, results
from ledger.kernel.command import Command
from ledger.kernel.holders import Holder
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, Circle, OwnAct, Refusal
from ledger.kernel.timeline import holders_on
from tests.domain.examples import (
    ANN_SCORED,
    APPLIED,
    ASSIGNED,
    BOB,
    DIGEST,
    DUTY,
    FEEDBACK,
    HIRE,
    LAPSED,
    OPENED,
    OWED,
    PANEL,
    company,
    day,
    q,
)
from tests.domain.examples.goals import HANDED
from tests.domain.examples.hiring import GOOD
from tests.domain.examples.outcomes import PUBLISHED as BOBS_RESULT
from tests.domain.examples.people import DELEGATED
from tests.domain.examples.progress import CALLED
from tests.domain.examples.responsibilities import ANN_ACCOUNTABLE, OFFERED, REGISTERED
from tests.domain.examples.reviews import ANN_OPENED, PUBLISHED, RATED, REVIEW_OPENED, SELF_ASSESSED
from tests.domain.given import NOW, Given, Happened, History, Outcome, at, given

WORLD = company()
EVE, ANN_HOLDS, BOB_HOLDS = (Holder(kind="person", id=id) for id in ("p-eve", "p-ann", "p-bob"))
TAKEN = held.HandOverAccepted(offer="o-1", giver=ANN_HOLDS.subject, taker=BOB)


def merged(*ids: str) -> History:
    """Return the company in which a second id of each, `<id>-2`, is read as theirs."""
    world = WORLD.copy()
    for id in ids:
        world.record("person", f"{id}-2", persons.PersonRegistered(name="The same"), on=day("2020-01-01"))
        world.record("person", f"{id}-2", PersonsMerged(into=id))
    return world


def accountable(subject: Given, on: str) -> list[str]:
    return list(holders_on(subject.state.lines[Role.ACCOUNTABLE.value], at(on)))


def in_place_of(principal: str, subject: Given, command: Command, *, actor: str) -> Outcome:
    """Judge a command that somebody gives in another's place."""
    act = replace(subject.history.act(subject.kind, subject.id, command, actor=actor), principal=principal)
    try:
        return Outcome(STREAM_KINDS[subject.kind].decide(command, subject.state, act), None, tuple(act.marks))
    except Refusal as refusal:
        return Outcome(None, refusal, tuple(act.marks))


def test_new_holder_inherits_old_duties():
    lapsed = given("duty", "d-1", DUTY, LAPSED, world=WORLD)
    lapsed.when(duties.TransferDuty(taker="p-boss"), actor="system:rules").then(DutyIsDue)
    assert lapsed.state.holder == "p-lead"
    team = given("responsibility", "team/compiler", ANN_ACCOUNTABLE, OFFERED, (TAKEN, day("2026-06-01")), world=WORLD)
    assert accountable(team, "2026-05-31") == ["person/p-ann"]
    assert accountable(team, "2026-06-01") == ["person/p-bob"]
    claims = given("goal", "g-1", ASSIGNED, HANDED, world=WORLD)
    claims.history.do("goal", "g-1", ReportProgress(value=q("1")), actor="p-bob")
    (said,) = [e.event for e in claims.history.entries if isinstance(e.event, ProgressReported)]
    assert said.owner == BOB


def test_old_holder_keeps_rights():
    handed = review.ReviewHandedOver(person="p-ann", giver="p-lead", taker="p-boss")
    subject = given("review", "v-1", REVIEW_OPENED, (handed, day("2026-05-02"), "p-lead"), world=WORLD)
    subject.when(judging.ProposeRating(grade="b"), actor="p-lead").then(judging.NotTheJudge)
    subject.when(judging.ProposeRating(grade="b"), actor="p-boss").then(review.RatingProposed, marks=MISSING)
    team = given("responsibility", "team/compiler", ANN_ACCOUNTABLE, OFFERED, (TAKEN, day("2026-06-01")), world=WORLD)
    assert accountable(team, "2026-06-15") == ["person/p-bob"]
    team.when(ask.ReleaseResponsibility(role=Role.ACCOUNTABLE, holder=ANN_HOLDS)).then(ask.NotHolding)
    assert team.when(ask.AcceptHandOver(offer="o-1")).said == "not_found"
    given("goal", "g-1", ASSIGNED, HANDED, world=WORLD).when(
        goal.HandOverGoal(taker=BOB_HOLDS, reason="again"), actor="p-lead"
    ).then(AlreadyRecorded)
    access = given("access", "p-ann", world=WORLD)
    access.history.do("access", "p-ann", identity.GrantRole(role=identity.Role.HR_PARTNER, units=("sales",)))
    access.history.do("access", "p-ann", identity.RevokeRole(role=identity.Role.HR_PARTNER))
    assert all(grant.until is not None and grant.until <= NOW for grant in access.state.grants)


MISSING = (judging.ASSESSMENTS_MISSING,)
AUTHORED = CommentAdded(about=BOB, author="p-ann", text="Well?")
PROPOSED_TABLE = ImportProposed(form="plan", digest=DIGEST, rows=1)
OWN_ACTS: list[tuple[str, str, tuple[Happened, ...], Command, str]] = [
    ("import", "i-1", ((PROPOSED_TABLE, NOW, "p-hr"),), ConfirmImport(digest=DIGEST), "p-hr"),
    ("requisition", "q-9", (OPENED,), ApproveRequisition(), "p-lead"),
    ("goal", "g-9", (ASSIGNED,), goal.AcceptGoal(), "p-lead"),
    ("goal", "g-9", (ASSIGNED, CALLED), GiveSupport(call="e"), "p-ann"),
    ("duty", "d-9", (DUTY,), duties.ExcuseDuty(reason="other_work"), "p-lead"),
    ("comment", "k-9", ((AUTHORED, day("2026-06-01"), "p-ann"),), AnswerComment(text="Yes"), "p-ann"),
    ("feedback", "f-9", (FEEDBACK,), giving.AcknowledgeFeedback(), "p-bob"),
    ("review", "v-9", (REVIEW_OPENED,), judging.ProposeRating(grade="a"), "p-ann"),
    ("review", "v-9", (REVIEW_OPENED, RATED), judging.CalibrateRating(grade="a", reason="cohort"), "p-lead"),
    ("review", "v-9", (REVIEW_OPENED, RATED), results.PublishResult(), "p-lead"),
    ("review", "v-9", (REVIEW_OPENED, RATED, PUBLISHED), results.HoldReviewMeeting(), "p-ann"),
    ("application", "n-9", (APPLIED, PANEL, ANN_SCORED, HIRE), hire.RecordDissent(), "p-lead"),
    ("access", "p-hr", (), identity.GrantRole(role=identity.Role.AUDITOR), "p-hr"),
]


@pytest.mark.parametrize(("kind", "id", "happened", "command", "actor"), OWN_ACTS)
@pytest.mark.parametrize("second_id", [False, True])
def test_own_act_approved_by_oneself(
    kind: str, id: str, happened: tuple[Happened, ...], command: Command, actor: str, second_id: bool
):
    subject = given(kind, id, *happened, world=merged(actor))
    if isinstance(command, GiveSupport):
        command = command.model_copy(update={"call": subject.entry(SupportRequested)})
    outcome = subject.when(command, actor=f"{actor}-2" if second_id else actor)
    assert outcome.said in {"own_act", "own_proposal", "own_grant"}, outcome.said


def test_own_act_approved_by_oneself_in_figures_and_pay():
    goals = given("goal", "g-9", ASSIGNED, world=merged("p-ann"))
    for actor in ("p-ann", "p-ann-2"):
        assert goals.when(RecordMeasurement(value=q("1"), source="erp"), actor=actor).said == "own_measurement"
    world = merged("p-bob")
    world.record("review", "v-0", BOBS_RESULT)
    for actor in ("p-bob", "p-bob-2"):
        given("pay", "v-0", world=world).when(HandToPay(), actor=actor).then(OwnAct)
    seat = given("review", "v-9", REVIEW_OPENED, SELF_ASSESSED, world=merged("p-ann"))
    assert seat.when(judging.SubmitAssessment(grade="a"), actor="p-ann-2").said == "assessment_in_place"


def test_own_act_approved_by_oneself_on_a_panel():
    panel = given("application", "n-9", APPLIED, PANEL, ANN_SCORED, world=merged("p-ann", "p-bob"))
    panel.when(hire.RecordAssessment(scores=GOOD), actor="p-ann-2").then(hire.AssessmentLocked)
    event: Any = panel.when(hire.AmendAssessment(scores=GOOD), actor="p-ann-2").event
    assert event.assessor == "p-ann", "one seat, whichever id: no second voice"
    event = panel.when(hire.RecordAssessment(scores=GOOD), actor="p-bob-2").event
    assert event.assessor == "p-bob"


def test_duty_addressed_to_its_author():
    world = merged("p-ann")
    raised = {**OWED, "kind": "answer_difficulty"}
    for answers, holder in (("p-ann", "p-ann"), ("p-ann", "p-ann-2"), ("p-ann-2", "p-ann")):
        opening_ = duties.OpenDuty.model_validate({**raised, "answers": answers, "holder": holder})
        given("duty", "d-9", world=world).when(opening_, actor="system:rules").then(OwnAct)
    opened = duties.DutyOpened.model_validate({**raised, "answers": "p-ann", "holder": "p-lead"})
    subject = given("duty", "d-9", (opened, day("2026-06-01"), "system:rules"), world=world)
    for taker in ("p-ann", "p-ann-2"):
        subject.when(duties.TransferDuty(taker=taker), actor="system:rules").then(OwnAct)


def test_null_equals_null():
    gap = duties.OpenDuty.model_validate({**OWED, "holder": None, "answers": None})
    given("duty", "d-9", world=WORLD).when(gap, actor="system:rules").then(duties.DutyOpened)
    empty = duties.TransferDuty(taker=None)
    given("duty", "d-9", DUTY, world=WORLD).when(empty, actor="system:rules").then(duties.DutyTransferred)
    act = WORLD.act("goal", "g-1", goal.AcceptGoal(), actor="p-ann")
    assert act.principal is None
    assert not act.is_own(None)
    assert WORLD.lead_of("p-boss", NOW) is None, "whoever has no lead is led by nobody, not by another such"
    unjudged = ANN_OPENED.model_copy(update={"cycle": None})
    first, second = given("review", "v-1", unjudged, world=WORLD), given("review", "v-2", unjudged, world=WORLD)
    assert first.state.judge is None is second.state.judge
    first.when(judging.ProposeRating(grade="b"), actor="p-lead").then(review.RatingProposed, marks=MISSING)


def test_self_managers_and_circles():
    world = merged("p-ann")
    ann, bob = given("person", "p-ann", world=world), given("person", "p-bob", world=world)
    for itself in ("p-ann", "p-ann-2"):
        ann.when(persons.AssignManager(manager=itself)).then(Circle)
        ann.when(persons.AssignManager(manager=itself, relation=ManagerKind.DOTTED)).then(Circle)
    world.do("person", "p-bob", persons.AssignManager(manager="p-ann"))
    given("person", "p-ann", world=world).when(persons.AssignManager(manager="p-bob")).then(Circle)
    given("unit", "company", world=world).when(units.MoveUnit(parent="sales")).then(Circle)
    given("unit", "sales", world=world).when(units.MoveUnit(parent="sales")).then(Circle)
    assert world.lead_of("p-lead", NOW) == "p-boss", "a lead is led from above, not by themselves"
    assert bob.state.manager_on(NOW) is None, "and what happened to a copy changed nothing here"


def test_several_managers_flattened_to_one():
    person = given("person", "p-ann", world=WORLD)
    for manager in ("p-boss", "p-bob"):
        dotted = persons.AssignManager(manager=manager, relation=ManagerKind.DOTTED, effective_at=day("2026-06-01"))
        person.history.do("person", "p-ann", dotted)
    person.history.do("person", "p-ann", persons.AssignManager(manager="p-lead"))
    assert (person.state.manager_on(NOW), set(person.state.dotted_on(NOW))) == ("p-lead", {"p-boss", "p-bob"})
    person.history.do("person", "p-ann", persons.ReleaseManager(manager="p-bob", relation=ManagerKind.DOTTED))
    assert (person.state.manager_on(NOW), set(person.state.dotted_on(NOW))) == ("p-lead", {"p-boss"})


def test_deputies_that_never_end_or_end_without_a_trace():
    with pytest.raises(ValueError, match="until"):
        delegations.GrantDelegation.model_validate({"delegate": "p-ann", "scope": ["goals"]})
    person = given("person", "p-bob", DELEGATED, world=merged("p-ann"))
    ends = at("2026-07-01")
    assert list(person.state.delegates_on(ends - ONE_TICK, "goals")) == ["p-ann"]
    assert list(person.state.delegates_on(ends, "goals")) == [], "no minute longer, also before anybody says so"
    over = delegations.EndDelegation(delegation="d-1", ending=DelegationEnding.EXPIRED)
    person.when(over, actor="system:rules").then(delegations.NotExpired)
    person.when(over, actor="system:rules", on="2026-07-01").then(delegations.DelegationEnded)
    back = delegations.EndDelegation(delegation="d-1", ending=DelegationEnding.RETURNED)
    for delegate in ("p-ann", "p-ann-2"):
        person.when(back, actor=delegate).then(delegations.DelegationEnded)
    assert person.when(back, actor="p-lead").said == "not_allowed"
    known = delegations.DelegationGranted(
        delegation="d-2", delegate="p-ann-2", scope=(Scope.GOALS,), until=day("2026-07-01"), ends=ends
    )
    renamed = given("person", "p-bob", (known, day("2026-05-01")), world=merged("p-ann"))
    back = delegations.EndDelegation(delegation="d-2", ending=DelegationEnding.RETURNED)
    renamed.when(back, actor="p-ann").then(delegations.DelegationEnded)


def test_actor_and_principal_merged():
    rated = in_place_of("p-lead", given("review", "v-1", REVIEW_OPENED, world=WORLD), RATE, actor="p-bob")
    assert isinstance(rated.event, review.RatingProposed)
    assert rated.event.judge == "p-lead", "the rating is the lead's, the act is Bob's"
    subject = given("review", "v-1", REVIEW_OPENED, (rated.event, day("2026-05-10"), "p-bob"), world=WORLD)
    for actor in ("p-lead", "p-bob"):  # neither of the two checks what both did
        subject.when(judging.CalibrateRating(grade="a", reason="cohort"), actor=actor).then(OwnAct)
        subject.when(results.PublishResult(), actor=actor).then(OwnAct)
    held_by_lead = given("duty", "d-1", DUTY, world=WORLD)
    in_place_of("p-lead", held_by_lead, duties.ExcuseDuty(reason="other_work"), actor="p-bob").then(OwnAct)
    own = given("review", "v-1", REVIEW_OPENED, world=WORLD)
    in_place_of("p-ann", own, RATE, actor="p-bob").then(OwnAct)


RATE = judging.ProposeRating(grade="b")


def test_leavers_items_orphaned():
    assigned = held.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=EVE.subject)
    team = given("responsibility", "team/compiler", (assigned, day("2025-01-01")), world=WORLD)
    assert accountable(team, "2026-06-15") == ["person/p-eve"], "it is still there to be taken over"
    team.when(ask.OfferHandOver(taker=BOB_HOLDS)).then(held.HandOverOffered)
    take = ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=BOB_HOLDS, instead_of=EVE)
    team.history.do("responsibility", "team/compiler", take)
    assert list(holders_on(team.state.lines[Role.ACCOUNTABLE.value], NOW)) == ["person/p-bob"]
    eves = ASSIGNED[0].model_copy(update={"owner": EVE.subject, "employment": "e-p-eve"})
    left = given("goal", "g-1", (eves, day("2026-01-02"), "p-lead"), world=WORLD)
    left.when(goal.HandOverGoal(taker=BOB_HOLDS, reason="left"), actor="p-lead").then(GoalHandedOver)
    left.when(ReportProgress(value=q("1")), actor="p-eve").then(AfterLastDay)
    vacant = given("responsibility", "team/other", world=WORLD)
    vacant.when(ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=EVE)).then(AfterLastDay)


def test_label_used_as_key():
    world = WORLD.copy()
    for id in ("s-1", "s-2"):
        world.do("unit", id, units.FormUnit(label="Service"), actor="p-hr")
    world.do("unit", "s-1", units.AppointLead(lead="p-ann"))
    assert (world.state("unit", "s-1").lead_on(NOW), world.state("unit", "s-2").lead_on(NOW)) == ("p-ann", None)
    team = given("responsibility", "team/compiler", REGISTERED, ANN_ACCOUNTABLE, world=WORLD)
    team.history.do("responsibility", "team/compiler", ask.RenameSubject(label="Back end"))
    assert accountable(team, "2026-06-15") == ["person/p-ann"], "renaming is not replacing"
    namesake = given("responsibility", "team/other", REGISTERED, world=team.history)
    assert accountable(namesake, "2026-06-15") == []
    for id in ("p-li-1", "p-li-2"):
        world.do("person", id, persons.RegisterPerson(name="Li Wei"))
    world.do("person", "p-li-1", persons.StartEmployment())
    assert world.is_employed("p-li-1", NOW)
    assert not world.is_employed("p-li-2", NOW)


def test_only_the_last_of_several_moves_kept():
    world = WORLD.copy()
    world.do("unit", "works", units.FormUnit(label="Works").model_copy(update={"effective_at": day("2020-01-01")}))
    person = given("person", "p-ann", world=world)
    moves = [("2026-02-01", "works"), ("2026-03-01", "company"), ("2026-03-02", "works"), ("2026-05-01", "sales")]
    for on, unit in reversed(moves):  # told in whatever order
        move = persons.AssignToUnit(unit=unit, effective_at=day(on))
        person.history.do("person", "p-ann", move)
    days = ("2026-01-31", *(on for on, _ in moves))
    assert [person.state.home_on(at(on)) for on in days] == ["sales", "works", "company", "works", "sales"]
    noon = at("2026-06-10") + timedelta(hours=12)
    for hours, unit in ((0, "works"), (1, "company"), (2, "works")):  # and within one day
        when = noon + timedelta(hours=hours)
        person.history.do("person", "p-ann", persons.AssignToUnit(unit=unit, effective_at=when))
    found = [person.state.home_on(noon + timedelta(minutes=m)) for m in (-1, 30, 90, 150)]
    assert found == ["sales", "works", "company", "works"]


CHINA = {"zone": "Asia/Shanghai", "calendar": "cn", "jurisdiction": "cn"}
AGAIN: list[tuple[str, str, Command]] = [
    ("person", "p-ann", persons.AssignToUnit(unit="sales")),
    ("person", "p-ann", persons.AssignToUnit(unit="company", assignment=AssignmentKind.ADDITIONAL)),
    ("person", "p-ann", persons.AssignManager(manager="p-lead")),
    ("person", "p-ann", persons.AssignManager(manager="p-boss", relation=ManagerKind.DOTTED)),
    ("person", "p-ann", calendars.SetPersonCalendar.model_validate(CHINA)),
    ("unit", "sales", units.RenameUnit(label="Sales")),
    ("unit", "sales", units.MoveUnit(parent="company")),
    ("unit", "sales", units.AppointLead(lead="p-lead")),
    ("unit", "sales", units.AssignHrPartner(partner="p-hr")),
    ("unit", "sales", calendars.SetUnitCalendar.model_validate(CHINA)),
    ("responsibility", "team/x", ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=ANN_HOLDS)),
    ("goal", "g-bob", goal.ReviseTarget(target=q("130"), reason="market")),
]


@pytest.mark.parametrize(("kind", "id", "command"), AGAIN)
def test_history_row_changed_by_saving_the_profile_again(kind: str, id: str, command: Command):
    subject = given(kind, id, world=WORLD)
    first = command.model_copy(update={"effective_at": day("2026-05-01")})
    if subject.when(command).event is not None:  # whatever the company does not say already
        subject.history.do(kind, id, first)
    before = subject.state
    for days in range(4):  # again, and every morning
        subject.history.now = NOW + timedelta(days=days)
        assert subject.when(command).said in {"already_recorded", "holds_already"}
    assert subject.state == before


def test_a_share_said_anew_is_a_change():
    subject = given("person", "p-ann", world=WORLD)
    for share in ("0.5", "0.8"):
        more = {"unit": "company", "assignment": "additional", "share": share}
        subject.history.do("person", "p-ann", persons.AssignToUnit.model_validate(more))
        assert subject.state.shares_on(NOW) == {"additional company": persons.AssignToUnit.model_validate(more).share}
    home = persons.AssignToUnit.model_validate({"unit": "sales", "share": "0.3"})
    subject.when(home).then(persons.SharesExceedWhole)
