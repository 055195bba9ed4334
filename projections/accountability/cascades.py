"""The strategy map: every aim down to units and people, with amounts, what is covered, and what hangs on nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from projections.accountability.places import UNIT, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words
from projections.directory import queries as directory
from projections.engine import View
from projections.goals import queries
from projections.goals.queries import Wanted
from projections.goals.replay import When
from projections.goals.standings import GoalStanding

HIGHEST = 40  # no cascade has more levels; a circle ends here
BINDING = frozenset({"assigned", "closed"})
DEFINITION = (
    "One line (kind goal) for each goal that binds somebody at `on`, the aims first and each goal after the one it "
    "hangs on, with owner, level, target and progress, and whether it is an aim (of the unit at the top, under no "
    "other), an orphan (under no other, or under one that binds nobody, and no aim), or has nothing under it. And one "
    "line (kind coverage) for each goal with others under it: its amount over its own period, how much of that its "
    "children carry, what remains, and whose amounts can't be added. 8 a month for a year are 96 of 100: 4 remain. "
    "With `subject` only the goals up and down from one goal, or from those of one unit. Coverage is shown to who may "
    "see every goal that it is added up from."
)
DEFINITION_ZH = (
    "在 `on` 时对某人有约束力的每个目标一行（kind 为 goal），总目标在前，其余各在其上级目标之后，列出负责人、层级、"
    "目标值与进展，"
    "以及是否为总目标（属于最高单位且无上级）、孤立目标（无上级，或上级对任何人都没有约束力，且非总目标）、或无下级。"
    "另对每个有下级的目标一行（kind 为 coverage）：其自身期间内的总量、下级承担多少、剩余多少、谁的数量无法相加。"
    "每月 8、一年合计为 100 中的 96，剩余 4。给出 `subject` 时，只列某目标或某单位目标上下相连的目标。"
    "coverage 仅向有权查看其所合计的全部目标的人展示。"
)
WORDS = {"goal": Words("goal", "目标"), "coverage": Words("coverage by the goals under it", "下级目标的覆盖情况")}


@dataclass
class _Map:
    """The goals at a time, read as they are needed."""

    view: View
    directory: View
    asked: Circumstances
    goals: dict[str, GoalStanding] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)

    @property
    def when(self) -> When:
        """Return the time at which goals are read."""
        return When(self.asked.on, self.asked.day, self.asked.zone, self.asked.known)

    def listed(self, wanted: Wanted) -> list[GoalStanding]:
        """Return the goals that bind somebody, in order of id."""
        found, after = list[GoalStanding](), ""
        while True:
            page, following = queries.goals(self.view, wanted, self.when, after=after)
            found += [one for one in page if one.stage.value in BINDING]
            if following is None:
                return found
            after = following

    def take(self, found: Iterable[GoalStanding]) -> None:
        """Keep goals, and under which others they hang."""
        for one in found:
            if one.id not in self.goals:
                self.goals[one.id] = one
                if one.terms.parent is not None:
                    self.children.setdefault(one.terms.parent, []).append(one.id)

    def take_around(self, starts: Iterable[GoalStanding]) -> None:
        """Keep goals with all above and all below them."""
        waiting = list(starts)
        for start in waiting:
            above, level = start, 0
            while above.terms.parent is not None and level < HIGHEST:
                parent = queries.goal(self.view, above.terms.parent, self.when)
                if parent is None:
                    break
                self.take([parent])
                above, level = parent, level + 1
        while waiting:
            one = waiting.pop()
            self.take([one])
            waiting += [g for g in self.listed(Wanted(parent=one.id)) if g.id not in self.goals]

    def is_aim(self, goal: GoalStanding) -> bool:
        """Tell whether a goal is an aim: under no other, and of the unit at the top."""
        if goal.terms.parent is not None or not goal.owner.startswith(UNIT):
            return False
        unit = directory.unit(self.directory, goal.owner.removeprefix(UNIT), on=self.asked.on, known=self.asked.known)
        return unit is not None and unit.parent is None

    def in_order(self) -> Iterator[tuple[GoalStanding, int]]:
        """Yield goals with their level, each after the one it hangs on; aims first."""
        roots = [one for one in self.goals.values() if one.terms.parent not in self.goals]
        waiting = [(one, 0) for one in sorted(roots, key=lambda one: (not self.is_aim(one), one.id), reverse=True)]
        seen: set[str] = set()
        while waiting:
            one, level = waiting.pop()
            if one.id not in seen:
                seen.add(one.id)
                yield one, level
                waiting += [(self.goals[c], level + 1) for c in sorted(self.children.get(one.id, ()), reverse=True)]


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the map of all goals, or of those around one goal or unit."""
    found = _Map(views["goals"], views["directory"], asked)
    people = People(views["directory"], asked)
    if asked.subject is None:
        found.take(found.listed(Wanted()))
    else:
        found.take_around(_starts(found, asked.subject))
    lines: list[Line] = []
    for goal, level in found.in_order():
        if people.has(goal.owner):
            lines += _lines(found, goal, level)
    return Answer(tuple(lines))


def _starts(found: _Map, subject: str) -> list[GoalStanding]:
    kind, _, id = subject.partition("/")
    if kind == "goal":
        one = queries.goal(found.view, id, found.when)
        return [] if one is None else [one]
    return found.listed(Wanted(owners=[subject]))


def _lines(found: _Map, goal: GoalStanding, level: int) -> Iterator[Line]:
    children, aim = found.children.get(goal.id, []), found.is_aim(goal)
    parent = found.goals.get(goal.terms.parent or "")
    values = {
        "kind": "goal",
        "goal": goal.id,
        "level": level,
        "under": goal.terms.parent,
        "owner": goal.owner,
        "metric": goal.terms.metric,
        "target": goal.target.value,
        "interval": goal.terms.interval.value,
        "progress": goal.progress.value,
        "aim": aim,
        "orphan": not aim and (parent is None or parent.stage.value not in BINDING),
        "without_children": not children,
    }
    yield Line((f"goal/{goal.id}",), values, _events(goal))
    if children:
        yield _coverage(found, goal, sorted(children))


def _events(*goals: GoalStanding) -> tuple[Source, ...]:
    """Return the events that made the goals what they are: their terms and the targets in force."""
    entries = {entry for goal in goals for entry in (goal.terms_entry, goal.target_entry) if entry}
    lines = (line.entry for goal in goals for line in goal.lines)
    return tuple(sorted({Source(e.position, e.event_id) for e in lines if e.event_id in entries}))


def _coverage(found: _Map, goal: GoalStanding, children: list[str]) -> Line:
    under = queries.cascade(found.view, goal.id, children, found.when)
    told, rolled = under.coverage, under.rolled_up
    values = {
        "kind": "coverage",
        "goal": goal.id,
        "amount": None if told is None else told.whole.value,
        "covered": None if told is None else told.covered.value,
        "remainder": None if told is None else told.remainder.value,
        "share": None if told is None else told.share.value,
        "unknown": [] if told is None else [id for id, _ in told.unknown],
        "rolled_up": None if rolled is None else rolled.figure.value,
        "children": children,
    }
    about = (f"goal/{goal.id}", *(f"goal/{child}" for child in children))
    return Line(about, values, _events(goal, *under.children))


REPORT = Report(
    name="strategy-map",
    question="How is each aim carried by units and people, what is not covered, and what hangs on nothing?",
    definition=DEFINITION,
    version=1,
    views=("goals", "directory"),
    answer=answer,
    parameters=frozenset({"subject"}),
    thresholds=("roll_up",),
    question_zh="每个总目标由哪些单位和人员承担，哪些未被覆盖，哪些无所依附？",
    definition_zh=DEFINITION_ZH,
    period=False,
    subjects=frozenset({"goal", "unit", "person"}),
    words=WORDS,
)
