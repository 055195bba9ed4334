"""Rules about goals: to be set, answered, reported on, talked about when they deviate, and helped with."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.feedback import FeedbackGiven
from ledger.domain.goals.events import (
    GoalAssigned,
    GoalClosed,
    GoalHandedOver,
    GoalPaused,
    GoalResumed,
    GoalTargetRevised,
    GoalTerms,
    GoalWithdrawn,
    Interval,
)
from ledger.domain.goals.state import Stage
from ledger.domain.people.persons import AssignmentKind, PersonAssignedToUnit
from ledger.domain.progress import Found, MeasurementRecorded, ProgressCorrected, ProgressReported, SupportGiven
from ledger.domain.progress.help import (
    DeviationFound,
    DifficultyRaised,
    DifficultyResolved,
    FindDeviation,
    SupportRequested,
)
from ledger.domain.reviews.cycles import CycleStage, CycleState, StageOpened
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import day_of
from ledger.rules.deviation import Deviation, deviation_of, missed_of, stale_of
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Lookup, Rule, Watch, due_after, ended, opened

A_LAST_LOOK = timedelta(days=1)  # after the last day, when the last interval is over
OF_GOALS = (
    Kind.ANSWER_GOAL,
    Kind.REPORT_PROGRESS,
    Kind.TALK_ABOUT_DEVIATION,
    Kind.ANSWER_DIFFICULTY,
    Kind.ANSWER_SUPPORT_CALL,
    Kind.TAKE_OVER,
)


def _goal(entry: Entry, looked: Looked) -> Any:  # noqa: ANN401  # two contexts' state
    return looked.facts.state(*split_stream(entry.stream))


def _subject(entry: Entry) -> Subject:
    kind, id = split_stream(entry.stream)
    return Subject(kind=kind, id=id)


# ---- set goals for each member


def _to_set(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The lead of whoever joins a unit, or moves to it, has to set their goals."""
    event = entry.event
    if not isinstance(event, PersonAssignedToUnit) or event.assignment is not AssignmentKind.HOME:
        return []
    member = Subject(kind="person", id=split_stream(entry.stream)[1])
    if any(True for _ in looked.live.about(member.key, (Kind.SET_GOALS,))):
        return []
    if looked.late and any(held.kind == "goal" for held in looked.held):
        return []
    return opened(rule, Kind.SET_GOALS, looked, cause=entry.event_id, of=member, subject=member)


def _to_set_in_stage(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """In the goal-setting stage of a cycle the lead of everyone employed has to set their goals, by its last day."""
    assert isinstance(entry.event, StageOpened)
    if entry.event.stage is not CycleStage.GOAL_SETTING:
        return []
    cycle: CycleState = looked.facts.state("cycle", split_stream(entry.stream)[1])
    planned = () if cycle.plan is None else cycle.plan.stages
    last = next((one.closes_on for one in planned if one.stage is CycleStage.GOAL_SETTING), looked.today)
    asks: list[Ask] = []
    for member in looked.held:
        owed = any(True for _ in looked.live.about(member.key, (Kind.SET_GOALS,)))
        if owed or looked.facts.resolved(member.id) != member.id or not looked.facts.is_employed(member.id, looked.now):
            continue
        due_on = max(last, due_after(1, member, looked))
        asks += opened(rule, Kind.SET_GOALS, looked, cause=entry.event_id, of=member, subject=member, due_on=due_on)
    return asks


def _set(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, GoalAssigned)
    return ended(rule, entry, looked, entry.event.owner.key, Kind.SET_GOALS)


# ---- accept or dispute


def _to_answer(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The owner has to accept or dispute what somebody else has assigned or revised."""
    event = entry.event
    assert isinstance(event, GoalAssigned | GoalTargetRevised)
    if event.owner == Subject(kind="person", id=entry.actor):
        return []
    goal = _subject(entry)
    moot = ended(rule, entry, looked, goal.key, Kind.ANSWER_GOAL, outcome=Outcome.MOOT)
    asked = opened(
        rule,
        Kind.ANSWER_GOAL,
        looked,
        cause=entry.event_id,
        of=event.owner,
        subject=goal,
        answers=entry.actor if entry.actor.startswith("p-") else None,
    )
    return [*moot, *asked]


def _answered(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.ANSWER_GOAL)


# ---- report progress, in a rhythm: the next report is owed from the last one on


def _to_report_first(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, GoalAssigned)
    if any(True for _ in looked.live.about(entry.stream, (Kind.REPORT_PROGRESS,))):
        return []
    owner = entry.event.owner
    if entry.testimony and _has_left(owner, looked):
        return []
    return _next_report(entry, looked, rule, max(looked.today, entry.event.starts_on))


def _reported(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A report, whoever's value it is, is the one that was owed; another is owed from its recording on.

    One that leaves the next owed by the same day changes nothing, but on the last day of the goal: that is the last.
    """
    owed = [state for _, state in looked.live.about(entry.stream, (Kind.REPORT_PROGRESS,))]
    terms: GoalTerms = _goal(entry, looked).terms
    same = all(state.due_on == _next_due(terms, looked, looked.today) for state in owed)
    if owed and same and looked.today < terms.ends_on:
        return []
    ends = ended(rule, entry, looked, entry.stream, Kind.REPORT_PROGRESS)
    return [*ends, *_next_report(entry, looked, rule, looked.today)]


def _missed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A report that was not made is a deviation of its own, and the next one is owed all the same."""
    duty = looked.facts.state(*split_stream(entry.stream)).opened
    if duty is None or duty.kind != Kind.REPORT_PROGRESS:
        return []
    goal = looked.facts.state(duty.subject.kind, duty.subject.id)
    if goal.stage is not Stage.ASSIGNED:
        return []
    stale = FindDeviation(found=Found.STALE, entry=entry.event_id, day=duty.due_on)
    same = any(kind is Found.STALE and duty.due_on <= day <= looked.today for kind, _, day in goal.help.deviations)
    found = [] if same else [rule.ask(duty.subject.kind, duty.subject.id, stale, entry.event_id)]
    return [*found, *_next_report(entry, looked, rule, looked.today, about=duty.subject)]


def _next_report(
    entry: Entry, looked: Looked, rule: Rule, since: date, *, about: Subject | None = None
) -> Iterable[Ask]:
    goal_subject = about or _subject(entry)
    goal = looked.facts.state(goal_subject.kind, goal_subject.id)
    terms: GoalTerms | None = goal.terms
    if terms is None or goal.stage is not Stage.ASSIGNED or looked.today >= terms.ends_on:
        return []
    if goal.is_paused(looked.now):
        return []
    due_on = _next_due(terms, looked, since)
    if due_on is None:
        return []
    return opened(
        rule,
        Kind.REPORT_PROGRESS,
        looked,
        cause=entry.event_id,
        of=terms.owner,
        subject=goal_subject,
        due_on=due_on,
    )


def _next_due(terms: GoalTerms, looked: Looked, since: date) -> date | None:
    """Return the day by which the next report is due; None where the policy has no rhythm."""
    rhythm = looked.facts.policy(looked.now).terms.reporting_rhythm_days
    return min(since + timedelta(days=rhythm), terms.ends_on) if rhythm else None


# ---- deviations


def _to_find(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """A value below the path is found, unless the lead already has to talk about this goal."""
    if any(True for _ in looked.live.about(entry.stream, (Kind.TALK_ABOUT_DEVIATION,))):
        return []
    goal = _goal(entry, looked)
    if goal.stage is not Stage.ASSIGNED or goal.is_paused(looked.now):
        return []
    found = deviation_of(goal, looked.facts, looked.today)
    if found is None or any(found.entry == judged for _, judged, _ in goal.help.deviations):
        return []
    kind, id = split_stream(entry.stream)
    return [rule.ask(kind, id, _below(found), entry.event_id)]


def _as_days_pass(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """Find what no event tells: a silence, a milestone that was missed, an interval that is over below its target."""
    goal = looked.facts.state("goal", id)
    if goal.terms is None or goal.stage is Stage.WITHDRAWN or looked.today > goal.terms.ends_on + A_LAST_LOOK:
        return None
    if goal.stage is not Stage.ASSIGNED or goal.is_paused(looked.now) or _is_away(goal.terms.owner, looked):
        return []
    if goal.imported_at is not None and _has_left(goal.terms.owner, looked):
        return []
    known = {(found, judged) for found, judged, _ in goal.help.deviations}
    asks = [
        FindDeviation(found=Found.MILESTONE_MISSED, entry=step.entry, day=step.due_on, expected=step.share)
        for step in missed_of(goal, looked.facts, looked.today)
        if step.entry is not None and (Found.MILESTONE_MISSED, step.entry) not in known
    ]
    silence = stale_of(goal, looked.facts, looked.today)
    if silence is not None and (Found.STALE, silence[0]) not in known:
        asks.append(FindDeviation(found=Found.STALE, entry=silence[0], day=silence[1]))
    below = None if goal.terms.interval is Interval.PERIOD else deviation_of(goal, looked.facts, looked.today)
    if below is not None and (Found.BELOW_PATH, below.entry) not in known:
        asks.append(_below(below))
    return [rule.ask("goal", id, command, None) for command in asks]


def _is_away(owner: Subject, looked: Looked) -> bool:
    return owner.kind == "person" and looked.facts.is_away(owner.id, looked.now)


def _has_left(owner: Subject, looked: Looked) -> bool:
    return owner.kind == "person" and not looked.facts.is_employed(owner.id, looked.now)


def _below(found: Deviation) -> FindDeviation:
    return FindDeviation(
        found=Found.BELOW_PATH,
        entry=found.entry,
        day=found.day,
        progress=found.progress,
        expected=found.expected,
        share=found.share,
    )


def _to_talk(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, DeviationFound)
    if any(True for _ in looked.live.about(entry.stream, (Kind.TALK_ABOUT_DEVIATION,))):
        return []
    of, goal = entry.event.owner, _subject(entry)
    return opened(rule, Kind.TALK_ABOUT_DEVIATION, looked, cause=entry.event_id, of=of, subject=goal)


def _talked(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Feedback from a lead to the owner about the goal, or support given on it, is the talk that was owed."""
    event = entry.event
    if isinstance(event, SupportGiven):
        goal, owner = entry.stream, event.owner.id
    elif isinstance(event, FeedbackGiven) and event.about is not None:
        goal, owner = event.about.key, event.recipient
    else:
        return []
    if entry.actor not in looked.facts.leads_above(owner, looked.now):
        return []
    return ended(rule, entry, looked, goal, Kind.TALK_ABOUT_DEVIATION)


# ---- difficulties and calls for support


def _to_help(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    event = entry.event
    assert isinstance(event, DifficultyRaised | SupportRequested)
    kind = Kind.ANSWER_DIFFICULTY if isinstance(event, DifficultyRaised) else Kind.ANSWER_SUPPORT_CALL
    goal = _subject(entry)
    return opened(rule, kind, looked, cause=entry.event_id, of=event.owner, subject=goal, answers=_person(entry.actor))


def _person(actor: str) -> str | None:
    return None if actor.startswith("system:") else actor


def _helped(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    event = entry.event
    if isinstance(event, SupportGiven):
        kinds = (Kind.ANSWER_DIFFICULTY, Kind.ANSWER_SUPPORT_CALL)
        return ended(rule, entry, looked, entry.stream, *kinds, caused_by=event.call)
    assert isinstance(event, DifficultyResolved)
    outcome = Outcome.MOOT if entry.actor == event.owner.id else Outcome.DONE
    return ended(rule, entry, looked, entry.stream, Kind.ANSWER_DIFFICULTY, outcome=outcome, caused_by=event.difficulty)


# ---- a goal that pauses expects nothing, and one that is handed over has another owner to answer


def _paused(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    kinds = (Kind.REPORT_PROGRESS, Kind.TALK_ABOUT_DEVIATION)
    return ended(rule, entry, looked, entry.stream, *kinds, outcome=Outcome.MOOT)


def _resumed(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    if any(True for _ in looked.live.about(entry.stream, (Kind.REPORT_PROGRESS,))):
        return []
    return _next_report(entry, looked, rule, max(looked.today, day_of(entry.begins, looked.facts.zone)))


def _handed_over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """What the giver owed is owed no more; the taker has to answer and to report."""
    assert isinstance(entry.event, GoalHandedOver)
    goal, taker = _subject(entry), entry.event.taker
    moot = ended(rule, entry, looked, goal.key, Kind.ANSWER_GOAL, Kind.REPORT_PROGRESS, outcome=Outcome.MOOT)
    taken = ended(rule, entry, looked, goal.key, Kind.TAKE_OVER)
    answers = entry.actor if entry.actor.startswith("p-") and entry.actor != taker.id else None
    answer = opened(rule, Kind.ANSWER_GOAL, looked, cause=entry.event_id, of=taker, subject=goal, answers=answers)
    return [*moot, *taken, *answer, *_next_report(entry, looked, rule, looked.today)]


# ---- a goal that ends leaves nothing to do


def _over(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, GoalClosed | GoalWithdrawn)
    return ended(rule, entry, looked, entry.stream, *OF_GOALS, outcome=Outcome.MOOT)


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


_VALUES = _topics(ProgressReported, ProgressCorrected, MeasurementRecorded)

RULES = (
    Rule("goals-to-set", 1, _topics(PersonAssignedToUnit), _to_set, looks_up=Lookup.HOLDINGS, when_late=True),
    Rule("goals-to-set", 1, _topics(StageOpened), _to_set_in_stage, looks_up=Lookup.MEMBERS),
    Rule("goals-set", 1, _topics(GoalAssigned), _set),
    Rule("goal-to-answer", 1, _topics(GoalAssigned, GoalTargetRevised), _to_answer),
    Rule("goal-answered", 1, frozenset({"goals.GoalAccepted", "goals.GoalDisputed"}), _answered),
    Rule("report-first", 1, _topics(GoalAssigned), _to_report_first, begins_now=True),
    Rule("report-made", 1, _topics(ProgressReported, MeasurementRecorded), _reported),
    Rule("report-missed", 1, frozenset({"duties.DutyLapsed"}), _missed),
    Rule("deviation-to-find", 1, _VALUES, _to_find),
    Rule("deviation-to-talk", 1, _topics(DeviationFound), _to_talk),
    Rule("deviation-talked", 1, _topics(FeedbackGiven, SupportGiven), _talked),
    Rule("help-owed", 1, _topics(DifficultyRaised, SupportRequested), _to_help),
    Rule("help-given", 1, _topics(SupportGiven, DifficultyResolved), _helped),
    Rule("goal-paused", 1, _topics(GoalPaused), _paused, begins_now=True),
    Rule("goal-resumed", 1, _topics(GoalResumed), _resumed),
    Rule("goal-handed-over", 1, _topics(GoalHandedOver), _handed_over),
    Rule("goal-over", 1, _topics(GoalClosed, GoalWithdrawn), _over, begins_now=True),
)
_PASSED = Rule("deviation-by-time", 1, frozenset(), lambda entry, looked, rule: ())
WATCHES = (Watch(_PASSED, GoalAssigned.topic, b'"metric"', _as_days_pass, begins_now=True),)
