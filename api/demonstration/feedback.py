"""Feedback: most leads speak to their people each month, colleagues now and then, three leads never do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from api.demonstration.calendar import QUARTERS, later, months, on
from api.demonstration.chance import chance_of
from api.demonstration.company import (
    ON_PAPER_LEAD,
    SILENT_LEAD,
    SPEECHLESS,
    UNITS,
    away,
    employed,
    lead_of,
    live_on,
    members,
    reports,
)
from api.demonstration.goals import personal_goals
from api.demonstration.story import Story

TEXTS = {
    "praise": (
        "Your preparation won that meeting. · 那次会面，你的准备起了决定作用。",
        "Clear, early and complete: thank you. · 清楚、及时、完整，谢谢。",
        "You helped a colleague without being asked. · 你主动帮助了同事。",
    ),
    "advice": (
        "Ask the customer for the date first. · 先向客户确认日期。",
        "Write down what was agreed, the same day. · 当天把约定写下来。",
        "Let us look at the two slow cases together. · 我们一起看看那两个慢的案例。",
    ),
    "concern": (
        "Three deadlines moved in a row; let us talk. · 连续三次延期，我们谈一谈。",
        "I learn of risks late. · 我总是很晚才知道风险。",
    ),
}
VISIBILITY = {"praise": "line", "advice": "named", "concern": "hr_partner"}
UNREAD_OF = 7  # one in seven is never acknowledged


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of feedback between two people."""

    day: date
    giver: str
    recipient: str
    kind: str

    @property
    def name(self) -> str:
        """Return its name in the story."""
        return f"{self.giver}-{self.recipient}-{self.day:%m%d}"


def tell(story: Story) -> None:
    """Add what leads and colleagues say, and that it is read."""
    for number, word in enumerate((*_from_leads(), *_from_colleagues()), start=1):
        _give(story, word, number)
        if number % UNREAD_OF:
            _acknowledge(story, word, number)
    _hannah_speaks_up(story)
    _second_thoughts(story)


def _from_leads() -> Iterator[Word]:
    """Yield what each lead says in a month to every second of those they lead."""
    for month in months():
        for unit in UNITS:
            day = later(month, 8 + len(unit.id) % 12)
            lead = lead_of(unit.id, max(day, unit.formed))
            if lead in SPEECHLESS or away(lead, day) or not live_on(unit, day):
                continue
            for index, nick in enumerate(reports(unit.id, day)):
                if (index + month.month) % 2:
                    yield Word(day, lead, nick, _kind(f"{lead}/{nick}/{month}"))


def _from_colleagues() -> Iterator[Word]:
    for month in months():
        chance = chance_of(f"{month}")
        for unit in chance.sample(UNITS, 6):
            day = later(month, 17)
            team = members(unit.id, day) if live_on(unit, day) else ()
            if len(team) > 1 and lead_of(unit.id, day) != ON_PAPER_LEAD:
                giver, recipient = chance.sample(team, 2)
                yield Word(day, giver, recipient, "praise" if month.month % 2 else "advice")


def _kind(seed: str) -> str:
    return chance_of(seed).choices(("praise", "advice", "concern"), (5, 4, 1))[0]


_GOALS = {(g.owner, g.quarter.number): g for g in personal_goals()}


def _about(story: Story, word: Word) -> dict[str, str] | None:
    """Return the recipient's goal of the quarter, if it has been given by then."""
    quarter = next(q for q in QUARTERS if word.day <= q.ends)
    goal = _GOALS.get((word.recipient, quarter.number))
    if goal is None or word.day <= goal.assigned:
        return None
    return {"kind": "goal", "id": story.id("goal", goal.name)}


def _give(story: Story, word: Word, number: int) -> None:
    texts = TEXTS[word.kind]
    story.add(
        word.day,
        11,
        word.giver,
        "feedback/give",
        story.id("feedback", word.name),
        recipient=story.person(word.recipient),
        about=_about(story, word),
        kind=word.kind,
        text=texts[number % len(texts)],
        visibility=VISIBILITY[word.kind],
    )


def _acknowledge(story: Story, word: Word, number: int) -> None:
    day = later(word.day, 1 + number % 5)
    if employed(word.recipient, day):
        story.add(day, 17, word.recipient, "feedback/acknowledge", story.id("feedback", word.name))


def _hannah_speaks_up(story: Story) -> None:
    """The lead above hears that the support team is never spoken to, and says so; it changes nothing."""
    id = story.id("feedback", "hannah-speaks-up")
    text = "Three of your people left and none had heard from you. · 三位同事离开，此前从未得到你的反馈。"
    story.add(
        on(11, 5),
        14,
        "hannah",
        "feedback/give",
        id,
        recipient=story.person(SILENT_LEAD),
        about={"kind": "unit", "id": "support"},
        kind="concern",
        text=text,
        visibility="hr_partner",
    )
    story.add(on(11, 12), 17, SILENT_LEAD, "feedback/acknowledge", id)


def _second_thoughts(story: Story) -> None:
    """One piece is put otherwise and read again, one is taken back."""
    put, back = story.id("feedback", "tang-noah"), story.id("feedback", "ethan-qian")
    noah, qian = story.person("noah"), story.person("qian")
    story.add(
        on(6, 4),
        15,
        "tang",
        "feedback/give",
        put,
        recipient=noah,
        kind="concern",
        text="This will not do. · 这样不行。",
    )
    milder = "The figures worry me; which two accounts are stuck? · 数字让我担心，是哪两个客户卡住了？"
    story.add(on(6, 5), 15, "tang", "feedback/correct", put, text=milder)
    story.add(on(6, 6), 17, "noah", "feedback/acknowledge", put)
    mistaken = "The release was late because of you. · 发布延期是你造成的。"
    story.add(on(9, 3), 15, "ethan", "feedback/give", back, recipient=qian, kind="concern", text=mistaken)
    story.add(on(9, 4), 15, "ethan", "feedback/withdraw", back)
