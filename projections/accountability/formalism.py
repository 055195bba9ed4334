"""Formalism: performance management on paper, found in reviews, goals and acknowledgements, and told with evidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from ledger.kernel.moments import begins, last_instant
from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.places import PERSON, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Views, Words
from projections.engine import View

OPENED, RATED = "reviews.ReviewOpened", "reviews.RatingProposed"
ASSESSED, PUBLISHED = "reviews.AssessmentSubmitted", "reviews.ResultPublished"
ACKNOWLEDGED = frozenset({"reviews.ResultReceived", "reviews.ResultAccepted"})
TALKS = ("feedback.CoachingHeld", "feedback.FeedbackGiven", "feedback.CommentAdded")
ASSIGNED = "goals.GoalAssigned"
DEFINITION = (
    "One line for each finding in the period. unaccompanied_rating: a person was rated, and nobody held a coaching "
    "conversation with them nor gave them feedback in the review's period; identical_grades: a judge gave at least "
    "alike_ratings people of one cycle, and all of them, the same grade; bulk_ratings: one judge recorded at least "
    "bulk_ratings ratings within bulk_minutes; goal_set_late: a goal was recorded more than the policy's "
    "late window after its period began, or after it ended; acknowledged_unread: a result was received or accepted "
    "within reading_seconds of its publication; self_part_missing: rated without an assessment by the "
    "person themself, or with one that has no grade; other_policy: judged by another policy version than was in "
    "force when the rating was made. Every rating counts as it stands: annulled ones do not. The numbers are the "
    "policy's, in the version in force at `on`, which the answer names."
)
DEFINITION_ZH = (
    "期间内每项发现一行。unaccompanied_rating：某人被评分，而在考核期间无人与其进行辅导谈话或给予反馈；"
    "identical_grades："
    "某评定人在一个周期内给至少 alike_ratings 人、且给其所有人同一等级；bulk_ratings：同一评定人在 bulk_minutes 分"
    "钟内"
    "记录至少 bulk_ratings 个评分；goal_set_late：目标在其期间开始之后超过制度迟录窗口才记录，或在期间结束之后才记"
    "录；"
    "acknowledged_unread：结果发布后 reading_seconds 秒内即被签收或接受；self_part_missing：评分时没有本人自评，或"
    "自评没有等级；"
    "other_policy：所依据的制度版本不是评分时有效的版本。评分以现状为准，已撤销的不计。各数值取自 `on` 时有效的制度"
    "版本，答复中予以注明。"
)
WORDS = {
    "unaccompanied_rating": Words("rated without coaching or feedback in the period", "评分期间无辅导与反馈"),
    "identical_grades": Words("the same grade for all", "全部给予相同等级"),
    "bulk_ratings": Words("many ratings within minutes", "数分钟内批量评分"),
    "goal_set_late": Words("goal set after its period began or ended", "目标在期间开始或结束后才设定"),
    "acknowledged_unread": Words("acknowledged before it can have been read", "未及阅读即确认"),
    "self_part_missing": Words("rated without a self-assessment", "缺少本人自评"),
    "other_policy": Words("judged by another policy than was in force", "所依据的制度并非当时有效版本"),
    "running": Words("its period runs", "期间进行中"),
    "ended": Words("its period has ended", "期间已结束"),
}


@dataclass(frozen=True, slots=True)
class _Rating:
    """A rating with the review that it belongs to."""

    act: Act
    opened: Act

    @property
    def period(self) -> tuple[date, date]:
        return date.fromisoformat(self.opened.data["starts_on"]), date.fromisoformat(self.opened.data["ends_on"])


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return what was found, in order of check."""
    view, people = views["accountability"], People(views["directory"], asked)
    ratings = _ratings(view, people, asked)
    found = [*_unaccompanied(view, ratings, asked), *_identical(ratings, asked)]
    found += [*_bulk(ratings, asked), *_late_goals(view, people, asked), *_unread(view, people, asked)]
    return Answer((*found, *_self_missing(view, ratings, asked), *_other_policy(ratings, asked)))


def _ratings(view: View, people: People, asked: Circumstances) -> list[_Rating]:
    rated = [
        a for a in acts.in_period(view, [RATED], asked) if people.has_person(a.about) or people.has_person(a.actor)
    ]
    opened = {a.stream: a for a in acts.of_streams(view, [a.stream for a in rated], [OPENED], asked.known)}
    return [_Rating(act, opened[act.stream]) for act in rated if act.stream in opened]


def _line(finding: str, who: str, about: Iterable[str], evidence: Iterable[Act], **more: object) -> Line:
    events = tuple(sorted({act.evidence for act in evidence}))
    return Line((PERSON + who, *about), {"finding": finding, **more}, events)


def _unaccompanied(view: View, ratings: list[_Rating], asked: Circumstances) -> Iterator[Line]:
    for rating in ratings:
        starts, ends = rating.period
        since, until = begins(starts, asked.zone), min(last_instant(ends, asked.zone), asked.on)
        talks = acts.about_persons(view, [rating.act.about], TALKS, since=since, until=until, known=asked.known)
        if not any(_is_talk(act, rating.act.about) for act in talks):
            about = (PERSON + rating.act.about, rating.act.stream)
            yield _line("unaccompanied_rating", rating.act.actor, about, (rating.opened, rating.act), count=1)


def _is_talk(act: Act, person: str) -> bool:
    """Tell whether somebody else turned to the person: one's own remarks are no coaching."""
    return act.actor != person


def _identical(ratings: list[_Rating], asked: Circumstances) -> Iterator[Line]:
    def judge_and_cycle(rating: _Rating) -> tuple[str, str]:
        return rating.act.actor, str(rating.opened.data.get("cycle") or "")

    for (judge, cycle), group in groupby(sorted(ratings, key=judge_and_cycle), key=judge_and_cycle):
        last = {rating.act.stream: rating.act for rating in group}
        if len(last) >= asked.terms.alike_ratings and len({act.data["grade"] for act in last.values()}) == 1:
            about = sorted(PERSON + act.about for act in last.values())
            grade = next(iter(last.values())).data["grade"]
            yield _line("identical_grades", judge, about, last.values(), count=len(last), cycle=cycle, grade=grade)


def _bulk(ratings: list[_Rating], asked: Circumstances) -> Iterator[Line]:
    """Yield the longest runs of ratings in which the first and the last of any so many lie within minutes."""
    many, within = asked.terms.bulk_ratings, timedelta(minutes=asked.terms.bulk_minutes)
    by_judge = sorted((rating.act for rating in ratings), key=lambda act: (act.actor, act.recorded_at, act.position))
    for judge, group in groupby(by_judge, key=lambda act: act.actor):
        told = list(group)
        windows = [told[n : n + many] for n in range(len(told) - many + 1)]
        quick = {a.event_id: a for w in windows if w[-1].recorded_at - w[0].recorded_at <= within for a in w}
        if quick:
            about = sorted({PERSON + act.about for act in quick.values()})
            yield _line("bulk_ratings", judge, about, quick.values(), count=len(quick))


def _late_goals(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    for act in acts.in_period(view, [ASSIGNED], asked):
        starts = begins(date.fromisoformat(act.data["starts_on"]), asked.zone)
        ended = act.recorded_at > last_instant(date.fromisoformat(act.data["ends_on"]), asked.zone)
        late = act.recorded_at - starts > timedelta(days=asked.terms.late_window_days)
        inside = people.has_person(act.actor) or (act.about and people.has_person(act.about))
        if inside and (ended or late) and not act.source.startswith("import:"):
            days = (act.recorded_at - starts).days
            stage = "ended" if ended else "running"
            yield _line("goal_set_late", act.actor, (act.stream,), (act,), count=1, days_after_start=days, stage=stage)


def _unread(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    read = [act for act in acts.in_period(view, ACKNOWLEDGED, asked) if people.has_person(act.about)]
    published = acts.of_streams(view, [act.stream for act in read], [PUBLISHED], asked.known)
    soon = timedelta(seconds=asked.terms.reading_seconds)
    for act in read:
        before = [one for one in published if one.stream == act.stream and one.position < act.position]
        if before and act.recorded_at - before[-1].recorded_at <= soon:
            seconds = (act.recorded_at - before[-1].recorded_at).total_seconds()
            yield _line("acknowledged_unread", act.actor, (act.stream,), (before[-1], act), count=1, seconds=seconds)


def _self_missing(view: View, ratings: list[_Rating], asked: Circumstances) -> Iterator[Line]:
    assessed = acts.of_streams(view, [rating.act.stream for rating in ratings], [ASSESSED], asked.known)
    for rating in ratings:
        own = [
            act
            for act in assessed
            if act.stream == rating.act.stream and act.data["kind"] == "self" and act.position < rating.act.position
        ]
        if not any(act.data.get("grade") is not None for act in own):
            about = (PERSON + rating.act.about, rating.act.stream)
            yield _line("self_part_missing", rating.act.actor, about, (*own, rating.opened, rating.act), count=1)


def _other_policy(ratings: list[_Rating], asked: Circumstances) -> Iterator[Line]:
    for rating in ratings:
        version, in_force = rating.opened.data.get("policy_version"), asked.policy_at(rating.act.begins)
        if version is not None and in_force and version != in_force:
            about = (PERSON + rating.act.about, rating.act.stream)
            more = {"judged_by": version, "in_force": in_force}
            yield _line("other_policy", rating.act.actor, about, (rating.opened, rating.act), count=1, **more)


REPORT = Report(
    name="formalism",
    question="Where is performance management only a form?",
    definition=DEFINITION,
    version=2,
    views=("accountability", "directory"),
    answer=answer,
    thresholds=("late_window_days", "alike_ratings", "bulk_ratings", "bulk_minutes", "reading_seconds"),
    question_zh="绩效管理在何处只流于形式？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
