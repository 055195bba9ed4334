"""The growing tree: frontier and tiles at every size where something changes, and taken up by another writer."""

from collections.abc import Sequence

import pytest

from ledger.store.tree import LEVELS, GrowingTree, Span, frontier_root
from tests.store.naive_log import leaves, naive_root, naive_tiles


def grown(hashes: Sequence[bytes]) -> GrowingTree:
    """Return the tree over leaf hashes."""
    tree = GrowingTree.empty()
    for leaf in hashes:
        tree.append(leaf)
    return tree


def nodes_for(spans: Sequence[Span], hashes: Sequence[bytes]) -> dict[int, list[bytes]]:
    """Return what a store would answer to `missing`."""
    tiles = naive_tiles(hashes)
    row = {level: [tile.root for tile in tiles if tile.level == level - 1] for level in range(1, LEVELS)}
    return {s.level: (row[s.level] if s.level else list(hashes))[s.first : s.end] for s in spans}


def test_root_of_every_small_size() -> None:
    """Frontier and root agree with the recursive definition."""
    hashes = leaves(130)
    for size in range(131):
        tree = grown(hashes[:size])
        assert frontier_root(size, tree.frontier) == naive_root(hashes[:size])


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_tiles_at_the_edges(size: int) -> None:
    """A tile is full at exactly 256 entries, of level 1 at exactly 65,536 leaves."""
    hashes = leaves(size)
    tree = grown(hashes)
    assert frontier_root(size, tree.frontier) == naive_root(hashes)
    assert sorted(tree.full, key=lambda tile: (tile.level, tile.index)) == naive_tiles(hashes)


@pytest.mark.parametrize(
    ("known", "size"),
    [(0, 1), (0, 65_700), (3, 200), (255, 256), (255, 257), (300, 65_536), (65_000, 66_000), (65_536, 65_537), (9, 5)],
)
def test_taken_up_where_another_left_off(known: int, size: int) -> None:
    """With the nodes that `missing` names, a stale tree goes on like one that was always there."""
    hashes = leaves(66_100)
    stale, fresh = grown(hashes[:known]), grown(hashes[:size])
    moved = stale.moved(size, fresh.frontier, nodes_for(stale.missing(size), hashes[:size]))
    fresh.full.clear()
    for leaf in hashes[size:]:
        moved.append(leaf)
        fresh.append(leaf)
    assert moved.full == fresh.full
    assert moved.frontier == fresh.frontier


def test_only_the_missing_is_asked_for() -> None:
    """Within one tile: the new leaves. Beyond: the leaves of the last tile, and roots of the tiles between."""
    tree = grown(leaves(10))
    assert tree.missing(12) == [Span(0, 10, 12)]
    assert tree.missing(700) == [Span(0, 512, 700), Span(1, 0, 2)]
    assert tree.missing(512) == [Span(1, 0, 2)]


def test_a_copy_grows_alone() -> None:
    """A batch that is thrown away leaves the tree as it was."""
    tree = grown(leaves(300))
    before = tree.frontier
    copy = tree.copy()
    for leaf in leaves(300):
        copy.append(leaf)
    assert (tree.size, tree.frontier) == (300, before)
    assert [tile.index for tile in copy.full] == [1]


def test_wrong_nodes_are_refused() -> None:
    """A tree is never continued from a partial tile that lacks a hash."""
    tree = grown(leaves(10))
    with pytest.raises(ValueError, match="lacks nodes of level 0"):
        tree.moved(12, grown(leaves(12)).frontier, {0: leaves(1)})
