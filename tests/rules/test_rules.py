"""Single rules, without a database: given a history, when an event is recorded, then these commands are asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.asking import Ask
from ledger.domain import duties as owed
from ledger.domain.goals.events import GoalAccepted, GoalAssigned
from ledger.domain.people import persons
from ledger.domain.progress import ProgressReported
from ledger.domain.progress.help import DifficultyRaised, FindDeviation
from ledger.facts import LedgerFacts
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.ids import split_stream
from ledger.rules import BY_TOPIC, MATRIX, RULES, Kind, LiveDuties, Looked, working_days
from ledger.rules.holders import holder_of
from ledger.states import Versioned
from tests.domain.examples import ANN, GOAL, company, day, q
from tests.domain.given import History


class StatesOf:
    """The states of a history, as facts look them up."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.position = len(history.entries)

    def get(self, stream: str) -> Versioned:
        key = split_stream(stream)
        return Versioned(self._history.versions.get(key, 0), self._history.state(*key))


def facts_of(history: History) -> LedgerFacts:
    return LedgerFacts(StatesOf(history), history.zone)


def live_in(history: History) -> LiveDuties:
    live = LiveDuties()
    for kind, id in history.versions:
        if kind == "duty":
            live.put(id, history.state(kind, id))
    return live


def asked(history: History, entry: Entry, **more: Any) -> list[Ask]:
    """Return what all rules ask when an event is recorded."""
    looked = Looked(facts_of(history), live_in(history), history.now, **more)
    return [ask for rule in BY_TOPIC.get(entry.topic, ()) for ask in rule.asks(entry, looked)]


def when(history: History, kind: str, id: str, event: Event, **more: Any) -> list[Ask]:
    return asked(history, history.record(kind, id, event, **more))


def opening(asks: list[Ask], kind: Kind) -> owed.OpenDuty:
    (found,) = [a.command for a in asks if isinstance(a.command, owed.OpenDuty) and a.command.kind == kind]
    return found


def record_all(history: History, asks: list[Ask]) -> None:
    for ask in asks:
        assert ask.id is not None
        history.do(ask.kind, ask.id, ask.command, actor=ask.caller.id)


ASSIGNED = GoalAssigned.model_validate(GOAL)


def test_a_goal_is_to_be_answered_by_its_owner_and_reported_on() -> None:
    asks = when(company(), "goal", "g-1", ASSIGNED, by="p-lead")
    answer = opening(asks, Kind.ANSWER_GOAL)
    assert (answer.holder, answer.party, answer.answers) == ("p-ann", owed.Party.EMPLOYEE, "p-lead")
    assert answer.subject == Subject(kind="goal", id="g-1")
    assert opening(asks, Kind.REPORT_PROGRESS).holder == "p-ann"
    assert {ask.caller.id for ask in asks} == {"system:rules"}
    assert {ask.source for ask in asks} >= {"rule:goal-to-answer@1", "rule:report-first@1"}


def test_the_same_event_always_leads_to_the_same_ids() -> None:
    history = company()
    entry = history.record("goal", "g-1", ASSIGNED, by="p-lead")
    assert asked(history, entry) == asked(history, entry)
    first = {ask.id for ask in asked(history, entry)}
    history.now += timedelta(days=3)
    assert {ask.id for ask in asked(history, entry)} == first  # however late


def test_what_one_assigned_to_oneself_is_not_to_be_answered() -> None:
    asks = when(company(), "goal", "g-1", ASSIGNED, by="p-ann")
    assert not [a for a in asks if isinstance(a.command, owed.OpenDuty) and a.command.kind == Kind.ANSWER_GOAL]


def test_the_answer_ends_the_duty() -> None:
    history = company()
    record_all(history, when(history, "goal", "g-1", ASSIGNED, by="p-lead"))
    (end,) = when(history, "goal", "g-1", GoalAccepted(owner=ANN), by="p-ann")
    assert isinstance(end.command, owed.DischargeDuty)
    assert end.command.by_entry == history.entries[-1].event_id


def test_days_late_only_what_is_still_missing_is_opened() -> None:
    history = company()
    assigned = history.record("goal", "g-1", ASSIGNED, by="p-lead")
    history.record("goal", "g-1", GoalAccepted(owner=ANN), by="p-ann")
    late = asked(history, assigned, late=True)
    assert {a.command.kind for a in late if isinstance(a.command, owed.OpenDuty)} == {
        Kind.REPORT_PROGRESS,
        Kind.COACH,
    }


@pytest.mark.parametrize(("value", "deviates"), [("104", True), ("110", False)])
def test_a_value_below_the_path_is_a_deviation(value: str, deviates: bool) -> None:
    history = company()
    terms = {**GOAL, "baseline": q("100"), "target": q("120"), "metric": "increase"}
    history.record("goal", "g-1", GoalAssigned.model_validate(terms), by="p-lead")
    asks = when(history, "goal", "g-1", ProgressReported(owner=ANN, value=q(value), day=day("2026-06-14")), by="p-ann")
    found = [ask.command for ask in asks if isinstance(ask.command, FindDeviation)]
    assert bool(found) is deviates


def test_nobody_has_to_answer_their_own_difficulty() -> None:
    history = company()
    terms = GoalAssigned.model_validate({**GOAL, "owner": Subject(kind="person", id="p-boss")})
    history.record("goal", "g-2", terms, by="p-boss")
    raised = DifficultyRaised(owner=Subject(kind="person", id="p-boss"), concern="resources")
    duty = opening(when(history, "goal", "g-2", raised, by="p-boss"), Kind.ANSWER_DIFFICULTY)
    assert duty.holder is None  # nobody stands above, and no policy names anybody: a gap


def test_a_seat_that_is_empty_or_away_passes_to_the_next_above() -> None:
    history, at = company(), company().now
    assert holder_of(owed.Seat.LEAD, ANN, facts_of(history), at, not_=frozenset()) == "p-lead"
    assert holder_of(owed.Seat.LEAD, ANN, facts_of(history), at, not_=frozenset({"p-lead"})) == "p-boss"
    ended = persons.EmploymentEnded(employment="e-p-lead", ending=persons.Ending.VOLUNTARY)
    history.record("person", "p-lead", ended, on=day("2026-06-01"))
    assert holder_of(owed.Seat.LEAD, ANN, facts_of(history), at, not_=frozenset()) == "p-boss"
    assert holder_of(owed.Seat.HR_PARTNER, ANN, facts_of(history), at, not_=frozenset()) is None


def test_working_days_leave_out_holidays_and_take_in_the_days_made_up() -> None:
    eve = date(2026, 2, 13)
    assert working_days.after(eve, 1, "CN") == date(2026, 2, 14)  # a Saturday that is worked
    assert working_days.after(date(2026, 2, 14), 1, "CN") == date(2026, 2, 24)
    assert working_days.after(eve, 1, None) == date(2026, 2, 16)
    assert working_days.between(eve, date(2026, 2, 24), "CN") == 2
    assert working_days.before(date(2026, 2, 24), 1, "CN") == date(2026, 2, 14)
    assert working_days.after(eve, 1, "nowhere") == working_days.after(eve, 1, None)


def test_every_kind_of_duty_stands_in_the_matrix_and_every_rule_has_one_source() -> None:
    assert set(MATRIX) == set(Kind)
    assert all(rule.topics or rule.name.startswith("duty-") for rule in RULES)
    assert len({(rule.name, rule.version, rule.topics) for rule in RULES}) == len(RULES)
