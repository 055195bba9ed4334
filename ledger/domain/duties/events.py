"""What can happen to a duty: opened, told, seen, passed on, discharged, excused, lapsed, escalated, voided."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from ledger.kernel.event import Event, Seal, Subject, Value
from ledger.kernel.ids import Code, DutyId, Id, PersonId, stream_name
from ledger.kernel.moments import Day
from ledger.kernel.texts import Note


class Party(StrEnum):
    """Which side of the matrix has to act."""

    LEAD = "lead"
    HR = "hr"
    EMPLOYEE = "employee"


class Seat(StrEnum):
    """By which relation to whom the holder has the duty; who sits there today is looked up anew."""

    SELF = "self"  # the person named, or the lead of the unit named
    LEAD = "lead"  # the lead of the person named, or above the unit named
    UNIT_LEAD = "unit_lead"  # the lead of the unit named
    HR_PARTNER = "hr_partner"  # of the person's unit, or of the unit named
    HR_OFFICE = "hr_office"  # whom the policy names for HR
    PRIVACY_OFFICE = "privacy_office"  # whom the policy names for personal data, else for HR
    TOP_OFFICE = "top_office"  # whom the policy names at the top


class Delivery(StrEnum):
    """What became of a notice."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"


class Notice(StrEnum):
    """Whether a holder had been told before the duty lapsed; that it was seen counts as told."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    NONE = "none"


class Occasion(StrEnum):
    """Why a notice was sent."""

    OPENED = "opened"
    TRANSFERRED = "transferred"
    DUE_SOON = "due_soon"
    LAPSED = "lapsed"


class Outcome(StrEnum):
    """How a duty was discharged: what was due was done, or nothing is left to do."""

    DONE = "done"
    MOOT = "moot"


class Void(StrEnum):
    """What a later-recorded fact shows."""

    NOT_IN_OFFICE = "not_in_office"
    ABSENT = "absent"
    ANNULLED = "annulled"  # what opened the duty was taken out


class Gap(Value):
    """The days, both included, on which another than the holder should have held a duty; without one, nobody."""

    holder: PersonId | None = None
    starts_on: Day
    ends_on: Day


# Events


class DutyOpened(Event, context="duties"):
    """Somebody has to do something about a subject by the end of a day; without a holder it is a gap.

    `cause` is the entry that opened it. `answers` names whose act is to be judged: never the holder's own.
    `escalates` names the lapsed duty below, `replaces` the voided one.
    """

    kind: Code
    party: Party
    seat: Seat
    of: Subject
    holder: PersonId | None = None
    subject: Subject
    due_on: Day
    cause: Id
    rule: Code
    answers: PersonId | None = None
    escalates: DutyId | None = None
    replaces: DutyId | None = None


class DutyNotified(Event, context="duties"):
    """A notice went out by a channel, and arrived or bounced."""

    holder: PersonId
    channel: Code
    occasion: Occasion
    delivery: Delivery


class DutySeen(Event, context="duties"):
    """The holder has looked at it."""

    holder: PersonId


class DutyTransferred(Event, context="duties"):
    """Who sits in the seat has changed before the duty was due; `cause` is the entry that says so, if one does."""

    giver: PersonId | None = None
    taker: PersonId | None = None
    cause: Id | None = None


class DutyDischarged(Event, context="duties"):
    """The event `by_entry` fulfilled the duty, or left nothing to do. `late`: after it had lapsed."""

    holder: PersonId | None = None
    by_entry: Id
    outcome: Outcome
    late: bool = False


class DutyExcused(Event, context="duties"):
    """A lead above frees the holder, for the coded reason in the envelope."""

    holder: PersonId | None = None
    excuser: PersonId
    note: Annotated[Note | None, Seal("excuser", "performance")] = None


class DutyLapsed(Event, context="duties"):
    """The day passed and nothing happened; it stays answerable, and says whether the holder had been told."""

    holder: PersonId | None = None
    due_on: Day
    notice: Notice


class DutyEscalated(Event, context="duties"):
    """The next lead has a duty `duty` of their own now; nobody is freed. Without `to` there is nobody above: a gap."""

    holder: PersonId | None = None
    to: PersonId | None = None
    duty: DutyId | None = None


class DutyVoided(Event, context="duties"):
    """The later-recorded entry `fact` shows that this was not the holder's failure: they did not have to answer.

    `gaps` name whose the duty was, as is known now, while it ran on somebody else: their gap.
    """

    holder: PersonId | None = None
    fact: Id
    why: Void
    gaps: tuple[Gap, ...] = ()

    def _references(self) -> Iterator[str]:
        yield from super()._references()
        yield from (stream_name("person", gap.holder) for gap in self.gaps if gap.holder is not None)
