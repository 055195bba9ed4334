"""Rules about coaching: leads talk with each member who has goals, in the rhythm of the policy."""

from collections.abc import Iterable
from datetime import timedelta

from ledger.asking import Ask
from ledger.domain.goals.events import GoalAssigned
from ledger.kernel.event import EVENTS, Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Rule, ended, opened

HELD = "feedback.CoachingHeld"


def _to_coach_first(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Whoever gets a goal is to be coached; nobody owes what can't be recorded."""
    assert isinstance(entry.event, GoalAssigned)
    if entry.event.owner.kind != "person" or EVENTS.get(HELD) is None:
        return []
    return _next(entry, looked, rule, entry.event.owner)


def _coached(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A conversation that a lead held is the one that was owed, and the talk about each goal that it was about."""
    person = Subject(kind="person", id=str(entry.data["person"]))
    if entry.data["coach"] not in looked.facts.leads_above(person.id, looked.now):
        return []
    asks = ended(rule, entry, looked, person.key, Kind.COACH)
    for goal in entry.data.get("goals", ()):
        asks += ended(rule, entry, looked, f"goal/{goal}", Kind.TALK_ABOUT_DEVIATION)
    return [*asks, *_next(entry, looked, rule, person, after_one=True)]


def _missed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The next conversation is owed all the same."""
    duty = looked.facts.state(*split_stream(entry.stream)).opened
    if duty is None or duty.kind != Kind.COACH or duty.escalates is not None:
        return []
    return _next(entry, looked, rule, duty.subject, after_one=True)


def _next(entry: Entry, looked: Looked, rule: Rule, person: Subject, *, after_one: bool = False) -> list[Ask]:
    rhythm = looked.facts.policy(looked.now).terms.coaching_rhythm_days
    owed = any(True for _ in looked.live.about(person.key, (Kind.COACH,)))
    if not rhythm or (owed and not after_one) or not looked.facts.is_employed(person.id, looked.now):
        return []
    due_on = looked.today + timedelta(days=rhythm)
    return opened(rule, Kind.COACH, looked, cause=entry.event_id, of=person, subject=person, due_on=due_on)


RULES = (
    Rule("coach-first", 1, frozenset({GoalAssigned.topic}), _to_coach_first, begins_now=True),
    Rule("coaching-held", 1, frozenset({HELD}), _coached),
    Rule("coaching-missed", 1, frozenset({"duties.DutyLapsed"}), _missed),
)
