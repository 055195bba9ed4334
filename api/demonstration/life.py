"""The year, from the first day to the real time: every chapter is told, then all is played in order of time."""

from collections.abc import Callable

from api.demonstration import (
    boundary,
    changes,
    coaching,
    feedback,
    goals,
    helping,
    hiring,
    learning,
    onboarding,
    opening,
    policies,
    progress,
    reviews,
    strategy,
    subjects,
    survey,
)
from api.demonstration.company import AUDITOR, FIRST_ADMINISTRATOR, OPERATOR, SECOND_ADMINISTRATOR
from api.demonstration.playing import Player
from api.demonstration.story import Story
from ledger.application import Ledger
from ledger.kernel.clock import SimulatedClock

CHAPTERS = (
    opening, policies, strategy, goals, progress, feedback, coaching, helping, boundary, subjects, hiring, onboarding,
    learning, survey, changes, reviews,
)  # fmt: skip
BEARERS = {
    "employee": "wang",
    "lead": "chen",
    "hr_partner": "kong",
    "hr_administrator": FIRST_ADMINISTRATOR,
    "second_hr_administrator": SECOND_ADMINISTRATOR,
    "auditor": AUDITOR,
    "subscriber": "system:payroll",
    "operator": OPERATOR,
}


async def live(ledger: Ledger, clock: SimulatedClock, report: Callable[[int, int], None]) -> dict[str, str]:
    """Let the company live its year on a fresh ledger; return a token per role, good for ten years from now.

    The ledger was made with `clock`, which stands at `BEGINS`; it is released to the real time at the end. `report`
    is called with the acts done and all acts. Raises Refusal, with the act noted, where the ledger does not take one.
    """
    player = Player(ledger, clock, tell())
    await player.play(report)
    clock.release()
    return {role: player.tokens[nick] for role, nick in BEARERS.items()}


def tell() -> Story:
    """Return the whole story, not played yet: the same acts every time, under ids drawn anew."""
    story = Story()
    for chapter in CHAPTERS:
        chapter.tell(story)
    return story
