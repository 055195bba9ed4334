"""Coaching: conversations about how to reach the goals, what was agreed in them, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import GoalId, Id, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AfterLastDay, AlreadyExists, AlreadyRecorded, NotFound, OwnAct, Refusal
from ledger.kernel.texts import Note

# Events


class CoachingHeld(Event, context="feedback"):
    """A coach and a person talked about the person's goals; others took part."""

    person: PersonId
    coach: PersonId
    participants: tuple[PersonId, ...] = ()
    goals: tuple[GoalId, ...] = ()
    note: Annotated[Note | None, Seal("person", "feedback")] = None


class ActionAgreed(Event, context="feedback"):
    """Somebody is to do something by a day; the entry's id is the action's."""

    person: PersonId
    holder: PersonId
    due_on: Day
    text: Annotated[Note | None, Seal("person", "feedback")] = None


class ActionCompleted(Event, context="feedback"):
    """What was agreed is done."""

    person: PersonId
    action: Id
    holder: PersonId


# State


@dataclass(frozen=True, slots=True)
class CoachingState:
    """A conversation, the actions agreed in it by entry, each with its holder, and those that are done."""

    person: str | None = None
    coach: str | None = None
    participants: tuple[str, ...] = ()
    actions: Mapping[str, str] = field(default_factory=dict)
    completed: frozenset[str] = frozenset()

    @property
    def holders(self) -> frozenset[str]:
        """Return everybody who has agreed to do something."""
        return frozenset(self.actions.values())


def evolve_coaching(state: CoachingState, entry: Entry) -> CoachingState:
    """Return the state after `entry`."""
    match entry.event:
        case CoachingHeld(person=person, coach=coach, participants=participants):
            return CoachingState(person, coach, participants)
        case ActionAgreed(holder=holder):
            return replace(state, actions={**state.actions, entry.event_id: holder})
        case ActionCompleted(action=action):
            return replace(state, completed=state.completed | {action})
    return state


# Commands

_BOTH = (By("own", "coach"), By("own", "person"), By("lead", "person"))


class HoldCoaching(
    Command,
    stream="coaching",
    verb="hold",
    by=(By("lead", "person"), By("hr_for_lead", "person")),
    claim=True,
    starts=True,
):
    """Record a conversation that was held with somebody about their goals."""

    person: Id
    participants: tuple[Id, ...] = Field(default=(), max_length=20, description="who else took part")
    goals: tuple[Id, ...] = Field(default=(), max_length=20)
    note: Note | None = None


class AgreeAction(Command, stream="coaching", verb="agree-action", by=_BOTH):
    """Record what one of those who took part is to do by a day."""

    holder: Id
    due_on: Day
    text: Note


class CompleteAction(Command, stream="coaching", verb="complete-action", by=(By("named", "holders"), *_BOTH)):
    """Say that an agreed action is done; only its holder does."""

    action: Id


class NotInConversation(Refusal):
    """Actions are agreed by those who took part."""

    code, status = "not_in_conversation", 422
    en = "Whoever is to act did not take part in the conversation."
    zh = "行动负责人未参加该次辅导。"


class NoSuchAction(Refusal):
    """Only an action agreed in this conversation is completed."""

    code = "no_such_action"
    en = "This entry is no action agreed in this conversation."
    zh = "该条目不是此次辅导中约定的行动。"


class NotTheirAction(Refusal):
    """An action is completed by its holder."""

    code, status, markable = "not_their_action", 403, True
    en = "The action is somebody else's."
    zh = "该行动由他人负责。"


# Decide


def decide_coaching(command: Command, state: CoachingState, act: Act) -> Event:
    """Return the event of a command on a conversation, or refuse it."""
    if isinstance(command, HoldCoaching):
        return _held(command, state, act)
    act.require_happened()
    if state.person is None:
        raise NotFound()
    match command:
        case AgreeAction(holder=holder, due_on=due_on, text=text):
            if holder not in {state.person, state.coach, *state.participants}:
                raise NotInConversation()
            return ActionAgreed(person=state.person, holder=holder, due_on=due_on, text=text)
        case CompleteAction(action=action):
            return _completed(action, state, state.person, act)
    raise TypeError(command)


def _held(command: HoldCoaching, state: CoachingState, act: Act) -> Event:
    if state.person is not None:
        raise AlreadyExists(kind="coaching")
    act.require_known("person", command.person, field="person")
    for participant in command.participants:
        act.require_known("person", participant, field="participants")
    for goal in command.goals:
        act.require_known("goal", goal, field="goals")
    if act.is_own(command.person):
        act.refuse(OwnAct())
    if not act.facts.is_employed(command.person, act.begins):
        act.refuse(AfterLastDay())
    return CoachingHeld(
        person=command.person,
        coach=act.actor,
        participants=tuple(dict.fromkeys(command.participants)),
        goals=tuple(dict.fromkeys(command.goals)),
        note=command.note,
    )


def _completed(action: str, state: CoachingState, person: str, act: Act) -> Event:
    holder = state.actions.get(action)
    if holder is None:
        raise NoSuchAction()
    if not act.is_own(holder):
        act.refuse(NotTheirAction())
    if action in state.completed:
        raise AlreadyRecorded()
    return ActionCompleted(person=person, action=action, holder=holder)


COMMANDS = (HoldCoaching, AgreeAction, CompleteAction)
STREAM = StreamKind("coaching", "coachings", "h", CoachingState(), decide_coaching, evolve_coaching, COMMANDS)
