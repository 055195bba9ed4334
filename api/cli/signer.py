"""`pledger signer`: signing in a process of its own, exchanging its key, and going on after a restore."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import REFUSED, as_json, say, say_error, stop
from api.cli.options import AsJson, Data, DatabaseUrl, Keys, LedgerName, settings_of

if TYPE_CHECKING:
    from api.settings import Settings
    from ledger.evidence.signer import Signer
    from ledger.evidence.succession import Succession
    from ledger.store.reader import Reader

app = typer.Typer(help="The signer of checkpoints: its process, its key, and restores.", no_args_is_help=True)
OneLedger = Annotated[str, typer.Argument(help="The ledger.", show_default=False)]
POLL_S = 0.3


@app.command()
def run(
    publish: Annotated[Path, typer.Option("--publish", help="Folder to publish in, which the service follows.")],
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    ledger: LedgerName = None,
) -> None:
    """Sign the ledgers of a database until Ctrl-C, as a user of its own that the service can't act as.

    The service follows with PLEDGER_SIGNED set to the same folder. It needs of the keys only signer/<ledger> and
    keys/<ledger>/attest.
    """
    from api import logs
    from api.cli.stored import database_that_is_there
    from api.restores import origin_of
    from api.signed_folder import CONTROL, SignedFolder
    from api.signing import Signing

    settings = settings_of(data=data, keys=keys, database_url=database_url, ledger=ledger)
    logs.configure(settings.log_level)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with database_that_is_there(settings) as conninfo:
        running, pools = list[Signing](), []
        for name in _ledgers(settings, conninfo):
            reader = _reader(conninfo, name)
            origin = origin_of(reader)
            logs_of_it = (
                (SignedFolder(publish / name), signer_of(settings, name, origin), reader),
                (SignedFolder(publish / name / CONTROL), *_control(settings, name, origin, reader)),
            )
            for folder, signer, read in logs_of_it:
                signing = Signing(signer, read, told=folder.publish, poll_s=POLL_S)
                folder.publish(signing)
                signing.start()
                running.append(signing)
            pools.append(reader.pool)
        say(f"Signing {len(pools)} ledgers; published in {publish}. Ctrl-C stops.")
        ended.wait()
        for signing in running:
            signing.stop()
        for pool in pools:
            pool.close()


@app.command()
def show(
    ledger: OneLedger, data: Data = None, keys: Keys = None, database_url: DatabaseUrl = None, json: AsJson = False
) -> None:
    """Show what a ledger's signer signed last, its key, and the keys before it."""
    from ledger.evidence import succession

    settings = settings_of(data=data, keys=keys, database_url=database_url, ledger=ledger)
    with _opened(settings, ledger) as (signer, _):
        head, key = signer.last_head(), signer.verifier_key
        before = [succession.parse(note) for note in signer.successions]
    if json:
        former = [{"key": str(one.former), "until": one.size} for one in before]
        as_json({"origin": head.origin, "size": head.size, "root": head.root.hex(), "key": str(key), "former": former})
        return
    say(f"{head.origin}: {head.size} events are signed.")
    say(f"Key: {key}")
    for one in before:
        say(f"Up to {one.size} events: {one.former}")


@app.command()
def rotate(
    ledger: OneLedger, data: Data = None, keys: Keys = None, database_url: DatabaseUrl = None, json: AsJson = False
) -> None:
    """Sign with a new key from now on; the old one vouches for it and is destroyed. A running signer takes it up."""
    settings = settings_of(data=data, keys=keys, database_url=database_url, ledger=ledger)
    with _opened(settings, ledger) as (signer, _):
        handed = signer.rotate()
    body = {"former": str(handed.former), "key": str(handed.key), "size": handed.size}
    if json:
        as_json(body)
        return
    say(f"Up to {handed.size} events {handed.former} holds, from there on {handed.key}.")
    say(f"Put it on record, as an operator: POST /ledgers/{ledger}/announce-key with what `--json` prints.")


@app.command()
def recover(
    ledger: OneLedger,
    kept: Annotated[
        int | None,
        typer.Option(help="How many events the backup had; absent: those recorded before the last signature."),
    ] = None,
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    json: AsJson = False,
) -> None:
    """Let a ledger go on whose database was restored without its last signed events, once that is on record.

    First prints what an operator is to declare: POST /ledgers/<ledger>/declare-restore. When the ledger holds that
    declaration, signing goes on under a new key and a new origin, so that no origin ever has two truths.
    """
    from api.restores import holds

    settings = settings_of(data=data, keys=keys, database_url=database_url, ledger=ledger)
    with _opened(settings, ledger) as (signer, reader):
        whole = holds(reader, signer.last_head())
        handed = [] if whole else [_gone_on(settings, ledger, signer, reader, kept, machine=json)]
        handed += _control_gone_on(settings, ledger, signer.origin, reader)
        if not handed:
            stop(f"Nothing signed is missing: the database holds all {signer.size} events.", REFUSED)
    if json:
        first, *more = [{"former": str(h.former), "key": str(h.key), "size": h.size} for h in handed]
        as_json({**first, **({"control": more[0]} if more else {})})
        return
    for one in handed:
        say(f"Signing goes on from {one.size} entries under {one.key.name}.")
        say(f"The new key: {one.key}")


def _gone_on(
    settings: "Settings", ledger: str, signer: "Signer", reader: "Reader", kept: int | None, *, machine: bool
) -> "Succession":
    """Let the ledger's signer go on, where the loss is declared. Else says what to declare, and ends the command."""
    from api.restores import declared, kept_at
    from api.signing import stored_bytes

    lost = signer.last_head()
    found = declared(reader, ledger, lost)
    if found is not None:
        return signer.begin_anew(stored_bytes(reader, 0, found), kept=found, lost=lost)
    told = kept_at(reader, _signed_at(settings, ledger)) if kept is None else kept
    if machine:
        as_json({"kept": told, "lost": lost.size, "lost_root": lost.root.hex()})
    else:
        say(f"Positions {told + 1} to {lost.size} were signed and are lost. Put it on record, as an operator:")
        say(f"  POST /ledgers/{ledger}/declare-restore with what `--json` prints; then give this command again.")
    say_error("Nothing is changed yet: the restore is not declared in the ledger.")
    raise typer.Exit(REFUSED)


def _control_gone_on(settings: "Settings", ledger: str, origin: str, reader: "Reader") -> "list[Succession]":
    """Let the signer of the control log go on, where that lacks signed entries; the log itself then says which."""
    from api.restores import declare_in_control, holds, kept_at
    from api.signed_folder import CONTROL
    from api.signing import stored_bytes

    signer, log = _control(settings, ledger, origin, reader)
    lost = signer.last_head()
    if holds(log, lost):
        return []
    kept = min(kept_at(log, _signed_at(settings, ledger, CONTROL)), lost.size - 1)
    declare_in_control(reader, ledger, settings.keys_folder, kept=kept, lost=lost)
    return [signer.begin_anew(stored_bytes(log, 0, kept), kept=kept, lost=lost)]


@contextmanager
def _opened(settings: "Settings", name: str) -> "Iterator[tuple[Signer, Reader]]":
    from api.cli.stored import database_that_is_there
    from api.restores import origin_of

    with database_that_is_there(settings) as conninfo:
        if name not in _ledgers(settings, conninfo):
            stop(f"There is no ledger {name} here.")
        reader = _reader(conninfo, name)
        try:
            yield signer_of(settings, name, origin_of(reader)), reader
        finally:
            reader.pool.close()


def _ledgers(settings: "Settings", conninfo: str) -> list[str]:
    from ledger.store.ledgers import list_ledgers

    return [settings.ledger] if settings.ledger else list_ledgers(conninfo)


def _reader(conninfo: str, name: str) -> "Reader":
    from ledger.store.ledgers import as_service
    from ledger.store.reader import Reader, pool_of

    pool = pool_of(as_service(conninfo))
    pool.open(wait=True)
    return Reader(pool, name)


def signer_of(settings: "Settings", name: str, origin: str, *inside: str) -> "Signer":
    """Return the signer of a ledger, or of a log inside it, with the writer's key to check by."""
    from ledger.evidence.signer import Signer
    from ledger.privacy.secrets import SecretMissing

    attest = settings.keys_folder / "keys" / name / "attest"
    if not attest.exists():
        raise SecretMissing(str(attest))
    folder = settings.keys_folder.joinpath("signer", name, *inside)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Signer(folder, origin, attest_key=attest.read_bytes())


def _control(settings: "Settings", name: str, origin: str, reader: "Reader") -> "tuple[Signer, Reader]":
    """Return the signer and the reader of a ledger's control log."""
    from api.signed_folder import CONTROL
    from ledger.control import origin_of_control
    from ledger.store.reader import Reader

    return signer_of(settings, name, origin_of_control(origin), CONTROL), Reader(reader.pool, name, control=True)


def _signed_at(settings: "Settings", name: str, *inside: str) -> datetime:
    state = settings.keys_folder.joinpath("signer", name, *inside, "state")
    return datetime.fromtimestamp(state.stat().st_mtime, UTC)
