"""A ledger's tree as tiles read from the store, and the proofs that are made of them."""

import base64

from api.signing import Signed
from ledger.evidence.merkle import complete_root
from ledger.evidence.proofs import StoredTiles, consistency_path, inclusion_path
from ledger.evidence.tlog_proof import TlogProof
from ledger.store.reader import Reader


def tiles_of(reader: Reader) -> StoredTiles:
    """Return the tree of a ledger; nodes above the leaves are roots of the full tiles below."""

    def nodes(level: int, start: int, end: int) -> bytes:
        if level == 0:
            return b"".join(reader.leaves(start + 1, end - start))
        below = (reader.tile(level - 1, index) or b"" for index in range(start, end))
        return b"".join(complete_root(tile) for tile in below if tile)

    return StoredTiles(reader.tile, nodes)


def proof_of(reader: Reader, signed: Signed, position: int) -> bytes:
    """Return the tlog-proof of the event at a position that the checkpoint covers."""
    path = inclusion_path(position - 1, signed.head.size, tiles_of(reader))
    return TlogProof(position - 1, tuple(path), signed.note).marshal()


def consistency_of(reader: Reader, *, old_size: int, new_size: int) -> list[str]:
    """Return the consistency proof between two sizes as base64 hashes."""
    return [base64.b64encode(h).decode() for h in consistency_path(old_size, new_size, tiles_of(reader))]
