"""Attendance: a unit's rule from a day on, and each person's counts over a period with the figure by that rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.domain.figures.values import EXACT
from ledger.domain.outcomes.owners import OTHERS, happened, owner_of
from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Subject, Value
from ledger.kernel.ids import Code, Id, stream_name
from ledger.kernel.moments import Day, last_instant
from ledger.kernel.refusals import AlreadyRecorded, NotFound, Refusal
from ledger.kernel.timeline import Change, Timelines

Count = Annotated[Decimal, Field(ge=0, le=3660, max_digits=8, decimal_places=4)]  # days or times; halves are usual
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=11, decimal_places=10)]
Rate = Annotated[Decimal, Field(max_digits=60)]
RULE = "rule"
FORMULA = "attendance-1"  # stored beside every figure; a changed formula gets another code
HIGHEST = 40  # no organisation has more levels


class NoRate(StrEnum):
    """Why there is no attendance figure."""

    NO_RULE = "no_rule"
    DAYS_DUE_UNKNOWN = "days_due_unknown"
    DAYS_PRESENT_UNKNOWN = "days_present_unknown"
    EXCUSED_UNKNOWN = "excused_unknown"
    LATE_UNKNOWN = "late_unknown"
    NOTHING_DUE = "nothing_due"


class AttendanceTerms(Value):
    """How counts make a figure: whether excused days leave what is due, and what a late arrival takes from a day."""

    excused_leave: bool = True
    late_takes: Share = Decimal(0)


class AttendanceCounts(Value):
    """What was counted over a period; a count that is absent is unknown, and never zero."""

    days_due: Count | None = None
    days_present: Count | None = None
    days_excused: Count | None = None
    times_late: Count | None = None


# Events


class AttendanceRuleAdopted(Event, context="outcomes", dated=True):
    """From the effective day on the attendance of the unit, and of those below without a rule, is figured so."""

    owner: Subject
    terms: AttendanceTerms


class AttendanceSummarised(Event, context="outcomes"):
    """A person's counts over a period, and the figure by the rule in force at its end, or why there is none.

    `rule` is the entry of that rule, `replaces` the summary that stood for the same period.
    """

    owner: Subject
    starts_on: Day
    ends_on: Day
    source: Code
    counts: AttendanceCounts
    rate: Rate | None = None
    no_rate: NoRate | None = None
    rule: Id | None = None
    formula: Code = FORMULA
    replaces: Id | None = None


# State


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts that stand for a period, and their entry."""

    entry: str
    counts: AttendanceCounts


@dataclass(frozen=True, slots=True)
class AttendanceState:
    """A unit's rules as a timeline, or a person's summaries by period."""

    owner: Subject | None = None
    rules: Timelines[str, tuple[str, AttendanceTerms]] = field(default_factory=Timelines)
    summaries: Mapping[tuple[date, date], Summary] = field(default_factory=dict)
    dated: Mapping[str, str] = field(default_factory=dict)

    def rule_on(self, at: datetime) -> tuple[str, AttendanceTerms] | None:
        """Return the entry and the terms of the unit's own rule at an instant."""
        return self.rules[RULE].value_on(at)


def evolve(state: AttendanceState, entry: Entry) -> AttendanceState:
    """Return the state after `entry`."""
    state = replace(state, dated=remember(state.dated, entry))
    if is_annulment(entry):
        return replace(state, rules=applied(state.rules, entry))
    match entry.event:
        case AttendanceRuleAdopted(owner=owner, terms=terms):
            change = Change(entry.begins, entry.position, entry.event_id, (entry.event_id, terms))
            return replace(state, owner=owner, rules=state.rules.with_change(RULE, change))
        case AttendanceSummarised(owner=owner) as said:
            fresh = {(said.starts_on, said.ends_on): Summary(entry.event_id, said.counts)}
            return replace(state, owner=owner, summaries={**state.summaries, **fresh})
    return state


# Commands

_ADOPTERS = (By("role:hr_administrator"), By("hr_partner", "@"))


class AdoptAttendanceRule(Command, stream="attendance", verb="adopt-rule", by=_ADOPTERS):
    """Say how the attendance of a unit is figured from a day on; earlier periods keep the rule of their time."""

    terms: AttendanceTerms


class SummariseAttendance(Command, stream="attendance", verb="summarise", by=OTHERS):
    """Record a person's counts over a period that is over; what was not counted is left out."""

    starts_on: Day
    ends_on: Day = Field(description="the last day")
    source: Code
    counts: AttendanceCounts


AnnulAttendanceEntry, RedateAttendanceEntry = commands_for("attendance", _ADOPTERS)


class RuleOfUnit(Refusal):
    """A rule is a unit's."""

    code, status = "rule_of_unit", 422
    en = "An attendance rule is adopted for a unit."
    zh = "考勤规则须针对单位制定。"


class AttendanceOfPerson(Refusal):
    """Attendance is a person's."""

    code, status = "attendance_of_person", 422
    en = "Attendance is summarised for a person."
    zh = "考勤汇总须针对人员。"


class CountsContradict(Refusal):
    """Nobody is present or excused on more days than were due."""

    code, status = "counts_contradict", 422
    en = "The days present and excused exceed the days due, or nothing was counted."
    zh = "出勤与请假天数之和超过应出勤天数，或未填写任何计数。"


class CountForgotten(Refusal):
    """A new summary knows at least what the one before it knew."""

    code, rule = "count_forgotten", "absence_is_not_zero"
    en = "The summary that stands knows a count that this one leaves out."
    zh = "现有汇总中已知的计数不得在新汇总中缺失。"
    accepted_en = "the same summary with every count that is known"
    accepted_zh = "包含全部已知计数的汇总"


# Decide


def decide(command: Command, state: AttendanceState, act: Act) -> Event:
    """Return the event of a command on the attendance of a unit or person, or refuse it."""
    owner = owner_of(act)
    match command:
        case AdoptAttendanceRule(terms=terms):
            if owner.kind != "unit":
                raise RuleOfUnit()
            if any(c.at == act.begins and c.value[1] == terms for c in state.rules[RULE].changes):
                raise AlreadyRecorded()
            return AttendanceRuleAdopted(owner=owner, terms=terms)
        case SummariseAttendance():
            if owner.kind != "person":
                raise AttendanceOfPerson()
            return _summarised(command, state, owner, act)
        case DatedFact():
            if state.owner is None:
                raise NotFound()
            return decide_annulment(command, state.dated, act)
    raise TypeError(command)


def _summarised(command: SummariseAttendance, state: AttendanceState, owner: Subject, act: Act) -> Event:
    happened(command.starts_on, command.ends_on, owner, act)
    _require_possible(command.counts)
    before = state.summaries.get((command.starts_on, command.ends_on))
    if before is not None:
        _require_remembered(before.counts, command.counts)
    rule = _rule_in_force(owner.id, command.ends_on, act)
    rate, why = (None, NoRate.NO_RULE) if rule is None else attendance_rate(command.counts, rule[1])
    return AttendanceSummarised(
        owner=owner,
        **command.own_fields(),
        rate=rate,
        no_rate=why,
        rule=None if rule is None else rule[0],
        replaces=None if before is None else before.entry,
    )


def _require_possible(counts: AttendanceCounts) -> None:
    known = [value for name in type(counts).model_fields if (value := getattr(counts, name)) is not None]
    taken = (counts.days_present or 0) + (counts.days_excused or 0)
    if not known or (counts.days_due is not None and taken > counts.days_due):
        raise CountsContradict()


def _require_remembered(before: AttendanceCounts, now: AttendanceCounts) -> None:
    if before == now:
        raise AlreadyRecorded()
    names = type(before).model_fields
    if any(getattr(before, name) is not None and getattr(now, name) is None for name in names):
        raise CountForgotten()


def _rule_in_force(person: str, ends_on: date, act: Act) -> tuple[str, AttendanceTerms] | None:
    """Return the rule at the end of a period: that of the person's unit then, else of the next unit above."""
    at = last_instant(ends_on, act.facts.zone_of(person, None, act.now))
    unit = act.facts.unit_of(person, at)
    for _ in range(HIGHEST):
        if unit is None:
            return None
        state: AttendanceState = act.facts.state("attendance", stream_name("unit", unit))
        found = state.rule_on(at)
        if found is not None:
            return found
        unit = act.facts.state("unit", unit).parent_on(at)
    return None


def attendance_rate(counts: AttendanceCounts, terms: AttendanceTerms) -> tuple[Decimal | None, NoRate | None]:
    """Return (days present − late arrivals × what one takes) / days due, or why there is none.

    Excused days leave the days due where the rule says so. Only what the rule needs must be known.
    """
    due, present, excused, late = counts.days_due, counts.days_present, counts.days_excused, counts.times_late
    if due is None:
        return None, NoRate.DAYS_DUE_UNKNOWN
    if present is None:
        return None, NoRate.DAYS_PRESENT_UNKNOWN
    if terms.excused_leave and excused is None:
        return None, NoRate.EXCUSED_UNKNOWN
    if terms.late_takes and late is None:
        return None, NoRate.LATE_UNKNOWN
    with localcontext(EXACT):
        expected = due - (excused or 0) if terms.excused_leave else due
        if not expected:
            return None, NoRate.NOTHING_DUE
        return (present - (late or 0) * terms.late_takes) / expected, None


COMMANDS = (AdoptAttendanceRule, SummariseAttendance, AnnulAttendanceEntry, RedateAttendanceEntry)
STREAM = StreamKind("attendance", "attendance", "at", AttendanceState(), decide, evolve, COMMANDS, by_subject=True)
