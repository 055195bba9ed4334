"""The standing duty matrix: for each kind of duty whose it is, in how many working days, and when it goes up."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ledger.domain.duties import Party, Seat
from ledger.facts import LedgerFacts


class Kind(StrEnum):
    """What has to be done."""

    READ_POLICY = "read_policy"
    SET_GOALS = "set_goals"
    ANSWER_GOAL = "answer_goal"
    REPORT_PROGRESS = "report_progress"
    COACH = "coach"
    TALK_ABOUT_DEVIATION = "talk_about_deviation"
    ANSWER_DIFFICULTY = "answer_difficulty"
    ANSWER_SUPPORT_CALL = "answer_support_call"
    APPROVE_REQUISITION = "approve_requisition"
    SUBMIT_SCORECARD = "submit_scorecard"
    DECIDE_APPLICATION = "decide_application"
    ALLOT_APPLICATION = "allot_application"
    ALLOT_RECORD = "allot_record"  # to one of two ids that were read as one person
    PRESENT_EXPECTATIONS = "present_expectations"
    DECIDE_PROBATION = "decide_probation"  # the lead proposes
    CARRY_OUT_PROBATION = "carry_out_probation"  # what the lead proposed
    TAKE_OVER = "take_over"
    BRIEF_ASSESSORS = "brief_assessors"
    ASSESS_ONESELF = "assess_oneself"
    JUDGE_RESULT = "judge_result"
    JUDGE_HANDED_OVER = "judge_handed_over"  # the same, by whom the review was handed to
    CALIBRATE = "calibrate"
    TELL_RESULT = "tell_result"
    ASSIGN_APPEAL = "assign_appeal"
    DECIDE_APPEAL = "decide_appeal"
    PRESENT_FINDINGS = "present_findings"  # the figures of a closed stage, to the leads of a unit
    REVIEW_POLICY = "review_policy"
    ANSWER_DATA_REQUEST = "answer_data_request"  # what somebody asks about their own data


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the seat, the working days until it is due, and after how many more it goes to the next above.

    `escalates_days` None: silence has another consequence, and nobody above gets a duty by it.
    """

    party: Party
    seat: Seat
    days: int
    escalates_days: int | None


_LEAD, _HR, _SELF = Party.LEAD, Party.HR, Party.EMPLOYEE

MATRIX: dict[Kind, Row] = {
    Kind.READ_POLICY: Row(_SELF, Seat.SELF, 10, 5),  # working days from when it is in force
    Kind.SET_GOALS: Row(_LEAD, Seat.LEAD, 10, 5),
    Kind.ANSWER_GOAL: Row(_SELF, Seat.SELF, 5, 5),
    Kind.REPORT_PROGRESS: Row(_SELF, Seat.SELF, 0, None),  # due by the reporting rhythm; silence is a deviation
    Kind.COACH: Row(_LEAD, Seat.LEAD, 0, 5),  # due by the coaching rhythm
    Kind.TALK_ABOUT_DEVIATION: Row(_LEAD, Seat.LEAD, 5, 3),
    Kind.ANSWER_DIFFICULTY: Row(_LEAD, Seat.LEAD, 3, 1),
    Kind.ANSWER_SUPPORT_CALL: Row(_HR, Seat.HR_PARTNER, 3, 2),
    Kind.APPROVE_REQUISITION: Row(_LEAD, Seat.LEAD, 5, 3),
    Kind.SUBMIT_SCORECARD: Row(_SELF, Seat.SELF, 3, 2),
    Kind.DECIDE_APPLICATION: Row(_LEAD, Seat.UNIT_LEAD, 5, 3),
    Kind.ALLOT_APPLICATION: Row(_HR, Seat.HR_OFFICE, 10, 5),
    Kind.ALLOT_RECORD: Row(_HR, Seat.HR_OFFICE, 10, 5),
    Kind.PRESENT_EXPECTATIONS: Row(_LEAD, Seat.UNIT_LEAD, 5, 3),  # working days from the first day of work
    Kind.DECIDE_PROBATION: Row(_LEAD, Seat.LEAD, 0, 1),  # due on the last day of the probation
    Kind.CARRY_OUT_PROBATION: Row(_HR, Seat.HR_PARTNER, 3, 1),  # and before the probation ends
    Kind.TAKE_OVER: Row(_LEAD, Seat.LEAD, 0, 1),  # due on the last day
    Kind.BRIEF_ASSESSORS: Row(_HR, Seat.HR_OFFICE, 10, 3),
    Kind.ASSESS_ONESELF: Row(_SELF, Seat.SELF, 5, 3),  # in a cycle, due at the end of the stage; so the next two
    Kind.JUDGE_RESULT: Row(_LEAD, Seat.LEAD, 10, 3),
    Kind.JUDGE_HANDED_OVER: Row(_LEAD, Seat.SELF, 10, 3),
    Kind.CALIBRATE: Row(_LEAD, Seat.LEAD, 5, 3),
    Kind.TELL_RESULT: Row(_LEAD, Seat.LEAD, 5, 3),
    Kind.ASSIGN_APPEAL: Row(_HR, Seat.HR_OFFICE, 3, 2),
    Kind.DECIDE_APPEAL: Row(_LEAD, Seat.SELF, 10, 3),  # due by the days that the policy gives
    Kind.PRESENT_FINDINGS: Row(_HR, Seat.HR_PARTNER, 10, 5),
    Kind.ANSWER_DATA_REQUEST: Row(_HR, Seat.PRIVACY_OFFICE, 15, 3),  # due by the day that the law sets
    Kind.REVIEW_POLICY: Row(_HR, Seat.HR_OFFICE, 20, 5),
}
SUPPORT: dict[Kind, Seat] = {  # who stands beside whoever has to act; it moves no accountability
    Kind.READ_POLICY: Seat.HR_OFFICE,
    Kind.SET_GOALS: Seat.HR_PARTNER,
    Kind.ANSWER_GOAL: Seat.LEAD,
    Kind.COACH: Seat.HR_PARTNER,
    Kind.TALK_ABOUT_DEVIATION: Seat.HR_PARTNER,
    Kind.ANSWER_DIFFICULTY: Seat.HR_PARTNER,
    Kind.CALIBRATE: Seat.HR_OFFICE,
    Kind.DECIDE_APPEAL: Seat.HR_OFFICE,
    Kind.APPROVE_REQUISITION: Seat.HR_OFFICE,
    Kind.SUBMIT_SCORECARD: Seat.HR_PARTNER,
    Kind.DECIDE_APPLICATION: Seat.HR_PARTNER,
    Kind.PRESENT_EXPECTATIONS: Seat.HR_OFFICE,
    Kind.TAKE_OVER: Seat.HR_OFFICE,
}
REMIND_DAYS = 1  # working days before the last one, when a reminder goes out
ESCALATED_DAYS = 3  # working days that the next above has

_PARTY_OF = {Seat.SELF: _SELF, Seat.HR_PARTNER: _HR, Seat.HR_OFFICE: _HR, Seat.PRIVACY_OFFICE: _HR}


def row_of(kind: str, facts: LedgerFacts, at: datetime) -> Row | None:
    """Return the row in force: the standing one as the policy departs from it; None where there is no such duty."""
    if kind not in MATRIX:
        return None
    row, terms = MATRIX[Kind(kind)], facts.policy(at).terms.duty(kind)
    if terms is None:
        return row
    if terms.suspended:
        return None
    if terms.days is not None:
        row = replace(row, days=terms.days)
    if terms.accountable in set(Seat):
        seat = Seat(terms.accountable)
        row = replace(row, seat=seat, party=_PARTY_OF.get(seat, _LEAD))
    return row
