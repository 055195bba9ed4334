"""Resting days: every figure takes the same ones out, of pauses and of absences of whoever had the goal that day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.domain.figures import Actual, Cause, Why
from ledger.domain.figures.values import EXACT
from ledger.domain.goals.events import GoalAssigned, GoalHandedOver, GoalPaused, GoalResumed
from ledger.domain.goals.scoring import Scored, expected_of, score
from ledger.domain.goals.state import PAUSED
from ledger.domain.people.absences import AbsenceEnded, AbsenceStarted
from ledger.domain.policies.publishing import PolicyPublished
from ledger.domain.progress import ProgressReported
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Event, Subject
from ledger.kernel.moments import last_instant
from ledger.kernel.policy import STANDING, PolicyTerms
from tests.domain.examples import ANN, BOB, GOAL, company, day, q
from tests.domain.given import SHANGHAI, History, given

WORLD = company()
FIRST, LAST, TODAY = day("2026-01-01"), day("2026-12-31"), day("2026-06-15")


def away(world: History, person: str, since: str, until: str | None = None, *, absence: str = "b-1") -> str:
    """Record an absence that pauses duties; return the entry that began it."""
    entry = world.record("person", person, AbsenceStarted(absence=absence, pauses=True), on=day(since))
    if until is not None:
        world.record("person", person, AbsenceEnded(absence=absence), on=day(until))
    return entry.event_id


def a_goal(world: History = WORLD, **changed: Any) -> History:
    """Return a history with a goal of Ann's over the year 2026."""
    history = world.copy()
    terms = {**GOAL, "starts_on": FIRST, "ends_on": LAST, **changed}
    history.record("goal", "g-1", GoalAssigned.model_validate(terms), on=FIRST, by="p-lead")
    return history


def scored(world: History, on: date = TODAY) -> Scored:
    goal = world.state("goal", "g-1")
    return score(goal.first, goal.second, on, world)


def report(world: History, value: str, on: str) -> None:
    world.record("goal", "g-1", ProgressReported(owner=ANN, value=q(value), day=day(on)), on=day(on), by="p-ann")


def test_what_is_expected_leaves_out_the_days_of_an_absence_and_says_which_and_why():
    terms = PolicyTerms.model_validate({"pausing_absences": ["illness"]})
    world = given("policy", STANDING, PolicyPublished(version=1, label="P", terms=terms), world=WORLD).history
    world = a_goal(world)
    report(world, "101", "2026-06-15")
    before = scored(world)
    entry = away(world, ANN.id, "2026-03-01", "2026-04-01")
    found = scored(world)
    assert [one.judged.expected for one in (before, found)] == [EXACT.divide(n, 365) for n in (166, 166 - 31)]
    assert (before.judged.below, found.progress) == (True, before.progress)
    [pause] = found.provenance.said()["pauses"]
    assert pause == {
        "starts_on": "2026-03-01",
        "until": "2026-04-01",
        "cause": "owner_away",
        "entry": entry,
        "policy": world.policy(last_instant(day("2026-03-01"), SHANGHAI)).name,
    }
    assert found.provenance.said()["paused_days"] == 31


def test_an_absence_recorded_late_changes_todays_figure_and_not_what_was_known():
    world = a_goal()
    report(world, "103", "2026-06-15")
    known = world.copy()
    away(world, ANN.id, "2026-02-01", "2026-06-01")
    assert (scored(known).judged.below, scored(world).judged.below) == (True, False)


def test_an_absence_is_no_silence():
    world = a_goal()
    report(world, "101", "2026-03-01")
    assert scored(world).stale_on == day("2026-04-01")
    away(world, ANN.id, "2026-03-11", "2026-06-10")
    assert scored(world).stale_on is None
    assert scored(world, day("2026-12-31")).stale_on == day("2026-07-01")


def test_days_of_a_band_on_which_nobody_looked_after_it_count_neither_way():
    world = a_goal(metric="maintain", baseline=None, target="100", tolerance="5", scored_by="attainment")
    for value, on in (("100", "2026-06-01"), ("150", "2026-06-05")):
        report(world, value, on)
    assert scored(world, day("2026-06-12")).progress.value == EXACT.divide(4, 12)
    away(world, ANN.id, "2026-06-07", "2026-06-11")
    assert scored(world, day("2026-06-12")).progress.value == EXACT.divide(4, 8)


def test_a_band_without_any_day_of_work_has_no_share_rather_than_none_of_it():
    world = a_goal(metric="maintain", baseline=None, target="100", tolerance="5", scored_by="attainment")
    report(world, "150", "2026-06-01")
    away(world, ANN.id, "2026-05-01")
    assert (scored(world).progress.value, scored(world).progress.why) == (None, Why.PAUSED_THROUGHOUT)


def test_after_a_hand_over_the_absences_of_each_count_for_their_own_days():
    world = a_goal()
    world.record("goal", "g-1", GoalHandedOver(owner=ANN, taker=BOB), on=day("2026-04-01"), by="p-lead")
    away(world, ANN.id, "2026-03-20", "2026-04-11", absence="b-1")
    away(world, BOB.id, "2026-03-01", "2026-04-03", absence="b-2")
    pauses = [(p.starts_on, p.until, p.cause) for p in scored(world).provenance.pauses]
    assert pauses == [
        (day("2026-03-20"), day("2026-04-01"), Cause.OWNER_AWAY),
        (day("2026-04-01"), day("2026-04-03"), Cause.OWNER_AWAY),
    ]
    assert scored(world).provenance.paused_days == 14


def test_an_absence_of_a_unit_there_is_none():
    world = a_goal(owner=Subject(kind="unit", id="u-sales"))
    away(world, ANN.id, "2026-03-01")
    assert scored(world).provenance.pauses == ()


# A naive count, day by day

days = st.dates(date(2026, 1, 1), date(2026, 2, 28))
absences = st.lists(st.tuples(st.sampled_from([ANN.id, BOB.id]), days, st.none() | days, st.booleans()), max_size=4)
pauses = st.lists(st.tuples(days, st.booleans()), max_size=4)
hand_overs = st.lists(st.tuples(days, st.sampled_from([ANN, BOB])), max_size=2)
movements = st.lists(st.tuples(st.integers(0, 8), st.none() | days), max_size=2)
values = st.lists(st.tuples(days, st.sampled_from(["96", "104", "120"])), max_size=4)


def happened(
    history: History, course: list[tuple[str, str, Event, date]], moved: list[tuple[int, date | None]]
) -> None:
    """Record what happened, and annul or re-date some of it."""
    entries = [(kind, id, history.record(kind, id, event, on=on)) for kind, id, event, on in course]
    for number, to in moved:
        if number < len(entries) and entries[number][2].topic != "goals.GoalHandedOver":
            kind, id, entry = entries[number]
            moving: dict[str, Any] = {"new_effective_at": to, "new_begins": None if to is None else at_night(to)}
            said: dict[str, Any] = {"entry": entry.event_id, "entry_topic": entry.topic}
            event = EntryAnnulled(**said) if to is None else EntryRedated(**said, **moving)
            history.record(kind, id, event)


def at_night(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo("Asia/Shanghai"))


def naive(history: History, until: date) -> list[date]:
    """Return the days of the year up to one on whose last instant the goal is paused, or its owner of then away."""
    found = []
    for number in range((until - FIRST).days + 1):
        on = FIRST + timedelta(days=number)
        end = last_instant(on, SHANGHAI)
        owner = owner_on(history, end)
        goal = history.state("goal", "g-1").first
        if goal.pauses[PAUSED].value_on(end) or history.state("person", owner).is_away(end):
            found.append(on)
    return found


def owner_on(history: History, at: datetime) -> str:
    """Return who had the goal at an instant: by the hand-overs in the order of recording, each from its time on."""
    goal = [entry for entry in history.entries if entry.stream == "goal/g-1"]
    taken = [(e.begins, e.event.taker.id) for e in goal if isinstance(e.event, GoalHandedOver)]
    return next((taker for begins, taker in reversed(taken) if begins <= at), ANN.id)


@for_all(absences, pauses, hand_overs, movements, values, days)
@settings(max_examples=150, deadline=None)
def test_every_figure_takes_out_the_days_that_a_naive_count_takes_out(
    gone: list[tuple[str, date, date | None, bool]],
    halted: list[tuple[date, bool]],
    handed: list[tuple[date, Subject]],
    moved: list[tuple[int, date | None]],
    said: list[tuple[date, str]],
    until: date,
):
    history = a_goal(metric="maintain", baseline=None, target="100", tolerance="5", scored_by="attainment")
    course: list[tuple[str, str, Event, date]] = []
    for number, (person, since, back, counts) in enumerate(gone):
        course.append(("person", person, AbsenceStarted(absence=f"b-{number}", pauses=counts), since))
        if back is not None:
            course.append(("person", person, AbsenceEnded(absence=f"b-{number}"), back))
    course += [("goal", "g-1", (GoalPaused if on else GoalResumed)(owner=ANN), when) for when, on in halted]
    course += [("goal", "g-1", GoalHandedOver(owner=ANN, taker=taker), when) for when, taker in handed]
    happened(history, course, moved)
    for on, value in sorted(said):
        report(history, value, on.isoformat())
    found, out = scored(history, until), naive(history, until)
    assert found.provenance.paused_days == len(out)
    worked = (until - FIRST).days + 1 - len(out)
    assert found.judged.expected == expected_on(history, found, until)
    assert expected_of(history.state("goal", "g-1").first, until, history) == EXACT.divide(worked, 365)
    assert found.progress.value == in_band(found.provenance.actuals, set(out), until)
    assert found.stale_on == silent_since(found.provenance.actuals, set(out), until)


def expected_on(history: History, found: Scored, until: date) -> Decimal:
    """Return what is expected on the day of the last value."""
    on = until if found.actual is None else found.actual.day
    return EXACT.divide((on - FIRST).days + 1 - len(naive(history, on)), 365)


def in_band(series: tuple[Actual, ...], out: set[date], until: date) -> Decimal | None:
    """Return the share of days in the band, day by day."""
    inside = []
    for number in range((until - FIRST).days + 1):
        on = FIRST + timedelta(days=number)
        held = [actual.value for actual in series if actual.day <= on]
        if held and on not in out:
            inside.append(abs(held[-1] - 100) <= 5)
    return EXACT.divide(sum(inside), len(inside)) if inside else None


def silent_since(series: tuple[Actual, ...], out: set[date], until: date) -> date | None:
    """Return the first day after thirty days of work without a value."""
    on, waited = series[-1].day if series else FIRST - timedelta(days=1), 0
    while on < until:
        on += timedelta(days=1)
        waited += on not in out
        if waited > 30:
            return on
    return None
