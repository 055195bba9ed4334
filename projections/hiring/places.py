"""Places of an application in the pipeline, how long it was at each, and what of it is kept from blind assessors."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ledger.domain.hiring.applications import (
    ApplicationState,
    AssessmentAmended,
    AssessmentRecorded,
    Decision,
    HiringDecisionMade,
    evolve,
)
from ledger.domain.hiring.judging import ASSESSMENTS_MISSING
from ledger.domain.hiring.offers import OfferStanding
from projections.engine.kept import Line

BLINDED = frozenset({"unmet", "unscored", "figures"})  # of a decision: they tell what others scored


class Place(StrEnum):
    """Where an application stands: a stage before the decision, or what was decided, offered and came of it."""

    RECEIVED = "received"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    DECISION = "decision"
    ON_HOLD = "on_hold"
    UNDECIDED = "undecided"  # a decision was due, and none was taken
    REJECTED = "rejected"
    TO_BE_HIRED = "to_be_hired"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_LAPSED = "offer_lapsed"
    HIRED = "hired"
    WITHDRAWN = "withdrawn"


OVER = frozenset({Place.REJECTED, Place.HIRED, Place.WITHDRAWN})  # nobody waits here
_DECIDED = {
    Decision.HOLD: Place.ON_HOLD,
    Decision.NO_DECISION: Place.UNDECIDED,
    Decision.REJECT: Place.REJECTED,
    Decision.HIRE: Place.TO_BE_HIRED,
}
_OFFERED = {
    OfferStanding.OPEN: Place.OFFERED,
    OfferStanding.ACCEPTED: Place.ACCEPTED,
    OfferStanding.DECLINED: Place.DECLINED,
    OfferStanding.WITHDRAWN: Place.OFFER_WITHDRAWN,
    OfferStanding.LAPSED: Place.OFFER_LAPSED,
}


def place_of(state: ApplicationState) -> Place:
    """Return where an application stands; an offer counts while the decision that it rests on stands."""
    if state.withdrawn is not None:
        return Place.WITHDRAWN
    if state.hired is not None:
        return Place.HIRED
    if state.decided is None:
        return Place(state.step.value)
    offer = state.offer
    if offer is not None and offer.made.decision_entry == state.decided.entry:
        return _OFFERED[offer.standing]
    return _DECIDED[state.decided.decision]


@dataclass(frozen=True, slots=True)
class Spell:
    """A time at one place: since when and until when (None: still), and the entry that brought it there."""

    place: Place
    since: datetime
    until: datetime | None
    entry: str


def spells_of(lines: Iterable[Line]) -> tuple[Spell, ...]:
    """Return the places that an application went through, in order of its events."""
    state, found = ApplicationState(), list[Spell]()
    for line in lines:
        state = evolve(state, line.entry)
        if state.received is None:
            continue
        place, begun = place_of(state), line.entry.begins
        if found and found[-1].place is place:
            continue
        if found:  # what is entered late ends nothing before it began
            begun = max(begun, found[-1].since)
            found[-1] = replace(found[-1], until=begun)
        found.append(Spell(place, begun, None, line.entry.event_id))
    return tuple(found)


def is_blind(now: ApplicationState, ids: Collection[str]) -> bool:
    """Tell whether others' scorecards are kept from whoever these ids name, by how the application stands now."""
    owing = {person for person in now.panel if person not in now.assessments}
    return now.is_blind and not owing.isdisjoint(ids)


def told_to_the_blind(lines: Iterable[Line], ids: Collection[str]) -> list[Line]:
    """Return the lines without others' scorecards, and without what decisions tell of them."""
    return [_blinded(line) for line in lines if not _is_others_scorecard(line, ids)]


def _is_others_scorecard(line: Line, ids: Collection[str]) -> bool:
    event = line.entry.event
    return isinstance(event, AssessmentRecorded | AssessmentAmended) and event.assessor not in ids


def _blinded(line: Line) -> Line:
    entry, event = line.entry, line.entry.event
    if not isinstance(event, HiringDecisionMade):
        return line
    data = {name: value for name, value in entry.data.items() if name not in BLINDED}
    marks = tuple(mark for mark in entry.marks if mark != ASSESSMENTS_MISSING)
    told = event.model_copy(update=dict.fromkeys(BLINDED, ()))
    return line._replace(entry=replace(entry, data=data, event=told, marks=marks))


def counted(places: Sequence[Place]) -> dict[Place, int]:
    """Return how many applications stand at each place, in the order of the pipeline, where there are any."""
    return {place: places.count(place) for place in Place if place in places}
