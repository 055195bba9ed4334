"""The ledger itself: opened once; a history is proposed by one person and confirmed by another."""

from __future__ import annotations

from ledger.domain.ledgers import (
    ConfirmImport,
    ImportConfirmed,
    ImportProposed,
    LedgerOpened,
    OpenLedger,
    OtherTable,
    OwnProposal,
    ProposeImport,
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
