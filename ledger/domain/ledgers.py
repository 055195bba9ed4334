"""The ledger itself: how it was opened, what its signer and its restores did, and which histories were brought in."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code, Label, PersonId
from ledger.kernel.moments import Day
from ledger.kernel.refusals import AlreadyExists, NotFound, Refusal

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
SigningKey = Annotated[
    str,
    Field(pattern=r"^[^\s+]{1,300}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}$", description="Verifier key (C2SP signed-note)."),
]
Size = Annotated[int, Field(ge=0, lt=2**63, description="Number of events.")]


# Events


class LedgerOpened(Event, context="ledgers"):
    """A ledger begins: its origin, time zone, clock (real or simulated) and cut-over date never change."""

    origin: Label
    zone: Label
    clock: Code
    cut_over: Day


class RestoreDeclared(Event, context="ledgers"):
    """The database was restored from a backup that lacks signed events: positions `kept` + 1 to `lost` are lost.

    `lost_root` is the root of the tree at the size `lost`, which the signer had signed: who holds those events can
    still prove that they were recorded.
    """

    kept: Size
    lost: Size
    lost_root: Digest


class SigningKeyChanged(Event, context="ledgers"):
    """Checkpoints of more than `size` events are signed with `key`; those before keep the signature of `former`."""

    former: SigningKey
    key: SigningKey
    size: Size


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
    """A ledger as it was opened, the largest size that a restore lost, and the key announced last."""

    opened: LedgerOpened | None = None
    lost: int = 0
    key: str | None = None


def evolve_ledger(state: LedgerState, entry: Entry) -> LedgerState:
    """Return the state after `entry`."""
    match entry.event:
        case LedgerOpened():
            return replace(state, opened=entry.event)
        case RestoreDeclared(lost=lost):
            return replace(state, lost=max(state.lost, lost))
        case SigningKeyChanged(key=key):
            return replace(state, key=key)
    return state


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


class DeclareRestore(Command, stream="ledger", verb="declare-restore", by=(By("role:operator"), By("system"))):
    """Say that the database was restored and which signed events it lost; only then the signer goes on."""

    kept: Size
    lost: Size
    lost_root: Digest


class AnnounceSigningKey(Command, stream="ledger", verb="announce-key", by=(By("role:operator"), By("system"))):
    """Put on record that the signer signs with another key from a size on."""

    former: SigningKey
    key: SigningKey
    size: Size


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


class NothingLost(Refusal):
    """A restore that loses nothing signed is none to declare."""

    code = "nothing_lost"
    en = "The lost range is empty: the last lost position lies after the last kept one."
    zh = "丢失范围为空：最后丢失的位置应在最后保留的位置之后。"


class SameKey(Refusal):
    """The key is the one that was announced, or the one it follows."""

    code, status = "same_key", 409
    en = "This key has been announced, or is the one that it is to follow."
    zh = "该密钥已公布，或与其前任相同。"


class OtherTable(Refusal):
    """The table differs from the proposed one."""

    code = "other_table"
    en = "This is not the table that was proposed: the digests differ."
    zh = "该表与提议的表不一致：摘要不同。"


# Decide


def decide_ledger(command: Command, state: LedgerState, act: Act) -> Event:
    """Return the event of opening a ledger, which is done once, or of what became of its signed checkpoints."""
    match command:
        case OpenLedger():
            if state.opened is not None:
                raise AlreadyExists(kind="ledger")
            return LedgerOpened(
                origin=command.origin, zone=command.zone, clock=command.clock, cut_over=command.cut_over
            )
        case _ if state.opened is None:
            raise NotFound()
        case DeclareRestore():
            if command.lost <= command.kept:
                raise NothingLost()
            return RestoreDeclared(kept=command.kept, lost=command.lost, lost_root=command.lost_root)
        case AnnounceSigningKey():
            if command.key in {command.former, state.key}:
                raise SameKey()
            return SigningKeyChanged(former=command.former, key=command.key, size=command.size)
    raise TypeError(command)


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
    StreamKind(
        "ledger",
        "ledgers",
        "l",
        LedgerState(),
        decide_ledger,
        evolve_ledger,
        (OpenLedger, DeclareRestore, AnnounceSigningKey),
        caller_ids=True,
    ),
    StreamKind("import", "imports", "i", ImportState(), decide_import, evolve_import, (ProposeImport, ConfirmImport)),
)
