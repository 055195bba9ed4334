"""Proofs: inclusion and consistency paths built from tiles of hashes with O(log n) reads."""

from collections.abc import Callable, Iterable
from typing import Protocol

from .faults import Malformed, ProofFalse
from .merkle import EMPTY_ROOT, HASH_BYTES, complete_root, node_hash, require_subtree

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES


class Hashes(Protocol):
    """Where tiles come from, in the layout of tlog-tiles."""

    def tile(self, level: int, index: int, width: int) -> bytes:
        """At least the first `width` hashes (1–256) of tile `index` at `level`, concatenated."""
        ...


def tile_width(level: int, index: int, *, size: int) -> int:
    """How many hashes tile `index` at `level` holds in a tree of `size` leaves: 0 (absent) to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


class _Reader:
    """Roots of ranges of one tree, each tile read once."""

    def __init__(self, source: Hashes, size: int) -> None:
        self._source, self._size = source, size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def _tile(self, level: int, index: int) -> bytes:
        tile = self._tiles.get((level, index))
        if tile is None:
            width = tile_width(level, index, size=self._size)
            tile = self._source.tile(level, index, width)
            if len(tile) < width * HASH_BYTES:
                raise Malformed(zh=f"瓦片 {level}/{index} 过短", en=f"tile {level}/{index} is too short")
            self._tiles[level, index] = tile
        return tile

    def _complete(self, height: int, number: int) -> bytes:
        """Root of the complete subtree of 2^height leaves that is `number` of its height."""
        level, above = divmod(height, TILE_HEIGHT)
        index, at = divmod(number << above, TILE_WIDTH)
        return complete_root(self._tile(level, index)[at * HASH_BYTES : (at + (1 << above)) * HASH_BYTES])

    def root(self, start: int, end: int) -> bytes:
        """Root over the leaves [start, end), which must be a subtree."""
        parts: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self._complete(height, start >> height))
            start += 1 << height
        root = parts.pop()
        while parts:
            root = node_hash(parts.pop(), root)
        return root


def root_at(size: int, source: Hashes) -> bytes:
    """Root of the first `size` leaves."""
    return _Reader(source, size).root(0, size) if size else EMPTY_ROOT


def subtree_root(source: Hashes, *, start: int, end: int, size: int) -> bytes:
    """Root of the subtree [start, end) of a tree of `size` leaves."""
    require_subtree(start=start, end=end)
    return _Reader(source, size).root(start, end)


def inclusion_path(index: int, size: int, source: Hashes) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofFalse(
            zh=f"序号 {index} 不在大小为 {size} 的树内", en=f"index {index} is outside a tree of size {size}"
        )
    return _descend(index, index + 1, size, _Reader(source, size))


def consistency_path(old_size: int, new_size: int, source: Hashes) -> list[bytes]:
    """Hashes that show the tree of `old_size` begins the tree of `new_size` (RFC 9162 §2.1.4.1)."""
    if not 0 < old_size <= new_size:
        raise ProofFalse(
            zh=f"无法证明从大小 {old_size} 到 {new_size} 的一致性",
            en=f"there is no consistency proof from size {old_size} to {new_size}",
        )
    return subtree_consistency_path(source, start=0, end=old_size, size=new_size)


def subtree_consistency_path(source: Hashes, *, start: int, end: int, size: int) -> list[bytes]:
    """Hashes that show the subtree [start, end) is part of the tree of `size` leaves (IETF plants draft)."""
    require_subtree(start=start, end=end)
    if end > size:
        raise ProofFalse(
            zh=f"子树末端 {end} 超过树的大小 {size}", en=f"the subtree ends at {end}, past the size {size}"
        )
    return _descend(start, end, size, _Reader(source, size))


def _descend(start: int, end: int, size: int, reader: _Reader) -> list[bytes]:
    """Walk from the root to [start, end), keeping each sibling; lowest sibling first in the result."""
    low, high, path, known = 0, size, [], True
    while (low, high) != (start, end):
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if end <= middle:
            path.append(reader.root(middle, high))
            high = middle
        else:
            path.append(reader.root(low, middle))
            if start < middle:  # the range straddles: its left part is this sibling, its right part is new
                known, start = False, middle
            low = middle
    if not known:
        path.append(reader.root(low, high))
    return path[::-1]


class TreeTiles:
    """Tiles of a whole tree held in memory: for exports, for small ledgers and for checking."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves were added."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash; a tile that becomes full adds its root to the level above."""
        level, hash_ = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            row = self._levels[level]
            row += hash_
            if len(row) % TILE_BYTES:
                return
            hash_, level = complete_root(bytes(row[-TILE_BYTES:])), level + 1

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile."""
        start = index * TILE_BYTES
        return bytes(self._levels[level][start : start + width * HASH_BYTES])


class StoredTiles:
    """Tiles from stored rows: full ones are read whole, partial ones are put together from their nodes.

    `full(level, index)` gives the 8,192 bytes of a full tile, or None where that row is missing. `nodes(level, start,
    end)` gives the hashes [start, end) of a level concatenated: leaf hashes at level 0, above it roots of full tiles
    of the level below.
    """

    def __init__(self, full: Callable[[int, int], bytes | None], nodes: Callable[[int, int, int], bytes]) -> None:
        self._full, self._nodes = full, nodes

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile."""
        stored = self._full(level, index) if width == TILE_WIDTH else None
        first = index * TILE_WIDTH
        return self._nodes(level, first, first + width) if stored is None else stored
