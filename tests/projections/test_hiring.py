"""Hiring projected: what a naive replay says at any time, and nothing of others' scorecards to a blind assessor."""

from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.hiring import applications as applied
from ledger.domain.hiring import candidates, offers, onboarding, probations, profiles
from ledger.domain.hiring import requisitions as asked
from ledger.domain.people.merging import PersonsMerged, PersonsUnmerged
from ledger.kernel.event import Entry, Event
from projections.engine import View
from projections.hiring import PROJECTION
from projections.hiring.places import Place, place_of
from projections.hiring.queries import (
    Wanted,
    application,
    applications,
    applications_of,
    requisition,
    requisitions,
)
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id, pages

PEOPLE = ["p-ann", "p-bob", "p-cat"]
PROFILE = event_id(1)
people, days = st.sampled_from(PEOPLE), st.integers(0, 6)
quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
GOOD = (applied.Score(competency="analysis", score=Decimal(4)),)
POOR = (applied.Score(competency="analysis", score=Decimal(1)),)
OFFER = offers.OfferMade(
    candidate="c-1",
    decision_entry=event_id(4),
    contract="permanent",
    starts_on=date(2026, 2, 1),
    open_until=date(2026, 1, 20),
)


def received(candidate: str, request: str) -> applied.ApplicationReceived:
    return applied.ApplicationReceived(
        candidate=candidate, requisition=request, unit="dev", profile="j-1", requirements=PROFILE
    )


def opened(unit: str) -> asked.RequisitionOpened:
    return asked.RequisitionOpened(unit=unit, profile="j-1", requirements=PROFILE, headcount=2, opener="p-lead")


def scored(assessor: str, scores: tuple[applied.Score, ...] = GOOD) -> applied.AssessmentRecorded:
    return applied.AssessmentRecorded(candidate="c-1", assessor=assessor, scores=scores)


def decided(decision: applied.Decision) -> applied.HiringDecisionMade:
    mean = applied.Mean(competency="analysis", minimum=Decimal(3), total=Decimal(4), scores=1)
    return applied.HiringDecisionMade(
        candidate="c-1", decision=decision, decider="p-lead", requirements=PROFILE, unmet=("analysis",), figures=(mean,)
    )


OF_ONE: dict[str, Any] = {"candidate": st.just("c-1")}
entries = st.integers(1, 40).map(event_id)
application_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(received, st.sampled_from(["c-1", "c-2"]), st.sampled_from(["q-1", "q-2"])),
    st.builds(
        applied.ApplicationMoved, **OF_ONE, from_stage=st.just("received"), to_stage=st.sampled_from(applied.Step)
    ),
    st.builds(applied.PanelNamed, **OF_ONE, assessors=st.lists(people, unique=True, max_size=2).map(tuple)),
    st.builds(scored, people),
    st.builds(scored, people),
    st.builds(
        applied.AssessmentAmended, **OF_ONE, assessor=people, entry=entries, scores=st.just(POOR), note=st.none()
    ),
    st.builds(decided, st.sampled_from(applied.Decision)),
    st.builds(applied.HiringDecisionReversed, **OF_ONE, decision_entry=entries),
    st.builds(applied.ApplicationWithdrawn, **OF_ONE),
    st.builds(applied.ApplicationResumed, **OF_ONE, withdrawal_entry=entries),
    st.just(OFFER),
    st.builds(offers.OfferAccepted, **OF_ONE, offer_entry=entries),
    st.builds(applied.ApplicationFilled, **OF_ONE, person=people, employment=st.just("e-1")),
    st.builds(applied.ApplicationAllotted, candidate=st.sampled_from(["c-1", "c-2"]), former=st.just("c-1")),
)
requisition_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(opened, st.sampled_from(["dev", "ops"])),
    st.builds(asked.RequisitionApproved, unit=st.just("dev")),
    st.builds(asked.RequisitionClosed, unit=st.just("dev")),
)
candidate_merges: st.SearchStrategy[Event] = st.just(candidates.CandidatesMerged(into="c-2")) | st.just(
    candidates.CandidatesUnmerged(former="c-2")
)
merges: st.SearchStrategy[Event] = st.just(PersonsMerged(into="p-cat")) | st.just(PersonsUnmerged(former="p-cat"))
APPLICATIONS, REQUISITIONS = ["application/n-1", "application/n-2"], ["requisition/q-1", "requisition/q-2"]
steps = st.one_of(
    st.tuples(st.sampled_from(APPLICATIONS), application_events, days),
    st.tuples(st.sampled_from(APPLICATIONS), application_events, days),
    st.tuples(st.sampled_from(APPLICATIONS), application_events, days),
    st.tuples(st.sampled_from(REQUISITIONS), requisition_events, days),
    st.tuples(st.just("candidate/c-1"), candidate_merges, days),
    st.tuples(st.sampled_from(["person/p-ann", "person/p-bob"]), merges, days),
)


def with_profile() -> History:
    history = History()
    required = (profiles.Requirement(competency="analysis", minimum=Decimal(3)),)
    history.add("job-profile/j-1", profiles.JobProfileAdopted(job="tester", requirements=required), day(0))
    return history


class Replay:
    """The naive answer: every event folded again, by the ledger's own rules."""

    def __init__(self, history: History, known: int, on: datetime) -> None:
        self._history, self._known, self._on = history, known, on

    def entries(self, stream: str) -> list[Entry]:
        return [entry for entry in self._history.entries(stream, self._known) if entry.begins <= self._on]

    def application(self, stream: str) -> applied.ApplicationState:
        return reduce(applied.evolve, self.entries(stream), applied.ApplicationState())

    def requisition(self, stream: str) -> asked.RequisitionState:
        return reduce(asked.evolve, self.entries(stream), asked.RequisitionState())

    def candidate(self, candidate: str) -> str:
        merged = self._history.entries(f"candidate/{candidate}", self._known)
        into = reduce(candidates.evolve, merged, candidates.CandidateState()).merged_into
        return candidate if into is None else into


@given(
    chosen=st.lists(steps, max_size=30),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    known=st.integers(0, 31),
    on=days,
)
@quiet
def test_any_history_answers_like_a_replay_at_any_time(
    bench: Bench, chosen: list[tuple[str, Event, int]], cuts: list[int], known: int, on: int
) -> None:
    history = with_profile()
    for stream, event, begins in chosen:
        history.add(stream, event, day(begins))
    tables = bench.build(PROJECTION, pages(history.raw(), cuts))
    try:
        known = min(known, len(history.stored))
        view, replay = bench.view(tables, len(history.stored)), Replay(history, known, day(on))
        check_applications(view, replay, known, day(on))
        check_requisitions(view, replay, known, day(on))
        check_blindness(view, history)
    finally:
        bench.drop(tables.build)


def check_applications(view: View, replay: Replay, known: int, on: datetime) -> None:
    states = {stream.removeprefix("application/"): replay.application(stream) for stream in APPLICATIONS}
    for id, state in states.items():
        found = application(view, id, on=on, known=known)
        assert (found is None) == (state.received is None)
        if found is None or state.received is None:
            continue
        assert (found.place, found.candidate) == (place_of(state), replay.candidate(state.candidate or ""))
        assert (found.panel, found.offer, found.hired) == (state.panel, state.offer, state.hired)
        assert found.spells[-1].place is found.place
        assert all(spell.until is None or spell.since <= spell.until for spell in found.spells)
        assert [line.entry for line in found.lines] == replay.entries(f"application/{id}")
    for request in ("q-1", "q-2"):
        listed, _ = applications(view, request, on=on, known=known)
        ever = [id for id, state in states.items() if state.received and state.received.requisition == request]
        assert {one.id for one in listed} >= set(ever)
    for candidate in ("c-1", "c-2"):
        whole = replay.candidate(candidate)
        own = {id for id, s in states.items() if s.received and replay.candidate(s.candidate or "") == whole}
        assert {one.id for one in applications_of(view, candidate, on=on, known=known)} == own


def check_requisitions(view: View, replay: Replay, known: int, on: datetime) -> None:
    states = {stream.removeprefix("requisition/"): replay.requisition(stream) for stream in REQUISITIONS}
    for stage in (None, asked.Stage.OPEN, asked.Stage.APPROVED):
        listed, _ = requisitions(view, Wanted(stage=stage), on=on, known=known)
        running = {id: state for id, state in states.items() if state.opened is not None}
        assert [one.id for one in listed] == sorted(id for id, state in running.items() if stage in (None, state.stage))


def check_blindness(view: View, history: History) -> None:
    """Whoever owes a scorecard of an undecided application is told of no other, whatever time they ask about."""
    whole = {p: _read(history, p) for p in PEOPLE}
    for stream in APPLICATIONS:
        now = reduce(applied.evolve, history.entries(stream, len(history.stored)), applied.ApplicationState())
        owing = {whole[person] for person in now.panel if person not in now.assessments}
        for person in PEOPLE:
            own = {other for other in PEOPLE if whole[other] == whole[person]}
            for known in range(len(history.stored) + 1):
                found = application(view, stream.removeprefix("application/"), known=known, reader=person)
                if found is None:
                    continue
                assert found.blind == (now.is_blind and whole[person] in owing)
                if found.blind:
                    assert {card.assessor for card in found.scorecards} <= own
                    told = [line.entry for line in found.lines if line.entry.topic.startswith("hiring.Assessment")]
                    assert {entry.data["assessor"] for entry in told} <= own
                    assert found.missing is None
                    assert not any(d.made.unmet or d.made.figures for d in found.decisions)
                    assert not any({"unmet", "figures"} & set(line.entry.data) for line in found.lines)


def _read(history: History, person: str) -> str:
    into = person
    for entry in history.entries(f"person/{person}", len(history.stored)):
        into = getattr(entry.event, "into", person)
    return into


def test_the_thread_goes_from_receipt_to_the_end_of_probation(bench: Bench) -> None:
    history = with_profile()
    history.add("requisition/q-1", opened("dev"), day(0))
    history.add("application/n-1", received("c-1", "q-1"), day(0))
    hire = history.add("application/n-1", decided(applied.Decision.HIRE), day(2), reason="best")
    assert hire == OFFER.decision_entry
    history.add(
        "application/n-1", applied.DissentRecorded(candidate="c-1", dissenter="p-bob", decision_entry=hire), day(2)
    )
    offer = history.add("application/n-1", OFFER, day(3))
    history.add("application/n-1", offers.OfferAccepted(candidate="c-1", offer_entry=offer), day(5))
    filled = applied.ApplicationFilled(candidate="c-1", person="p-new", employment="e-1")
    history.add("application/n-1", filled, day(6))
    for employment in ("e-1", "e-0"):
        started = onboarding.OnboardingStarted(person="p-new", employment=employment, application="n-1")
        history.add("onboarding/p-new", started, day(7))
    confirmed = probations.EmploymentConfirmed(person="p-new", employment="e-1", proposal="x")
    history.add("probation/p-new", confirmed, day(9))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = application(view, "n-1")
    assert found is not None
    went = [(spell.place.value, spell.since) for spell in found.spells]
    assert went == [
        ("received", day(0)),
        ("to_be_hired", day(2)),
        ("offered", day(3)),
        ("accepted", day(5)),
        ("hired", day(6)),
    ]
    assert [line.entry.topic for line in found.after] == ["hiring.OnboardingStarted", "hiring.EmploymentConfirmed"]
    (decision,) = found.decisions
    assert (decision.line.reason, len(decision.dissents), decision.reversed_by) == ("best", 1, None)
    assert [required.competency for required in found.requirements] == ["analysis"]
    before = application(view, "n-1", on=day(4))
    assert before is not None
    assert (before.place, before.hired, before.after) == (Place.OFFERED, None, ())


def test_a_reversed_decision_and_an_amended_scorecard_keep_what_was_first_said(bench: Bench) -> None:
    history = with_profile()
    history.add("application/n-1", received("c-1", "q-1"), day(0))
    first = history.add("application/n-1", scored("p-ann"), day(1))
    amended = applied.AssessmentAmended(candidate="c-1", assessor="p-ann", entry=first, scores=POOR)
    history.add("application/n-1", amended, day(2))
    reject = history.add("application/n-1", decided(applied.Decision.REJECT), day(3), reason="other")
    taken_back = applied.HiringDecisionReversed(candidate="c-1", decision_entry=reject)
    history.add("application/n-1", taken_back, day(4), reason="mistake")
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    found = application(view, "n-1")
    assert found is not None
    (card,), (decision,) = found.scorecards, found.decisions
    assert (card.first, card.scores, len(card.amendments)) == (GOOD, POOR, 1)
    assert decision.reversed_by is not None
    assert (decision.reversed_by.reason, found.place) == ("mistake", Place.RECEIVED)


def test_two_candidates_that_are_one_are_read_as_one_from_the_merge_on(bench: Bench) -> None:
    history = with_profile()
    for number in (1, 2):
        history.add(f"candidate/c-{number}", candidates.CandidateRegistered(), day(0))
        history.add(f"application/n-{number}", received(f"c-{number}", "q-1"), day(0))
    history.add("candidate/c-1", candidates.CandidatesMerged(into="c-2"), day(3))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    before, after = application(view, "n-1", known=5), application(view, "n-1")
    assert before is not None
    assert after is not None
    assert (before.candidate, after.candidate, after.recorded_candidate) == ("c-1", "c-2", "c-1")
    for id in ("c-1", "c-2"):
        assert [one.id for one in applications_of(view, id)] == ["n-1", "n-2"]
    assert [one.id for one in applications_of(view, "c-1", known=5)] == ["n-1"]


def test_requisitions_are_listed_by_unit_and_stage_page_by_page(bench: Bench) -> None:
    history = with_profile()
    for number in range(4):
        history.add(f"requisition/q-{number}", opened("dev" if number % 2 else "ops"), day(0))
    history.add("requisition/q-3", asked.RequisitionApproved(unit="dev"), day(2))
    view = bench.view(bench.build(PROJECTION, [history.raw()]), len(history.stored))
    first, following = requisitions(view, Wanted(), limit=3)
    rest, end = requisitions(view, Wanted(), after=following or "", limit=3)
    assert [one.id for one in (*first, *rest)] == ["q-0", "q-1", "q-2", "q-3"]
    assert end is None
    assert [one.id for one in requisitions(view, Wanted(unit="dev"))[0]] == ["q-1", "q-3"]
    assert [one.id for one in requisitions(view, Wanted(stage=asked.Stage.APPROVED))[0]] == ["q-3"]
    assert requisitions(view, Wanted(stage=asked.Stage.APPROVED), on=day(1))[0] == []
    one = requisition(view, "q-1")
    assert one is not None
    assert (one.opened.headcount, [required.minimum for required in one.requirements]) == (2, [Decimal(3)])
