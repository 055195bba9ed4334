"""Whether a process is our live server, and how it is started, awaited and stopped without harm to bystanders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ledger.store.embedded.account import Account
from ledger.store.embedded.binaries import reachable_program
from ledger.store.embedded.failure import EmbeddedUnavailable
from ledger.store.embedded.folder import ClusterFolder
from ledger.store.embedded.locks import is_held, open_private, try_lock

START_TIMEOUT_S = 600.0
"""Recovery of 4 GB of write-ahead log takes tens of seconds on a fast disk, minutes on a slow one."""

STOP_TIMEOUT_S = 300.0

_PAUSE_S = 0.005

# Under /proc the working folder has a name of fixed length that needs no right to pass the parents, so data under a
# parent of mode 0700 that belongs to root works, and the parents keep their modes.
_WORKING_FOLDER = "/proc/self/cwd"
_HAS_PROC = Path(_WORKING_FOLDER).exists()


@dataclass(frozen=True)
class PidNote:
    """What `postmaster.pid` says: the pid, and `starting`, `ready`, `standby` or `stopping`."""

    pid: int
    status: str


def read_note(folder: ClusterFolder) -> PidNote | None:
    """The pid file, or None when it is absent or not yet whole."""
    try:
        lines = folder.pid_file.read_text("utf-8", "replace").splitlines()
        return PidNote(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_our_server(pid: int, data: Path) -> bool:
    """Whether this pid is a live `postgres` whose working folder is `data`.

    A zombie has no working folder and a process that was given a used pid another one. Start times are not compared: a
    step of the clock would make a live server look foreign.
    """
    if pid <= 1:
        return False
    return _is_server_by_proc(pid, data) if _HAS_PROC else _is_server_by_listing(pid, data)


def _is_server_by_proc(pid: int, data: Path) -> bool:
    try:
        process = Path(f"/proc/{pid}")
        name = (process / "exe").readlink().name.removesuffix(" (deleted)")
        return name == "postgres" and (process / "cwd").samefile(data)
    except OSError:
        return False


def _is_server_by_listing(pid: int, data: Path) -> bool:
    listed = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return not listed.startswith("Z") and "postgres" in listed and f"-D {data} " in f"{listed} "


def working_name(data: Path) -> str:
    """The name by which a program that is started inside `data` knows that folder."""
    return _WORKING_FOLDER if _HAS_PROC else str(data)


def run_as(
    account: Account, command: Sequence[str], *, cwd: Path, pass_fds: Sequence[int], stdout: IO[bytes], session: bool
) -> int:
    """Run a command with the server's rights, a clean environment and no terminal; its exit code."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(  # noqa: S603 - our own programs, no shell's quoting
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stdout,
        pass_fds=tuple(pass_fds),
        start_new_session=session,
        umask=0o077,
        user=account.uid if account.switched else None,
        group=account.gid if account.switched else None,
        extra_groups=[] if account.switched else None,
        check=False,
    ).returncode


def launch(folder: ClusterFolder, account: Account, arguments: Sequence[str]) -> None:
    """Start `postgres` as nobody's child, with the server's lock in its hands. Returns at once."""
    lock = open_private(folder.server)
    log = os.fdopen(open_private(folder.start_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), "wb")
    try:
        postgres = str(reachable_program("postgres", account))
        if not try_lock(lock):
            raise EmbeddedUnavailable("An earlier server has not ended.", log=folder.last_log_lines())
        # The shell ends at once, so the server belongs to init: it outlives this program and leaves it no zombie.
        detach = ["/bin/sh", "-c", 'exec "$0" "$@" &', postgres, "-D", working_name(folder.data)]
        run_as(account, [*detach, *arguments], cwd=folder.data, pass_fds=[lock], stdout=log, session=True)
    finally:
        log.close()
        os.close(lock)


def await_ready(folder: ClusterFolder, *, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait until the server takes connections; recovery after a crash is part of it."""
    end = time.monotonic() + timeout_s
    while (note := read_note(folder)) is None or note.status not in ("ready", "standby"):
        if not is_held(folder.server):
            raise EmbeddedUnavailable(
                "The embedded PostgreSQL ended while it started; the log says why.", log=folder.last_log_lines()
            )
        if time.monotonic() >= end:
            raise EmbeddedUnavailable(
                f"The embedded PostgreSQL was not ready within {timeout_s:.0f} s and goes on recovering: try again.",
                log=folder.last_log_lines(),
            )
        time.sleep(_PAUSE_S)


def await_gone(folder: ClusterFolder, *, timeout_s: float) -> bool:
    """Wait until the server and all its children have ended."""
    end = time.monotonic() + timeout_s
    while is_held(folder.server):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE_S)
    return True


def stop(folder: ClusterFolder, *, patience_s: float) -> None:
    """Shut the server down: sessions of others may end by themselves for `patience_s`, then they are cut off."""
    for sent, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGINT, STOP_TIMEOUT_S)):
        note = read_note(folder)
        if note is not None:
            send_signal(note.pid, sent, folder.data)
        if await_gone(folder, timeout_s=wait_s):
            return
    raise EmbeddedUnavailable(
        f"The embedded PostgreSQL did not stop within {STOP_TIMEOUT_S:.0f} s; it goes on stopping.",
        log=folder.last_log_lines(),
    )


def quit_orphans(folder: ClusterFolder) -> None:
    """End the children of a killed postmaster as it would have: one busy with a query may not notice for hours."""
    if _HAS_PROC:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                send_signal(int(entry.name), signal.SIGQUIT, folder.data)


def send_signal(pid: int, sent: signal.Signals, data: Path) -> bool:
    """Signal a process if it is our live server; false, and nothing sent, when it is anything else."""
    # An impossible or ended pid is nobody's.
    with contextlib.suppress(ProcessLookupError, OverflowError), _hold(pid) as held:
        # Checked while the process is held: a pid that is given away in between cannot be hit.
        if is_our_server(pid, data):
            if held is None:
                os.kill(pid, sent)
            else:
                signal.pidfd_send_signal(held, sent)
            return True
    return False


@contextlib.contextmanager
def _hold(pid: int) -> Iterator[int | None]:
    if sys.platform != "linux":
        yield None
        return
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # a kernel or sandbox without this call
        yield None
        return
    try:
        yield held
    finally:
        os.close(held)
