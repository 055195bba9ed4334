"""Suggestions: what was shown, taken and dismissed, and what followed, the taken held against the dismissed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean

from projections.accountability.acts import Act
from projections.accountability.places import PERSON, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words
from projections.statistics.correlations import rounded
from projections.statistics.effects import difference
from projections.statistics.gathering import acts
from projections.suggestions.gathering import DISMISSED, SHOWN, TAKEN, VIEWS
from projections.suggestions.rule import Followed, Rule
from projections.suggestions.rules import RULES

ANSWERS = {TAKEN: "taken", DISMISSED: "dismissed"}
OPEN = "unanswered"
DEFINITION = (
    "One line for each rule and answer (taken, dismissed, unanswered) to the suggestions shown in the period: how "
    "many, "
    "to how many persons, and what followed by the rule's own measure: its mean over the days before each was shown "
    "and "
    "over as many days after, and the mean change. compared counts those whose days are over and for which both can be "
    "measured; running, those whose days are not over at `on`; unmeasured, the rest. lower_is_better says which way "
    "helps. Where both taken and dismissed were compared for as many persons as the policy's limit, the line of the "
    "taken holds the difference of the mean changes, taken less dismissed, with its interval (95 %, unequal "
    "variances). "
    "Who takes a suggestion chooses to: the difference is no proof that it helped. Groups below the policy's limit are "
    "withheld."
)
DEFINITION_ZH = (
    "对期间内展示的建议，按规则与答复（采纳、否决、未答复）每组一行：条数、人数，以及按规则自身度量的前后情况：展示前"
    "若干天的"
    "均值、其后同样天数的均值与平均变化。compared 为期限已过且前后均可度量的条数；running 为在 `on` 时期限未过的条数；"
    "unmeasured 为其余条数。lower_is_better 说明何者为好。若采纳与否决两组可比人数均达到制度下限，则在采纳一行给出平"
    "均变化之差"
    "（采纳减否决）及其 95 % 区间（不等方差）。采纳与否由本人选择：差异不能证明建议有效。低于制度下限的群体不予展示。"
)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A suggestion that was shown, how it was answered, and the measure before and after; None: not measured."""

    shown: Act
    answer: str
    events: tuple[Source, ...]
    running: bool = False
    figures: tuple[float, float] | None = None


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return what followed, in order of rule and answer."""
    groups: dict[tuple[str, str], list[_Outcome]] = defaultdict(list)
    for one in _outcomes(views, asked):
        groups[str(one.shown.data["rule"]), one.answer].append(one)
    return Answer(tuple(_line(rule, said, groups, asked) for rule, said in sorted(groups)))


def _outcomes(views: Views, asked: Circumstances) -> Iterator[_Outcome]:
    people = People(views["directory"], asked)
    told: dict[str, list[Act]] = defaultdict(list)
    for act in acts(views["suggestions"], (SHOWN, TAKEN, DISMISSED), asked):
        told[act.stream].append(act)
    for lines in told.values():
        shown = lines[0]
        if shown.topic == SHOWN and asked.since <= shown.begins <= asked.last and people.has_person(shown.about):
            said = next((ANSWERS[act.topic] for act in lines if act.topic in ANSWERS), OPEN)
            yield _measured(_Outcome(shown, said, tuple(act.evidence for act in lines)), views, asked)


def _measured(one: _Outcome, views: Views, asked: Circumstances) -> _Outcome:
    rule = RULES.get(str(one.shown.data["rule"]))
    if rule is None:
        return one
    at, days = one.shown.begins, timedelta(days=rule.measure.days)
    if at + days > asked.on:
        return replace(one, running=True)
    followed = Followed(one.shown.about, _key(one.shown.data["about"]), at)
    before, after = (
        rule.measure.of(views, replace(asked, since=ends - days, until=ends, on=ends, unit=None), followed)
        for ends in (at, at + days)
    )
    return one if before is None or after is None else replace(one, figures=(before, after))


def _key(subject: dict[str, str]) -> str:
    return f"{subject['kind']}/{subject['id']}"


def _line(rule: str, said: str, groups: dict[tuple[str, str], list[_Outcome]], asked: Circumstances) -> Line:
    found, known = groups[rule, said], RULES.get(rule)
    compared = [one.figures for one in found if one.figures is not None]
    persons = sorted({one.shown.about for one in found})
    values = {
        "rule": rule,
        "answer": said,
        "n": len(found),
        "persons": len(persons),
        "measure": None if known is None else known.measure.name,
        "days": None if known is None else known.measure.days,
        "lower_is_better": None if known is None else known.measure.lower_is_better,
        "compared": len(compared),
        "running": sum(one.running for one in found),
        "unmeasured": sum(one.figures is None and not one.running for one in found),
        "before": rounded(fmean(before for before, _ in compared)) if compared else None,
        "after": rounded(fmean(after for _, after in compared)) if compared else None,
        "change": rounded(fmean(after - before for before, after in compared)) if compared else None,
        **_against_dismissed(known, said, groups, asked),
    }
    events = tuple(sorted({event for one in found for event in one.events}))
    return Line(tuple(PERSON + one for one in persons), values, events, people=len(persons))


def _against_dismissed(
    rule: Rule | None, said: str, groups: dict[tuple[str, str], list[_Outcome]], asked: Circumstances
) -> dict[str, object]:
    """Return the difference of the mean changes where both groups are large enough, else nothing said."""
    names = ("taken_less_dismissed", "low", "high")
    sides = [groups.get((rule.name, one), []) for one in ("taken", "dismissed")] if rule is not None else [[], []]
    large = all(_persons(side) >= asked.terms.small_group_limit for side in sides)
    if said != "taken" or not large:
        return dict.fromkeys(names)
    held = difference(*(_changes(side) for side in sides))
    values = (None, None, None) if held is None else (held.value, held.low, held.high)
    return {name: rounded(value) for name, value in zip(names, values, strict=True)}


def _persons(side: Sequence[_Outcome]) -> int:
    return len({one.shown.about for one in side if one.figures is not None})


def _changes(side: Sequence[_Outcome]) -> list[float]:
    return [one.figures[1] - one.figures[0] for one in side if one.figures is not None]


REPORT = Report(
    name="suggestions",
    question="What followed where a suggestion was taken, and where it was dismissed?",
    definition=DEFINITION,
    version=1,
    views=VIEWS,
    answer=answer,
    thresholds=("small_group_limit",),
    question_zh="采纳建议之后如何，否决建议之后又如何？",
    definition_zh=DEFINITION_ZH,
    words={
        "taken": Words("who it was put before meant to do it", "当事人表示采纳"),
        "dismissed": Words("who it was put before would not do it", "当事人表示不采纳"),
        OPEN: Words("no answer", "未答复"),
    },
)
