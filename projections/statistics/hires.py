"""Hires: who began in a period, by which path, with the goals of their first periods and the coaching that they had."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Circumstances, Source, Views
from projections.goals.standings import GoalStanding
from projections.statistics.breaks import Break, Breaks, breaks
from projections.statistics.figures import Figure, Period, attainment, goals
from projections.statistics.gathering import acts

STARTED, CANCELLED, COACHED = "people.EmploymentStarted", "people.EmploymentStartCancelled", "feedback.CoachingHeld"


@dataclass(frozen=True, slots=True)
class Hire:
    """Somebody who began: when, by which application (None: another path), and what came after.

    `periods`: the periods of their goals that begin from the first day on, in order, each with the attainments the
    goals were closed with (None: still open). `coached`: the coaching talks up to the end of the first of them.
    `cut`: how many periods lie before the first one in which a goal runs through a break (None: none does).
    """

    person: str
    started: Act
    day: date
    application: str | None
    periods: tuple[tuple[Period, tuple[Figure | None, ...]], ...] = ()
    coached: tuple[Source, ...] = field(default=())
    cut: int | None = None
    breaks: tuple[Break, ...] = ()

    @property
    def path(self) -> str:
        """Return the recruiting path: by an application, or by another one."""
        return "other" if self.application is None else "application"

    @property
    def over(self) -> int:
        """Return how many of their periods are over, from the first on: every goal of each is closed."""
        return next((n for n, (_, found) in enumerate(self.periods) if None in found), len(self.periods))

    @property
    def watched(self) -> int:
        """Return how many periods they are watched for: those that are over, up to the first break."""
        return self.over if self.cut is None else min(self.over, self.cut)

    def reached_in(self) -> int | None:
        """Return the number of the first period in which every goal was attained in full, None for none so far."""
        for number, (_, found) in enumerate(self.periods[: self.watched], 1):
            if all(figure is not None and figure.value >= 1 for figure in found):
                return number
        return None

    def figures(self) -> list[Figure]:
        """Return the attainments of the periods that are over."""
        return [figure for _, found in self.periods[: self.over] for figure in found if figure is not None]

    def events(self) -> list[Source]:
        """Return what it rests on."""
        figures = [event for one in self.figures() for event in one.events]
        return [self.started.evidence, *self.coached, *figures, *(one.event for one in self.breaks)]


def hires(views: Views, people: People, asked: Circumstances) -> list[Hire]:
    """Return who began in the period asked about, in order of person; an employment that never began is none."""
    told = acts(views["statistics"], (STARTED, CANCELLED, COACHED), asked)
    cancelled = {act.data["entry"] for act in told if act.topic == CANCELLED}
    held = defaultdict(list)
    for act in told:
        if act.topic == COACHED:
            held[act.about].append(act)
    standing = list(goals(views["goals"], asked))
    after, broken = _periods(standing), _broken(standing, breaks(views["statistics"], standing, asked))
    found = []
    for act in (one for one in told if one.topic == STARTED and one.event_id not in cancelled):
        if asked.since <= act.begins <= asked.until and people.has_person(act.about):
            day = act.begins.astimezone(asked.zone).date()
            periods = tuple((p, tuple(f)) for p, f in sorted(after[act.about].items()) if p[0] >= day)
            last = periods[0][0][1] if periods else asked.day
            within = [one for one in held[act.about] if day <= one.begins.astimezone(asked.zone).date() <= last]
            coached = tuple(one.evidence for one in within)
            cut = next((n for n, (p, _) in enumerate(periods) if (act.about, p) in broken), None)
            days = tuple(sorted({one for p, _ in periods for one in broken.get((act.about, p), ())}))
            found.append(Hire(act.about, act, day, act.data.get("application"), periods, coached, cut, days))
    return sorted(found, key=lambda one: (one.person, one.day))


def _periods(standing: Iterable[GoalStanding]) -> dict[str, dict[Period, list[Figure | None]]]:
    """Return person → period → the attainment of each goal, None while it is open; without those never in force."""
    found: dict[str, dict[Period, list[Figure | None]]] = defaultdict(lambda: defaultdict(list))
    for goal in standing:
        kind, _, person = goal.owner.partition("/")
        closed = attainment(goal)
        if kind == "person" and (closed is not None or goal.stage.value not in ("proposed", "withdrawn", "closed")):
            found[person][goal.terms.starts_on, goal.terms.ends_on].append(closed)
    return found


def _broken(standing: Iterable[GoalStanding], cuts: Breaks) -> dict[tuple[str, Period], list[Break]]:
    """Return (person, period) → the breaks that goals of theirs for that period run through, where one does."""
    found: dict[tuple[str, Period], list[Break]] = defaultdict(list)
    for goal in standing:
        if told := cuts.of_standing(goal):
            found[goal.owner.partition("/")[2], (goal.terms.starts_on, goal.terms.ends_on)] += told
    return found
