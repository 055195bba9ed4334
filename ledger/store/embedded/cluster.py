"""Open the embedded cluster of a folder, share it between programs, and stop it with the last lease."""

from __future__ import annotations

import atexit
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import postmaster
from ledger.store.embedded.account import Account, account_for
from ledger.store.embedded.binaries import MAJOR
from ledger.store.embedded.creation import ADMIN, create_data
from ledger.store.embedded.failure import EmbeddedUnavailable
from ledger.store.embedded.folder import (
    ClusterFolder,
    choose_socket_folder,
    clear_socket,
    noted_socket_folder,
    prepare_folder,
    read_password,
    remove_outside_socket,
)
from ledger.store.embedded.locks import is_held, open_private, try_lock, turn, wait_lock
from ledger.store.embedded.settings import PORT, check_settings, server_arguments

_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_ATTEMPTS = 3
"""A server that was joined while it died is started anew."""

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

        Sessions opened by address without a lease may end by themselves for `patience_s` seconds before they are cut.
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
        except BaseException as error:
            os.close(lease)
            if isinstance(error, OSError | subprocess.SubprocessError):
                sentence = f"The embedded PostgreSQL in {place.top} cannot be used: {error}."
                raise EmbeddedUnavailable(sentence) from error
            raise


def _open_with_lease(folder: ClusterFolder, settings: Mapping[str, str], lease: int) -> Cluster:
    _check_data(folder)
    account = account_for(folder.data)
    if folder.data.exists():
        read_password(folder)  # before anything is started
    refusal: str | None = None
    for _ in range(_ATTEMPTS):
        if not _is_running(folder):
            if not folder.data.exists():
                create_data(folder, account, durable=settings.get("fsync", "on") == "on")
            _start(folder, account, settings)
        postmaster.await_ready(folder)
        conninfo = _conninfo(folder)
        refusal = _refusal(conninfo)
        if refusal is None:
            return Cluster(folder, account, lease=lease, conninfo=conninfo)
    _stop_if_alone(folder, lease)
    raise EmbeddedUnavailable(
        f"The embedded PostgreSQL runs but refuses the password in {folder.password}, or has no free connection: "
        f"put that file back as it was. {refusal}"
    )


def _refusal(conninfo: str) -> str | None:
    """Why the server takes no connection, or None when it does."""
    try:
        psycopg.connect(conninfo, connect_timeout=30).close()
    except psycopg.OperationalError as error:
        return str(error).strip()
    return None


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
        if not ours:
            postmaster.quit_orphans(folder)
        if not postmaster.await_gone(folder, timeout_s=postmaster.STOP_TIMEOUT_S):
            raise EmbeddedUnavailable(
                f"A server that this program cannot see uses {folder.data}: one in another container, or one that "
                "does not end. End it and try again.",
                log=folder.last_log_lines(),
            )
        return False
    if ours and note is not None:
        raise EmbeddedUnavailable(
            f"A server started by hand (process {note.pid}) uses the data in {folder.data}: stop that one first."
        )
    return False


def _start(folder: ClusterFolder, account: Account, settings: Mapping[str, str]) -> None:
    if os.lstat(folder.data).st_uid != account.uid:
        account.own_tree(folder.data)
    folder.data.chmod(0o700)
    socket_folder = choose_socket_folder(folder, account)
    # Both are nobody's, for the server's lock is free.
    folder.pid_file.unlink(missing_ok=True)
    clear_socket(socket_folder)
    named = "socket" if socket_folder.parent == folder.data else str(socket_folder)
    postmaster.launch(folder, account, server_arguments(settings, socket_folder=named))


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
            f"The data in {folder.data} was made by PostgreSQL {version}, and this program brings {MAJOR}: dump it "
            f"with {version} and load it into a new folder."
        )


def _stop_if_alone(folder: ClusterFolder, lease: int) -> None:
    """Leave no server behind that this program cannot use, unless others do."""
    if try_lock(lease):  # a shared lock becomes an exclusive one only where nobody else shares it
        postmaster.stop(folder, patience_s=0.0)


def _is_unused(folder: ClusterFolder) -> bool:
    descriptor = open_private(folder.lease)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def _conninfo(folder: ClusterFolder) -> str:
    """Says every part that libpq would else take from the environment, and refuses a server that asks for no proof."""
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
