"""Rules about onboarding: whoever begins by an application is taken in, and shown what is expected of them."""

from collections.abc import Iterable
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.hiring.applications import ApplicationState
from ledger.domain.hiring.onboarding import ExpectationsPresented, StartOnboarding
from ledger.domain.hiring.outcomes import FillApplication, VacateApplication
from ledger.domain.people.persons import EmploymentEnded, EmploymentStartCancelled, EmploymentStarted
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import day_of
from ledger.rules import working_days
from ledger.rules.matrix import Kind, row_of
from ledger.rules.rule import Looked, Rule, ended, opened


def _begun(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The application is filled, the onboarding starts, and the hiring lead has to present the expectations."""
    assert isinstance(entry.event, EmploymentStarted)
    id, application, employment = split_stream(entry.stream)[1], entry.event.application, entry.event.employment
    if application is None:
        return []
    applied: ApplicationState = looked.facts.state("application", application)
    if applied.received is None:
        return []
    fill = FillApplication(person=id, employment=employment)
    unit = Subject(kind="unit", id=applied.received.unit)
    row = row_of(Kind.PRESENT_EXPECTATIONS, looked.facts, looked.now)
    first_day = max(looked.today, day_of(entry.begins, looked.facts.zone))
    jurisdiction = working_days.jurisdiction_of(unit, looked.facts, looked.now)
    return [
        rule.ask("application", application, fill, entry.event_id),
        rule.ask("onboarding", id, StartOnboarding(employment=employment), entry.event_id),
        *opened(
            rule,
            Kind.PRESENT_EXPECTATIONS,
            looked,
            cause=entry.event_id,
            of=unit,
            subject=Subject(kind="onboarding", id=id),
            due_on=working_days.after(first_day, 0 if row is None else row.days, jurisdiction),
            answers=id,
        ),
    ]


def _presented(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.PRESENT_EXPECTATIONS)


def _not_begun(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Who did not begin, or has left, is shown nothing; the application of somebody who never began is vacated."""
    id = split_stream(entry.stream)[1]
    onboarding = stream_name("onboarding", id)
    moot = ended(rule, entry, looked, onboarding, Kind.PRESENT_EXPECTATIONS, outcome=Outcome.MOOT)
    if isinstance(entry.event, EmploymentStartCancelled):
        return [*moot, *_vacated(id, entry.event.entry, entry, looked, rule)]
    return moot


def _annulled(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, EntryAnnulled)
    if entry.event.entry_topic != EmploymentStarted.topic:
        return []
    return _vacated(split_stream(entry.stream)[1], entry.event.entry, entry, looked, rule)


def _vacated(person: str, start: str, entry: Entry, looked: Looked, rule: Rule) -> list[Ask]:
    terms: EmploymentStarted | None = looked.facts.state("person", person).terms.get(start)
    if terms is None or terms.application is None:
        return []
    applied: ApplicationState = looked.facts.state("application", terms.application)
    if (applied.hired, applied.employment) != (person, terms.employment):
        return []
    return [rule.ask("application", terms.application, VacateApplication(), entry.event_id)]


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


RULES = (
    Rule("hire-begun", 1, _topics(EmploymentStarted), _begun),
    Rule("expectations-presented", 1, _topics(ExpectationsPresented), _presented),
    Rule("hire-not-begun", 1, _topics(EmploymentStartCancelled, EmploymentEnded), _not_begun),
    Rule("hire-annulled", 1, _topics(EntryAnnulled), _annulled),
)
