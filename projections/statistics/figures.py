"""Figures: what outcomes and closed goals say of an owner over a period, each with the events that it rests on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Circumstances, Source
from projections.engine import View
from projections.goals import queries
from projections.goals.queries import Wanted
from projections.goals.replay import When
from projections.goals.standings import GoalStanding
from projections.statistics.gathering import acts

RECORDED, CORRECTED = "outcomes.OutcomeRecorded", "outcomes.OutcomeCorrected"
ATTAINMENT = "attainment of "  # before a metric: how far closed goals on it were attained
Period = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Figure:
    """The value of a series for an owner (`kind/id`) over a period; `series` is a metric, or the attainment of one.

    `about`: further subjects (`kind/id`) that whoever is told of it must see.
    """

    owner: str
    series: str
    period: Period
    value: float
    claimed: bool
    events: tuple[Source, ...]
    about: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """Return the metric that the series is of."""
        return self.series.removeprefix(ATTAINMENT)


def outcomes(view: View, people: People, asked: Circumstances) -> list[Figure]:
    """Return the outcomes whose period ends within the one asked about: one for each owner, metric and period.

    What others recorded goes before claims of the owner; of several sources the one recorded last counts.
    """
    standing: dict[str, tuple[Act, Figure | None]] = {}
    for act in acts(view, (RECORDED, CORRECTED), asked):
        if act.topic == RECORDED:
            standing[act.event_id] = (act, _recorded(act))
        elif act.data["entry"] in standing:
            first, figure = standing[act.data["entry"]]
            events = (first.evidence,) if figure is None else figure.events
            fresh = _recorded(first, act.data["value"])
            standing[first.event_id] = (
                first,
                None if fresh is None else replace(fresh, events=(*events, act.evidence)),
            )
    figures = [figure for _, figure in standing.values() if figure is not None]
    return one_each(figure for figure in figures if inside(figure.period, asked) and people.has(figure.owner))


def _recorded(act: Act, corrected: str | None = None) -> Figure | None:
    """Return what an outcome says; None where it is known to be missing, which is no figure."""
    data = act.data
    value = data.get("value") if corrected is None else corrected
    if value is None:
        return None
    kind = data["owner"]["kind"]
    owner = f"person/{act.about}" if kind == "person" else f"{kind}/{data['owner']['id']}"
    period = (date.fromisoformat(data["starts_on"]), date.fromisoformat(data["ends_on"]))
    return Figure(owner, data["metric"], period, float(value), bool(data.get("claimed")), (act.evidence,))


def one_each(figures: Iterable[Figure]) -> list[Figure]:
    """Return one figure for each owner, series and period, in that order: no claim beside a measured one, the last."""
    chosen: dict[tuple[str, str, Period], Figure] = {}
    for figure in figures:
        key = (figure.owner, figure.series, figure.period)
        if key not in chosen or chosen[key].claimed >= figure.claimed:
            chosen[key] = figure
    return [chosen[key] for key in sorted(chosen)]


def goals(view: View, asked: Circumstances) -> Iterator[GoalStanding]:
    """Return every goal as it stood at the time asked about."""
    when, after = When(asked.on, asked.day, asked.zone, asked.known), ""
    while True:
        page, following = queries.goals(view, Wanted(), when, after=after)
        yield from page
        if following is None:
            return
        after = following


def attainments(goals_found: Iterable[GoalStanding], people: People, asked: Circumstances) -> list[Figure]:
    """Return the attainment that goals were closed with, of those whose period ends within the one asked about."""
    found = (attainment(goal) for goal in goals_found if people.has(goal.owner))
    return one_each(figure for figure in found if figure is not None and inside(figure.period, asked))


def attainment(goal: GoalStanding) -> Figure | None:
    """Return the attainment that a goal was closed with; None while it is open, or where there is none."""
    closing = goal.closing
    told = None if closing is None or goal.stage.value != "closed" else closing.entry.data.get("attainment")
    if closing is None or told is None:
        return None
    event = Source(closing.entry.position, closing.entry.event_id)
    period = (goal.terms.starts_on, goal.terms.ends_on)
    return Figure(goal.owner, ATTAINMENT + goal.terms.metric, period, float(told), False, (event,))


def inside(period: Period, asked: Circumstances) -> bool:
    """Tell whether a period ends within the one asked about."""
    since, until = (at.astimezone(asked.zone).date() for at in (asked.since, asked.until))
    return since <= period[1] <= until
