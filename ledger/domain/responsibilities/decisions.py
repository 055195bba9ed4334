"""How a command on a subject's responsibilities is decided; no live act makes two accountable."""

from collections.abc import Mapping

from ledger.domain.responsibilities.commands import (
    COMMANDS,
    AcceptHandOver,
    AssignResponsibility,
    DeclareVacant,
    HoldsAlready,
    NotHolding,
    OfferHandOver,
    RefuseHandOver,
    RegisterSubject,
    ReleaseResponsibility,
    RenameSubject,
    Retired,
    RetireSubject,
    TwoAccountable,
)
from ledger.domain.responsibilities.events import (
    HandOverAccepted,
    HandOverOffered,
    HandOverRefused,
    ResponsibilityAssigned,
    ResponsibilityDeclaredVacant,
    ResponsibilityReleased,
    Role,
    SubjectRegistered,
    SubjectRenamed,
    SubjectRetired,
)
from ledger.domain.responsibilities.state import ResponsibilityState, evolve, key_of
from ledger.kernel.annulment import (
    DatedFact,
    as_of_then,
    changed,
    decide_annulment,
    pointed_at,
)
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import AfterLastDay, AlreadyExists, AlreadyRecorded, NotFound
from ledger.kernel.timeline import Change, Held, adds_holders, holder_on, holders_on, most_holders_from


def decide(command: Command, state: ResponsibilityState, act: Act) -> Event:
    """Return the event of a command on a subject's responsibilities, or refuse it."""
    if isinstance(command, RegisterSubject):
        return _registered(command, state, act)
    if isinstance(command, DatedFact):
        return _annulled(command, state, act)
    if state.lines["life"].changes and holder_on(state.lines["life"], act.begins) is None:
        act.refuse(Retired())
    match command:
        case AssignResponsibility():
            return _assigned(command, state, act)
        case ReleaseResponsibility():
            return _released(command, state, act)
        case DeclareVacant(role=role):
            former = tuple(_from_key(key) for key in holders_on(state.lines[role.value], act.begins))
            return ResponsibilityDeclaredVacant(role=role, former=former)
        case OfferHandOver() | AcceptHandOver() | RefuseHandOver():
            return _hand_over(command, state, act)
    return _about_subject(command, state, act)


def _about_subject(command: Command, state: ResponsibilityState, act: Act) -> Event:
    if not state.lines["label"].changes:
        raise NotFound()
    match command:
        case RenameSubject(label=label):
            change = holder_on(state.lines["label"], act.begins)
            if act.tells_what_is and change is not None and change.value.holder == label:
                raise AlreadyRecorded()
            return SubjectRenamed(label=label)
        case RetireSubject():
            return SubjectRetired()
    raise TypeError(command)


def _registered(command: RegisterSubject, state: ResponsibilityState, act: Act) -> Event:
    if state.lines["label"].changes:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="subject")
    act.require_known("unit", command.unit, field="unit")
    return SubjectRegistered(label=command.label, unit=command.unit)


def _assigned(command: AssignResponsibility, state: ResponsibilityState, act: Act) -> Event:
    line, holder = state.lines[command.role.value], command.holder.key
    instead = key_of(command.instead_of)
    held = Held(holder, instead_of=instead)
    if line.says(act.begins, held):
        raise AlreadyRecorded()
    _require_able(command.holder, act)
    current = holders_on(line, act.begins)
    if holder in current:
        raise HoldsAlready()
    if instead is not None and instead not in current:
        raise NotHolding()
    if command.role is Role.ACCOUNTABLE:
        _require_one_accountable(state, held, act)
    replaced = None if command.instead_of is None else command.instead_of.subject
    return ResponsibilityAssigned(role=command.role, holder=command.holder.subject, instead_of=replaced)


def _require_one_accountable(state: ResponsibilityState, held: Held, act: Act) -> None:
    """Refuse who would make two, at that time or at any later one."""
    change = Change(act.begins, act.facts.position + 1, act.event_id, held)
    if most_holders_from(state.lines[Role.ACCOUNTABLE.value].with_change(change), act.begins) > 1:
        act.refuse(TwoAccountable())


def _annulled(command: DatedFact, state: ResponsibilityState, act: Act) -> Event:
    """Return the annulling or re-dating event, unless a second accountable came of it or somebody who isn't there."""
    event = decide_annulment(command, state.dated, act)
    line, then = state.lines[Role.ACCOUNTABLE.value], as_of_then(event, act)
    if adds_holders(line, changed(line, event)):
        act.refuse(TwoAccountable())
    for role, change in pointed_at(state.lines, command.entry):
        if then is not None and role in set(Role) and change.value.begins:
            _require_able(Holder.model_validate(_from_key(change.value.holder).model_dump()), then)
    return event


def _require_able(holder: Holder, act: Act) -> None:
    act.require_known(holder.kind, holder.id, field="holder")
    if holder.kind == "person" and not act.facts.is_employed(holder.id, act.begins):
        act.refuse(AfterLastDay())


def _released(command: ReleaseResponsibility, state: ResponsibilityState, act: Act) -> Event:
    line, holder = state.lines[command.role.value], command.holder.key
    if line.says(act.begins, Held(holder, begins=False)):
        raise AlreadyRecorded()
    if holder not in holders_on(line, act.begins) and holder not in holders_on(line, act.begins - ONE_TICK):
        raise NotHolding()
    return ResponsibilityReleased(role=command.role, holder=command.holder.subject)


def _hand_over(command: OfferHandOver | AcceptHandOver | RefuseHandOver, state: ResponsibilityState, act: Act) -> Event:
    accountable = holders_on(state.lines[Role.ACCOUNTABLE.value], act.begins)
    if isinstance(command, OfferHandOver):
        giver = next(reversed(accountable), None)
        if giver is None:
            raise NotHolding()
        if command.taker.key in accountable:
            raise HoldsAlready()
        _require_able(command.taker, act)
        return HandOverOffered(offer=f"o-{act.event_id[-12:]}", giver=_from_key(giver), taker=command.taker.subject)
    return _answered(command, state, accountable, act)


def _answered(
    command: AcceptHandOver | RefuseHandOver, state: ResponsibilityState, accountable: Mapping[str, object], act: Act
) -> Event:
    if command.offer not in state.offers:
        raise NotFound()
    giver, taker = state.offers[command.offer]
    if isinstance(command, RefuseHandOver):
        return HandOverRefused(offer=command.offer, giver=giver, taker=taker)
    if giver.key not in accountable:
        raise NotHolding()
    if taker.key in accountable:
        raise HoldsAlready()
    _require_able(Holder.model_validate(taker.model_dump()), act)
    _require_one_accountable(state, Held(taker.key, instead_of=giver.key), act)
    return HandOverAccepted(offer=command.offer, giver=giver, taker=taker)


def _from_key(key: str) -> Subject:
    kind, id = key.split("/", 1)
    return Subject(kind=kind, id=id)


STREAMS = (
    StreamKind(
        "responsibility",
        "responsibilities",
        "r",
        ResponsibilityState(),
        decide,
        evolve,
        COMMANDS,
        caller_ids=True,
        by_subject=True,
    ),
)
