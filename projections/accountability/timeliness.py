"""Lateness: how much is recorded long after it took effect, and how much is back-dated, by actor and by unit."""

from collections.abc import Iterable
from dataclasses import dataclass

from projections.accountability.places import PERSON, UNIT, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words
from projections.audit_trail.lateness import Entered, entered_by_actor

BUCKETS = ("same_day", "within_7_days", "within_30_days", "within_90_days", "later")
DEFINITION = (
    "Of what was recorded in the period: one line for each person who acted and one for each home unit of theirs, with "
    "how many entries they recorded, how many of them late (recorded more than the policy's late window after they "
    "took effect), how many back-dated (dated before the earliest time that the command lets pass unmarked), the share "
    "of late ones, and how long after the effect they were recorded: within a day, 7, 30, 90 days, or later. "
    "Imported history and acts of rules and systems do not count. A unit is shown to who may see all of its actors. "
    "Home units are those at `on`."
)
DEFINITION_ZH = (
    "对期间内所记录的内容，每位行为人一行，其每个所属单位一行：记录了多少条，其中迟录（生效后超过制度迟录窗口才记录"
    "）多少条，"
    "倒签（日期早于命令允许不加标记的最早时间）多少条，迟录比例，以及生效后多久才记录：一日、7 日、30 日、90 日之内"
    "或更晚。"
    "导入的历史以及规则和系统的行为不计。单位行仅向有权查看其全部行为人的人展示。所属单位以 `on` 时为准。"
)
WORDS = {"person": Words("person", "个人"), "unit": Words("unit", "单位")}


@dataclass(frozen=True, slots=True)
class _Counted:
    """What several entries come to."""

    entries: int
    late: int
    back_dated: int
    buckets: tuple[int, ...]
    events: tuple[Source, ...]

    def values(self, of: str) -> dict[str, object]:
        spread = dict(zip(BUCKETS, self.buckets, strict=True))
        counts = {"entries": self.entries, "late": self.late, "back_dated": self.back_dated}
        return {"of": of, **counts, "late_share": round(self.late / self.entries, 4), **spread}


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return lateness by person, then by unit, in order of id."""
    people, told = People(views["directory"], asked), list[Entered]()
    after, last = asked.recorded[0], min(asked.recorded[1], asked.known)
    days = asked.terms.late_window_days
    told = entered_by_actor(views["audit_trail"], after=after, last=last, late_days=days, known=asked.known)
    told = [one for one in told if ":" not in one.actor and people.has_person(one.actor)]
    lines = [Line((PERSON + one.actor,), (c := _counted([one])).values("person"), c.events) for one in told]
    of_unit: dict[str, list[Entered]] = {}
    for one in told:
        home = people.home_of(one.actor)
        if home is not None:
            of_unit.setdefault(home, []).append(one)
    for unit, members in sorted(of_unit.items()):
        counted, about = _counted(members), (UNIT + unit, *(PERSON + one.actor for one in members))
        lines.append(Line(about, counted.values("unit"), counted.events))
    return Answer(tuple(lines))


def _counted(told: Iterable[Entered]) -> _Counted:
    several = list(told)
    return _Counted(
        entries=sum(one.entries for one in several),
        late=sum(one.late for one in several),
        back_dated=sum(one.back_dated for one in several),
        buckets=tuple(sum(column) for column in zip(*(one.buckets for one in several), strict=True)),
        events=tuple(sorted(Source(position, id) for one in several for id, position in one.events)),
    )


REPORT = Report(
    name="lateness",
    question="Who records late or back-dated, how often, and how long after?",
    definition=DEFINITION,
    version=1,
    views=("audit_trail", "directory"),
    answer=answer,
    thresholds=("late_window_days",),
    question_zh="谁记录得晚或倒签，频率如何，晚了多久？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
