"""The tree: known answers, every small tree against the recursive model, and spoilt proofs refused."""

from collections.abc import Callable
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import merkle, proofs
from ledger.evidence.faults import EvidenceError, Malformed, ProofFalse
from tests.evidence import naive_tree

CLASSIC = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
CLASSIC_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 130
ENTRIES = [b"entry %d" % number for number in range(LARGEST)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
TILES = proofs.TreeTiles(LEAVES)


@lru_cache
def model_root(size: int, start: int = 0) -> bytes:
    return naive_tree.root(ENTRIES[start:size])


@pytest.mark.parametrize("size", range(9))
def test_the_classic_leaves_give_the_known_roots(size: int) -> None:
    assert merkle.tree_root(merkle.leaf_hash(entry) for entry in CLASSIC[:size]).hex() == CLASSIC_ROOTS[size]


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_every_frontier_gives_the_root_of_the_model_and_survives_serialising(size: int) -> None:
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:size])
    again = merkle.Frontier.from_bytes(size, frontier.to_bytes())
    assert again.root() == frontier.root() == model_root(size) == proofs.root_at(size, TILES)
    again.extend(LEAVES[size:])
    assert again.root() == model_root(LARGEST)


def test_the_frontier_lists_the_largest_subtree_first() -> None:
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:6])
    assert frontier.to_bytes() == naive_tree.root(ENTRIES[:4]) + naive_tree.root(ENTRIES[4:6])


@pytest.mark.parametrize(("size", "data"), [(0, bytes(32)), (1, b""), (3, bytes(32)), (3, bytes(65)), (-1, b"")])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(Malformed):
        merkle.Frontier.from_bytes(size, data)


def test_complete_subtrees_are_appended_only_where_they_are_aligned() -> None:
    frontier = merkle.Frontier()
    for start in range(0, 128, 8):
        frontier.append_complete(merkle.complete_root(b"".join(LEAVES[start : start + 8])), height=3)
    assert (frontier.size, frontier.root()) == (128, model_root(128))
    frontier.append(LEAVES[128])
    with pytest.raises(Malformed):
        frontier.append_complete(bytes(32), height=1)


def test_every_inclusion_path_is_the_models_and_verifies() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size) if size < 40 else (0, 1, size // 2, size - 2, size - 1):
            path = proofs.inclusion_path(index, size, TILES)
            assert path == naive_tree.inclusion(index, ENTRIES[:size])
            assert len(path) == merkle.inclusion_path_length(index=index, size=size)
            merkle.verify_inclusion(LEAVES[index], path, model_root(size), index=index, size=size)


def test_every_consistency_path_up_to_130_is_the_models_and_verifies() -> None:
    for new_size in range(1, LARGEST + 1):
        for old_size in range(1, new_size + 1):
            path = proofs.consistency_path(old_size, new_size, TILES)
            merkle.verify_consistency(
                model_root(old_size), model_root(new_size), path, old_size=old_size, new_size=new_size
            )
            if new_size <= 40 or old_size in (1, new_size // 2, new_size - 1):
                assert path == naive_tree.subtree_consistency(0, old_size, ENTRIES[:new_size])


def test_every_subtree_up_to_40_is_shown_to_be_part_of_its_tree() -> None:
    for size in range(1, 41):
        for end in range(1, size + 1):
            for start in range(end):
                check = _subtree_check(start, end, size)
                if start % (1 << (end - start - 1).bit_length()):
                    with pytest.raises(ProofFalse):
                        check()
                else:
                    check()


def _subtree_check(start: int, end: int, size: int) -> Callable[[], None]:
    def check() -> None:
        path = proofs.subtree_consistency_path(TILES, start=start, end=end, size=size)
        assert path == naive_tree.subtree_consistency(start, end, ENTRIES[:size])
        subtree = proofs.subtree_root(TILES, start=start, end=end, size=size)
        assert subtree == model_root(end, start)
        merkle.verify_subtree_consistency(subtree, model_root(size), path, start=start, end=end, size=size)
        for index in {start, end - 1}:
            inside = naive_tree.inclusion(index - start, ENTRIES[start:end])
            merkle.verify_subtree_inclusion(LEAVES[index], inside, subtree, index=index, start=start, end=end)

    return check


def spoilt(path: list[bytes]) -> list[list[bytes]]:
    """Every kind of harm to a path: bits, lengths, order, additions and losses."""
    flipped = [[*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]] for at in range(len(path))]
    lost = [[*path[:at], *path[at + 1 :]] for at in range(len(path))]
    doubled = [[*path[:at], path[at], *path[at:]] for at in range(len(path))]
    short = [[*path[:at], path[at][:31], *path[at + 1 :]] for at in range(len(path))]
    turned = [path[::-1]] if len(path) > 1 else []
    return [*flipped, *lost, *doubled, *short, *turned, [*path, bytes(32)], [bytes(32), *path], [*path, b""]]


def test_every_spoilt_inclusion_proof_is_refused() -> None:
    for size in range(1, 20):
        for index in range(size):
            path = proofs.inclusion_path(index, size, TILES)
            for bad in spoilt(path):
                with pytest.raises(ProofFalse):
                    merkle.verify_inclusion(LEAVES[index], bad, model_root(size), index=index, size=size)
            for leaf, root, other, other_size in (
                (LEAVES[index + 1], model_root(size), index, size),
                (LEAVES[index], model_root(size + 1), index, size),
                (LEAVES[index][:31], model_root(size), index, size),
                (LEAVES[index], model_root(size), index + 1, size),
                (LEAVES[index], model_root(size), index - 1, size),
                (LEAVES[index], model_root(size), index, 0),
            ):
                with pytest.raises(ProofFalse):
                    merkle.verify_inclusion(leaf, path, root, index=other, size=other_size)


def test_every_spoilt_consistency_proof_is_refused() -> None:
    for new_size in range(2, 20):
        for old_size in range(1, new_size):
            old, new = model_root(old_size), model_root(new_size)
            path = proofs.consistency_path(old_size, new_size, TILES)
            for bad in spoilt(path):
                with pytest.raises(ProofFalse):
                    merkle.verify_consistency(old, new, bad, old_size=old_size, new_size=new_size)
            for first, second in ((new, old), (old, old), (new, new), (old[:31], new), (old, b"")):
                with pytest.raises(ProofFalse):
                    merkle.verify_consistency(first, second, path, old_size=old_size, new_size=new_size)


@pytest.mark.parametrize(("old_size", "new_size"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_consistency_from_nothing_or_backwards_is_refused(old_size: int, new_size: int) -> None:
    roots = merkle.EMPTY_ROOT, model_root(5)
    with pytest.raises(ProofFalse):
        merkle.verify_consistency(*roots, [], old_size=old_size, new_size=new_size)
    with pytest.raises(ProofFalse):
        proofs.consistency_path(old_size, new_size, TILES)


def test_equal_sizes_need_equal_roots_and_no_path() -> None:
    merkle.verify_consistency(model_root(5), model_root(5), [], old_size=5, new_size=5)
    for old, new, path in ((model_root(5), model_root(6), []), (model_root(5), model_root(5), [bytes(32)])):
        with pytest.raises(ProofFalse):
            merkle.verify_consistency(old, new, path, old_size=5, new_size=5)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=600), st.data())
def test_any_tree_proves_any_of_its_leaves_and_any_of_its_beginnings(entries: list[bytes], data: st.DataObject) -> None:
    tiles = proofs.TreeTiles(map(merkle.leaf_hash, entries))
    size = data.draw(st.integers(1, len(entries)))
    index = data.draw(st.integers(0, size - 1))
    root = proofs.root_at(size, tiles)
    path = proofs.inclusion_path(index, size, tiles)
    merkle.verify_inclusion(merkle.leaf_hash(entries[index]), path, root, index=index, size=size)
    now = proofs.root_at(len(entries), tiles)
    longer = proofs.consistency_path(size, len(entries), tiles)
    merkle.verify_consistency(root, now, longer, old_size=size, new_size=len(entries))


class CountingTiles:
    """Tiles of a large tree whose leaves are all the same, so that any tile can be made from nothing."""

    def __init__(self, size: int) -> None:
        self.size, self.reads = size, 0
        self.hashes = [merkle.leaf_hash(b"same")]
        for level in range(1, 5):
            self.hashes.append(merkle.complete_root(self.hashes[level - 1] * 256))

    def tile(self, level: int, index: int, width: int) -> bytes:
        assert width == proofs.tile_width(level, index, size=self.size)
        assert 0 < width <= 256
        self.reads += 1
        return self.hashes[level] * width


def test_a_proof_at_ten_million_reads_a_handful_of_tiles() -> None:
    size = 10_000_000
    tiles = CountingTiles(size)
    root = proofs.root_at(size, tiles)
    for index in (0, 255, 256, 5_000_001, size - 1):
        tiles.reads = 0
        path = proofs.inclusion_path(index, size, tiles)
        merkle.verify_inclusion(tiles.hashes[0], path, root, index=index, size=size)
        assert tiles.reads <= 6
    tiles.reads = 0
    path = proofs.consistency_path(7_654_321, size, tiles)
    merkle.verify_consistency(
        proofs.root_at(7_654_321, TruncatedTiles(tiles)), root, path, old_size=7_654_321, new_size=size
    )
    assert tiles.reads <= 12


class TruncatedTiles:
    """The same tiles seen by a smaller tree."""

    def __init__(self, tiles: CountingTiles) -> None:
        self.tiles = tiles

    def tile(self, level: int, index: int, width: int) -> bytes:
        return self.tiles.hashes[level] * width


def test_tiles_put_together_from_rows_equal_those_of_the_whole_tree() -> None:
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(256 * 3 + 7)]
    whole = proofs.TreeTiles(leaves)
    rows = {index: whole.tile(0, index, 256) for index in range(3)}

    def full(level: int, index: int) -> bytes | None:
        return rows.get(index) if level == 0 else None

    def nodes(level: int, start: int, end: int) -> bytes:
        row = leaves if level == 0 else [merkle.complete_root(rows[index]) for index in range(3)]
        return b"".join(row[start:end])

    stored = proofs.StoredTiles(full, nodes)
    assert stored.tile(0, 1, 256) == whole.tile(0, 1, 256)
    assert stored.tile(0, 3, 7) == whole.tile(0, 3, 7)
    assert stored.tile(1, 0, 3) == whole.tile(1, 0, 3)
    assert proofs.root_at(len(leaves), stored) == merkle.tree_root(leaves)


def test_a_tile_that_is_too_short_is_named() -> None:
    class Short:
        def tile(self, level: int, index: int, width: int) -> bytes:
            return bytes(32)

    with pytest.raises(Malformed, match="0/0"):
        proofs.inclusion_path(0, 5, Short())
    with pytest.raises(EvidenceError):
        proofs.inclusion_path(5, 5, TILES)
