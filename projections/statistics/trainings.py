"""Training effect: those who completed a course against those who did not, by metric that it should move and period."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Source, Views, Words
from projections.statistics.breaks import Breaks, breaks
from projections.statistics.correlations import rounded
from projections.statistics.effects import Difference, difference
from projections.statistics.figures import Figure, Period, goals, outcomes
from projections.statistics.gathering import acts

ASSIGNED, COMPLETED, ABANDONED, DEFINED = (
    f"training.{name}" for name in ("TrainingAssigned", "TrainingCompleted", "TrainingAbandoned", "CourseDefined")
)
COMPARED = Words(
    "persons who never took it, with the same metric in the same period", "从未参加、同一期间有同一指标的人员"
)
DEFINITION = (
    "One line for each course, metric that it should move, and period of outcomes: trained are the persons who had "
    "completed the course by the first day of the period, untrained those who were never assigned it by the end of "
    "the period. Whoever was assigned and had not completed by the first day is on neither side, and counted as "
    "left_out. difference is the mean of the trained less that of the untrained, with standard error, interval (95 %) "
    "and p-value by unequal variances (Welch), and the interval by bootstrap with a fixed seed. Where persons of both "
    "sides have the same metric in an earlier period that ended by the day of the first completion, change_difference "
    "is the same of each person's change (difference in differences), where both sides reach the policy's limit. "
    "No figure and no change runs through a break, a day on which the meaning of the metric or the person's own target "
    "for it changed: such persons are left_out, or not in the change; breaks are those days. "
    "Nobody drew lots over who is trained: what else differs between the sides is not taken out. Lines with fewer "
    "persons on a side than the policy's limit are withheld."
)
DEFINITION_ZH = (
    "每门课程、其应改善的每个指标、每个成果期间一行：trained 为在期间首日之前已完成课程者，untrained 为至期间末日从"
    "未被指派者。"
    "被指派而首日之前未完成者不在任何一方，计入 left_out。difference 为受训者均值减未受训者均值，附标准误、区间（"
    "95 %）和按不等方差"
    "（Welch）计算的 p 值，以及固定种子的自助法区间。双方人员在首个完成日之前结束的较早期间有同一指标时，"
    "change_difference 为各人变化"
    "之差（双重差分），以双方均达到制度人数下限为限。任何数值和变化都不跨越断点，即指标含义或本人目标值改变之日：此"
    "类人员计入 left_out，"
    "或不计入变化；breaks 为这些日期。受训者并非抽签决定：双方的其他差异未予扣除。任一方人数低于制度规定的行不予展"
    "示。"
)
WORDS = {"nothing_to_compare": Words("nobody to compare with", "没有可比较的人员")}


@dataclass
class _Course:
    """A course: its metrics, and of each person who took part the day of completion (None: not) and the events."""

    metrics: tuple[str, ...]
    defined: Source
    since: dict[str, date] = field(default_factory=dict)  # person -> when they were assigned first
    completed: dict[str, date] = field(default_factory=dict)
    events: dict[str, list[Source]] = field(default_factory=lambda: defaultdict(list))


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the effects in order of course, metric and period."""
    people, limit = People(views["directory"], asked), asked.terms.small_group_limit
    cuts = breaks(views["statistics"], goals(views["goals"], asked), asked)
    by_metric: dict[str, dict[Period, dict[str, Figure]]] = defaultdict(lambda: defaultdict(dict))
    for figure in outcomes(views["statistics"], people, asked):
        if figure.owner.startswith("person/"):
            by_metric[figure.series][figure.period][figure.owner] = figure
    lines, missing = list[Line](), list[Missing]()
    for id, course in sorted(_courses(views, asked).items()):
        if asked.subject not in (None, f"course/{id}"):
            continue
        found = [
            line for metric in course.metrics for line in _effects(id, course, metric, by_metric[metric], cuts, limit)
        ]
        lines += found
        if not found:
            missing.append(Missing("nothing_to_compare", (f"course/{id}",)))
    return Answer(tuple(lines), tuple(missing))


def _courses(views: Views, asked: Circumstances) -> dict[str, _Course]:
    found: dict[str, _Course] = {}
    told = acts(views["statistics"], (DEFINED, ASSIGNED, COMPLETED, ABANDONED), asked)
    for act in (one for one in told if one.topic == DEFINED):
        found[act.id] = _Course(tuple(act.data.get("metrics", ())), act.evidence)
    for act in told:
        if act.topic != DEFINED and act.data["course"] in found:
            _took_part(found[act.data["course"]], act, act.begins.astimezone(asked.zone).date())
    return found


def _took_part(course: _Course, act: Act, day: date) -> None:
    person = f"person/{act.about}"
    course.events[person].append(act.evidence)
    if act.topic == ASSIGNED:
        course.since[person] = min(day, course.since.get(person, day))
    elif act.topic == COMPLETED:
        course.completed[person] = min(day, course.completed.get(person, day))


def _effects(
    id: str, course: _Course, metric: str, periods: Mapping[Period, Mapping[str, Figure]], cuts: Breaks, limit: int
) -> Iterator[Line]:
    for period, all_figures in sorted(periods.items()):
        figures = {person: figure for person, figure in all_figures.items() if not cuts.through(figure)}
        trained = {p: f for p, f in figures.items() if p in course.completed and course.completed[p] <= period[0]}
        others = {p: f for p, f in figures.items() if p not in course.since or course.since[p] > period[1]}
        others = {p: f for p, f in others.items() if p not in trained}
        told = difference([f.value for f in trained.values()], [f.value for f in others.values()])
        if told is None:
            continue
        before = _before(periods, min(course.completed[p] for p in trained))
        earlier = {} if before is None else before[1]
        sides = [
            [(earlier[p], f) for p, f in side.items() if p in earlier and not cuts.between(earlier[p], f)]
            for side in (trained, others)
        ]
        cut = {one for p, f in all_figures.items() for one in cuts.between(earlier.get(p, f), f)}
        changes = [[after.value - b.value for b, after in side] for side in sides]
        change = difference(*changes) if min(map(len, changes)) >= limit else None
        values = {
            "metric": metric,
            "from": period[0].isoformat(),
            "until": period[1].isoformat(),
            "trained": told.first,
            "untrained": told.second,
            "left_out": len(all_figures) - told.first - told.second,
            "compared_with": COMPARED,
            **_told("difference", told),
            "before_from": None if before is None or change is None else before[0][0].isoformat(),
            **({} if change is None else _changes(change)),
            "breaks": sorted({one.day.isoformat() for one in cut}),
        }
        used = [*trained.values(), *others.values(), *(b for side in sides for b, _ in side)]
        events = {course.defined, *(e for f in used for e in f.events), *(e for p in trained for e in course.events[p])}
        events |= {one.event for one in cut}
        about = (f"course/{id}", f"metric/{metric}", *trained, *others)
        yield Line(about, values, tuple(sorted(events)), people=min(told.first, told.second))


def _before(
    periods: Mapping[Period, Mapping[str, Figure]], completed: date
) -> tuple[Period, Mapping[str, Figure]] | None:
    """Return the last period that ended by the day of the first completion, with its figures."""
    earlier = [period for period in periods if period[1] <= completed]
    return None if not earlier else (max(earlier), periods[max(earlier)])


def _told(name: str, one: Difference) -> dict[str, object]:
    low, high = (None, None) if one.resampled is None else one.resampled
    figures = {"": one.value, "_error": one.error, "_low": one.low, "_high": one.high, "_p": one.p}
    figures |= {"_bootstrap_low": low, "_bootstrap_high": high}
    return {name + key: rounded(value) for key, value in figures.items()}


def _changes(change: Difference) -> dict[str, object]:
    counts = {"change_trained": change.first, "change_untrained": change.second}
    return {**counts, **_told("change_difference", change)}


REPORT = Report(
    name="training-effect",
    question="What did those who were trained reach that others did not?",
    definition=DEFINITION,
    version=2,
    views=("statistics", "goals", "directory"),
    answer=answer,
    parameters=frozenset({"subject"}),
    thresholds=("small_group_limit",),
    question_zh="受训者达到了什么未受训者没有达到的成果？",
    definition_zh=DEFINITION_ZH,
    subjects=frozenset({"course"}),
    words=WORDS,
)
