"""Any two checkpoints that were ever published are consistent by the exported folder alone, as two readers see it."""

from pathlib import Path

import pytest

from ledger.evidence.faults import ProofFalse
from ledger.evidence.merkle import leaf_hash, tree_root, verify_consistency
from ledger.evidence.proofs import consistency_path
from ledger.evidence.tiles import LogFolder
from tests.evidence import second_reader
from tests.evidence.a_ledger import events, export

EVENTS = events(1_100)
SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 700, 1_024, 1_099, 1_100)
ROOTS = {size: tree_root(map(leaf_hash, EVENTS[:size])) for size in SIZES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that was brought up to date twice."""
    found = tmp_path_factory.mktemp("log")
    for size in (300, 700, 1_100):
        export(found, EVENTS[:size])
    return found


@pytest.mark.parametrize("old", SIZES)
def test_both_readers_make_the_same_proof_and_each_accepts_the_others(folder: Path, old: int):
    for new in (size for size in SIZES if size >= old):
        ours = consistency_path(old, new, LogFolder(folder)) if new in (300, 700, 1_100) else None
        theirs = second_reader.consistency(folder, 1_100, old, new)
        assert ours is None or ours == theirs
        verify_consistency(ROOTS[old], ROOTS[new], theirs, old_size=old, new_size=new)
        assert second_reader.same_beginning(ROOTS[old], ROOTS[new], theirs, old, new)


def test_both_readers_refuse_a_proof_between_other_roots(folder: Path):
    proof = second_reader.consistency(folder, 1_100, 300, 1_100)
    root = tree_root(map(leaf_hash, EVENTS[:300]))
    for old, path in ((bytes(32), proof), (root, proof[:-1]), (root, [*proof, bytes(32)]), (root, proof[::-1])):
        assert not second_reader.same_beginning(old, ROOTS[1_100], path, 300, 1_100)
        with pytest.raises(ProofFalse):
            verify_consistency(old, ROOTS[1_100], path, old_size=300, new_size=1_100)
    assert second_reader.same_beginning(root, ROOTS[1_100], proof, 300, 1_100)


def test_the_second_reader_takes_the_updated_folder_for_whole(folder: Path):
    origin, size, entries = second_reader.read(folder)
    assert (size, entries) == (1_100, EVENTS)
    assert origin.startswith("ledger.example/")
