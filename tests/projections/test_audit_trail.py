"""Audit trail: ordered, paged, with what was late, on behalf, imported, and what the event says of before and after."""

from datetime import timedelta

import pytest

from ledger.domain.people.units import UnitFormed, UnitRenamed
from ledger.domain.responsibilities.events import HandOverAccepted, ResponsibilityAssigned, Role
from ledger.kernel.annulment import EntryRedated
from ledger.kernel.event import Subject
from projections.audit_trail import PROJECTION
from projections.audit_trail.handlers import is_late
from projections.audit_trail.queries import by_batch, trail, trail_by_actor, trail_on_behalf
from projections.engine import View
from tests.projections.conftest import Bench
from tests.projections.histories import START, History, day, event_id

A, B = Subject(kind="person", id="p-1"), Subject(kind="person", id="p-2")
RECORDED = START + timedelta(days=400)


@pytest.fixture
def told(bench: Bench) -> View:
    history = History()
    stream = "responsibility/team/compiler"
    history.add("unit/u1", UnitFormed(label="单位"), RECORDED - timedelta(days=1))
    history.add(stream, ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=A), day(1), source="import:b#1")
    history.add(stream, HandOverAccepted(offer="o-1", giver=A, taker=B), RECORDED, actor="p-2", principal="p-3")
    history.add("unit/u1", UnitRenamed(label="新名"), RECORDED, batch="b-7", reason="typo", marks=("back_dated",))
    history.add(
        stream,
        EntryRedated(
            entry=event_id(2),
            entry_topic="responsibilities.ResponsibilityAssigned",
            new_effective_at=day(3),
            new_begins=day(3),
        ),
        RECORDED,
        batch="b-7",
    )
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_a_subject_has_every_event_about_it_in_order(told: View) -> None:
    assert [line.position for line in trail(told, "responsibility/team/compiler")] == [2, 3, 5]
    assert [line.position for line in trail(told, "person/p-1")] == [2, 3]
    assert [line.position for line in trail(told, "person/p-1", newest_first=True)] == [3, 2]
    assert trail(told, "person/nobody") == []


def test_pages_follow_each_other_in_both_directions(told: View) -> None:
    stream = "responsibility/team/compiler"
    first = trail(told, stream, limit=2)
    assert [line.position for line in trail(told, stream, after=first[-1].position, limit=2)] == [5]
    newest = trail(told, stream, limit=2, newest_first=True)
    assert [line.position for line in newest] == [5, 3]
    assert [line.position for line in trail(told, stream, after=3, limit=2, newest_first=True)] == [2]
    assert [line.position for line in trail(told, stream, known=3)] == [2, 3]


def test_late_back_dated_imported_and_on_behalf_are_told_apart(told: View) -> None:
    formed, renamed = trail(told, "unit/u1")
    assigned, handed_over, _ = trail(told, "responsibility/team/compiler")
    assert [formed.late, assigned.late, handed_over.late] == [False, True, False]
    assert [assigned.testimony, handed_over.testimony] == [True, False]
    assert [assigned.on_behalf, handed_over.on_behalf] == [False, True]
    assert (renamed.back_dated, renamed.reason, renamed.marks) == (True, "typo", ("back_dated",))


def test_before_and_after_are_what_the_event_says(told: View) -> None:
    assigned, handed_over, redated = trail(told, "responsibility/team/compiler")
    assert (assigned.before, assigned.after) == (None, {"kind": "person", "id": "p-1"})
    assert handed_over.before == {"kind": "person", "id": "p-1"}
    assert (redated.before, redated.after) == (event_id(2), "2026-01-04T00:00:00+00:00")


def test_actors_principals_and_batches_have_trails_of_their_own(told: View) -> None:
    assert [line.position for line in trail_by_actor(told, "p-2")] == [3]
    assert [line.position for line in trail_on_behalf(told, "p-3")] == [3]
    assert [line.position for line in by_batch(told, "b-7")] == [4, 5]


@pytest.mark.parametrize(
    ("begins", "recorded", "late"),
    [
        ("2026-01-01T00:00:00.000000Z", "2026-01-08T00:00:00.000000Z", False),
        ("2026-01-01T00:00:00.000000Z", "2026-01-08T00:00:00.000001Z", True),
        ("2026-01-08T12:00:00.000000Z", "2026-01-08T00:00:00.000000Z", False),
        ("2027-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z", False),
    ],
)
def test_late_is_more_than_seven_days(begins: str, recorded: str, late: bool) -> None:
    assert is_late(begins, recorded) is late
