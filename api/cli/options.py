"""Options that several commands take, and the settings that follow from them and from the environment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import stop

if TYPE_CHECKING:
    from api.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="Data folder (PLEDGER_DATA).", show_default=False)]
Keys = Annotated[Path | None, typer.Option("--keys", help="Folder of keys (PLEDGER_KEYS).", show_default=False)]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", help="PostgreSQL to use (PLEDGER_DATABASE_URL).", show_default=False),
]
LedgerName = Annotated[str | None, typer.Option("--ledger", help="Name of the ledger.", show_default=False)]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on (PLEDGER_HOST).", show_default=False)]
Port = Annotated[int | None, typer.Option("--port", help="Port; 0 takes a free one.", show_default=False)]
LogLevel = Annotated[str | None, typer.Option("--log-level", help="debug, info, warning or error.", show_default=False)]
AsRole = Annotated[
    str | None,
    typer.Option("--as", help="Role whose token to take, on a demonstration ledger.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer for machines.")]
Lang = Annotated[str | None, typer.Option("--lang", help="zh or en.", show_default=False)]


def settings_of(**given: object) -> "Settings":
    """Return the settings of the environment, with what the command line names put over them."""
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as invalid:
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in invalid.errors())
        stop("The settings can't be used. " + "; ".join(faults))
