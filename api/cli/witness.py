"""`pledger witness`: cosign the checkpoints of ledgers that others run, so that their history can't be taken back."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import say, stop
from api.cli.options import Host, LogLevel, Port

if TYPE_CHECKING:
    from ledger.evidence.witness import Witness

app = typer.Typer(help="A witness of ledgers that others run.", no_args_is_help=True)
Folder = Annotated[Path, typer.Option("--folder", help="Its key and its memory; back it up, never roll it back.")]
Name = Annotated[str, typer.Option("--name", help="Its name, as in witness.example.org.")]


@app.command()
def run(
    folder: Folder,
    name: Name,
    log: Annotated[list[str], typer.Option("--log", help="Verifier key of a ledger, or a file of them.")],
    host: Host = None,
    port: Port = None,
    log_level: LogLevel = None,
) -> None:
    """Cosign until Ctrl-C (C2SP tlog-witness). It refuses forks, older checkpoints and ledgers it does not know."""
    import uvicorn

    from api import logs
    from api.witness_app import witness_app

    logs.configure(log_level or "info")
    witness = _witness(folder, name, log)
    say(f"Witness {witness.verifier_key}")
    config = uvicorn.Config(
        witness_app(witness),
        host=host or "127.0.0.1",
        port=8090 if port is None else port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    uvicorn.Server(config).run()


@app.command()
def key(folder: Folder, name: Name) -> None:
    """Print the witness's key, made at first use, for the policies of those who count on it."""
    say(str(_witness(folder, name, []).verifier_key))


def _witness(folder: Path, name: str, log: list[str]) -> "Witness":
    from ledger.evidence.faults import Malformed
    from ledger.evidence.note import VerifierKey
    from ledger.evidence.tiles import parse_keys, read_file
    from ledger.evidence.witness import Witness

    logs: dict[str, list[VerifierKey]] = {}
    for text in log:
        try:
            keys = [VerifierKey.parse(text)]
        except Malformed:
            keys = parse_keys(read_file(Path(text)))
        for one in keys:
            logs.setdefault(one.name, []).append(one)
    if "+" in name or not name.strip():
        stop("The name of a witness is not empty and has no plus.")
    return Witness(folder, name, logs, lambda: int(time.time()))
