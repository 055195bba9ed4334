"""Selection rates: of whom applied, how many were chosen, by every way in which they came, with what is unknown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Views, Words
from projections.statistics.applicants import PLACES, Applicant, Declared, applicants, by_group, declarations
from projections.statistics.correlations import rounded
from projections.statistics.effects import selection_rates

UNKNOWN = "unknown"
DEFINITION = (
    "Of the applications received in the period: one line for each kind of group that candidates declared (as in "
    "gender) and each group of it. A candidate counts once for each requisition, however many ids they have or "
    "applications they sent for it: with the application that has come furthest (hired, rejected, open, withdrawn). "
    "of counts those that were decided, hire or reject, and not reversed; hired those "
    "of them that are to be hired; rate is hired / of, and absent where nothing was decided. impact_ratio is the rate "
    "over the highest rate of the groups that reach the policy's limit; below_four_fifths tells whether it is "
    "below 0.8 (29 CFR 1607.4 D of the US), below_floor whether it is below the policy's impact_ratio_floor. "
    "open counts applications that wait for a decision, withdrawn those taken back; neither is in "
    "of. Who declared nothing is unknown: with a rate, and compared with nobody. So is whose declaration is erased: "
    "erased counts them, whatever time is asked about. Groups below the policy's limit are withheld."
)
DEFINITION_ZH = (
    "针对期间内收到的申请：候选人声明的每一类群体（如性别）及其中每个群体一行。同一候选人对同一招聘需求只计一次，无"
    "论有多少标识、"
    "提交多少份申请：以进展最远的申请为准（录用、不录用、未决、撤回）。of 为已决定（录用或不录用）且未被撤销者；"
    "hired 为其中决定录用者；"
    "rate 为 hired / of，尚无决定时不填。impact_ratio 为该比率与达到制度人数下限的各群体中最高比率之比；"
    "below_four_fifths 表示其是否低于 0.8"
    "（美国 29 CFR 1607.4 D），below_floor 表示其是否低于制度的 impact_ratio_floor。open 为等待决定的申请，"
    "withdrawn 为撤回的申请；两者均不计入 of。未作声明者为未知：有比率，但不与任何群体比较。"
    "声明已被删除者同样为未知：erased 为其人数，与所问时点无关。低于制度规定人数的群体不予展示。"
)
WORDS = {
    UNKNOWN: Words("said nothing, or erased", "未声明或已删除"),
    "nobody_declared_a_group": Words("nobody declared a group", "无人声明所属群体"),
    "declarations_erased": Words("what these candidates declared is erased", "这些候选人的声明已被删除"),
}


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the rates in order of kind and group."""
    counted = applicants(views["statistics"], People(views["directory"], asked), asked)
    declared = declarations(views["statistics"], counted, asked)
    erased = sorted(f"candidate/{candidate}" for candidate, said in declared.items() if said.erased)
    missing = (Missing("declarations_erased", tuple(erased)),) if erased else ()
    kinds = sorted({kind for said in declared.values() for kind in said.groups})
    if not kinds and counted:
        missing = (*missing, Missing("nobody_declared_a_group"))
    return Answer(tuple(line for kind in kinds for line in _lines(kind, counted, declared, asked)), missing)


def _lines(
    kind: str, counted: Iterable[Applicant], declared: Mapping[str, Declared], asked: Circumstances
) -> Iterator[Line]:
    gone = {candidate for candidate, said in declared.items() if said.erased}
    groups = by_group(counted, declared, kind, UNKNOWN)
    places = {name: Counter(one.place for one in members) for name, members in groups.items()}
    counts = {name: (at["hired"], at["hired"] + at["rejected"]) for name, at in places.items()}
    for rate in selection_rates(counts, unknown=UNKNOWN, comparable=asked.terms.small_group_limit):
        members = groups[rate.group]
        said = [declared[one.candidate] for one in members if one.candidate in declared]
        values = {
            "kind": kind,
            "group": rate.group,
            "hired": rate.selected,
            "of": rate.of,
            "rate": rounded(rate.rate),
            "impact_ratio": rounded(rate.ratio),
            "below_four_fifths": rate.below_four_fifths,
            "below_floor": None if rate.ratio is None else rate.ratio < float(asked.terms.impact_ratio_floor),
            **{place: places[rate.group][place] for place in PLACES[2:]},
            "erased": len({one.candidate for one in members if one.candidate in gone}),
        }
        events = {event for one in members for event in one.events} | {one.event for one in said}
        about = sorted({subject for one in members for subject in one.about})
        yield Line(tuple(about), values, tuple(sorted(events)), people=len({one.candidate for one in members}) or None)


REPORT = Report(
    name="selection-rates",
    question="Who is hired of whom applied, group by group, and how do the rates compare?",
    definition=DEFINITION,
    version=2,
    views=("statistics", "directory"),
    answer=answer,
    thresholds=("small_group_limit", "impact_ratio_floor"),
    question_zh="各群体的申请者中录用了谁，比率如何相互比较？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
