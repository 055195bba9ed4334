"""Offering: what can be asked about an offer, by whom, and how it is decided."""

from datetime import date

from pydantic import Field

from ledger.domain.hiring.applications import ApplicationReceived, ApplicationState
from ledger.domain.hiring.conditions import REVERSAL, require_live, require_not_own, require_to_be_hired
from ledger.domain.hiring.offers import (
    Offer,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferMade,
    OfferStanding,
    OfferWithdrawn,
)
from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Event
from ledger.kernel.ids import Code
from ledger.kernel.moments import Day, day_of
from ledger.kernel.refusals import AlreadyRecorded, PeriodReversed, ProbationTooLong, Refusal
from ledger.kernel.texts import Note

# Commands

_LEAD = (By("unit_lead", "unit"),)
_SUPPORT = (*_LEAD, By("hr_partner", "unit"), By("role:hr_administrator"))


class MakeOffer(Command, stream="application", verb="make-offer", by=_SUPPORT):
    """Offer the candidate who is to be hired these terms; silence after `open_until` ends it."""

    contract: Code = "permanent"
    starts_on: Day
    until: Day | None = Field(default=None, description="the first day after the contract's term")
    probation_until: Day | None = Field(default=None, description="the first day after the probation")
    open_until: Day = Field(description="the last day on which it can be accepted")
    note: Note | None = None


class AcceptOffer(Command, stream="application", verb="accept-offer", by=_SUPPORT):
    """Record that the candidate takes the offer."""


class DeclineOffer(Command, stream="application", verb="decline-offer", by=_SUPPORT):
    """Record that the candidate does not take the offer."""


class WithdrawOffer(Command, stream="application", verb="withdraw-offer", by=_LEAD):
    """Take an offer back that is open or accepted, with a reason."""


class LapseOffer(Command, stream="application", verb="lapse-offer", by=(By("system", "rules"),)):
    """Note that the day of the offer passed in silence."""


class OfferStands(Refusal):
    """An offer binds until it is answered, withdrawn or lapses."""

    code, rule = "offer_stands", REVERSAL
    en = "An offer stands: it is {standing}."
    zh = "已有录用通知，状态为 {standing}。"
    accepted_en = "withdrawing the offer first"
    accepted_zh = "先撤回录用通知"


class NoOffer(Refusal):
    """There is no offer to answer."""

    code = "no_offer"
    en = "No offer was made."
    zh = "尚未发出录用通知。"


class OfferEnded(Refusal):
    """What became of an offer stays: another word of the candidate needs another offer."""

    code, rule = "offer_ended", REVERSAL
    en = "The offer is {standing}."
    zh = "该录用通知的状态为 {standing}。"
    accepted_en = "another offer"
    accepted_zh = "另行发出录用通知"


class OfferOver(Refusal):
    """An offer is answered by its last day."""

    code, markable = "offer_over", True
    en = "The offer could be answered until {open_until}."
    zh = "该录用通知的答复期限为 {open_until}。"
    accepted_en = "another offer"
    accepted_zh = "另行发出录用通知"


class OfferStillOpen(Refusal):
    """An offer lapses once its last day has passed."""

    code = "offer_still_open"
    en = "The offer can be answered until {open_until}."
    zh = "该录用通知在 {open_until} 前仍可答复。"


COMMANDS = (MakeOffer, AcceptOffer, DeclineOffer, WithdrawOffer, LapseOffer)

# Decide


def decide(command: Command, state: ApplicationState, received: ApplicationReceived, act: Act) -> Event:
    """Return the event of a command about an offer, or refuse it."""
    require_live(state)
    if isinstance(command, MakeOffer):
        return _made(command, state, received, act)
    offer, candidate = state.offer, state.candidate or received.candidate
    if offer is None:
        raise NoOffer()
    match command:
        case AcceptOffer():
            _require_open(offer, OfferStanding.ACCEPTED)
            _require_in_time(offer, act)
            return OfferAccepted(candidate=candidate, offer_entry=offer.entry)
        case DeclineOffer():
            _require_open(offer, OfferStanding.DECLINED)
            _require_in_time(offer, act)
            return OfferDeclined(candidate=candidate, offer_entry=offer.entry)
        case WithdrawOffer():
            require_not_own(state, act)
            if offer.standing is not OfferStanding.ACCEPTED:
                _require_open(offer, OfferStanding.WITHDRAWN)
            act.require_reason(command)
            return OfferWithdrawn(candidate=candidate, offer_entry=offer.entry)
        case LapseOffer():
            _require_open(offer, OfferStanding.LAPSED)
            open_until = offer.made.open_until
            if act.today <= open_until:
                raise OfferStillOpen(open_until=open_until.isoformat())
            return OfferLapsed(candidate=candidate, offer_entry=offer.entry, open_until=open_until)
    raise TypeError(command)


def _made(command: MakeOffer, state: ApplicationState, received: ApplicationReceived, act: Act) -> Event:
    decision = require_to_be_hired(state)
    require_not_own(state, act)
    if state.offer is not None and state.offer.binds:
        raise OfferStands(standing=state.offer.standing.value)
    if any(day is not None and day <= command.starts_on for day in (command.until, command.probation_until)):
        raise PeriodReversed()
    if command.open_until < day_of(act.begins, act.zone):
        raise OfferOver(open_until=command.open_until.isoformat())
    _require_lawful_probation(command, received.unit, act)
    return OfferMade(
        candidate=state.candidate or received.candidate,
        decision_entry=decision,
        contract=command.contract,
        starts_on=command.starts_on,
        until=command.until,
        probation_until=command.probation_until,
        open_until=command.open_until,
        note=command.note,
    )


def _require_lawful_probation(command: MakeOffer, unit: str, act: Act) -> None:
    if command.probation_until is None:
        return
    latest: date = act.facts.policy(act.begins).terms.probation_over_by(
        jurisdiction=act.facts.jurisdiction_of(None, unit, act.begins),
        contract=command.contract,
        starts_on=command.starts_on,
        ends_on=command.until,
    )
    if command.probation_until > latest:
        act.refuse(ProbationTooLong(latest=latest.isoformat()))


def _require_open(offer: Offer, wanted: OfferStanding) -> None:
    if offer.standing is wanted:
        raise AlreadyRecorded()
    if offer.standing is not OfferStanding.OPEN:
        raise OfferEnded(standing=offer.standing.value)


def _require_in_time(offer: Offer, act: Act) -> None:
    if day_of(act.begins, act.zone) > offer.made.open_until:
        act.refuse(OfferOver(open_until=offer.made.open_until.isoformat()))
