"""Restores: what a ledger itself says of signed events that a restored database lacks, and its control log likewise."""

import asyncio
from datetime import datetime
from pathlib import Path

import orjson

from api.log_tiles import tiles_of
from ledger.control import LOG, LOSS_DECLARED, SETUP, ControlLog, Noted
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.proofs import root_at
from ledger.kernel.clock import RealClock
from ledger.privacy.secrets import LedgerSecrets
from ledger.store.reader import Reader

TOPIC = "ledgers.RestoreDeclared"


def origin_of(reader: Reader) -> str:
    """Return the origin in the first event. Raises LookupError for a ledger without events."""
    first = reader.at(1)
    if first is None:
        raise LookupError("the ledger has no first event")
    return str(orjson.loads(first)["data"]["origin"])


def kept_at(reader: Reader, signed_at: datetime) -> int:
    """Return how many events were recorded before the last signature: what came later replaces what was lost."""
    return reader.position_known_at(signed_at)


def declared(reader: Reader, ledger: str, lost: Checkpoint) -> int | None:
    """Return how many events the ledger says were kept, where it declares this very signed head to be lost."""
    for stored in reversed(reader.events_of(f"ledger/{ledger}")):
        event = orjson.loads(stored)
        data = event["data"]
        if event["topic"] == TOPIC and (data["lost"], data["lost_root"]) == (lost.size, lost.root.hex()):
            return int(data["kept"]) if data["kept"] < event["position"] else None
    return None


def holds(reader: Reader, signed: Checkpoint) -> bool:
    """Tell whether a log still begins with what was signed."""
    return reader.head().size >= signed.size and root_at(signed.size, tiles_of(reader)) == signed.root


def declare_in_control(reader: Reader, ledger: str, keys: Path, *, kept: int, lost: Checkpoint) -> None:
    """Keep in the control log itself which of its signed entries are lost. `reader` is the ledger's. Blocks."""
    said = {"kept": kept, "lost": lost.size, "lost_root": lost.root.hex()}
    clock = RealClock()
    log = ControlLog(ledger, origin_of(reader), reader, LedgerSecrets.open(keys, ledger), clock.now)

    async def declare() -> None:
        await log.note([Noted(LOSS_DECLARED, LOG, SETUP, "none", clock.now(), said)])
        await log.close()

    asyncio.run(declare())
