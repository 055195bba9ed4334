"""The signer's folder: its key, its memory of what it signed, and its hand-overs; a crash loses nothing of it."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import base64_text, durable
from .checkpoint import Checkpoint, parse_decimal
from .faults import Malformed, SignerStateLost
from .merkle import Frontier
from .note import SigningKey

IDENTIFIER = "pledger/signer-state/v1"
HAND_OVER = "pledger/hand-over/v1"
RESTORED = "/restored-"  # between the ledger's origin and the number of a line that began after a restore


@dataclass(frozen=True, slots=True)
class SignerState:
    """The last head that was signed, or is about to be published, and the frontier to go on from."""

    origin: str
    frontier: Frontier

    def head(self) -> Checkpoint:
        """The checkpoint of this state."""
        return Checkpoint(self.origin, self.frontier.size, self.frontier.root())

    def to_bytes(self) -> bytes:
        """Lines of text, the last one a digest of those before it."""
        lines = [IDENTIFIER, self.origin, str(self.frontier.size), base64_text.encode(self.frontier.to_bytes())]
        body = "".join(f"{line}\n" for line in lines)
        return f"{body}{sha256(body.encode()).hexdigest()}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SignerState":
        """Read the text form; anything but exactly what was written is refused."""
        try:
            identifier, origin, size, frontier, _digest, rest = data.decode().split("\n")
            state = cls(origin, Frontier.from_bytes(parse_decimal(size), base64_text.decode(frontier)))
        except (ValueError, Malformed):
            raise _state_lost() from None
        if identifier != IDENTIFIER or rest or state.to_bytes() != data:
            raise _state_lost()
        return state


class SignerFolder:
    """The files `key`, `state`, `heads` and `succession-…` in a folder that only its owner can enter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        durable.private_folder(folder)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for one signature, so that two signers cannot pass each other."""
        return durable.locked(self._folder)

    def open(self, origin: str) -> SigningKey:
        """The key of this ledger, made at first use; a hand-over that was cut off is finished first.

        The empty state is written before the key, so that a key without state always means a lost state. After a
        restore the key's name is the origin with the number of the new line.
        """
        if (self._folder / "hand-over").exists():
            self._finish_hand_over()
        key_path, state_path = self._folder / "key", self._folder / "state"
        if not key_path.exists():
            if state_path.exists() and self.load(origin).frontier.size:
                raise SignerStateLost(zh="签点私钥不见了", en="the signer's key is gone while its state is there")
            self.store(SignerState(origin, Frontier()))
            durable.replace(key_path, SigningKey.generate(origin).private_text().encode() + b"\n")
        key = SigningKey.parse(key_path.read_text("utf-8").removesuffix("\n"))
        if key.name != origin and not key.name.startswith(origin + RESTORED):
            raise SignerStateLost(zh=f"私钥属于 {key.name}", en=f"the key belongs to {key.name}")
        self.load(key.name)
        return key

    def load(self, origin: str) -> SignerState:
        """The last stored state of this ledger."""
        try:
            state = SignerState.from_bytes((self._folder / "state").read_bytes())
        except OSError:
            raise _state_lost() from None
        if state.origin != origin:
            raise SignerStateLost(zh=f"状态属于 {state.origin}", en=f"the state belongs to {state.origin}")
        return state

    def store(self, state: SignerState) -> None:
        """Keep `state` for good before returning: written aside, synced, moved into place, folder synced."""
        durable.replace(self._folder / "state", state.to_bytes())

    def heads(self) -> list[tuple[int, bytes]]:
        """Size and root of the heads that were kept, in order; what a crash left half written is passed over."""
        try:
            lines = (self._folder / "heads").read_text("ascii", "replace").split("\n")[:-1]
        except OSError:
            return []
        fields = [line.split(" ") for line in lines]
        return [(int(size), bytes.fromhex(root)) for size, root in (pair for pair in fields if len(pair) == 2)]

    def keep_heads(self, heads: Iterable[tuple[int, bytes]]) -> None:
        """Keep these heads and no others."""
        lines = [f"{size} {root.hex()}\n" for size, root in heads]
        durable.replace(self._folder / "heads", "".join(lines).encode())

    def add_head(self, size: int, root: bytes) -> None:
        """Keep one more head."""
        descriptor = os.open(self._folder / "heads", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{size} {root.hex()}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def successions(self) -> list[bytes]:
        """The signed notes by which keys handed over, oldest first."""
        return [path.read_bytes() for path in sorted(self._folder.glob("succession-*")) if path.suffix != ".new"]

    def hand_over(self, key: SigningKey, state: SignerState, succession: bytes) -> None:
        """Exchange key and state for good; a crash at any step leaves the old ones, or what `open` finishes."""
        parts = (key.private_text().encode(), state.to_bytes(), succession)
        lines = [HAND_OVER, str(len(self.successions()) + 1), *map(base64_text.encode, parts)]
        durable.replace(self._folder / "hand-over", "".join(f"{line}\n" for line in lines).encode())
        self._finish_hand_over()

    def _finish_hand_over(self) -> None:
        path = self._folder / "hand-over"
        try:
            identifier, number, *parts, rest = path.read_text("ascii").split("\n")
            key, state, succession = map(base64_text.decode, parts)
        except (OSError, ValueError, Malformed):
            raise _state_lost() from None
        if identifier != HAND_OVER or rest:
            raise _state_lost()
        durable.replace(self._folder / f"succession-{parse_decimal(number):04}", succession)
        durable.replace(self._folder / "state", state)
        durable.replace(self._folder / "key", key + b"\n")
        path.unlink()


def _state_lost() -> SignerStateLost:
    return SignerStateLost(
        zh="签点状态丢失或损坏；请从密钥备份恢复，或用新的账本源重新开始",
        en="the signer's state is missing or damaged; restore it from a key backup, or begin with a new origin",
    )
