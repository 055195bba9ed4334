"""What can happen to a subject: registered, renamed, retired, given to holders, handed over."""

from enum import StrEnum

from ledger.kernel.event import Event, Subject
from ledger.kernel.ids import Id, Label, UnitId


class Role(StrEnum):
    """RACI with support, and two plain relations that registries keep: member and alumnus."""

    ACCOUNTABLE = "accountable"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"
    CONSULTED = "consulted"
    INFORMED = "informed"
    MEMBER = "member"
    ALUMNUS = "alumnus"


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
