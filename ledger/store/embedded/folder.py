"""What lies where in the folder of an embedded cluster, and who may read it."""

from __future__ import annotations

import os
import secrets
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.store.embedded.account import Account
from ledger.store.embedded.failure import EmbeddedUnavailable
from ledger.store.embedded.locks import open_private
from ledger.store.embedded.settings import PORT

_SOCKET_LIMIT_BYTES = 103 if sys.platform == "darwin" else 107
_LOG_LINES = 12


@dataclass(frozen=True)
class ClusterFolder:
    """The paths of one cluster. `data` belongs to the server's account, everything else to the program."""

    top: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.top / "data"

    @property
    def unfinished(self) -> Path:
        """Data that initdb is still making; renamed to `data` when complete."""
        return self.top / "data.new"

    @property
    def password(self) -> Path:
        """The password of the admin role."""
        return self.top / "password"

    @property
    def turn(self) -> Path:
        """Locked by the program that starts or stops the server."""
        return self.top / "turn.lock"

    @property
    def lease(self) -> Path:
        """Locked, shared, by every program that uses the server."""
        return self.top / "lease.lock"

    @property
    def server(self) -> Path:
        """Locked by the server and its children, which inherit it: free means that none of them lives."""
        return self.top / "server.lock"

    @property
    def start_log(self) -> Path:
        """What the server says before it opens its own log."""
        return self.top / "start.log"

    @property
    def socket_note(self) -> Path:
        """The name of the socket's folder when it is not inside `data`."""
        return self.top / "socket-folder"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own note about its postmaster."""
        return self.data / "postmaster.pid"

    def last_log_lines(self) -> str:
        """The end of the newest log of the server."""
        logs = [self.start_log, *(self.data / "log").glob("server-*.log")]
        lines: list[str] = []
        for log in sorted((log for log in logs if log.is_file()), key=lambda log: log.stat().st_mtime_ns):
            lines += log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        return "\n".join(lines[-_LOG_LINES:])


def prepare_folder(top: Path) -> ClusterFolder:
    """Make the folder, or check that it is a cluster's; parents that exist keep their modes.

    Raises EmbeddedUnavailable when it holds something else or belongs to another user.
    """
    try:
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = ClusterFolder(top.resolve(strict=True))
        names = {path.name for path in folder.top.iterdir()}
    except OSError as error:
        raise EmbeddedUnavailable(f"The folder {top} cannot be used: {error.strerror}.") from error
    if names and folder.turn.name not in names and not (folder.data / "PG_VERSION").is_file():
        raise EmbeddedUnavailable(f"The folder {top} holds other files: give an empty folder or one of a cluster.")
    found = folder.top.stat()
    if os.geteuid() not in (0, found.st_uid):
        raise EmbeddedUnavailable(
            f"The folder {top} belongs to another user (number {found.st_uid}): run as that user."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.top.chmod(0o700)
    return folder


def new_password(folder: ClusterFolder) -> str:
    """Draw a password and keep it in a file of mode 0600, on disk before the data that needs it exists."""
    password = secrets.token_urlsafe(32)
    descriptor = open_private(folder.password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    return password


def read_password(folder: ClusterFolder) -> str:
    """The kept password. Raises EmbeddedUnavailable when the file is gone or unreadable."""
    if not folder.password.exists():
        raise EmbeddedUnavailable(f"The file {folder.password} is missing: put it back from a backup of the folder.")
    with os.fdopen(open_private(folder.password, os.O_RDONLY), encoding="ascii", errors="replace") as file:
        return file.read().strip()


def choose_socket_folder(folder: ClusterFolder, account: Account) -> Path:
    """Make the folder of the socket: inside the data, or a private one in the temporary folder when that is too long.

    A comma would make libpq see two hosts, so such a path goes to the temporary folder too.
    """
    inside = folder.data / "socket"
    if _fits(inside):
        folder.socket_note.unlink(missing_ok=True)
        inside.mkdir(mode=0o700, exist_ok=True)
        inside.chmod(0o700)
        account.own(inside)
        return inside
    noted = noted_socket_folder(folder)
    if _fits(noted) and is_private(noted, account):
        return noted
    return _make_outside(folder, account)


def noted_socket_folder(folder: ClusterFolder) -> Path:
    """Where the running server's socket is."""
    if not folder.socket_note.exists():
        return folder.data / "socket"
    with os.fdopen(open_private(folder.socket_note, os.O_RDONLY), "rb") as file:
        return Path(os.fsdecode(file.read()))


def remove_outside_socket(folder: ClusterFolder, account: Account) -> None:
    """Take away the socket's folder in the temporary folder once the server has stopped."""
    noted = noted_socket_folder(folder)
    if noted.parent != folder.data and is_private(noted, account):
        clear_socket(noted)
        noted.rmdir()
    folder.socket_note.unlink(missing_ok=True)


def clear_socket(socket_folder: Path) -> None:
    """Take a dead server's socket away: PostgreSQL believes the lock beside it when its pid is a zombie or reused."""
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (socket_folder / name).unlink(missing_ok=True)


def is_private(path: Path, account: Account) -> bool:
    """Whether this is a real folder, no link, of mode 0700 that belongs to the server's account."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700


def _fits(path: Path) -> bool:
    name = os.fsencode(path / f".s.PGSQL.{PORT}")
    return len(name) <= _SOCKET_LIMIT_BYTES and b"," not in name


def _make_outside(folder: ClusterFolder, account: Account) -> Path:
    for place in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp draws the name and makes it 0700
        made = Path(tempfile.mkdtemp(prefix="pledger-", dir=place))
        if not _fits(made):
            made.rmdir()
            continue
        account.own(made)
        with os.fdopen(open_private(folder.socket_note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(os.fsencode(made))
        return made
    raise EmbeddedUnavailable("The temporary folder's name is too long for a socket: set TMPDIR to a short path.")
