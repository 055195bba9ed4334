"""What people claim and systems measure: mostly the same, sometimes not, and sometimes nothing at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from api.demonstration.calendar import later, month_end, months
from api.demonstration.chance import chance_of
from api.demonstration.company import employed, lead_of, live_on, unit
from api.demonstration.goals import Goal, personal_goals
from api.demonstration.story import EntryOf, Story
from api.demonstration.strategy import AIMS, METRICS, Aim

STEADY = (0.93, 1.08)  # how far people stay from what was planned
OFF_PATH = {"noah-q2": 0.45, "luo-q3": 0.2, "leo-q1": 0.5, "wei-q2": 0.5, "tom-q3": 0.5, "jiang-q4": 0.4}
CONTRADICTING = frozenset({"xu-q2", "xu-q3", "qin-q4"})  # these claim better than what is measured
NEVER_REPORTED = frozenset({"feng-q3", "feng-q4", "jack-q3"})
NOTES = (
    "Two visits moved to next week. · 两次拜访改到下周。",
    "On plan. · 按计划推进。",
    "Waiting for an answer from logistics. · 等待物流回复。",
    "A good fortnight. · 这两周进展顺利。",
)


@dataclass(frozen=True, slots=True)
class Value:
    """What is so on a day, and what the owner says."""

    day: date
    measured: Decimal
    claimed: Decimal
    month_end: bool


def tell(story: Story) -> None:
    """Add claims, measurements, one corrected claim, and the monthly reports of units."""
    for goal in personal_goals():
        for number, value in enumerate(_values(goal), start=1):
            _claim(story, goal, value, number)
            _measure(story, goal, value)
    for aim in AIMS:
        _report_aim(story, aim)
    _correct(story)


def _values(goal: Goal) -> Iterator[Value]:
    """Yield what is reached in the middle and at the end of each month as long as the owner is there."""
    chance = chance_of(goal.name)
    skill = OFF_PATH.get(goal.name) or chance.uniform(*STEADY)
    for month in goal.quarter.months:
        for day in (month.replace(day=15), month_end(month)):
            if day < max(goal.starts, goal.assigned) or not employed(goal.owner, day):
                continue
            if day.day == 15 and goal.target.monthly and METRICS[goal.metric].source is None:
                continue  # who counts by hand counts once a month
            measured = _reached(goal, day, skill * chance.uniform(0.96, 1.04))
            yield Value(day, measured, _said(goal, measured), day.day > 15)


def _reached(goal: Goal, day: date, skill: float) -> Decimal:
    """Return the value on a day: a part of the month's amount, or a point on the way from baseline to target."""
    target = Decimal(goal.value)
    if goal.target.monthly:
        part = 1.0 if day.day > 15 else 0.5
        return _rounded(target * Decimal(part * skill), 0)
    if goal.baseline is None:
        return _rounded(target + Decimal(skill - 1) / 2, 2)
    baseline = Decimal(goal.baseline)
    gone = (day - goal.quarter.starts).days / (goal.quarter.ends - goal.quarter.starts).days
    return _rounded(baseline + (target - baseline) * Decimal(gone * skill), 2)


def _said(goal: Goal, measured: Decimal) -> Decimal:
    if goal.name not in CONTRADICTING:
        return measured
    better = Decimal(-2) if METRICS[goal.metric].direction == "decrease" else Decimal(4)
    return measured + better


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def brought_in(goal: Goal) -> int | None:
    """Return what a quarter's goal with a target a month came to in all; None for one that was not lived to its end."""
    months = [int(value.measured) for value in _values(goal) if value.month_end]
    return sum(months) if len(months) == len(goal.quarter.months) and employed(goal.owner, goal.quarter.ends) else None


def _claim(story: Story, goal: Goal, value: Value, number: int) -> None:
    if goal.name in NEVER_REPORTED:
        return
    day = later(value.day, 0)
    if not employed(goal.owner, day):
        return
    hour = 16 if day == value.day else 9
    claimed = TYPED_WRONG if (goal.name, number) == (CORRECTED, 2) else value.claimed
    story.add_called(
        f"{goal.name}-claim-{number}",
        day,
        hour,
        goal.owner,
        "goals/report-progress",
        story.id("goal", goal.name),
        value=claimed,
        day=value.day,
        health=_health(goal, number),
        note=NOTES[(number + len(goal.owner)) % len(NOTES)] if number % 3 == 1 else None,
    )


def _health(goal: Goal, number: int) -> str:
    """Who is off the path says so only at the end."""
    if goal.name not in OFF_PATH:
        return "on_track"
    return "on_track" if number < 3 else "at_risk" if number < 5 else "off_track"


def _measure(story: Story, goal: Goal, value: Value) -> None:
    """Systems measure at the end of a month, all their goals in one batch on the second day of the next."""
    source = METRICS[goal.metric].source
    if source is None or not value.month_end:
        return
    recorded = later(value.day, 2)
    if not employed(goal.owner, recorded):
        return  # the goal has been withdrawn
    story.add_to_batch(
        f"{source}-{value.day:%Y-%m}",
        recorded,
        7,
        f"system:{source}",
        "goals/record-measurement",
        story.id("goal", goal.name),
        value=value.measured,
        day=value.day,
        source=source,
    )


def _report_aim(story: Story, aim: Aim) -> None:
    """The unit's lead says each month how far the unit has come; a little behind a straight line all the way."""
    if aim.metric == "availability":
        return
    for month in months():
        day = month_end(month)
        recorded = day if day == aim.ends else later(day, 3)
        if not aim.starts <= day <= aim.ends:
            continue
        if not live_on(unit(aim.unit), recorded):
            continue
        value = _way(aim, day)
        by = lead_of(aim.unit, recorded)
        story.add(recorded, 11, by, "goals/report-progress", story.id("goal", aim.name), value=value, day=day)


def _way(aim: Aim, day: date) -> Decimal:
    baseline, target = Decimal(aim.baseline or 0), Decimal(aim.target)
    gone = (day - aim.starts).days / (aim.ends - aim.starts).days
    skill = chance_of(aim.name).uniform(0.86, 1.04)
    return _rounded(baseline + (target - baseline) * Decimal(gone * skill), 2)


CORRECTED, TYPED_WRONG = "liu-q1", Decimal(80)  # a claim with a digit too many


def _correct(story: Story) -> None:
    goal = next(g for g in personal_goals() if g.name == CORRECTED)
    value = list(_values(goal))[1]
    story.add(
        later(value.day, 4),
        9,
        goal.owner,
        "goals/correct-progress",
        story.id("goal", goal.name),
        entry=EntryOf(f"{CORRECTED}-claim-2"),
        value=value.claimed,
        note="One zero too many. · 多打了一个零。",
    )
