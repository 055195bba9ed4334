"""Results of the system: whether it leads to clear owners, new hires who attain, better attainment, content people."""

from collections import defaultdict
from collections.abc import Iterator

from projections.accountability import ownership
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Source, Views, Words
from projections.statistics import new_hires
from projections.statistics.breaks import breaks
from projections.statistics.correlations import rounded
from projections.statistics.figures import attainments, goals
from projections.statistics.practice import EVERY, by_practice, changes
from projections.statistics.surveyed import surveyed

DEFINITION = (
    "clear_owner: of the live subjects at `on`, of all kinds and of each, figure is the share for which exactly one "
    "holder answers who is there; gaps and conflicts are those of the report responsibility. new_hire_attainment: "
    "figure is the share of new hires that has reached all its goals by the end of the n-th period, as in the report "
    "new-hire-attainment. attainment_by_practice: one line for each version of the policy that took effect in the "
    "period, for persons and units, all metrics and each: figure is the mean attainment of goals that began on its day "
    "or later less that of goals that ended before it, each owner counted once, with interval (95 %) by unequal "
    "variances; own_change is the mean change of owners who have goals on both sides. The sides reach to the "
    "neighbouring versions; goals that run through the change, and series of an owner that run through a break (see "
    "the report correlation), are left_out. Other things change with the policy too: a difference is no proof that it "
    "is the cause. survey_: of each survey closed in the period and question on a scale that the policy names in "
    "system_questions, figure is the mean answer and counts how often each was given. Groups below the policy's limit "
    "are withheld; a share is shown to who may see all that it is of."
)
DEFINITION_ZH = (
    "clear_owner：在 `on` 时的全部现存对象及每一类对象中，恰有一位在任持有人负责者的比例为 figure；gaps 与"
    " conflicts 即 responsibility "
    "报告中的缺口与冲突。new_hire_attainment：figure 为截至第 n 期末已全部达成目标的新员工比例，同"
    " new-hire-attainment 报告。"
    "attainment_by_practice：期间内生效的每个制度版本一行，分个人与单位、全部指标与每一指标：figure 为生效之日及以"
    "后开始的目标的平均达成度"
    "减去此前结束的目标的平均达成度，每位负责人只计一次，区间（95 %）按不等方差计算；own_change 为两侧均有目标者的"
    "平均变化。两侧各延伸至相邻"
    "版本；跨越该变更的目标，以及负责人跨越断点的系列（见 correlation 报告）计入 left_out。与制度同时改变的还有其他"
    "因素：差异不能证明制度是原因。"
    "survey_：期间内结束的每份问卷中，制度在 system_questions 中指明的每道量表题，figure 为平均答案，counts 为各答"
    "案的次数。"
    "低于制度规定人数的群体不予展示；比例仅向有权查看其全部构成的人展示。"
)
WORDS = {
    "clear_owner": Words("subjects with a clear owner", "责任人明确的对象"),
    "new_hire_attainment": Words("new hires who reached all their goals", "全部达成目标的新员工"),
    "attainment_by_practice": Words("attainment after less before a policy version", "制度版本生效前后的达成度之差"),
    "survey_satisfaction": Words("satisfaction, as surveyed", "满意度调查"),
    "survey_collaboration": Words("collaboration, as surveyed", "协作调查"),
    EVERY: Words("all", "全部"),
    "person": Words("persons", "个人"),
    "unit": Words("units", "单位"),
    "no_new_hires": Words("nobody began in the period", "期间内无人入职"),
    "no_change_of_practice": Words("no policy version took effect in the period", "期间内无制度版本生效"),
    "no_survey": Words("no survey with these questions was closed in the period", "期间内无含此类题目的问卷结束"),
}


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the results in the order of the definition, and what there is nothing to tell of."""
    people = People(views["directory"], asked)
    lines, missing = list(_clear_owners(views, asked)), list[Missing]()
    for found, none in (
        (_hired(views, asked), "no_new_hires"),
        (_practice(views, people, asked), "no_change_of_practice"),
    ):
        told = list(found)
        lines += told
        missing += [] if told else [Missing(none)]
    surveys = list(surveyed(views["statistics"], people, asked))
    lines += [one for one in surveys if isinstance(one, Line)]
    missing += [one for one in surveys if isinstance(one, Missing)] if surveys else [Missing("no_survey")]
    return Answer(tuple(lines), tuple(dict.fromkeys(missing)))


def _clear_owners(views: Views, asked: Circumstances) -> Iterator[Line]:
    held, flawed = ownership.clarity(views, asked)
    rests: dict[str, set[Source]] = defaultdict(set)
    flaws: dict[str, set[str]] = defaultdict(set)
    for subject, events in held.items():
        rests[subject] |= set(events)
    for line in flawed:
        rests[line.about[0]] |= set(line.events)
        flaws[line.about[0]].add(str(line.values["flaw"]))
    kinds = sorted({subject.partition("/")[0] for subject in rests})
    for kind in (EVERY, *(kinds if len(kinds) > 1 else ())):
        subjects = sorted(one for one in rests if kind in (EVERY, one.partition("/")[0]))
        if subjects:
            clear = [one for one in subjects if not flaws[one]]
            values = {
                "measure": "clear_owner",
                "of": kind,
                "n": len(subjects),
                "figure": rounded(len(clear) / len(subjects)),
                "clear": len(clear),
                "gaps": sum("gap" in flaws[one] for one in subjects),
                "conflicts": sum("conflict" in flaws[one] for one in subjects),
            }
            events = tuple(sorted({event for one in subjects for event in rests[one]}))
            yield Line(tuple(subjects), values, events)


def _hired(views: Views, asked: Circumstances) -> Iterator[Line]:
    for line in new_hires.attained(views, asked).lines:
        if line.values["group"] == EVERY:
            told = line.values
            values = {
                "measure": "new_hire_attainment",
                "of": EVERY,
                "n": told["hires"],
                "figure": told["share"],
                "low": told["share_low"],
                "high": told["share_high"],
                **{name: told[name] for name in ("period", "at_risk", "reached", "cut")},
            }
            yield Line(line.about, values, line.events, line.people)


def _practice(views: Views, people: People, asked: Circumstances) -> Iterator[Line]:
    standing = list(goals(views["goals"], asked))
    cuts = breaks(views["statistics"], standing, asked)
    figures, found = attainments(standing, people, asked), changes(views["statistics"], asked)
    yield from by_practice(figures, found, cuts, asked.terms.small_group_limit)


REPORT = Report(
    name="results-of-the-system",
    question="What does the system lead to in clear owners, new hires who attain, attainment and contentment?",
    definition=DEFINITION,
    version=1,
    views=("statistics", "goals", "responsibility", "directory", "accountability"),
    answer=answer,
    thresholds=("small_group_limit", "system_questions"),
    question_zh="这套体系在责任明确、新员工达标、达成度与满意度方面带来了什么？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
