"""Checkpoints (C2SP tlog-checkpoint): a tree head of one ledger as a signed note, without extension lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import base64_text, note
from .faults import Malformed, SignatureFalse
from .merkle import EMPTY_ROOT, HASH_BYTES
from .note import ED25519, SigningKey, VerifierKey

MAX_SIZE = (1 << 63) - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, size and root of a ledger's tree at one moment."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        note.require_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise Malformed(zh="签点的大小或树根不对", en="the checkpoint's size or root is malformed")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed(zh="空树的树根不对", en="the root of an empty tree is wrong")

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64_text.encode(self.root)}\n"


def parse_decimal(text: str) -> int:
    """A number from 0 to 2^63−1 without sign, spaces or leading zeros."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Malformed(zh="不是规范的十进制数", en="not a canonical decimal number")
    return int(text)


def parse_text(text: str) -> Checkpoint:
    """Read a checkpoint's text strictly; extension lines are refused because nobody can audit them."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed(zh="签点应恰有三行", en="a checkpoint has exactly three lines")
    return Checkpoint(lines[0], parse_decimal(lines[1]), base64_text.decode(lines[2]))


def sign(checkpoint: Checkpoint, keys: Iterable[SigningKey]) -> bytes:
    """The signed note of `checkpoint`."""
    return note.sign(checkpoint.text(), keys)


def verify(data: bytes, keys: Sequence[VerifierKey], *, origin: str | None = None) -> Checkpoint:
    """The checkpoint in a signed note, once the log's own signature and the origin are found good.

    Of `keys` only those of kind 0x01 count, for a witness does not stand in for the log. `origin` defaults to the name
    of the key that signed.
    """
    good = note.verify(data, [key for key in keys if key.kind == ED25519])
    checkpoint = parse_text(good.text)
    expected = {signature.name for signature in good.signatures} if origin is None else {origin}
    if checkpoint.origin not in expected:
        raise SignatureFalse(
            zh=f"签点属于另一账本：{checkpoint.origin}", en=f"the checkpoint is of another ledger: {checkpoint.origin}"
        )
    return checkpoint


def read_unverified(data: bytes) -> Checkpoint:
    """The checkpoint in a note whose signatures were not checked: for finding the key to ask for, never for trust."""
    return parse_text(note.parse(data).text)
