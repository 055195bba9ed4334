"""Responsibilities: who is accountable, responsible, supporting, consulted or informed for any subject."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import Field

from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.ids import Id, Label, UnitId
from ledger.kernel.moments import ONE_TICK
from ledger.kernel.refusals import AfterLastDay, AlreadyExists, AlreadyRecorded, NotFound, Refusal, UnknownReference
from ledger.kernel.timeline import Change, Held, Timelines, holder_on, holders_on, most_holders_from


class Role(StrEnum):
    """RACI with support, and two plain relations that registries keep: member and alumnus."""

    ACCOUNTABLE = "accountable"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"
    CONSULTED = "consulted"
    INFORMED = "informed"
    MEMBER = "member"
    ALUMNUS = "alumnus"


def _key(holder: Holder | Subject | None) -> str | None:
    return None if holder is None else holder.key


# Events


class SubjectRegistered(Event, context="responsibilities", dated=True):
    """A subject that no other context knows gets its label and, if any, the unit it belongs to."""

    label: Label
    unit: UnitId | None = None


class SubjectRenamed(Event, context="responsibilities", dated=True):
    """The subject is called otherwise from then on."""

    label: Label


class SubjectRetired(Event, context="responsibilities", dated=True):
    """The subject needs no holder any more."""


class ResponsibilityAssigned(Event, context="responsibilities", dated=True):
    """A holder has a role for the subject; `instead_of` ends another holder of the same role by the same act."""

    role: Role
    holder: Subject
    instead_of: Subject | None = None


class ResponsibilityReleased(Event, context="responsibilities", dated=True):
    """A holder has the role no more."""

    role: Role
    holder: Subject


class ResponsibilityDeclaredVacant(Event, context="responsibilities", dated=True):
    """The role is knowingly without a holder; whoever held it ends."""

    role: Role
    former: tuple[Subject, ...]


class HandOverOffered(Event, context="responsibilities"):
    """The accountable holder offers the subject to another."""

    offer: Id
    giver: Subject
    taker: Subject


class HandOverAccepted(Event, context="responsibilities", dated=True):
    """The taker is accountable from then on, in place of the giver."""

    offer: Id
    giver: Subject
    taker: Subject


class HandOverRefused(Event, context="responsibilities"):
    """The taker does not take it; the giver stays accountable."""

    offer: Id
    giver: Subject
    taker: Subject


# State


@dataclass(frozen=True, slots=True)
class ResponsibilityState:
    """One subject: labels, life and the holders of each role as timelines; open offers by id."""

    known: bool = False
    unit: str | None = None
    lines: Timelines[str, Held] = field(default_factory=Timelines)
    offers: Mapping[str, tuple[Subject, Subject]] = field(default_factory=dict)
    dated: Mapping[str, str] = field(default_factory=dict)


def evolve(state: ResponsibilityState, entry: Entry) -> ResponsibilityState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(state, lines=applied(state.lines, entry), dated=remember(state.dated, entry))
    lines = state.lines
    for key, held in _changes(entry.event):
        lines = lines.with_change(key, Change(entry.begins, entry.position, entry.event_id, held))
    fresh = replace(state, known=True, lines=lines, dated=remember(state.dated, entry))
    match entry.event:
        case SubjectRegistered(unit=unit):
            return replace(fresh, unit=unit)
        case HandOverOffered(offer=offer, giver=giver, taker=taker):
            return replace(fresh, offers={**state.offers, offer: (giver, taker)})
        case HandOverAccepted(offer=offer) | HandOverRefused(offer=offer):
            return replace(fresh, offers={k: v for k, v in state.offers.items() if k != offer})
    return fresh


def _changes(event: Event | None) -> list[tuple[str, Held]]:
    match event:
        case SubjectRegistered(label=label):
            return [("label", Held(label)), ("life", Held("live"))]
        case SubjectRenamed(label=label):
            return [("label", Held(label))]
        case SubjectRetired():
            return [("life", Held("live", begins=False))]
        case ResponsibilityAssigned(role=role, holder=holder, instead_of=instead):
            return [(role.value, Held(holder.key, instead_of=_key(instead)))]
        case ResponsibilityReleased(role=role, holder=holder):
            return [(role.value, Held(holder.key, begins=False))]
        case ResponsibilityDeclaredVacant(role=role, former=former):
            return [(role.value, Held(holder.key, begins=False)) for holder in former]
        case HandOverAccepted(giver=giver, taker=taker):
            return [(Role.ACCOUNTABLE.value, Held(taker.key, instead_of=giver.key))]
    return []


# Commands

_OWNERS = (By("holder"), By("unit_lead", "@unit"))
_ASSIGNERS = (*_OWNERS, By("lead", "holder"))


class RegisterSubject(Command, stream="responsibility", verb="register", by=(By("unit_lead", "unit"),), starts=True):
    """Register a subject with its label and the unit it belongs to."""

    label: Label
    unit: Id | None = None


class RenameSubject(Command, stream="responsibility", verb="rename", by=_OWNERS):
    """Give the subject another label."""

    label: Label


class RetireSubject(Command, stream="responsibility", verb="retire", by=_OWNERS):
    """Retire the subject: it needs no holder any more."""


class AssignResponsibility(Command, stream="responsibility", verb="assign", by=_ASSIGNERS):
    """Give a holder a role for the subject."""

    role: Role
    holder: Holder
    instead_of: Holder | None = Field(default=None, description="a holder of the same role who ends by this act")


class ReleaseResponsibility(Command, stream="responsibility", verb="release", by=_ASSIGNERS):
    """End a holder's role for the subject."""

    role: Role
    holder: Holder


class DeclareVacant(Command, stream="responsibility", verb="declare-vacant", by=_OWNERS):
    """Say that the role has no holder, knowingly."""

    role: Role = Role.ACCOUNTABLE


class OfferHandOver(Command, stream="responsibility", verb="offer-hand-over", by=(By("holder"),)):
    """Offer accountability to another."""

    taker: Holder


class AcceptHandOver(Command, stream="responsibility", verb="accept-hand-over", by=(By("taker", "offer"),)):
    """Accept an offered hand-over."""

    offer: Id


class RefuseHandOver(Command, stream="responsibility", verb="refuse-hand-over", by=(By("taker", "offer"),)):
    """Refuse an offered hand-over."""

    offer: Id


AnnulEntry, RedateEntry = commands_for("responsibility", _OWNERS)


class TwoAccountable(Refusal):
    """Exactly one is accountable at a time."""

    code, markable, rule = "already_accountable", True, "exactly_one_accountable"
    en = "Somebody is accountable at that time or later; exactly one may be."
    zh = "该时点或之后已有第一责任人；第一责任人只能有一个。"
    accepted_en = "the same command with instead_of, a release first, or a hand-over"
    accepted_zh = "带 instead_of 的同一命令、先解除，或交接"


class NotHolding(Refusal):
    """The holder does not have that role at that time."""

    code = "not_holding"
    en = "That holder does not have this role at that time."
    zh = "该责任人当时并不承担此角色。"


class HoldsAlready(Refusal):
    """The holder has that role already."""

    code = "holds_already"
    en = "That holder has this role already."
    zh = "该责任人已承担此角色。"


class Retired(Refusal):
    """The subject is retired at that time."""

    code, markable = "subject_retired", True
    en = "The subject is retired at that time."
    zh = "该事项当时已停用。"


# Decide


def decide(command: Command, state: ResponsibilityState, act: Act) -> Event:
    """Return the event of a command on a subject's responsibilities, or refuse it."""
    if isinstance(command, RegisterSubject):
        return _registered(command, state, act)
    if isinstance(command, DatedFact):
        return decide_annulment(command, state.dated, act)
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
    return _about_subject(command, state)


def _about_subject(command: Command, state: ResponsibilityState) -> Event:
    if not state.lines["label"].changes:
        raise NotFound()
    match command:
        case RenameSubject(label=label):
            return SubjectRenamed(label=label)
        case RetireSubject():
            return SubjectRetired()
    raise TypeError(command)


def _registered(command: RegisterSubject, state: ResponsibilityState, act: Act) -> Event:
    if state.lines["label"].changes:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="subject")
    if command.unit is not None and not act.facts.exists("unit", command.unit):
        raise UnknownReference(kind="unit", field="unit")
    return SubjectRegistered(label=command.label, unit=command.unit)


def _assigned(command: AssignResponsibility, state: ResponsibilityState, act: Act) -> Event:
    line, holder = state.lines[command.role.value], command.holder.key
    instead = _key(command.instead_of)
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
        after = line.with_change(Change(act.begins, act.facts.position + 1, act.event_id, held))
        if most_holders_from(after, act.begins) > 1:
            act.refuse(TwoAccountable())
    replaced = None if command.instead_of is None else command.instead_of.subject
    return ResponsibilityAssigned(role=command.role, holder=command.holder.subject, instead_of=replaced)


def _require_able(holder: Holder, act: Act) -> None:
    if not act.facts.exists(holder.kind, holder.id):
        raise UnknownReference(kind=holder.kind, field="holder")
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
    return _answered(command, state, accountable)


def _answered(
    command: AcceptHandOver | RefuseHandOver, state: ResponsibilityState, accountable: Mapping[str, object]
) -> Event:
    if command.offer not in state.offers:
        raise NotFound()
    giver, taker = state.offers[command.offer]
    if isinstance(command, RefuseHandOver):
        return HandOverRefused(offer=command.offer, giver=giver, taker=taker)
    if giver.key not in accountable:
        raise NotHolding()
    return HandOverAccepted(offer=command.offer, giver=giver, taker=taker)


def _from_key(key: str) -> Subject:
    kind, id = key.split("/", 1)
    return Subject(kind=kind, id=id)


COMMANDS = (
    RegisterSubject,
    RenameSubject,
    RetireSubject,
    AssignResponsibility,
    ReleaseResponsibility,
    DeclareVacant,
    OfferHandOver,
    AcceptHandOver,
    RefuseHandOver,
    AnnulEntry,
    RedateEntry,
)
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
