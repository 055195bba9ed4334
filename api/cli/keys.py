"""`pledger keys`: a backup of the keys and the signers' memory, which a backup of the events never contains."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import as_json, say, stop
from api.cli.options import AsJson, Data, Keys, LedgerName, settings_of

if TYPE_CHECKING:
    from api.settings import Settings

app = typer.Typer(help="The keys of the ledgers, which lie outside the database.", no_args_is_help=True)
PARTS = ("keys", "signer")  # folders under PLEDGER_KEYS; each has one folder a ledger
NOT_KEPT = ("lock",)


@app.callback()
def keys() -> None:
    """Make `backup` a command of its own, also while it is the only one."""


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
