"""Breaks: when the meaning of a series changed, for all or for one owner, so that no series is run through one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ledger.kernel.policy import STANDING
from projections.accountability.acts import Act
from projections.accountability.report import Circumstances, Source
from projections.engine import View
from projections.goals.standings import GoalStanding
from projections.statistics.figures import ATTAINMENT, Figure, Period
from projections.statistics.gathering import acts

DEFINED, CONVERTED = "goals.MetricDefined", "goals.ConversionStated"
REVISED, PUBLISHED = "goals.GoalTargetRevised", "policies.PolicyPublished"
TERMS = ("falling_attainment", "roll_up")  # of the policy: what attainment means


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """A day on which something changed, and by which event: what is before it is of another series."""

    day: date
    event: Source

    def is_in(self, period: Period) -> bool:
        """Tell whether a period runs through it: it began before the day, and ended on it or later."""
        return period[0] < self.day <= period[1]


@dataclass(frozen=True, slots=True)
class Breaks:
    """The breaks up to a time: of metrics, of all attainments, of an owner's goals on a metric, and of single goals."""

    of_metric: Mapping[str, tuple[Break, ...]]
    of_attainment: tuple[Break, ...]
    of_owner: Mapping[tuple[str, str], tuple[Break, ...]]
    of_goal: Mapping[str, tuple[Break, ...]]

    def all_of(self, series: str) -> tuple[Break, ...]:
        """Return the breaks of a series, whoever's it is."""
        wide = self.of_metric.get(series.removeprefix(ATTAINMENT), ())
        return (*wide, *self.of_attainment) if series.startswith(ATTAINMENT) else wide

    def own(self, figure: Figure) -> tuple[Break, ...]:
        """Return the breaks of an owner's own series: their target for the metric was revised."""
        return self.of_owner.get((figure.owner, figure.metric), ())

    def of(self, figure: Figure) -> tuple[Break, ...]:
        """Return every break that bears on a figure's series."""
        return (*self.all_of(figure.series), *self.own(figure))

    def through(self, figure: Figure) -> list[Break]:
        """Return the breaks that the period of a figure runs through."""
        return [one for one in self.of(figure) if one.is_in(figure.period)]

    def between(self, earlier: Figure, later: Figure) -> list[Break]:
        """Return the breaks that lie between the beginning of one figure and the end of a later one."""
        span = (earlier.period[0], later.period[1])
        return [one for one in self.of(later) if one.is_in(span)]

    def stretch(self, figure: Figure) -> tuple[int, int]:
        """Return which stretch of its series a figure is of: how many breaks lie before it, of all and of its owner."""
        first = figure.period[0]
        both = (self.all_of(figure.series), self.own(figure))
        wide, own = (sum(one.day <= first for one in breaks) for breaks in both)
        return wide, own

    def of_standing(self, goal: GoalStanding) -> list[Break]:
        """Return the breaks that the attainment of a goal runs through: target, metric or terms changed."""
        period = (goal.terms.starts_on, goal.terms.ends_on)
        told = (*self.all_of(ATTAINMENT + goal.terms.metric), *self.of_goal.get(goal.id, ()))
        return [one for one in told if one.is_in(period)]


def breaks(view: View, standing: Iterable[GoalStanding], asked: Circumstances) -> Breaks:
    """Return the breaks up to the time asked about, as known."""
    metrics = {goal.id: goal.terms.metric for goal in standing}
    of_metric, of_goal = defaultdict[str, list[Break]](list), defaultdict[str, list[Break]](list)
    owned: dict[tuple[str, str], list[Break]] = defaultdict(list)
    defined = set[str]()
    for act in acts(view, (DEFINED, CONVERTED, REVISED), asked):
        one = _break(act, asked)
        if act.topic == REVISED:
            of_goal[act.id].append(one)
            if act.id in metrics:
                owned[_owner(act), metrics[act.id]].append(one)
        elif act.topic == CONVERTED or act.id in defined:
            of_metric[act.id].append(one)
        defined |= {act.id} if act.topic == DEFINED else set()
    terms = tuple(sorted(_of_terms(acts(view, (PUBLISHED,), asked), asked)))
    return Breaks(
        _sorted(of_metric), terms, {key: tuple(sorted(told)) for key, told in owned.items()}, _sorted(of_goal)
    )


def _break(act: Act, asked: Circumstances) -> Break:
    return Break(act.begins.astimezone(asked.zone).date(), act.evidence)


def _owner(act: Act) -> str:
    """Return whose goal it is: a person by the id that they are read as."""
    owner = act.data["owner"]
    return f"person/{act.about}" if owner["kind"] == "person" else f"{owner['kind']}/{owner['id']}"


def _sorted(found: Mapping[str, list[Break]]) -> dict[str, tuple[Break, ...]]:
    return {key: tuple(sorted(told)) for key, told in found.items()}


def _of_terms(published: Iterable[Act], asked: Circumstances) -> Iterator[Break]:
    """Yield when a version of the policy took effect that takes attainment otherwise than the one before it."""
    before: tuple[object, ...] | None = None
    standing = (act for act in published if act.id == STANDING)
    for act in sorted(standing, key=lambda act: (act.begins, act.position)):
        terms = act.data.get("terms") or {}
        now = tuple(terms.get(name) for name in TERMS)
        if before is not None and now != before:
            yield _break(act, asked)
        before = now
