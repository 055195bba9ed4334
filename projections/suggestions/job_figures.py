"""Figures of a job: how its metrics were attained, which outcomes went with them, how those who attained had scored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from projections.accountability.report import Source
from projections.statistics.figures import Figure
from projections.statistics.pairs import Correlation, Pair, correlation
from projections.suggestions.jobs import Profile, Spell


@dataclass(frozen=True, slots=True)
class Quartiles:
    """The quartiles of a column, by linear interpolation."""

    first: float
    median: float
    third: float


def quartiles(values: Sequence[float]) -> Quartiles:
    """Return the quartiles of at least one value."""
    first, median, third = (float(one) for one in np.quantile(np.array(values, dtype=np.float64), [0.25, 0.5, 0.75]))
    return Quartiles(first, median, third)


@dataclass(frozen=True, slots=True)
class Moves:
    """An outcome beside a metric's attainment: the same persons and periods; `q` is p corrected for the answer."""

    outcome: str
    told: Correlation
    events: tuple[Source, ...]
    q: float | None = None

    @property
    def p(self) -> float | None:
        """Return the p-value of Pearson's coefficient, after each period's mean is taken out."""
        return None if self.told.pearson is None else self.told.pearson.p

    def corrected(self, q: float | None) -> "Moves":
        """Return it with its p-value as corrected for all of the answer."""
        return replace(self, q=q)


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric in a job: `figures` are the attainments that goals were closed with."""

    profile: Profile
    metric: str
    figures: tuple[Figure, ...]
    doing: int  # how many persons did the job
    moves: tuple[Moves, ...]

    @property
    def persons(self) -> tuple[str, ...]:
        """Return whom the figures are of."""
        return tuple(sorted({one.owner for one in self.figures}))

    @property
    def means(self) -> list[float]:
        """Return the mean attainment of each person, so that each counts once."""
        by_owner: dict[str, list[float]] = defaultdict(list)
        for one in self.figures:
            by_owner[one.owner].append(one.value)
        return [fmean(by_owner[owner]) for owner in self.persons]

    @property
    def hit_rate(self) -> float:
        """Return the share of the goals that reached their target."""
        return sum(one.value >= 1 for one in self.figures) / len(self.figures)

    @property
    def events(self) -> tuple[Source, ...]:
        """Return what it rests on."""
        found = {event for one in self.figures for event in one.events} | {e for one in self.moves for e in one.events}
        return tuple(sorted({*found, self.profile.event}))


def measured(
    profile: Profile, done: Sequence[Spell], attained: Sequence[Figure], outcomes: Sequence[Figure], *, limit: int
) -> list[Measured]:
    """Return the metrics of a job, in order; outcomes are compared where there are `limit` persons."""
    found: dict[str, list[Figure]] = defaultdict(list)
    for one in attained:
        found[one.metric].append(one)
    series: dict[str, dict[tuple[str, object], Figure]] = defaultdict(dict)
    for one in outcomes:
        series[one.series][one.owner, one.period] = one
    doing = len({spell.person for spell in done})
    return [
        Measured(profile, metric, tuple(figures), doing, tuple(_moves(figures, series, metric, limit)))
        for metric, figures in sorted(found.items())
    ]


def _moves(
    figures: Sequence[Figure], series: dict[str, dict[tuple[str, object], Figure]], metric: str, limit: int
) -> list[Moves]:
    found = []
    for outcome, told in sorted(series.items()):
        pairs = [(one, told[one.owner, one.period]) for one in figures if (one.owner, one.period) in told]
        if outcome == metric or len({one.owner for one, _ in pairs}) < limit:
            continue
        columns = [Pair(x.owner, "/".join(map(str, x.period)), "", x.value, y.value) for x, y in pairs]
        held = correlation(columns)
        if held.pearson is not None:
            found.append(Moves(outcome, held, tuple(e for both in pairs for one in both for e in one.events)))
    return found


@dataclass(frozen=True, slots=True)
class Scored:
    """A competency in a job: what hires who reached their targets had been given, each the mean of their panel."""

    profile: Profile
    competency: str
    scores: tuple[tuple[str, float, Source], ...]  # person, score, the event of the beginning

    @property
    def persons(self) -> tuple[str, ...]:
        """Return whose scores they are."""
        return tuple(sorted(f"person/{person}" for person, _, _ in self.scores))

    @property
    def values(self) -> list[float]:
        """Return the scores."""
        return [score for _, score, _ in self.scores]

    @property
    def events(self) -> tuple[Source, ...]:
        """Return what it rests on."""
        return tuple(sorted({self.profile.event, *(event for _, _, event in self.scores)}))


def scored(
    profile: Profile, done: Sequence[Spell], attained: Sequence[Figure], cards: dict[str, dict[str, float]]
) -> list[Scored]:
    """Return the competencies for which hires were scored who then attained what was agreed, on average."""
    values: dict[str, list[float]] = defaultdict(list)
    for one in attained:
        values[one.owner].append(one.value)
    found: dict[str, dict[str, tuple[str, float, Source]]] = defaultdict(dict)
    for spell in done:
        reached = values.get(f"person/{spell.person}")
        if spell.application is not None and reached and fmean(reached) >= 1:
            for competency, score in cards.get(spell.application, {}).items():
                found[competency][spell.person] = (spell.person, score, spell.event)
    return [Scored(profile, name, tuple(by.values())) for name, by in sorted(found.items())]
