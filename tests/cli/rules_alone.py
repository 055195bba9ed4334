"""The rules of a ledger in a process of their own, without the service."""

import asyncio
from pathlib import Path

import psycopg

from ledger.application import Ledger
from ledger.rules import Engine


def follow(conninfo: str, ledger: str, keys: Path) -> None:
    """Let the rules go over the whole ledger, whatever is kept of how far they were."""
    asyncio.run(_follow(conninfo, ledger, keys))


async def _follow(conninfo: str, name: str, keys: Path) -> None:
    ledger = await Ledger.open(conninfo, name, keys)
    try:
        with psycopg.connect(conninfo, autocommit=True) as admin:
            admin.execute(f"delete from {ledger.reader.schema}.tracking where name = 'rules'".encode())
        await Engine(ledger).pass_to()
    finally:
        await ledger.close()
