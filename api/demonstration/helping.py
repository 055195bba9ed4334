"""Helping: difficulties answered in time and late, a call for support, and a deputy while a lead is away."""

from datetime import date

from api.demonstration.calendar import on
from api.demonstration.company import AWAY, DEPUTIES, SECOND_ADMINISTRATOR
from api.demonstration.story import EntryOf, Story

IN_TIME, LATE, CALL = "peng-q3", "qin-q2", "emma-q3"  # the goals that it is about


def tell(story: Story) -> None:
    """Add absence and deputy, then who asks for help and who gives it."""
    for nick, (since, until) in AWAY.items():
        _leave_to_deputy(story, nick, since, until)
    _raise(story, LATE, on(4, 14), "dependency", "The old ticketing system drops mails. · 旧工单系统丢邮件。")
    _help(story, LATE, on(4, 25), "hannah", on(5, 9))
    _raise(story, IN_TIME, on(9, 9), "resources", "Two vans for three crews. · 三个小组只有两辆车。")
    _help(story, IN_TIME, on(9, 11), DEPUTIES["cao"], on(9, 17), principal="cao")
    id = story.id("goal", CALL)
    note = "I should like to learn how to close. · 希望学习成交技巧。"
    story.add_called("call", on(8, 5), 16, "emma", "goals/request-support", id, concern="skills", note=note)
    story.add(on(8, 7), 11, "kong", "goals/give-support", id, call=EntryOf("call"), note="A course. · 安排课程。")


def _leave_to_deputy(story: Story, nick: str, since: date, until: date) -> None:
    id, deputy = story.person(nick), story.person(DEPUTIES[nick])
    recorded, back = on(9, 4), on(9, 19)
    path, dated = "people/start-absence", {"effective_at": since}
    story.add(recorded, 14, SECOND_ADMINISTRATOR, path, id, kind="parental", expected_until=back, **dated)
    scope = ["goals", "feedback", "reviews"]
    story.add(recorded, 15, nick, "people/delegate", id, delegate=deputy, scope=scope, until=until, **dated)
    story.add(back, 14, SECOND_ADMINISTRATOR, "people/end-absence", id, effective_at=until)


def _raise(story: Story, goal: str, day: date, concern: str, note: str) -> None:
    called, owner = f"difficulty/{goal}", goal.partition("-")[0]
    path = "goals/raise-difficulty"
    story.add_called(called, day, 16, owner, path, story.id("goal", goal), concern=concern, note=note)


def _help(story: Story, goal: str, day: date, by: str, resolved: date, *, principal: str | None = None) -> None:
    id, owner, difficulty = story.id("goal", goal), goal.partition("-")[0], EntryOf(f"difficulty/{goal}")
    if principal is None:
        story.add(day, 11, by, "goals/give-support", id, call=difficulty)
    else:
        story.add_for(principal, day, 11, by, "goals/give-support", id, call=difficulty)
    story.add(resolved, 16, owner, "goals/resolve-difficulty", id, difficulty=difficulty)
