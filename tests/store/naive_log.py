"""Root and tiles of a log by their definitions, over leaf hashes: slow and obvious."""

from collections.abc import Sequence
from hashlib import sha256

from ledger.evidence.merkle import complete_root
from ledger.store.reader import Reader
from ledger.store.tree import TILE_WIDTH, FullTile


def leaves(count: int) -> list[bytes]:
    """Return leaf hashes that differ."""
    return [sha256(b"%d" % i).digest() for i in range(count)]


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of RFC 9162 by its recursive definition, over leaf hashes."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"").digest()
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + naive_root(hashes[:middle]) + naive_root(hashes[middle:])).digest()


def naive_tiles(hashes: Sequence[bytes]) -> list[FullTile]:
    """Return all full tiles of all levels by the definition of tlog-tiles."""
    tiles, row, level = list[FullTile](), list(hashes), 0
    while len(row) >= TILE_WIDTH:
        rows = [b"".join(row[at : at + TILE_WIDTH]) for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH)]
        row = [complete_root(hashes) for hashes in rows]
        tiles += [FullTile(level, index, row[index], hashes) for index, hashes in enumerate(rows)]
        level += 1
    return tiles


def check_tree(reader: Reader) -> None:
    """Root and tiles are those of the leaves, by definition."""
    head = reader.head()
    leaves = reader.leaves(1, head.size)
    assert head.root == naive_root(leaves)
    tiles = naive_tiles(leaves)
    assert tiles
    assert [reader.tile(tile.level, tile.index) for tile in tiles] == [tile.hashes for tile in tiles]
    assert all(complete_root(tile.hashes) == tile.root for tile in tiles)
    assert reader.tile(0, head.size // TILE_WIDTH) is None
