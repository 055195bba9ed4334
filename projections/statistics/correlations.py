"""Correlation: which figures of the same persons or units go together, and how sure that is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations_with_replacement, permutations

from ledger.kernel.moments import last_instant
from projections.accountability.places import People
from projections.accountability.report import SMALL_GROUP, Answer, Circumstances, Line, Missing, Report, Views, Words
from projections.directory.places import HOME, PARENT, places_of
from projections.engine import View
from projections.statistics.breaks import Break, Breaks, breaks
from projections.statistics.figures import ATTAINMENT, Figure, Period, attainments, goals, outcomes
from projections.statistics.grades import GRADE, grades
from projections.statistics.pairs import Correlation, Estimate, Pair, adjusted, correlation

LAGS = (0, 1, 2)
DIGITS = 6
NOTE = Words("Correlation is not cause, and no ground to blame anybody.", "相关不等于因果，不得据此归咎于任何人。")
DEFINITION = (
    "One line for each two series of figures of the same owners, persons or units: outcomes by metric, the "
    "attainment that goals on a metric were closed with, and the published grades of reviews, by their place on the "
    "scale from 1 for the lowest. A pair is two figures of one owner for the same period, or "
    "with a lag of one or two for y so many periods later. n counts owners. pearson and spearman are taken after the "
    "mean of each period is taken out, so that what all gain is no correlation; plain_ ones are of the figures as "
    "they are; within_unit_ ones are less the mean of each home unit in each period. Intervals (95 %) and p-values "
    "come from drawing whole owners with replacement, 1000 times from a fixed seed; q is p corrected for all p of the "
    "answer (Benjamini and Hochberg). No series runs through a break: where the meaning of a metric changed (it was "
    "defined anew, a conversion was stated, or the policy takes attainment otherwise) the series of all are cut, "
    "where an owner's target for the metric was revised theirs is, and each stretch has a line of its own, from the "
    "first to the last day of its figures; breaks are the days of the cuts, and left_out counts the pairs with a "
    "figure whose own period runs through one. A scale whose grades change is another series. "
    "A figure that others recorded goes before a claim; unknown ones are left out, and never zero. Groups "
    "below the policy's limit are withheld. Correlation is not cause, and no ground to blame anybody."
)
DEFINITION_ZH = (
    "同一批主体（个人或单位）的每两个数据系列一行：按指标的成果、目标结项时的达成度，以及考核已发布的等级（按其在等"
    "级表中的位次，"
    "最低为 1）。一对数据为同一主体同一期间的两个数值；有滞后时，y 取其后一个或两个期间。n 为主体数。pearson 与"
    " spearman 在扣除各期间"
    "均值之后计算，因此人人同增不构成相关；plain_ 为原始数值；within_unit_ 为扣除各所属单位各期间均值之后。区间（"
    "95 %）与 p 值通过对"
    "整个主体有放回抽样得出，固定种子抽取 1000 次；q 为对本答复全部 p 值的校正（Benjamini 与 Hochberg）。任何系列都"
    "不跨越断点："
    "指标含义改变（重新定义、声明换算、或制度改变达成度算法）时切断所有人的系列，某主体对该指标的目标值被修订时切断"
    "其本人的系列，"
    "每一段单独成行，自其数据的首日至末日；breaks 为断点日期，left_out 为因某数值自身期间跨越断点而不计的对数。等级"
    "表的等级改变后"
    "为另一系列。他人记录的数值优先于本人申报；未知者不计，绝不视为零。低于制度规定人数的群体不予展示。相关不等于因"
    "果，不得据此归咎于任何人。"
)
WORDS = {
    "does_not_vary": Words("one of the two does not vary", "其中一个系列没有变化"),
    "runs_through_a_break": Words("every pair runs through a break", "所有数据对均跨越断点"),
    "person": Words("persons", "个人"),
    "unit": Words("units", "单位"),
}
Units = Mapping[tuple[str, Period], str]  # owner and period → the owner's unit at its end
Pairs = tuple[tuple[Figure, Figure], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Two series held against each other over one stretch of each; `cut` are their breaks."""

    x: str
    y: str
    kind: str
    lag: int
    pairs: Pairs
    left_out: int
    cut: tuple[Break, ...]
    told: Correlation


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the correlations of all series, or of those of one metric, in order of kind, series, lag and stretch."""
    people, standing = People(views["directory"], asked), list(goals(views["goals"], asked))
    figures = outcomes(views["statistics"], people, asked) + attainments(standing, people, asked)
    figures += grades(views["statistics"], people, asked)
    cuts = breaks(views["statistics"], standing, asked)
    units = _units(views["directory"], figures, asked)  # all is read before anything is worked out
    found, missing = list[_Found](), list[Missing]()
    for kind in ("person", "unit"):
        series = _series(figure for figure in figures if figure.owner.startswith(kind))
        for x, y, lag in _compared(sorted(series), asked.subject):
            for one in _stretches(units, kind, lag, tuple(_paired(series[x], series[y], lag)), cuts, asked):
                if isinstance(one, _Found):
                    found.append(one)
                elif not lag or one.code != SMALL_GROUP:
                    missing.append(one)
    return Answer(tuple(_lines(found)), tuple(dict.fromkeys(missing)))


def _stretches(
    units: Units, kind: str, lag: int, pairs: Pairs, cuts: Breaks, asked: Circumstances
) -> Iterator[_Found | Missing]:
    """Yield two series held against each other, each stretch of them by itself, or why a stretch can't be told of."""
    whole: dict[tuple[int, ...], list[tuple[Figure, Figure]]] = defaultdict(list)
    for x, y in pairs:
        if not cuts.through(x) and not cuts.through(y):
            whole[*cuts.stretch(x), *cuts.stretch(y)].append((x, y))
    left_out, cut = len(pairs) - sum(map(len, whole.values())), _cut(pairs, cuts)
    if pairs and not whole:
        yield Missing("runs_through_a_break", _subjects(pairs[0]))
    for _, told in sorted(whole.items()):
        if len({x.owner for x, _ in told}) < asked.terms.small_group_limit:
            yield Missing(SMALL_GROUP, _subjects(told[0]))
            continue
        figures = correlation([_pair(units, *both) for both in told])
        if figures.pearson is None:
            yield Missing("does_not_vary", _subjects(told[0]))
        else:
            yield _Found(told[0][0].series, told[0][1].series, kind, lag, tuple(told), left_out, cut, figures)


def _cut(pairs: Pairs, cuts: Breaks) -> tuple[Break, ...]:
    """Return the breaks of two series between the first day and the last day of their figures."""
    if not pairs:
        return ()
    span = _span(pairs)
    told = {one for both in pairs for figure in both for one in cuts.of(figure)}
    return tuple(sorted(one for one in told if one.is_in(span)))


def _span(pairs: Pairs) -> Period:
    periods = [figure.period for both in pairs for figure in both]
    return min(first for first, _ in periods), max(last for _, last in periods)


def _subjects(both: tuple[Figure, Figure]) -> tuple[str, ...]:
    """Return the metrics that two series are of; a series of grades is of none."""
    return tuple(dict.fromkeys(key for figure in both for key in _metrics(figure.series)))


def _series(figures: Iterable[Figure]) -> dict[str, dict[tuple[str, Period], Figure]]:
    """Return series → (owner, period) → figure."""
    found: dict[str, dict[tuple[str, Period], Figure]] = defaultdict(dict)
    for figure in figures:
        found[figure.series][figure.owner, figure.period] = figure
    return found


def _compared(series: Sequence[str], subject: str | None) -> Iterator[tuple[str, str, int]]:
    """Return which two are compared at which lag: without one each two once, with one in both directions."""
    for x, y in combinations_with_replacement(series, 2):
        if x != y and (subject is None or subject in (*_metrics(x), *_metrics(y))):
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


def _pair(units: Units, x: Figure, y: Figure) -> Pair:
    period = "/".join(day.isoformat() for day in x.period)
    return Pair(x.owner, period, units[x.owner, x.period], x.value, y.value)


def _units(view: View, figures: Iterable[Figure], asked: Circumstances) -> dict[tuple[str, Period], str]:
    """Return owner and period → the home unit of a person at its end, of a unit the one above; empty for none."""
    owners: dict[Period, set[str]] = defaultdict(set)
    for figure in figures:
        owners[figure.period].add(figure.owner)
    found: dict[tuple[str, Period], str] = {}
    for period, several in owners.items():
        at, named = min(last_instant(period[1], asked.zone), asked.on), dict[str, str]()
        for kind, role in (("person/", HOME), ("unit/", PARENT)):
            of_kind = sorted(owner for owner in several if owner.startswith(kind))
            named |= places_of(view, of_kind, role, on=at, known=asked.known) if of_kind else {}
        found |= {(owner, period): named.get(owner, "") for owner in several}
    return found


def _lines(found: Sequence[_Found]) -> Iterator[Line]:
    corrected = iter(adjusted([one.p for each in found for one in _estimates(each.told).values()]))
    for one in found:
        figures = [figure for both in one.pairs for figure in both]
        about = (*_subjects(one.pairs[0]), *(f.owner for f in figures), *(key for f in figures for key in f.about))
        first, last = _span(one.pairs)
        events = {event for figure in figures for event in figure.events} | {each.event for each in one.cut}
        values = {
            "x": one.x,
            "y": one.y,
            "of": one.kind,
            "lag": one.lag,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "n": one.told.n,
            "pairs": one.told.pairs,
            "left_out": one.left_out,
            **_told(one.told, corrected),
            "breaks": sorted({each.day.isoformat() for each in one.cut}),
            "note": NOTE,
        }
        yield Line(tuple(dict.fromkeys(about)), values, tuple(sorted(events)), people=one.told.n)


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


def _metrics(series: str) -> tuple[str, ...]:
    return () if series.startswith(GRADE) else ("metric/" + series.removeprefix(ATTAINMENT),)


REPORT = Report(
    name="correlation",
    question="Which figures of performance and outcome go together, and how sure is that?",
    definition=DEFINITION,
    version=2,
    views=("statistics", "goals", "directory"),
    answer=answer,
    parameters=frozenset({"subject"}),
    thresholds=("small_group_limit",),
    question_zh="哪些绩效与成果数据相互关联，把握有多大？",
    definition_zh=DEFINITION_ZH,
    subjects=frozenset({"metric"}),
    words=WORDS,
)
