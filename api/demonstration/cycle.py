"""The cycle of the year: planned, opened and closed by HR stage by stage, and its figures fed back to the leads."""

from datetime import date

from api.demonstration.calendar import CLOSED, OPENED, later, on
from api.demonstration.company import FIRST_ADMINISTRATOR, HR_PARTNERS, lead_of, unit
from api.demonstration.story import Story

CYCLE = "year-2025"
STAGES = {  # the first and the last day of each
    "self_assessment": (on(12, 1), on(12, 9)),
    "review": (on(12, 10), on(12, 16)),
    "calibration": (on(12, 17), on(12, 19)),
    "results": (on(12, 22), date(2026, 1, 9)),
}
SLACK_FOR = frozenset({"finance", "it"})  # whose leads hear of no figures: HR's own lapses
OVER = date(2026, 1, 12)


def tell(story: Story, teams: tuple[str, ...]) -> None:
    """Add the course of the cycle, for the teams whose people are reviewed."""
    by = FIRST_ADMINISTRATOR
    planned = [{"stage": stage, "opens_on": first, "closes_on": last} for stage, (first, last) in STAGES.items()]
    period = {"starts_on": OPENED, "ends_on": CLOSED}
    story.add(on(11, 3), 9, by, "cycles/plan", CYCLE, label="2025 年度绩效", stages=planned, scale="four", **period)
    leads = [story.person(nick) for nick in dict.fromkeys(lead_of(team, on(11, 12)) for team in teams)]
    story.add(on(11, 12), 9, by, "cycles/brief-assessors", CYCLE, assessors=leads)
    story.add(on(11, 24), 9, by, "cycles/open", CYCLE)
    for stage, (first, last) in STAGES.items():
        story.add(first, 9, by, "cycles/open-stage", CYCLE, stage=stage)
        story.add(last, 18, by, "cycles/close-stage", CYCLE, stage=stage)
        _present(story, teams, stage, later(last, 4))
    story.add(OVER, 9, by, "cycles/close", CYCLE)
    story.add(later(OVER, 1), 9, by, "policies/review", "performance", version=2, finding="change", cycle=CYCLE)


def _present(story: Story, teams: tuple[str, ...], stage: str, day: date) -> None:
    for team in teams:
        if team not in SLACK_FOR:
            leads = [story.person(lead_of(team, day))]
            by = _partner(team, day)
            story.add(day, 14, by, "cycles/present-findings", CYCLE, stage=stage, unit=team, leads=leads)


def _partner(team: str, day: date) -> str:
    """Return the HR partner of a team: of the unit above it."""
    above = unit(team).parent_on(day)
    return next((nick for nick, units in HR_PARTNERS.items() if above in units), "kong")
