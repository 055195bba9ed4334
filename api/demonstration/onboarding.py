"""Onboarding: what is expected of each hire, shown and acknowledged, and how their probation ends."""

from dataclasses import dataclass
from datetime import date

from api.demonstration.calendar import later, on
from api.demonstration.company import lead_of, person
from api.demonstration.goals import TARGETS
from api.demonstration.story import ContentOf, Story
from api.demonstration.strategy import AIM_OF_TEAM


@dataclass(frozen=True, slots=True)
class Step:
    """What is proposed about a probation on one day, and carried out by HR two days later."""

    day: date
    by: str
    outcome: str
    carried_out_by: str
    until: date | None = None
    reason: str | None = None


SHOWN_LATE = {"owen": (on(5, 28), "hannah")}  # their own lead had let the day pass
PROBATIONS = {
    "owen": (
        Step(on(8, 5), "hannah", "extend", "mei", until=on(9, 10), reason="more_time"),
        Step(on(9, 2), "hannah", "confirm", "mei"),
    ),
    "iris": (Step(on(10, 9), "chen", "confirm", "kong"),),
    "shu": (Step(on(10, 22), "chen", "confirm", "kong"),),
    "min": (Step(on(12, 9), "hannah", "confirm", "kong"),),
    "bella": (Step(on(12, 29), "ethan", "confirm", "jane"),),
}


def tell(story: Story) -> None:
    """Add what is shown, acknowledged, proposed and carried out."""
    for nick, steps in PROBATIONS.items():
        _show(story, nick)
        for step in steps:
            _decide(story, nick, step)


def _show(story: Story, nick: str) -> None:
    """The hiring lead shows it in the first days, and the hire takes note of exactly that."""
    hire, called = person(nick), f"expectations/{nick}"
    target, metric = TARGETS[hire.unit], AIM_OF_TEAM[hire.unit].metric
    interval = "month" if target.monthly else "quarter"
    expected = [{"metric": metric, "target": target.steps[-1], "interval": interval}]
    day, by = SHOWN_LATE.get(nick, (later(hire.since, 2), lead_of(hire.unit, hire.since)))
    id = story.person(nick)
    story.add_called(called, day, 11, by, "onboardings/present", id, expectations=expected)
    story.add(later(day, 1), 15, nick, "onboardings/acknowledge", id, content=ContentOf(called))


def _decide(story: Story, nick: str, step: Step) -> None:
    id = story.person(nick)
    story.add(
        step.day, 13, step.by, "probations/propose", id, outcome=step.outcome, until=step.until, reason=step.reason
    )
    story.add(later(step.day, 2), 13, step.carried_out_by, f"probations/{step.outcome}", id)
