"""Restores: what a ledger itself says of signed events that a restored database lacks."""

from datetime import datetime

import orjson

from ledger.evidence.checkpoint import Checkpoint
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
