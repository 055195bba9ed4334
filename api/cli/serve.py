"""`pledger serve`: the service in the foreground, until Ctrl-C or SIGTERM."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import say, stop
from api.cli.options import Data, DatabaseUrl, Host, Keys, LedgerName, LogLevel, Port, settings_of

if TYPE_CHECKING:
    from api.serving import Server

PORTS_TRIED = 20


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    ledger: LedgerName = None,
    proxy: Annotated[bool, typer.Option("--proxy", help="A proxy that ends TLS stands before the service.")] = False,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file with the certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with the private key.")] = None,
    log_level: LogLevel = None,
) -> None:
    """Serve the ledgers of a database until Ctrl-C; an embedded PostgreSQL is started where no other is named."""
    from api import serving

    settings = settings_of(
        host=host,
        port=port,
        data=data,
        keys=keys,
        database_url=database_url,
        ledger=ledger,
        proxy=proxy or None,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        log_level=log_level,
    )
    if not is_free(settings.host, settings.port):
        stop(f"Port {settings.port} of {settings.host} is taken: end what uses it, or name another with --port.")
    with stopping():
        serving.serve(settings, announce)


def announce(server: "Server") -> None:
    """Say where the service listens and which ledgers it serves."""
    names = ", ".join(server.services.ledgers) or "none yet: pledger ledgers create makes one"
    say(f"Listening on {server.address}. Ledgers: {names}. Ctrl-C stops.")


@contextmanager
def stopping() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: everything opened is closed, and the exit code is 0."""

    def end(number: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def is_free(host: str, port: int) -> bool:
    """Tell whether a port can be listened on; 0 always can."""
    if port == 0:
        return True
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError:
        return False
    return True


def free_port(host: str, port: int) -> int:
    """Return the port, or the next free one after it. Ends the command where there is none near."""
    candidates = range(port, min(port + PORTS_TRIED, 65536))
    free = next((candidate for candidate in candidates if is_free(host, candidate)), None)
    if free is None:
        stop(f"Ports {port} to {candidates[-1]} of {host} are all taken: name a free one with --port.")
    return free
