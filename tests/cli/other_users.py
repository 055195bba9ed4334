"""A service and a signer of two users of the operating system that can't read each other's folders; needs root."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.cli.founding import Founding, first_people
from api.settings import Settings
from ledger.kernel.clock import RealClock
from ledger.store.embedded import open_cluster
from tests.cli.program import ROOT, Program

SERVICE, SIGNER = 64_101, 64_102
SECOND_S = 30
# Interpreter, libraries and program may lie in a home that others can't enter: in a namespace of its own the closed
# folder is replaced by an empty one in which nothing but these is to be seen.
_OPENED = """
closed=$1; aside=$2; uid=$3; needed=$4; shift 4
IFS=:
for path in $needed; do mkdir -p "$aside$path"; mount --bind "$path" "$aside$path"; done
mount -t tmpfs -o mode=755 none "$closed"
for path in $needed; do mkdir -p "$path"; mount --bind "$aside$path" "$path"; done
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
"""


@contextmanager
def users(folder: Path) -> Iterator[tuple[Program, Program]]:
    """Yield the service's and the signer's program on one database with the trial ledger; skips where it can't be."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to run service and signer as users of their own")
    folder.chmod(0o755)
    service, signer = (
        Program(folder / name / "data", through=_as(uid, folder / f"seen-{name}"))
        for uid, name in ((SERVICE, "service"), (SIGNER, "signer"))
    )
    with open_cluster(folder / "pg") as cluster:
        settings = Settings(data=service.data)
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
        Founding(cluster.conninfo, settings, "trial", "UTC", RealClock(), tomorrow).found(first_people)
        attest = signer.data / "secrets" / "keys" / "trial"
        attest.mkdir(parents=True)
        shutil.copy(settings.keys_folder / "keys" / "trial" / "attest", attest)
        _let_in(cluster.conninfo, folder / "pg")
        for program, uid in ((service, SERVICE), (signer, SIGNER)):
            _give(program.data, uid)
            program.environment["PLEDGER_DATABASE_URL"] = cluster.conninfo
        (signer.data / "published").mkdir(mode=0o755)
        os.chown(signer.data / "published", SIGNER, SIGNER)
        signer.data.chmod(0o711)
        yield service, signer


def _as(uid: int, aside: Path) -> tuple[str, ...]:
    """Return what a command is started through to run as a user; skips where that user can't run the interpreter."""
    needed = sorted({sys.base_prefix, sys.prefix, str(ROOT)})
    closed = next((str(part) for path in needed for part in reversed(Path(path).parents) if not _is_open(part)), None)
    through: tuple[str, ...] = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    if closed is not None:
        inside = [path for path in needed if Path(path).is_relative_to(closed)]
        script = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", _OPENED, "sh")
        through = (*script, closed, str(aside), str(uid), ":".join(inside))
    try:
        command = [*through, sys.executable, "-c", "import cryptography"]
        tried = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECOND_S)
    except OSError as error:
        pytest.skip(f"can't run as another user: {error}")
    if tried.returncode:
        pytest.skip(f"another user can't run the interpreter: {tried.stderr.strip()[-200:]}")
    return through


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid)
    os.chown(folder.parent, uid, uid)


def _let_in(conninfo: str, folder: Path) -> None:
    """Let other users reach the socket, as a server of its own would; each still needs the password."""
    from psycopg.conninfo import conninfo_to_dict

    socket = Path(str(conninfo_to_dict(conninfo)["host"]))
    next(socket.glob(".s.PGSQL.*[0-9]")).chmod(0o777)
    for part in (socket, *socket.parents):
        if not _is_open(part) and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
        if part == folder:
            break
