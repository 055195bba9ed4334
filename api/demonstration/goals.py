"""Personal goals, quarter by quarter: given by the lead, accepted or disputed by the owner, closed by the lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from api.demonstration.calendar import QUARTERS, Quarter, later, on, workday
from api.demonstration.company import (
    PEOPLE,
    RESULT_ONLY_LEAD,
    Person,
    employed,
    last_day,
    lead_of,
    live_on,
    person,
    unit,
)
from api.demonstration.story import Story
from api.demonstration.strategy import AIM_OF_TEAM, METRICS


@dataclass(frozen=True, slots=True)
class Target:
    """What each member of a team is asked for: a value a month, or one to be reached by the end of the quarter.

    `steps` are the values at the ends of the four quarters, after the one at the year's beginning.
    """

    steps: tuple[str, str, str, str, str]
    title: str
    monthly: bool = False
    part: str | None = None  # of the team's aim, where values add up


TARGETS = {
    "sales-east": Target(("0", "8", "8", "8", "8"), "8 new customers a month · 每月新增 8 家", True, "0.06"),
    "sales-west": Target(("0", "8", "8", "8", "8"), "8 new customers a month · 每月新增 8 家", True, "0.06"),
    "sales-overseas": Target(("0", "6", "6", "6", "6"), "6 new customers a month · 每月新增 6 家", True, "0.09"),
    "platform": Target(("0", "4", "4", "5", "5"), "Features of the month · 每月交付功能", True, "0.06"),
    "sensors": Target(("40", "35", "30", "25", "20"), "Fewer open defects · 减少未关闭缺陷"),
    "quality": Target(("0", "2", "2", "2", "2"), "Two audits a month · 每月两次审核", True, "0.0833"),
    "support": Target(("9.0", "7.5", "6.0", "5.0", "4.0"), "Answer sooner · 更快响应"),
    "field-service": Target(("78", "80", "83", "86", "88"), "Fixed on the first visit · 一次修好"),
    "logistics": Target(("91", "92", "94", "95", "96"), "On time · 准时发货"),
    "purchasing": Target(("2", "3", "4", "5", "5"), "Buy for less · 降本采购"),
    "finance": Target(("9", "8", "7", "6", "6"), "Close sooner · 更快月结"),
    "people": Target(("60", "56", "52", "48", "45"), "Hire sooner · 更快到岗"),
    "it": Target(("99.9", "99.9", "99.9", "99.9", "99.9"), "Always there · 系统常在线"),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A person's goal for a quarter, or for what is left of it when they join within."""

    owner: str
    team: str
    quarter: Quarter
    starts: date
    target: Target

    @property
    def name(self) -> str:
        """Return its name in the story, as in `wang-q2`."""
        return f"{self.owner}-{self.quarter.name}"

    @property
    def metric(self) -> str:
        """Return the metric."""
        return AIM_OF_TEAM[self.team].metric

    @property
    def baseline(self) -> str | None:
        """Return where it starts."""
        held = METRICS[self.metric].direction == "maintain"
        return None if held else self.target.steps[0 if self.target.monthly else self.quarter.number - 1]

    @property
    def value(self) -> str:
        """Return the target."""
        return self.target.steps[self.quarter.number]

    @property
    def assigned(self) -> date:
        """Return the day on which it is given: before the quarter, but late in purchasing."""
        if self.starts != self.quarter.starts:
            return workday(self.starts)
        if self.team == LATE_TEAM and self.quarter.number > 1:
            return later(self.starts, 30)
        return later(self.starts, -3 if self.quarter.number == 1 else -8)

    @property
    def closed(self) -> date:
        """Return the day on which the lead closes it."""
        return later(self.quarter.ends, 7)


LATE_TEAM = "purchasing"  # its goals come when a third of the quarter has gone
DISPUTED = {"emma-q1": ("6", "Two of my regions have no product yet. · 两个区域尚无产品可售。"), "song-q3": ("3", None)}
PROPOSED = {"deng-q2": "kong", "luo-q3": "luo"}  # who suggests what the lead then adopts
RAISED = {"wang-q2": ("zhao", "10"), "qin-q3": ("wei", "4.5")}  # who takes on a leaver's part, and the new target
KEPT_OPEN = frozenset({"jack-q4", "bai-q3"})  # nobody takes care of these when their owners leave
LEFT_UNFINISHED: tuple[str, dict[str, object]] = ("goals/withdraw", {"reason": "leaver"})
NEVER_CLOSED_BY = frozenset({"rao"})  # this lead leaves goals of the last quarter open


def personal_goals() -> Iterator[Goal]:
    """Yield every personal goal of the year, in the order of quarters and people."""
    for quarter in QUARTERS:
        for each in PEOPLE:
            goal = _goal(each, quarter)
            if goal is not None:
                yield goal


def _goal(owner: Person, quarter: Quarter) -> Goal | None:
    starts = max(owner.since, quarter.starts)
    if starts > later(quarter.ends, -28) or owner.until <= starts:
        return None
    team = owner.unit_on(starts)
    if team is None or team not in TARGETS or not live_on(unit(team), starts) or lead_of(team, starts) == owner.nick:
        return None
    return Goal(owner.nick, team, quarter, starts, TARGETS[team])


def lead(goal: Goal, day: date) -> str:
    """Return who leads the owner on a day: the lead of the team, or the one above where the owner leads it."""
    team = person(goal.owner).unit_on(day) or goal.team
    leads = lead_of(team, day)
    return leads if leads != goal.owner else lead_above(team, day)


def lead_above(team: str, day: date) -> str:
    """Return who leads the unit above a team."""
    return lead_of(unit(team).parent_on(day) or team, day)


def _setter(goal: Goal) -> str:
    """Return who gives the goal: the lead, or the one above a lead who only waits for results."""
    by = lead(goal, goal.assigned)
    return by if by != RESULT_ONLY_LEAD else lead_above(goal.team, goal.assigned)


def tell(story: Story) -> None:
    """Add how goals are given, answered and ended."""
    for goal in personal_goals():
        _suggest(story, goal)
        _assign(story, goal)
        _answer(story, goal)
        _end(story, goal)
    for name, (leaver, value) in RAISED.items():
        _raise(story, name, leaver, value)


def _terms(story: Story, goal: Goal) -> dict[str, object]:
    maintained = METRICS[goal.metric].direction == "maintain"
    share = goal.target.part if goal.starts == goal.quarter.starts else None
    return {
        "owner": story.holder(goal.owner),
        "title": f"{goal.target.title} · {goal.quarter.name.upper()}",
        "metric": goal.metric,
        "baseline": goal.baseline,
        "target": goal.value,
        "tolerance": "0.1" if maintained else None,
        "interval": "month" if goal.target.monthly else "period",
        "scored_by": "attainment" if goal.target.monthly else "progress",
        "starts_on": goal.starts,
        "ends_on": goal.quarter.ends,
        "parent": story.id("goal", AIM_OF_TEAM[goal.team].name),
        "share": share,
    }


def _suggest(story: Story, goal: Goal) -> None:
    if goal.name in PROPOSED:
        id = story.id("goal", goal.name)
        story.add(later(goal.assigned, -5), 15, PROPOSED[goal.name], "goals/propose", id, **_terms(story, goal))


def _assign(story: Story, goal: Goal) -> None:
    story.add(goal.assigned, 10, _setter(goal), "goals/assign", story.id("goal", goal.name), **_terms(story, goal))


def _answer(story: Story, goal: Goal) -> None:
    id, day = story.id("goal", goal.name), later(goal.assigned, 1 + len(goal.owner) % 3)
    if goal.name not in DISPUTED:
        story.add(day, 14, goal.owner, "goals/accept", id)
        return
    counter, note = DISPUTED[goal.name]
    story.add(day, 14, goal.owner, "goals/dispute", id, counter_target=counter, note=note)
    if goal.name == "emma-q1":  # the lead follows, and the owner accepts; the other dispute is left standing
        story.add(on(1, 20), 10, lead(goal, day), "goals/revise-target", id, target="7", reason="agreed-with-owner")
        story.add(on(1, 21), 14, goal.owner, "goals/accept", id)


def _end(story: Story, goal: Goal) -> None:
    """The lead closes it a week after the quarter; what a leaver leaves unfinished is withdrawn on the last day."""
    id = story.id("goal", goal.name)
    if employed(goal.owner, goal.closed):
        by = lead(goal, goal.closed)
        if not (goal.quarter.number == 4 and by in NEVER_CLOSED_BY):
            story.add(goal.closed, 15, by, "goals/close", id)
    elif goal.name not in KEPT_OPEN:
        day = last_day(goal.owner) - timedelta(days=max(0, last_day(goal.owner).weekday() - 4))
        path, reason = ("goals/close", {}) if employed(goal.owner, goal.quarter.ends) else LEFT_UNFINISHED
        story.add(day, 18, lead(goal, day), path, id, **reason)


def _raise(story: Story, name: str, leaver: str, value: str) -> None:
    """A colleague takes on part of what somebody who leaves was to reach, from the day after."""
    owner = name.split("-", maxsplit=1)[0]
    day = later(last_day(leaver), 3)
    by = lead_of(person(owner).unit, day)
    id = story.id("goal", name)
    story.add(day, 11, by, "goals/revise-target", id, target=value, reason="takes-over-from-leaver")
    story.add(later(day, 1), 14, owner, "goals/accept", id)
