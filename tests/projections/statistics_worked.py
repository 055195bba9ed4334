"""The worked examples of the statistics' pages: a short history each, and the line that the page shows."""

from datetime import date
from decimal import Decimal

from ledger.domain.feedback.coaching import CoachingHeld
from ledger.domain.goals.events import GoalAssigned, GoalClosed
from ledger.domain.hiring import applications as hired
from ledger.domain.hiring import candidates
from ledger.domain.hiring.probations import EmploymentConfirmed
from ledger.domain.outcomes.answers import Figures, Question, QuestionKind
from ledger.domain.outcomes.results import OutcomeRecorded
from ledger.domain.outcomes.surveys import ClosedGroup, SurveyClosed, SurveyOpened
from ledger.domain.people.persons import EmploymentStarted
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.training.courses import CourseDefined
from ledger.domain.training.taking_part import TrainingAssigned, TrainingCompleted
from ledger.kernel.event import Subject
from ledger.kernel.policy import PolicyTerms
from tests.projections.histories import History, day, event_id
from tests.projections.test_process_reports import PEOPLE, company, goal_terms, person
from tests.projections.worked import Worked

TEN = tuple(f"p-{number}" for number in range(1, 11))
QUARTERS = (
    (date(2026, 1, 1), date(2026, 3, 31)),
    (date(2026, 4, 1), date(2026, 6, 30)),
    (date(2026, 7, 1), date(2026, 9, 30)),
)


def outcome(history: History, who: str, metric: str, value: int, quarter: int = 0) -> str:
    starts_on, ends_on = QUARTERS[quarter]
    said = OutcomeRecorded(
        owner=person(who), metric=metric, starts_on=starts_on, ends_on=ends_on, value=Decimal(value), source="crm"
    )
    return history.add(f"outcome/person/{who}", said, day(300))


def contacts_and_sales() -> History:
    history = company()
    for who, contacts, sales in zip(PEOPLE, (1, 2, 3, 4, 5, 6), (2, 1, 4, 3, 6, 5), strict=True):
        outcome(history, who, "contacts", contacts)
        outcome(history, who, "sales", sales)
    return history


def some_trained() -> History:
    history = company()
    history.add("course/selling", CourseDefined(label="Selling", metrics=("sales",)), day(0))
    for who, first, second in zip(TEN, (1, 2, 3, 1, 2) * 2, (4, 6, 8, 5, 7, 2, 2, 5, 3, 3), strict=True):
        outcome(history, who, "sales", first)
        outcome(history, who, "sales", second, quarter=1)
    for who in TEN[:5]:
        starts_on, ends_on = date(2026, 3, 31), date(2026, 4, 1)
        assigned = TrainingAssigned(person=who, course="selling", starts_on=starts_on, ends_on=ends_on)
        history.add(f"training/t-{who}", assigned, day(89))
        history.add(f"training/t-{who}", TrainingCompleted(person=who, course="selling"), day(90))
    return history


def applicants() -> History:
    history = company()
    groups = (*["f"] * 6, *["m"] * 5, None)
    hires = {0, 1, 6, 7, 8, 11}
    for n, group in enumerate(groups):
        if group is not None:
            said = candidates.CandidateGroupsDeclared(groups={"gender": group})
            history.add(f"candidate/c-{n}", said, day(1))
        received = hired.ApplicationReceived(
            candidate=f"c-{n}", requisition="q-1", unit="sales", profile="j-1", requirements=event_id(1)
        )
        history.add(f"application/a-{n}", received, day(2))
        decided = hired.HiringDecisionMade(
            candidate=f"c-{n}",
            decision=hired.Decision.HIRE if n in hires else hired.Decision.REJECT,
            decider="p-lead",
            requirements=event_id(1),
        )
        history.add(f"application/a-{n}", decided, day(9))
    return history


def newcomers() -> History:
    """Eight begin on the second day; two quarters each. They attain in the first, the second, or not yet."""
    history = company()
    history.add(
        "application/a-1",
        hired.HiringDecisionMade(
            candidate="c-1",
            decision=hired.Decision.HIRE,
            decider="p-lead",
            requirements=event_id(1),
            unmet=("analysis",),
        ),
        day(0),
    )
    for number, attained in enumerate(((1, 1), (1, 1), (0, 1), (0, 1), (0, 1), (0, 0), (0, None), (0, None)), 1):
        who = f"p-n{number}"
        application = "a-1" if number == 1 else None
        begins = EmploymentStarted(employment="e-1", contract="permanent", application=application)
        history.add(f"person/{who}", begins, day(1))
        for quarter, told in zip(QUARTERS[1:], attained, strict=True):
            terms = goal_terms(person(who), "8", starts_on=quarter[0], ends_on=quarter[1])
            stream = f"goal/g-{who}-{quarter[0].month}"
            history.add(stream, GoalAssigned(**terms), day(80))
            if told is not None:
                closed = GoalClosed(
                    owner=person(who), metric="customers", target=Decimal(8), attainment=Decimal(told), formula="f-1"
                )
                history.add(stream, closed, day(290))
    history.add("coaching/k-1", CoachingHeld(person="p-n1", coach="p-lead"), day(20))
    confirmed = EmploymentConfirmed(person="p-n1", employment="e-1", proposal=event_id(1))
    history.add("probation/p-n1", confirmed, day(200))
    return history


def practised() -> History:
    """Six people close a goal before the second version of the policy and one after it; they are asked how it is."""
    history = company()
    for version, on in ((1, 0), (2, 90)):
        history.add(
            "policy/performance", PolicyPublished(version=version, label="Policy", terms=PolicyTerms()), day(on)
        )
    before, after = ("0.6", "0.7", "0.8", "0.9", "1.0", "0.8"), ("0.9", "0.8", "1.0", "1.1", "1.2", "1.0")
    for quarter, attained in enumerate((before, after)):
        for who, attainment in zip(PEOPLE, attained, strict=True):
            closed_goal(history, who, attainment, quarter)
    questions = (
        Question(code="satisfaction", kind=QuestionKind.SCALE),
        Question(code="canteen", kind=QuestionKind.SCALE),
    )
    asked = SurveyOpened(questions=questions, units=("sales",), small_group_limit=5, closes_on=date(2026, 6, 1))
    history.add("survey/s-1", asked, day(140))
    figures = (Figures(answered=6, counts=(0, 0, 1, 3, 2)), Figures(answered=6, counts=(6, 0, 0, 0, 0)))
    groups = (ClosedGroup(units=("sales",), answered=6, figures=figures),)
    history.add("survey/s-1", SurveyClosed(sheets=Subject(kind="survey-answers", id="s-1"), groups=groups), day(155))
    return history


def closed_goal(history: History, who: str, attainment: str, quarter: int) -> str:
    """Give a person a goal for a quarter and close it with an attainment; return the goal's stream."""
    starts_on, ends_on = QUARTERS[quarter]
    stream, owner = f"goal/g-{who}-{quarter}", person(who)
    history.add(stream, GoalAssigned(**goal_terms(owner, "8", starts_on=starts_on, ends_on=ends_on)), day(0))
    figures = {"metric": "customers", "target": 8, "attainment": attainment, "formula": "f-1"}
    history.add(stream, GoalClosed.model_validate({"owner": owner, **figures}), day(290))
    return stream


BEGAN = {"since": day(1)}
STATISTICS: dict[str, Worked] = {
    "correlation": Worked(contacts_and_sales),
    "training-effect": Worked(some_trained),
    "selection-rates": Worked(applicants),
    "new-hire-attainment": Worked(newcomers, BEGAN, shown=1),
    "hire-to-performance": Worked(newcomers, BEGAN),
    "results-of-the-system": Worked(practised, BEGAN, shown=1),
}
