"""`pledger keys`: epochs of the wrapping key, and a backup of all keys, which a backup of the events never contains."""

import io
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.asking import How, an_act
from api.cli.console import NOT_YET, Fields, as_json, progress, say, say_error, show_table, stop
from api.cli.options import AsJson, Data, Keys, LedgerName, settings_of
from api.cli.questions import moment

if TYPE_CHECKING:
    import httpx2

    from api.settings import Settings

app = typer.Typer(help="The keys of the ledgers, which lie outside the database.", no_args_is_help=True)
PARTS = ("keys", "signer")  # folders under PLEDGER_KEYS; each has one folder a ledger
NOT_KEPT = ("lock",)
OPERATOR = "operator"
LOOK_S = 0.1
EPOCH_COLUMNS = ("epoch", "state", "data_keys", "begun_at", "destroy_on", "destroyed_at")
Wait = Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait until it is carried out.")]


@app.command("list")
@an_act
def list_epochs(how: How) -> None:
    """List the epochs of the wrapping key: state, dates, and how many data keys each wraps."""
    from api.cli.service import client, way

    with client(way(how.data, how.ledger, how.as_role or OPERATOR)) as service:
        told = _epochs(service, machine=how.json)
    as_json(told) if how.json else _show_epochs(told)


@app.command()
@an_act
def rotate(
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=0, help="Days for which the former key is kept, for backups.")
    ] = 30,
    wait: Wait = 60,
    *,
    how: How,
) -> None:
    """Wrap every data key by a new key. The former one is destroyed on its day, by the service itself.

    From that day on a backup of the database that was made before the change opens no sealed text.
    """
    from api.cli.service import answered, client, way

    with client(way(how.data, how.ledger, how.as_role or OPERATOR)) as service:
        told = _epochs(service, machine=how.json)
        fresh = 1 + max((row["epoch"] for row in told["rows"] if row["state"] != "ordered"), default=1)
        until = date.fromisoformat(told["today"]) + timedelta(days=keep_days)
        body = {"destroy_former_on": until.isoformat()}
        answered(service.post(f"/key-epochs/{fresh}/order", json=body), machine=how.json)
        _tell_once(service, lambda rows: rows[fresh - 1]["destroy_on"] is not None, wait, machine=how.json)


@app.command()
@an_act
def destroy(
    epoch: Annotated[int, typer.Argument(min=1, help="Number of the epoch.", show_default=False)],
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="Day to do it on; today if absent.")] = None,
    wait: Wait = 60,
    *,
    how: How,
) -> None:
    """Say on which day the key of an earlier epoch is destroyed: what is wrapped by it opens nothing from then on."""
    from api.cli.service import answered, client, way

    with client(way(how.data, how.ledger, how.as_role or OPERATOR)) as service:
        today = _epochs(service, machine=how.json)["today"]
        body = {"destroy_on": on or today}
        answered(service.post(f"/key-epochs/{epoch}/schedule-destruction", json=body), machine=how.json)
        due = body["destroy_on"] <= today
        _tell_once(
            service,
            lambda rows: not due or rows[epoch]["destroyed_at"] is not None,
            wait,
            machine=how.json,
        )


def _epochs(service: "httpx2.Client", *, machine: bool) -> Fields:
    from api.cli.service import answered

    return answered(service.get("/key-epochs"), machine=machine)


def _tell_once(
    service: "httpx2.Client", is_done: Callable[[dict[int, Fields]], bool], patience_s: int, *, machine: bool
) -> None:
    """Tell how the epochs stand once it is carried out; ends the command with a code of its own where it is not yet."""
    ends_at = time.monotonic() + patience_s
    with progress("Keys", quiet=machine):
        while True:
            told = _epochs(service, machine=machine)
            done = is_done({row["epoch"]: row for row in told["rows"]})
            if done or time.monotonic() >= ends_at:
                break
            time.sleep(LOOK_S)
    as_json(told) if machine else _show_epochs(told)
    if not done:
        say_error("It is not carried out yet; the service goes on with it.")
        raise typer.Exit(NOT_YET)


def _show_epochs(told: Fields) -> None:
    times = ("begun_at", "destroyed_at")
    show_table(
        "Epochs", EPOCH_COLUMNS, [{**row, **{name: moment(row[name]) for name in times}} for row in told["rows"]]
    )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Archive to write (tar); it must not exist yet.")],
    data: Data = None,
    keys: Keys = None,
    ledger: LedgerName = None,
    json: AsJson = False,
) -> None:
    """Write all keys and the signers' memory into one archive that only its owner can read.

    Keep it apart from any backup of the events: both together open every sealed text.
    """
    settings = settings_of(data=data, keys=keys, ledger=ledger)
    folders = _folders(settings)
    if file.resolve().is_relative_to(settings.database_folder.resolve()):
        stop("The archive of the keys can't lie in the folder of the database.")
    names = sorted({folder.name for folder in folders})
    try:
        count = write_archive(file, settings.keys_folder, folders)
    except FileExistsError:
        stop(f"{file} is there already: an archive of keys is never written over.")
    if json:
        as_json({"file": str(file), "ledgers": names, "files": count})
        return
    say(f"{file}: {count} files of {', '.join(names)}, in the clear. Keep it locked up, apart from the events.")


def _folders(settings: "Settings") -> list[Path]:
    """Return the folders of the ledger named, else of all. Ends the command where a ledger lacks its keys."""
    root = settings.keys_folder
    asked = settings.ledger or "*"
    found = sorted(folder for part in PARTS for folder in (root / part).glob(asked) if folder.is_dir())
    bare = {folder.name for folder in found} - {folder.name for folder in found if folder.parent.name == "keys"}
    if bare or not found:
        stop(f"There are no keys of {', '.join(sorted(bare)) or settings.ledger or 'any ledger'} in {root}.")
    return found


def write_archive(file: Path, root: Path, folders: list[Path]) -> int:
    """Write the files of the folders under their paths below `root`; return how many. Raises FileExistsError.

    The file is the owner's alone from its first byte on, and is taken away again where anything fails.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            count = _write(out, root, folders)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        file.unlink()
        raise
    return count


def _write(out: io.BufferedWriter, root: Path, folders: list[Path]) -> int:
    count = 0
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in _contents(folders):
            told = tarfile.TarInfo(path.relative_to(root).as_posix())
            told.size, told.mode, told.mtime = len(content), 0o600, path.stat().st_mtime
            archive.addfile(told, io.BytesIO(content))
            count += 1
    return count


def _contents(folders: list[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield the files with their content; a signer's while no running signer can change them."""
    from ledger.evidence.durable import locked

    for folder in folders:
        if folder.parent.name == "signer":
            with locked(folder):
                read = _read(folder)
        else:
            read = _read(folder)
        yield from read


def _read(folder: Path) -> list[tuple[Path, bytes]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_KEPT)
    return [(path, path.read_bytes()) for path in paths if path.suffix != ".new"]
