"""A metric that no aim uses: retire it, and measure it no more."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from ledger.kernel.moments import day_of
from projections.accountability.acts import Act
from projections.accountability.report import Circumstances, Views, Words
from projections.directory import queries as directory
from projections.statistics.gathering import acts
from projections.suggestions.leads import units_led
from projections.suggestions.rule import Followed, Measure, Rule, Suggestion, figure

DEFINED_DAYS, GOALS, AFTER_DAYS = 180, 10, 180
DEFINED, WITHDRAWN = "goals.MetricDefined", "goals.GoalWithdrawn"
ASSIGNED, PROFILE, COURSE = "goals.GoalAssigned", "hiring.JobProfileAdopted", "training.CourseDefined"
RECORDED = "outcomes.OutcomeRecorded"
METRIC = "metric/"


def find(views: Views, asked: Circumstances, person: str) -> Iterator[Suggestion]:
    """Yield the metrics that somebody answers for and that no goal, profile, course or ratio has used for long."""
    defined = acts(views["accountability"], (DEFINED,), asked)
    led = frozenset(units_led(views["directory"], person, asked))
    own = [act for act in defined if _answers(views, act, person, led, asked) and _age(act, asked) >= DEFINED_DAYS]
    if not own:
        return
    used, running = _used(views, defined, asked)
    if running < GOALS:
        return
    measured = [
        act for act in acts(views["statistics"], (RECORDED,), asked) if act.begins > asked.on - timedelta(days=365)
    ]
    for act in own:
        if act.id not in used:
            recorded = sum(one.data["metric"] == act.id for one in measured)
            yield Suggestion(
                rule=RULE,
                person=person,
                about=METRIC + act.id,
                advice="retire",
                figures=(
                    figure("days_defined", _age(act, asked)),
                    figure("goals", running),
                    figure("measured", recorded),
                ),
                since=day_of(act.begins, asked.zone),
                until=asked.day,
                events=(act.evidence,),
                once_for=str(asked.day.year),
                seen=(METRIC + act.id,),
            )


def _age(act: Act, asked: Circumstances) -> int:
    return (asked.on - act.begins).days


def _answers(views: Views, act: Act, person: str, led: frozenset[str], asked: Circumstances) -> bool:
    """Tell whether somebody answers for a metric: the lead of its unit, else who defined it."""
    unit = act.data.get("unit")
    found = None if unit is None else directory.unit(views["directory"], unit, on=asked.on, known=asked.known)
    if found is not None and found.lead is not None:
        return unit in led
    return act.actor == person


def _used(views: Views, defined: list[Act], asked: Circumstances) -> tuple[set[str], int]:
    """Return the metrics in use, of goals that ran lately, profiles, courses and ratios; and how many such goals."""
    told = acts(views["accountability"], (ASSIGNED, WITHDRAWN), asked)
    withdrawn = {act.stream for act in told if act.topic == WITHDRAWN}
    last = {act.stream: act.data for act in told if act.topic == ASSIGNED and act.stream not in withdrawn}
    limit = (asked.day - timedelta(days=DEFINED_DAYS)).isoformat()
    lately = [one for one in last.values() if one["ends_on"] >= limit]
    used = {str(one["metric"]) for one in lately}
    profiles: Mapping[str, Act] = {act.stream: act for act in acts(views["statistics"], (PROFILE,), asked)}
    for act in (*profiles.values(), *acts(views["statistics"], (COURSE,), asked)):
        used |= set(act.data.get("metrics", ()))
    for act in defined:
        used |= {part for name in ("numerator", "denominator") if (part := act.data.get(name)) is not None}
    return used, len(lately)


def recorded_for(views: Views, asked: Circumstances, followed: Followed) -> float | None:
    """Return how many outcomes were recorded for a metric in a time."""
    told = acts(views["statistics"], (RECORDED,), replace(asked, unit=None))
    return float(
        sum(METRIC + act.data["metric"] == followed.about and asked.since < act.begins <= asked.on for act in told)
    )


RULE = Rule(
    name="unused-metric",
    version=1,
    title=Words("a metric that no aim uses", "无目标使用的指标"),
    addressed=Words("the lead of the metric's unit, else who defined it", "指标所属单位负责人，否则为定义人"),
    needs=Words(
        f"a metric defined {DEFINED_DAYS} days ago, {GOALS} goals that ran within the last {DEFINED_DAYS} days, and "
        f"no goal "
        "of these, no current job profile, no course and no ratio that uses it",
        f"指标已定义 {DEFINED_DAYS} 天，最近 {DEFINED_DAYS} 天内有 {GOALS} 个目标运行过，而其中没有目标、也没有现行岗"
        f"位说明书、"
        "课程或比率指标使用它",
    ),
    limits={"defined_days": DEFINED_DAYS, "goals": GOALS},
    texts={
        "retire": Words(
            "No aim uses {about}: defined {days_defined} days ago, it stands in none of the {goals} goals that ran "
            "lately, "
            "and in no job profile, course or ratio. It was measured {measured} times within a year. Measure it no "
            "more, "
            "or say what it is for.",
            "没有目标使用 {about}：该指标已定义 {days_defined} 天，近期运行的 {goals} 个目标均未使用，也不在任何岗位"
            "说明书、课程或"
            "比率指标中；一年内测量了 {measured} 次。可停止测量，或说明其用途。",
        )
    },
    find=find,
    measure=Measure("outcomes_recorded", AFTER_DAYS, lower_is_better=True, of=recorded_for),
)
