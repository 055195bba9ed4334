"""Open the embedded cluster of a folder, share it between programs, and stop it with the last lease."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import postmaster
from ledger.store.embedded.account import Account, account_for
from ledger.store.embedded.binaries import MAJOR, program
from ledger.store.embedded.failure import EmbeddedUnavailable
from ledger.store.embedded.folder import (
    ClusterFolder,
    choose_socket_folder,
    new_password,
    noted_socket_folder,
    prepare_folder,
    read_password,
    remove_outside_socket,
)
from ledger.store.embedded.locks import is_held, open_private, try_lock, turn, wait_lock
from ledger.store.embedded.settings import PORT, check_settings, server_arguments

ADMIN = "pledger_admin"
"""The role that owns the cluster; services are given roles with fewer rights."""

_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_TURN_TIMEOUT_S = postmaster.START_TIMEOUT_S + postmaster.STOP_TIMEOUT_S


class Cluster:
    """A lease on the running server of one folder; also a context manager."""

    def __init__(self, folder: ClusterFolder, account: Account, *, lease: int, conninfo: str) -> None:
        self._folder = folder
        self._account = account
        self._lease: int | None = lease
        self._holder = os.getpid()
        self.conninfo = conninfo
        """Address of the database `postgres` for the admin role, as psycopg and libpq read it. It holds a password."""
        atexit.register(self.release)

    @property
    def folder(self) -> Path:
        """The folder of the cluster, links resolved."""
        return self._folder.top

    def release(self, *, patience_s: float = 5.0) -> None:
        """Give the lease back; the last one stops the server. A second call does nothing.

        Sessions opened by address without a lease may end by themselves for `patience_s` seconds, then they are cut off.
        """
        lease, self._lease = self._lease, None
        if lease is None:
            return
        atexit.unregister(self.release)
        if os.getpid() != self._holder:
            os.close(lease)  # a forked child holds the parent's lease, and must not stop the parent's server
            return
        with turn(self._folder.turn, timeout_s=_TURN_TIMEOUT_S):
            os.close(lease)
            if _is_unused(self._folder):
                postmaster.stop(self._folder, patience_s=patience_s)
                remove_outside_socket(self._folder, self._account)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"Cluster({str(self.folder)!r})"  # never the address: it holds the password


def open_cluster(folder: Path, *, settings: Mapping[str, str] = _NO_SETTINGS) -> Cluster:
    """Start the server of this folder, or join it when it runs, and take a lease.

    `settings` replace the tuned ones and count only when this call starts the server. Raises ValueError for a setting
    that would open the server to others, and EmbeddedUnavailable with a sentence to act on for everything else.
    """
    check_settings(settings)
    place = prepare_folder(Path(folder))
    with turn(place.turn, timeout_s=_TURN_TIMEOUT_S):
        lease = open_private(place.lease)
        try:
            if not wait_lock(lease, timeout_s=_TURN_TIMEOUT_S, shared=True):
                raise EmbeddedUnavailable(f"Another program keeps {place.lease} locked: end it and try again.")
            return _open_with_lease(place, settings, lease)
        except OSError as error:
            os.close(lease)
            raise EmbeddedUnavailable(f"The embedded PostgreSQL in {place.top} cannot be used: {error}.") from error
        except BaseException:
            os.close(lease)
            raise


def _open_with_lease(folder: ClusterFolder, settings: Mapping[str, str], lease: int) -> Cluster:
    _check_data(folder)
    account = account_for(folder.data)
    if not _is_running(folder):
        if not folder.data.exists():
            _create_data(folder, account, durable=settings.get("fsync", "on") == "on")
        _start(folder, account, settings)
    postmaster.await_ready(folder)
    conninfo = _conninfo(folder)
    _try_address(conninfo, folder)
    return Cluster(folder, account, lease=lease, conninfo=conninfo)


def _is_running(folder: ClusterFolder) -> bool:
    """Whether a server to join is there. One that is ending is awaited; a stale pid file is taken away.

    The lock that the server inherits decides, not the pid: it is free exactly when the server and its children have
    ended, whoever has their pids now.
    """
    note = postmaster.read_note(folder)
    ours = note is not None and postmaster.is_our_server(note.pid, folder.data)
    if is_held(folder.server):
        if ours and note is not None and note.status != "stopping":
            return True
        if not postmaster.await_gone(folder, timeout_s=postmaster.STOP_TIMEOUT_S):
            raise EmbeddedUnavailable(
                f"A server that this program cannot see uses {folder.data}: one in another container, or one that "
                "does not end. End it and try again.",
                log=folder.last_log_lines(),
            )
        return False
    if ours and note is not None:
        raise EmbeddedUnavailable(
            f"The data in {folder.data} is in use by a server started by hand (process {note.pid}): stop that one first."
        )
    return False


def _start(folder: ClusterFolder, account: Account, settings: Mapping[str, str]) -> None:
    folder.pid_file.unlink(missing_ok=True)  # nobody's: the lock is free
    if os.lstat(folder.data).st_uid != account.uid:
        account.own_tree(folder.data)
    folder.data.chmod(0o700)
    socket_folder = choose_socket_folder(folder, account)
    named = "socket" if socket_folder.parent == folder.data else str(socket_folder)
    postmaster.launch(folder, account, server_arguments(settings, socket_folder=named))


def _create_data(folder: ClusterFolder, account: Account, *, durable: bool) -> None:
    """Run initdb beside, then rename: data that a crash left half made is never taken for a cluster."""
    shutil.rmtree(folder.unfinished, ignore_errors=True)
    folder.unfinished.mkdir(mode=0o700)
    account.own(folder.unfinished)
    password = new_password(folder)
    command = [str(program("initdb")), "-D", postmaster.working_name(folder.unfinished), "-U", ADMIN]
    command += ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-instructions"]
    command += _syncing(durable=durable)
    code = _initdb(folder, account, command, password)
    if code != 0:
        raise EmbeddedUnavailable("The data of the embedded PostgreSQL could not be made.", log=folder.last_log_lines())
    folder.unfinished.rename(folder.data)
    _sync_folder(folder.top)


def _initdb(folder: ClusterFolder, account: Account, command: list[str], password: str) -> int:
    """Hand the password over in a pipe, so that it is in no argument list and in no second file."""
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(password.encode("ascii") + b"\n")
        if account.switched:
            os.fchown(reading, account.uid, account.gid)
        log = open_private(folder.start_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        with os.fdopen(log, "wb") as output:
            full = [*command, f"--pwfile=/dev/fd/{reading}"]
            return postmaster.run_as(
                account, full, cwd=folder.unfinished, pass_fds=[reading], stdout=output, session=False
            )
    finally:
        os.close(reading)


def _syncing(*, durable: bool) -> list[str]:
    if not durable:
        return ["--no-sync"]
    return ["--sync-method=syncfs"] if sys.platform == "linux" else []


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_data(folder: ClusterFolder) -> None:
    if folder.data.is_symlink():
        raise EmbeddedUnavailable(f"{folder.data} is a symbolic link: move the whole folder {folder.top} instead.")
    if not folder.data.exists():
        return
    try:
        version = (folder.data / "PG_VERSION").read_text("ascii").strip()
    except OSError as error:
        raise EmbeddedUnavailable(f"{folder.data} is no data of PostgreSQL: {error}.") from error
    if version != str(MAJOR):
        raise EmbeddedUnavailable(
            f"The data in {folder.data} was made by PostgreSQL {version}, and this program brings {MAJOR}: dump it with "
            f"{version} and load it into a new folder."
        )


def _is_unused(folder: ClusterFolder) -> bool:
    descriptor = open_private(folder.lease)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def _conninfo(folder: ClusterFolder) -> str:
    """Every part that libpq would else take from the environment is said, and a server that asks for no proof refused."""
    address = make_conninfo(
        host=str(noted_socket_folder(folder)),
        port=PORT,
        dbname="postgres",
        user=ADMIN,
        password=read_password(folder),
        sslmode="disable",
        gssencmode="disable",
    )
    return make_conninfo(address, require_auth="scram-sha-256") if psycopg.pq.version() >= 160000 else address


def _try_address(conninfo: str, folder: ClusterFolder) -> None:
    try:
        psycopg.connect(conninfo, connect_timeout=30).close()
    except psycopg.OperationalError as error:
        raise EmbeddedUnavailable(
            f"The embedded PostgreSQL runs but refuses the password in {folder.password}, or has no free connection: "
            f"put that file back as it was. {str(error).strip()}"
        ) from error
