"""Locks the kernel gives back when a program dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ledger.store.embedded.failure import EmbeddedUnavailable

_PAUSE_S = 0.01


def open_private(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open a file of mode 0600 that belongs to the owner of its folder; a symbolic link is refused."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedUnavailable(f"The file {path} cannot be opened: {error.strerror}.") from error
    found = os.fstat(descriptor)
    owner = path.parent.stat()
    # Root may open a folder that an ordinary user made: what it adds there must stay usable for that user.
    if os.geteuid() == 0 and found.st_uid != owner.st_uid:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    if stat.S_IMODE(found.st_mode) & 0o177:
        os.fchmod(descriptor, 0o600)
    return descriptor


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock now or not at all."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(descriptor: int, *, timeout_s: float, shared: bool = False) -> bool:
    """Take the lock within a time; false when another holder kept it all the while."""
    end = time.monotonic() + timeout_s
    while not try_lock(descriptor, shared=shared):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE_S)
    return True


def is_held(path: Path) -> bool:
    """Whether any process holds the exclusive lock of this file."""
    descriptor = open_private(path)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def turn(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the exclusive lock of a file: only one program at a time starts or stops the server."""
    descriptor = open_private(path)
    try:
        if not wait_lock(descriptor, timeout_s=timeout_s):
            raise EmbeddedUnavailable(
                f"Another program has been starting or stopping the server for {timeout_s:.0f} s "
                f"(it holds {path}): wait for it, or end it, and try again."
            )
        yield
    finally:
        os.close(descriptor)
