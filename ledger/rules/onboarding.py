"""Rules about onboarding: whoever begins by an application is shown what is expected, and gets it as first goals."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.figures import Direction
from ledger.domain.goals.commands import ProposeGoal
from ledger.domain.goals.events import Interval, ScoredBy
from ledger.domain.hiring.applications import ApplicationState
from ledger.domain.hiring.onboarding import (
    Expectation,
    ExpectationsAcknowledged,
    ExpectationsPresented,
    OnboardingState,
    StartOnboarding,
)
from ledger.domain.hiring.outcomes import FillApplication, VacateApplication
from ledger.domain.people.persons import EmploymentEnded, EmploymentStartCancelled, EmploymentStarted
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Entry, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.ids import derived_uuid, split_stream, stream_name
from ledger.kernel.moments import day_of, months_after
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


def _acknowledged(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """What the hire has taken note of is proposed as their first goals; it binds once a lead assigns it."""
    assert isinstance(entry.event, ExpectationsAcknowledged)
    id = split_stream(entry.stream)[1]
    onboarding: OnboardingState = looked.facts.state("onboarding", id)
    if onboarding.shown is None or onboarding.shown.entry != entry.event.presentation:
        return []
    return [
        rule.ask(
            "goal",
            f"g-{derived_uuid(rule.name, entry.event.presentation, one.metric).hex()[:20]}",
            goal,
            entry.event_id,
        )
        for one in onboarding.shown.expectations
        if (goal := _first_goal(one, id, onboarding, looked)) is not None
    ]


def _first_goal(expected: Expectation, id: str, onboarding: OnboardingState, looked: Looked) -> ProposeGoal | None:
    """Return the proposal; it runs to the end of the probation, else for a year. To keep a value needs a band: none."""
    defined = looked.facts.state("metric", expected.metric).defined
    started = onboarding.started
    engagement = None if started is None else looked.facts.state("person", id).engagement(started.employment)
    if started is None or engagement is None or defined.direction is Direction.MAINTAIN:
        return None
    starts_on = max(looked.today, day_of(engagement.at, looked.facts.zone))
    probation = looked.facts.state("probation", id).course(started.employment).until or engagement.terms.probation_until
    after = probation if probation is not None and probation > starts_on else months_after(starts_on, 12)
    intervals = {interval.value for interval in Interval}
    received = None if started.application is None else looked.facts.state("application", started.application).received
    return ProposeGoal(
        owner=Holder(kind="person", id=id),
        employment=started.employment,
        title=defined.label,
        metric=expected.metric,
        target=expected.target,
        interval=Interval(expected.interval.value) if expected.interval.value in intervals else Interval.PERIOD,
        starts_on=starts_on,
        ends_on=after - timedelta(days=1),
        scored_by=ScoredBy.ATTAINMENT,
        profile=None if received is None else received.profile,
    )


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
    Rule("expectations-acknowledged", 1, _topics(ExpectationsAcknowledged), _acknowledged),
    Rule("hire-not-begun", 1, _topics(EmploymentStartCancelled, EmploymentEnded), _not_begun),
    Rule("hire-annulled", 1, _topics(EntryAnnulled), _annulled),
)
