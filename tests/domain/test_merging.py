"""Merging two ids of one person: what breaks by it is found in every subject that either of them holds."""

from __future__ import annotations

import pytest

from ledger.domain.people import merging, persons
from ledger.domain.responsibilities.events import ResponsibilityAssigned, Role
from ledger.kernel.event import Subject
from tests.domain.examples.company import company, day
from tests.domain.given import History

ANN, SECOND, THIRD = (Subject(kind="person", id=id) for id in ("p-ann", "p-second", "p-third"))


@pytest.fixture
def world() -> History:
    """A company in which two more ids name people, and imported history holds subjects twice."""
    history = company()
    for one in (SECOND, THIRD):
        history.record("person", one.id, persons.PersonRegistered(name="Ann"), on=day("2020-01-01"))
    return history


def held(history: History, subject: str, *holders: Subject, role: Role = Role.ACCOUNTABLE) -> None:
    for holder in holders:
        history.record(
            "responsibility", subject, ResponsibilityAssigned(role=role, holder=holder), on=day("2026-01-01")
        )


def marks(history: History, one: Subject, into: Subject) -> tuple[str, ...]:
    outcome = history.judge("person", one.id, merging.MergePerson(into=into.id))
    assert isinstance(outcome.event, merging.PersonsMerged)
    return outcome.marks


@pytest.mark.parametrize("pair", [(SECOND, ANN), (ANN, SECOND)], ids=["old into new", "new into old"])
def test_one_of_several_subjects_that_both_ids_answer_for_is_enough(
    world: History, pair: tuple[Subject, Subject]
) -> None:
    held(world, "team/a", ANN)
    held(world, "team/b", SECOND)
    assert marks(world, *pair) == ()
    held(world, "team/c", ANN, SECOND)
    assert marks(world, *pair) == (merging.ACCOUNTABLE_TWICE,)


def test_other_roles_beside_each_other_break_nothing(world: History) -> None:
    held(world, "team/a", ANN)
    held(world, "team/a", SECOND, role=Role.SUPPORT)
    assert marks(world, SECOND, ANN) == ()


def test_ids_that_were_merged_before_count_with_the_id_that_they_are_read_as(world: History) -> None:
    world.do("person", SECOND.id, merging.MergePerson(into=ANN.id))
    held(world, "team/a", THIRD, ANN)
    assert marks(world, THIRD, SECOND) == (merging.ACCOUNTABLE_TWICE,)


def test_an_id_knows_its_latest_merge_also_where_it_is_undone(world: History) -> None:
    world.do("person", SECOND.id, merging.MergePerson(into=ANN.id))
    merged = world.entries[-1].position
    world.do("person", SECOND.id, merging.UnmergePerson(reason="error"))
    assert world.state("person", SECOND.id).merge == merging.Merge(ANN.id, merged)
    world.do("person", SECOND.id, merging.MergePerson(into=THIRD.id))
    assert world.state("person", SECOND.id).merge == merging.Merge(THIRD.id, world.entries[-1].position)


def test_what_names_no_holder_may_belong_to_either(world: History) -> None:
    world.do("person", SECOND.id, merging.MergePerson(into=ANN.id))
    world.do("person", SECOND.id, merging.UnmergePerson(reason="error"))
    for to in (ANN, SECOND):
        outcome = world.judge("person", SECOND.id, merging.AllotRecord(about=ANN, to=to.id))
        assert outcome.event == merging.RecordAllotted(about=ANN, to=to.id, former=ANN.id)
    held(world, "team/a", ANN)
    about = Subject(kind="team", id="a")
    refused = world.judge("person", SECOND.id, merging.AllotRecord(about=about, to=SECOND.id))
    assert isinstance(refused.refusal, merging.HeldByTheOther)
