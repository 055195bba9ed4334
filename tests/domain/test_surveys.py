"""Surveys: whatever the order of answering the closing is the same, and no shown group gives a smaller one away."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger.domain.outcomes.answers import (
    AnswerSurvey,
    AnswerUnfit,
    Question,
    QuestionKind,
    SurveyOver,
    Waiting,
    checked,
)
from ledger.domain.outcomes.groups import disclosed
from ledger.domain.outcomes.surveys import (
    CLEAR_MAX_BYTES,
    CloseSurvey,
    NotInSurvey,
    OpenSurvey,
    SurveyClosed,
    SurveyOpened,
    SurveyTooLarge,
    admit,
    closing,
)
from ledger.domain.people.units import UnitFormed
from ledger.domain.policies.publishing import PolicyPublished
from ledger.kernel.event import Subject
from ledger.kernel.ids import ID_MAX_LENGTH
from ledger.kernel.policy import STANDING, PolicyTerms
from ledger.kernel.refusals import AlreadyExists, AskedAlone, UnknownReference
from tests.domain.examples import company, day
from tests.domain.examples.outcomes import QUESTIONS, SURVEY, SURVEY_OVER, WAITED, WORDING
from tests.domain.given import NOW, Given, Happened, given

WORLD = company()
OPEN = OpenSurvey(questions=QUESTIONS, units=("company", "sales"), closes_on=day("2026-06-30"), wording=WORDING)
UNITS = ("north", "south", "east", "west")
ANSWERS = st.builds(
    Waiting,
    st.sampled_from(UNITS),
    st.dictionaries(st.just("content"), st.integers(1, 5)),
    st.dictionaries(st.just("remarks"), st.sampled_from(["good", "bad", "早上好"])),
)
MANY = st.lists(ANSWERS, max_size=30)


def survey(*happened: Happened) -> Given:
    return given("survey", "s-1", *happened, world=WORLD)


def asked(limit: int, units: tuple[str, ...] = UNITS) -> SurveyOpened:
    return SurveyOpened(questions=QUESTIONS, units=units, small_group_limit=limit, closes_on=day("2026-06-30"))


# Every state and command


@pytest.mark.parametrize(
    ("happened", "answers"),
    [
        ((), ("SurveyOpened", "not_found", "not_found")),
        ((SURVEY,), ("already_exists", "survey_still_open", "Waiting")),
        ((SURVEY_OVER,), ("already_exists", "SurveyClosed", "survey_over")),
        (
            (SURVEY_OVER, SurveyClosed(sheets=Subject(kind="survey-answers", id="s-1"), withheld=True)),
            ("already_exists", "survey_closed", "survey_closed"),
        ),
    ],
)
def test_what_each_state_answers(happened: tuple[Happened, ...], answers: tuple[str, ...]):
    subject = survey(*happened)
    said = [subject.when(command).said for command in (OPEN, CloseSurvey().holding(WAITED))]
    assert (*said, answered(subject, "p-ann")) == answers


def answered(subject: Given, who: str) -> str:
    """Return what becomes of an answer: that it waits, or the refusal's code."""
    command = AnswerSurvey(answers={"content": 4})
    try:
        return type(admit(command, subject.state, subject.history.act("survey", "s-1", command, actor=who))).__name__
    except Exception as refusal:  # its code is looked at
        return str(refusal)


def test_a_survey_is_not_closed_without_its_answers():
    survey(SURVEY_OVER).when(CloseSurvey()).then(AskedAlone)
    with pytest.raises(ValidationError):
        CloseSurvey.model_validate({"collected": []})
    with pytest.raises(ValidationError):
        CloseSurvey.model_validate({"_collected": []})


# Opening


def test_a_survey_protects_groups_at_least_as_well_as_the_policy():
    strict = given(
        "policy", STANDING, PolicyPublished(version=1, label="P", terms=PolicyTerms(small_group_limit=8)), world=WORLD
    ).history
    subject = given("survey", "s-1", world=strict)
    opened = subject.when(OPEN).event
    assert isinstance(opened, SurveyOpened)
    assert opened.small_group_limit == 8
    assert subject.when(OPEN.model_copy(update={"small_group_limit": 7})).said == "small_group_limit_too_low"
    subject.when(OPEN.model_copy(update={"small_group_limit": 9})).then(SurveyOpened)


def test_units_are_known_and_the_last_day_is_to_come():
    survey().when(OPEN.model_copy(update={"units": ("unheard-of",)})).then(UnknownReference)
    assert survey().when(OPEN.model_copy(update={"closes_on": day("2026-06-14")})).said == "closes_before_today"
    survey().when(OPEN.model_copy(update={"closes_on": day("2026-06-15")})).then(SurveyOpened)
    survey(SURVEY).when(OPEN).then(AlreadyExists)


@pytest.mark.parametrize(
    "changed",
    [
        {"questions": (QUESTIONS[0], QUESTIONS[0])},
        {"units": ("sales", "sales")},
        {"wording": {"content": "How content?"}},
        {"wording": {**WORDING, "more": "What?"}},
    ],
)
def test_questions_and_units_stand_once_and_each_question_has_its_words(changed: dict[str, object]):
    with pytest.raises(ValidationError):
        OpenSurvey.model_validate({**OPEN.own_fields(), **changed})


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "scale", "lowest": 5, "highest": 5},
        {"kind": "choice"},
        {"kind": "choice", "choices": ("a", "a")},
        {"kind": "scale", "choices": ("a",)},
    ],
)
def test_a_question_has_at_least_two_answers(form: dict[str, object]):
    with pytest.raises(ValidationError):
        Question.model_validate({"code": "x", **form})


def test_the_words_are_sealed_with_the_survey():
    event = survey().when(OPEN).event
    assert event is not None
    assert event.sealed_texts("survey/s-1") == {("survey/s-1", "survey"): {"wording": WORDING}}
    assert b"content are you" not in event.clear_json()


def test_what_is_opened_can_be_closed_within_one_event():
    wide = tuple(Question(code=f"q{n}", kind=QuestionKind.SCALE, lowest=0, highest=10) for n in range(60))
    words = {question.code: "?" for question in wide}
    refused = OpenSurvey(questions=wide, units=("company", "sales"), closes_on=day("2026-06-30"), wording=words)
    survey().when(refused).then(SurveyOpened)
    world = WORLD.copy()
    units = [f"{number:03}-".ljust(ID_MAX_LENGTH, "单") for number in range(40)]
    for unit in units:
        world.record("unit", unit, UnitFormed(label="Unit", parent="company"))
    subject = given("survey", "s-1", world=world)
    subject.when(refused.model_copy(update={"units": tuple(units)})).then(SurveyTooLarge)
    some = OpenSurvey(
        questions=wide[:3], units=tuple(units), closes_on=day("2026-06-30"), wording={"q0": "?", "q1": "?", "q2": "?"}
    )
    opened = subject.when(some).event
    assert isinstance(opened, SurveyOpened)
    crowd = [Waiting(unit, dict.fromkeys(("q0", "q1", "q2"), 10)) for unit in units for _ in range(10)]
    closed = closing(crowd, opened, survey="s-1")
    assert len(closed.groups) == 40
    assert len(closed.clear_json()) + len(orjson.dumps(closed.subjects("survey/s-1"))) < CLEAR_MAX_BYTES


# Answering


def test_an_answer_waits_with_the_nearest_unit_asked_and_nothing_else_of_its_author():
    command = AnswerSurvey(answers={"content": 4, "remarks": "More tea"})
    subject = survey(SURVEY)
    waiting = admit(command, subject.state, subject.history.act("survey", "s-1", command, actor="p-ann"))
    assert waiting == Waiting("sales", {"content": 4}, {"remarks": "More tea"})
    assert set(waiting.plain()) == {"unit", "coded", "remarks"}
    boss = admit(command, subject.state, subject.history.act("survey", "s-1", command, actor="p-boss"))
    assert boss.unit == "company"


def test_who_works_elsewhere_is_not_asked():
    only_sales = SURVEY[0].model_copy(update={"units": ("sales",)}), SURVEY[1]
    assert answered(survey(only_sales), "p-boss") == NotInSurvey.code
    assert answered(survey(only_sales), "p-ann") == "Waiting"


def test_the_last_day_is_whole():
    today = SURVEY[0].model_copy(update={"closes_on": day("2026-06-15")}), SURVEY[1]
    assert answered(survey(today), "p-ann") == "Waiting"
    over = SURVEY[0].model_copy(update={"closes_on": day("2026-06-14")}), SURVEY[1]
    assert answered(survey(over), "p-ann") == SurveyOver.code
    assert NOW.hour == 4, "noon in Shanghai"


def test_an_answer_has_no_time_and_no_reason():
    for extra in ({"effective_at": "2026-06-01"}, {"reason": "late"}):
        with pytest.raises(ValidationError):
            AnswerSurvey.model_validate({"answers": {"content": 1}, **extra})


@for_all(
    st.dictionaries(
        st.sampled_from(["content", "channel", "remarks", "x"]),
        st.integers(-2, 8) | st.sampled_from(["mail", "fax", "5"]),
        min_size=1,
    )
)
def test_an_answer_fits_its_questions_or_is_refused(given_answers: dict[str, int | str]):
    fits = {
        "content": lambda a: isinstance(a, int) and 1 <= a <= 5,
        "channel": lambda a: a in ("mail", "chat"),
        "remarks": lambda a: isinstance(a, str),
    }
    command = AnswerSurvey(answers=given_answers)
    if all(code in fits and fits[code](answer) for code, answer in given_answers.items()):
        coded, remarks = checked(command, QUESTIONS)
        assert {**coded, **remarks} == given_answers
        assert set(remarks) <= {"remarks"}
    else:
        with pytest.raises(AnswerUnfit):
            checked(command, QUESTIONS)


# Closing


@for_all(MANY, st.integers(1, 8), st.randoms())
def test_any_order_of_answering_leads_to_the_same_closing(collected: list[Waiting], limit: int, chance):
    shuffled = list(collected)
    chance.shuffle(shuffled)
    one, other = (closing(answers, asked(limit), survey="s-1") for answers in (collected, shuffled))
    assert one == other
    assert one.clear_json() == other.clear_json()


@for_all(MANY, st.integers(1, 8))
def test_no_group_below_the_limit_is_shown_nor_left_between_shown_ones(collected: list[Waiting], limit: int):
    groups = disclosed(collected, UNITS, limit)
    sizes = [len(group.answers) for group in groups]
    assert all(size >= limit for size in sizes)
    if groups:
        assert sorted(unit for group in groups for unit in group.units) == sorted(UNITS)
        assert sum(sizes) == len(collected), "everybody who answered is in one group"
    else:
        assert len(collected) < limit or not collected
    for count in range(1, len(sizes)):
        for part in combinations(sizes, count):
            assert sum(part) >= limit
            assert sum(sizes) - sum(part) >= limit, "what is left when shown groups are taken away"


@for_all(MANY, st.integers(1, 8))
@settings(max_examples=150)
def test_the_closing_says_what_was_answered_and_no_more(collected: list[Waiting], limit: int):
    closed = closing(collected, asked(limit), survey="s-1")
    if closed.withheld:
        assert (closed.groups, closed.rows, closed.texts) == ((), None, None)
        return
    assert closed.rows is not None
    assert closed.texts is not None
    for number, group in enumerate(closed.groups):
        mine = [a for a in collected if a.unit in group.units]
        given_values = Counter(a.coded["content"] for a in mine if "content" in a.coded)
        content = group.figures[0]
        shown = Counter(row["content"] for row in closed.rows if row["@group"] == str(number) and "content" in row)
        if sum(given_values.values()) >= limit:
            assert content.counts == tuple(given_values[value] for value in range(1, 6))
            assert shown == Counter({str(value): count for value, count in given_values.items()})
        else:
            assert (content.answered, content.counts, shown) == (None, (), Counter())
    remarks = sorted(a.remarks["remarks"] for a in collected if a.remarks)
    assert closed.texts == ({"remarks": tuple(remarks)} if len(remarks) >= limit else {})


def test_single_answers_and_remarks_are_sealed_apart_from_the_figures():
    event = survey(SURVEY_OVER).when(CloseSurvey().holding(WAITED)).event
    assert isinstance(event, SurveyClosed)
    sealed = event.sealed_texts("survey/s-1")
    assert list(sealed) == [("survey-answers/s-1", "survey")]
    assert b"Remark" not in event.clear_json()
    assert event.groups[0].units == ("company", "sales"), "nobody of the company alone has answered"
    assert event.groups[0].figures[1].counts == (), "nobody has named a channel: absence is no answer"
