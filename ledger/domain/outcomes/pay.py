"""Pay: which published result was handed to whoever sets the pay, and what came of it."""

from dataclasses import dataclass, replace

from pydantic import Field

from ledger.domain.figures import Quantity
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code, ContentHash, Grade, Id, PersonId, ReviewId
from ledger.kernel.refusals import AlreadyRecorded, NotFound, OwnAct, Refusal

CHANGED = "result_changed_since"  # a mark: another result is published than the one that was handed over

# Events


class ResultHandedToPay(Event, context="outcomes"):
    """A published result went to pay: its entry, grade and content hash; `replaces` is the hand-over of another one."""

    person: PersonId
    review: ReviewId
    result: Id
    grade: Grade
    content: ContentHash
    replaces: Id | None = None


class PayOutcomeRecorded(Event, context="outcomes"):
    """What came of a hand-over, as in a raise of a percentage; `value` is absent where it was not told."""

    person: PersonId
    review: ReviewId
    handed: Id
    outcome: Code
    value: Quantity | None = None
    unit_of_measure: Code | None = None
    source: Code


# State


@dataclass(frozen=True, slots=True)
class PayState:
    """The last hand-over of a review's result, and the pay outcome that was recorded for it."""

    person: str | None = None
    handed: str | None = None  # entry of the hand-over
    result: str | None = None
    outcome: PayOutcomeRecorded | None = None


def evolve(state: PayState, entry: Entry) -> PayState:
    """Return the state after `entry`; another hand-over waits for an outcome of its own."""
    match entry.event:
        case ResultHandedToPay(person=person, result=result):
            return PayState(person, entry.event_id, result)
        case PayOutcomeRecorded() as recorded:
            return replace(state, outcome=recorded)
    return state


# Commands

_BY = (By("lead", "person"), By("hr_partner", "person"), By("role:hr_administrator"), By("role:subscriber"))


class HandToPay(Command, stream="pay", verb="hand-over", by=(By("role:hr_administrator"),)):
    """Hand the published result of a review to pay; after it was changed, hand it again."""


class RecordPayOutcome(Command, stream="pay", verb="record-outcome", by=_BY):
    """Record what came of the result that was handed over last."""

    outcome: Code = Field(description="as in raise, bonus, none")
    value: Quantity | None = Field(default=None, description="decimal text; absent where it was not told")
    unit_of_measure: Code | None = Field(default=None, description="as in percent or cny; with a value only")
    source: Code


class ValueWithoutUnit(Refusal):
    """A value and its unit of measure go together."""

    code, status = "value_without_unit", 422
    en = "A value and its unit of measure go together."
    zh = "数值与计量单位须同时填写。"


class OutcomeForgotten(Refusal):
    """An outcome whose value is known is not replaced by one without."""

    code, rule = "pay_value_forgotten", "absence_is_not_zero"
    en = "The outcome that stands has a value; this one leaves it out."
    zh = "现有薪酬结果已有数值，不得以缺失值替代。"


# Decide


def decide(command: Command, state: PayState, act: Act) -> Event:
    """Return the event of a command about a review's pay, or refuse it. The stream bears the review's id."""
    act.require_happened()
    if not act.facts.exists("review", act.id):
        raise NotFound()
    review = act.facts.state("review", act.id)
    person = str(review.in_force().person)
    if act.is_own(person):
        act.refuse(OwnAct())
    match command:
        case HandToPay():
            result = review.require_published()
            if state.result == result.entry:
                raise AlreadyRecorded()
            return ResultHandedToPay(
                person=person,
                review=act.id,
                result=result.entry,
                grade=result.grade,
                content=result.content,
                replaces=state.handed,
            )
        case RecordPayOutcome():
            if review.result is None or review.result.entry != state.result:
                act.marks.append(CHANGED)
            return _outcome(command, state, person, act)
    raise TypeError(command)


def _outcome(command: RecordPayOutcome, state: PayState, person: str, act: Act) -> Event:
    if state.handed is None:
        raise NotFound()
    if (command.value is None) != (command.unit_of_measure is None):
        raise ValueWithoutUnit()
    fresh = PayOutcomeRecorded(person=person, review=act.id, handed=state.handed, **command.own_fields())
    if state.outcome == fresh:
        raise AlreadyRecorded()
    if state.outcome is not None and state.outcome.value is not None and fresh.value is None:
        raise OutcomeForgotten()
    return fresh


COMMANDS = (HandToPay, RecordPayOutcome)
STREAM = StreamKind("pay", "pay", "y", PayState(), decide, evolve, COMMANDS, by_naming=True)
