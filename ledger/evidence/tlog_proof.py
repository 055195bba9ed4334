"""Proof files (C2SP tlog-proof): index, inclusion path and signed checkpoint as one text that anyone can check."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import base64_text
from .checkpoint import Checkpoint, parse_decimal
from .faults import Malformed
from .merkle import HASH_BYTES, leaf_hash, verify_inclusion
from .note import VerifierKey
from .succession import Keyring

IDENTIFIER = "c2sp.org/tlog-proof@v1"
FILE_SUFFIX = ".tlog-proof"
MAX_HASHES = 63
MAX_PROOF_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class TlogProof:
    """One proof. `extra` is authenticated by nothing: a hint, to be hashed again by whoever uses it."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def marshal(self) -> bytes:
        """The proof file's bytes."""
        lines = [IDENTIFIER]
        if self.extra is not None:
            lines.append("extra " + base64_text.encode(self.extra))
        lines.append(f"index {self.index}")
        lines += [base64_text.encode(hash_) for hash_ in self.hashes]
        return "\n".join([*lines, "", ""]).encode() + self.checkpoint


def parse(data: bytes) -> TlogProof:
    """Read a proof file strictly; nothing in it is checked yet. A file without the identifier line is refused."""
    if len(data) > MAX_PROOF_BYTES:
        raise Malformed(zh="证明文件过大", en="the proof file is too large")
    header, blank, signed = data.partition(b"\n\n")
    try:
        lines = header.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed(zh="证明文件头不是 ASCII", en="the head of the proof file is not ASCII") from None
    if not blank or lines.pop(0) != IDENTIFIER:
        raise Malformed(zh="不是 tlog-proof 文件", en=f"not a proof file: the first line must be {IDENTIFIER}")
    extra = base64_text.decode(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Malformed(zh="证明文件缺少序号行", en="the proof file lacks its index line")
    index = parse_decimal(lines.pop(0).removeprefix("index "))
    hashes = tuple(base64_text.decode(line) for line in lines)
    if len(hashes) > MAX_HASHES or any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise Malformed(zh="证明文件中的哈希不对", en="the proof file's hashes are malformed")
    return TlogProof(index, hashes, signed, extra)


def verify(
    proof: TlogProof, entry: bytes, keys: Sequence[VerifierKey] | Keyring, *, origin: str | None = None
) -> Checkpoint:
    """Check that `entry` is what the ledger holds at the proof's index; gives the checkpoint it is proven under.

    Raises SignatureFalse or ProofFalse.
    """
    ring = keys if isinstance(keys, Keyring) else Keyring(keys)
    signed = ring.verify(proof.checkpoint, origin=origin)
    verify_inclusion(leaf_hash(entry), proof.hashes, signed.root, index=proof.index, size=signed.size)
    return signed
