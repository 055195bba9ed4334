"""Coaching: most leads talk with each of their people in three rounds and at the end, and agree on what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from api.demonstration.calendar import QUARTERS, later, on
from api.demonstration.company import (
    LEADS,
    RESULT_ONLY_LEAD,
    SILENT_LEAD,
    SPEECHLESS,
    UNITS,
    away,
    employed,
    lead_of,
    live_on,
    members,
)
from api.demonstration.goals import lead_above, personal_goals
from api.demonstration.story import EntryOf, Story

ROUNDS = (on(4, 7), on(7, 29), on(11, 17))
CLOSING = date(2026, 1, 6)
AGREED = (
    "Visit both stuck accounts together. · 一起拜访两个停滞的客户。",
    "Write the test first, then the driver. · 先写测试，再写驱动。",
    "Ask finance for the figures by the fifth. · 每月五日前向财务取数。",
)
ACTION_OF = 4  # with every fourth conversation something is agreed
LOOKS = (1, 4)  # weekdays on which leads go through their lists: Tuesday and Friday


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation between a lead and somebody they lead, about the goal of the quarter."""

    day: date
    coach: str
    person: str
    goal: str

    @property
    def name(self) -> str:
        """Return its name in the story."""
        return f"{self.coach}-{self.person}-{self.day:%y%m%d}"


_GOALS = {(goal.owner, goal.quarter.number): goal.name for goal in personal_goals()}


def tell(story: Story) -> None:
    """Add the conversations, what is agreed in them and done, and that leads go through their lists twice a week."""
    for number, talk in enumerate(talks(), start=1):
        _hold(story, talk)
        if number % ACTION_OF == 0:
            _agree(story, talk, number)
    _look(story)


def talks() -> Iterator[Talk]:
    """Yield the conversations of the year; the closing ones are held by the lead above where the lead holds none."""
    for start in (*ROUNDS, CLOSING):
        for number, each in enumerate(UNITS):
            day = later(start, number % 9 if start != CLOSING else number % 3)
            if live_on(each, day):
                yield from _of_unit(each.id, day, closing=start == CLOSING)


def _of_unit(id: str, day: date, *, closing: bool) -> Iterator[Talk]:
    coach = lead_of(id, day)
    if coach in SPEECHLESS:
        if not closing:
            return
        coach = lead_above(id, day)
    quarter = next((each for each in QUARTERS if day <= each.ends), QUARTERS[-1])
    for person in members(id, day):
        goal = _GOALS.get((person, quarter.number))
        if goal is not None:
            yield Talk(day, coach, person, goal)


def _hold(story: Story, talk: Talk) -> None:
    id, goals = story.id("coaching", talk.name), [story.id("goal", talk.goal)]
    story.add(talk.day, 13, talk.coach, "coachings/hold", id, person=story.person(talk.person), goals=goals)


def _agree(story: Story, talk: Talk, number: int) -> None:
    """What is agreed is done in three weeks; every fifth action is forgotten."""
    id, called, due_on = story.id("coaching", talk.name), f"action/{talk.name}", later(talk.day, 21)
    text, holder = AGREED[number % len(AGREED)], story.person(talk.person)
    story.add_called(
        called, talk.day, 14, talk.coach, "coachings/agree-action", id, holder=holder, due_on=due_on, text=text
    )
    done = later(talk.day, 18)
    if number % (5 * ACTION_OF) and employed(talk.person, done) and talk.day < CLOSING:
        story.add(done, 16, talk.person, "coachings/complete-action", id, action=EntryOf(called))


def _look(story: Story) -> None:
    """Whoever only waits for results looks at no list; who leads on paper looks, and talks to nobody."""
    day = on(1, 7)
    while day < CLOSING:
        if day.weekday() in LOOKS:
            for nick in dict.fromkeys(lead for led, lead, since in LEADS if since <= day and lead_of(led, day) == lead):
                if nick not in (SILENT_LEAD, RESULT_ONLY_LEAD) and not away(nick, day):
                    story.add_look(day, 8, nick, talks=nick not in SPEECHLESS)
        day = later(day, 1)
