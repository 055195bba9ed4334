"""Rules about leavers: what they hold is to be taken over, and what they owed themselves is owed no more."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.people.persons import EmploymentEnded
from ledger.domain.responsibilities.events import (
    HandOverAccepted,
    ResponsibilityAssigned,
    ResponsibilityDeclaredVacant,
    ResponsibilityReleased,
    SubjectRetired,
)
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import day_of
from ledger.kernel.timeline import holders_on
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Lookup, Rule, due_after, ended, opened


def _to_take_over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The next lead has to take over each subject and goal, by the last day or, where that has passed, at once."""
    assert isinstance(entry.event, EmploymentEnded)
    leaver = Subject(kind="person", id=split_stream(entry.stream)[1])
    last_day = day_of(entry.begins, looked.facts.zone) - timedelta(days=1)
    due_on = last_day if last_day >= looked.today else due_after(1, leaver, looked)
    asks: list[Ask] = []
    for subject in looked.held:
        asks += opened(rule, Kind.TAKE_OVER, looked, cause=entry.event_id, of=leaver, subject=subject, due_on=due_on)
    return asks


def _taken_over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The subject has another accountable holder, knowingly none, or needs none any more."""
    subject = split_stream(entry.stream)[1]
    lines = looked.facts.state("responsibility", subject).lines
    at = max(entry.begins, looked.now)
    holders = holders_on(lines["accountable"], at) if holders_on(lines["life"], at) or not lines["life"].changes else {}
    asks: list[Ask] = []
    for _, state in looked.live.about(subject, (Kind.TAKE_OVER,)):
        if state.opened is not None and state.opened.escalates is None and state.opened.of.key not in holders:
            asks += ended(rule, entry, looked, subject, Kind.TAKE_OVER, of=state.opened.of.key)
    return asks


def _above_excused(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """What was escalated from a duty that is excused is owed no more either."""
    id = split_stream(entry.stream)[1]
    duty = looked.facts.state("duty", id).opened
    if duty is None:
        return []
    asks: list[Ask] = []
    for above, _ in looked.live.above(id, duty.subject.key):
        asks.append(rule.discharge(above, entry.event_id, Outcome.MOOT))
    return asks


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


_CHANGES = _topics(
    HandOverAccepted, ResponsibilityAssigned, ResponsibilityDeclaredVacant, ResponsibilityReleased, SubjectRetired
)

RULES = (
    Rule("leaver-to-take-over", 1, _topics(EmploymentEnded), _to_take_over, looks_up=Lookup.HOLDINGS),
    Rule("leaver-taken-over", 1, _CHANGES, _taken_over),
    Rule("duty-excused", 1, frozenset({"duties.DutyExcused"}), _above_excused),
)
