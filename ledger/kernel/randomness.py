"""Random bytes of the operating system, drawn many at a time: each request gives the interpreter to other threads."""

import os
import threading

DRAWN_BYTES = 8192


class _Pool(threading.local):
    """Bytes drawn and not handed out yet, each thread its own; a forked process begins with none."""

    left = b""


_pool = _Pool()


def draw(count: int) -> bytes:
    """Return `count` random bytes fit for keys and salts; no byte is handed out twice."""
    if len(_pool.left) < count:
        _pool.left = os.urandom(max(count, DRAWN_BYTES))
    taken, _pool.left = _pool.left[:count], _pool.left[count:]
    return taken


def _forget() -> None:
    _pool.left = b""


os.register_at_fork(after_in_child=_forget)
