"""Where a duty stands: whose it is, who was told, and whether it still can be answered."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from ledger.domain.duties.events import (
    Delivery,
    DutyDischarged,
    DutyEscalated,
    DutyExcused,
    DutyLapsed,
    DutyNotified,
    DutyOpened,
    DutySeen,
    DutyTransferred,
    DutyVoided,
    Notice,
    Occasion,
    Party,
)
from ledger.kernel.event import Entry, Subject


class Standing(StrEnum):
    """Where a duty stands; open and lapsed ones can still be answered."""

    UNKNOWN = "unknown"
    OPEN = "open"
    LAPSED = "lapsed"
    DISCHARGED = "discharged"
    EXCUSED = "excused"
    VOIDED = "voided"


LIVE = frozenset({Standing.OPEN, Standing.LAPSED})


@dataclass(frozen=True, slots=True)
class DutyState:
    """A duty: how it was opened, its holder of today, the notices that went out to them, and its end."""

    standing: Standing = Standing.UNKNOWN
    opened: DutyOpened | None = None
    opened_at: datetime | None = None
    holder: str | None = None
    held_at: datetime | None = None  # when the present holder was recorded as such
    notices: frozenset[tuple[str, str, Occasion, Delivery]] = frozenset()  # holder, channel, occasion, delivery
    seen_by: frozenset[str] = frozenset()
    lapsed_entry: str | None = None
    escalated: bool = False

    @property
    def is_live(self) -> bool:
        """Tell whether the duty can still be answered."""
        return self.standing in LIVE

    @property
    def due_on(self) -> date | None:
        """Return the last day on which it is in time."""
        return None if self.opened is None else self.opened.due_on

    @property
    def party(self) -> Party | None:
        """Return which side has to act."""
        return None if self.opened is None else self.opened.party

    @property
    def of(self) -> Subject | None:
        """Return the person or unit whose seat the holder takes."""
        return None if self.opened is None else self.opened.of

    @property
    def notice(self) -> Notice:
        """Return whether the present holder has been told."""
        if self.holder in self.seen_by:
            return Notice.DELIVERED
        delivered = {delivery for holder, _, _, delivery in self.notices if holder == self.holder}
        if Delivery.DELIVERED in delivered:
            return Notice.DELIVERED
        return Notice.BOUNCED if delivered else Notice.NONE

    def told(self, occasion: Occasion) -> bool:
        """Tell whether a notice on this occasion has gone out to the present holder."""
        return any((holder, on) == (self.holder, occasion) for holder, _, on, _ in self.notices)


def evolve(state: DutyState, entry: Entry) -> DutyState:
    """Return the state after `entry`."""
    match entry.event:
        case DutyOpened() as opened:
            return DutyState(Standing.OPEN, opened, entry.recorded_at, opened.holder, entry.recorded_at)
        case DutyNotified(holder=holder, channel=channel, occasion=occasion, delivery=delivery):
            return replace(state, notices=state.notices | {(holder, channel, occasion, delivery)})
        case DutySeen(holder=holder):
            return replace(state, seen_by=state.seen_by | {holder})
        case DutyTransferred(taker=taker):
            return replace(state, holder=taker, held_at=entry.recorded_at)
        case DutyDischarged():
            return replace(state, standing=Standing.DISCHARGED)
        case DutyExcused():
            return replace(state, standing=Standing.EXCUSED)
        case DutyLapsed():
            return replace(state, standing=Standing.LAPSED, lapsed_entry=entry.event_id)
        case DutyEscalated():
            return replace(state, escalated=True)
        case DutyVoided():
            return replace(state, standing=Standing.VOIDED)
    return state
