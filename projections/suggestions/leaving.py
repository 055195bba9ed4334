"""A unit that people leave: the feedback practice that differs most from the units that they stay in."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean

from ledger.kernel.moments import day_of
from projections.accountability import acts as told
from projections.accountability.acts import Act
from projections.accountability.places import PERSON, UNIT, People
from projections.accountability.report import Circumstances, Source, Views, Words
from projections.statistics.gathering import acts
from projections.suggestions.gathering import ENDED, FORMED
from projections.suggestions.leads import members, units_led
from projections.suggestions.rule import Followed, Measure, Rule, Suggestion, figure

LEAVERS, UNITS, TIMES, GAP, DAYS = 3, 3, 2, 0.25, 365
COACHED, GIVEN, READ = "feedback.CoachingHeld", "feedback.FeedbackGiven", "feedback.FeedbackAcknowledged"
PRACTICES = {"coaching": (COACHED, None), "feedback": (GIVEN, None), "acknowledged": (READ, GIVEN)}
VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True)
class _Unit:
    """Who belonged to a unit when the year began, who of them left by their own will, and its practice."""

    id: str
    members: tuple[str, ...]
    leavers: tuple[Source, ...]
    practice: Mapping[str, float]  # how much per member; acknowledged: the share of the feedback given

    @property
    def rate(self) -> float:
        """Return the share that left."""
        return len(self.leavers) / len(self.members)


def find(views: Views, asked: Circumstances, person: str) -> Iterator[Suggestion]:
    """Yield, for each unit that one leads and that people leave, the practice in which it differs most."""
    own = units_led(views["directory"], person, asked)
    if not own:
        return
    year = replace(asked, since=asked.on - timedelta(days=DAYS), until=asked.on)
    units = {one.id: one for one in _units(views, year)}
    for unit in (units[id] for id in own if id in units):
        others = [one for one in units.values() if one is not unit]
        stay = [one for one in others if one.rate * TIMES <= unit.rate]
        if len(unit.leavers) < LEAVERS or len(stay) < UNITS:
            continue
        practice, gap = max(((name, _gap(name, unit, stay)) for name in PRACTICES), key=lambda one: (one[1], one[0]))
        if gap >= GAP:
            yield _suggested(person, unit, stay, practice, year)


def _gap(name: str, unit: _Unit, stay: list[_Unit]) -> float:
    """Return by which part of it a practice lies below the mean of the units that people stay in."""
    mean = fmean(one.practice[name] for one in stay)
    return 0.0 if mean <= 0 else (mean - unit.practice[name]) / mean


def _units(views: Views, year: Circumstances) -> Iterator[_Unit]:
    """Yield the units that had enough members when the year began."""
    formed = {act.id for act in acts(views["suggestions"], (FORMED,), year)}
    homes = {unit: members(views["directory"], unit, year, year.since) for unit in sorted(formed)}
    left = {act.about: act.evidence for act in _endings(views, year)}
    counts = {topic: Counter(_persons(views, year, topic)) for topic in (COACHED, GIVEN, READ)}
    for unit, persons in homes.items():
        if len(persons) >= year.terms.small_group_limit:
            gone = tuple(sorted(left[one] for one in persons if one in left))
            yield _Unit(unit, tuple(persons), gone, _practice(persons, counts))


def _endings(views: Views, year: Circumstances) -> list[Act]:
    """Return the endings of the year by people's own will, of who is not back."""
    people = People(views["directory"], replace(year, unit=None))
    ended = told.in_period(views["suggestions"], (ENDED,), year)
    return [one for one in ended if one.data["ending"] == VOLUNTARY and people.gone(PERSON + one.about) is not None]


def _persons(views: Views, year: Circumstances, topic: str) -> list[str]:
    return [act.about for act in told.in_period(views["accountability"], (topic,), year)]


def _practice(persons: list[str], counts: Mapping[str, Counter[str]]) -> dict[str, float]:
    found = {}
    for name, (topic, of) in PRACTICES.items():
        number = sum(counts[topic][one] for one in persons)
        whole = len(persons) if of is None else sum(counts[of][one] for one in persons)
        found[name] = number / whole if whole else 0.0
    return found


def _suggested(person: str, unit: _Unit, stay: list[_Unit], practice: str, year: Circumstances) -> Suggestion:
    left, of = sum(len(one.leavers) for one in stay), sum(len(one.members) for one in stay)
    half = "h1" if year.day.month <= 6 else "h2"
    return Suggestion(
        rule=RULE,
        person=person,
        about=UNIT + unit.id,
        advice=practice,
        figures=(
            figure("left", len(unit.leavers), len(unit.members)),
            figure("rate", unit.rate, len(unit.members)),
            figure("rate_elsewhere", left / of, of),
            figure("practice", unit.practice[practice], len(unit.members)),
            figure("practice_elsewhere", fmean(one.practice[practice] for one in stay), len(stay)),
        ),
        since=day_of(year.since, year.zone),
        until=year.day,
        events=unit.leavers,
        once_for=f"{year.day.year}-{half}",
        seen=(UNIT + unit.id,),
    )


def rate_of(views: Views, asked: Circumstances, followed: Followed) -> float | None:
    """Return the share of who belonged to a unit at the beginning of a time and left in it by their own will."""
    persons = members(views["directory"], followed.about.removeprefix(UNIT), asked, asked.since)
    if len(persons) < asked.terms.small_group_limit:
        return None
    left = {act.about for act in _endings(views, asked)}
    return len(left & set(persons)) / len(persons)


_ELSEWHERE = (
    "{left} of {left_n} people left {about} by their own will within a year ({rate}; {rate_elsewhere} of "
    "{rate_elsewhere_n} in the {practice_elsewhere_n} units that people stay in). What differs most is "
)
_ELSEWHERE_ZH = (
    "一年内 {about} 的 {left_n} 人中有 {left} 人主动离职（{rate}；在人员稳定的 {practice_elsewhere_n} 个单位中为 "
    "{rate_elsewhere}，共 {rate_elsewhere_n} 人）。差异最大的做法是"
)
RULE = Rule(
    name="feedback-practice",
    version=1,
    title=Words("feedback practice for a unit that people leave", "为人员流失单位改进反馈做法"),
    addressed=Words("the lead of the unit", "该单位负责人"),
    needs=Words(
        f"{LEAVERS} leavers by their own will within {DAYS} days, a rate at least {TIMES} times that of each of "
        f"{UNITS} "
        "other units, every unit with as many people as the policy's limit for small groups",
        f"{DAYS} 天内有 {LEAVERS} 人主动离职，离职率至少为另外 {UNITS} 个单位各自的 {TIMES} 倍，且各单位人数不低于"
        "制度规定的小群体下限",
    ),
    limits={"leavers": LEAVERS, "units": UNITS, "times": TIMES, "days": DAYS},
    texts={
        "coaching": Words(
            _ELSEWHERE + "coaching: {practice} talks a head here, {practice_elsewhere} there.",
            _ELSEWHERE_ZH + "绩效辅导：本单位人均 {practice} 次，他处 {practice_elsewhere} 次。",
        ),
        "feedback": Words(
            _ELSEWHERE + "feedback: {practice} a head here, {practice_elsewhere} there.",
            _ELSEWHERE_ZH + "反馈：本单位人均 {practice} 次，他处 {practice_elsewhere} 次。",
        ),
        "acknowledged": Words(
            _ELSEWHERE + "how much of the feedback is read: {practice} here, {practice_elsewhere} there.",
            _ELSEWHERE_ZH + "反馈被阅读的比例：本单位 {practice}，他处 {practice_elsewhere}。",
        ),
    },
    find=find,
    measure=Measure("leaving_rate", 180, lower_is_better=True, of=rate_of),
)
