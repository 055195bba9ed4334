"""Examples of outcomes, attendance, pay and surveys."""

from __future__ import annotations

from typing import Any

from ledger.domain.outcomes.answers import Question, QuestionKind, Waiting
from ledger.domain.outcomes.attendance import (
    AdoptAttendanceRule,
    AnnulAttendanceEntry,
    AttendanceCounts,
    AttendanceRuleAdopted,
    AttendanceSummarised,
    AttendanceTerms,
    RedateAttendanceEntry,
    SummariseAttendance,
)
from ledger.domain.outcomes.pay import HandToPay, PayOutcomeRecorded, RecordPayOutcome, ResultHandedToPay
from ledger.domain.outcomes.results import (
    AnnulOutcomeEntry,
    CorrectOutcome,
    OutcomeCorrected,
    OutcomeRecorded,
    RecordOutcome,
    RedateOutcomeEntry,
)
from ledger.domain.outcomes.surveys import CloseSurvey, OpenSurvey, SurveyClosed, SurveyOpened
from ledger.domain.reviews.events import ResultPublished
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from tests.domain.examples.company import ANN, DIGEST, SALES, company, day, q
from tests.domain.examples.example import Example, annul, redate
from tests.domain.given import event_id

MAY: dict[str, Any] = {"starts_on": day("2026-05-01"), "ends_on": day("2026-05-31")}
SOLD = (OutcomeRecorded(owner=ANN, metric="increase", **MAY, value=q("12.50"), source="erp"), day("2026-06-01"))
COUNTS = AttendanceCounts(days_due=q("20"), days_present=q("18"), days_excused=q("1"), times_late=q("2"))
TERMS = AttendanceTerms(late_takes=q("0.25"))
RULED = (AttendanceRuleAdopted(owner=SALES, terms=TERMS), day("2026-01-01"))
RULE = ("attendance", "unit/sales", AttendanceRuleAdopted(owner=SALES, terms=TERMS))
PUBLISHED = ResultPublished(person="p-bob", grade="b", rating="r-1", publisher="p-hr", content=DIGEST)
RESULT = event_id(len(company().entries) + 1)  # as the entry that publishes comes right after the company
BESIDE_PUBLISHED = (("review", "v-0", PUBLISHED),)
HANDED = (
    ResultHandedToPay(person="p-bob", review="v-0", result=RESULT, grade="b", content=DIGEST),
    day("2026-06-01"),
)
QUESTIONS = (
    Question(code="content", kind=QuestionKind.SCALE),
    Question(code="channel", kind=QuestionKind.CHOICE, choices=("mail", "chat")),
    Question(code="remarks", kind=QuestionKind.TEXT),
)
WORDING = {"content": "How content are you?", "channel": "Which do you prefer?", "remarks": "What else?"}
ASKED: dict[str, Any] = {"questions": QUESTIONS, "units": ("company", "sales"), "small_group_limit": 5}
SURVEY = (SurveyOpened(**ASKED, closes_on=day("2026-06-30")), day("2026-06-01"))
SURVEY_OVER = (SurveyOpened(**ASKED, closes_on=day("2026-06-10")), day("2026-06-01"))
WAITED = tuple(Waiting("sales", {"content": number % 5 + 1}, {"remarks": f"Remark {number}"}) for number in range(6))

EXAMPLES = (
    Example(
        "outcome",
        "person/p-ann",
        RecordOutcome(metric="increase", **MAY, value=q("12.50"), source="erp"),
        OutcomeRecorded,
        actor="p-lead",
    ),
    Example(
        "outcome", "unit/sales", RecordOutcome(metric="increase", **MAY, source="erp"), OutcomeRecorded, actor="p-boss"
    ),
    Example(
        "outcome",
        "person/p-ann",
        lambda subject: CorrectOutcome(entry=subject.entry(OutcomeRecorded), value=q("13")),
        OutcomeCorrected,
        (SOLD,),
        "p-lead",
    ),
    Example("outcome", "person/p-ann", annul(AnnulOutcomeEntry, OutcomeRecorded), EntryAnnulled, (SOLD,), "p-lead"),
    Example("outcome", "person/p-ann", redate(RedateOutcomeEntry, OutcomeRecorded), EntryRedated, (SOLD,), "p-lead"),
    Example("attendance", "unit/sales", AdoptAttendanceRule(terms=TERMS), AttendanceRuleAdopted),
    Example(
        "attendance",
        "person/p-ann",
        SummariseAttendance(**MAY, source="clock", counts=COUNTS),
        AttendanceSummarised,
        beside=(RULE,),
    ),
    Example("attendance", "unit/sales", annul(AnnulAttendanceEntry, AttendanceRuleAdopted), EntryAnnulled, (RULED,)),
    Example("attendance", "unit/sales", redate(RedateAttendanceEntry, AttendanceRuleAdopted), EntryRedated, (RULED,)),
    Example("pay", "v-0", HandToPay(), ResultHandedToPay, beside=BESIDE_PUBLISHED),
    Example(
        "pay",
        "v-0",
        RecordPayOutcome(outcome="raise", value=q("3.5"), unit_of_measure="percent", source="payroll"),
        PayOutcomeRecorded,
        (HANDED,),
        "p-lead",
        BESIDE_PUBLISHED,
    ),
    Example(
        "survey",
        "s-1",
        OpenSurvey(questions=QUESTIONS, units=("company", "sales"), closes_on=day("2026-06-30"), wording=WORDING),
        SurveyOpened,
    ),
    Example("survey", "s-1", CloseSurvey().holding(WAITED), SurveyClosed, (SURVEY_OVER,)),
)
