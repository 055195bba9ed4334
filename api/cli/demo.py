"""`pledger demo`: a demonstration company and an empty ledger to try, on an embedded database; `make run` starts it."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from shutil import which
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx2

from api.cli.console import Advance, err, progress, say, stop
from api.cli.options import Data, DatabaseUrl, Host, Keys, LogLevel, Port, settings_of
from api.cli.serve import free_port, stopping

if TYPE_CHECKING:
    from api.serving import Server
    from api.settings import Settings
    from ledger.application import Ledger

LOOK_S = 2.0


def demo(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    log_level: LogLevel = None,
) -> None:
    """Start the service with a demonstration company; the second time it keeps its data. Ctrl-C stops."""
    import uvloop

    from api import logs, serving
    from api.cli.service import tokens_file
    from api.settings import refuse_weak

    settings = settings_of(
        host=host, port=port, data=data, keys=keys, database_url=database_url, log_level=log_level or "warning"
    )
    refuse_second(settings)
    settings = settings.model_copy(update={"ledger": None, "port": free_port(settings.host, settings.port)})
    refuse_weak(settings, demonstration=True)
    if not tokens_file(settings.data, "trial").exists():
        err().print("Setting up the demonstration: some seconds, the first time only.")
    logs.configure(settings.log_level)
    with stopping(), serving.database(settings) as conninfo:
        with progress("The company lives its year") as advance:
            found_ledgers(conninfo, settings, advance)
        uvloop.run(serving.answer(settings, conninfo, welcome))


def found_ledgers(conninfo: str, settings: "Settings", advance: Advance) -> None:
    """Make the ledgers `demo` and `trial` where they are not there yet. Blocks; call it outside of a loop."""
    from api import demonstration
    from api.cli.founding import Founding, first_people
    from ledger.kernel.clock import RealClock, SimulatedClock

    clock, zone = SimulatedClock(demonstration.BEGINS), demonstration.ZONE_NAME
    company = Founding(conninfo, settings, "demo", zone, clock, demonstration.CUT_OVER)

    async def lived(ledger: "Ledger") -> dict[str, str]:
        tokens = await demonstration.live(ledger, clock, advance)
        await asyncio.to_thread(demonstration.read, conninfo, ledger)
        return tokens

    company.found(lived)
    tomorrow = (datetime.now(ZoneInfo(zone)) + timedelta(days=1)).date()
    Founding(conninfo, settings, "trial", zone, RealClock(), tomorrow).found(first_people)


def refuse_second(settings: "Settings") -> None:
    """End the command where a service runs on this data folder already."""
    from api.cli.service import NotRunning, address_in

    try:
        address = address_in(settings.data)
        httpx2.get(f"{address}/health", timeout=LOOK_S, trust_env=False)
    except (NotRunning, httpx2.TransportError):
        return
    stop(f"The service runs already, on {address}: use that one, or stop it first.")


def welcome(server: "Server") -> None:
    """Say where the service listens, who may ask, and what to try first."""
    from api.cli.service import tokens_file, tokens_of

    data = server.services.settings.data
    say(f"\nThe demonstration runs on {server.address}\n")
    for name, what in (("demo", "a company that has lived its year"), ("trial", "empty, for files of your own")):
        say(f"Ledger {name}: {what}. Tokens, also in {tokens_file(data, name)}:")
        for role, token in (tokens_of(data, name) or {}).items():
            say(f"  {role:<24}{token}")
        say("")
    say("Try, in another terminal:")
    for example in examples(server):
        say(f"  {example}")
    say("\nCtrl-C stops it; the data stays.")


def examples(server: "Server") -> list[str]:
    """Return three commands that a visitor can paste."""
    data = server.services.settings.data
    at = "" if data == Path(".pledger").absolute() else f" --data {quote(str(data))}"
    asked = ("who-owns system erp --on 2025-06-30", "trail system erp", "verify")
    return [f"{program()} {question}{at}" for question in asked]


def program() -> str:
    """Return how this program was called: by its name where the shell finds it by that."""
    called = Path(sys.argv[0])
    if called.name != "pledger":
        return "python -m api"
    found = which("pledger")
    return "pledger" if found is not None and Path(found).absolute() == called.absolute() else quote(str(called))
