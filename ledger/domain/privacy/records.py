"""Personal records: notices, holds and the erasure of one data subject, each the act of people who are not in it.

The stream's id is `<kind>/<id>` of the data subject, as in `person/p-17` or `candidate/c-4`. Notices, holds and
erasure share one stream, so that no hold slips in beside an erasure that is being confirmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import Field

from ledger.domain.privacy.expiry import (
    ClassErased,
    ClassExpired,
    Count,
    ExpireClass,
    ExpiresAlready,
    RecordClassErased,
)
from ledger.domain.privacy.refusals import (
    ErasureAskedAlready,
    ErasureNotAsked,
    ErasureUnderWay,
    Held,
    MergedRecord,
    NotErasable,
    OwnOrOnesLine,
    SameTwice,
)
from ledger.domain.privacy.schedules import NotInForce, require_term
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.ids import Code, Id
from ledger.kernel.refusals import NotFound

ERASABLE = frozenset({"person", "candidate"})
HIGHEST = 40  # no organisation has more levels


class Ground(StrEnum):
    """Why data is held."""

    LITIGATION = "litigation"
    STATUTE = "statute"


class Basis(StrEnum):
    """Why data is erased."""

    REQUEST = "request"
    RETENTION = "retention"
    OBJECTION = "objection"
    UNLAWFUL = "unlawful"


# Events


class NoticeGiven(Event, context="privacy"):
    """The data subject was told, by which notice in which version, what is kept about them and why."""

    subject: Subject
    notice: Code
    version: Code


class HoldPlaced(Event, context="privacy"):
    """Nothing about the subject is erased while this hold stands; `matter` is a code of the case or law."""

    subject: Subject
    hold: Id
    ground: Ground
    matter: Code


class HoldReleaseAsked(Event, context="privacy"):
    """Somebody wants a hold to end."""

    subject: Subject
    hold: Id


class HoldReleased(Event, context="privacy"):
    """A second person has agreed: the hold stands no more."""

    subject: Subject
    hold: Id


class ErasureAsked(Event, context="privacy"):
    """Somebody wants all texts of the subject erased."""

    subject: Subject
    basis: Basis


class ErasureConfirmed(Event, context="privacy"):
    """A second person has agreed: from here on nothing of the subject is opened, and its keys are destroyed."""

    subject: Subject


class SubjectErased(Event, context="privacy"):
    """The keys are destroyed and copies purged: which ids, which retention classes, on what basis, how much."""

    subject: Subject
    ids: tuple[Subject, ...]
    classes: tuple[Code, ...]
    basis: Basis
    parts: Count
    identifiers: Count


class CopyErased(Event, context="privacy"):
    """A subscriber has erased its own copy."""

    subject: Subject


# State


@dataclass(frozen=True, slots=True)
class RecordState:
    """What stands about one data subject. `holds`: hold → who asked for its release, None for nobody yet."""

    holds: Mapping[str, str | None] = field(default_factory=dict)
    asked_by: str | None = None
    basis: Basis | None = None
    confirmed: bool = False
    erased: bool = False
    copies_erased: frozenset[str] = frozenset()
    expiring: Mapping[str, tuple[Subject, ...]] = field(default_factory=dict)  # class → the ids it is erased under

    @property
    def restricted(self) -> bool:
        """Tell whether nothing of the subject may be opened or written any more."""
        return self.confirmed


def evolve(state: RecordState, entry: Entry) -> RecordState:
    """Return the state after `entry`."""
    match entry.event:
        case HoldPlaced(hold=hold):
            return replace(state, holds={**state.holds, hold: None})
        case HoldReleaseAsked(hold=hold):
            return replace(state, holds={**state.holds, hold: entry.actor})
        case HoldReleased(hold=hold):
            return replace(state, holds={key: by for key, by in state.holds.items() if key != hold})
        case ErasureAsked(basis=basis):
            return replace(state, asked_by=entry.actor, basis=basis)
        case ErasureConfirmed():
            return replace(state, confirmed=True)
        case SubjectErased():
            return replace(state, erased=True)
        case ClassExpired(of=of, ids=ids):
            return replace(state, expiring={**state.expiring, of: ids})
        case ClassErased(of=of):
            return replace(state, expiring={key: ids for key, ids in state.expiring.items() if key != of})
        case CopyErased():
            return replace(state, copies_erased=state.copies_erased | {entry.actor})
    return state


# Commands

_HR = (By("role:hr_administrator"),)


class GiveNotice(Command, stream="personal-record", verb="give-notice", by=_HR, on_behalf=False):
    """Record that the subject was told what is kept about them and why."""

    notice: Code
    version: Code


class PlaceHold(Command, stream="personal-record", verb="place-hold", by=_HR, on_behalf=False):
    """Hold everything about the subject, for a lawsuit or by statute."""

    ground: Ground
    matter: Code


class AskHoldRelease(Command, stream="personal-record", verb="ask-hold-release", by=_HR, on_behalf=False):
    """Ask for a hold to end; another person agrees."""

    hold: Id


class ReleaseHold(Command, stream="personal-record", verb="release-hold", by=_HR, on_behalf=False):
    """Agree that a hold ends."""

    hold: Id


class AskErasure(Command, stream="personal-record", verb="ask-erasure", by=_HR, on_behalf=False):
    """Ask for everything about the subject to be erased; another person confirms. Neither is the subject or their line.

    What is erased can never be brought back.
    """

    basis: Basis


class ConfirmErasure(Command, stream="personal-record", verb="confirm-erasure", by=_HR, on_behalf=False):
    """Confirm an erasure that another person asked for: nothing about the subject is opened from then on."""


class RecordErasure(
    Command, stream="personal-record", verb="record-erasure", by=(By("system", "erasure"),), on_behalf=False
):
    """Record that the keys are destroyed: the ledger's own act."""

    ids: tuple[Subject, ...] = Field(min_length=1, max_length=100)
    classes: tuple[Code, ...]
    parts: Count
    identifiers: Count


class ConfirmCopyErased(
    Command, stream="personal-record", verb="confirm-copy-erased", by=(By("role:subscriber"),), on_behalf=False
):
    """Say, as a subscriber, that one's own copy of the subject's data is erased."""


# Decide


def decide(command: Command, state: RecordState, act: Act) -> Event:
    """Return the event of a command to a personal record."""
    subject = _subject(act)
    match command:
        case GiveNotice(notice=notice, version=version):
            return NoticeGiven(subject=subject, notice=notice, version=version)
        case PlaceHold() | AskHoldRelease() | ReleaseHold():
            return _holding(command, state, act, subject)
        case AskErasure() | ConfirmErasure():
            return _erasing(command, state, act, subject)
        case RecordErasure() | RecordClassErased():
            return _done(command, state, subject)
        case ExpireClass():
            return _expired(command, state, act, subject)
        case ConfirmCopyErased():
            if not state.erased:
                raise ErasureNotAsked()
            return CopyErased(subject=subject)
    raise TypeError(command)


def _holding(
    command: PlaceHold | AskHoldRelease | ReleaseHold, state: RecordState, act: Act, subject: Subject
) -> Event:
    _refuse_line(subject, act)
    if isinstance(command, PlaceHold):
        _refuse_merged(subject, act)
        if state.confirmed:
            raise ErasureUnderWay()
        return HoldPlaced(subject=subject, hold=act.event_id, ground=command.ground, matter=command.matter)
    if command.hold not in state.holds:
        raise NotFound()
    if isinstance(command, AskHoldRelease):
        return HoldReleaseAsked(subject=subject, hold=command.hold)
    _refuse_same(state.holds[command.hold], act)
    return HoldReleased(subject=subject, hold=command.hold)


def _erasing(command: AskErasure | ConfirmErasure, state: RecordState, act: Act, subject: Subject) -> Event:
    _refuse_line(subject, act)
    _refuse_merged(subject, act)
    if state.confirmed:
        raise ErasureUnderWay()
    if state.holds:
        raise Held()
    if isinstance(command, AskErasure):
        if state.asked_by is not None:
            raise ErasureAskedAlready()
        return ErasureAsked(subject=subject, basis=command.basis)
    if state.asked_by is None:
        raise ErasureNotAsked()
    _refuse_same(state.asked_by, act)
    return ErasureConfirmed(subject=subject)


def _done(command: RecordErasure | RecordClassErased, state: RecordState, subject: Subject) -> Event:
    if isinstance(command, RecordClassErased):
        if command.of not in state.expiring:
            raise ErasureNotAsked()
        return ClassErased(subject=subject, ids=state.expiring[command.of], **command.own_fields())
    if not state.confirmed or state.erased or state.basis is None:
        raise ErasureNotAsked()
    return SubjectErased(subject=subject, basis=state.basis, **command.own_fields())


def _expired(command: ExpireClass, state: RecordState, act: Act, subject: Subject) -> ClassExpired:
    """Nobody stands in the way but a hold, under any of the ids that name the person."""
    _refuse_merged(subject, act)
    if state.confirmed:
        raise ErasureUnderWay()
    if command.of in state.expiring:
        raise ExpiresAlready()
    term = require_term(act.facts.state("retention-schedule", command.schedule), command.of, command.version, act.now)
    if term.of_records or command.ran_out_on > act.today:
        raise NotInForce()
    ids = act.ids_of(subject.id) if subject.kind == "person" else (subject.id,)
    all_of_them = tuple(Subject(kind=subject.kind, id=id) for id in ids)
    if state.holds or any(act.facts.state("personal-record", one.key).holds for one in all_of_them):
        raise Held()
    return ClassExpired(subject=subject, ids=all_of_them, **command.own_fields())


def _subject(act: Act) -> Subject:
    kind, _, id = act.id.partition("/")
    if kind not in ERASABLE:
        raise NotErasable()
    if not act.facts.exists(kind, id):
        raise NotFound()
    return Subject(kind=kind, id=id)


def _refuse_line(subject: Subject, act: Act) -> None:
    if subject.kind == "person" and not act.parties.isdisjoint(_line(subject.id, act)):
        raise OwnOrOnesLine()


def _line(person: str, act: Act) -> Iterator[str]:
    """Yield the person and their leads, nearest first."""
    above: str | None = act.facts.resolved(person)
    for _ in range(HIGHEST):
        if above is None:
            return
        yield above
        above = act.facts.lead_of(above, act.now)


def _refuse_merged(subject: Subject, act: Act) -> None:
    if subject.kind == "person" and act.facts.resolved(subject.id) != subject.id:
        raise MergedRecord()


def _refuse_same(first: str | None, act: Act) -> None:
    """Refuse unless somebody else has said it first."""
    if first is None or act.is_own(first):
        raise SameTwice()


STREAM = StreamKind(
    "personal-record",
    "personal-records",
    "pr",
    RecordState(),
    decide,
    evolve,
    (
        GiveNotice,
        PlaceHold,
        AskHoldRelease,
        ReleaseHold,
        AskErasure,
        ConfirmErasure,
        RecordErasure,
        ExpireClass,
        RecordClassErased,
        ConfirmCopyErased,
    ),
    by_subject=True,
)
