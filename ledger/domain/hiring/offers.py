"""Offers: what a candidate was offered, until when it could be answered, and what became of it."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Annotated

from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import CandidateId, Code, Id
from ledger.kernel.moments import Day
from ledger.kernel.texts import Note

# Events


class OfferMade(Event, context="hiring"):
    """A candidate who is to be hired is offered these terms, to be answered up to and on the day `open_until`.

    `until` and `probation_until` are the first days on which term and probation run no more.
    """

    candidate: CandidateId
    decision_entry: Id
    contract: Code
    starts_on: Day
    until: Day | None = None
    probation_until: Day | None = None
    open_until: Day
    note: Annotated[Note | None, Seal("candidate", "hiring")] = None


class OfferAccepted(Event, context="hiring"):
    """The candidate takes the offer as it was made."""

    candidate: CandidateId
    offer_entry: Id


class OfferDeclined(Event, context="hiring"):
    """The candidate does not take the offer."""

    candidate: CandidateId
    offer_entry: Id


class OfferWithdrawn(Event, context="hiring"):
    """The offer holds no more, accepted or not, for the coded reason in the envelope."""

    candidate: CandidateId
    offer_entry: Id


class OfferLapsed(Event, context="hiring"):
    """The day up to which the offer could be answered passed in silence."""

    candidate: CandidateId
    offer_entry: Id
    open_until: Day


# State


class OfferStanding(StrEnum):
    """Where an offer stands; open and accepted ones bind whoever made them."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Offer:
    """The latest offer: the entry that made it, its terms, and where it stands."""

    entry: str
    made: OfferMade
    standing: OfferStanding = OfferStanding.OPEN

    @property
    def binds(self) -> bool:
        """Tell whether it can still be taken, or was."""
        return self.standing in (OfferStanding.OPEN, OfferStanding.ACCEPTED)

    @property
    def contract(self) -> str:
        """Return the kind of contract."""
        return self.made.contract

    @property
    def starts_on(self) -> date:
        """Return the first day of work."""
        return self.made.starts_on

    @property
    def until(self) -> date | None:
        """Return the first day after the term, if there is one."""
        return self.made.until

    @property
    def probation_until(self) -> date | None:
        """Return the first day after the probation, if there is one."""
        return self.made.probation_until


_BECOMES: dict[type[Event], OfferStanding] = {
    OfferAccepted: OfferStanding.ACCEPTED,
    OfferDeclined: OfferStanding.DECLINED,
    OfferWithdrawn: OfferStanding.WITHDRAWN,
    OfferLapsed: OfferStanding.LAPSED,
}


def evolve(offer: Offer | None, entry: Entry) -> Offer | None:
    """Return the latest offer after `entry`."""
    event = entry.event
    if isinstance(event, OfferMade):
        return Offer(entry.event_id, event)
    becomes = None if event is None else _BECOMES.get(type(event))
    return offer if offer is None or becomes is None else replace(offer, standing=becomes)
