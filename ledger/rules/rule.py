"""What a rule is, and how it asks: commands of the system under ids that follow from rule and cause."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from ledger.asking import Ask, Caller
from ledger.domain.duties import (
    DischargeDuty,
    DutyOpened,
    DutyState,
    Gap,
    OpenDuty,
    Outcome,
    TransferDuty,
    Void,
    VoidDuty,
)
from ledger.facts import LedgerFacts
from ledger.kernel.command import Command
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import derived_uuid
from ledger.kernel.moments import day_of, last_instant
from ledger.rules import working_days
from ledger.rules.holders import holder_of
from ledger.rules.live import LiveDuties
from ledger.rules.matrix import Kind, row_of
from ledger.rules.still_due import is_still_due

RULES_CALLER = Caller("system:rules", "none", "system")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a rule may look at besides its event: the facts as they stand, the live duties, the time, and holdings."""

    facts: LedgerFacts
    live: LiveDuties
    now: datetime
    held: Sequence[Subject] = field(default=())  # what was looked up of the subject of the event
    late: bool = False  # the event is days old: only what still has to be done is opened

    @property
    def today(self) -> date:
        """The day of recording in the ledger's zone."""
        return day_of(self.now, self.facts.zone)


class Lookup(StrEnum):
    """What is looked up: what the person of an event holds, the reviews of its cycle, or all people or policies."""

    MERGED = "merged"  # what began to name a person while another id was read as theirs

    HOLDINGS = "holdings"
    REVIEWS = "reviews"
    MEMBERS = "members"  # whoever was ever employed
    POLICIES = "policies"  # whatever was ever published


@dataclass(frozen=True, slots=True)
class Rule:
    """What the ledger does by itself when one of `topics` is recorded. `run` is pure.

    `looks_up` says what is looked up before of the subject of the event; with `when_late` only where it is days old.
    Imported history is passed over, unless the rule is one that `begins_now`: what it opens lies ahead of the import,
    and what it ends is over.
    """

    name: str
    version: int
    topics: frozenset[str]
    run: Callable[[Entry, Looked, "Rule"], Iterable[Ask]]
    looks_up: Lookup | None = None
    when_late: bool = False
    begins_now: bool = False

    @property
    def source(self) -> str:
        """Return what events that follow from the rule name as their source."""
        return f"rule:{self.name}@{self.version}"

    def asks(self, entry: Entry, looked: Looked) -> list[Ask]:
        """Return the commands that follow from an event."""
        return list(self.run(entry, looked, self))

    def ask(self, kind: str, id: str, command: Command, cause: str | None) -> Ask:
        """Return a command of this rule."""
        return Ask(command, kind, id, RULES_CALLER, cause=cause, source=self.source)

    def discharge(self, id: str, by_entry: str, outcome: Outcome) -> Ask:
        """Return the command that ends a duty by an event."""
        return self.ask("duty", id, DischargeDuty(by_entry=by_entry, outcome=outcome), by_entry)


@dataclass(frozen=True, slots=True)
class Watch:
    """A day that a subject carries itself, and what follows once the clock nears it. `run` is pure.

    Events of `topic` whose stored bytes hold `marker` have such a day. `run` takes the id of their stream; it returns
    None once nothing is waited for any more, and then the subject is forgotten. With `to_the_minute` it is looked at
    every half minute, else once a day. `looks_up`: people or policies. One that `begins_now` watches what was imported
    too, from its import on.
    """

    rule: Rule
    topic: str
    marker: bytes
    run: Callable[[str, Looked, Rule], list[Ask] | None]
    to_the_minute: bool = False
    begins_now: bool = False
    looks_up: Lookup | None = None


def duty_id(*parts: str) -> str:
    """Return the id that a duty has by what it follows from, however often and wherever that is worked out."""
    return f"d-{derived_uuid('duty', *parts).hex()[:20]}"


def opened(
    rule: Rule,
    kind: Kind,
    looked: Looked,
    *,
    cause: str,
    of: Subject,
    subject: Subject,
    due_on: date | None = None,
    answers: str | None = None,
    once_for: str | None = None,
    replaces: str | None = None,
) -> list[Ask]:
    """Return the command that opens a duty of the matrix on who sits in its seat now; none where it is suspended.

    The id follows from rule, kind, `once_for` (the cause unless named), subject and seat.
    """
    row = row_of(kind, looked.facts, looked.now)
    if row is None or (looked.late and not is_still_due(kind, of, subject, cause, looked.facts)):
        return []
    not_ = frozenset() if answers is None else frozenset({answers})
    command = OpenDuty(
        kind=kind,
        party=row.party,
        seat=row.seat,
        of=of,
        holder=holder_of(row.seat, of, looked.facts, looked.now, not_=not_),
        subject=subject,
        due_on=due_on or due_after(row.days, of, looked),
        cause=cause,
        rule=rule.name,
        answers=answers,
        replaces=replaces,
    )
    return [rule.ask("duty", duty_id(rule.name, kind, once_for or cause, subject.key, of.key), command, cause)]


def due_after(days: int, of: Subject, looked: Looked) -> date:
    """Return the working day on which something is due that takes so many, where the person or unit works."""
    return working_days.after(looked.today, days, working_days.jurisdiction_of(of, looked.facts, looked.now))


def ended(
    rule: Rule,
    entry: Entry,
    looked: Looked,
    subject: str,
    *kinds: Kind,
    outcome: Outcome = Outcome.DONE,
    of: str | None = None,
    caused_by: str | None = None,
) -> list[Ask]:
    """Return the commands that end the live duties of some kinds about a subject by this event.

    `of` and `caused_by` narrow them to one seat, or to what one entry opened (and to what escalated from that). An
    event that is taken twice never ends what it opened itself.
    """
    fitting = (
        id
        for id, state in looked.live.about(subject, kinds)
        if state.opened is not None
        and state.opened.cause != entry.event_id
        and _fits(state.opened, looked.facts, of, caused_by)
    )
    return [rule.discharge(id, entry.event_id, outcome) for id in fitting]


def _fits(duty: DutyOpened, facts: LedgerFacts, of: str | None, caused_by: str | None) -> bool:
    """A duty that was escalated fits where the one at the bottom does."""
    first: DutyOpened = duty
    while first.escalates is not None:
        first = facts.state("duty", first.escalates).opened
    return (of is None or first.of.key == of) and (caused_by is None or first.cause == caused_by)


def seated(duty: DutyOpened, looked: Looked, at: datetime) -> str | None:
    """Return who sits in a duty's seat at a time."""
    not_ = frozenset() if duty.answers is None else frozenset({duty.answers})
    return holder_of(duty.seat, duty.of, looked.facts, at, not_=not_)


def transferred(rule: Rule, id: str, taker: str | None, cause: str | None) -> Ask:
    """Return the command that passes a duty on."""
    return rule.ask("duty", id, TransferDuty(taker=taker, cause=cause), cause)


def voided(
    rule: Rule, id: str, duty: DutyOpened, looked: Looked, *, fact: str, why: Void, gaps: tuple[Gap, ...] = ()
) -> list[Ask]:
    """Return the commands that void a duty, naming whose it was, and all that was escalated from it."""
    above = [
        rule.ask("duty", one, VoidDuty(fact=fact, why=why), fact) for one, _ in looked.live.above(id, duty.subject.key)
    ]
    return [rule.ask("duty", id, VoidDuty(fact=fact, why=why, gaps=gaps), fact), *above]


def gaps_of(state: DutyState, duty: DutyOpened, looked: Looked) -> tuple[Gap, ...]:
    """Return who should have held a duty, as is known now, on the days on which it ran on its holder of record.

    Days on which the seat was the holder's own are left out; so are those of a duty that nobody can take over.
    """
    if state.held_at is None:
        return ()
    first, last = day_of(state.held_at, looked.facts.zone), min(duty.due_on, looked.today)
    runs: list[Gap] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        holder = seated(duty, looked, last_instant(day, looked.facts.zone))
        if holder == state.holder:
            continue
        run = runs[-1] if runs else None
        if run is not None and run.holder == holder and run.ends_on == day - timedelta(days=1):
            runs[-1] = Gap(holder=holder, starts_on=run.starts_on, ends_on=day)
        else:
            runs.append(Gap(holder=holder, starts_on=day, ends_on=day))
    return tuple(runs)


def reopened(rule: Rule, id: str, state: DutyState, looked: Looked, *, fact: str, why: Void) -> list[Ask]:
    """Return the commands that void a duty, naming whose it was, and open it afresh on who should have it."""
    duty = state.opened
    if duty is None:
        return []
    row = row_of(duty.kind, looked.facts, looked.now)
    void = voided(rule, id, duty, looked, fact=fact, why=why, gaps=gaps_of(state, duty, looked))
    if row is None:
        return void
    command = OpenDuty(
        **{name: getattr(duty, name) for name in ("kind", "party", "seat", "of", "subject", "answers")},
        holder=seated(duty, looked, looked.now),
        due_on=max(duty.due_on, due_after(max(row.days, 1), duty.of, looked)),
        cause=duty.cause,
        rule=rule.name,
        escalates=duty.escalates,
        replaces=id,
    )
    return [*void, rule.ask("duty", duty_id(rule.name, "replaces", id, fact), command, fact)]
