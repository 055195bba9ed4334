"""Responsibility: answers equal a naive replay at any time, however the events were cut into pages."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.people.units import (
    UnitDissolved,
    UnitFormed,
    UnitLeadAppointed,
    UnitLeadReleased,
    UnitRenamed,
    UnitState,
    evolve_unit,
)
from ledger.domain.responsibilities import STREAMS
from ledger.domain.responsibilities import events as res
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Event, Subject
from ledger.kernel.timeline import holders_on
from projections.responsibility import PROJECTION
from projections.responsibility.queries import Ownership, conflicts, gaps, hand_overs, owned_by, who_owns
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages

SUBJECTS = ["team/compiler", "metric/新客户", "unit/u1"]
PEOPLE = [Subject(kind="person", id=f"p-{n}") for n in range(3)]
ROLES = [res.Role.ACCOUNTABLE, res.Role.SUPPORT]
FREE = [f"responsibility/{subject}" for subject in SUBJECTS]

people = st.sampled_from(PEOPLE)
roles = st.sampled_from(ROLES)
free_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(res.SubjectRegistered, label=st.sampled_from(["甲", "B"])),
    st.builds(res.SubjectRenamed, label=st.sampled_from(["丙", "D"])),
    st.builds(res.SubjectRetired),
    st.builds(res.ResponsibilityAssigned, role=roles, holder=people, instead_of=st.none() | people),
    st.builds(res.ResponsibilityAssigned, role=roles, holder=people, instead_of=st.none() | people),
    st.builds(res.ResponsibilityReleased, role=roles, holder=people),
    st.builds(
        res.ResponsibilityDeclaredVacant, role=roles, former=st.lists(people, max_size=2, unique=True).map(tuple)
    ),
    st.builds(res.HandOverAccepted, offer=st.just("o-1"), giver=people, taker=people),
)
unit_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(UnitFormed, label=st.just("单位")),
    st.builds(UnitRenamed, label=st.just("U")),
    st.builds(UnitDissolved),
    st.builds(UnitLeadAppointed, lead=st.sampled_from(["p-0", "p-1"])),
    st.builds(UnitLeadReleased, lead=st.sampled_from(["p-0", "p-1"])),
)
days = st.integers(0, 6)
steps = st.one_of(
    st.tuples(st.sampled_from(FREE), free_events, days),
    st.tuples(st.just("unit/u1"), unit_events, days),
    st.tuples(st.just("annul"), st.integers(0, 40), days),
    st.tuples(st.just("redate"), st.integers(0, 40), days),
)


def history_of(chosen: list[tuple[str, object, int]]) -> History:
    history = History()
    streams: list[tuple[str, str]] = []
    for what, value, on in chosen:
        if isinstance(value, Event):
            source = "import:b1#1" if on % 2 else "api"
            streams.append((what, history.add(what, value, day(on), source=source)))
        elif streams:
            assert isinstance(value, int)
            stream, entry = streams[value % len(streams)]
            topic = "responsibilities.X"
            event: Event = EntryAnnulled(entry=entry, entry_topic=topic)
            if what == "redate":
                event = EntryRedated(entry=entry, entry_topic=topic, new_effective_at=day(on), new_begins=day(on))
            history.add(stream, event, day(on))
    return history


class Replay:
    """The naive answer: every event folded again, by the ledger's own rules."""

    def __init__(self, history: History, known: int) -> None:
        self.free = {
            stream.removeprefix("responsibility/"): STREAMS[0].fold(history.entries(stream, known)) for stream in FREE
        }
        self.unit = UnitState()
        for entry in history.entries("unit/u1", known):
            self.unit = evolve_unit(self.unit, entry)

    def holders(self, subject: str, on: datetime) -> dict[str, dict[str, str]]:
        lines = self.free[subject].lines
        held = {role.value: {h: c.event_id for h, c in holders_on(lines[role.value], on).items()} for role in ROLES}
        lead = self.unit.lead_on(on)
        if subject == "unit/u1" and lead is not None:
            held["lead"] = {f"person/{lead}": ""}
        return {role: holders for role, holders in held.items() if holders}

    def answering(self, subject: str, on: datetime) -> set[str]:
        return set(self.holders(subject, on).get("accountable", {}))


def told(ownership: Ownership) -> dict[str, dict[str, str]]:
    return {
        role: {h.holder: "" if role == "lead" else h.event_id for h in holdings}
        for role, holdings in ownership.holders.items()
    }


@given(chosen=st.lists(steps, max_size=30), cuts=st.lists(st.integers(0, 100), max_size=6), asked=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_history_answers_like_a_replay_however_it_is_paged(
    bench: Bench, chosen: list[tuple[str, object, int]], cuts: list[int], asked: st.DataObject
) -> None:
    history = history_of(chosen)
    raw = history.raw()
    live = bench.build(PROJECTION, pages(raw, cuts))
    rebuilt = bench.build(PROJECTION, pages(raw, range(len(raw))))
    try:
        assert bench.content(live, PROJECTION) == bench.content(rebuilt, PROJECTION)
        view = bench.view(live, len(raw))
        for _ in range(4):
            known, on = asked.draw(st.integers(0, len(raw))), day(asked.draw(days)) + timedelta(hours=asked.draw(days))
            check(view, Replay(history, known), known, on)
    finally:
        bench.drop(live.build)
        bench.drop(rebuilt.build)


def check(view, replay: Replay, known: int, on: datetime) -> None:
    in_conflict = set()
    for subject in SUBJECTS:
        ownership = who_owns(view, subject, on=on, known=known)
        assert told(ownership) == replay.holders(subject, on)
        label = replay.free[subject].lines["label"].value_on(on) and holder(replay.free[subject].lines["label"], on)
        if subject == "unit/u1" and label is None:
            label = replay.unit.label_on(on)
        assert ownership.label == label
        if len(replay.answering(subject, on)) > 1:
            in_conflict.add(subject)
    assert {c.subject for c in conflicts(view, on=on, known=known)} == in_conflict
    check_gaps(view, replay, known, on)
    for person in PEOPLE:
        held = {(o.holding.role, o.subject) for o in owned_by(view, person.key, on=on, known=known)}
        expected = {(role, s) for s in SUBJECTS for role, by in replay.holders(s, on).items() if person.key in by}
        assert held == expected


def check_gaps(view, replay: Replay, known: int, on: datetime) -> None:
    for subject in SUBJECTS[:2]:
        state = replay.free[subject]
        registered = bool(state.lines["life"].changes)
        live = holder(state.lines["life"], on) is not None
        found = {g.subject for g in gaps(view, on=on, known=known, kind=subject.split("/")[0])}
        if registered:
            assert (subject in found) == (live and not replay.answering(subject, on))


def holder(line, on: datetime) -> str | None:
    from ledger.kernel.timeline import holder_on

    change = holder_on(line, on)
    return None if change is None else change.value.holder


def test_a_unit_that_is_a_subject_too_lacks_somebody_once(bench: Bench) -> None:
    history = History()
    history.add("unit/u1", UnitFormed(label="Sales"), day(0))
    history.add("responsibility/unit/u1", res.SubjectRegistered(label="Sales"), day(0))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    assert [g.subject for g in gaps(view, on=day(1), known=2, kind="unit")] == ["unit/u1"]


@pytest.fixture
def handed(bench: Bench):
    history = History()
    stream = "responsibility/team/compiler"
    a, b, c = PEOPLE
    history.add(stream, res.SubjectRegistered(label="编译器"), day(0))
    history.add(stream, res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=a), day(1))
    history.add(stream, res.HandOverAccepted(offer="o-1", giver=a, taker=b), day(3))
    history.add(stream, res.ResponsibilityDeclaredVacant(role=res.Role.ACCOUNTABLE, former=(b,)), day(5))
    history.add(stream, res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=a), day(6))
    history.add(stream, res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=c), day(8), source="import:b#2")
    history.add(stream, res.SubjectRetired(), day(20))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_hand_overs_say_who_passed_to_whom_and_name_a_return(handed) -> None:
    passed = hand_overs(handed, "team/compiler")
    assert [(h.giver, h.taker, h.returned) for h in passed] == [
        ("person/p-0", "person/p-1", False),
        ("person/p-1", "person/p-0", True),
        ("person/p-0", "person/p-2", False),
    ]
    assert (passed[1].left, passed[1].taken) == (day(5), day(6))


def test_a_gap_says_whether_it_was_declared(handed) -> None:
    before, declared = (
        who_owns(handed, "team/compiler", on=day(0)).gap,
        who_owns(handed, "team/compiler", on=day(5)).gap,
    )
    assert before is not None
    assert (before.since, before.until, before.declared) == (day(0), day(1), False)
    assert declared is not None
    assert (declared.since, declared.until, declared.declared) == (day(5), day(6), True)


def test_two_accountable_by_testimony_are_a_conflict_and_both_are_shown(handed) -> None:
    ownership = who_owns(handed, "team/compiler", on=day(9))
    assert [h.holder for h in ownership.accountable] == ["person/p-0", "person/p-2"]
    assert [h.testimony for h in ownership.accountable] == [False, True]
    assert ownership.conflict is not None
    assert ownership.conflict.holders == ("person/p-0", "person/p-2")


def test_changes_within_the_day_are_listed(handed) -> None:
    ownership = who_owns(
        handed, "team/compiler", on=day(3) + timedelta(hours=23), day_start=day(3) - timedelta(hours=1)
    )
    changed = [(h.holder, h.since, h.until) for h in ownership.changes if h.role == "accountable"]
    assert changed == [("person/p-0", day(1), day(3)), ("person/p-1", day(3), day(5))]


def test_a_retired_subject_is_no_gap_and_an_unknown_one_neither(handed) -> None:
    assert not who_owns(handed, "team/compiler", on=day(21)).live
    assert gaps(handed, on=day(21)) == []
    nothing = who_owns(handed, "team/nobody", on=day(3))
    assert (nothing.holders, nothing.gap, nothing.label) == ({}, None, None)


def test_before_the_first_record_nothing_is_known(handed) -> None:
    assert who_owns(handed, "team/compiler", on=day(2), known=1).holders == {}
    assert who_owns(handed, "team/compiler", on=day(2), known=0).label is None
