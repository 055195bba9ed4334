"""Duties: opened once, told, seen, moved before they are due, ended once, and never about one's own act."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain import duties
from ledger.domain.duties import (
    Delivery,
    DischargeDuty,
    DutyDischarged,
    DutyLapsed,
    DutyNotDue,
    DutySettled,
    DutyState,
    EscalateDuty,
    ExcuseDuty,
    LapseDuty,
    Notice,
    NotifyDuty,
    Occasion,
    OpenDuty,
    Outcome,
    SeeDuty,
    Standing,
    TransferDuty,
    Void,
    VoidDuty,
)
from ledger.domain.duties.commands import DutyIsDue, NobodyToTell
from ledger.domain.progress.help import (
    DifficultyRaised,
    GiveSupport,
    NoSuchCall,
    RequestSupport,
    ResolveDifficulty,
    SupportGiven,
)
from ledger.kernel.event import Event
from ledger.kernel.refusals import AlreadyRecorded, NotFound, OwnAct, ReasonNeeded, UnknownReference
from tests.domain.examples import ANN, ASSIGNED, DUTY, LAPSED, OWED, company, day
from tests.domain.given import Given, Happened, given

WORLD = company()
RULES = "system:rules"


def a_duty(*happened: Happened, **changed: Any) -> Given:
    """Return a duty of the lead that was due on 10 June; it is the 15th."""
    opened = duties.DutyOpened.model_validate({**OWED, **changed})
    return given("duty", "d-1", (opened, day("2026-06-01"), RULES), *happened, world=WORLD)


def test_it_is_opened_once():
    a_duty().when(OpenDuty.model_validate(OWED), actor=RULES).then(AlreadyRecorded)


def test_nobody_has_a_duty_to_judge_their_own_act():
    own = OpenDuty.model_validate({**OWED, "answers": "p-lead"})
    given("duty", "d-2", world=WORLD).when(own, actor=RULES).then(OwnAct)
    a_duty(answers="p-boss").when(TransferDuty(taker="p-boss"), actor=RULES).then(OwnAct)


def test_its_holder_is_known_or_nobody():
    given("duty", "d-2", world=WORLD).when(OpenDuty.model_validate({**OWED, "holder": "p-nobody"}), actor=RULES).then(
        UnknownReference
    )
    gap = {name: value for name, value in OWED.items() if name != "holder"}
    given("duty", "d-2", world=WORLD).when(OpenDuty.model_validate(gap), actor=RULES).then(
        duties.DutyOpened.model_validate(gap)
    )


def test_it_lapses_after_its_day_and_not_on_it():
    a_duty(due_on="2026-06-15").when(LapseDuty(), actor=RULES).then(DutyNotDue)
    a_duty(due_on="2026-06-14").when(LapseDuty(), actor=RULES).then(
        DutyLapsed(holder="p-lead", due_on=day("2026-06-14"), notice=Notice.NONE)
    )
    given("duty", "d-1", DUTY, LAPSED, world=WORLD).when(LapseDuty(), actor=RULES).then(AlreadyRecorded)


@pytest.mark.parametrize(
    ("told", "notice"),
    [
        ((), Notice.NONE),
        ((("p-lead", Delivery.BOUNCED),), Notice.BOUNCED),
        ((("p-lead", Delivery.BOUNCED), ("p-lead", Delivery.DELIVERED)), Notice.DELIVERED),
        ((("p-boss", Delivery.DELIVERED),), Notice.NONE),  # somebody else was told
    ],
)
def test_a_lapse_says_whether_the_holder_was_told(told: tuple[tuple[str, Delivery], ...], notice: Notice):
    notices = [
        duties.DutyNotified(holder=holder, channel="e-mail", occasion=Occasion.OPENED, delivery=delivery)
        for holder, delivery in told
    ]
    event = a_duty(*notices).when(LapseDuty(), actor=RULES).event
    assert isinstance(event, DutyLapsed)
    assert event.notice is notice


def test_what_was_seen_counts_as_told_and_is_seen_once():
    seen = a_duty(duties.DutySeen(holder="p-lead"))
    assert seen.state.notice is Notice.DELIVERED
    seen.when(SeeDuty(), actor="p-lead").then(AlreadyRecorded)
    assert (
        a_duty(duties.DutySeen(holder="p-lead"), duties.DutyTransferred(giver="p-lead", taker="p-boss")).state.notice
        is Notice.NONE
    )


def test_a_notice_is_noted_once_for_each_occasion():
    notice = NotifyDuty(channel="inbox", occasion=Occasion.OPENED, delivery=Delivery.DELIVERED)
    told = a_duty(duties.DutyNotified(holder="p-lead", **notice.own_fields()))
    told.when(notice, actor=RULES).then(AlreadyRecorded)
    told.when(notice.model_copy(update={"occasion": Occasion.DUE_SOON}), actor=RULES).then(duties.DutyNotified)
    gap = {name: value for name, value in OWED.items() if name != "holder"}
    given("duty", "d-1", duties.DutyOpened.model_validate(gap), world=WORLD).when(notice, actor=RULES).then(
        NobodyToTell
    )


def test_what_has_lapsed_stays_with_its_holder():
    lapsed = given("duty", "d-1", DUTY, LAPSED, world=WORLD)
    lapsed.when(TransferDuty(taker="p-boss"), actor=RULES).then(DutyIsDue)
    lapsed.when(DischargeDuty(by_entry="e-9"), actor=RULES).then(
        DutyDischarged(holder="p-lead", by_entry="e-9", outcome=Outcome.DONE, late=True)
    )


def test_it_goes_up_once_and_only_after_it_has_lapsed():
    a_duty().when(EscalateDuty(to="p-boss", duty="d-2"), actor=RULES).then(DutyNotDue)
    gone_up = duties.DutyEscalated(holder="p-lead", to="p-boss", duty="d-2")
    given("duty", "d-1", DUTY, LAPSED, gone_up, world=WORLD).when(EscalateDuty(to="p-boss"), actor=RULES).then(
        AlreadyRecorded
    )


def test_nobody_excuses_themselves_and_nobody_without_a_reason():
    a_duty().when(ExcuseDuty(reason="busy"), actor="p-lead").then(OwnAct)
    a_duty().when(ExcuseDuty(), actor="p-boss").then(ReasonNeeded)


ENDS: list[Event] = [
    duties.DutyDischarged(holder="p-lead", by_entry="e-1", outcome=Outcome.DONE),
    duties.DutyExcused(holder="p-lead", excuser="p-boss"),
    duties.DutyVoided(holder="p-lead", fact="e-1", why=Void.ABSENT),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
def test_what_has_ended_has_ended_for_good(end: Event):
    ended = a_duty(end)
    for command in (
        TransferDuty(taker="p-boss"),
        LapseDuty(),
        DischargeDuty(by_entry="e-2"),
        VoidDuty(fact="e-2", why=Void.ABSENT),
        SeeDuty(),
    ):
        ended.when(command, actor=RULES).then(DutySettled)


def test_without_an_opening_there_is_nothing():
    given("duty", "d-9", world=WORLD).when(LapseDuty(), actor=RULES).then(NotFound)
    assert DutyState().standing is Standing.UNKNOWN


# ---- help on a goal


def test_only_what_was_raised_on_the_goal_is_answered_and_nobody_answers_themselves():
    raised: Happened = (DifficultyRaised(owner=ANN, concern="resources"), day("2026-06-01"), "p-ann")
    goal = given("goal", "g-1", ASSIGNED, raised, world=WORLD)
    entry = goal.entry(DifficultyRaised)
    goal.when(GiveSupport(call="none"), actor="p-lead").then(NoSuchCall)
    goal.when(GiveSupport(call=entry), actor="p-ann").then(OwnAct)
    goal.when(GiveSupport(call=entry), actor="p-lead").then(SupportGiven(owner=ANN, call=entry, giver="p-lead"))
    goal.when(RequestSupport(concern="skills", difficulty="none"), actor="p-ann").then(NoSuchCall)
    goal.when(ResolveDifficulty(difficulty="none"), actor="p-ann").then(NoSuchCall)


def test_a_difficulty_waits_until_it_is_answered_or_resolved():
    raised: Happened = (DifficultyRaised(owner=ANN, concern="resources"), day("2026-06-01"), "p-ann")
    goal = given("goal", "g-1", ASSIGNED, raised, world=WORLD)
    entry = goal.entry(DifficultyRaised)
    assert goal.state.help.awaits(entry)
    answered = given("goal", "g-1", SupportGiven(owner=ANN, call=entry, giver="p-lead"), world=goal.history)
    assert not answered.state.help.awaits(entry)
