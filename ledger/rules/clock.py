"""Rules of the clock: duties are told, remembered, lapse in silence, and go on to the next above."""

from collections.abc import Iterable
from datetime import date, timedelta

from ledger.asking import Ask
from ledger.domain.duties import (
    Delivery,
    DutyOpened,
    DutyState,
    EscalateDuty,
    LapseDuty,
    NotifyDuty,
    Occasion,
    OpenDuty,
    Party,
    Seat,
    Standing,
)
from ledger.domain.figures import paused_days
from ledger.domain.goals.resting import away
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import day_of, last_instant
from ledger.rules import working_days
from ledger.rules.holders import holder_of
from ledger.rules.matrix import ESCALATED_DAYS, REMIND_DAYS, Kind, row_of
from ledger.rules.rule import Looked, Rule, due_after, duty_id
from ledger.rules.seats import settle

INBOX = "inbox"  # the list of one's own duties: what stands there has arrived
RHYTHMS = frozenset({Kind.COACH, Kind.REPORT_PROGRESS})
_NO_EVENT: frozenset[str] = frozenset()


def _nothing(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ()


REMIND = Rule("duty-reminded", 1, _NO_EVENT, _nothing)
LAPSE = Rule("duty-lapsed", 1, _NO_EVENT, _nothing)
ESCALATE = Rule("duty-escalated", 1, _NO_EVENT, _nothing)


def on_tick(id: str, state: DutyState, looked: Looked) -> list[Ask]:
    """Return what the passing of time does to a live duty; one step at a time, each done once."""
    duty = state.opened
    if duty is None:
        return []
    moved = settle(id, state, looked, None)
    if moved:
        return moved
    if state.standing is Standing.LAPSED:
        return _escalated(id, state, duty, looked)
    if looked.today > _last_day(state, duty, looked):
        return [LAPSE.ask("duty", id, LapseDuty(), duty.cause)]
    return _reminded(id, state, duty, looked)


def _last_day(state: DutyState, duty: DutyOpened, looked: Looked) -> date:
    """Return the day it is due; who is away that day has, once back, as long as the matrix gives."""
    if duty.kind in RHYTHMS:
        return _in_rhythm(state, duty, looked)
    away_at = last_instant(duty.due_on, looked.facts.zone)
    holder = state.holder
    if duty.seat is not Seat.SELF or holder is None or looked.today <= duty.due_on:
        return duty.due_on
    if not looked.facts.is_away(holder, away_at):
        return duty.due_on
    if looked.facts.is_away(holder, looked.now):
        return looked.today
    absences = looked.facts.state("person", holder).absences
    back = max(change.at for change in absences.lines["absence"].changes if change.at <= looked.now)
    row = row_of(duty.kind, looked.facts, looked.now)
    jurisdiction = working_days.jurisdiction_of(duty.of, looked.facts, looked.now)
    return working_days.after(day_of(back, looked.facts.zone), max(1, 0 if row is None else row.days), jurisdiction)


def _in_rhythm(state: DutyState, duty: DutyOpened, looked: Looked) -> date:
    """A rhythm pauses while whom it is about is away: the day moves by as many days as were paused before it."""
    person, opened_at = duty.of, state.opened_at
    if person.kind != "person" or opened_at is None:
        return duty.due_on
    if looked.facts.is_away(person.id, looked.now):
        return max(duty.due_on, looked.today)
    pauses, first = away(person, looked.facts), day_of(opened_at, looked.facts.zone)
    last, moved = duty.due_on, None
    while moved != last:
        last, moved = (
            moved or last,
            duty.due_on
            + timedelta(days=paused_days(pauses, starts_on=first, until=(moved or last) + timedelta(days=1))),
        )
    return last


def _reminded(id: str, state: DutyState, duty: DutyOpened, looked: Looked) -> list[Ask]:
    if state.holder is None or state.told(Occasion.DUE_SOON) or state.opened_at is None:
        return []
    jurisdiction = working_days.jurisdiction_of(duty.of, looked.facts, looked.now)
    on = working_days.before(_last_day(state, duty, looked), REMIND_DAYS, jurisdiction)
    if looked.today < on or day_of(state.opened_at, looked.facts.zone) >= on:
        return []
    return [_notice(REMIND, id, Occasion.DUE_SOON, duty.cause)]


def _notice(rule: Rule, id: str, occasion: Occasion, cause: str) -> Ask:
    command = NotifyDuty(channel=INBOX, occasion=occasion, delivery=Delivery.DELIVERED)
    return rule.ask("duty", id, command, cause)


# ---- to the next above


def _escalated(id: str, state: DutyState, duty: DutyOpened, looked: Looked) -> list[Ask]:
    row = row_of(duty.kind, looked.facts, looked.now)
    if state.escalated or row is None or row.escalates_days is None:
        return []
    jurisdiction = working_days.jurisdiction_of(duty.of, looked.facts, looked.now)
    if working_days.between(duty.due_on, looked.today, jurisdiction) < row.escalates_days:
        return []
    cause = state.lapsed_entry or duty.cause
    seat, of = _seat_above(state, duty, looked)
    not_ = frozenset({state.holder or "", duty.answers or ""})
    holder = holder_of(seat, of, looked.facts, looked.now, not_=not_)
    if holder is None:
        return [ESCALATE.ask("duty", id, EscalateDuty(), cause)]
    above = duty_id(ESCALATE.name, id)
    opening = OpenDuty(
        kind=duty.kind,
        party=Party.HR if seat is Seat.HR_OFFICE else Party.LEAD,
        seat=seat,
        of=of,
        holder=holder,
        subject=duty.subject,
        due_on=due_after(ESCALATED_DAYS, of, looked),
        cause=duty.cause,
        rule=ESCALATE.name,
        answers=duty.answers,
        escalates=id,
    )
    escalation = EscalateDuty(to=holder, duty=above)
    return [ESCALATE.ask("duty", id, escalation, cause), ESCALATE.ask("duty", above, opening, cause)]


def _seat_above(state: DutyState, duty: DutyOpened, looked: Looked) -> tuple[Seat, Subject]:
    """Return the seat above: the lead's for an employee, then the lead of whoever was silent."""
    if state.holder is None:
        return Seat.TOP_OFFICE, duty.of
    silent = Subject(kind="person", id=state.holder)
    if duty.seat is Seat.SELF:
        return Seat.LEAD, duty.of
    office = looked.facts.policy(looked.now).terms.offices.hr
    if duty.seat in (Seat.HR_PARTNER, Seat.PRIVACY_OFFICE) and office not in (None, state.holder):
        return Seat.HR_OFFICE, duty.of
    return Seat.LEAD, silent


# ---- whoever gets a duty is told


def _to_tell(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A duty stands in its holder's list from the moment it is theirs."""
    id = split_stream(entry.stream)[1]
    state = looked.live.get(id)
    occasion = Occasion.OPENED if entry.topic == DutyOpened.topic else Occasion.TRANSFERRED
    if state is None or state.holder is None or state.told(occasion):
        return []
    return [_notice(rule, id, occasion, entry.event_id)]


RULES = (Rule("duty-told", 1, frozenset({DutyOpened.topic, "duties.DutyTransferred"}), _to_tell),)
