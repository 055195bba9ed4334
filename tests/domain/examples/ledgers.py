"""Examples of opening a ledger and bringing history in."""

from __future__ import annotations

from ledger.domain.ledgers import (
    ConfirmImport,
    ImportConfirmed,
    ImportProposed,
    LedgerOpened,
    OpenLedger,
    ProposeImport,
)
from tests.domain.examples.company import DIGEST, HIRED, day
from tests.domain.examples.example import Example

EXAMPLES = (
    Example(
        "ledger",
        "main",
        OpenLedger(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01")),
        LedgerOpened,
        actor="system:setup",
    ),
    Example("import", "i-1", ProposeImport(digest=DIGEST, form="csv", rows=3), ImportProposed),
    Example(
        "import",
        "i-1",
        ConfirmImport(digest=DIGEST),
        ImportConfirmed,
        before=((ImportProposed(digest=DIGEST, form="csv", rows=3), HIRED, "p-hr"),),
        actor="p-boss",
    ),
)
