"""Make the data of a new cluster, whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ledger.store.embedded import postmaster
from ledger.store.embedded.account import Account
from ledger.store.embedded.binaries import reachable_program
from ledger.store.embedded.failure import EmbeddedUnavailable
from ledger.store.embedded.folder import ClusterFolder, new_password
from ledger.store.embedded.locks import open_private

ADMIN = "pledger_admin"
"""The role that owns the cluster; services are given roles with fewer rights."""


def create_data(folder: ClusterFolder, account: Account, *, durable: bool) -> None:
    """Run initdb beside, then rename: data that a crash left half made is never taken for a cluster."""
    shutil.rmtree(folder.unfinished, ignore_errors=True)
    folder.unfinished.mkdir(mode=0o700)
    account.own(folder.unfinished)
    password = new_password(folder)
    command = [str(reachable_program("initdb", account)), "-D", postmaster.working_name(folder.unfinished), "-U", ADMIN]
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
