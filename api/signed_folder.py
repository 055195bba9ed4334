"""The folder in which a signer of its own publishes, and the service that follows it without holding its key."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import psycopg

from api.log_tiles import tiles_of
from api.signing import Alarm, Published, Signed, Signing
from ledger.evidence.faults import EvidenceError, Inconsistent
from ledger.evidence.note import VerifierKey
from ledger.evidence.proofs import root_at
from ledger.evidence.succession import Keyring, marshal, split
from ledger.evidence.tiles import CHECKPOINT_FILE, SUCCESSIONS_FILE, VERIFIER_KEY_FILE, parse_keys, read_file
from ledger.store.reader import Reader

REFUSAL_FILE = "refusal"
CONTROL = "control"  # the folder of the control log inside the ledger's, here and at the signer
LOOK_S = 0.25


class SignedFolder:
    """Checkpoint, keys, successions and refusal of one ledger as files that others may read, each written whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(self, signing: Signing) -> None:
        """Write what is signed, the checkpoint last."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._write(VERIFIER_KEY_FILE, "".join(f"{key}\n" for key in signing.keys).encode())
        self._write(SUCCESSIONS_FILE, marshal(signing.successions))
        refusal = signing.refusal
        said = {} if refusal is None else {"code": refusal.code, "zh": refusal.zh, "en": refusal.en}
        self._write(REFUSAL_FILE, json.dumps(said, ensure_ascii=False).encode())
        self._write(CHECKPOINT_FILE, signing.latest.note)

    def _write(self, name: str, data: bytes) -> None:
        path, fresh = self.folder / name, self.folder / f"{name}.new"
        fresh.write_bytes(data)
        fresh.chmod(0o644)
        fresh.replace(path)

    def keys(self) -> list[VerifierKey]:
        """Return the keys published."""
        return parse_keys(read_file(self.folder / VERIFIER_KEY_FILE))

    def successions(self) -> list[bytes]:
        """Return the successions published."""
        return split(read_file(self.folder / SUCCESSIONS_FILE))

    def checkpoint(self) -> bytes:
        """Return the signed checkpoint, unchecked."""
        return read_file(self.folder / CHECKPOINT_FILE)

    def refusal(self) -> Alarm | None:
        """Return why the signer signs no more, if it says so."""
        try:
            said = json.loads(read_file(self.folder / REFUSAL_FILE))
            return Alarm(str(said["code"]), str(said["zh"]), str(said["en"])) if said else None
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def is_anothers(self) -> bool:
        """Tell whether another user than this process's writes it, and this one is not the one who may do anything."""
        try:
            owner = (self.folder / CHECKPOINT_FILE).stat().st_uid
        except OSError:
            return False
        return os.geteuid() not in {0, owner}


class Following(Published):
    """What a signer of its own has published, taken over once it is found to be of the tree that is stored here."""

    def __init__(self, folder: SignedFolder, reader: Reader, origin: str) -> None:
        self._folder, self._reader, self._origin = folder, reader, origin
        self._keys, self._successions = folder.keys(), folder.successions()
        super().__init__(self._verified(folder.checkpoint()))

    @property
    def keys(self) -> Sequence[VerifierKey]:
        """The keys that checkpoints are checked with now."""
        return self._keys

    @property
    def successions(self) -> Sequence[bytes]:
        """The signed notes by which earlier keys handed over."""
        return self._successions

    @property
    def separate(self) -> bool:  # type: ignore[override]  # asked anew: a folder may change hands
        """Tell whether the signer runs as a user of its own."""
        return self._folder.is_anothers

    def _run(self) -> None:
        while not self._ending.is_set():
            self._look()
            self._ending.wait(LOOK_S)
        self._look()

    def _look(self) -> None:
        try:
            note, refusal = self._folder.checkpoint(), self._folder.refusal()
            if note != self.latest.note:
                self._keys, self._successions = self._folder.keys(), self._folder.successions()
                self._publish(self._verified(note))
            if refusal != self.refusal:
                with self._changed:
                    self.refusal = refusal
                    self._changed.notify_all()
        except EvidenceError as fault:
            self._refuse(fault)
        except (psycopg.Error, OSError):
            return  # looked at again in a moment

    def _verified(self, note: bytes) -> Signed:
        found = Keyring(self._keys, self._successions).verify(note, origin=None)
        ring = Keyring(self._keys, self._successions)
        if self._origin not in ring.line_of(found.origin):
            raise Inconsistent(
                zh=f"签点属于 {found.origin}，而非本账本",
                en=f"the signer signs {found.origin}, which is not this ledger",
            )
        if root_at(found.size, tiles_of(self._reader)) != found.root:
            raise Inconsistent(
                zh=f"大小 {found.size} 的签点与所存的树不符",
                en=f"the checkpoint of size {found.size} is not of the tree that is stored",
            )
        return Signed(note, found)
