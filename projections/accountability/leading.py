"""What leads do besides grading, and what becomes of the alerts that are put before them."""

from collections.abc import Iterator
from itertools import groupby

from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.places import PERSON, People
from projections.accountability.report import Answer, Circumstances, Line, Report, Views

RATED = "reviews.RatingProposed"
GOAL_TALK = ("goals.GoalAssigned", "goals.GoalTargetRevised", "goals.GoalProposed")
CHECK_INS = ("feedback.CoachingHeld", "reviews.ReviewMeetingHeld", "progress.SupportGiven")
FEEDBACK = ("feedback.FeedbackGiven", "feedback.CommentAdded", "feedback.CommentAnswered")
RESULT_ONLY = (
    "One line for each judge who rated somebody in the period and whose acts in it were only ratings: no goal talk "
    "(a goal assigned, proposed or revised for another), no check-in (coaching, a review meeting, support given), no "
    "feedback or comment. Acts count as of whoever did them; feedback without a name counts for nobody."
)
RESULT_ONLY_ZH = (
    "期间内给人评分、且所有行为仅为评分的每位评定人一行：没有目标沟通（为他人设定、提议或修订目标），没有跟进（辅导"
    "、考核面谈、"
    "提供支持），没有反馈或评论。行为计在实施者名下；匿名反馈不计入任何人。"
)
OPENED, SEEN = "duties.DutyOpened", "duties.DutySeen"
ENDED = {"duties.DutyDischarged": "acted", "duties.DutyExcused": "excused", "duties.DutyVoided": "voided"}
LAPSED = "duties.DutyLapsed"
TRANSFERRED = "duties.DutyTransferred"
IGNORED = (
    "One line for each holder and kind of duty of a lead that was opened in the period: how many were raised, how many "
    "of them were seen, acted on, excused or void, how many lapsed, how many lapsed without having been seen, and "
    "how many are still open at `on`. A duty that passed to another counts for who holds it at `on`."
)
IGNORED_ZH = (
    "期间内产生的主管义务，按承担人与种类每组一行：产生多少，其中已查看、已处理、已免除或作废多少，失效多少，未经查"
    "看即失效多少，"
    "在 `on` 时仍未了结多少。移交他人的义务计在 `on` 时的承担人名下。"
)


def result_only(views: Views, asked: Circumstances) -> Answer:
    """Return the judges whose only acts were ratings, in order of id."""
    view, people = views["accountability"], People(views["directory"], asked)
    rated = [act for act in acts.in_period(view, [RATED], asked) if people.has_person(act.actor)]
    others = acts.in_period(view, (*GOAL_TALK, *CHECK_INS, *FEEDBACK), asked)
    leading = {act.actor for act in others if act.about != act.actor}
    lines = []
    for judge, group in groupby(sorted(rated, key=lambda act: act.actor), key=lambda act: act.actor):
        if judge not in leading:
            told = list(group)
            values = {"ratings": len(told), "people": len({act.about for act in told}), "other_acts": 0}
            lines.append(Line((PERSON + judge,), values, tuple(sorted(act.evidence for act in told))))
    return Answer(tuple(lines))


def ignored_alerts(views: Views, asked: Circumstances) -> Answer:
    """Return what became of the duties of leads that were opened in the period, by holder and kind."""
    view, people = views["accountability"], People(views["directory"], asked)
    opened = [act for act in acts.in_period(view, [OPENED], asked) if act.data["party"] == "lead"]
    kinds = (OPENED, SEEN, LAPSED, TRANSFERRED, *ENDED)
    all_of_it = [
        a for a in acts.of_streams(view, [a.stream for a in opened], kinds, asked.known) if a.begins <= asked.on
    ]
    duties = [list(group) for _, group in groupby(sorted(all_of_it, key=_place), key=lambda act: act.stream)]
    of_holder = sorted((_holder(duty), str(duty[0].data["kind"]), n) for n, duty in enumerate(duties))
    lines = []
    for (holder, kind), group in groupby(of_holder, key=lambda one: one[:2]):
        if holder and people.has_person(holder):
            lines.append(_alerts(holder, kind, [duties[n] for *_, n in group]))
    return Answer(tuple(lines))


def _place(act: Act) -> tuple[str, int]:
    return act.stream, act.position


def _holder(duty: list[Act]) -> str:
    """Return who holds a duty after its events, empty for nobody."""
    holder = duty[0].data.get("holder")
    for act in duty:
        holder = act.data.get("taker", holder) if act.topic == TRANSFERRED else holder
    return str(holder or "")


def _alerts(holder: str, kind: str, duties: list[list[Act]]) -> Line:
    topics = [{act.topic for act in duty} for duty in duties]
    counts = {
        "raised": len(duties),
        "seen": sum(SEEN in told for told in topics),
        **{word: sum(topic in told for told in topics) for topic, word in ENDED.items()},
        "lapsed": sum(LAPSED in told for told in topics),
        "lapsed_unseen": sum(LAPSED in told and SEEN not in told for told in topics),
        "open": sum(LAPSED not in told and told.isdisjoint(ENDED) for told in topics),
    }
    events = sorted({act.evidence for act in _all(duties)})
    return Line((PERSON + holder,), {"kind": kind, **counts}, tuple(events))


def _all(duties: list[list[Act]]) -> Iterator[Act]:
    for duty in duties:
        yield from duty


RESULT_ONLY_REPORT = Report(
    name="result-only",
    question="Which leads only grade the result, and do not lead on the way to it?",
    definition=RESULT_ONLY,
    version=2,
    views=("accountability", "directory"),
    answer=result_only,
    question_zh="哪些主管只给结果评分，而不在过程中领导？",
    definition_zh=RESULT_ONLY_ZH,
)
IGNORED_ALERTS_REPORT = Report(
    name="ignored-alerts",
    question="What became of the alerts that were put before leads?",
    definition=IGNORED,
    version=2,
    views=("accountability", "directory"),
    answer=ignored_alerts,
    question_zh="提交给主管的提醒后来如何？",
    definition_zh=IGNORED_ZH,
)
