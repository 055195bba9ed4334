"""Whose rights the server runs with: the program's own, or an unprivileged account's when the program is root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ledger.store.embedded.failure import EmbeddedUnavailable

_CANDIDATES = ("pledger", "postgres", "nobody")
"""Accounts tried in this order by root for new data; initdb needs one that is listed, so no number is made up."""


@dataclass(frozen=True)
class Account:
    """The user and group the server runs as; `switched` when the program is root and must give up its rights."""

    uid: int
    gid: int
    switched: bool

    def own(self, path: Path) -> None:
        """Hand one file or folder to the server's account; never follows a symbolic link."""
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, top: Path) -> None:
        """Hand a whole tree to the server's account."""
        if not self.switched:
            return
        self.own(top)
        for folder, names, files in os.walk(top):
            for name in (*names, *files):
                self.own(Path(folder) / name)


def account_for(data: Path) -> Account:
    """The account for a data folder: the folder's owner when it exists, else the first candidate on this machine.

    PostgreSQL refuses to run as root and to use data of another owner, so existing data decides.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    if data.exists():
        found = os.lstat(data)
        if found.st_uid != 0:
            return Account(found.st_uid, found.st_gid, switched=True)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, switched=True)
    raise EmbeddedUnavailable(
        "PostgreSQL does not run as root, and none of the accounts "
        f"{', '.join(_CANDIDATES)} exists: create one of them, or start this program as an ordinary user."
    )
