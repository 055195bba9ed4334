"""Any history over all contexts: nobody in their own case, one accountable, figures of what is there, and no rewriting.

What is asked is drawn from every context and from people with and without a right to it; only what the domain itself
accepts is recorded. What holds afterwards is checked against the plainest reading of the entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain import STREAM_KINDS, duties, identity
from ledger.domain.feedback import comments
from ledger.domain.feedback.told import FeedbackAcknowledged, FeedbackGiven
from ledger.domain.goals import cascade
from ledger.domain.goals import events as goal
from ledger.domain.goals.scoring import Scored, score
from ledger.domain.hiring import applications as hired
from ledger.domain.hiring.requisitions import RequisitionApproved
from ledger.domain.ledgers import ImportConfirmed
from ledger.domain.outcomes.pay import PayOutcomeRecorded, ResultHandedToPay
from ledger.domain.people import persons, units
from ledger.domain.progress import MeasurementRecorded, ProgressCorrected, ProgressReported
from ledger.domain.progress.help import SupportGiven
from ledger.domain.responsibilities.events import Role
from ledger.domain.reviews import events as review
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Entry, Subject
from ledger.kernel.moments import begins
from ledger.kernel.timeline import holders_on
from tests.domain.given import History
from tests.domain.steps import BEGUN, DAYS, GOALS, PEOPLE, TEAMS, Lived, Step, histories, lived, rebuilt, streams

WHOLE = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
MOMENTS = [begins(d, BEGUN.zone) + shift for d in DAYS for shift in (timedelta(), timedelta(hours=13))]
moments = st.sampled_from(MOMENTS)


# Nobody in their own case


@WHOLE
@for_all(histories)
def test_acts_never_make_two_accountables_or_two_employments(steps: list[Step]):
    history = lived(steps).history
    for team in TEAMS:
        line = history.state("responsibility", team).lines[Role.ACCOUNTABLE.value]
        assert max((len(holders_on(line, change.at)) for change in line.changes), default=0) <= 1
    for person in PEOPLE:
        line = history.state("person", person).lines["employment"]
        assert max((len(holders_on(line, change.at)) for change in line.changes), default=0) <= 1


NAMED = {  # events that name whose own case they are; nobody named may have given them
    review.RatingProposed: "person",
    review.RatingCalibrated: "person",
    review.ResultPublished: "person",
    review.AssessmentReturned: "person",
    review.ReviewMeetingHeld: "person",
    review.AppealDecided: "person",
    ResultHandedToPay: "person",
    PayOutcomeRecorded: "person",
    duties.DutyExcused: "holder",
    FeedbackGiven: "recipient",
    MeasurementRecorded: "owner",
    SupportGiven: "owner",
}
BEFORE = {  # events whose own case is told by where their subject stood before
    goal.GoalAccepted: lambda state: [state.first.assigner],
    goal.GoalDisputed: lambda state: [state.first.assigner],
    review.AppealDecided: lambda state: state.judges,
    RequisitionApproved: lambda state: [state.opener],
    ImportConfirmed: lambda state: [state.proposer],
    FeedbackAcknowledged: lambda state: [state.giver],
    comments.CommentAnswered: lambda state: [state.author],
    hired.DissentRecorded: lambda state: [state.decided.decider],
}


def whose(entry: Entry, before: Any) -> Iterator[str]:
    """Yield whose own case an accepted act is: none of them may have given it."""
    kind = type(entry.event)
    if kind is identity.RoleGranted:
        yield entry.stream.partition("/")[2]
    if kind in NAMED:
        named = getattr(entry.event, NAMED[kind])
        yield named.id if isinstance(named, Subject) else named
    if kind in BEFORE:
        yield from (person for person in BEFORE[kind](before) if person is not None)


@WHOLE
@for_all(histories)
def test_nobody_acts_in_their_own_case_and_no_duty_is_on_oneself(steps: list[Step]):
    found = lived(steps)
    for (entry, before), (_, states) in zip(found.accepted, found.stood, strict=True):
        own = {resolved(states, person) for person in whose(entry, before)}
        assert resolved(states, entry.actor) not in own, type(entry.event).__name__
        holder, answers = on_whom(entry, before)
        if holder is not None and answers is not None:
            assert resolved(states, holder) != resolved(states, answers)


def on_whom(entry: Entry, before: Any) -> tuple[str | None, str | None]:
    """Return who has a duty from an entry on, and whose act it answers."""
    match entry.event:
        case duties.DutyOpened(holder=holder, answers=answers):
            return holder, answers
        case duties.DutyTransferred(taker=taker):
            return taker, before.opened.answers
    return None, None


def resolved(states: dict[tuple[str, str], Any], person: str) -> str:
    """Return the id that a person is read as where everything stood so."""
    known = states.get(("person", person))
    return person if known is None or known.merged_into is None else resolved(states, known.merged_into)


# As of a time


def said(entries: Iterable[Entry]) -> list[tuple[datetime, Any]]:
    """Return what was said for which time, what was annulled left out and what was moved in its new place, in order."""
    kept: dict[str, tuple[datetime, int, Any]] = {}
    for entry in entries:
        match entry.event:
            case EntryAnnulled(entry=other) | persons.EmploymentStartCancelled(entry=other):
                kept.pop(other, None)
            case EntryRedated(entry=other, new_begins=datetime() as moved_to):
                kept[other] = (moved_to, *kept[other][1:])
            case event:
                kept[entry.event_id] = (entry.begins, entry.position, event)
    return [(at, event) for at, _, event in sorted(kept.values(), key=lambda one: one[:2])]


def person_on(entries: Iterable[Entry], moment: datetime) -> tuple[set[str], str | None, str | None]:
    """Return employments, home unit and line manager by the plainest reading."""
    running: set[str] = set()
    home: tuple[str, datetime | None] | None = None
    manager: str | None = None
    for at, event in said(entries):
        if at > moment:
            break
        match event:
            case persons.EmploymentStarted(employment=employment) | persons.EmploymentReinstated(employment=employment):
                running.add(employment)
            case persons.EmploymentEnded(employment=employment):
                running.discard(employment)
            case persons.PersonAssignedToUnit(unit=unit, assignment=persons.AssignmentKind.HOME, ends=ends):
                home = unit, ends if isinstance(ends, datetime) else None
            case persons.PersonLeftUnit(unit=unit) if home is not None and home[0] == unit:
                home = None
            case persons.ManagerAssigned(manager=other, relation=persons.ManagerKind.LINE):
                manager = other
            case persons.ManagerReleased(manager=other, relation=persons.ManagerKind.LINE) if manager == other:
                manager = None
    here = home is not None and (home[1] is None or moment < home[1])
    return running, home[0] if home is not None and here else None, manager


def lead_on(entries: Iterable[Entry], moment: datetime) -> str | None:
    lead: str | None = None
    for at, event in said(entries):
        if at <= moment and isinstance(event, units.UnitLeadAppointed):
            lead = event.lead
        elif at <= moment and isinstance(event, units.UnitLeadReleased) and event.lead == lead:
            lead = None
    return lead


@WHOLE
@for_all(histories, moments, st.integers(0, 1000))
def test_the_answer_for_any_time_as_known_at_any_position_is_that_of_a_naive_replay(
    steps: list[Step], moment: datetime, cut: int
):
    history = lived(steps).history
    position = len(BEGUN.entries) + cut % (len(history.entries) - len(BEGUN.entries) + 1)
    known = History(history.zone, history.now, history.entries[:position])
    states = rebuilt(known.entries)
    by_stream = streams(known)
    for person in PEOPLE:
        state = states["person", person]
        running, home, manager = person_on(by_stream["person", person], moment)
        assert set(holders_on(state.lines["employment"], moment)) == running
        assert (state.home_on(moment), state.manager_on(moment)) == (home, manager)
    for unit in ("sales", "works", "company"):
        assert states["unit", unit].lead_on(moment) == lead_on(by_stream["unit", unit], moment)
    for id in GOALS[::2]:
        assert target_of(states["goal", id].first, moment) == naive_target(by_stream["goal", id], moment)


def target_of(state: Any, moment: datetime) -> Decimal:
    change = state.targets["target"].change_on(moment)
    return Decimal(state.terms.target if change is None else change.value.value)


def naive_target(entries: list[Entry], moment: datetime) -> Decimal:
    """Return the target in force by the plainest reading: the last revision for then, else as it was assigned."""
    first = [e.event.target for e in entries if isinstance(e.event, goal.GoalTerms)][-1]
    revised = [
        event.target for at, event in said(entries) if isinstance(event, goal.GoalTargetRevised) and at <= moment
    ]
    return Decimal(revised[-1] if revised else first)


# Figures


def naive_actual(entries: Iterable[Entry], on: date) -> Decimal | None:
    """Return the last value up to a day: measured by the approved system if it was ever, else claimed."""
    claims: dict[str, tuple[date, Decimal]] = {}
    measured: dict[date, Decimal] = {}
    for entry in entries:
        match entry.event:
            case ProgressReported(value=value, day=day):
                claims[entry.event_id] = (day, value)
            case ProgressCorrected(entry=other, value=value, day=day):
                claims[other] = (day, value)
            case MeasurementRecorded(value=value, day=day, source="erp"):
                measured[day] = value
    by_day = {day: value for day, value in measured.items() if day <= on}
    by_day = by_day or {day: value for day, value in claims.values() if day <= on}
    return by_day[max(by_day)] if by_day else None


def scores(history: History, on: date) -> dict[str, Scored]:
    states = {id: history.state("goal", id) for id in GOALS}
    known = {id: state for id, state in states.items() if state.first.terms is not None}
    return {id: score(state.first, state.second, on, history) for id, state in known.items()}


@WHOLE
@for_all(histories, st.sampled_from(DAYS))
def test_no_figure_takes_absence_for_zero(steps: list[Step], on: date):
    history = lived(steps).history
    by_stream, found = streams(history), scores(history, on)
    for id, scored in found.items():
        actual = naive_actual(by_stream["goal", id], on)
        assert (None if scored.actual is None else scored.actual.value) == actual
        if actual is None:
            assert (scored.progress.value, scored.attainment.value, scored.reached) == (None, None, None)
        else:
            terms = history.state("goal", id).first.terms
            expected = (actual - terms.baseline) / (scored.target - terms.baseline)
            assert scored.progress.value is not None
            assert abs(scored.progress.value - expected) < Decimal("1e-20")
    whole(history, on, found)


def whole(history: History, on: date, found: dict[str, Scored]) -> None:
    """The figure of all goals together is the weighted mean of those that have one, and counts those that have none."""
    halves = {id: history.state("goal", id) for id in found}
    rolled = cascade.rolled_up({id: (half.first, half.second) for id, half in halves.items()}, on, history)
    binding = [id for id in found if halves[id].first.stage in cascade.COUNTED]
    weighed = [
        (cascade.scoring_figure(halves[id].first, found[id]).value, halves[id].first.terms.weight) for id in binding
    ]
    present = [(value, weight) for value, weight in weighed if value is not None and weight]
    assert (rolled.present, rolled.parts) == (len(present), len(binding))
    if not present:
        assert rolled.figure.value is None
    else:
        mean = sum(value * weight for value, weight in present) / sum(weight for _, weight in present)
        assert rolled.figure.value is not None
        assert abs(rolled.figure.value - mean) < Decimal("1e-20")


RELATED = {"goal", "person", "unit", "policy", "metric"}


def plain(scored: Scored) -> tuple[object, ...]:
    return scored.progress, scored.attainment, scored.reached, scored.target, scored.judged, scored.stale_on


@WHOLE
@for_all(histories, st.sampled_from(DAYS))
def test_a_figure_never_depends_on_unrelated_events(steps: list[Step], on: date):
    whole_, alone = lived(steps), lived(steps, keep=lambda step: step.kind in RELATED)
    assume(accepted(whole_) == accepted(alone))  # where a merge or a goal's naming rests on others, it is related
    assert {id: plain(s) for id, s in scores(whole_.history, on).items()} == {
        id: plain(s) for id, s in scores(alone.history, on).items()
    }


def accepted(found: Lived) -> list[tuple[str, str]]:
    return [(e.stream, e.topic) for e, _ in found.accepted if e.stream.partition("/")[0] in RELATED]


@WHOLE
@for_all(histories, st.sampled_from(DAYS), st.randoms(use_true_random=False))
def test_a_figure_never_depends_on_the_order_of_unrelated_events(steps: list[Step], on: date, chance):
    history = lived(steps).history
    queues = list(streams(history).values())
    shuffled: list[Entry] = []
    while queues:
        queue = chance.choice(queues)
        shuffled.append(queue[0])
        queues = [q[1:] if q is queue else q for q in queues]
        queues = [q for q in queues if q]
    other = History(history.zone, history.now, shuffled, rebuilt(shuffled), dict(history.versions))
    assert other.states == {key: state for key, state in history.states.items() if key in other.states}
    assert {id: plain(s) for id, s in scores(other, on).items()} == {
        id: plain(s) for id, s in scores(history, on).items()
    }


# Rebuilding


@WHOLE
@for_all(histories, st.integers(0, 1000))
def test_rebuilt_is_live_at_every_position(steps: list[Step], cut: int):
    found = lived(steps)
    assert rebuilt(found.history.entries) == found.history.states
    if found.stood:
        position, states = found.stood[cut % len(found.stood)]
        assert rebuilt(found.history.entries[:position]) == states, (
            "nothing that was recorded is changed by what follows"
        )
        for (kind, id), entries in streams(found.history).items():
            stream = STREAM_KINDS[kind]
            half = cut % (len(entries) + 1)
            assert stream.fold(entries[half:], stream.fold(entries[:half])) == found.history.state(kind, id)


def test_the_histories_reach_every_context():
    """Of many drawn histories something is accepted in each context, so that what holds is not held of nothing."""
    reached: set[str] = set()

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @for_all(histories)
    def gather(steps: list[Step]) -> None:
        reached.update(entry.topic.partition(".")[0] for entry, _ in lived(steps).accepted)

    gather()
    assert reached >= {
        "people", "responsibilities", "goals", "progress", "feedback", "reviews", "hiring", "training", "outcomes",
        "duties", "policies", "entries",
    }  # fmt: skip
