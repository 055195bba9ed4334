"""Rules about probation: as its end nears the lead has to propose what follows, and HR to carry it out in time."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.hiring.probations import (
    Course,
    EmploymentConfirmed,
    ProbationDecisionReversed,
    ProbationExtended,
    ProbationFailed,
    ProbationOutcomeProposed,
)
from ledger.domain.people.persons import EmploymentEnded, EmploymentStartCancelled, EmploymentStarted
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream, stream_name
from ledger.rules.matrix import Kind, row_of
from ledger.rules.rule import Looked, Rule, Watch, due_after, duty_id, ended, opened

BOTH = (Kind.DECIDE_PROBATION, Kind.CARRY_OUT_PROBATION)


def _nearing(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """So many days before its end as the policy gives, the lead has to decide a probation."""
    found = _latest(id, looked)
    if found is None:
        return None
    employment, entry, course, over_on = found
    if course.outcome is not None or looked.today >= over_on:
        return None
    notice = timedelta(days=looked.facts.policy(looked.now).terms.probation_notice_days)
    once_for = f"{employment} {over_on.isoformat()}"
    subject = Subject(kind="probation", id=id)
    known = duty_id(rule.name, Kind.DECIDE_PROBATION, once_for, subject.key, f"person/{id}")
    if looked.today < over_on - notice or course.proposal is not None or looked.facts.exists("duty", known):
        return []
    return opened(
        rule,
        Kind.DECIDE_PROBATION,
        looked,
        cause=entry,
        of=Subject(kind="person", id=id),
        subject=subject,
        due_on=over_on - timedelta(days=1),
        answers=id,
        once_for=once_for,
    )


def _latest(id: str, looked: Looked) -> tuple[str, str, Course, date] | None:
    """Return the latest employment that runs or is to begin, its entry, and its probation with the day it is over."""
    person = looked.facts.state("person", id)
    if person.merged_into is not None:
        return None
    for engagement in reversed(person.engagements):
        employment: str = engagement.terms.employment
        comes = engagement.at > looked.now
        if not comes and person.employment_on(looked.now) != employment:
            continue
        course: Course = looked.facts.state("probation", id).course(employment)
        over_on: date | None = course.until or engagement.terms.probation_until
        return None if over_on is None else (employment, engagement.entry, course, over_on)
    return None


def _proposed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The lead has done it; HR has to carry it out, before the probation is over and never by who proposed it."""
    assert isinstance(entry.event, ProbationOutcomeProposed)
    id = split_stream(entry.stream)[1]
    found, of = _latest(id, looked), Subject(kind="person", id=id)
    row = row_of(Kind.CARRY_OUT_PROBATION, looked.facts, looked.now)
    due_on = due_after(0 if row is None else row.days, of, looked)
    if found is not None and found[3] > looked.today:
        due_on = min(due_on, found[3] - timedelta(days=1))
    return [
        *ended(rule, entry, looked, entry.stream, Kind.DECIDE_PROBATION),
        *ended(rule, entry, looked, entry.stream, Kind.CARRY_OUT_PROBATION, outcome=Outcome.MOOT),
        *opened(
            rule,
            Kind.CARRY_OUT_PROBATION,
            looked,
            cause=entry.event_id,
            of=of,
            subject=Subject(kind="probation", id=id),
            due_on=due_on,
            answers=entry.event.proposer,
        ),
    ]


def _carried_out(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, *BOTH)


def _reversed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A decision that is taken back has to be made anew, by the end of the probation or soon."""
    id = split_stream(entry.stream)[1]
    found, of = _latest(id, looked), Subject(kind="person", id=id)
    if found is None:
        return []
    last_day = found[3] - timedelta(days=1)
    due_on = last_day if last_day > looked.today else due_after(3, of, looked)
    return opened(
        rule,
        Kind.DECIDE_PROBATION,
        looked,
        cause=entry.event_id,
        of=of,
        subject=Subject(kind="probation", id=id),
        due_on=due_on,
        answers=id,
    )


def _left(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    stream = stream_name("probation", split_stream(entry.stream)[1])
    return ended(rule, entry, looked, stream, *BOTH, outcome=Outcome.MOOT)


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


RULES = (
    Rule("probation-proposed", 1, _topics(ProbationOutcomeProposed), _proposed),
    Rule("probation-carried-out", 1, _topics(ProbationExtended, EmploymentConfirmed, ProbationFailed), _carried_out),
    Rule("probation-reversed", 1, _topics(ProbationDecisionReversed), _reversed),
    Rule("probation-left", 1, _topics(EmploymentEnded, EmploymentStartCancelled), _left),
)
TO_DECIDE = Rule("probation-to-decide", 1, frozenset(), lambda entry, looked, rule: ())
WATCHES = (
    Watch(TO_DECIDE, EmploymentStarted.topic, b'"probation_until"', _nearing),
    Watch(TO_DECIDE, ProbationExtended.topic, b'"until"', _nearing),
)
