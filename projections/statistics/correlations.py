"""Correlation: which figures of the same persons or units go together, and how sure that is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations_with_replacement, permutations

from ledger.kernel.moments import last_instant
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Source, Views
from projections.directory import queries as directory
from projections.goals.standings import GoalStanding
from projections.statistics.figures import Figure, Period, attainments, goals, outcomes
from projections.statistics.gathering import acts
from projections.statistics.pairs import Correlation, Estimate, Pair, adjusted, correlation

LAGS = (0, 1, 2)
DIGITS = 6
BREAKS = ("goals.ConversionStated", "goals.GoalTargetRevised")
NOTE = "Correlation is not cause, and no ground to blame anybody."
DEFINITION = (
    "One line for each two series of figures of the same owners, persons or units: outcomes by metric, and the "
    "attainment that goals on a metric were closed with. A pair is two figures of one owner for the same period, or "
    "with a lag of one or two for y so many periods later. n counts owners. pearson and spearman are taken after the "
    "mean of each period is taken out, so that what all gain is no correlation; plain_ ones are of the figures as "
    "they are; within_unit_ ones are less the mean of each home unit in each period. Intervals (95 %) and p-values "
    "come from drawing whole owners with replacement, 1000 times from a fixed seed; q is p corrected for all p of the "
    "answer (Benjamini and Hochberg). breaks are the days on which the meaning of one of the metrics or a target for "
    "it changed. A figure that others recorded goes before a claim; unknown ones are left out, and never zero. Groups "
    "below the policy's limit are withheld. Correlation is not cause, and no ground to blame anybody."
)


@dataclass(frozen=True, slots=True)
class _Found:
    """Two series held against each other."""

    x: str
    y: str
    kind: str
    lag: int
    pairs: tuple[tuple[Figure, Figure], ...]
    told: Correlation


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the correlations of all series, or of those of one metric, in order of kind, series and lag."""
    people, standing = People(views["directory"], asked), list(goals(views["goals"], asked))
    figures = outcomes(views["statistics"], people, asked) + attainments(standing, people, asked)
    found, missing = list[_Found](), list[Missing]()
    for kind in ("person", "unit"):
        series = _series(figure for figure in figures if figure.owner.startswith(kind))
        for x, y, lag in _compared(sorted(series), asked.subject):
            pairs = tuple(_paired(series[x], series[y], lag))
            if len({one.owner for one, _ in pairs}) < asked.terms.small_group_limit:
                if pairs and not lag:
                    missing.append(Missing("small_group", (_metric(x), _metric(y))))
                continue
            told = correlation([_pair(views, people, asked, *both) for both in pairs])
            if told.pearson is None:
                missing.append(Missing("does_not_vary", (_metric(x), _metric(y))))
            else:
                found.append(_Found(x, y, kind, lag, pairs, told))
    return Answer(tuple(_lines(found, _breaks(views, standing, asked))), tuple(missing))


def _series(figures: Iterable[Figure]) -> dict[str, dict[tuple[str, Period], Figure]]:
    """Return series → (owner, period) → figure."""
    found: dict[str, dict[tuple[str, Period], Figure]] = defaultdict(dict)
    for figure in figures:
        found[figure.series][figure.owner, figure.period] = figure
    return found


def _compared(series: Sequence[str], subject: str | None) -> Iterator[tuple[str, str, int]]:
    """Return which two are compared at which lag: without one each two once, with one in both directions."""
    for x, y in combinations_with_replacement(series, 2):
        if x != y and (subject is None or subject in (_metric(x), _metric(y))):
            yield x, y, 0
            for earlier, later in permutations((x, y)):
                yield from ((earlier, later, lag) for lag in LAGS if lag)


def _paired(
    x: Mapping[tuple[str, Period], Figure], y: Mapping[tuple[str, Period], Figure], lag: int
) -> Iterator[tuple[Figure, Figure]]:
    """Return each figure of x with that of y so many periods later, where both are known."""
    following = _following({period for _, period in (*x, *y)})
    for (owner, period), figure in x.items():
        at: Period | None = period
        for _ in range(lag):
            at = None if at is None else following.get(at)
        other = None if at is None else y.get((owner, at))
        if other is not None:
            yield figure, other


def _following(periods: set[Period]) -> dict[Period, Period]:
    """Return period → the one that begins the day after; of several the one whose length is nearest."""
    starting = defaultdict(list)
    for period in sorted(periods):
        starting[period[0]].append(period)
    found = {}
    for starts_on, ends_on in periods:
        length, after = ends_on - starts_on, starting.get(ends_on + timedelta(days=1), [])
        if after:
            found[starts_on, ends_on] = min(after, key=lambda one: abs((one[1] - one[0]) - length))
    return found


def _pair(views: Views, people: People, asked: Circumstances, x: Figure, y: Figure) -> Pair:
    period = "/".join(day.isoformat() for day in x.period)
    return Pair(x.owner, period, _unit_of(views, x, asked), x.value, y.value)


def _unit_of(views: Views, figure: Figure, asked: Circumstances) -> str:
    """Return the home unit of a person at the end of the period, of a unit the one above it; empty for none."""
    kind, _, id = figure.owner.partition("/")
    at = min(last_instant(figure.period[1], asked.zone), asked.on)
    if kind == "person":
        person = directory.person(views["directory"], id, on=at, known=asked.known)
        return "" if person is None or person.home is None else person.home.to
    unit = directory.unit(views["directory"], id, on=at, known=asked.known)
    return "" if unit is None or unit.parent is None else unit.parent


def _breaks(
    views: Views, standing: Iterable[GoalStanding], asked: Circumstances
) -> dict[str, list[tuple[str, Source]]]:
    """Return metric → when its meaning or a target for it changed in the period, and by which events."""
    metrics, found = {goal.id: goal.terms.metric for goal in standing}, defaultdict(list)
    for act in acts(views["statistics"], BREAKS, asked):
        metric = act.id if act.stream.startswith("metric/") else metrics.get(act.id)
        if metric is not None and asked.since <= act.begins <= asked.until:
            found[metric].append((_day(act.begins, asked), act.evidence))
    return found


def _day(at: datetime, asked: Circumstances) -> str:
    return at.astimezone(asked.zone).date().isoformat()


def _lines(found: Sequence[_Found], breaks: Mapping[str, list[tuple[str, Source]]]) -> Iterator[Line]:
    corrected = iter(adjusted([one.p for each in found for one in _estimates(each.told).values()]))
    for one in found:
        about = dict.fromkeys((_metric(one.x), _metric(one.y), *(figure.owner for figure, _ in one.pairs)))
        changed = [b for m in dict.fromkeys((_id(one.x), _id(one.y))) for b in breaks.get(m, [])]
        events = {event for both in one.pairs for figure in both for event in figure.events}
        values = {
            "x": one.x,
            "y": one.y,
            "of": one.kind,
            "lag": one.lag,
            "n": one.told.n,
            "pairs": one.told.pairs,
            **_told(one.told, corrected),
            "breaks": sorted({day for day, _ in changed}),
            "note": NOTE,
        }
        yield Line(tuple(about), values, tuple(sorted(events | {event for _, event in changed})), people=one.told.n)


def _estimates(told: Correlation) -> dict[str, Estimate]:
    named = {"pearson": told.pearson, "spearman": told.spearman}
    if told.within_unit is not None:
        named |= dict(zip(("within_unit_pearson", "within_unit_spearman"), told.within_unit, strict=True))
    return {name: estimate for name, estimate in named.items() if estimate is not None}


def _told(told: Correlation, corrected: Iterator[float | None]) -> dict[str, object]:
    """Return the figures of a line; a within-unit figure that can't be had is absent."""
    plain = told.plain or (None, None)
    values: dict[str, object] = {"plain_pearson": rounded(plain[0]), "plain_spearman": rounded(plain[1])}
    for name, one in _estimates(told).items():
        limits = {f"{name}_low": one.low, f"{name}_high": one.high, f"{name}_p": one.p, f"{name}_q": next(corrected)}
        values |= {name: rounded(one.value), **{key: rounded(limit) for key, limit in limits.items()}}
    return values


def rounded(value: float | None) -> float | None:
    """Return a figure with six decimals."""
    return None if value is None else round(value, DIGITS)


def _id(series: str) -> str:
    return _metric(series).removeprefix("metric/")


def _metric(series: str) -> str:
    return "metric/" + series.rpartition(" ")[2]


REPORT = Report(
    name="correlation",
    question="Which figures of performance and outcome go together, and how sure is that?",
    definition=DEFINITION,
    version=1,
    views=("statistics", "goals", "directory"),
    answer=answer,
    parameters=frozenset({"subject"}),
    thresholds=("small_group_limit",),
)
