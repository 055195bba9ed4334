"""Surveys: opened to units with coded questions, answered in confidence, and closed with every answer at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from orjson import dumps as json_bytes
from pydantic import Field, PrivateAttr, model_validator

from ledger.domain.outcomes.answers import (
    AnswerSurvey,
    Figures,
    Question,
    SurveyClosedAlready,
    SurveyOver,
    Waiting,
    checked,
)
from ledger.domain.outcomes.groups import disclosed, figures_of, rows_of, texts_of
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, Seal, Subject, Value
from ledger.kernel.ids import Code, Id, UnitId
from ledger.kernel.moments import Day, day_of
from ledger.kernel.refusals import AlreadyExists, AskedAlone, NotFound, Refusal
from ledger.kernel.texts import Note

SHEETS = "survey-answers"  # as whose the single answers are sealed: only HR administrators and auditors open them
CLEAR_MAX_BYTES = 56_000  # of an event's 65,535; the rest is for what stands around the data
GROUP_BYTES, FIGURES_BYTES = 50, 40  # names, brackets and the number of those who answered
HIGHEST = 40  # no organisation has more levels

Wording = dict[Code, Note]
Row = dict[str, str]

# Events


class SurveyOpened(Event, context="outcomes"):
    """Questions to everybody in some units, until a day; groups below the limit will not be shown by themselves.

    The wording is sealed: question → what is asked, in the words that people read.
    """

    questions: tuple[Question, ...]
    units: tuple[UnitId, ...]
    small_group_limit: int
    closes_on: Day
    wording: Annotated[Wording | None, Seal(OWN_STREAM, "survey")] = None


class ClosedGroup(Value):
    """Units that are shown together, how many answered in them, and what was answered to each question."""

    units: tuple[UnitId, ...]
    answered: int
    figures: tuple[Figures, ...]


class SurveyClosed(Event, context="outcomes"):
    """Everything that was answered, once: figures by group, and sealed the single answers in an order of their own.

    Figures stand in the order of the questions. A row of `rows` is one person's coded answers with the number of the
    group, from 0, under `@group`; `texts` are apart from the rows.
    Where fewer have answered than the limit, nothing is shown, not even how many.
    """

    sheets: Subject
    groups: tuple[ClosedGroup, ...] = ()
    withheld: bool = False
    rows: Annotated[tuple[Row, ...] | None, Seal("sheets", "survey")] = None
    texts: Annotated[dict[Code, tuple[str, ...]] | None, Seal("sheets", "survey")] = None

    def subjects(self, stream: str) -> tuple[str, ...]:
        """Return the survey and the units in its groups."""
        units = (f"unit/{unit}" for group in self.groups for unit in group.units)
        return tuple(dict.fromkeys((stream, *units)))


# State


@dataclass(frozen=True, slots=True)
class SurveyState:
    """A survey as it was opened, and whether it is closed. Nothing in it moves with the answers."""

    opened: SurveyOpened | None = None
    closed: bool = False


def evolve(state: SurveyState, entry: Entry) -> SurveyState:
    """Return the state after `entry`."""
    match entry.event:
        case SurveyOpened() as opened:
            return SurveyState(opened)
        case SurveyClosed():
            return SurveyState(state.opened, closed=True)
    return state


# Commands


class OpenSurvey(Command, stream="survey", verb="open", by=(By("role:hr_administrator"),), starts=True):
    """Ask everybody in some units, and in those below them, coded questions until a day."""

    questions: tuple[Question, ...] = Field(min_length=1, max_length=60)
    units: tuple[Id, ...] = Field(min_length=1, max_length=200, description="each is a group; the nearest one counts")
    closes_on: Day = Field(description="the last day for answers")
    small_group_limit: int | None = Field(
        default=None, ge=1, le=1000, description="at least the policy's, which holds if absent"
    )
    wording: Wording = Field(description="question → its words", max_length=60)

    @model_validator(mode="after")
    def _each_named_once(self) -> "OpenSurvey":
        """Refuse questions and units that stand twice, and wording that does not fit the questions."""
        codes = [question.code for question in self.questions]
        if len(set(codes)) < len(codes) or len(set(self.units)) < len(self.units):
            raise ValueError("named twice")
        if set(self.wording) != set(codes):
            raise ValueError("each question has its words")
        return self


class CloseSurvey(
    Command,
    stream="survey",
    verb="close",
    by=(By("role:hr_administrator"), By("system", "rules")),
    on_behalf=False,
):
    """Close a survey whose last day is over; its answers appear with that, and never again.

    The ledger does so by itself on the day after.
    """

    _collected: tuple[Waiting, ...] | None = PrivateAttr(default=None)

    def holding(self, collected: Sequence[Waiting]) -> "CloseSurvey":
        """Return the command with what has waited; no caller can bring answers along."""
        held = self.model_copy()
        held._collected = tuple(collected)
        return held

    @property
    def collected(self) -> tuple[Waiting, ...] | None:
        """Return what has waited, None before it was collected."""
        return self._collected


class LimitTooLow(Refusal):
    """A survey may protect smaller groups better than the policy, and never worse."""

    code, status = "small_group_limit_too_low", 422
    en = "The policy shows no group below {limit}."
    zh = "制度规定不得展示少于 {limit} 人的群体。"


class SurveyTooLarge(Refusal):
    """What a survey asks and shows fits one event: units times possible answers are bounded."""

    code, status = "survey_too_large", 422
    en = "Too many units, questions and possible answers for one survey."
    zh = "单个问卷的单位、题目与选项过多。"
    accepted_en = "several surveys, each for a part of the units"
    accepted_zh = "将单位分组，分别开展问卷"


class ClosesBeforeToday(Refusal):
    """A survey is open for at least the rest of today."""

    code, status = "closes_before_today", 422
    en = "The last day for answers lies in the past."
    zh = "截止日期已过。"


class SurveyStillOpen(Refusal):
    """Answers appear when the time is over: whoever closes does not choose after which answer."""

    code = "survey_still_open"
    en = "The survey is open up to and including {closes_on}."
    zh = "问卷开放至 {closes_on}（含当日）。"


class NotInSurvey(Refusal):
    """A survey is answered by those who work in the units it asks."""

    code, status = "not_in_survey", 403
    en = "This survey asks other units."
    zh = "该问卷面向其他单位。"


# Decide


def decide(command: Command, state: SurveyState, act: Act) -> Event:
    """Return SurveyOpened or SurveyClosed, or refuse it."""
    act.require_happened()
    if isinstance(command, OpenSurvey):
        return _opened(command, state, act)
    if state.opened is None:
        raise NotFound()
    if state.closed:
        raise SurveyClosedAlready()
    if not _is_over(state.opened.closes_on, act):
        raise SurveyStillOpen(closes_on=state.opened.closes_on.isoformat())
    if not isinstance(command, CloseSurvey) or command.collected is None:
        raise AskedAlone()
    return closing(command.collected, state.opened, survey=act.id)


def _opened(command: OpenSurvey, state: SurveyState, act: Act) -> Event:
    if state.opened is not None:
        raise AlreadyExists(kind="survey")
    for unit in command.units:
        act.require_known("unit", unit, field="units")
    if _is_over(command.closes_on, act):
        raise ClosesBeforeToday()
    lowest = act.facts.policy(act.now).terms.small_group_limit
    limit = lowest if command.small_group_limit is None else command.small_group_limit
    if limit < lowest:
        raise LimitTooLow(limit=lowest)
    opened = SurveyOpened(
        questions=command.questions,
        units=command.units,
        small_group_limit=limit,
        closes_on=command.closes_on,
        wording=command.wording,
    )
    if max(_opening_bytes(opened), _closing_bytes(opened)) > CLEAR_MAX_BYTES:
        raise SurveyTooLarge()
    return opened


def _opening_bytes(opened: SurveyOpened) -> int:
    """Return the size of the opening: its data, and the units once more among the subjects."""
    return len(opened.clear_json()) + _ids_bytes(opened)


def _closing_bytes(opened: SurveyOpened) -> int:
    """Return the most that a closing can take: each unit a group, each possible answer a count of six digits."""
    per_group = sum(FIGURES_BYTES + 7 * len(question.possible) for question in opened.questions)
    return len(opened.units) * (GROUP_BYTES + per_group) + 2 * _ids_bytes(opened)


def _ids_bytes(opened: SurveyOpened) -> int:
    return sum(len(json_bytes(f"unit/{unit}")) + 1 for unit in opened.units)


def _is_over(last: date, act: Act) -> bool:
    return day_of(act.now, act.facts.zone) > last


def admit(command: AnswerSurvey, state: SurveyState, act: Act) -> Waiting:
    """Return an answer as it waits: what was answered and in which group, and nothing of who or when. Refuses others.

    Who may answer is settled by where they work now; that they have answered already, by their ticket.
    """
    if state.opened is None:
        raise NotFound()
    if state.closed:
        raise SurveyClosedAlready()
    if _is_over(state.opened.closes_on, act):
        raise SurveyOver()
    unit = _asked_unit(state.opened.units, act)
    if unit is None:
        raise NotInSurvey()
    return Waiting(unit, *checked(command, state.opened.questions))


def _asked_unit(asked: tuple[str, ...], act: Act) -> str | None:
    """Return the nearest unit above the person that the survey asks, their own first."""
    unit = act.facts.unit_of(act.actor, act.now)
    for _ in range(HIGHEST):
        if unit is None or unit in asked:
            return unit
        unit = act.facts.state("unit", unit).parent_on(act.now)
    return None


def closing(collected: Sequence[Waiting], opened: SurveyOpened, *, survey: str) -> SurveyClosed:
    """Return the closing of a survey. It follows from the set of answers alone, in whatever order they came."""
    limit, sheets = opened.small_group_limit, Subject(kind=SHEETS, id=survey)
    groups = disclosed(collected, opened.units, limit)
    if not groups:
        return SurveyClosed(sheets=sheets, withheld=True)
    closed = tuple(
        ClosedGroup(
            units=group.units, answered=len(group.answers), figures=figures_of(group.answers, opened.questions, limit)
        )
        for group in groups
    )
    rows, texts = rows_of(groups, opened.questions, limit), texts_of(groups, opened.questions, limit)
    return SurveyClosed(sheets=sheets, groups=closed, rows=rows, texts=texts)


COMMANDS = (OpenSurvey, CloseSurvey)
STREAM = StreamKind("survey", "surveys", "s", SurveyState(), decide, evolve, COMMANDS)
