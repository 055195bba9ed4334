"""Directory: persons and units on any day, as known at any position, equal to the ledger's own states."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.identity import AccessState, Role, RoleGranted, RoleRevoked, evolve_access
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.domain.people.persons import (
    AssignmentKind,
    EmploymentStarted,
    ManagerAssigned,
    ManagerKind,
    PersonAssignedToUnit,
    PersonNameCorrected,
    PersonRegistered,
    PersonState,
    evolve_person,
)
from ledger.domain.people.units import (
    HrPartnerAssigned,
    UnitFormed,
    UnitLeadAppointed,
    UnitRenamed,
    UnitState,
    evolve_unit,
)
from ledger.kernel.event import Event
from ledger.kernel.timeline import holders_on
from projections.directory import PROJECTION
from projections.directory import queries as ask
from projections.engine import View
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id, pages
from tests.projections.test_catalogue import access_events, annulments, days, person_events, unit_events

PERSONS, UNITS = ["p-1", "p-2"], ["u1", "u2"]
# What is read as another person answers by both streams: that is told further down, not by one stream's own state.
unmerged = person_events.filter(lambda event: not isinstance(event, PersonsMerged | PersonsUnmerged))
steps = st.one_of(
    st.tuples(st.sampled_from([f"person/{p}" for p in PERSONS]), unmerged | annulments, days),
    st.tuples(st.sampled_from([f"unit/{u}" for u in UNITS]), unit_events | annulments, days),
    st.tuples(st.just("access/p-1"), access_events, days),
)


@given(chosen=st.lists(steps, max_size=30), cuts=st.lists(st.integers(0, 100), max_size=4), asked=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
def test_any_history_answers_like_the_ledgers_own_states(
    bench: Bench, chosen: list[tuple[str, Event, int]], cuts: list[int], asked: st.DataObject
) -> None:
    history = History()
    for stream, event, number in chosen:
        history.add(stream, event, day(number), actor=f"p-{number % 3}")
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    try:
        for _ in range(4):
            known, on = asked.draw(st.integers(0, len(history.stored))), day(asked.draw(days))
            view = bench.view(tables, len(history.stored))
            for person in PERSONS:
                check_person(view, history, person, known, on)
            for unit in UNITS:
                check_unit(view, history, unit, known, on)
            check_roles(view, history, known, on)
    finally:
        bench.drop(tables.build)


def check_person(view: View, history: History, id: str, known: int, on: datetime) -> None:
    state = PersonState()
    entries = history.entries(f"person/{id}", known)
    for entry in entries:
        state = evolve_person(state, entry)
    named = [e.event_id for e in entries if isinstance(e.event, PersonRegistered | PersonNameCorrected)]
    answer = ask.person(view, id, on=on, known=known)
    if not named:
        assert answer is None
        return
    assert answer is not None
    assert [entry for entry, _ in answer.identity_events] == named
    assert (None if answer.employment is None else answer.employment.to) == state.employment_on(on)
    assert bare(answer.home) == state.home_on(on)
    assert {bare(r): r.kind for r in answer.units} == state.units_on(on)
    assert bare(answer.job) == state.job_on(on)
    assert bare(answer.manager) == state.manager_on(on)
    assert {bare(r) for r in answer.dotted} == set(state.dotted_on(on))


def check_unit(view: View, history: History, id: str, known: int, on: datetime) -> None:
    state = UnitState()
    for entry in history.entries(f"unit/{id}", known):
        state = evolve_unit(state, entry)
    answer = ask.unit(view, id, on=on, known=known)
    if answer is None:
        assert (state.label_on(on), state.lead_on(on), state.is_live(on)) == (None, None, False)
        return
    assert (answer.label, answer.parent, answer.live) == (state.label_on(on), state.parent_on(on), state.is_live(on))
    assert bare(answer.lead) == state.lead_on(on)
    assert {bare(r) for r in answer.partners} == set(state.partners_on(on))
    check_members(view, history, id, known, on)


def check_members(view: View, history: History, unit: str, known: int, on: datetime) -> None:
    expected = set()
    for person in PERSONS:
        state = PersonState()
        for entry in history.entries(f"person/{person}", known):
            state = evolve_person(state, entry)
        expected |= {(person, "home")} if state.home_on(on) == unit else set()
        kinds = {kind for kind in AssignmentKind if kind is not AssignmentKind.HOME}
        expected |= {(person, kind.value) for kind in kinds if unit in holders_on(state.lines[kind.value], on)}
    found = {(m.subject.removeprefix("person/"), m.relation.kind) for m in ask.members(view, unit, on=on, known=known)}
    assert found == expected


def check_roles(view: View, history: History, known: int, on: datetime) -> None:
    state = AccessState()
    for entry in history.entries("access/p-1", known):
        state = evolve_access(state, entry)
    grants = ask.grants_of(view, "p-1", on=on, known=known)
    assert ask.roles_in_force(grants) == {role.value for role in state.roles_at(on)}


def bare(relation: ask.Relation | None) -> str | None:
    return None if relation is None else relation.to.split("/", 1)[1]


@pytest.fixture
def company(bench: Bench) -> View:
    history = History()
    history.add("unit/u1", UnitFormed(label="销售"), day(0))
    history.add("unit/u2", UnitFormed(label="华东", parent="u1"), day(0))
    for number in range(5):
        person = f"person/p-{number}"
        history.add(person, PersonRegistered(), day(1))
        history.add(person, EmploymentStarted(employment=f"e-{number}", contract="permanent"), day(1))
        history.add(person, PersonAssignedToUnit(unit="u2", assignment=AssignmentKind.HOME), day(1 + number))
        history.add(person, ManagerAssigned(manager="p-9", relation=ManagerKind.LINE), day(2))
    history.add("unit/u2", UnitLeadAppointed(lead="p-9"), day(3))
    history.add("unit/u2", UnitRenamed(label="华东大区"), day(4))
    history.add("access/p-1", RoleGranted(role=Role.HR_ADMINISTRATOR), day(1), actor="p-7")
    history.add("access/p-1", RoleGranted(role=Role.HR_ADMINISTRATOR, units=("u2",)), day(3), actor="p-8")
    history.add("access/p-1", RoleRevoked(role=Role.HR_ADMINISTRATOR), day(9))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_members_are_paged_by_key(company: View) -> None:
    seen: list[str] = []
    after = ("", "")
    while page := ask.members(company, "u2", on=day(10), after=after, limit=2):
        seen += [member.subject for member in page]
        after = (page[-1].relation.kind, page[-1].subject)
    assert seen == [f"person/p-{number}" for number in range(5)]
    assert len(ask.members(company, "u2", on=day(3))) == 3


def test_a_role_that_needs_two_people_is_in_force_from_the_second_grant_on(company: View) -> None:
    roles = [ask.roles_in_force(ask.grants_of(company, "p-1", on=day(n))) for n in (2, 3, 9)]
    assert roles == [frozenset(), {"hr_administrator"}, frozenset()]
    assert ask.grants_of(company, "p-1", on=day(4))[1].units == ("u2",)


def test_history_keeps_the_labels_of_its_time(company: View) -> None:
    before, after = ask.unit(company, "u2", on=day(3)), ask.unit(company, "u2", on=day(4))
    assert before is not None
    assert after is not None
    assert [before.label, after.label] == ["华东", "华东大区"]
    assert [m.subject for m in ask.units_under(company, "u1", on=day(4))] == ["unit/u2"]
    assert [m.subject for m in ask.units_led_by(company, "p-9", on=day(4))] == ["unit/u2"]


def test_reports_and_names_are_found(company: View) -> None:
    assert len(ask.reports_of(company, "p-9", on=day(2))) == 5
    assert ask.identity_events(company, ["p-0", "p-404"]) == {"p-0": ((event_id(3), 3),)}


def merged_company(bench: Bench, *, undone: bool = False) -> View:
    """p-2 was registered twice, as p-5: p-5 leads u1, is HR partner of u2 and manages p-0."""
    history = History()
    history.add("unit/u1", UnitFormed(label="销售"), day(0))
    history.add("unit/u2", UnitFormed(label="华东", parent="u1"), day(0))
    for number in (0, 2, 5):
        person = f"person/p-{number}"
        history.add(person, PersonRegistered(), day(1))
        history.add(person, EmploymentStarted(employment=f"e-{number}", contract="permanent"), day(1))
        home = PersonAssignedToUnit(unit="u1" if number == 5 else "u2", assignment=AssignmentKind.HOME)
        history.add(person, home, day(1))
    history.add("person/p-0", ManagerAssigned(manager="p-5", relation=ManagerKind.LINE), day(2))
    history.add("unit/u1", UnitLeadAppointed(lead="p-5"), day(2))
    history.add("unit/u2", HrPartnerAssigned(partner="p-5"), day(2))
    history.add("person/p-5", PersonsMerged(into="p-2"), day(3))
    if undone:
        history.add("person/p-5", PersonsUnmerged(former="p-2"), day(4))
    return bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))


def test_merged_ids_are_one_person_wherever_they_are_named(bench: Bench) -> None:
    view = merged_company(bench)
    found = ask.person(view, "p-5", on=day(5))
    assert found is not None
    assert (found.id, found.ids) == ("p-2", ("p-2", "p-5"))
    assert found == ask.person(view, "p-2", on=day(5))
    assert found.home is not None
    assert found.home.to == "unit/u2"
    managed, unit, under = (
        ask.person(view, "p-0", on=day(5)),
        ask.unit(view, "u1", on=day(5)),
        ask.unit(view, "u2", on=day(5)),
    )
    assert managed is not None
    assert managed.manager is not None
    assert unit is not None
    assert unit.lead is not None
    assert under is not None
    named = [managed.manager.to, unit.lead.to, *(partner.to for partner in under.partners)]
    assert named == ["person/p-2"] * 3
    for id in ("p-2", "p-5"):
        assert [m.subject for m in ask.reports_of(view, id, on=day(5))] == ["person/p-0"]
        assert [m.subject for m in ask.units_led_by(view, id, on=day(5))] == ["unit/u1"]


def test_an_id_that_is_read_as_another_is_no_member_of_its_own(bench: Bench) -> None:
    view = merged_company(bench)
    assert [m.subject for m in ask.members(view, "u1", on=day(5))] == []
    assert [m.subject for m in ask.members(view, "u2", on=day(5))] == ["person/p-0", "person/p-2"]


def test_before_a_merge_was_known_and_after_it_is_undone_ids_name_themselves(bench: Bench) -> None:
    view = merged_company(bench, undone=True)
    for known in (view.position, view.position - 2):
        found = ask.person(view, "p-5", on=day(5), known=known)
        assert found is not None
        assert (found.id, found.ids) == ("p-5", ("p-5",))
        assert [m.subject for m in ask.members(view, "u1", on=day(5), known=known)] == ["person/p-5"]
        assert ask.reports_of(view, "p-2", on=day(5), known=known) == []
    between = ask.person(view, "p-5", on=day(5), known=view.position - 1)
    assert between is not None
    assert between.id == "p-2"
