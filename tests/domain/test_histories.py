"""Any history of commands on one subject: acts never make two accountables, answers are those of a naive replay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain import STREAM_KINDS
from ledger.domain.responsibilities import commands as ask
from ledger.domain.responsibilities import events as happened
from ledger.domain.responsibilities.events import Role
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.command import Command
from ledger.kernel.event import Entry
from ledger.kernel.refusals import Refusal
from ledger.kernel.timeline import holders_on
from tests.domain.examples import company, day
from tests.domain.given import History, at

WORLD = company()
TEAM = ("responsibility", "team/compiler")
STREAM = STREAM_KINDS["responsibility"]
PEOPLE = st.sampled_from(["p-ann", "p-bob", "p-lead"])
DAYS = [day("2026-06-10") + timedelta(days=n) for n in range(12)]
MOMENTS = [at(d) + shift for d in DAYS for shift in (timedelta(), timedelta(hours=13))]
Step = tuple[str, str, str | None, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["assign", "assign", "release", "vacant", "offer", "accept", "annul", "redate"]),
        PEOPLE,
        st.none() | PEOPLE,
        st.integers(0, len(DAYS) - 1),
        st.integers(0, 40),
    ),
    max_size=14,
)


def person(id: str) -> dict[str, str]:
    return {"kind": "person", "id": id}


def command(step: Step, history: History) -> Command | None:
    """Return the command that a step asks for; steps about offers and entries choose among those there are."""
    verb, who, other, number, choice = step
    when = {"effective_at": DAYS[number]}
    role = {"role": "accountable", "holder": person(who), **when}
    entries = [e.event_id for e in own_entries(history) if e.event is not None and type(e.event).dated]
    offers = list(history.state(*TEAM).offers)
    if verb == "assign":
        instead = {} if other is None else {"instead_of": person(other)}
        return ask.AssignResponsibility.model_validate({**role, **instead})
    if verb == "release":
        return ask.ReleaseResponsibility.model_validate(role)
    if verb == "vacant":
        return ask.DeclareVacant.model_validate(when)
    if verb == "offer":
        return ask.OfferHandOver.model_validate({"taker": person(who), **when})
    if verb == "accept" and offers:
        return ask.AcceptHandOver.model_validate({"offer": offers[choice % len(offers)], **when})
    if verb == "annul" and entries:
        return ask.AnnulEntry.model_validate({"entry": entries[choice % len(entries)]})
    if verb == "redate" and entries:
        moved = {"entry": entries[choice % len(entries)], "new_effective_at": DAYS[number]}
        return ask.RedateEntry.model_validate(moved)
    return None


def own_entries(history: History) -> list[Entry]:
    return [e for e in history.entries if e.stream == "/".join(TEAM)]


def lived(steps: Iterable[Step], *, testimony: bool = False) -> History:
    """Return the history after all steps that were not refused."""
    history = WORLD.copy()
    for step in steps:
        asked = command(step, history)
        if asked is not None:
            try:
                history.do(*TEAM, asked, testimony=testimony)
            except Refusal:
                continue
    return history


@for_all(steps=STEPS)
def test_acts_never_make_two_accountables(steps: list[Step]):
    line = lived(steps).state(*TEAM).lines[Role.ACCOUNTABLE.value]
    assert max(len(holders_on(line, moment)) for moment in MOMENTS) <= 1


@for_all(steps=STEPS)
def test_a_live_act_after_testimony_adds_no_further_accountable(steps: list[Step]):
    history = lived(steps, testimony=True)
    before = history.state(*TEAM).lines[Role.ACCOUNTABLE.value]
    for step in steps:
        asked = command(step, history)
        if asked is None or (event := history.judge(*TEAM, asked).event) is None:
            continue
        after = history.copy()
        after.record(*TEAM, event, on=asked.effective_at)
        line = after.state(*TEAM).lines[Role.ACCOUNTABLE.value]
        assert all(len(holders_on(line, m)) <= max(1, len(holders_on(before, m))) for m in MOMENTS)


def replayed(entries: Iterable[Entry], moment: datetime) -> set[str]:
    """Return who is accountable at a moment by the plainest reading of the entries."""
    said: dict[str, tuple[datetime, int, Any]] = {}
    for entry in entries:
        event: Any = entry.event
        if isinstance(event, EntryAnnulled):
            said.pop(event.entry, None)
        elif isinstance(event, EntryRedated):
            _, position, moved = said[event.entry]
            assert isinstance(event.new_begins, datetime)
            said[event.entry] = (event.new_begins, position, moved)
        else:
            said[entry.event_id] = (entry.begins, entry.position, event)
    holders: set[str] = set()
    for begins, _, event in sorted(said.values(), key=lambda s: s[:2]):
        if begins <= moment:
            holders = applied(holders, event)
    return holders


def applied(holders: set[str], event: Any) -> set[str]:
    match event:
        case happened.ResponsibilityAssigned(holder=holder, instead_of=instead):
            return (holders - ({instead.key} if instead else set())) | {holder.key}
        case happened.ResponsibilityReleased(holder=holder):
            return holders - {holder.key}
        case happened.ResponsibilityDeclaredVacant(former=former):
            return holders - {f.key for f in former}
        case happened.HandOverAccepted(giver=giver, taker=taker):
            return (holders - {giver.key}) | {taker.key}
    return holders


@for_all(steps=STEPS, testimony=st.booleans())
def test_the_answer_for_any_time_is_that_of_a_naive_replay(steps: list[Step], testimony: bool):
    history = lived(steps, testimony=testimony)
    line = history.state(*TEAM).lines[Role.ACCOUNTABLE.value]
    for moment in MOMENTS:
        assert set(holders_on(line, moment)) == replayed(own_entries(history), moment)


@for_all(steps=STEPS, choice=st.integers(0, 40), number=st.integers(0, len(DAYS) - 1))
def test_annulled_is_as_if_never_said_and_redated_as_if_said_for_then(steps: list[Step], choice: int, number: int):
    history = lived([step for step in steps if step[0] not in {"annul", "redate"}], testimony=True)
    entries = own_entries(history)
    dated = [e for e in entries if e.event is not None and type(e.event).dated]
    if not dated:
        return
    entry = dated[choice % len(dated)]
    rest = [e for e in entries if e is not entry]
    moved_to = at(DAYS[number])
    annulled, redated = history.copy(), history.copy()
    annulled.record(*TEAM, EntryAnnulled(entry=entry.event_id, entry_topic=entry.topic))
    redated.record(
        *TEAM,
        EntryRedated(entry=entry.event_id, entry_topic=entry.topic, new_effective_at=DAYS[number], new_begins=moved_to),
    )
    for moment in MOMENTS:
        assert holders(annulled, moment) == set(holders_on(STREAM.fold(rest).lines["accountable"], moment))
        expected = replayed([*rest, moved(entry, moved_to)], moment)
        assert holders(redated, moment) == expected


def holders(history: History, moment: datetime) -> set[str]:
    return set(holders_on(history.state(*TEAM).lines["accountable"], moment))


def moved(entry: Entry, begins: datetime) -> Entry:
    fields = {name: getattr(entry, name) for name in Entry.__slots__}
    return Entry(**{**fields, "begins": begins})
