"""Answers: the questions of a survey, what fits them, and how an answer waits without its author."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from ledger.kernel.command import By, Command
from ledger.kernel.event import Value
from ledger.kernel.ids import Code
from ledger.kernel.refusals import Refusal

Remark = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class QuestionKind(StrEnum):
    """How a question is answered."""

    SCALE = "scale"  # a whole number from `lowest` to `highest`
    CHOICE = "choice"  # one of `choices`
    TEXT = "text"  # free words, which are kept apart from the coded answers


class Question(Value):
    """A question by its code, and what answers it; its words are sealed with the survey."""

    code: Code
    kind: QuestionKind
    lowest: int = Field(default=1, ge=-100, le=100)
    highest: int = Field(default=5, ge=-100, le=100)
    choices: tuple[Code, ...] = Field(default=(), max_length=40)

    @model_validator(mode="after")
    def _answerable(self) -> "Question":
        """Refuse a question that has no two different answers."""
        if self.kind is QuestionKind.SCALE and self.lowest >= self.highest:
            raise ValueError("a scale has at least two values")
        if (self.kind is QuestionKind.CHOICE) != bool(self.choices) or len(set(self.choices)) < len(self.choices):
            raise ValueError("choices stand once each, and with a choice only")
        return self

    @property
    def possible(self) -> tuple[int | str, ...]:
        """Return every coded answer in order: a scale's values from the lowest, or the choices."""
        if self.kind is QuestionKind.SCALE:
            return tuple(range(self.lowest, self.highest + 1))
        return self.choices

    def takes(self, answer: "int | str") -> bool:
        """Tell whether an answer fits the question."""
        return isinstance(answer, str) if self.kind is QuestionKind.TEXT else answer in self.possible


class Figures(Value):
    """How many of a group answered a question, and how often each possible answer was given, in the question's order.

    Neither stands where fewer than the limit answered it. Who left it out is not in `answered`: absence is no answer.
    """

    answered: int | None = None
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer that waits for its survey to close: from which of the units asked, its coded answers, its remarks."""

    unit: str
    coded: Mapping[str, int | str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)


class AnswerSurvey(Command, stream="survey", verb="answer", by=(By("employee"),), on_behalf=False):
    """Answer a survey, once. It is recorded nowhere by itself: it waits, without its author, until the survey closes.

    A question that is left out is not answered, and counts nowhere.
    """

    answers: dict[Code, Annotated[int, Field(strict=True)] | Remark] = Field(min_length=1, max_length=60)

    def hides_author(self) -> bool:
        """Tell that nothing is kept of who answered."""
        return True

    @model_validator(mode="after")
    def _without_a_time(self) -> "AnswerSurvey":
        """Refuse a time and a reason: an answer has neither."""
        if self.effective_at is not None or self.reason is not None:
            raise ValueError("an answer has no time and no reason")
        return self


class SurveyClosedAlready(Refusal):
    """A closed survey has shown its answers; no more are taken."""

    code, rule = "survey_closed", "contradictory_states_need_a_reversal"
    en = "The survey is closed."
    zh = "问卷已关闭。"


class SurveyOver(Refusal):
    """The last day for answers is over."""

    code = "survey_over"
    en = "The last day for answers is over."
    zh = "问卷填写期限已过。"


class SurveyAnswered(Refusal):
    """Everybody answers once; an answer can't be found again to be changed."""

    code = "survey_answered"
    en = "You have answered this survey. Nobody can tell which answer is yours, so it can't be changed."
    zh = "您已填写此问卷。答案无法对应到个人，因此不可修改。"


class AnswerUnfit(Refusal):
    """An answer fits its question."""

    code, status = "answer_unfit", 422
    en = "An answer does not fit its question, or there is no such question."
    zh = "答案与题目不符，或该题目不存在。"


def checked(command: AnswerSurvey, questions: Sequence[Question]) -> tuple[dict[str, int | str], dict[str, str]]:
    """Return (coded answers, remarks), each by question in the survey's order. Refuses what fits no question."""
    by_code = {question.code: question for question in questions}
    for code, answer in command.answers.items():
        if code not in by_code or not by_code[code].takes(answer):
            raise AnswerUnfit()
    given = {code: command.answers[code] for code in by_code if code in command.answers}
    remarks = {code: str(answer) for code, answer in given.items() if by_code[code].kind is QuestionKind.TEXT}
    return {code: answer for code, answer in given.items() if code not in remarks}, remarks
