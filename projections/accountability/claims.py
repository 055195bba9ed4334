"""Contradictions: what is claimed against what is measured, and success against the value that it rests on."""

from collections.abc import Iterator
from decimal import Decimal

from ledger.domain.progress.claims import Health
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Report, Source, Views, Words
from projections.engine import View
from projections.goals import queries
from projections.goals.queries import Wanted
from projections.goals.replay import When
from projections.goals.standings import GoalStanding

DEFINITION = (
    "One line for each contradiction in a goal whose period overlaps the one asked about. claim_against_measurement: "
    "for one day the owner's claim says another value than the measurement of the approved source; declared_health: "
    "on track was declared, and the figures say off track (below the policy's share of the expected path); "
    "green_without_check_in: on track was declared, and no value came within the policy's reporting rhythm since; "
    "success_against_value: closed as reached with an attainment below 1; completed_short: closed with a progress "
    "below 1."
)
DEFINITION_ZH = (
    "期间与所问期间重叠的目标中，每处矛盾一行。claim_against_measurement：同一天负责人申报的数值与核准来源的测量值"
    "不同；"
    "declared_health：申报为正常，而数据显示偏离（低于制度规定的预期路径比例）；green_without_check_in：申报为正常，"
    "此后在制度规定的汇报周期内没有任何数值；success_against_value：以达成结项而达成度低于 1；completed_short：以低"
    "于 1 的进展结项。"
)
WORDS = {
    "claim_against_measurement": Words("the claim says another value than the measurement", "申报值与测量值不同"),
    "declared_health": Words("declared on track, found off track", "申报正常，实际偏离"),
    "green_without_check_in": Words("on track, and no value since", "申报正常，此后无数值"),
    "success_against_value": Words("closed as reached, with an attainment below 1", "以达成结项，达成度不足 1"),
    "on_track": Words("on track", "正常"),
    "off_track": Words("off track", "偏离"),
    "reached": Words("reached", "已达成"),
    "closed": Words("closed", "已结项"),
    "completed_short": Words("closed short of its target", "未达目标值即结项"),
}


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the contradictions of goals, in order of goal."""
    view, people = views["goals"], People(views["directory"], asked)
    when = When(asked.on, asked.day, asked.zone, asked.known)
    lines: list[Line] = []
    for goal in _goals(view, when):
        if people.has(goal.owner) and _overlaps(goal, asked):
            lines += [*_measured(view, goal, when), *_health(goal), *_closed(goal)]
    return Answer(tuple(lines))


def _goals(view: View, when: When) -> Iterator[GoalStanding]:
    after: str | None = ""
    while after is not None:
        page, after = queries.goals(view, Wanted(), when, after=after)
        yield from page


def _overlaps(goal: GoalStanding, asked: Circumstances) -> bool:
    since, until = asked.since.astimezone(asked.zone).date(), asked.until.astimezone(asked.zone).date()
    return goal.terms.starts_on <= until and goal.terms.ends_on >= since


def _line(goal: GoalStanding, kind: str, said: object, found: object, day: object, *events: Source) -> Line:
    values = {"kind": kind, "owner": goal.owner, "said": said, "found": found, "day": day}
    return Line((f"goal/{goal.id}",), values, tuple(sorted(set(events))))


def _measured(view: View, goal: GoalStanding, when: When) -> Iterator[Line]:
    for one in queries.contradictions(view, goal, when):
        claim, measured = one.claim, one.measurement
        events = (Source(claim.position, claim.entry), Source(measured.position, measured.entry))
        yield _line(goal, "claim_against_measurement", claim.value, measured.value, claim.day, *events)


def _health(goal: GoalStanding) -> Iterator[Line]:
    claim, beside = goal.claim, goal.health
    if claim is None or beside.declared is not Health.ON_TRACK:
        return
    event = Source(claim.position, claim.entry)
    if beside.derived is Health.OFF_TRACK:
        rests = () if goal.measurement is None else (Source(goal.measurement.position, goal.measurement.entry),)
        yield _line(goal, "declared_health", beside.declared.value, beside.derived.value, claim.day, event, *rests)
    elif beside.derived is Health.AT_RISK and goal.scored is not None and goal.scored.stale_on is not None:
        yield _line(goal, "green_without_check_in", beside.declared.value, goal.scored.stale_on, claim.day, event)


def _closed(goal: GoalStanding) -> Iterator[Line]:
    closing = goal.closing
    if closing is None or goal.stage.value != "closed":
        return
    told, event = closing.entry.data, Source(closing.entry.position, closing.entry.event_id)
    day = closing.entry.begins.date()
    attainment, progress = (None if told.get(n) is None else Decimal(told[n]) for n in ("attainment", "progress"))
    if told.get("reached") is True and attainment is not None and attainment < 1:
        yield _line(goal, "success_against_value", "reached", attainment, day, event)
    elif progress is not None and progress < 1:
        yield _line(goal, "completed_short", "closed", progress, day, event)


REPORT = Report(
    name="contradictions",
    question="Where do claim and measurement, or success and value, contradict each other?",
    definition=DEFINITION,
    version=1,
    views=("goals", "directory"),
    answer=answer,
    thresholds=("deviation_share", "reporting_rhythm_days"),
    question_zh="申报与测量、成功与数值在何处相互矛盾？",
    definition_zh=DEFINITION_ZH,
    words=WORDS,
)
