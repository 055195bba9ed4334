"""A goal behind its path: the colleague with the best sustained attainment on the same metric, if their load allows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from statistics import fmean, median

from ledger.domain.goals.state import Stage
from projections.accountability.places import PERSON, People
from projections.accountability.report import Circumstances, Source, Views, Words
from projections.goals import queries
from projections.goals.queries import Wanted
from projections.goals.replay import When
from projections.goals.standings import GoalStanding
from projections.statistics.figures import Figure, attainments
from projections.statistics.gathering import acts
from projections.suggestions.gathering import AWAY, BACK, EARLY
from projections.suggestions.leads import lead_of, led_by
from projections.suggestions.rule import Followed, Measure, Rule, Suggestion, figure

PERIODS, RUN_DAYS, AFTER_DAYS = 3, 30, 90
GOAL = "goal/"


@dataclass(frozen=True, slots=True)
class _Mentor:
    """Somebody who reached the target in each of the last periods on a metric."""

    person: str
    last: tuple[Figure, ...]

    @property
    def rank(self) -> tuple[float, float, str]:
        """Return the place among others: by the lowest of the attainments, then by their mean."""
        values = [one.value for one in self.last]
        return -min(values), -fmean(values), self.person


def find(views: Views, asked: Circumstances, person: str) -> Iterator[Suggestion]:
    """Yield a mentor for each goal of one's own people that is behind its path, where there is one."""
    led = led_by(views["directory"], person, asked)
    standing = _goals(views, led, asked)
    behind = [goal for goal in standing if _is_behind(goal, asked)]
    if not behind:
        return
    running = Counter(goal.owner for goal in standing if _runs(goal, asked))
    strained = {goal.owner for goal in behind}
    limit, mentors = median(running.values()), _mentors(views, standing, asked)
    for goal in behind:
        if lead_of(views["directory"], goal.owner.removeprefix(PERSON), asked) != person:
            continue
        fit = [
            one
            for one in mentors.get(goal.terms.metric, ())
            if one.person not in strained and one.person != goal.owner and running[one.person] <= limit
        ]
        if fit:
            yield _suggested(person, goal, min(fit, key=lambda one: one.rank), running, limit, asked)


def _goals(views: Views, persons: Sequence[str], asked: Circumstances) -> list[GoalStanding]:
    """Return every goal of these persons as it stood at the time asked about."""
    wanted, found, after = Wanted(owners=[PERSON + one for one in persons]), list[GoalStanding](), ""
    while persons:
        page, following = queries.goals(views["goals"], wanted, _when(asked), after=after)
        found += page
        if following is None:
            break
        after = following
    return found


def _when(asked: Circumstances) -> When:
    return When(asked.on, asked.day, asked.zone, asked.known)


def _runs(goal: GoalStanding, asked: Circumstances) -> bool:
    return goal.stage is Stage.ASSIGNED and goal.terms.starts_on <= asked.day <= goal.terms.ends_on


def _is_behind(goal: GoalStanding, asked: Circumstances) -> bool:
    """Tell whether a goal that has run for a while is below the policy's share of its path."""
    long_enough = goal.terms.starts_on + timedelta(days=RUN_DAYS) <= asked.day
    return _runs(goal, asked) and long_enough and goal.scored is not None and goal.scored.judged.below is True


def _mentors(views: Views, standing: Sequence[GoalStanding], asked: Circumstances) -> Mapping[str, list[_Mentor]]:
    """Return metric → who reached the target in each of their last periods, of those who are there."""
    people, told = People(views["directory"], asked), defaultdict[tuple[str, str], list[Figure]](list)
    away = _away(views, asked)
    for one in attainments(standing, people, replace(asked, since=EARLY, until=asked.on, unit=None)):
        told[one.metric, one.owner].append(one)
    found: dict[str, list[_Mentor]] = defaultdict(list)
    for (metric, owner), figures in told.items():
        last = sorted(figures, key=lambda one: one.period)[-PERIODS:]
        there = people.gone(owner) is None and owner not in away
        if there and len(last) == PERIODS and all(one.value >= 1 for one in last):
            found[metric].append(_Mentor(owner, tuple(last)))
    return found


def _away(views: Views, asked: Circumstances) -> set[str]:
    """Return whose absence runs at the time asked about."""
    running: dict[tuple[str, str], str] = {}
    for act in sorted(acts(views["suggestions"], (AWAY, BACK), asked), key=lambda one: (one.begins, one.position)):
        key = (act.stream, act.data["absence"])
        if act.topic == AWAY:
            running[key] = PERSON + act.about
        else:
            running.pop(key, None)
    return set(running.values())


def _suggested(
    person: str, goal: GoalStanding, mentor: _Mentor, running: Mapping[str, int], limit: float, asked: Circumstances
) -> Suggestion:
    judged = None if goal.scored is None else goal.scored.judged
    progress = Decimal(0) if judged is None or judged.progress.value is None else judged.progress.value
    values = [one.value for one in mentor.last]
    value = goal.measurement or goal.claim
    events = {event for one in mentor.last for event in one.events}
    events |= set() if value is None else {Source(value.position, value.entry)}
    return Suggestion(
        rule=RULE,
        person=person,
        about=GOAL + goal.id,
        proposes=mentor.person,
        advice="mentor",
        figures=(
            figure("progress", progress),
            figure("expected", Decimal(0) if judged is None else judged.expected),
            figure("lowest_attainment", min(values), len(values)),
            figure("mean_attainment", fmean(values), len(values)),
            figure("running_goals", running.get(mentor.person, 0)),
            figure("median_running_goals", limit, len(running)),
        ),
        since=min(one.period[0] for one in mentor.last),
        until=asked.day,
        events=tuple(sorted(events)),
        seen=(GOAL + goal.id, goal.owner, mentor.person),
    )


def behind_by(views: Views, asked: Circumstances, followed: Followed) -> float | None:
    """Return the progress less what was expected of a goal at a time."""
    goal = queries.goal(views["goals"], followed.about.removeprefix(GOAL), _when(asked))
    if goal is None or goal.scored is None or goal.scored.judged.progress.value is None:
        return None
    return float(goal.scored.judged.progress.value - goal.scored.judged.expected)


RULE = Rule(
    name="mentor",
    version=1,
    title=Words("a mentor for a goal behind its path", "为落后目标寻找导师"),
    addressed=Words("the lead of the goal's owner", "目标承担人的直线负责人"),
    needs=Words(
        f"a goal that has run {RUN_DAYS} days, and {PERIODS} closed periods of the mentor on the same metric, the "
        f"target "
        "reached in each",
        f"目标已运行 {RUN_DAYS} 天，且导师在同一指标上有 {PERIODS} 个已关闭的周期，每期均达标",
    ),
    limits={"run_days": RUN_DAYS, "periods": PERIODS},
    texts={
        "mentor": Words(
            "{about} is behind its path: progress {progress} where {expected} was expected. {proposes} reached the "
            "target on the same metric in each of the last {lowest_attainment_n} periods (attainment "
            "{lowest_attainment} "
            "at the lowest, {mean_attainment} on average) and has {running_goals} running goals, no more than the "
            "middle "
            "of your {median_running_goals_n} people with goals ({median_running_goals}). Ask whether they would help.",
            "{about} 落后于预期路径：进度 {progress}，预期 {expected}。{proposes} 在同一指标的最近 "
            "{lowest_attainment_n} "
            "个周期均达标（最低达成率 {lowest_attainment}，平均 {mean_attainment}），现有 {running_goals} 个进行中的"
            "目标，"
            "不高于您所带 {median_running_goals_n} 位有目标人员的中位数（{median_running_goals}）。可请其担任导师。",
        )
    },
    find=find,
    measure=Measure("progress_less_expected", AFTER_DAYS, lower_is_better=False, of=behind_by),
)
