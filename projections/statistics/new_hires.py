"""New hires: how many reach what was agreed by their n-th period, by path and coaching, and the thread of each hire."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import fmean

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Report, Views, Words
from projections.statistics.correlations import rounded
from projections.statistics.effects import reached_by
from projections.statistics.gathering import acts
from projections.statistics.hires import Hire, hires

VIEWS = ("statistics", "goals", "directory")
ATTAINMENT = (
    "Of the persons who began in the period: one line for each group and each n-th period of their goals in which "
    "somebody first attained every goal in full (attainment of 1 or more when closed). Groups are all, those hired by "
    "an application and by another path, those with and without a coaching talk by the end of their first period. "
    "share is the share that has reached it by the end of that period, by Kaplan and Meier: whose periods still run "
    "count as long as they were watched, and the interval (95 %) is log-log. Nobody is watched through a break: whose "
    "goal's target, or the meaning of whose metric, changed within a period counts up to the period before it; cut is "
    "how many, breaks are the days. Groups below the policy's limit are withheld."
)
ATTAINMENT_ZH = (
    "针对期间内入职的人员：每个群体、有人首次全部达成目标（结项达成度不低于 1）的每个第 n 期一行。群体为全体、经申"
    "请录用者与其他途径"
    "录用者、首期结束前有辅导谈话者与没有者。share 为截至该期末已达成者的比例，按 Kaplan-Meier 计算：期间仍在进行者"
    "按已观察的期数计入，"
    "区间（95 %）取 log-log。不跨越断点观察：目标值或指标含义在某期内改变者，只计至前一期；cut 为其人数，breaks 为"
    "这些日期。"
    "低于制度规定人数的群体不予展示。"
)
THREAD = (
    "One line for each person who began in the period: the application that they came by with its scorecards, "
    "decision and the competencies below the bar; how many goals their first periods held, the mean attainment of "
    "those closed, and the period in which all were first attained, before any break; the coaching talks by the "
    "end of the first period; what came of the probation; and the breaks, days on which a target or the meaning of a "
    "metric changed within a period. Absent is what is not known."
)
THREAD_ZH = (
    "期间内入职的每人一行：所经申请及其评分表、决定和低于要求的能力；首批期间有多少目标，已结项者的平均达成度，以及"
    "断点之前首次全部达成的"
    "期次；首期结束前的辅导谈话；试用期的结果；以及断点，即目标值或指标含义在某期内改变之日。未知者不填。"
)
WORDS = {
    "all": Words("all", "全体"),
    "coached": Words("coached in the first period", "首期有辅导"),
    "not coached": Words("not coached in the first period", "首期无辅导"),
    "path: application": Words("hired by an application", "经申请录用"),
    "path: other": Words("hired by another path", "经其他途径录用"),
}
THREAD_WORDS = {
    "application": Words("by an application", "经申请"),
    "other": Words("by another path", "其他途径"),
    "hire": Words("to be hired", "录用"),
    "reject": Words("not to be hired", "不录用"),
    "confirmed": Words("employment confirmed", "转正"),
    "extended": Words("probation extended", "延长试用"),
    "failed": Words("probation failed", "未通过试用"),
}
SCORECARD, DECIDED, RECEIVED = "hiring.AssessmentRecorded", "hiring.HiringDecisionMade", "hiring.ApplicationReceived"
REVERSED = "hiring.HiringDecisionReversed"
PROBATION = {
    "hiring.EmploymentConfirmed": "confirmed",
    "hiring.ProbationExtended": "extended",
    "hiring.ProbationFailed": "failed",
    "hiring.ProbationDecisionReversed": None,
}


def attained(views: Views, asked: Circumstances) -> Answer:
    """Return the shares in order of group and period."""
    groups: dict[str, list[Hire]] = defaultdict(list)
    for one in hires(views, People(views["directory"], asked), asked):
        if one.periods:
            for group in ("all", f"path: {one.path}", "coached" if one.coached else "not coached"):
                groups[group].append(one)
    return Answer(tuple(line for group, members in sorted(groups.items()) for line in _shares(group, members)))


def _shares(group: str, members: list[Hire]) -> Iterator[Line]:
    reached = [number for one in members if (number := one.reached_in()) is not None]
    watched = [one.watched for one in members if one.reached_in() is None]
    cut = [one for one in members if one.reached_in() is None and one.watched < one.over]
    events = tuple(sorted({event for one in members for event in one.events()}))
    about = tuple(dict.fromkeys(f"person/{one.person}" for one in members))
    for one in reached_by(reached, watched):
        values = {
            "group": group,
            "hires": len(members),
            "period": one.period,
            "at_risk": one.at_risk,
            "reached": one.reached,
            "share": rounded(one.share),
            "share_low": rounded(one.low),
            "share_high": rounded(one.high),
            "cut": len(cut),
            "breaks": sorted({each.day.isoformat() for member in cut for each in member.breaks}),
        }
        yield Line(about, values, events, people=len(about))


def threads(views: Views, asked: Circumstances) -> Answer:
    """Return the thread of each hire, in order of person."""
    told: dict[str, list[Act]] = defaultdict(list)
    for act in acts(views["statistics"], (RECEIVED, SCORECARD, DECIDED, REVERSED, *PROBATION), asked):
        told[act.data["employment"] if act.topic in PROBATION else act.id].append(act)
    found = hires(views, People(views["directory"], asked), asked)
    return Answer(tuple(_thread(one, told) for one in found))


def _thread(one: Hire, told: dict[str, list[Act]]) -> Line:
    before = [] if one.application is None else told.get(one.application, [])
    after = [act for act in told.get(str(one.started.data["employment"]), []) if act.about == one.person]
    decision = _last(before, (DECIDED, REVERSED))
    outcome = _last(after, PROBATION)
    figures = one.figures()
    values = {
        "person": f"person/{one.person}",
        "started_on": one.day.isoformat(),
        "path": one.path,
        "application": one.application,
        "scorecards": sum(act.topic == SCORECARD for act in before),
        "decision": None if decision is None else decision.data.get("decision"),
        "below_the_bar": [] if decision is None else list(decision.data.get("unmet", ())),
        "goals": sum(len(found) for _, found in one.periods),
        "closed": len(figures),
        "attainment": rounded(fmean(figure.value for figure in figures)) if figures else None,
        "reached_in_period": one.reached_in(),
        "coaching": len(one.coached),
        "probation": None if outcome is None else PROBATION[outcome.topic],
        "breaks": [each.day.isoformat() for each in one.breaks],
    }
    about = (f"person/{one.person}", *([] if one.application is None else [f"application/{one.application}"]))
    return Line(about, values, tuple(sorted({*one.events(), *(act.evidence for act in (*before, *after))})))


def _last(told: Iterable[Act], topics: Iterable[str]) -> Act | None:
    wanted = frozenset(topics)
    return next((act for act in reversed(list(told)) if act.topic in wanted), None)


ATTAINMENT_REPORT = Report(
    name="new-hire-attainment",
    question="How many new hires reach what was agreed by their first, second, n-th period?",
    definition=ATTAINMENT,
    version=2,
    views=VIEWS,
    answer=attained,
    thresholds=("small_group_limit",),
    question_zh="多少新员工在第一、第二、第 n 期达到约定目标？",
    definition_zh=ATTAINMENT_ZH,
    words=WORDS,
)
THREAD_REPORT = Report(
    name="hire-to-performance",
    question="What came of each hire, from the requirement to the end of the probation?",
    definition=THREAD,
    version=2,
    views=VIEWS,
    answer=threads,
    question_zh="每次录用从需求到试用期结束的结果如何？",
    definition_zh=THREAD_ZH,
    words=THREAD_WORDS,
)
