"""Job analysis: what the company's own history says of a job's metrics and competencies, and what it proposes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Views, Words
from projections.statistics.correlations import NOTE, rounded
from projections.statistics.figures import attainments, goals, outcomes
from projections.statistics.pairs import adjusted
from projections.suggestions.gathering import VIEWS
from projections.suggestions.job_figures import Measured, Moves, Scored, measured, quartiles, scored
from projections.suggestions.jobs import Profile, mean_scores, profiles, spells, within

NAME, VERSION = "job-analysis", 1
SURE = 0.05  # the largest q at which an outcome counts as going with a metric
WIDELY = 0.5  # the share of those in the job from which on a metric counts as its own
PROFILE, METRIC, UNIT = "job-profile/", "metric/", "unit/"
DEFINITION = (
    "For each job profile, of the persons who did the job by assignment or by the application they came by, and the "
    "periods of the time asked about that ended while they did it. metric: the attainment that goals on it were closed "
    "with, one mean for each person: quartiles by linear interpolation, n persons, doing how many did the job, the "
    "share "
    "of goals that reached their target (hit_rate), whether the profile names it now (in_profile), and the outcomes "
    "that "
    "it moved. outcome: a metric's attainment beside an outcome of the same persons and periods: Pearson's coefficient "
    "after the mean of each period is taken out, its interval (95 %) from drawing whole persons, and q, its p "
    "corrected "
    "for all of the answer (Benjamini and Hochberg); moved where the coefficient is positive and q at most 0.05. A "
    "metric "
    "is proposed where it moved an outcome, or where at least half of those in the job had goals on it. competency: "
    "the "
    "scores of hires who attained what was agreed on average, each the mean of their panel; the first quartile is "
    "proposed as the lowest sufficient score. proposal: the command by which a person puts the analysis on record; "
    "nothing is adopted by the ledger. Groups below the policy's limit are withheld. Correlation is not cause, and no "
    "ground to blame anybody."
)
DEFINITION_ZH = (
    "对每份岗位说明书，按任职安排或入职应聘确定任职人员，取所问期间内在任职时结束的周期。metric：目标关闭时的达成率，"
    "每人取均值："
    "线性插值的四分位数、人数 n、任职人数 doing、达标目标占比（hit_rate）、现行说明书是否列出该指标（in_profile），以"
    "及所带动的"
    "结果。outcome：同一人员同一周期的指标达成率与某项结果：去除各周期均值后的皮尔逊系数、按整人重抽样的 95 % 区间，"
    "以及对全部检验"
    "校正后的 q（Benjamini–Hochberg）；系数为正且 q 不大于 0.05 时记为 moved。若指标带动了某项结果，或至少一半任职人"
    "员有该指标的"
    "目标，则建议列入。competency：平均达标的入职人员的面试评分，每人取评审均值；建议以第一四分位数为最低合格分。"
    "proposal：由人员"
    "将该分析记录在案的命令；账本自身不采纳任何内容。低于制度下限的群体不予展示。相关不等于因果，不得据此归咎于任何人。"
)


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the figures of each job, or of the one asked about, and what they propose."""
    people, all_profiles = People(views["directory"], asked), profiles(views, asked)
    chosen = [one for one in all_profiles if asked.subject in (None, PROFILE + one.id)]
    done = spells(views, people, asked)
    attained = attainments(goals(views["goals"], asked), people, asked)
    known, cards = outcomes(views["statistics"], people, asked), mean_scores(views, asked)
    found, lines, missing = list[Measured](), list[Line](), list[Missing]()
    for profile in chosen:
        did = done.get(profile.id, [])
        own = within(attained, did, asked)
        limit = asked.terms.small_group_limit
        found += measured(profile, did, own, within(known, did, asked), limit=limit)
    found = _corrected(found)
    for profile in chosen:
        did = done.get(profile.id, [])
        metrics = [one for one in found if one.profile is profile]
        competencies = scored(profile, did, within(attained, did, asked), cards)
        told = [line for one in metrics for line in (_metric(one), *_outcomes(one))]
        told += [_competency(one) for one in competencies]
        lines += told
        proposed = _proposal(profile, metrics, competencies, asked)
        if proposed is not None:
            lines.append(proposed)
        elif not told:
            missing.append(Missing("no_history", (PROFILE + profile.id,)))
    return Answer(tuple(lines), tuple(missing))


def _corrected(found: Sequence[Measured]) -> list[Measured]:
    corrected = iter(adjusted([move.p for one in found for move in one.moves]))
    return [
        Measured(
            one.profile,
            one.metric,
            one.figures,
            one.doing,
            tuple(move.corrected(q) for move, q in zip(one.moves, islice(corrected, len(one.moves)), strict=True)),
        )
        for one in found
    ]


def _why(one: Measured) -> str | None:
    """Return why a metric is proposed, or None."""
    if any(_is_sure(move) for move in one.moves):
        return "goes_with_an_outcome"
    return "widely_used" if len(one.persons) >= WIDELY * one.doing else None


def _is_sure(move: Moves) -> bool:
    pearson = move.told.pearson
    return pearson is not None and pearson.value > 0 and move.q is not None and move.q <= SURE


def _metric(one: Measured) -> Line:
    spread, why = quartiles(one.means), _why(one)
    values = {
        "line": "metric",
        "job": one.profile.job,
        "metric": METRIC + one.metric,
        "n": len(one.persons),
        "doing": one.doing,
        "goals": len(one.figures),
        "first_quartile": rounded(spread.first),
        "median": rounded(spread.median),
        "third_quartile": rounded(spread.third),
        "hit_rate": rounded(one.hit_rate),
        "in_profile": one.metric in one.profile.metrics,
        "moved": [METRIC + move.outcome for move in one.moves if _is_sure(move)],
        "proposed": why is not None,
        "why": why,
    }
    about = (PROFILE + one.profile.id, METRIC + one.metric, *one.persons)
    return Line(about, values, one.events, people=len(one.persons))


def _outcomes(one: Measured) -> Iterator[Line]:
    """Yield a line for each outcome that was held against a metric."""
    for move in one.moves:
        pearson = move.told.pearson
        values = (None, None, None, None) if pearson is None else (pearson.value, pearson.low, pearson.high, pearson.p)
        told = {name: rounded(value) for name, value in zip(("pearson", "low", "high", "p"), values, strict=True)}
        about = (PROFILE + one.profile.id, METRIC + one.metric, METRIC + move.outcome, *one.persons)
        named = {"metric": METRIC + one.metric, "outcome": METRIC + move.outcome}
        more = {"n": move.told.n, **told, "q": rounded(move.q), "moved": _is_sure(move), "note": NOTE}
        events = tuple(sorted(set(move.events)))
        yield Line(about, {"line": "outcome", "job": one.profile.job, **named, **more}, events, people=move.told.n)


def _competency(one: Scored) -> Line:
    spread, now = quartiles(one.values), one.profile.required.get(one.competency)
    values = {
        "line": "competency",
        "job": one.profile.job,
        "competency": one.competency,
        "n": len(one.scores),
        "first_quartile": rounded(spread.first),
        "median": rounded(spread.median),
        "third_quartile": rounded(spread.third),
        "required": None if now is None else str(now),
        "proposed": True,
        "minimum": rounded(spread.first),
    }
    return Line((PROFILE + one.profile.id, *one.persons), values, one.events, people=len(one.scores))


# The proposal


def _proposal(
    profile: Profile, metrics: Sequence[Measured], competencies: Sequence[Scored], asked: Circumstances
) -> Line | None:
    """Return the command that puts the figures on record; None where no group is large enough."""
    limit = asked.terms.small_group_limit
    told = [one for one in metrics if len(one.persons) >= limit]
    judged = [one for one in competencies if len(one.scores) >= limit]
    if not told and not judged:
        return None
    behind: list[Measured | Scored] = [*told, *judged]
    persons = sorted({person for one in behind for person in one.persons})
    command: dict[str, object] = {
        "profile": profile.id,
        **({} if profile.unit is None else {"unit": profile.unit}),
        "formula": f"{NAME}@{VERSION}",
        "position": asked.known,
        "since": asked.since.astimezone(asked.zone).date().isoformat(),
        "until": asked.last.astimezone(asked.zone).date().isoformat(),
        "persons": len(persons),
        "metrics": [_metric_figures(one) for one in told],
        "competencies": [_competency_figures(one) for one in judged],
        "proposed_metrics": [one.metric for one in told if _why(one) is not None],
        "proposed_requirements": [
            {"competency": one.competency, "minimum": _text(quartiles(one.values).first, 4)} for one in judged
        ],
    }
    about = (PROFILE + profile.id, *(METRIC + one.metric for one in told), *persons)
    events = tuple(sorted({event for one in behind for event in one.events}))
    values: Mapping[str, object] = {"line": "proposal", "job": profile.job, "command": command}
    return Line(about, values, events, people=len(persons))


def _metric_figures(one: Measured) -> dict[str, object]:
    return {
        "metric": one.metric,
        "n": len(one.persons),
        "goals": len(one.figures),
        **_spread(one.means, 6),
        "hit_rate": _text(one.hit_rate, 6),
        "moved": list(_moves_figures(one)),
    }


def _moves_figures(one: Measured) -> Iterator[dict[str, object]]:
    for move in one.moves:
        pearson = move.told.pearson
        if pearson is not None and pearson.low is not None and pearson.high is not None and move.q is not None:
            figures = {"pearson": pearson.value, "low": pearson.low, "high": pearson.high, "q": move.q}
            told = {name: _text(value, 6) for name, value in figures.items()}
            yield {"outcome": move.outcome, "n": move.told.n, **told}


def _competency_figures(one: Scored) -> dict[str, object]:
    return {"competency": one.competency, "n": len(one.scores), **_spread(one.values, 4)}


def _spread(values: Sequence[float], digits: int) -> dict[str, str]:
    spread = quartiles(values)
    named = {"first_quartile": spread.first, "median": spread.median, "third_quartile": spread.third}
    return {name: _text(value, digits) for name, value in named.items()}


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


REPORT = Report(
    name=NAME,
    question="Which metrics and competencies does a job's own history speak for?",
    definition=DEFINITION,
    version=VERSION,
    views=VIEWS,
    answer=answer,
    parameters=frozenset({"subject"}),
    thresholds=("small_group_limit",),
    question_zh="从岗位自身的历史看，哪些指标和能力项有数据支持？",
    definition_zh=DEFINITION_ZH,
    subjects=frozenset({"job-profile"}),
    words={
        "no_history": Words("nobody who did the job has closed goals in the time", "期间内无任职人员的已关闭目标"),
        "goes_with_an_outcome": Words("an outcome goes with it", "与某项结果相关"),
        "widely_used": Words("at least half of those in the job had goals on it", "至少一半任职人员有该指标的目标"),
    },
)
