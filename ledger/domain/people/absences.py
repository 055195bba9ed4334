"""Absences: from when to when a person is away; why is sealed, and whether it pauses their duties is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from ledger.domain.people.lines import Line, NotHeld, put, require_employed
from ledger.kernel.annulment import applied, is_annulment, pointed_at
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import OWN_STREAM, Entry, Event, Seal
from ledger.kernel.facts import Away
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day, day_of
from ledger.kernel.refusals import AlreadyRecorded, PeriodReversed, Refusal
from ledger.kernel.timeline import Held, Timelines, holders_on

# Events


class AbsenceStarted(Event, context="people", dated=True):
    """The person is away from then on; `pauses` is what the policy of that day says of this kind of absence."""

    absence: Id
    pauses: bool
    expected_until: Day | None = None
    kind: Annotated[Code | None, Seal(OWN_STREAM, "absence")] = None


class AbsenceEnded(Event, context="people", dated=True):
    """The person is back from then on."""

    absence: Id


# State


@dataclass(frozen=True, slots=True)
class Absences:
    """When a person is away, and which absences pause duties."""

    lines: Line = field(default_factory=Timelines)
    pauses: Mapping[str, bool] = field(default_factory=dict)

    def running_on(self, at: datetime) -> tuple[str, ...]:
        """Return the absences that run at a time."""
        return tuple(holders_on(self.lines["absence"], at))

    def days_away(self, zone: ZoneInfo) -> tuple[Away, ...]:
        """Return, for each absence that pauses duties, its days, from the first to the one before the return."""
        runs, running = list[Away](), dict[str, Away]()
        for change in self.lines["absence"].changes:
            absence, day = change.value.holder, day_of(change.at, zone)
            if not self.pauses.get(absence):
                continue
            if change.value.begins:
                running.setdefault(absence, Away(day, None, change.event_id))
            elif absence in running:
                runs.append(running.pop(absence)._replace(until=day))
        found = (run for run in (*runs, *running.values()) if run.until is None or run.starts_on < run.until)
        return tuple(sorted(found, key=lambda run: run.starts_on))

    def paused_on(self, at: datetime) -> bool:
        """Tell whether an absence that pauses duties runs at a time."""
        return any(self.pauses[absence] for absence in self.running_on(at))


def evolve(state: Absences, entry: Entry) -> Absences:
    """Return the absences after `entry`."""
    if is_annulment(entry):
        return replace(state, lines=applied(state.lines, entry))
    match entry.event:
        case AbsenceStarted(absence=absence, pauses=pauses):
            lines = put(state.lines, "absence", entry, Held(absence))
            return Absences(lines, {**state.pauses, absence: pauses})
        case AbsenceEnded(absence=absence):
            return replace(state, lines=put(state.lines, "absence", entry, Held(absence, begins=False)))
    return state


# Commands

_HR_AND_PARTNER = (By("role:hr_administrator"), By("hr_partner", "@"))


class StartAbsence(Command, stream="person", verb="start-absence", by=_HR_AND_PARTNER):
    """Note that the person is away; the kind is sealed."""

    kind: Code = Field(description="such as annual, illness, parental; a policy says which kinds pause duties")
    expected_until: Day | None = None


class EndAbsence(Command, stream="person", verb="end-absence", by=_HR_AND_PARTNER):
    """Note that the person is back; `absence` is needed only where several run."""

    absence: Id | None = None


class StillAbsent(Refusal):
    """One absence at a time: overlapping ones would be counted twice."""

    code, markable = "still_absent", True
    en = "An absence is running at that time."
    zh = "当时已有缺勤记录。"
    accepted_en = "ending it first"
    accepted_zh = "先结束该缺勤"


# Decide


def decide(command: StartAbsence | EndAbsence, state: Absences, act: Act) -> Event:
    """Return the event of an absence's command, or refuse it."""
    running = state.running_on(act.begins)
    if isinstance(command, EndAbsence):
        absence = command.absence or next(iter(running), None)
        if absence is None or absence not in state.pauses:
            raise NotHeld()
        if state.lines["absence"].says(act.begins, Held(absence, begins=False)):
            raise AlreadyRecorded()
        if absence not in running:
            raise NotHeld()
        return AbsenceEnded(absence=absence)
    require_employed(act, act.id)
    if command.expected_until is not None and command.expected_until < day_of(act.begins, act.zone):
        raise PeriodReversed()
    if running or any(c.value.begins and c.at == act.begins for c in state.lines["absence"].changes):
        act.refuse(StillAbsent())
    pausing = act.facts.policy(act.begins).terms.pausing_absences
    return AbsenceStarted(
        absence=f"b-{act.event_id[-12:]}",
        pauses=command.kind in pausing,
        expected_until=command.expected_until,
        kind=command.kind,
    )


def require_movable(entry: str, state: Absences, then: Act) -> None:
    """Refuse to move the beginning of an absence to a time at which the person does not work here."""
    if any(change.value.begins for _, change in pointed_at(state.lines, entry)):
        require_employed(then, then.id)


COMMANDS = (StartAbsence, EndAbsence)
