"""A survey: four teams say in confidence how they are led; the team too small to be shown is shown with another."""

from api.demonstration.calendar import later, on
from api.demonstration.company import FIRST_ADMINISTRATOR, members
from api.demonstration.story import Story

OPENED, CLOSES = on(6, 23), on(7, 4)  # the rules close it on the day after
UNITS = ("sales-east", "sales-west", "support", "it")  # `it` has two to answer: fewer than may be shown
QUESTIONS = {
    "heard": "My lead speaks with me about my work. · 上级经常与我沟通工作。",
    "clear": "I know what is expected of me. · 我清楚对我的期望。",
}
SAID = {"support": (1, 2), "it": (3, 2), "sales-east": (4, 5), "sales-west": (4, 4)}  # from 1 to 5


def tell(story: Story) -> None:
    """Add the survey, and its answers, which leave no trace of who gave them."""
    id, units = story.id("survey", "summer"), list(UNITS)
    questions = [{"code": code, "kind": "scale"} for code in QUESTIONS]
    fields = {"questions": questions, "units": units, "closes_on": CLOSES, "wording": QUESTIONS}
    story.add(OPENED, 9, FIRST_ADMINISTRATOR, "surveys/open", id, **fields)
    for unit in UNITS:
        for number, nick in enumerate(members(unit, OPENED)):
            heard, clear = SAID[unit]
            answers = {"heard": max(1, heard - number % 2), "clear": clear}
            story.add(later(OPENED, 1 + number), 12, nick, "surveys/answer", id, answers=answers)
    again = {"heard": 5, "clear": 5}
    story.add_refused("survey_answered", on(7, 2), 12, "wang", "surveys/answer", id, answers=again)
