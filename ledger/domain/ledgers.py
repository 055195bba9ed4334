"""The ledger itself: how it was opened, and which histories were brought in."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code, Label, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyExists, NotFound, Refusal

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]


# Events


class LedgerOpened(Event, context="ledgers"):
    """A ledger begins: its origin, time zone, clock (real or simulated) and cut-over date never change."""

    origin: Label
    zone: Label
    clock: Code
    cut_over: Day


class ImportProposed(Event, context="ledgers"):
    """Somebody wants to bring in a history table; the digest binds file and mapping."""

    digest: Digest
    form: Code
    rows: int


class ImportConfirmed(Event, context="ledgers"):
    """A second person confirms the same table; its rows follow under this id as their batch."""

    digest: Digest
    proposer: PersonId


# State


@dataclass(frozen=True, slots=True)
class LedgerState:
    """A ledger as it was opened."""

    opened: LedgerOpened | None = None


def evolve_ledger(state: LedgerState, entry: Entry) -> LedgerState:
    """Return the state after `entry`."""
    return replace(state, opened=entry.event) if isinstance(entry.event, LedgerOpened) else state


@dataclass(frozen=True, slots=True)
class ImportState:
    """An import: proposed by whom and with which digest, confirmed or not."""

    proposer: str | None = None
    digest: str | None = None
    confirmer: str | None = None

    @property
    def confirmed(self) -> bool:
        """Tell whether a second person has confirmed it."""
        return self.confirmer is not None


def evolve_import(state: ImportState, entry: Entry) -> ImportState:
    """Return the state after `entry`."""
    match entry.event:
        case ImportProposed(digest=digest):
            return replace(state, proposer=entry.actor, digest=digest)
        case ImportConfirmed():
            return replace(state, confirmer=entry.actor)
    return state


# Commands


class OpenLedger(Command, stream="ledger", verb="open", by=(By("system"),), starts=True):
    """Begin a ledger."""

    origin: Label
    zone: Label
    clock: Code
    cut_over: Day


class ProposeImport(Command, stream="import", verb="propose", by=(By("role:hr_administrator"),), starts=True):
    """Propose to bring in a history table as testimony."""

    digest: Digest
    form: Code
    rows: int = Field(ge=0)


class ConfirmImport(Command, stream="import", verb="confirm", by=(By("role:hr_administrator"),)):
    """Confirm, as another person than the proposer, the table with this digest."""

    digest: Digest


class OwnProposal(Refusal):
    """The proposer may not confirm."""

    code, status, rule = "own_proposal", 403, "nobody_approves_their_own_act"
    en = "An import is confirmed by another person than the one who proposed it."
    zh = "导入须由提议者以外的人确认。"


class OtherTable(Refusal):
    """The table differs from the proposed one."""

    code = "other_table"
    en = "This is not the table that was proposed: the digests differ."
    zh = "该表与提议的表不一致：摘要不同。"


# Decide


def decide_ledger(command: OpenLedger, state: LedgerState, act: Act) -> Event:
    """Return LedgerOpened; a ledger is opened once."""
    if state.opened is not None:
        raise AlreadyExists(kind="ledger")
    return LedgerOpened(origin=command.origin, zone=command.zone, clock=command.clock, cut_over=command.cut_over)


def decide_import(command: Command, state: ImportState, act: Act) -> Event:
    """Return the event of a propose or confirm command."""
    match command:
        case ProposeImport():
            if state.proposer is not None:
                raise AlreadyExists(kind="import")
            return ImportProposed(digest=command.digest, form=command.form, rows=command.rows)
        case ConfirmImport():
            return _confirmed(command, state, act)
    raise TypeError(command)


def _confirmed(command: ConfirmImport, state: ImportState, act: Act) -> Event:
    if state.proposer is None:
        raise NotFound()
    if state.confirmed:
        raise AlreadyExists(kind="import")
    if act.is_own(state.proposer):
        raise OwnProposal()
    if state.digest != command.digest:
        raise OtherTable()
    return ImportConfirmed(digest=command.digest, proposer=state.proposer)


STREAMS = (
    StreamKind("ledger", "ledgers", "l", LedgerState(), decide_ledger, evolve_ledger, (OpenLedger,), caller_ids=True),
    StreamKind("import", "imports", "i", ImportState(), decide_import, evolve_import, (ProposeImport, ConfirmImport)),
)
