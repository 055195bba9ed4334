"""Who holds which role for a subject when, and which hand-overs are open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
from ledger.kernel.annulment import (
    applied,
    is_annulment,
    remember,
)
from ledger.kernel.event import Entry, Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.timeline import Change, Held, Timelines


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
            return [(role.value, Held(holder.key, instead_of=key_of(instead)))]
        case ResponsibilityReleased(role=role, holder=holder):
            return [(role.value, Held(holder.key, begins=False))]
        case ResponsibilityDeclaredVacant(role=role, former=former):
            return [(role.value, Held(holder.key, begins=False)) for holder in former]
        case HandOverAccepted(giver=giver, taker=taker):
            return [(Role.ACCOUNTABLE.value, Held(taker.key, instead_of=giver.key))]
    return []


def key_of(holder: Holder | Subject | None) -> str | None:
    """Return `kind/id` of a holder, if any."""
    return None if holder is None else holder.key
