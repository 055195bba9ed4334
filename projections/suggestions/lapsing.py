"""A lead whose duties lapse: fewer and clearer duties, or a delegate."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from ledger.kernel.moments import day_of
from projections.accountability import acts as told
from projections.accountability.acts import Act
from projections.accountability.places import PERSON
from projections.accountability.report import Circumstances, Source, Views, Words
from projections.suggestions.rule import Followed, Measure, Rule, Suggestion, figure

DUE, LAPSES, SHARE, LEADS, DAYS, AFTER_DAYS = 6, 3, 1 / 3, 3, 180, 90
OPENED, TRANSFERRED, SEEN = "duties.DutyOpened", "duties.DutyTransferred", "duties.DutySeen"
LAPSED, DISCHARGED = "duties.DutyLapsed", "duties.DutyDischarged"
LEAD = "lead"


@dataclass(frozen=True, slots=True)
class _Due:
    """A duty of a lead that was discharged or lapsed; what was excused or void counts for nobody."""

    holder: str
    kind: str
    lapsed: bool
    seen: bool
    events: tuple[Source, ...]


def find(views: Views, asked: Circumstances, person: str) -> Iterator[Suggestion]:
    """Yield what helps somebody whose duties as a lead lapse."""
    due = _due(views, replace(asked, since=asked.on - timedelta(days=DAYS), until=asked.on))
    own = [one for one in due if one.holder == person]
    lapsed = [one for one in own if one.lapsed]
    if len(own) < DUE or len(lapsed) < LAPSES or len(lapsed) < SHARE * len(own):
        return
    others = Counter(one.holder for one in due if one.holder != person)
    yield _suggested(person, own, sorted(others.values()), asked)


def _due(views: Views, asked: Circumstances) -> list[_Due]:
    """Return the duties of leads that were opened in a time and are over, by who held them last."""
    opened = told.in_period(views["accountability"], (OPENED,), asked)
    streams = [act.stream for act in opened if act.data["party"] == LEAD]
    by_stream: dict[str, list[Act]] = defaultdict(list)
    kinds = (OPENED, TRANSFERRED, SEEN, LAPSED, DISCHARGED)
    for act in told.of_streams(views["accountability"], streams, kinds, asked.known) if streams else ():
        if act.begins <= asked.on:
            by_stream[act.stream].append(act)
    return [one for duty in by_stream.values() if (one := _ended(duty)) is not None]


def _ended(duty: Sequence[Act]) -> _Due | None:
    topics, holder = {act.topic for act in duty}, duty[0].data.get("holder")
    for act in duty:
        holder = act.data.get("taker") if act.topic == TRANSFERRED else holder
    if holder is None or not topics & {LAPSED, DISCHARGED}:
        return None
    named = tuple(act.evidence for act in duty if act.topic in (LAPSED, DISCHARGED))
    return _Due(str(holder), str(duty[0].data["kind"]), LAPSED in topics, SEEN in topics, named)


def _suggested(person: str, own: list[_Due], others: list[int], asked: Circumstances) -> Suggestion:
    """A lead who has more duties than other leads needs a delegate; another one, fewer or clearer duties."""
    lapsed = [one for one in own if one.lapsed]
    elsewhere = median(others) if len(others) >= LEADS else None
    many = elsewhere is not None and len(own) > elsewhere
    figures = [
        figure("due", len(own)),
        figure("lapsed", len(lapsed), len(own)),
        figure("lapse_rate", len(lapsed) / len(own), len(own)),
        figure("lapsed_unseen", sum(not one.seen for one in lapsed), len(lapsed)),
        figure("kinds", len({one.kind for one in lapsed})),
    ]
    if elsewhere is not None:
        figures.append(figure("median_due", elsewhere, len(others)))
    return Suggestion(
        rule=RULE,
        person=person,
        about=PERSON + person,
        advice="delegate" if many else "fewer_duties",
        figures=tuple(figures),
        since=day_of(asked.on - timedelta(days=DAYS), asked.zone),
        until=asked.day,
        events=tuple(sorted(event for one in lapsed for event in one.events)),
        once_for=f"{asked.day.year}-q{(asked.day.month + 2) // 3}",
        seen=(PERSON + person,),
    )


def lapse_rate(views: Views, asked: Circumstances, followed: Followed) -> float | None:
    """Return the share that lapsed of a lead's duties opened in a time; None where none was due."""
    own = [one.lapsed for one in _due(views, asked) if one.holder == followed.person]
    return sum(own) / len(own) if own else None


_TOLD = (
    "{lapsed} of the {lapsed_n} duties that you had as a lead within half a year lapsed ({lapse_rate}), "
    "{lapsed_unseen} of "
    "them unseen, of {kinds} kinds. "
)
_TOLD_ZH = (
    "半年内您作为负责人的 {lapsed_n} 项责任事项中有 {lapsed} 项逾期（{lapse_rate}），其中 {lapsed_unseen} 项未查看，"
    "涉及 {kinds} 类。"
)
RULE = Rule(
    name="lapsing-lead",
    version=1,
    title=Words("fewer, clearer duties or a delegate", "精简责任事项或设代理"),
    addressed=Words("the lead themself", "负责人本人"),
    needs=Words(
        f"{DUE} duties discharged or lapsed within {DAYS} days, {LAPSES} of them and a third at least lapsed; compared "
        f"with other leads where there are {LEADS}",
        f"{DAYS} 天内有 {DUE} 项已履行或逾期的责任事项，其中至少 {LAPSES} 项且三分之一逾期；有 {LEADS} 位其他负责人时"
        f"才作比较",
    ),
    limits={"due": DUE, "lapses": LAPSES, "leads": LEADS, "days": DAYS},
    texts={
        "delegate": Words(
            _TOLD
            + "You had {due}, the middle of {median_due_n} other leads is {median_due}: let somebody act for you in "
            "some of them.",
            _TOLD_ZH + "您共有 {due} 项，其他 {median_due_n} 位负责人的中位数为 {median_due}：可就部分事项委托代理。",
        ),
        "fewer_duties": Words(
            _TOLD
            + "It is not that you have more of them than others: agree with your lead which are needed, and by when.",
            _TOLD_ZH + "数量并不多于他人：可与您的上级商定哪些确有必要、何时完成。",
        ),
    },
    find=find,
    measure=Measure("lapse_rate", AFTER_DAYS, lower_is_better=True, of=lapse_rate),
)
