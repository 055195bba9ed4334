"""Random histories over every context at once: what somebody asks, on which subject, effective when; refused or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from ledger.domain import STREAM_KINDS, duties
from ledger.domain.goals import commands as goal
from ledger.domain.people import delegations, merging, persons, units
from ledger.domain.people.persons import AssignmentKind, Ending, ManagerKind
from ledger.domain.progress import CorrectProgress, RecordMeasurement, ReportProgress
from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities.events import Role
from ledger.domain.reviews import appeals, judging, opening, results
from ledger.domain.reviews.events import AppealOutcome
from ledger.kernel.command import Command
from ledger.kernel.event import Entry
from ledger.kernel.holders import Holder
from ledger.kernel.refusals import Refusal
from tests.domain.examples import ANN, ASSIGNED, EXAMPLES, GOAL_ASKED, OWED, Example, company, day
from tests.domain.examples.hiring import APPLIED, OTHER_CANDIDATE
from tests.domain.examples.reviews import REVIEW_OPENED
from tests.domain.examples.training import COURSE
from tests.domain.given import Given, History

PEOPLE = ("p-ann", "p-bob", "p-lead", "p-boss", "p-hr", "p-new", "p-twin")
DAYS = [day("2026-05-20") + timedelta(days=3 * n) for n in range(14)]
Made = Command | Callable[[Given], Command | None]
Draw = Callable[[Random], Made]
TEAMS, GOALS = ("team/compiler", "team/other"), ("g-1", "g-2", "g-bob")


@dataclass(frozen=True)
class Step:
    """What somebody asks of a subject; a command that points at an entry is made when its turn has come."""

    kind: str
    id: str
    command: Made
    actor: str
    on: date | None = None
    later: timedelta = timedelta()  # by how much the clock has moved on before

    def asked(self, subject: Given) -> Command | None:
        made = self.command if isinstance(self.command, Command) else self.command(subject)
        return made if made is None or self.on is None else made.model_copy(update={"effective_at": self.on})


@dataclass
class Lived:
    """A history with what was accepted in it, each with the state of its subject before, and the states on the way."""

    history: History
    accepted: list[tuple[Entry, Any]] = field(default_factory=list)
    stood: list[tuple[int, dict[tuple[str, str], Any]]] = field(default_factory=list)


def begun() -> History:
    """Return the company with something begun in every context, and two persons who do not work here yet."""
    world = company()
    for id in ("p-new", "p-twin"):
        world.record("person", id, persons.PersonRegistered(name=id), on=day("2026-01-01"))
    world.record("unit", "works", units.UnitFormed(label="Works", parent="company"), on=day("2020-01-01"))
    world.record("goal", "g-1", ASSIGNED[0], on=ASSIGNED[1], by=ASSIGNED[2])
    world.record("review", "v-1", REVIEW_OPENED[0], on=REVIEW_OPENED[1], by=REVIEW_OPENED[2])
    world.record("application", "n-1", APPLIED)
    world.record("course", "selling", COURSE)
    world.record(*OTHER_CANDIDATE[:3])
    return world


BEGUN = begun()


def lived(steps: Iterable[Step], *, keep: Callable[[Step], bool] = lambda step: True) -> Lived:
    """Return the history after all steps that were accepted; `keep` leaves others out as if never asked."""
    found = Lived(BEGUN.copy())
    history = found.history
    for step in steps:
        history.now += step.later
        subject = Given(history, step.kind, step.id)
        asked = step.asked(subject) if keep(step) else None
        if asked is None:
            continue
        before = subject.state
        try:
            entry = history.do(step.kind, step.id, asked, actor=step.actor)
        except Refusal:
            continue
        found.accepted.append((entry, before))
        found.stood.append((history.position, dict(history.states)))
    return found


# What may be asked


def someone(chance: Random) -> str:
    return chance.choice(PEOPLE)


def holder(chance: Random) -> Holder:
    return Holder(kind="person", id=someone(chance))


def on_a_day(chance: Random) -> date:
    return chance.choice(DAYS)


def reason(chance: Random) -> str | None:
    return chance.choice(("facts", "facts", "facts", None))


def value(chance: Random, low: int = 80) -> Decimal:
    return Decimal(chance.randint(low * 10, 1500)) / 10


def one_of(known: Iterable[Any], number: int) -> Any:
    found = list(known)
    return found[number % len(found)] if found else None


def pointing(*makes: type[Command]) -> Draw:
    """Return what annuls or moves one of the dated entries that there are when its turn has come."""

    def drawn(chance: Random) -> Made:
        make, moved_to, number = chance.choice(makes), on_a_day(chance), chance.randrange(100)

        def made(subject: Given) -> Command | None:
            state = subject.state.first if subject.kind == "goal" else subject.state
            entry = one_of(state.dated, number)
            fields = {"new_effective_at": moved_to} if "new_effective_at" in make.model_fields else {}
            return None if entry is None else make.model_validate({"entry": entry, **fields})

        return made

    return drawn


def corrected(chance: Random) -> Made:
    fresh, number = value(chance), chance.randrange(100)

    def made(subject: Given) -> Command | None:
        claim = one_of(subject.state.second.claims, number)
        return None if claim is None else CorrectProgress(entry=claim.entry, value=fresh)

    return made


def answered(chance: Random) -> Made:
    make = chance.choice((ask.AcceptHandOver, ask.AcceptHandOver, ask.RefuseHandOver))
    return lambda subject: make(offer=list(subject.state.offers)[-1]) if subject.state.offers else None


def delegation_ended(chance: Random) -> Made:
    number, ending = chance.randrange(100), delegations.DelegationEnding.REVOKED

    def made(subject: Given) -> Command | None:
        known = one_of(subject.state.delegations, number)
        return None if known is None else delegations.EndDelegation(delegation=known, ending=ending)

    return made


def goal_terms(chance: Random) -> Command:
    terms = {**GOAL_ASKED, "owner": holder(chance), "employment": None, "target": value(chance, 101)}
    make = chance.choice((goal.ProposeGoal, goal.AssignGoal, goal.AssignGoal))
    return make.model_validate({**terms, "parent": None, "share": None, "weight": chance.choice((None, 10, 40))})


def responsibility(chance: Random) -> Command:
    instead = chance.choice((None, None, holder(chance)))
    role = chance.choice((Role.ACCOUNTABLE, Role.ACCOUNTABLE, Role.RESPONSIBLE))
    return ask.AssignResponsibility(role=role, holder=holder(chance), instead_of=instead)


def owed(chance: Random) -> Command:
    answers = chance.choice((None, someone(chance)))
    return duties.OpenDuty.model_validate({**OWED, "of": ANN, "holder": someone(chance), "answers": answers})


HOME, ADDITIONAL = AssignmentKind.HOME, AssignmentKind.ADDITIONAL
UNITS = ("sales", "company", "works")
DRAWS: dict[tuple[str, tuple[str, ...]], tuple[Draw, ...]] = {
    ("person", PEOPLE): (
        lambda c: persons.AssignToUnit(unit=c.choice(UNITS), assignment=c.choice((HOME, HOME, ADDITIONAL))),
        lambda c: persons.AssignManager(manager=someone(c), relation=c.choice(list(ManagerKind))),
        lambda c: persons.ReleaseManager(manager=someone(c)),
        lambda c: persons.StartEmployment(),
        lambda c: persons.StartEmployment(),
        lambda c: persons.EndEmployment(ending=c.choice(list(Ending))),
        lambda c: delegations.GrantDelegation(
            delegate=someone(c), scope=(delegations.Scope.GOALS,), until=on_a_day(c) + timedelta(days=20)
        ),
        delegation_ended,
        lambda c: merging.MergePerson(into=someone(c)),
        lambda c: merging.UnmergePerson(reason="facts"),
        lambda c: merging.UnmergePerson(reason="facts"),
        pointing(persons.AnnulPersonEntry, persons.RedatePersonEntry),
        pointing(persons.AnnulPersonEntry, persons.RedatePersonEntry),
    ),
    ("unit", UNITS): (
        lambda c: units.AppointLead(lead=someone(c)),
        lambda c: units.ReleaseLead(lead=someone(c)),
        lambda c: units.MoveUnit(parent=c.choice(UNITS)),
        pointing(units.AnnulUnitEntry, units.RedateUnitEntry),
    ),
    ("responsibility", TEAMS): (
        responsibility,
        responsibility,
        lambda c: ask.ReleaseResponsibility(role=Role.ACCOUNTABLE, holder=holder(c)),
        lambda c: ask.DeclareVacant(),
        lambda c: ask.OfferHandOver(taker=holder(c)),
        answered,
        pointing(ask.AnnulEntry, ask.RedateEntry),
    ),
    ("goal", GOALS): (
        goal_terms,
        lambda c: goal.AcceptGoal(),
        lambda c: goal.ReviseTarget(target=value(c, 101), reason=reason(c)),
        lambda c: goal.HandOverGoal(taker=holder(c), reason=reason(c)),
        lambda c: goal.PauseGoal(reason=reason(c)),
        lambda c: goal.ResumeGoal(),
        lambda c: goal.CloseGoal(),
        lambda c: goal.ReopenGoal(reason=reason(c)),
        lambda c: goal.ReopenGoal(reason=reason(c)),
        lambda c: ReportProgress(value=value(c), day=c.choice((None, on_a_day(c)))),
        lambda c: ReportProgress(value=value(c), day=c.choice((None, on_a_day(c)))),
        lambda c: RecordMeasurement(value=value(c), day=on_a_day(c), source=c.choice(("erp", "other"))),
        corrected,
        pointing(goal.AnnulGoalEntry, goal.RedateGoalEntry),
    ),
    ("duty", ("d-1", "d-2", "d-3")): (
        owed,
        lambda c: duties.TransferDuty(taker=someone(c)),
        lambda c: duties.ExcuseDuty(reason=reason(c)),
    ),
    ("review", ("v-0", "v-1")): (
        lambda c: judging.SubmitAssessment(grade=c.choice("abc")),
        lambda c: judging.ProposeRating(grade=c.choice("abc"), reason=reason(c)),
        lambda c: judging.CalibrateRating(grade=c.choice("abc"), reason=reason(c)),
        lambda c: results.PublishResult(),
        lambda c: results.PublishResult(),
        lambda c: appeals.AppealResult(ground="facts"),
        lambda c: appeals.AssignAppeal(decider=someone(c)),
        lambda c: appeals.DecideAppeal(outcome=AppealOutcome.STANDS, reason="facts"),
        lambda c: opening.ReopenReview(reason="facts"),
    ),
}


def context_of(example: Example) -> str | None:
    """Return the context that an example's command is of; None where it is given on no stream of its own."""
    commands = STREAM_KINDS[example.kind].commands
    return commands[0].context() if commands else None


SHOWN: dict[str, list[Example]] = {}
for _example in EXAMPLES:
    if (_context := context_of(_example)) is not None:
        SHOWN.setdefault(_context, []).append(_example)


def drawn(seed: int, count: int) -> list[Step]:
    """Return so many steps; of the same seed fewer steps are the beginning of more."""
    chance = Random(seed)
    return [_drawn(chance) for _ in range(count)]


def _drawn(chance: Random) -> Step:
    later = chance.choice((timedelta(), timedelta(), timedelta(), timedelta(hours=7), timedelta(hours=20)))
    on = chance.choice((None, None, on_a_day(chance)))
    if chance.random() < SHARE_SHOWN:
        shown = chance.choice(SHOWN[chance.choice(sorted(SHOWN))])
        actor = chance.choice((shown.actor, shown.actor, someone(chance)))
        return Step(shown.kind, shown.id, shown.command, actor, on if chance.random() < SHARE_DATED else None, later)
    (kind, ids), draws = chance.choice(list(DRAWS.items()))
    return Step(kind, chance.choice(ids), chance.choice(draws)(chance), someone(chance), on, later)


SHARE_SHOWN, SHARE_DATED = 0.4, 0.3
histories = st.builds(drawn, st.integers(0, 2**32), st.integers(10, 150))


def streams(history: History) -> dict[tuple[str, str], list[Entry]]:
    """Return the entries by stream, each in its order."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in history.entries:
        kind, _, id = entry.stream.partition("/")
        found.setdefault((kind, id), []).append(entry)
    return found


def rebuilt(entries: Iterable[Entry]) -> dict[tuple[str, str], Any]:
    """Return every state folded anew from entries."""
    found: dict[tuple[str, str], Any] = {}
    for entry in entries:
        kind, _, id = entry.stream.partition("/")
        stream = STREAM_KINDS[kind]
        found[kind, id] = stream.evolve(found.get((kind, id), stream.initial), entry)
    return found
