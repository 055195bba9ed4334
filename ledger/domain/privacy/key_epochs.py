"""Key epochs: the key that wraps all data keys is followed by another, and destroyed on a day said beforehand.

The stream's id is the number of the epoch, as in `key-epoch/2`; the first epoch begins with the ledger and has no
event of its beginning. What is asked for is carried out by the ledger itself (`ledger.key_keeping`).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyExists, NotFound, Refusal

KIND = "key-epoch"
FIRST = 1
Count = Annotated[int, Field(ge=0)]

# Events


class KeyEpochOrdered(Event, context="privacy"):
    """Every data key is to be wrapped by a new key; the keys of earlier epochs are destroyed on that day."""

    destroy_former_on: Day


class KeyEpochBegun(Event, context="privacy"):
    """The new key is in use, and so many data keys are wrapped by it."""

    data_keys: Count


class KeyDestructionScheduled(Event, context="privacy"):
    """The key of this epoch is destroyed on that day, and with it the worth of every backup wrapped by it."""

    destroy_on: Day


class KeyEpochDestroyed(Event, context="privacy"):
    """The key of this epoch is gone: what was wrapped by it and kept somewhere opens nothing any more."""


# State


@dataclass(frozen=True, slots=True)
class KeyEpochState:
    """One epoch: ordered, begun, to be destroyed on a day, destroyed; times are those of recording."""

    destroy_former_on: date | None = None
    begun_at: datetime | None = None
    destroy_on: date | None = None
    destroyed_at: datetime | None = None

    @property
    def ordered(self) -> bool:
        """Tell whether somebody has asked for it."""
        return self.destroy_former_on is not None

    @property
    def begun(self) -> bool:
        """Tell whether its key has been in use."""
        return self.begun_at is not None

    @property
    def destroyed(self) -> bool:
        """Tell whether its key is gone."""
        return self.destroyed_at is not None


def evolve(state: KeyEpochState, entry: Entry) -> KeyEpochState:
    """Return the state after `entry`."""
    match entry.event:
        case KeyEpochOrdered(destroy_former_on=day):
            return replace(state, destroy_former_on=day)
        case KeyEpochBegun():
            return replace(state, begun_at=entry.recorded_at)
        case KeyDestructionScheduled(destroy_on=day):
            return replace(state, destroy_on=day)
        case KeyEpochDestroyed():
            return replace(state, destroyed_at=entry.recorded_at)
    return state


# Commands

_OPERATOR, _LEDGER = By("role:operator"), By("system", "keys")


class OrderKeyEpoch(
    Command, stream=KIND, verb="order", by=(_OPERATOR, _LEDGER), starts=True, repeats=True, on_behalf=False
):
    """Have every data key wrapped by a new key; `destroy_former_on` is the day on which earlier ones are destroyed."""

    destroy_former_on: Day


class ScheduleKeyDestruction(
    Command, stream=KIND, verb="schedule-destruction", by=(_OPERATOR, _LEDGER), starts=True, repeats=True,
    on_behalf=False,
):  # fmt: skip
    """Say on which day the key of an earlier epoch is destroyed; said again, the later word counts."""

    destroy_on: Day


class RecordKeyEpochBegun(Command, stream=KIND, verb="record-begun", by=(_LEDGER,), on_behalf=False):
    """Record that the new key is in use: the ledger's own act."""

    data_keys: Count


class RecordKeyEpochDestroyed(
    Command, stream=KIND, verb="record-destroyed", by=(_LEDGER,), starts=True, repeats=True, on_behalf=False
):
    """Record that the key of an epoch is gone: the ledger's own act."""


class KeyEpochInUse(Refusal):
    """The newest epoch wraps all data keys."""

    code = "key_epoch_in_use"
    en = "This epoch is in use: begin another one first."
    zh = "该密钥纪元正在使用：请先启用新的纪元。"


class KeyEpochGone(Refusal):
    """The key is destroyed."""

    code = "key_epoch_destroyed"
    en = "The key of this epoch has been destroyed."
    zh = "该纪元的密钥已销毁。"


class NotTheNextEpoch(Refusal):
    """Epochs follow each other by one."""

    code = "not_the_next_epoch"
    en = "Epochs follow each other by one, and the one before must have begun."
    zh = "密钥纪元须依次递增，且前一纪元须已启用。"


class DayPassed(Refusal):
    """A key is destroyed today or later."""

    code, status = "day_passed", 422
    en = "A key is destroyed today or on a later day."
    zh = "密钥只能于当日或之后销毁。"


# Decide


def decide(command: Command, state: KeyEpochState, act: Act) -> Event:
    """Return the event of a command to an epoch."""
    number = _number(act)
    match command:
        case OrderKeyEpoch(destroy_former_on=day):
            return _ordered(number, state, day, act)
        case RecordKeyEpochBegun(data_keys=count):
            if not state.ordered or state.begun:
                raise AlreadyExists(kind=KIND)
            return KeyEpochBegun(data_keys=count)
        case ScheduleKeyDestruction(destroy_on=day):
            _refuse_in_use(number, state, act)
            _refuse_passed(day, act)
            return KeyDestructionScheduled(destroy_on=day)
        case RecordKeyEpochDestroyed():
            _refuse_in_use(number, state, act)
            return KeyEpochDestroyed()
    raise TypeError(command)


def _number(act: Act) -> int:
    """Return the number that the id is. Raises NotFound for what is none."""
    if not act.id.isascii() or not act.id.isdigit() or act.id.startswith("0") or len(act.id) > 6:
        raise NotFound()
    return int(act.id)


def _ordered(number: int, state: KeyEpochState, day: date, act: Act) -> KeyEpochOrdered:
    if state.ordered or number == FIRST:
        raise AlreadyExists(kind=KIND)
    if number > FIRST + 1 and not _of(number - 1, act).begun:
        raise NotTheNextEpoch()
    _refuse_passed(day, act)
    return KeyEpochOrdered(destroy_former_on=day)


def _refuse_in_use(number: int, state: KeyEpochState, act: Act) -> None:
    """Refuse for the epoch in use, one that never began, and one whose key is gone."""
    if number != FIRST and not state.begun:
        raise NotFound()
    if state.destroyed:
        raise KeyEpochGone()
    if not _of(number + 1, act).begun:
        raise KeyEpochInUse()


def _refuse_passed(day: date, act: Act) -> None:
    if day < act.today:
        raise DayPassed()


def _of(number: int, act: Act) -> KeyEpochState:
    state: KeyEpochState = act.facts.state(KIND, str(number))
    return state


STREAM = StreamKind(
    KIND,
    "key-epochs",
    "ke",
    KeyEpochState(),
    decide,
    evolve,
    (OrderKeyEpoch, ScheduleKeyDestruction, RecordKeyEpochBegun, RecordKeyEpochDestroyed),
    caller_ids=True,
)
