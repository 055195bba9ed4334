"""Every projection: rebuilt equals live for any history, the pages of the live one cut anywhere."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain import duties
from ledger.domain.feedback import coaching, told
from ledger.domain.goals.events import (
    GoalAccepted,
    GoalAssigned,
    GoalClosed,
    GoalDisputed,
    GoalHandedOver,
    GoalReopened,
    GoalTargetRevised,
    GoalWithdrawn,
)
from ledger.domain.goals.metrics import MetricDefined
from ledger.domain.hiring import applications as applied
from ledger.domain.hiring import candidates
from ledger.domain.identity import RoleGranted, RoleRevoked
from ledger.domain.people import merging, persons, units
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.domain.progress import MeasurementRecorded, ProgressCorrected, ProgressReported
from ledger.domain.reviews import events as reviews
from ledger.domain.suggestions import suggesting
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Event, Subject
from ledger.kernel.policy import Scale
from projections.catalogue import CATALOGUE
from projections.engine.projection import AnyProjection
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id, pages

OWNER = Subject(kind="person", id="p-1")
TAKER = Subject(kind="person", id="p-2")
UNITS, PERSONS = ["u1", "u2"], ["p-1", "p-2", "p-3"]
units_ = st.sampled_from(UNITS)
persons_ = st.sampled_from(PERSONS)
days = st.integers(0, 6)
quantities = st.sampled_from(["0", "8", "96.5", "-3"])
calendar_days = st.sampled_from(["2026-01-02", "2026-01-05", "2026-02-01"])
entries = st.integers(1, 40).map(event_id)

person_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(persons.PersonRegistered),
    st.builds(persons.PersonNameCorrected),
    st.builds(persons.EmploymentStarted, employment=st.sampled_from(["e-1", "e-2"]), contract=st.just("permanent")),
    st.builds(persons.EmploymentEnded, employment=st.sampled_from(["e-1", "e-2"]), ending=st.just("other")),
    st.builds(persons.EmploymentReinstated, employment=st.sampled_from(["e-1", "e-2"])),
    st.builds(persons.EmploymentStartCancelled, employment=st.just("e-1"), entry=st.integers(1, 40).map(event_id)),
    st.builds(
        persons.PersonAssignedToUnit,
        unit=units_,
        assignment=st.sampled_from(["home", "acting"]),
        ends=st.none() | days.map(day),
    ),
    st.builds(persons.PersonLeftUnit, unit=units_),
    st.builds(persons.ManagerAssigned, manager=persons_, relation=st.sampled_from(["line", "dotted"])),
    st.builds(persons.ManagerReleased, manager=persons_, relation=st.sampled_from(["line", "dotted"])),
    st.builds(persons.JobAssigned, profile=st.sampled_from(["j-1", "j-2"])),
    st.builds(merging.PersonsMerged, into=persons_),
    st.builds(merging.PersonsUnmerged, former=persons_),
)
unit_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(units.UnitFormed, label=st.just("单位"), parent=st.none() | units_),
    st.builds(units.UnitMoved, parent=st.none() | units_),
    st.builds(units.UnitDissolved),
    st.builds(units.UnitSplit, parts=st.just(("u1", "u2"))),
    st.builds(units.UnitsMerged, into=units_),
    st.builds(units.UnitLeadAppointed, lead=persons_),
    st.builds(units.HrPartnerAssigned, partner=persons_),
    st.builds(units.HrPartnerReleased, partner=persons_),
)
access_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        RoleGranted,
        role=st.sampled_from(["auditor", "operator"]),
        units=st.lists(units_, max_size=1).map(tuple),
        ends=st.none() | days.map(day),
    ),
    st.builds(RoleRevoked, role=st.sampled_from(["auditor", "operator"])),
)
assigned = st.builds(
    GoalAssigned,
    owner=st.just(OWNER),
    metric=st.just("m-1"),
    baseline=st.none() | quantities,
    target=quantities,
    starts_on=st.just("2026-01-01"),
    ends_on=st.just("2026-03-31"),
    scored_by=st.just("progress"),
)
goal_events: st.SearchStrategy[Event] = st.one_of(
    assigned,
    st.builds(GoalAccepted, owner=st.just(OWNER)),
    st.builds(GoalDisputed, owner=st.just(OWNER), counter_target=st.none() | quantities),
    st.builds(GoalTargetRevised, owner=st.just(OWNER), target=quantities),
    st.builds(GoalClosed, owner=st.just(OWNER), metric=st.just("m-1"), target=quantities, formula=st.just("figures-1")),
    st.builds(GoalReopened, owner=st.just(OWNER)),
    st.builds(GoalHandedOver, owner=st.just(OWNER), taker=st.just(TAKER), employment=st.just("e-2")),
    st.builds(GoalWithdrawn, owner=st.just(OWNER)),
    st.builds(ProgressReported, owner=st.just(OWNER), value=quantities, day=calendar_days),
    st.builds(ProgressReported, owner=st.just(OWNER), value=quantities, day=calendar_days),
    st.builds(ProgressCorrected, owner=st.just(OWNER), value=quantities, day=calendar_days, entry=entries),
    st.builds(MeasurementRecorded, owner=st.just(OWNER), value=quantities, day=calendar_days, source=st.just("erp")),
)
metric_events = st.builds(
    MetricDefined,
    label=st.just("客户"),
    unit_of_measure=st.just("个"),
    direction=st.sampled_from(["increase", "decrease"]),
    combines=st.just("sum"),
    approved_source=st.just("erp"),
)
annulments: st.SearchStrategy[Event] = st.one_of(
    st.builds(EntryAnnulled, entry=entries, entry_topic=st.just("people.UnitMoved")),
    st.builds(
        EntryRedated,
        entry=entries,
        entry_topic=st.just("people.UnitMoved"),
        new_effective_at=days.map(day),
        new_begins=days.map(day),
    ),
)
opened = duties.DutyOpened(
    kind="set_goals",
    party=duties.Party.LEAD,
    seat=duties.Seat.LEAD,
    of=OWNER,
    holder="p-2",
    subject=OWNER,
    due_on=date(2026, 1, 9),
    cause="e-1",
    rule="goals-to-set",
)
duty_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        duties.DutyNotified,
        holder=persons_,
        channel=st.just("inbox"),
        occasion=st.just("opened"),
        delivery=st.sampled_from(["delivered", "bounced"]),
    ),
    st.builds(duties.DutySeen, holder=persons_),
    st.builds(duties.DutyTransferred, giver=persons_, taker=st.none() | persons_),
    st.builds(duties.DutyLapsed, holder=persons_, due_on=st.just(date(2026, 1, 9)), notice=st.just("none")),
    st.builds(duties.DutyEscalated, holder=persons_, to=persons_, duty=st.just("d-2")),
    st.builds(duties.DutyDischarged, holder=persons_, by_entry=st.just("e-2"), outcome=st.just("done")),
    st.builds(duties.DutyExcused, holder=persons_, excuser=persons_),
    st.builds(duties.DutyVoided, holder=persons_, fact=st.just("e-3"), why=st.just("absent")),
)
feedback_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(told.FeedbackRequested, recipient=persons_, asked=persons_, requester=persons_),
    st.builds(
        told.FeedbackGiven, recipient=persons_, kind=st.just("praise"), visibility=st.sampled_from(told.Visibility)
    ),
    st.builds(told.FeedbackWithdrawn, recipient=persons_),
)
coaching_events: st.SearchStrategy[Event] = st.builds(coaching.CoachingHeld, person=persons_, coach=persons_)
hiring_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        applied.ApplicationReceived,
        candidate=st.sampled_from(["c-1", "c-2"]),
        requisition=st.just("q-1"),
        unit=units_,
        profile=st.just("j-1"),
        requirements=entries,
    ),
    st.builds(applied.ApplicationAllotted, candidate=st.just("c-2"), former=st.just("c-1")),
    st.builds(applied.ApplicationWithdrawn, candidate=st.just("c-1")),
)
candidate_events: st.SearchStrategy[Event] = st.builds(candidates.CandidatesMerged, into=st.just("c-2")) | st.builds(
    candidates.CandidatesUnmerged, former=st.just("c-2")
)
suggestion_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        suggesting.SuggestionShown,
        rule=st.just("mentor"),
        rule_version=st.just(1),
        person=persons_,
        about=st.just(OWNER),
        advice=st.just("mentor"),
        figures=st.just(()),
        position=st.integers(0, 40),
        since=st.just(date(2026, 1, 1)),
        until=st.just(date(2026, 1, 9)),
    ),
    st.builds(suggesting.SuggestionTaken, person=persons_, rule=st.just("mentor")),
    st.builds(suggesting.SuggestionDismissed, person=persons_, rule=st.just("mentor")),
)
on_duty = st.tuples(st.sampled_from(["duty/d-1", "duty/d-2"]), duty_events, days)
on_person = st.tuples(persons_.map("person/{}".format), person_events | annulments, days)
on_unit = st.tuples(units_.map("unit/{}".format), unit_events | annulments, days)
on_access = st.tuples(st.just("access/p-1"), access_events, days)
on_goal = st.tuples(st.sampled_from(["goal/g-1", "goal/g-2"]), goal_events | annulments, days)
on_metric = st.tuples(st.just("metric/m-1"), metric_events, days)
told_or_hired = st.one_of(
    st.tuples(st.sampled_from(["feedback/f-1", "feedback/f-2"]), feedback_events, days),
    st.tuples(st.just("coaching/h-1"), coaching_events, days),
    st.tuples(st.sampled_from(["application/n-1", "application/n-2"]), hiring_events, days),
    st.tuples(st.just("candidate/c-1"), candidate_events, days),
    st.tuples(st.sampled_from(["suggestion/sg-1", "suggestion/sg-2"]), suggestion_events, days),
)
ANN = {"person": st.just("p-1")}
review_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        reviews.ReviewOpened,
        person=persons_,
        cycle=st.none() | st.just("k-1"),
        starts_on=st.just(date(2026, 1, 1)),
        ends_on=st.just(date(2026, 6, 30)),
        scale=st.just(Scale(code="ab", grades=("b", "a"))),
        policy_version=st.just(0),
    ),
    st.builds(reviews.RatingProposed, **ANN, judge=persons_, grade=st.sampled_from("ab"), note=st.none()),
    st.builds(reviews.ReviewExempted, **ANN),
    st.builds(reviews.ReviewReopened, **ANN),
)
merge_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(PersonsMerged, into=persons_), st.builds(PersonsUnmerged, former=persons_)
)
on_review = st.tuples(st.sampled_from(["review/v-1", "review/v-2"]), review_events, days)
on_merge = st.tuples(persons_.map("person/{}".format), merge_events, days)
steps = st.one_of(on_person, on_unit, on_access, on_goal, on_metric, on_duty, told_or_hired, on_review, on_merge)


@pytest.mark.parametrize("projection", CATALOGUE, ids=lambda projection: projection.name)
@given(chosen=st.lists(steps, min_size=1, max_size=40), terms=assigned, cuts=st.lists(st.integers(0, 100), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
def test_rebuilt_equals_live_row_for_row(
    bench: Bench, projection: AnyProjection, chosen: list[tuple[str, Event, int]], terms: Event, cuts: list[int]
) -> None:
    history = History()
    for stream in ("goal/g-1", "goal/g-2"):
        history.add(stream, terms, day(0))
    for stream in ("duty/d-1", "duty/d-2"):
        history.add(stream, opened, day(0))
    for stream, event, on in chosen:
        history.add(stream, event, day(on), actor=f"p-{on}", principal="p-9" if on == 3 else None)
    raw = history.raw()
    live = bench.build(projection, pages(raw, cuts))
    one_by_one = bench.build(projection, pages(raw, range(len(raw))))
    at_once = bench.build(projection, [raw])
    try:
        assert bench.content(live, projection) == bench.content(at_once, projection)
        assert bench.content(one_by_one, projection) == bench.content(at_once, projection)
    finally:
        for tables in (live, one_by_one, at_once):
            bench.drop(tables.build)


def test_every_projection_says_which_question_it_answers() -> None:
    assert len({projection.name for projection in CATALOGUE}) == len(CATALOGUE)
    assert all(projection.question.endswith("?") for projection in CATALOGUE)
