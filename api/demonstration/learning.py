"""Learning: a course for the west in summer, one who gives it up, and what teams and sellers brought each quarter."""

from api.demonstration.calendar import QUARTERS, later, on
from api.demonstration.chance import chance_of
from api.demonstration.company import FIRST_ADMINISTRATOR, lead_of
from api.demonstration.goals import Goal, personal_goals
from api.demonstration.progress import brought_in
from api.demonstration.story import Story

COURSE, METRIC, VISITS = "customer-visits", "new-customers", "visits"
TAKEN = (on(6, 16), on(6, 20))
TAKERS = {"liu": True, "deng": True, "noah": True, "feng": False}  # whether they complete it; nobody else takes it
BROUGHT = {"sales-east": (88, 91, 90, 93), "sales-west": (70, 72, 86, 95)}  # customers a quarter, as their leads say
A_QUARTER, LEARNED = 100, 20  # visits that bring what is asked for, and more of them after the course


def tell(story: Story) -> None:
    """Add the course, who takes it, and the results by quarter that it can be measured on."""
    story.add(
        on(6, 3), 16, FIRST_ADMINISTRATOR, "courses/define", COURSE, label="Customer visits 客户拜访",
        metrics=[METRIC, VISITS],
    )  # fmt: skip
    starts_on, ends_on = TAKEN
    lead = lead_of("sales-west", starts_on)
    for nick, completes in TAKERS.items():
        id = story.id("training", nick)
        terms = {"person": story.person(nick), "course": COURSE, "starts_on": starts_on, "ends_on": ends_on}
        story.add(on(6, 5), 16, lead, "trainings/assign", id, **terms)
        story.add(ends_on, 17, nick, "trainings/complete" if completes else "trainings/abandon", id)
    for unit, values in BROUGHT.items():
        for quarter, value in zip(QUARTERS, values, strict=True):
            _brought(story, unit, quarter.number, value)
    for goal in personal_goals():
        if goal.metric == METRIC and goal.starts == goal.quarter.starts:
            _visited(story, goal)


def _brought(story: Story, unit: str, number: int, value: int) -> None:
    """A lead reports what the unit brought in a quarter: in the days after it, the last one on its last day."""
    quarter = QUARTERS[number - 1]
    said_on = quarter.ends if number == len(QUARTERS) else later(quarter.ends, 3)
    period = {"starts_on": on(number * 3 - 2, 1), "ends_on": quarter.ends}
    lead = lead_of(unit, said_on)
    story.add(said_on, 18, lead, "outcomes/record", f"unit/{unit}", metric=METRIC, value=value, source="crm", **period)


def _visited(story: Story, goal: Goal) -> None:
    """The system counts each seller's visits: they go with the customers brought, and rise after the course."""
    customers, asked_for = brought_in(goal), int(goal.value) * len(goal.quarter.months)
    if customers is None:
        return
    learned = LEARNED if TAKERS.get(goal.owner) and goal.quarter.number > 2 else 0
    visits = A_QUARTER * customers // asked_for + learned + chance_of(f"visits/{goal.name}").randint(-2, 2)
    period = {"starts_on": goal.starts, "ends_on": goal.quarter.ends}
    story.add_to_batch(
        f"crm-visits-{goal.quarter.name}", later(goal.quarter.ends, 4), 7, "system:crm", "outcomes/record",
        f"person/{story.person(goal.owner)}", metric=VISITS, value=visits, source="crm", **period,
    )  # fmt: skip
