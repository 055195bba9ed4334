"""Examples of opening a ledger and bringing history in."""

from __future__ import annotations

from ledger.domain.ledgers import (
    AnnounceSigningKey,
    ConfirmImport,
    DeclareRestore,
    ImportConfirmed,
    ImportProposed,
    LedgerOpened,
    OpenLedger,
    ProposeImport,
    RestoreDeclared,
    SigningKeyChanged,
)
from tests.domain.examples.company import DIGEST, HIRED, day
from tests.domain.examples.example import Example

_OPENED = (
    LedgerOpened(origin="example.org/main", zone="Asia/Shanghai", clock="real", cut_over=day("2026-01-01")),
    HIRED,
    "system:setup",
)
_FORMER, _KEY = (f"example.org/main+{letter * 8}+{letter.upper() * 43}=" for letter in "ab")

EXAMPLES = (
    Example(
        "ledger",
        "main",
        DeclareRestore(kept=90, lost=100, lost_root=DIGEST),
        RestoreDeclared,
        before=(_OPENED,),
        actor="system:setup",
    ),
    Example(
        "ledger",
        "main",
        AnnounceSigningKey(former=_FORMER, key=_KEY, size=90),
        SigningKeyChanged,
        before=(_OPENED,),
        actor="system:setup",
    ),
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
