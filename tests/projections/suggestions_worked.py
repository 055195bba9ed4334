"""The worked examples of job analyses and suggestions: short histories, and the lines that the pages show."""

from datetime import date
from decimal import Decimal
from typing import Any

from ledger.domain import duties
from ledger.domain.feedback.coaching import CoachingHeld
from ledger.domain.figures.values import Direction
from ledger.domain.goals.events import GoalAssigned, GoalClosed
from ledger.domain.goals.metrics import Combines, MetricDefined
from ledger.domain.hiring import applications as hired
from ledger.domain.hiring.profiles import JobProfileAdopted, Requirement
from ledger.domain.people.persons import (
    AssignmentKind,
    EmploymentEnded,
    EmploymentStarted,
    Ending,
    JobAssigned,
    PersonAssignedToUnit,
    PersonRegistered,
)
from ledger.domain.people.units import UnitFormed, UnitLeadAppointed
from ledger.domain.progress import ProgressReported
from ledger.domain.suggestions.suggesting import Shown, SuggestionDismissed, SuggestionShown, SuggestionTaken
from ledger.kernel.event import Subject
from tests.projections.histories import History, day, event_id
from tests.projections.statistics_worked import QUARTERS, outcome
from tests.projections.test_process_reports import PEOPLE, company, goal_terms, person
from tests.projections.worked import Worked

ANALYST = JobProfileAdopted(
    job="analyst",
    unit="sales",
    requirements=(Requirement(competency="analysis", minimum=Decimal(2)),),
    metrics=("customers",),
)


def closed(history: History, who: str, attained: str, quarter: int = 0, metric: str = "customers") -> str:
    """Record a goal of a quarter, closed with an attainment; return the id of the closing."""
    starts_on, ends_on = QUARTERS[quarter]
    terms = goal_terms(person(who), "8", starts_on=starts_on, ends_on=ends_on, metric=metric)
    stream = f"goal/g-{metric}-{who}-{quarter}"
    history.add(stream, GoalAssigned(**terms), day(1), actor="p-lead")
    said = GoalClosed(
        owner=person(who), metric=metric, target=Decimal(8), attainment=Decimal(attained), formula="figures-1"
    )
    return history.add(stream, said, day(92 + 91 * quarter), actor="p-lead")


def analysts() -> History:
    """Six do a job: attainments of 0.5 to 1.5 in one quarter, and sales that rise with them."""
    history = company()
    history.add("job-profile/j-1", ANALYST, day(0))
    for who, attained, sales in zip(
        PEOPLE, ("0.5", "0.7", "0.9", "1.1", "1.3", "1.5"), (10, 12, 13, 15, 18, 19), strict=True
    ):
        history.add(f"person/{who}", JobAssigned(profile="j-1"), day(0))
        closed(history, who, attained)
        outcome(history, who, "sales", sales)
    return history


def scored_hires() -> History:
    """Six come by applications with scores of 3 to 5.5 and attain; a seventh scored 1 and does not."""
    history = company()
    history.add("job-profile/j-1", ANALYST, day(0))
    for number in range(7):
        who, application, score = f"p-h{number}", f"n-{number}", "1" if number == 6 else str(3 + number / 2)
        received = hired.ApplicationReceived(
            candidate=f"c-{number}", requisition="q-1", unit="sales", profile="j-1", requirements=event_id(1)
        )
        history.add(f"application/{application}", received, day(0))
        for assessor in ("p-lead", "p-1"):
            card = (hired.Score(competency="analysis", score=Decimal(score)),)
            said = hired.AssessmentRecorded(candidate=f"c-{number}", assessor=assessor, scores=card)
            history.add(f"application/{application}", said, day(0), actor=assessor)
        history.add(f"person/{who}", PersonRegistered(), day(0))
        started = EmploymentStarted(employment="e-1", contract="permanent", application=application)
        history.add(f"person/{who}", started, day(0))
        closed(history, who, "0.5" if number == 6 else "1.2")
    return history


def behind() -> History:
    """`p-1` is behind; `p-2` and `p-3` reached the target three times running, `p-2` more; `p-4` only twice."""
    history = company()
    for who, attained in {"p-2": "1.3", "p-3": "1.1", "p-4": "1.9"}.items():
        for quarter in range(3 if who != "p-4" else 2):
            closed(history, who, attained, quarter)
    for who, value in {"p-1": 1, "p-2": 6, "p-3": 7}.items():
        terms = goal_terms(person(who), "8", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 31))
        history.add(f"goal/g-now-{who}", GoalAssigned(**terms), day(273), actor="p-lead")
        said = ProgressReported(owner=person(who), value=Decimal(value), day=date(2026, 11, 20))
        history.add(f"goal/g-now-{who}", said, day(323), actor=who)
    return history


def leaving() -> History:
    """Four units of six: three of the first leave by their own will, and nobody is coached there."""
    history = History()
    for unit in ("u-1", "u-2", "u-3", "u-4"):
        history.add(f"unit/{unit}", UnitFormed(label=unit), day(0))
        history.add(f"person/l-{unit}", PersonRegistered(), day(0))
        history.add(f"unit/{unit}", UnitLeadAppointed(lead=f"l-{unit}"), day(0))
        for number in range(6):
            who = f"p-{unit}-{number}"
            history.add(f"person/{who}", PersonRegistered(), day(0))
            history.add(f"person/{who}", EmploymentStarted(employment="e-1", contract="permanent"), day(0))
            home = PersonAssignedToUnit(unit=unit, assignment=AssignmentKind.HOME)
            history.add(f"person/{who}", home, day(0))
            if unit != "u-1":
                history.add(f"coaching/k-{who}", CoachingHeld(person=who, coach=f"l-{unit}"), day(50))
    for number in range(3):
        gone = EmploymentEnded(employment="e-1", ending=Ending.VOLUNTARY)
        history.add(f"person/p-u-1-{number}", gone, day(100 + number))
    return history


def lapsing(lapsed: int = 3, due: int = 6) -> History:
    """Duties of `p-lead` to talk about a deviation: some lapse, the others are discharged."""
    history = company()
    for number in range(due):
        a_duty(history, "p-lead", f"a-{number}", lapses=number < lapsed)
    return history


def a_duty(history: History, holder: str, id: str, *, lapses: bool, on: int = 20) -> None:
    """Record a duty of a lead that lapses, or is discharged."""
    opened = duties.DutyOpened(
        kind="talk_about_deviation",
        party=duties.Party.LEAD,
        seat=duties.Seat.LEAD,
        of=person("p-1"),
        holder=holder,
        subject=Subject(kind="goal", id="g-1"),
        due_on=date(2026, 2, 1),
        cause=event_id(1),
        rule="deviation",
    )
    history.add(f"duty/{id}", opened, day(on), actor="system:rules")
    ended: Any = (
        duties.DutyLapsed(holder=holder, due_on=date(2026, 2, 1), notice=duties.Notice.NONE)
        if lapses
        else duties.DutyDischarged(holder=holder, by_entry=event_id(1), outcome=duties.Outcome.DONE)
    )
    history.add(f"duty/{id}", ended, day(on + 12), actor="system:rules")


def unused() -> History:
    """A metric is defined, ten goals on another one begin, and nobody uses the first."""
    history = company()
    metric = MetricDefined(
        label="Calls",
        unit_of_measure="calls",
        direction=Direction.INCREASE,
        combines=Combines.SUM,
        unit="sales",
    )
    history.add("metric/calls", metric, day(0), actor="p-hr")
    for number in range(10):
        history.add(f"goal/g-{number}", GoalAssigned(**goal_terms(person("p-1"), "8")), day(1), actor="p-lead")
    outcome(history, "p-1", "calls", 3)
    return history


def shown(history: History, id: str, lead: str, on: int, answered: str | None = None) -> None:
    """Record that a suggestion about lapsing duties was shown to a lead, and how they answered."""
    said = SuggestionShown(
        rule="lapsing-lead",
        rule_version=1,
        person=lead,
        about=person(lead),
        advice="fewer_duties",
        figures=(Shown(name="due", value=Decimal(6)),),
        position=history.size,
        since=date(2026, 1, 1),
        until=date(2026, 4, 1),
    )
    history.add(f"suggestion/{id}", said, day(on), actor="system:suggestions")
    if answered == "taken":
        history.add(f"suggestion/{id}", SuggestionTaken(person=lead, rule="lapsing-lead"), day(on + 1), actor=lead)
    elif answered == "dismissed":
        told = SuggestionDismissed(person=lead, rule="lapsing-lead")
        history.add(f"suggestion/{id}", told, day(on + 1), actor=lead, reason="no_time")


def followed() -> History:
    """Ten leads let three of four duties lapse; five take the suggestion and let fewer lapse, five dismiss it."""
    history = company()
    for number in range(10):
        lead, took = f"p-l{number}", number < 5
        history.add(f"person/{lead}", PersonRegistered(), day(0))
        for n in range(4):
            a_duty(history, lead, f"b-{number}-{n}", lapses=n < 3, on=40)
        shown(history, f"sg-{number}", lead, 100, "taken" if took else "dismissed")
        for n in range(4):
            a_duty(history, lead, f"c-{number}-{n}", lapses=n < (1 + number % 2 if took else 3 + number % 2), on=120)
    return history


SUGGESTIONS: dict[str, Worked] = {
    "job-analysis": Worked(analysts),
    "suggestions": Worked(followed, {"on": day(300)}, shown=1),
}
