"""Responsibility, hand-overs and ping-pong: equal to a naive replay for any history, and for a real registry."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.identity import Role as Office
from ledger.domain.identity import RoleGranted
from ledger.domain.people import absences, delegations, persons, units
from ledger.domain.responsibilities import events as res
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Subject
from projections.accountability.report import Answer, Line
from tests.projections.conftest import Bench
from tests.projections.histories import History, day
from tests.projections.reported import reporting
from tests.projections.test_responsibility import SUBJECTS, Replay, history_of, steps

quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
TEAM = "responsibility/team/compiler"
ANN, BOB, EVE = (Subject(kind="person", id=f"p-{name}") for name in ("ann", "bob", "eve"))


def assigned(holder: Subject) -> res.ResponsibilityAssigned:
    return res.ResponsibilityAssigned(role=res.Role.ACCOUNTABLE, holder=holder)


def released(holder: Subject) -> res.ResponsibilityReleased:
    return res.ResponsibilityReleased(role=res.Role.ACCOUNTABLE, holder=holder)


def of(answer: Answer, flaw: str) -> dict[str, Line]:
    return {line.about[0]: line for line in answer.lines if line.values["flaw"] == flaw}


@given(chosen=st.lists(steps, max_size=25), asked=st.data())
@quiet
def test_gaps_and_conflicts_equal_a_replay_at_any_time(
    bench: Bench, chosen: list[tuple[str, object, int]], asked: st.DataObject
) -> None:
    history = history_of(chosen)
    with reporting(bench, history, "responsibility") as report:
        for _ in range(4):
            known = asked.draw(st.integers(0, history.size))
            on = day(asked.draw(st.integers(-1, 7)))
            answer, replay = report("responsibility", on=on, known=known), Replay(history, known)
            answering = {subject: replay.answering(subject, on) for subject in SUBJECTS}
            conflicts = {subject: held for subject, held in answering.items() if len(held) > 1}
            told = {subject: set(line.values["holders"]) for subject, line in of(answer, "conflict").items()}  # type: ignore[call-overload]  # the values of a line are objects
            assert told == conflicts
            # A unit's lead answers for it: somebody accountable beside does not fill the place of one.
            held_by_somebody = {subject for subject, held in answering.items() if held and subject != "unit/u1"}
            held_by_somebody |= {"unit/u1"} if replay.unit.lead_on(on) is not None else set()
            assert not held_by_somebody & {s for s, line in of(answer, "gap").items() if not line.values["holders"]}


@st.composite
def lines_of_holders(draw: st.DrawFn) -> list[tuple[bool, Subject, int]]:
    """Takings and releases of one subject on days that only go on."""
    days = sorted(draw(st.lists(st.integers(0, 12), max_size=14)))
    return [(draw(st.booleans()), draw(st.sampled_from([ANN, BOB, EVE])), on) for on in days]


def naive_intervals(changes: Iterable[tuple[bool, str, datetime]]) -> list[tuple[str, datetime, datetime | None]]:
    """Return who held from when until when, by going through the changes one by one; no time counts for nothing."""
    running: dict[str, datetime] = {}
    found: list[tuple[str, datetime, datetime | None]] = []
    for is_taking, holder, at in changes:
        if is_taking:
            running.setdefault(holder, at)
        elif holder in running:
            since = running.pop(holder)
            if since < at:
                found.append((holder, since, at))
    return touching_joined([*found, *((holder, since, None) for holder, since in running.items())])


def touching_joined(
    found: list[tuple[str, datetime, datetime | None]],
) -> list[tuple[str, datetime, datetime | None]]:
    """Return times of one holder that touch as one."""
    whole: list[tuple[str, datetime, datetime | None]] = []
    for holder, since, until in sorted(found, key=lambda one: (one[0], one[1])):
        if whole and whole[-1][0] == holder and whole[-1][2] == since:
            whole[-1] = (holder, whole[-1][1], until)
        else:
            whole.append((holder, since, until))
    return whole


def naive_hand_overs(
    held: list[tuple[str, datetime, datetime | None]],
) -> set[tuple[str, str, datetime, datetime]]:
    """Return (giver, taker, giver's since, taken) by asking at each taking who held it just before."""
    found = set()
    for taker, taken, _ in held:
        just_before = [one for one in held if one[2] == taken]
        if not just_before:
            if any(since < taken and (until is None or until > taken) for _, since, until in held):
                continue
            ends = [until for _, _, until in held if until is not None and until < taken]
            just_before = [one for one in held if ends and one[2] == max(ends)]
        found |= {(giver, taker, since, taken) for giver, since, _ in just_before if giver != taker}
    return found


def naive_returns(held: list[tuple[str, datetime, datetime | None]]) -> set[tuple[str, str, str, datetime]]:
    """Return (holder, other, holder, returned) of every A→B→A."""
    passed = naive_hand_overs(held)
    return {
        (first, middle, again, back)
        for first, middle, _, taken in passed
        for other, again, since, back in passed
        if (other, since) == (middle, taken) and again == first
    }


@given(changes=lines_of_holders())
@quiet
def test_hand_overs_and_returns_equal_a_naive_replay(bench: Bench, changes: list[tuple[bool, Subject, int]]) -> None:
    history = History()
    for is_taking, holder, on in changes:
        history.add(TEAM, assigned(holder) if is_taking else released(holder), day(on))
    held = naive_intervals((is_taking, holder.key, day(on)) for is_taking, holder, on in changes)
    with reporting(bench, history, "hand-overs", "ping-pong") as report:
        passed = [line.values for line in report("hand-overs").lines]
        assert {(v["giver"], v["taker"], v["taken"]) for v in passed} == {
            (giver, taker, taken) for giver, taker, _, taken in naive_hand_overs(held)
        }
        back = [line.values for line in report("ping-pong").lines]
        assert {(*v["holders"], v["returned"]) for v in back} == naive_returns(held)  # type: ignore[misc]  # the values of a line are objects


# One figure of each, taken apart by hand


def test_the_kinds_of_a_gap(bench: Bench) -> None:
    history = History()
    history.add("unit/old", units.UnitFormed(label="Old"), day(0))
    subjects = {name: f"responsibility/team/{name}" for name in ("never", "left", "gone", "said", "away", "fine")}
    for subject in subjects.values():
        history.add(subject, res.SubjectRegistered(label="T"), day(0))
    for person in ("ann", "bob", "eve"):
        history.add(f"person/p-{person}", persons.EmploymentStarted(employment="e-1", contract="permanent"), day(0))
    history.add(subjects["left"], assigned(ANN), day(1))
    left = history.add("person/p-ann", persons.EmploymentEnded(employment="e-1", ending=persons.Ending.OTHER), day(5))
    history.add(subjects["gone"], assigned(Subject(kind="unit", id="old")), day(1))
    dissolved = history.add("unit/old", units.UnitDissolved(), day(6))
    history.add(subjects["said"], assigned(EVE), day(1))
    history.add(subjects["said"], res.ResponsibilityDeclaredVacant(role=res.Role.ACCOUNTABLE, former=(EVE,)), day(2))
    history.add(subjects["away"], assigned(BOB), day(1))
    granted = delegations.DelegationGranted(
        delegation="d-1", delegate="p-eve", scope=(delegations.Scope.GOALS,), until=day(7), ends=day(7)
    )
    history.add("person/p-bob", granted, day(3))
    history.add("person/p-bob", absences.AbsenceStarted(absence="a-1", pauses=False), day(3))
    history.add(subjects["fine"], assigned(EVE), day(1))
    with reporting(bench, history, "responsibility") as report:
        found = of(report("responsibility", on=day(10)), "gap")
        kinds = {key.removeprefix("team/"): line.values["kind"] for key, line in found.items() if key != "unit/old"}
        assert kinds == {
            "never": "no_holder",
            "left": "leaver",
            "gone": "dissolved_unit",
            "said": "declared",
            "away": "ended_delegation",
        }
        assert (found["team/left"].values["since"], found["team/away"].values["since"]) == (day(5), day(7))
        assert left in {event.event_id for event in found["team/left"].events}
        assert dissolved in {event.event_id for event in found["team/gone"].events}
        assert "team/away" not in of(report("responsibility", on=day(6)), "gap")
        assert all(line.events for line in found.values())


def test_there_and_back_with_days_and_acts(bench: Bench) -> None:
    """Ann 0–10, Bob 10–14, Ann again from 14: Bob held it four days, and did one act on it."""
    history = History()
    history.add(TEAM, res.SubjectRegistered(label="T"), day(0))
    history.add(TEAM, assigned(ANN), day(0))
    history.add(TEAM, res.HandOverAccepted(offer="o-1", giver=ANN, taker=BOB), day(10))
    act = history.add(TEAM, res.SubjectRenamed(label="U"), day(12), actor="p-bob")
    history.add(TEAM, res.HandOverAccepted(offer="o-2", giver=BOB, taker=ANN), day(14), actor="p-bob")
    with reporting(bench, history, "ping-pong", "hand-overs") as report:
        (line,) = report("ping-pong", on=day(20)).lines
        assert line.values["holders"] == [ANN.key, BOB.key, ANN.key]
        assert (line.values["days_held"], line.values["acts_while_held"]) == ([10.0, 4.0, 6.0], [0, 1, 0])
        assert act in {event.event_id for event in line.events}
        assert [one.values["days_held"] for one in report("hand-overs", on=day(20)).lines] == [10.0, 4.0]
        assert report("ping-pong", on=day(13)).lines == ()


def test_from_the_line_to_hr_and_back(bench: Bench) -> None:
    history = History()
    history.add("access/p-bob", RoleGranted(role=Office.HR_PARTNER), day(0))
    history.add(TEAM, assigned(ANN), day(0))
    history.add(TEAM, res.HandOverAccepted(offer="o-1", giver=ANN, taker=BOB), day(10))
    history.add(TEAM, res.HandOverAccepted(offer="o-2", giver=BOB, taker=EVE), day(14))
    with reporting(bench, history, "ping-pong") as report:
        (line,) = report("ping-pong").lines
        assert line.values["pattern"] == "line_hr_line"


def test_a_correction_is_named_as_what_changed_the_answer(bench: Bench) -> None:
    history = History()
    entry = history.add(TEAM, assigned(ANN), day(0))
    annulled = history.add(
        TEAM, EntryAnnulled(entry=entry, entry_topic="responsibilities.ResponsibilityAssigned"), day(3)
    )
    with reporting(bench, history, "responsibility") as report:
        (line,) = report("responsibility", on=day(5), subject="team/compiler", than_known=1).lines
        assert (line.values["change"], line.values["holder"]) == ("gone", ANN.key)
        assert {annulled, entry} == {event.event_id for event in line.events}


# A real registry: 5,661 changes of who leads and who belongs to teams


def test_the_registry_agrees_with_the_file(bench: Bench, shared_data: Path) -> None:
    with (shared_data / "team_roles" / "team_role_changes.csv").open(encoding="utf-8") as file:
        rows = [(datetime.fromisoformat(r["changed_at"]).astimezone(UTC), r) for r in csv.DictReader(file)]
    assert len(rows) == 5661
    history, changes, known = History(), defaultdict[str, list[tuple[bool, str, datetime]]](list), set[str]()
    for at, row in rows:
        subject, holder = f"team/{row['team']}", Subject(kind="person", id=row["member"])
        role = res.Role.ACCOUNTABLE if row["role"] == "lead" else res.Role.SUPPORT
        if subject not in known:
            known.add(subject)
            history.add(f"responsibility/{subject}", res.SubjectRegistered(label=row["team"]), at)
        is_taking = row["change"] == "added"
        made = res.ResponsibilityAssigned if is_taking else res.ResponsibilityReleased
        history.add(f"responsibility/{subject}", made(role=role, holder=holder), at, source="import:registry#1")
        if row["role"] == "lead":
            changes[subject].append((is_taking, holder.key, at))
    held = {subject: naive_intervals(told) for subject, told in changes.items()}
    times = [rows[0][0] + (rows[-1][0] - rows[0][0]) * part / 6 for part in range(1, 7)]
    with reporting(bench, history, "responsibility", "ping-pong", "hand-overs") as report:
        for on in times:
            answer = report("responsibility", on=on)
            leads = {s: {h for h, a, b in told if a <= on and (b is None or b > on)} for s, told in held.items()}
            shared = {subject: who for subject, who in leads.items() if len(who) > 1}
            told = {subject: set(line.values["holders"]) for subject, line in of(answer, "conflict").items()}  # type: ignore[call-overload]  # the values of a line are objects
            assert told == shared
            begun = {f"team/{row['team']}" for at, row in rows if at <= on}
            assert set(of(answer, "gap")) == {subject for subject in begun if not leads.get(subject)}
        back = {(line.about[0], *line.values["holders"], line.values["returned"]) for line in report("ping-pong").lines}  # type: ignore[misc]  # the values of a line are objects
        assert back == {(subject, *one) for subject, told in held.items() for one in naive_returns(told)}
        days = {
            (line.about[0], line.values["giver"], line.values["taker"], line.values["taken"]): line.values["days_held"]
            for line in report("hand-overs").lines
        }
        naive = {
            (subject, giver, taker, taken): round((end - since) / timedelta(days=1), 3)
            for subject, told in held.items()
            for giver, taker, since, taken in naive_hand_overs(told)
            for end in [next(b for h, a, b in told if (h, a) == (giver, since))]
            if end is not None
        }
        assert days == naive
        assert len(days) > 50
