"""Reviews: each person judged by the lead, compared by the lead's lead, told, answered — once with an appeal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from api.demonstration import cycle
from api.demonstration.calendar import ZONE, later, on
from api.demonstration.company import (
    FIRST_ADMINISTRATOR,
    ON_PAPER_LEAD,
    RESULT_ONLY_LEAD,
    lead_of,
    unit,
)
from api.demonstration.goals import lead_above, personal_goals
from api.demonstration.story import ContentOf, EntryOf, Story

OPENED, JUDGED, COMPARED, PUBLISHED = on(11, 25), on(12, 11), on(12, 17), on(12, 22)
TOLD_LATE = date(2026, 1, 7)  # by the lead above, where the lead has told nobody
GRADES = {"noah": "b", "luo": "c", "feng": "d", "xu": "b", "wang": "a", "clara": "a", "qin": "c"}
CALIBRATED = {"noah": "c", "yan": "a"}  # what the lead's lead puts over it
PEERS = {"platform": {"ma": "qian", "qian": "song", "clara": "ma"}, "quality": {"yu": "ruby", "ruby": "pan"}}
SILENT_PEER = "song"  # is named, and says nothing
SENT_BACK = "emma"  # whose own part says too little at first
APPELLANT, DECIDER = "noah", "hannah"
NOTE = "What went well, what did not, what I ask for. · 做得好的、不足的、需要的支持。"


@dataclass(frozen=True, slots=True)
class Review:
    """One person's review: in which team, by whom judged and compared, with which grade proposed."""

    nick: str
    team: str
    judge: str
    head: str
    grade: str
    number: int  # within the team, from 0

    @property
    def on_paper(self) -> bool:
        """Tell whether it is filled in because it has to be."""
        return self.judge == ON_PAPER_LEAD

    def goals(self, story: Story) -> list[str]:
        """Return the person's goals of the year."""
        return [story.id("goal", goal.name) for goal in personal_goals() if goal.owner == self.nick]


def tell(story: Story) -> None:
    """Add the cycle and all reviews in it."""
    told = list(reviews())
    cycle.tell(story, tuple(dict.fromkeys(review.team for review in told)))
    for review in told:
        _open(story, review)
        _assess(story, review)
        _judge(story, review)
    _compare(story, told)
    for review in told:
        _publish(story, review)
        _answer(story, review)
    _appeal(story, next(review for review in told if review.nick == APPELLANT))


def reviews() -> Iterator[Review]:
    """Yield the reviews: of everybody who has a goal in the last quarter and is there at its end."""
    teams: dict[str, list[str]] = {}
    for goal in personal_goals():
        if goal.quarter.number == 4 and goal.owner not in ("jack", "jiang"):
            teams.setdefault(goal.team, []).append(goal.owner)
    for team, members in teams.items():
        judge, head = lead_of(team, JUDGED), lead_above(team, JUDGED)
        for number, nick in enumerate(members):
            yield Review(nick, team, judge, head, _grade(nick, judge, number, len(members)), number)


def _grade(nick: str, judge: str, number: int, members: int) -> str:
    """Return what the lead proposes; who judges on paper gives everybody the same."""
    if judge == ON_PAPER_LEAD:
        return "b"
    first, last = number == 0, number == members - 1
    return GRADES.get(nick, "a" if first and members > 2 else "c" if last else "b")


def _open(story: Story, review: Review) -> None:
    story.add_to_batch(
        "reviews-2025", OPENED, 11, FIRST_ADMINISTRATOR, "reviews/open", story.id("review", review.nick),
        person=story.person(review.nick), cycle=cycle.CYCLE, goals=review.goals(story),
    )  # fmt: skip
    peer = PEERS.get(review.team, {}).get(review.nick)
    if peer is not None:
        id, peers = story.id("review", review.nick), [story.person(peer)]
        story.add(on(11, 26), 11, review.judge, "reviews/name-reviewers", id, peers=peers)


def _assess(story: Story, review: Review) -> None:
    """Everybody assesses themselves; in the team that reviews on paper only every second does, without a grade."""
    id, day = story.id("review", review.nick), later(on(12, 2), review.number)
    path, own = "reviews/submit-assessment", {} if review.on_paper else {"grade": review.grade}
    if not review.on_paper or review.number % 2:
        called = f"self/{review.nick}"
        story.add_called(called, day, 16, review.nick, path, id, note=NOTE, **own)
    if review.nick == SENT_BACK:
        back, entry = later(day, 1), EntryOf(f"self/{review.nick}")
        story.add(back, 11, review.judge, "reviews/return-assessment", id, entry=entry, reason="too_little")
        story.add(later(back, 1), 16, review.nick, path, id, note=NOTE, **own)
    peer = PEERS.get(review.team, {}).get(review.nick)
    if peer is not None and peer != SILENT_PEER:
        story.add(later(day, 1), 15, peer, path, id, grade=review.grade)


def _judge(story: Story, review: Review) -> None:
    """Most leads take days for it, the one on paper a moment."""
    id, path = story.id("review", review.nick), "reviews/propose-rating"
    if review.on_paper:
        story.add_to_batch("ratings-logistics", on(12, 16), 17, review.judge, path, id, grade=review.grade)
        return
    story.add(later(JUDGED, review.number), 11, review.judge, path, id, grade=review.grade)


def _compare(story: Story, told: list[Review]) -> None:
    """The heads compare what their leads propose, in a session each, and put another grade over two."""
    for head in dict.fromkeys(review.head for review in told):
        cohort = [review for review in told if review.head == head]
        session, seats = story.id("calibration", head), dict.fromkeys((head, *(r.judge for r in cohort)))
        above = unit(cohort[0].team).parent_on(COMPARED)
        story.add(
            COMPARED, 10, head, "calibrations/hold", session, cycle=cycle.CYCLE, unit=above,
            members=[story.person(nick) for nick in seats], reviews=[story.id("review", r.nick) for r in cohort],
        )  # fmt: skip
        for review in cohort:
            grade = CALIBRATED.get(review.nick, review.grade)
            reason = {} if grade == review.grade else {"reason": "beside_the_others"}
            id = story.id("review", review.nick)
            story.add(COMPARED, 14, head, "reviews/calibrate", id, grade=grade, session=session, **reason)


def _published_at(review: Review) -> datetime:
    """Return the time of the publication, which the results on paper are acknowledged after by seconds."""
    return datetime.combine(PUBLISHED, time(16, 5 * review.number), ZONE)


def _publish(story: Story, review: Review) -> None:
    id, called = story.id("review", review.nick), f"result/{review.nick}"
    if review.on_paper:  # it is the lead above who tells it in the end
        story.add_at(_published_at(review), review.head, "reviews/publish", id, called=called)
        story.add(TOLD_LATE, 11, review.head, "reviews/hold-meeting", id)
        return
    story.add_called(called, PUBLISHED, 10, review.head, "reviews/publish", id)
    if review.judge != RESULT_ONLY_LEAD:
        story.add(later(PUBLISHED, 1 + review.number % 3), 11, review.judge, "reviews/hold-meeting", id)
    else:
        story.add(TOLD_LATE, 11, review.head, "reviews/hold-meeting", id)


def _answer(story: Story, review: Review) -> None:
    """Who is told in person sees it, and accepts it some days later; one does not."""
    id, content = story.id("review", review.nick), ContentOf(f"result/{review.nick}")
    if review.on_paper:
        at = _published_at(review)
        story.add_at(at + timedelta(seconds=4), review.nick, "reviews/receive", id)
        story.add_at(at + timedelta(seconds=8), review.nick, "reviews/accept", id, content=content)
        return
    seen = later(PUBLISHED, 1 + review.number % 3)
    story.add(seen, 16, review.nick, "reviews/receive", id)
    if review.nick != APPELLANT:
        story.add(later(seen, 5), 16, review.nick, "reviews/accept", id, content=content)


def _appeal(story: Story, review: Review) -> None:
    """He refuses, and appeals; somebody who had no part in it decides that the lead's grade was right."""
    id, day, judged = story.id("review", review.nick), on(12, 26), date(2026, 1, 5)
    story.add(
        day, 10, review.nick, "reviews/refuse-acceptance", id, note="The first quarter is missing. · 漏了一季度。"
    )
    story.add(day, 11, review.nick, "reviews/appeal", id, ground="facts")
    path, by = "reviews/assign-appeal", FIRST_ADMINISTRATOR
    story.add_refused("decider_had_a_part", on(12, 29), 10, by, path, id, decider=story.person(review.head))
    story.add(on(12, 29), 11, by, path, id, decider=story.person(DECIDER))
    changed = {"outcome": "changed", "grade": review.grade, "reason": "facts_hold"}
    story.add(judged, 10, DECIDER, "reviews/decide-appeal", id, **changed)
    called = f"result-again/{review.nick}"
    story.add_called(called, later(judged, 1), 10, review.head, "reviews/publish", id)
    story.add(later(judged, 2), 11, review.judge, "reviews/hold-meeting", id)
    story.add(later(judged, 2), 16, review.nick, "reviews/accept", id, content=ContentOf(called))
