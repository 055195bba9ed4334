"""A ledger's tree as tiles read from the store, and the proofs that are made of them."""

import base64

from api.signing import Signed
from ledger.evidence.proofs import StoredTiles, consistency_path, inclusion_path
from ledger.evidence.tlog_proof import TlogProof
from ledger.store.reader import Reader


def tiles_of(reader: Reader) -> StoredTiles:
    """Return the tree of a ledger; nodes above the leaves are roots of the full tiles below."""

    def nodes(level: int, start: int, end: int) -> bytes:
        found = reader.leaves(start + 1, end - start) if level == 0 else reader.tile_roots(level - 1, start, end)
        return b"".join(found)

    return StoredTiles(reader.tile, nodes)


def proof_of(reader: Reader, signed: Signed, position: int) -> bytes:
    """Return the tlog-proof of the event at a position that the checkpoint covers."""
    path = inclusion_path(position - 1, signed.head.size, tiles_of(reader))
    return TlogProof(position - 1, tuple(path), signed.note).marshal()


def consistency_of(reader: Reader, *, old_size: int, new_size: int) -> list[str]:
    """Return the consistency proof between two sizes as base64 hashes."""
    return [base64.b64encode(h).decode() for h in consistency_path(old_size, new_size, tiles_of(reader))]
