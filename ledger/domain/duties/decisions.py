"""How commands about duties are decided: once each, in order, and never about one's own act."""

from ledger.domain.duties.commands import (
    COMMANDS,
    DischargeDuty,
    DutyIsDue,
    DutyNotDue,
    DutySettled,
    EscalateDuty,
    ExcuseDuty,
    LapseDuty,
    NobodyToTell,
    NotifyDuty,
    OpenDuty,
    SeeDuty,
    TransferDuty,
    VoidDuty,
)
from ledger.domain.duties.events import (
    DutyDischarged,
    DutyEscalated,
    DutyExcused,
    DutyLapsed,
    DutyNotified,
    DutyOpened,
    DutySeen,
    DutyTransferred,
    DutyVoided,
)
from ledger.domain.duties.state import DutyState, Standing, evolve
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Event
from ledger.kernel.refusals import AlreadyRecorded, NotFound, OwnAct


def decide(command: Command, state: DutyState, act: Act) -> Event:
    """Return the event of a duty's command, or refuse it."""
    act.require_happened()
    if isinstance(command, OpenDuty):
        return _opened(command, state, act)
    if state.opened is None:
        raise NotFound()
    if not state.is_live:
        raise DutySettled(standing=state.standing.value)
    match command:
        case NotifyDuty() | SeeDuty():
            return _told(command, state, act)
        case TransferDuty():
            return _transferred(command, state, state.opened, act)
        case LapseDuty():
            return _lapsed(state, state.opened, act)
        case EscalateDuty():
            return _escalated(command, state, state.opened)
    return _ended(command, state, act)


def _ended(command: Command, state: DutyState, act: Act) -> Event:
    match command:
        case DischargeDuty(by_entry=by_entry, outcome=outcome):
            late = state.standing is Standing.LAPSED
            return DutyDischarged(holder=state.holder, by_entry=by_entry, outcome=outcome, late=late)
        case ExcuseDuty():
            if act.is_own(state.holder):
                act.refuse(OwnAct())
            act.require_reason(command)
            return DutyExcused(holder=state.holder, excuser=act.actor, note=command.note)
        case VoidDuty(gaps=gaps):
            for gap in gaps:
                act.require_known("person", gap.holder, field="gaps")
            return DutyVoided(holder=state.holder, **command.own_fields())
    raise TypeError(command)


def _opened(command: OpenDuty, state: DutyState, act: Act) -> DutyOpened:
    if state.opened is not None:
        raise AlreadyRecorded()
    for field in ("holder", "answers"):
        act.require_known("person", getattr(command, field), field=field)
    _require_other(command.holder, command, act)
    return DutyOpened.model_validate(command.own_fields())


def _require_other(holder: str | None, duty: OpenDuty | DutyOpened, act: Act) -> None:
    """Refuse a duty to answer one's own act, under whichever of one's ids; nobody is not the same as nobody."""
    if holder is None or duty.answers is None:
        return
    if act.facts.resolved(holder) == act.facts.resolved(duty.answers):
        act.refuse(OwnAct())


def _told(command: NotifyDuty | SeeDuty, state: DutyState, act: Act) -> Event:
    if state.holder is None:
        raise NobodyToTell()
    if isinstance(command, SeeDuty):
        if state.holder in state.seen_by:
            raise AlreadyRecorded()
        return DutySeen(holder=state.holder)
    if (state.holder, command.channel, command.occasion, command.delivery) in state.notices:
        raise AlreadyRecorded()
    return DutyNotified(holder=state.holder, **command.own_fields())


def _transferred(command: TransferDuty, state: DutyState, opened: DutyOpened, act: Act) -> DutyTransferred:
    if state.standing is Standing.LAPSED:
        raise DutyIsDue()
    if command.taker == state.holder:
        raise AlreadyRecorded()
    act.require_known("person", command.taker, field="taker")
    _require_other(command.taker, opened, act)
    return DutyTransferred(giver=state.holder, taker=command.taker, cause=command.cause)


def _lapsed(state: DutyState, opened: DutyOpened, act: Act) -> DutyLapsed:
    if state.standing is Standing.LAPSED:
        raise AlreadyRecorded()
    if act.today <= opened.due_on:
        raise DutyNotDue(due_on=opened.due_on.isoformat())
    return DutyLapsed(holder=state.holder, due_on=opened.due_on, notice=state.notice)


def _escalated(command: EscalateDuty, state: DutyState, opened: DutyOpened) -> DutyEscalated:
    if state.standing is not Standing.LAPSED:
        raise DutyNotDue(due_on=opened.due_on.isoformat())
    if state.escalated:
        raise AlreadyRecorded()
    return DutyEscalated(holder=state.holder, to=command.to, duty=command.duty)


STREAM = StreamKind("duty", "duties", "d", DutyState(), decide, evolve, COMMANDS)
