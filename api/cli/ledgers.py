"""`pledger ledgers`: made and listed on the database itself."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from api.cli.console import as_json, say, stop
from api.cli.options import AsJson, Data, DatabaseUrl, Keys, settings_of

FIRST_LIFETIME = timedelta(days=7)
FIRST = ("First HR administrator", "Second HR administrator")
app = typer.Typer(help="Ledgers of a database.", no_args_is_help=True)
Zone = Annotated[str, typer.Option("--zone", help="Time zone of its days, as in Asia/Shanghai.", show_default=False)]
CutOver = Annotated[
    str | None, typer.Option("--cut-over", help="Day before which imported history takes effect; tomorrow if absent.")
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Small letters, digits and underscores.", show_default=False)],
    zone: Zone,
    host: Annotated[str | None, typer.Option("--host", help="Public host in its origin (PLEDGER_ORIGIN).")] = None,
    cut_over: CutOver = None,
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    json: AsJson = False,
) -> None:
    """Make a ledger, and print the first tokens of two HR administrators: for two different people, valid seven days.

    With theirs they issue themselves lasting ones, and grant and issue everybody else's.
    """
    from api.serving import database
    from ledger.application import make_ledger
    from ledger.store.ledgers import schema_of

    settings = settings_of(data=data, keys=keys, database_url=database_url, origin=host)
    try:
        schema_of(name)
    except ValueError as refused:
        stop(str(refused))
    day = _cut_over(cut_over, zone)
    with database(settings) as conninfo:
        origin = make_ledger(
            conninfo, name, settings.keys_folder, host=settings.origin or "localhost", zone=zone, cut_over=day
        )
        tokens = _first_tokens(conninfo, name, settings.keys_folder)
    if json:
        as_json({"ledger": name, "origin": origin, "cut_over": day.isoformat(), "tokens": tokens})
        return
    say(f"{origin}, imported history before {day}.")
    say("One token for each of two different people, shown this once, valid for seven days:")
    for token in tokens:
        say(f"  {token}")
    say("A running service takes the ledger up when it is started anew.")


@app.command("list")
def list_names(data: Data = None, database_url: DatabaseUrl = None, json: AsJson = False) -> None:
    """List the ledgers of the database."""
    from api.cli.stored import database_that_is_there
    from ledger.store.ledgers import list_ledgers

    with database_that_is_there(settings_of(data=data, database_url=database_url)) as conninfo:
        names = list_ledgers(conninfo)
    if json:
        as_json({"ledgers": names})
        return
    for name in names:
        say(name)


def _cut_over(text: str | None, zone: str) -> date:
    try:
        today = datetime.now(ZoneInfo(zone)).date()
        return today + timedelta(days=1) if text is None else date.fromisoformat(text)
    except (ZoneInfoNotFoundError, OSError):
        stop(f"{zone} is no time zone: name one as Asia/Shanghai or UTC.")
    except ValueError:
        stop("--cut-over takes a day, as in 2026-01-01.")


def _first_tokens(conninfo: str, name: str, keys: Path) -> list[str]:
    """Return the first tokens of a ledger just made. Where that fails it is dropped: nobody could enter it."""
    import asyncio

    from api.cli.founding import discard, person_with_token
    from ledger.application import Ledger
    from ledger.domain.identity import Role

    async def issue() -> list[str]:
        ledger = await Ledger.open(conninfo, name, keys)
        try:
            return [await person_with_token(ledger, one, Role.HR_ADMINISTRATOR, FIRST_LIFETIME) for one in FIRST]
        finally:
            await ledger.close()

    try:
        return asyncio.run(issue())
    except BaseException:
        discard(conninfo, keys, name)
        raise
