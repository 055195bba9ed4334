"""Hires: who began in a period, by which path, with the goals of their first periods and the coaching that they had."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Circumstances, Source, Views
from projections.statistics.figures import Figure, Period, attainment, goals
from projections.statistics.gathering import acts

STARTED, CANCELLED, COACHED = "people.EmploymentStarted", "people.EmploymentStartCancelled", "feedback.CoachingHeld"


@dataclass(frozen=True, slots=True)
class Hire:
    """Somebody who began: when, by which application (None: another path), and what came after.

    `periods`: the periods of their goals that begin from the first day on, in order, each with the attainments the
    goals were closed with (None: still open). `coached`: the coaching talks up to the end of the first of them.
    """

    person: str
    started: Act
    day: date
    application: str | None
    periods: tuple[tuple[Period, tuple[Figure | None, ...]], ...] = ()
    coached: tuple[Source, ...] = field(default=())

    @property
    def path(self) -> str:
        """Return the recruiting path: by an application, or by another one."""
        return "other" if self.application is None else "application"

    @property
    def over(self) -> int:
        """Return how many of their periods are over, from the first on: every goal of each is closed."""
        return next((n for n, (_, found) in enumerate(self.periods) if None in found), len(self.periods))

    def reached_in(self) -> int | None:
        """Return the number of the first period in which every goal was attained in full, None for none so far."""
        for number, (_, found) in enumerate(self.periods[: self.over], 1):
            if all(figure is not None and figure.value >= 1 for figure in found):
                return number
        return None

    def figures(self) -> list[Figure]:
        """Return the attainments of the periods that are over."""
        return [figure for _, found in self.periods[: self.over] for figure in found if figure is not None]

    def events(self) -> list[Source]:
        """Return what it rests on."""
        return [self.started.evidence, *self.coached, *(event for one in self.figures() for event in one.events)]


def hires(views: Views, people: People, asked: Circumstances) -> list[Hire]:
    """Return who began in the period asked about, in order of person; an employment that never began is none."""
    told = acts(views["statistics"], (STARTED, CANCELLED, COACHED), asked)
    cancelled = {act.data["entry"] for act in told if act.topic == CANCELLED}
    held = defaultdict(list)
    for act in told:
        if act.topic == COACHED:
            held[act.about].append(act)
    after = _periods(views, asked)
    found = []
    for act in (one for one in told if one.topic == STARTED and one.event_id not in cancelled):
        if asked.since <= act.begins <= asked.until and people.has_person(act.about):
            day = act.begins.astimezone(asked.zone).date()
            periods = tuple((p, tuple(f)) for p, f in sorted(after[act.about].items()) if p[0] >= day)
            last = periods[0][0][1] if periods else asked.day
            within = [one for one in held[act.about] if day <= one.begins.astimezone(asked.zone).date() <= last]
            coached = tuple(one.evidence for one in within)
            found.append(Hire(act.about, act, day, act.data.get("application"), periods, coached))
    return sorted(found, key=lambda one: (one.person, one.day))


def _periods(views: Views, asked: Circumstances) -> dict[str, dict[Period, list[Figure | None]]]:
    """Return person → period → the attainment of each goal, None while it is open; without those never in force."""
    found: dict[str, dict[Period, list[Figure | None]]] = defaultdict(lambda: defaultdict(list))
    for goal in goals(views["goals"], asked):
        kind, _, person = goal.owner.partition("/")
        closed = attainment(goal)
        if kind == "person" and (closed is not None or goal.stage.value not in ("proposed", "withdrawn", "closed")):
            found[person][goal.terms.starts_on, goal.terms.ends_on].append(closed)
    return found
