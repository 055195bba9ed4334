"""The ledger itself: opened once; a history is proposed by one person and confirmed by another."""

from __future__ import annotations

from ledger.domain.ledgers import (
    AnnounceSigningKey,
    ConfirmImport,
    DeclareRestore,
    ImportConfirmed,
    ImportProposed,
    LedgerOpened,
    NothingLost,
    OpenLedger,
    OtherTable,
    OwnProposal,
    ProposeImport,
    RestoreDeclared,
    SameKey,
    SigningKeyChanged,
)
from ledger.kernel.refusals import AlreadyExists, NotFound
from tests.domain.examples import DIGEST, HIRED, day
from tests.domain.given import given

OPEN = OpenLedger(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01"))
PROPOSED = ImportProposed(digest=DIGEST, form="csv", rows=3), HIRED, "p-hr"
CONFIRMED = ImportConfirmed(digest=DIGEST, proposer="p-hr"), HIRED, "p-boss"


def test_a_ledger_is_opened_once():
    opened = LedgerOpened(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01"))
    given("ledger", "main").when(OPEN).then(opened)
    given("ledger", "main", opened).when(OPEN).then(AlreadyExists)


def test_a_restore_is_declared_with_the_range_it_lost():
    opened = LedgerOpened(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01"))
    declare = DeclareRestore(kept=90, lost=100, lost_root=DIGEST)
    given("ledger", "main", opened).when(declare).then(RestoreDeclared(kept=90, lost=100, lost_root=DIGEST))
    given("ledger", "main").when(declare).then(NotFound)
    nothing = DeclareRestore(kept=100, lost=100, lost_root=DIGEST)
    given("ledger", "main", opened).when(nothing).then(NothingLost)


def test_a_signing_key_is_announced_once():
    opened = LedgerOpened(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01"))
    former, key = (f"example.org/main+{letter * 8}+{letter.upper() * 43}=" for letter in "ab")
    announce, changed = (
        AnnounceSigningKey(former=former, key=key, size=9),
        SigningKeyChanged(former=former, key=key, size=9),
    )
    given("ledger", "main", opened).when(announce).then(changed)
    given("ledger", "main", opened, changed).when(announce).then(SameKey)
    given("ledger", "main", opened).when(AnnounceSigningKey(former=key, key=key, size=9)).then(SameKey)


def test_another_person_confirms_the_same_table():
    subject = given("import", "i-1", PROPOSED)
    subject.when(ConfirmImport(digest=DIGEST), actor="p-hr").then(OwnProposal)
    subject.when(ConfirmImport(digest="cd" * 32), actor="p-boss").then(OtherTable)
    subject.when(ConfirmImport(digest=DIGEST), actor="p-boss").then(ImportConfirmed(digest=DIGEST, proposer="p-hr"))


def test_an_import_is_proposed_once_and_confirmed_once():
    given("import", "i-1").when(ConfirmImport(digest=DIGEST), actor="p-boss").then(NotFound)
    again = ProposeImport(digest=DIGEST, form="csv", rows=3)
    given("import", "i-1", PROPOSED).when(again).then(AlreadyExists)
    confirmed = given("import", "i-1", PROPOSED, CONFIRMED)
    confirmed.when(ConfirmImport(digest=DIGEST), actor="p-boss").then(AlreadyExists)
