"""Founding a ledger: its schema, its secrets and its first event."""

import asyncio
import secrets as random
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ledger.asking import Ask, Caller
from ledger.deciding import Rules, decide, draft
from ledger.domain.ledgers import LedgerOpened, OpenLedger
from ledger.evidence.signer import attest
from ledger.kernel.append import Append
from ledger.kernel.clock import Clock, RealClock
from ledger.kernel.event import decode
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import STANDING
from ledger.privacy.sealing import Sealer
from ledger.privacy.secrets import LedgerSecrets
from ledger.states import StateCache
from ledger.store.ledgers import as_service, create_ledger
from ledger.store.reader import Reader
from ledger.store.writer import Writer

SYSTEM_CALLER = Caller("system:setup", "none", "system")


def make_ledger(
    conninfo: str, name: str, keys: Path, *, host: str, zone: str, cut_over: date, clock: Clock | None = None
) -> str:
    """Make a ledger with its keys and its first event; return its origin. Blocks. Raises LedgerExists, ValueError.

    A simulated clock stands in the origin and in the first event, for ever.
    """
    clock = clock or RealClock()
    ZoneInfo(zone)
    simulated = "" if clock.kind == "real" else f"{clock.kind}/"
    origin = f"{host}/{simulated}{name}-{random.token_hex(8)}"
    create_ledger(conninfo, name)
    secrets = LedgerSecrets.make(keys, name)
    command = OpenLedger(origin=origin, zone=zone, clock=clock.kind, cut_over=cut_over)
    asyncio.run(_record_opening(as_service(conninfo), name, clock, secrets, command))
    return origin


async def _record_opening(conninfo: str, name: str, clock: Clock, secrets: LedgerSecrets, command: OpenLedger) -> None:
    writer = writer_of(conninfo, name, clock, command.origin, secrets)
    await writer.start()
    try:
        ask = Ask(command, "ledger", name, SYSTEM_CALLER, source=SYSTEM_CALLER.id)
        states, stream = StateCache(0), f"ledger/{name}"
        for empty in (stream, stream_name("policy", STANDING)):
            states.begin(empty)
        decided = decide(ask, states, Rules(ZoneInfo(command.zone), command.cut_over), clock.now())
        await writer.append(Append([draft(decided, Sealer(name, None), secrets)], {stream: 0}))
    finally:
        await writer.close()


def writer_of(conninfo: str, name: str, clock: Clock, origin: str, secrets: LedgerSecrets) -> Writer:
    """Return the writer of a ledger, not started yet; it attests each root with the ledger's secret."""

    def word(size: int, root: bytes) -> bytes:
        return attest(secrets.attest, origin=origin, size=size, root=root)

    return Writer(conninfo, name, clock=clock.now, attest=word)


def opened_at_of(reader: Reader, name: str) -> datetime:
    """Return when a ledger began. Blocks on the database."""
    return decode(reader.events_of(stream_name("ledger", name))[0]).recorded_at


def opening_of(reader: Reader, name: str) -> LedgerOpened:
    """Return the first event of a ledger. Blocks on the database."""
    event = decode(reader.events_of(stream_name("ledger", name))[0]).event
    if not isinstance(event, LedgerOpened):
        raise TypeError("a ledger begins with LedgerOpened")
    return event
