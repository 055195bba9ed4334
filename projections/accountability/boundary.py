"""The boundary: acts of one party in another's duty, refused or marked, and each party's own lapses side by side."""

from collections.abc import Iterator
from itertools import groupby

from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.places import PERSON, People
from projections.accountability.report import Answer, Attempt, Circumstances, Line, Report, Views, Words
from projections.engine import View

REFUSED = frozenset(
    {"in_a_leads_place", "own_measurement", "own_proposal", "own_grant", "not_the_judge", "feedback_to_self"}
)
GOAL_SET = frozenset({"goals.GoalAssigned", "goals.GoalTargetRevised"})
CLOSED, CLAIMED, RATED = "goals.GoalClosed", "progress.ProgressReported", "reviews.RatingProposed"
CORRECTED = "progress.ProgressCorrected"
LAPSED, OPENED = "duties.DutyLapsed", "duties.DutyOpened"
PROPOSED_BY = {  # what approves, by whom → what proposes, on the same stream
    "goals.GoalAssigned": "goals.GoalProposed",
    "hiring.RequisitionApproved": "hiring.RequisitionOpened",
    "hiring.EmploymentConfirmed": "hiring.ProbationOutcomeProposed",
}
DEFINITION = (
    "One line for each act of the period that crosses the boundary. overstepped: marked as done in a lead's place; "
    "hr_set_goal: the same for setting or changing a goal's target; refused: an attempt that was refused for it (no "
    "event: its number in the log of refused attempts stands beside it); judged_own_progress: a goal closed by whoever "
    "claimed the value that counted, or a rating whose judge is the person rated; self_approval: approved by who "
    "proposed it (a goal of one's own, a requisition, a probation's outcome). lapses: for each party, how many duties "
    "due in its seats lapsed in the period and how many persons they are of; shown to who may see all of them."
)
DEFINITION_ZH = (
    "期间内每个越界行为一行。overstepped：标记为代替主管所为；hr_set_goal：同上，且为设定或更改目标的目标值；"
    "refused：因此被拒绝的尝试"
    "（没有事件，旁注其在拒绝日志中的编号）；judged_own_progress：目标由申报所计数值的人自行结项，或评分的评定人就"
    "是被评人；"
    "self_approval：由提出者本人批准（本人的目标、招聘需求、试用期结论）。lapses：各方席位上在期间内到期的义务有多"
    "少失效，涉及多少人；"
    "仅向有权查看其中所有人的人展示。"
)
WORDS = {
    "overstepped": Words("done in a lead's place", "代替主管所为"),
    "hr_set_goal": Words("HR set or changed a goal", "人力资源设定或更改目标"),
    "refused": Words("attempted and refused", "已尝试并被拒绝"),
    "judged_own_progress": Words("judged one's own progress", "评定自己的进展"),
    "self_approval": Words("approved one's own proposal", "批准自己的提议"),
    "lapses": Words("duties that lapsed", "失效的义务"),
    "lead": Words("leads", "主管"),
    "hr": Words("HR", "人力资源"),
    "employee": Words("employees", "员工"),
}


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return what crossed the boundary, in order of kind, and the lapses of each party."""
    view, people = views["accountability"], People(views["directory"], asked)
    lines = [*_overstepped(view, people, asked), *_judged_own(view, people, asked)]
    lines += [*_self_approved(view, people, asked), *_refused(people, asked), *_lapses(view, people, asked)]
    return Answer(tuple(lines))


def _line(kind: str, act: Act, *before: Act) -> Line:
    values = {
        "kind": kind,
        "topic": act.topic,
        "of": act.stream,
        "at": act.begins,
        "authority": act.basis,
        "refused_code": None,
        "attempt": None,
    }
    return Line((PERSON + act.actor, act.stream), values, tuple(sorted(one.evidence for one in (*before, act))))


def _overstepped(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    for act in acts.overstepping(view, asked):
        if _has(people, act):
            yield _line("hr_set_goal" if act.topic in GOAL_SET else "overstepped", act)


def _has(people: People, act: Act) -> bool:
    """Tell whether an act is of the unit asked about: by who acted, or by whom it concerns."""
    return people.has_person(act.actor) or (act.about != "" and people.has_person(act.about))


def _judged_own(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    closed = [act for act in acts.in_period(view, [CLOSED, RATED], asked) if _has(people, act)]
    streams = [act.stream for act in closed if act.topic == CLOSED]
    claims = {act.event_id: act for act in acts.of_streams(view, streams, [CLAIMED, CORRECTED], asked.known)}
    for act in closed:
        claim = claims.get(act.data.get("actual_entry") or "")
        if claim is not None and claim.actor == act.actor:
            yield _line("judged_own_progress", act, claim)
        elif act.topic == RATED and act.actor == act.about:
            yield _line("judged_own_progress", act)


def _self_approved(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    """Yield approvals by who proposed; a goal that somebody both assigns and has is approved by nobody else."""
    approved = [act for act in acts.in_period(view, PROPOSED_BY, asked) if _has(people, act)]
    proposed = acts.of_streams(view, [act.stream for act in approved], PROPOSED_BY.values(), asked.known)
    for act in approved:
        own = [
            one
            for one in proposed
            if (one.stream, one.topic, one.actor) == (act.stream, PROPOSED_BY[act.topic], act.actor)
            and one.position < act.position
        ]
        if act.topic == "goals.GoalAssigned" and act.actor != act.about:
            continue  # a lead may put down what was agreed, and assign it
        if own or act.topic == "goals.GoalAssigned":
            yield _line("self_approval", act, *own[-1:])


def _refused(people: People, asked: Circumstances) -> Iterator[Line]:
    for attempt in asked.refused:
        if attempt.code in REFUSED and people.has_person(attempt.actor):
            yield _attempt_line(attempt)


def _attempt_line(attempt: Attempt) -> Line:
    subject = f"{attempt.kind}/{attempt.id}"
    values = {
        "kind": "refused",
        "topic": attempt.verb,
        "of": subject,
        "at": attempt.at,
        "authority": None,
        "refused_code": attempt.code,
        "attempt": attempt.number,
    }
    return Line((PERSON + attempt.actor, *((subject,) if attempt.id else ())), values, ())


def _lapses(view: View, people: People, asked: Circumstances) -> Iterator[Line]:
    """Yield the lapses of each party."""
    lapsed = acts.in_period(view, [LAPSED], asked)
    opened = {act.stream: act for act in acts.of_streams(view, [a.stream for a in lapsed], [OPENED], asked.known)}
    of_party = sorted(
        ((opened[act.stream].data["party"], act) for act in lapsed if act.stream in opened and _holds(people, act)),
        key=lambda pair: (pair[0], pair[1].position),
    )
    for party, group in groupby(of_party, key=lambda pair: str(pair[0])):
        told = [act for _, act in group]
        holders = sorted({PERSON + str(act.data["holder"]) for act in told if act.data.get("holder")})
        values = {"kind": "lapses", "party": party, "lapsed": len(told), "holders": len(holders)}
        events = sorted({source for act in told for source in (opened[act.stream].evidence, act.evidence)})
        yield Line(tuple(holders), values, tuple(events))


def _holds(people: People, act: Act) -> bool:
    holder = act.data.get("holder")
    return people.asked.unit is None or (holder is not None and people.has_person(str(holder)))


REPORT = Report(
    name="boundary",
    question="Who acted in another party's duty, and whose own duties lapsed?",
    definition=DEFINITION,
    version=2,
    views=("accountability", "directory"),
    answer=answer,
    thresholds=("boundary", "small_group_limit"),
    attempts=True,
    question_zh="谁代行了他人的职责，谁自己的义务失效了？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
