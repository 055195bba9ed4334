"""The Merkle tree at its growing edge (RFC 9162 §2.1): leaves in, full tiles and the next root out.

Index = position − 1. A node at a height of 8·l is an entry of a tile of level l (C2SP tlog-tiles): every 256th
completes a tile, and then the root of that tile is itself an entry one level up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.evidence.merkle import HASH_BYTES, Frontier

TILE_WIDTH = 256
LEVELS = 8


@dataclass(frozen=True, slots=True)
class FullTile:
    """256 hashes of one level, and the root over them."""

    level: int
    index: int
    root: bytes
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """Nodes of a level, by index: from `first` up to but without `end`."""

    level: int
    first: int
    end: int


def frontier_root(size: int, frontier: bytes) -> bytes:
    """Return the root of a tree of `size` leaves from the serialised frontier."""
    return Frontier.from_bytes(size, frontier).root()


class GrowingTree:
    """The frontier and the tiles that are not full yet. A copy can grow and be thrown away."""

    __slots__ = ("_nodes", "_partial", "full", "size")

    def __init__(self, size: int, frontier: bytes, partial: Sequence[Sequence[bytes]]) -> None:
        self.size = size
        self.full: list[FullTile] = []
        self._nodes = [frontier[i : i + HASH_BYTES] for i in range(0, len(frontier), HASH_BYTES)]
        self._partial = [list(hashes) for hashes in partial]
        if len(self._nodes) != size.bit_count():
            raise ValueError(f"a frontier of {len(self._nodes)} hashes is not that of a tree of {size}")

    @classmethod
    def empty(cls) -> "GrowingTree":
        """Return the tree without leaves."""
        return cls(0, b"", [[] for _ in range(LEVELS)])

    @property
    def frontier(self) -> bytes:
        """The roots of the perfect subtrees, largest first."""
        return b"".join(self._nodes)

    def copy(self) -> "GrowingTree":
        """Return an equal tree without the list of tiles that became full."""
        return GrowingTree(self.size, self.frontier, self._partial)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash; tiles that it completes are added to `full`."""
        node, index, height = leaf, self.size, 0
        self._partial[0].append(leaf)
        while index & 1:
            node = sha256(b"\1" + self._nodes.pop() + node).digest()
            index >>= 1
            height += 1
            if not height & 7:
                self._complete(height >> 3, index, node)
        self._nodes.append(node)
        self.size += 1

    def _complete(self, level: int, index: int, root: bytes) -> None:
        entries = self._partial[level - 1]
        self.full.append(FullTile(level - 1, index, root, b"".join(entries)))
        entries.clear()
        if level < LEVELS:
            self._partial[level].append(root)

    def missing(self, size: int) -> list[Span]:
        """Return the nodes that this tree needs to become the tree of `size`, a later state of the same ledger."""
        known = self.size if self.size <= size else 0
        spans = (
            Span(level, max(known >> 8 * level, _tile_start(size, level)), size >> 8 * level) for level in range(LEVELS)
        )
        return [span for span in spans if span.first < span.end]

    def moved(self, size: int, frontier: bytes, nodes: Mapping[int, Sequence[bytes]]) -> "GrowingTree":
        """Return the tree of `size`, given the nodes by level that `missing` asked for."""
        known = self.size if self.size <= size else 0
        partial: list[list[bytes]] = []
        for level in range(LEVELS):
            start = _tile_start(size, level)
            kept = self._partial[level] if known and _tile_start(known, level) == start else []
            partial.append([*kept, *nodes.get(level, ())])
            if len(partial[level]) != (size >> 8 * level) - start:
                raise ValueError(f"the tree of {size} lacks nodes of level {level}")
        return GrowingTree(size, frontier, partial)


def _tile_start(size: int, level: int) -> int:
    nodes = size >> 8 * level
    return nodes - nodes % TILE_WIDTH
