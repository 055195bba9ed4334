"""What can be asked about a subject's holders, by whom, and why it may be refused."""

from pydantic import Field

from ledger.domain.responsibilities.events import (
    Role,
)
from ledger.kernel.annulment import (
    commands_for,
)
from ledger.kernel.command import By, Command
from ledger.kernel.holders import Holder
from ledger.kernel.ids import Id, Label
from ledger.kernel.refusals import Refusal

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
