"""Outcomes, attendance and pay: what is unknown is never zero and never takes the place of what is known."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.outcomes.attendance import (
    AdoptAttendanceRule,
    AttendanceCounts,
    AttendanceRuleAdopted,
    AttendanceSummarised,
    AttendanceTerms,
    NoRate,
    SummariseAttendance,
    attendance_rate,
)
from ledger.domain.outcomes.pay import HandToPay, PayOutcomeRecorded, RecordPayOutcome, ResultHandedToPay
from ledger.domain.outcomes.results import (
    AnnulOutcomeEntry,
    CorrectOutcome,
    OutcomeCorrected,
    OutcomeRecorded,
    RecordOutcome,
)
from ledger.domain.reviews.events import ReviewReopened, ReviewWithdrawn
from ledger.kernel.event import Subject
from ledger.kernel.refusals import AfterLastDay, OwnAct, UnknownReference
from tests.domain.examples import ANN, DIGEST, SALES, company, day, q
from tests.domain.examples.outcomes import COUNTS, MAY, PUBLISHED, RULED, SOLD, TERMS
from tests.domain.given import Given, Happened, History, given

WORLD = company()
RECORD = RecordOutcome(metric="increase", **MAY, value=q("12.50"), source="erp")
MISSING = OutcomeRecorded(owner=ANN, metric="increase", **MAY, source="erp"), day("2026-06-01")


def outcomes(*happened: Happened, id: str = "person/p-ann") -> Given:
    return given("outcome", id, *happened, world=WORLD)


# Outcomes


@pytest.mark.parametrize(
    ("happened", "answers"),
    [
        ((), ("OutcomeRecorded", "OutcomeRecorded", "OutcomeRecorded", "not_found")),
        ((MISSING,), ("OutcomeRecorded", "OutcomeRecorded", "already_recorded", "OutcomeCorrected")),
        ((SOLD,), ("already_recorded", "outcome_known", "unknown_over_known", "OutcomeCorrected")),
    ],
)
def test_what_each_state_answers(happened: tuple[Happened, ...], answers: tuple[str, ...]):
    subject = outcomes(*happened)
    asked = [
        RECORD,
        RECORD.model_copy(update={"value": q("9")}),
        RECORD.model_copy(update={"value": None}),
        CorrectOutcome(entry=subject.entry(OutcomeRecorded), value=q("13")),
    ]
    assert tuple(subject.when(command, actor="p-lead").said for command in asked) == answers


def test_a_correction_keeps_the_original_and_can_be_corrected_again():
    subject = outcomes(SOLD)
    entry = subject.entry(OutcomeRecorded)
    subject.history.do("outcome", "person/p-ann", CorrectOutcome(entry=entry, value=q("13")), actor="p-lead")
    assert subject.state.outcomes[entry].value == q("13")
    assert [e.data["value"] for e in subject.history.entries[-2:]] == ["12.50", "13"]
    assert subject.when(CorrectOutcome(entry=entry, value=q("13")), actor="p-lead").said == "already_recorded"
    subject.when(CorrectOutcome(entry=entry, value=q("12.50")), actor="p-lead").then(OutcomeCorrected)


def test_what_was_annulled_is_neither_corrected_nor_in_the_way():
    subject = outcomes(SOLD)
    entry = subject.entry(OutcomeRecorded)
    subject.history.do("outcome", "person/p-ann", AnnulOutcomeEntry.model_validate({"entry": entry}), actor="p-lead")
    assert subject.when(CorrectOutcome(entry=entry, value=q("1")), actor="p-lead").said == "not_an_outcome"
    subject.when(RECORD, actor="p-lead").then(OutcomeRecorded)


def test_a_value_is_kept_as_it_was_said():
    event = outcomes().when(RECORD, actor="p-lead").event
    assert event is not None
    assert b'"value":"12.50"' in event.clear_json()


def test_what_people_say_of_themselves_is_a_claim_and_others_values_are_not_theirs_to_change():
    claim = outcomes().when(RECORD, actor="p-ann").event
    assert isinstance(claim, OutcomeRecorded)
    assert claim.claimed
    subject = outcomes(SOLD)
    entry = subject.entry(OutcomeRecorded)
    for command in (CorrectOutcome(entry=entry, value=q("99")), AnnulOutcomeEntry.model_validate({"entry": entry})):
        assert subject.when(command, actor="p-ann").said == "claim_over_measurement"
    own = RECORD.model_copy(update={"source": "own", "value": q("99")})
    subject.when(own, actor="p-ann").then(OutcomeRecorded)


@pytest.mark.parametrize(
    ("id", "changed", "said"),
    [
        ("person/p-ann", {"ends_on": day("2026-06-30")}, "in_the_future"),
        ("person/p-ann", {"ends_on": day("2026-04-30")}, "period_reversed"),
        ("person/p-ann", {"metric": "unheard-of"}, "unknown_reference"),
        ("person/p-nobody", {}, "unknown_reference"),
        ("person/p-eve", {}, "not_employed"),
        ("unit/sales", {}, "OutcomeRecorded"),
        ("goal/g-unit", {}, "of_unit_or_person"),
    ],
)
def test_an_outcome_is_of_somebody_known_over_a_period_that_is_over(id: str, changed: dict[str, object], said: str):
    assert outcomes(id=id).when(RECORD.model_copy(update=changed), actor="p-lead").said == said


# Attendance


def attendance(*happened: Happened, id: str = "person/p-ann", world: History = WORLD) -> Given:
    return given("attendance", id, *happened, world=world)


def ruled(*happened: Happened, unit: str = "sales") -> History:
    return attendance(*happened, id=f"unit/{unit}").history


SUMMARISE = SummariseAttendance(**MAY, source="clock", counts=COUNTS)


def test_the_figure_is_that_of_the_rule_in_force_at_the_end_of_the_period():
    later = AttendanceRuleAdopted(owner=SALES, terms=AttendanceTerms(excused_leave=False))
    world = ruled(RULED, (later, day("2026-05-20")), (RULED[0], day("2026-06-01")))
    event = attendance(world=world).when(SUMMARISE).event
    assert isinstance(event, AttendanceSummarised)
    assert (event.rate, event.no_rate) == (q("0.9"), None), "18 of 20: the rule of the last day"
    assert event.rule == next(e.event_id for e in world.entries if e.event == later)


def test_a_unit_without_a_rule_goes_by_the_one_above():
    above = AttendanceRuleAdopted(owner=Subject(kind="unit", id="company"), terms=TERMS), day("2026-01-01")
    event = attendance(world=ruled(above, unit="company")).when(SUMMARISE).event
    assert isinstance(event, AttendanceSummarised)
    with_late = (18 - 2 * Decimal("0.25")) / 19
    assert event.rate is not None
    assert abs(event.rate - with_late) < Decimal("1e-27")


def test_without_a_rule_there_is_no_figure_and_it_says_so():
    event = attendance().when(SUMMARISE).event
    assert isinstance(event, AttendanceSummarised)
    assert (event.rate, event.no_rate, event.rule) == (None, NoRate.NO_RULE, None)


def test_a_rule_is_a_units_and_attendance_a_persons():
    assert attendance(id="unit/sales").when(SUMMARISE).said == "attendance_of_person"
    assert attendance().when(AdoptAttendanceRule(terms=TERMS)).said == "rule_of_unit"


def test_the_same_rule_from_the_same_day_is_adopted_once():
    again = AdoptAttendanceRule(terms=TERMS)
    subject = attendance(RULED, id="unit/sales")
    assert subject.when(again, on="2026-01-01").said == "already_recorded"
    subject.when(again, on="2026-02-01").then(AttendanceRuleAdopted)


def test_a_new_summary_names_the_one_it_replaces_and_forgets_no_count():
    subject = attendance()
    first = subject.history.do("attendance", "person/p-ann", SUMMARISE)
    assert subject.when(SUMMARISE).said == "already_recorded"
    fewer = SUMMARISE.model_copy(update={"counts": COUNTS.model_copy(update={"times_late": None})})
    assert subject.when(fewer).said == "count_forgotten"
    other = SUMMARISE.model_copy(update={"counts": COUNTS.model_copy(update={"times_late": q("0")})})
    event = subject.when(other).event
    assert isinstance(event, AttendanceSummarised)
    assert event.replaces == first.event_id


@pytest.mark.parametrize(
    "counts", [AttendanceCounts(), AttendanceCounts(days_due=q("20"), days_present=q("19"), days_excused=q("2"))]
)
def test_counts_that_can_not_be_are_refused(counts: AttendanceCounts):
    assert attendance().when(SUMMARISE.model_copy(update={"counts": counts})).said == "counts_contradict"


days = st.none() | st.integers(0, 20).map(Decimal)


@for_all(days, days, days, days, st.booleans(), st.sampled_from([q("0"), q("0.5"), q("1")]))
def test_what_a_rule_needs_and_nobody_counted_leaves_no_figure(due, present, excused, late, leave: bool, takes):
    counts = AttendanceCounts(days_due=due, days_present=present, days_excused=excused, times_late=late)
    rate, why = attendance_rate(counts, AttendanceTerms(excused_leave=leave, late_takes=takes))
    needed = [due, present, *([excused] if leave else []), *([late] if takes else [])]
    assert (rate is None) == (why is not None)
    if None in needed:
        assert rate is None, "an unknown count is never taken as zero"
    elif rate is not None:
        expected = due - (excused if leave else 0)
        assert abs(rate * expected - (present - (late * takes if takes else 0))) < Decimal("1e-20")


# Pay


def pay(*, published: tuple[Happened, ...] = (PUBLISHED,), happened: tuple[Happened, ...] = ()) -> Given:
    world = given("review", "v-0", *published, world=WORLD).history
    return given("pay", "v-0", *happened, world=world)


def test_only_a_published_result_goes_to_pay_bound_to_what_it_said():
    assert pay(published=()).when(HandToPay()).said == "result_not_published"
    assert given("pay", "v-unheard-of", world=WORLD).when(HandToPay()).said == "not_found"
    subject = pay()
    entry = subject.history.do("pay", "v-0", HandToPay())
    event = entry.event
    assert isinstance(event, ResultHandedToPay)
    assert (event.grade, event.content, event.replaces) == ("b", DIGEST, None)
    assert event.result == subject.history.state("review", "v-0").result.entry
    assert subject.when(HandToPay()).said == "already_recorded"


def test_a_changed_result_is_handed_again_and_names_what_it_replaces():
    subject = pay()
    first = subject.history.do("pay", "v-0", HandToPay())
    paid = RecordPayOutcome(outcome="bonus", value=q("500"), unit_of_measure="cny", source="payroll")
    subject.when(paid, actor="p-lead").then(PayOutcomeRecorded)
    subject.history.record("review", "v-0", ReviewReopened(person="p-bob"))
    subject.when(paid, actor="p-lead").then(PayOutcomeRecorded, marks=("result_changed_since",))
    other = PUBLISHED.model_copy(update={"grade": "a", "content": "cd" * 32})
    subject.history.record("review", "v-0", other)
    event = subject.when(HandToPay()).event
    assert isinstance(event, ResultHandedToPay)
    assert (event.grade, event.replaces) == ("a", first.event_id)


def test_nobody_hands_over_or_sets_their_own_pay():
    subject = pay()
    subject.history.do("pay", "v-0", HandToPay())
    for command in (HandToPay(), RecordPayOutcome(outcome="none", source="payroll")):
        subject.when(command, actor="p-bob").then(OwnAct)


def test_an_outcome_comes_after_a_hand_over_and_keeps_its_value():
    paid = RecordPayOutcome(outcome="bonus", value=q("500"), unit_of_measure="cny", source="payroll")
    assert pay().when(paid).said == "not_found"
    subject = pay()
    subject.history.do("pay", "v-0", HandToPay())
    assert subject.when(paid.model_copy(update={"unit_of_measure": None})).said == "value_without_unit"
    subject.history.do("pay", "v-0", paid)
    assert subject.when(paid).said == "already_recorded"
    bare = RecordPayOutcome(outcome="bonus", source="payroll")
    assert subject.when(bare).said == "pay_value_forgotten"
    subject.when(paid.model_copy(update={"value": q("600")})).then(PayOutcomeRecorded)


def test_a_withdrawn_review_leads_to_no_pay():
    subject = pay(published=(ReviewWithdrawn(person="p-bob"),))
    assert subject.when(HandToPay()).said not in {"ResultHandedToPay", "not_found"}


def test_each_refusal_of_an_unknown_subject_is_one_and_the_same():
    for id, command in product(("person/p-x", "unit/x"), (RECORD, CorrectOutcome(entry="e", value=q("1")))):
        outcomes(id=id).when(command).then(UnknownReference)
    outcomes(id="person/p-eve").when(RECORD, testimony=True).then(OutcomeRecorded, marks=(AfterLastDay.code,))
