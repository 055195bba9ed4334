"""A server that shows two people two histories, swaps an entry or takes another name is found out by each of them."""

from pathlib import Path

import pytest

from ledger.evidence import tlog_proof
from ledger.evidence.faults import EvidenceError, ProofFalse, SignatureFalse
from ledger.evidence.merkle import leaf_hash, tree_root, verify_consistency
from ledger.evidence.note import SigningKey
from ledger.evidence.proofs import TreeTiles, consistency_path, inclusion_path
from ledger.evidence.succession import Keyring
from ledger.evidence.tiles import CHECKPOINT_FILE
from ledger.evidence.tlog_proof import TlogProof
from ledger.evidence.verify import Question, verify
from ledger.evidence.witness import Witness
from tests.evidence.a_ledger import KEY, ORIGIN, events, export, signed, stored
from tests.evidence.test_witness import asked

HONEST = events(40)
FORKED = [*HONEST[:29], stored(30, note="another"), *HONEST[30:]]


def test_a_split_view_is_found_by_whoever_compares_and_by_a_witness(tmp_path: Path):
    witness = Witness(tmp_path / "w", "witness.example", {ORIGIN: [KEY.verifier_key]}, lambda: 1)
    assert witness.add_checkpoint(asked(0, 35, HONEST)).status == 200
    assert witness.add_checkpoint(asked(35, 40, FORKED)).status == 422
    kept = tmp_path / "kept"
    kept.write_bytes(signed(HONEST[:35]))
    shown = export(tmp_path / "log", FORKED)
    found = verify(Question(shown, keys=(KEY.verifier_key,), earlier=kept))
    assert (found.ok, found.kind) == (False, "rewritten")


def test_no_proof_joins_two_forks():
    old, tiles = tree_root(map(leaf_hash, HONEST[:35])), TreeTiles(map(leaf_hash, FORKED))
    path = consistency_path(35, 40, tiles)
    with pytest.raises(ProofFalse):
        verify_consistency(old, tree_root(map(leaf_hash, FORKED)), path, old_size=35, new_size=40)


def test_a_swapped_entry_has_no_proof():
    tiles = TreeTiles(map(leaf_hash, HONEST))
    proof = TlogProof(29, tuple(inclusion_path(29, 40, tiles)), signed(HONEST))
    tlog_proof.verify(proof, HONEST[29], [KEY.verifier_key], origin=ORIGIN)
    for entry in (FORKED[29], HONEST[28]):
        with pytest.raises(EvidenceError):
            tlog_proof.verify(proof, entry, [KEY.verifier_key], origin=ORIGIN)


def test_a_renamed_ledger_is_another(tmp_path: Path):
    renamed = SigningKey("ledger.example/renamed", KEY.seed)
    text = signed(HONEST).decode().replace(ORIGIN, renamed.name).encode()
    with pytest.raises(SignatureFalse):
        Keyring([renamed.verifier_key]).verify(text)
    folder = export(tmp_path / "log", HONEST)
    (folder / CHECKPOINT_FILE).write_bytes(text)
    assert not verify(Question(folder, keys=(KEY.verifier_key,), origin=ORIGIN)).ok


def test_two_heads_of_one_size_are_a_fork_that_each_holder_finds(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.write_bytes(signed(HONEST))
    shown = export(tmp_path / "log", FORKED)
    found = verify(Question(shown, keys=(KEY.verifier_key,), earlier=kept))
    assert (found.ok, int(found.exit_code)) == (False, 1)
    witness = Witness(tmp_path / "w", "witness.example", {ORIGIN: [KEY.verifier_key]}, lambda: 1)
    assert witness.add_checkpoint(asked(0, 40, HONEST)).status == 200
    assert witness.add_checkpoint(asked(40, 40, FORKED)).status in (409, 422)
