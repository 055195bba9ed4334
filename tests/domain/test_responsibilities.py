"""Responsibilities: exactly one accountable by acts, testimony shown as it is, hand-overs offered and accepted."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities import events as happened
from ledger.domain.responsibilities.commands import HoldsAlready, NotHolding, Retired, TwoAccountable
from ledger.domain.responsibilities.events import Role
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Subject
from ledger.kernel.holders import Holder
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, NotFound, UnknownReference
from ledger.kernel.timeline import holders_on
from tests.domain.examples import ANN, ANN_ACCOUNTABLE, BOB, OFFERED, REGISTERED, company, day
from tests.domain.given import Given, Happened, at, given

WORLD = company()
LEAD = Subject(kind="person", id="p-lead")


def team(*before: Happened) -> Given:
    return given("responsibility", "team/compiler", *before, world=WORLD)


def assigned(holder: Subject, on: str, instead_of: Subject | None = None) -> Happened:
    event = happened.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=holder, instead_of=instead_of)
    return event, day(on)


def released(holder: Subject, on: str) -> Happened:
    return happened.ResponsibilityReleased(role=Role.ACCOUNTABLE, holder=holder), day(on)


def assign(person: str, **fields: Any) -> ask.AssignResponsibility:
    holder = Holder(kind="person", id=person)
    return ask.AssignResponsibility.model_validate({"role": "accountable", "holder": holder, **fields})


def accountable(subject: Given, on: str) -> list[str]:
    return sorted(holders_on(subject.state.lines["accountable"], at(on)))


def test_a_second_accountable_is_refused_and_in_testimony_marked():
    team(ANN_ACCOUNTABLE).when(assign("p-bob")).then(TwoAccountable)
    outcome = team(ANN_ACCOUNTABLE).when(assign("p-bob"), testimony=True)
    outcome.then(happened.ResponsibilityAssigned, marks=("already_accountable",))


def test_several_may_be_responsible():
    other = happened.ResponsibilityAssigned(role=Role.RESPONSIBLE, holder=ANN)
    team(other).when(assign("p-bob", role="responsible")).then(happened.ResponsibilityAssigned)


def test_who_comes_instead_ends_the_one_before():
    subject = team(ANN_ACCOUNTABLE, assigned(BOB, "2026-03-01", ANN))
    assert accountable(subject, "2026-02-28") == ["person/p-ann"]
    assert accountable(subject, "2026-03-01") == ["person/p-bob"]
    subject.when(assign("p-lead", instead_of=Holder(kind="person", id="p-ann"))).then(NotHolding)


def test_the_timeline_is_judged_from_the_effective_day_on():
    scheduled = team(assigned(BOB, "2026-09-01"))
    scheduled.when(assign("p-ann"), on="2026-07-01").then(TwoAccountable)
    scheduled.when(assign("p-ann"), on="2026-10-01").then(TwoAccountable)
    ended = team(ANN_ACCOUNTABLE, released(ANN, "2026-04-01"))
    ended.when(assign("p-bob"), on="2026-03-31").then(TwoAccountable)
    ended.when(assign("p-bob"), on="2026-04-01").then(happened.ResponsibilityAssigned)


def test_annulling_a_release_does_not_bring_a_second_accountable():
    subject = team(ANN_ACCOUNTABLE, released(ANN, "2026-04-01"), assigned(BOB, "2026-04-01"))
    entry = subject.entry(happened.ResponsibilityReleased)
    subject.when(ask.AnnulEntry.model_validate({"entry": entry})).then(TwoAccountable)
    later = ask.RedateEntry.model_validate({"entry": entry, "new_effective_at": "2026-04-02"})
    subject.when(later).then(TwoAccountable)
    earlier = ask.RedateEntry.model_validate({"entry": entry, "new_effective_at": "2026-03-01"})
    subject.when(earlier).then(EntryRedated)


def test_annulling_may_settle_a_conflict_that_testimony_brought():
    subject = team(ANN_ACCOUNTABLE, assigned(BOB, "2026-02-01"), assigned(LEAD, "2026-02-01"))
    assert len(accountable(subject, "2026-03-01")) == 3
    entry = subject.entry(happened.ResponsibilityAssigned)
    subject.when(ask.AnnulEntry.model_validate({"entry": entry})).then(EntryAnnulled)


def test_a_hand_over_is_offered_by_the_holder_and_takes_effect_when_accepted():
    subject = team(ANN_ACCOUNTABLE, OFFERED)
    assert accountable(subject, "2026-06-15") == ["person/p-ann"]
    subject.history.do("responsibility", "team/compiler", ask.AcceptHandOver(offer="o-1"), actor="p-bob")
    assert accountable(subject, "2026-06-16") == ["person/p-bob"]
    subject.when(ask.AcceptHandOver(offer="o-1"), actor="p-bob").then(NotFound)


def test_a_refused_hand_over_leaves_the_giver_accountable():
    subject = team(ANN_ACCOUNTABLE, OFFERED)
    subject.history.do("responsibility", "team/compiler", ask.RefuseHandOver(offer="o-1"), actor="p-bob")
    assert accountable(subject, "2026-06-16") == ["person/p-ann"]
    subject.when(ask.AcceptHandOver(offer="o-1"), actor="p-bob").then(NotFound)


def test_a_hand_over_is_accepted_only_while_the_giver_holds_it():
    replaced = assigned(LEAD, "2026-05-01", ANN)
    team(ANN_ACCOUNTABLE, OFFERED, replaced).when(ask.AcceptHandOver(offer="o-1")).then(NotHolding)


def test_a_hand_over_makes_no_second_accountable_later():
    scheduled = (released(ANN, "2026-08-01"), assigned(LEAD, "2026-08-01"))
    team(ANN_ACCOUNTABLE, OFFERED, *scheduled).when(ask.AcceptHandOver(offer="o-1")).then(TwoAccountable)


def test_a_hand_over_is_not_accepted_after_the_takers_last_day():
    eve = Subject(kind="person", id="p-eve")
    offered = happened.HandOverOffered(offer="o-2", giver=ANN, taker=eve), day("2026-02-15")
    team(ANN_ACCOUNTABLE, offered).when(ask.AcceptHandOver(offer="o-2"), on="2026-02-28").then(
        happened.HandOverAccepted
    )
    team(ANN_ACCOUNTABLE, offered).when(ask.AcceptHandOver(offer="o-2"), on="2026-03-01").then(AfterLastDay)


def test_nothing_is_offered_without_a_holder_or_to_the_holder():
    team().when(ask.OfferHandOver(taker=Holder(kind="person", id="p-bob"))).then(NotHolding)
    team(ANN_ACCOUNTABLE).when(ask.OfferHandOver(taker=Holder(kind="person", id="p-ann"))).then(HoldsAlready)


def test_holders_are_known_and_employed():
    team().when(assign("p-nobody")).then(UnknownReference)
    team().when(assign("p-eve"), on="2026-02-28").then(happened.ResponsibilityAssigned)
    team().when(assign("p-eve"), on="2026-03-01").then(AfterLastDay)
    team().when(assign("p-eve"), on="2026-03-01", testimony=True).then(
        happened.ResponsibilityAssigned, marks=("not_employed",)
    )
    unit = ask.AssignResponsibility(role=Role.ACCOUNTABLE, holder=Holder(kind="unit", id="sales"))
    team().when(unit).then(happened.ResponsibilityAssigned)


def test_the_same_again_is_already_recorded():
    team(ANN_ACCOUNTABLE).when(assign("p-ann"), on="2026-02-01").then(AlreadyRecorded)
    team(ANN_ACCOUNTABLE).when(assign("p-ann"), on="2026-03-01").then(HoldsAlready)
    gone = team(ANN_ACCOUNTABLE, released(ANN, "2026-04-01"))
    release = ask.ReleaseResponsibility(role=Role.ACCOUNTABLE, holder=Holder(kind="person", id="p-ann"))
    gone.when(release, on="2026-04-01").then(AlreadyRecorded)
    gone.when(release, on="2026-05-01").then(NotHolding)


def test_vacancy_ends_whoever_held_it():
    subject = team(ANN_ACCOUNTABLE)
    outcome = subject.when(ask.DeclareVacant())
    outcome.then(happened.ResponsibilityDeclaredVacant(role=Role.ACCOUNTABLE, former=(ANN,)))
    subject.history.do("responsibility", "team/compiler", ask.DeclareVacant())
    assert accountable(subject, "2026-06-16") == []


def test_a_retired_subject_takes_no_holder_from_that_day_on():
    subject = team(REGISTERED, (happened.SubjectRetired(), day("2026-08-01")))
    subject.when(assign("p-bob"), on="2026-07-31").then(happened.ResponsibilityAssigned)
    subject.when(assign("p-bob"), on="2026-08-01").then(Retired)


@pytest.mark.parametrize("command", [ask.RenameSubject(label="Back end"), ask.RetireSubject()])
def test_a_subject_without_a_label_is_neither_renamed_nor_retired(command: Any):
    team(ANN_ACCOUNTABLE).when(command).then(NotFound)


def test_one_act_of_two_names_both_as_subjects():
    event = happened.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=BOB, instead_of=ANN)
    assert event.subjects("responsibility/team/compiler") == (
        "responsibility/team/compiler",
        "person/p-bob",
        "person/p-ann",
    )
