"""Rules about seats: a role change moves duties that are still to come, and a late fact voids a lapse it explains."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.asking import Ask
from ledger.domain.duties import DutyOpened, DutyState, Outcome, Seat, Standing, Void
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import Entry
from ledger.kernel.moments import begins, day_of, last_instant
from ledger.kernel.timeline import Held
from ledger.rules.rule import Looked, Rule, reopened, seated, transferred, voided

_OF_ONE = frozenset(
    {
        "people.ManagerAssigned",
        "people.ManagerReleased",
        "people.PersonAssignedToUnit",
        "people.PersonLeftUnit",
    }
)
_OF_MANY = frozenset(
    {
        "people.UnitLeadAppointed",
        "people.UnitLeadReleased",
        "people.UnitMoved",
        "people.UnitDissolved",
        "people.UnitsMerged",
        "people.UnitSplit",
        "people.HrPartnerAssigned",
        "people.HrPartnerReleased",
        "people.EmploymentStarted",
        "people.EmploymentEnded",
        "people.EmploymentReinstated",
        "people.EmploymentStartCancelled",
        "people.AbsenceStarted",
        "people.AbsenceEnded",
        "people.PersonsMerged",
        "people.PersonsUnmerged",
        "policies.PolicyPublished",
    }
)
_ANNULMENTS = frozenset({EntryAnnulled.topic, EntryRedated.topic})
SEAT_TOPICS = _OF_ONE | _OF_MANY | _ANNULMENTS
SEAT_RULE = Rule("seat-changed", 1, SEAT_TOPICS, lambda entry, looked, rule: ())


@dataclass(frozen=True, slots=True)
class Change:
    """A fact about seats; `is_late`: it took effect before the day on which it was recorded."""

    entry: str
    is_late: bool


def change_of(entry: Entry, looked: Looked) -> Change:
    """Return what an event means for seats."""
    zone = looked.facts.zone
    recorded_day = begins(day_of(entry.recorded_at, zone), zone)
    return Change(entry.event_id, entry.topic in _ANNULMENTS or entry.begins < recorded_day)


def concerns(entry: Entry, state: DutyState) -> bool:
    """Tell whether an event may change who sits in the seat of a duty."""
    if state.opened is None:
        return False
    if entry.topic in _OF_ONE:
        return state.opened.of.key == entry.stream
    return not entry.topic.startswith("entries.") or entry.stream.startswith(("person/", "unit/", "policy/"))


def settle(id: str, state: DutyState, looked: Looked, change: Change | None) -> list[Ask]:
    """Return the commands that put a live duty where it belongs now; `change` None: the time has come by itself."""
    duty = state.opened
    if duty is None:
        return []
    if state.standing is Standing.LAPSED:
        return _explained(id, state, duty, looked, change) if change is not None and change.is_late else []
    if duty.seat is Seat.SELF and duty.of.kind == "person":
        return _left(id, duty, looked)
    taker = seated(duty, looked, looked.now)
    if taker == state.holder:
        return []
    return [transferred(SEAT_RULE, id, taker, None if change is None else change.entry)]


def _explained(id: str, state: DutyState, duty: DutyOpened, looked: Looked, change: Change) -> list[Ask]:
    """A lapse of somebody who, as is known now, was absent or not in office on the last day is void."""
    if state.holder is None:
        return []
    last = last_instant(duty.due_on, looked.facts.zone)
    if looked.facts.is_away(state.holder, last):
        return reopened(SEAT_RULE, id, state, looked, fact=change.entry, why=Void.ABSENT)
    if not looked.facts.is_employed(state.holder, last) and not looked.facts.is_employed(state.holder, looked.now):
        if duty.seat is Seat.SELF:  # nobody else could have done it
            return voided(SEAT_RULE, id, duty, looked, fact=change.entry, why=Void.NOT_IN_OFFICE)
    elif duty.seat is Seat.SELF and not looked.facts.is_employed(state.holder, last):
        return reopened(SEAT_RULE, id, state, looked, fact=change.entry, why=Void.NOT_IN_OFFICE)
    if seated(duty, looked, last) == state.holder:
        return []
    return reopened(SEAT_RULE, id, state, looked, fact=change.entry, why=Void.NOT_IN_OFFICE)


def _left(id: str, duty: DutyOpened, looked: Looked) -> list[Ask]:
    """What a leaver owed themselves is owed no more once they have left."""
    person = looked.facts.state("person", duty.of.id)
    if looked.facts.is_employed(duty.of.id, looked.now):
        return []
    ends = [c for c in person.lines["employment"].changes if _ends(c.value) and c.at <= looked.now]
    return [SEAT_RULE.discharge(id, ends[-1].event_id, Outcome.MOOT)] if ends else []


def _ends(held: Held) -> bool:
    return not held.begins


# ---- what opened a duty was taken out


def _taken_out(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Whatever an annulled entry opened is void."""
    assert isinstance(entry.event, EntryAnnulled)
    asks: list[Ask] = []
    for id in looked.live.caused_by(entry.event.entry):
        state = looked.live.get(id)
        if state is not None and state.opened is not None and state.opened.escalates is None:
            asks += voided(rule, id, state.opened, looked, fact=entry.event_id, why=Void.ANNULLED)
    return asks


RULES = (Rule("cause-annulled", 1, frozenset({EntryAnnulled.topic}), _taken_out),)
