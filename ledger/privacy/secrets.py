"""The secrets of a ledger that its database never sees: files that only the service's user can read."""

import hashlib
import hmac
import os
import secrets as random
import unicodedata
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
FIRST_EPOCH = 1


class SecretMissing(Exception):
    """A key that the ledger was made with is not in its folder; it is never made anew, for that would hide the loss."""


@dataclass(frozen=True, slots=True)
class LedgerSecrets:
    """The keys of one ledger, in `<keys folder>/keys/<ledger>/`.

    `lookup` digests outside identifiers, `fingerprint` the bodies behind idempotency keys, `attest` is the writer's
    word on each root. `epoch_key(n)` wraps the data keys of epoch n.
    """

    folder: Path
    lookup: bytes
    fingerprint: bytes
    attest: bytes
    epoch: int

    @classmethod
    def make(cls, keys: Path, ledger: str) -> "LedgerSecrets":
        """Draw the keys of a new ledger. Raises FileExistsError where some are there."""
        folder = keys / "keys" / ledger
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("lookup", "fingerprint", "attest", _epoch_name(FIRST_EPOCH)):
            _write_new(folder / name, random.token_bytes(KEY_BYTES))
        return cls.open(keys, ledger)

    @classmethod
    def open(cls, keys: Path, ledger: str) -> "LedgerSecrets":
        """Read the keys. Raises SecretMissing."""
        folder = keys / "keys" / ledger
        epochs = sorted(int(path.name.removeprefix("epoch-")) for path in folder.glob("epoch-*"))
        if not epochs:
            raise SecretMissing(f"no key of any epoch in {folder}")
        read = {name: _read(folder / name) for name in ("lookup", "fingerprint", "attest")}
        return cls(folder, read["lookup"], read["fingerprint"], read["attest"], epochs[-1])

    def epoch_key(self, epoch: int) -> bytes:
        """Return the key that wraps the data keys of an epoch. Raises SecretMissing when it was destroyed."""
        return _read(self.folder / _epoch_name(epoch))

    def epoch_path(self, epoch: int) -> Path:
        """Return where the key of an epoch stands."""
        return self.folder / _epoch_name(epoch)

    def epochs(self) -> list[int]:
        """Return the epochs whose keys are there now, oldest first; the last is the one in use."""
        return sorted(int(path.name.removeprefix("epoch-")) for path in self.folder.glob("epoch-*"))

    def begin_epoch(self) -> int:
        """Draw the key of the next epoch and return its number."""
        fresh = self.epochs()[-1] + 1
        _write_new(self.epoch_path(fresh), random.token_bytes(KEY_BYTES))
        return fresh

    def digest_of(self, scheme: str, value: str) -> bytes:
        """Return the keyed digest under which an outside identifier is found.

        Spellings that differ by letter case, width or outer spaces only have the same one.
        """
        normal = unicodedata.normalize("NFKC", value).strip().casefold()
        return hmac.digest(self.lookup, f"{scheme}\0{normal}".encode(), hashlib.sha256)

    def ticket_of(self, subject: str, person: str) -> str:
        """Return the keyed hash by which somebody is known to have spent their one chance with a subject."""
        said = f"ticket\0{subject}\0{person}".encode()
        return hmac.digest(self.lookup, said, hashlib.sha256).hex()

    def fingerprint_of(self, said: bytes) -> bytes:
        """Return the fingerprint of a request: 32 bytes."""
        return hmac.digest(self.fingerprint, said, hashlib.sha256)


def _epoch_name(epoch: int) -> str:
    return f"epoch-{epoch:06}"


def _write_new(path: Path, key: bytes) -> None:
    """Write a key whole or not at all, for its owner's eyes only. Raises FileExistsError."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a process that ended while it wrote
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, key)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError as missing:
        raise SecretMissing(str(path)) from missing
    if len(key) != KEY_BYTES:
        raise SecretMissing(f"{path} does not hold {KEY_BYTES} bytes")
    return key
