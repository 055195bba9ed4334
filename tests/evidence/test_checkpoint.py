"""Checkpoints and proof files: strict reading, and every spoilt one refused."""

import pytest

from ledger.evidence import checkpoint, note, proofs, tlog_proof
from ledger.evidence.base64_text import encode
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.commitment import commit, new_salt, verify_disclosure
from ledger.evidence.faults import CommitmentFalse, EvidenceError, Malformed, ProofFalse, SignatureFalse
from ledger.evidence.merkle import EMPTY_ROOT, leaf_hash
from ledger.evidence.note import COSIGNATURE, SigningKey
from ledger.evidence.tlog_proof import TlogProof

ORIGIN = "ledger.example/acme-0123456789abcdef"
KEY = SigningKey(ORIGIN, bytes(range(32)))
ENTRIES = [b"entry %d" % number for number in range(300)]
TILES = proofs.TreeTiles(map(leaf_hash, ENTRIES))
HEAD = Checkpoint(ORIGIN, 300, proofs.root_at(300, TILES))
SIGNED = checkpoint.sign(HEAD, [KEY])
ROOT = encode(HEAD.root)


def test_a_signed_checkpoint_comes_back_as_itself() -> None:
    assert checkpoint.verify(SIGNED, [KEY.verifier_key], origin=ORIGIN) == HEAD
    assert checkpoint.verify(SIGNED, [KEY.verifier_key]) == HEAD
    assert HEAD.text() == f"{ORIGIN}\n300\n{ROOT}\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", f"{ORIGIN}\n300\n", f"{ORIGIN}\n300\n{ROOT}", f"{ORIGIN}\n300\n{ROOT}\nextension\n",
        f"{ORIGIN}\n300\n{ROOT}\n\n", f"\n300\n{ROOT}\n", f"a b\n300\n{ROOT}\n", f"a+b\n300\n{ROOT}\n",
        f"{ORIGIN}\n0300\n{ROOT}\n", f"{ORIGIN}\n-1\n{ROOT}\n", f"{ORIGIN}\n+3\n{ROOT}\n", f"{ORIGIN}\n3e2\n{ROOT}\n",
        f"{ORIGIN}\n 300\n{ROOT}\n", f"{ORIGIN}\n٣٠٠\n{ROOT}\n", f"{ORIGIN}\n9223372036854775808\n{ROOT}\n",
        f"{ORIGIN}\n300\n{ROOT[:-1]}\n", f"{ORIGIN}\n300\n{encode(bytes(31))}\n", f"{ORIGIN}\n0\n{ROOT}\n",
    ],
)  # fmt: skip
def test_malformed_checkpoints_are_refused_even_when_signed(text: str) -> None:
    with pytest.raises(Malformed):
        checkpoint.parse_text(text)
    if text.endswith("\n"):
        with pytest.raises(Malformed):
            checkpoint.verify(note.sign(text, [KEY]), [KEY.verifier_key], origin=text.split("\n", maxsplit=1)[0])


def test_an_empty_tree_has_the_empty_root() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert checkpoint.parse_text(empty.text()) == empty


def test_a_checkpoint_of_another_ledger_is_refused() -> None:
    foreign = checkpoint.sign(Checkpoint("ledger.example/other", 300, HEAD.root), [KEY])
    with pytest.raises(SignatureFalse, match="another ledger"):
        checkpoint.verify(foreign, [KEY.verifier_key])
    with pytest.raises(SignatureFalse, match="another ledger"):
        checkpoint.verify(SIGNED, [KEY.verifier_key], origin="ledger.example/other")


def test_a_witness_does_not_stand_in_for_the_log() -> None:
    witness = SigningKey(ORIGIN, bytes(32), COSIGNATURE)
    cosigned = note.sign(HEAD.text(), [witness])
    assert note.verify(cosigned, [witness.verifier_key]).text == HEAD.text()
    with pytest.raises(SignatureFalse):
        checkpoint.verify(cosigned, [witness.verifier_key], origin=ORIGIN)


def proof_of(index: int, extra: bytes | None = None) -> TlogProof:
    return TlogProof(index, tuple(proofs.inclusion_path(index, 300, TILES)), SIGNED, extra)


@pytest.mark.parametrize("extra", [None, b"", b"a hint"])
@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_a_proof_file_proves_its_entry(index: int, extra: bytes | None) -> None:
    proof = proof_of(index, extra)
    assert tlog_proof.parse(proof.marshal()) == proof
    assert tlog_proof.verify(proof, ENTRIES[index], [KEY.verifier_key], origin=ORIGIN) == HEAD


def test_a_tree_of_one_has_a_proof_without_hashes() -> None:
    alone = Checkpoint(ORIGIN, 1, leaf_hash(b"only"))
    proof = tlog_proof.parse(TlogProof(0, (), checkpoint.sign(alone, [KEY])).marshal())
    assert tlog_proof.verify(proof, b"only", [KEY.verifier_key]) == alone


GOOD = proof_of(7, b"x").marshal()
PLAIN = proof_of(7).marshal()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", SIGNED, PLAIN.split(b"\n", 1)[1], PLAIN.replace(b"@v1", b"@v2"), b" " + PLAIN,
        PLAIN.replace(b"index 7", b"index 07"), PLAIN.replace(b"index 7", b"index -7"),
        PLAIN.replace(b"index 7\n", b""),
        PLAIN.replace(b"index 7", b"index  7"), PLAIN.replace(b"index 7", b"Index 7"),
        PLAIN.replace(b"index 7", b"index 7\nindex 7"), PLAIN.replace(b"index 7", b"index 7\nextra AA=="),
        GOOD.replace(b"extra eA==", b"extra eA"), GOOD.replace(b"extra eA==", b"extra eA==\nextra eA=="),
        PLAIN.replace(b"index 7\n", b"index 7\nAAAA\n"),
        PLAIN.replace(b"index 7\n", b"index 7\n" + ROOT.encode() * 2 + b"\n"),
        PLAIN.replace(b"index 7\n", b"index 7\n" + (ROOT.encode() + b"\n") * 64), PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"index 7", "index ٧".encode()), b"x" * 2_000_001, PLAIN.split(b"\n\n")[0] + b"\n",
    ],
)  # fmt: skip
def test_malformed_proof_files_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        tlog_proof.parse(data)


def test_every_spoilt_proof_is_refused() -> None:
    proof, key = proof_of(7), [KEY.verifier_key]
    other_key = [SigningKey(ORIGIN, bytes(32)).verifier_key]
    shorter = checkpoint.sign(Checkpoint(ORIGIN, 299, proofs.root_at(299, TILES)), [KEY])
    with pytest.raises(ProofFalse):
        tlog_proof.verify(proof, b"entry 8", key)
    with pytest.raises(SignatureFalse):
        tlog_proof.verify(proof, ENTRIES[7], other_key)
    with pytest.raises(SignatureFalse):
        tlog_proof.verify(proof, ENTRIES[7], key, origin="elsewhere.example")
    for spoilt in (
        TlogProof(8, proof.hashes, SIGNED),
        TlogProof(7, proof.hashes[1:], SIGNED),
        TlogProof(7, (*proof.hashes, bytes(32)), SIGNED),
        TlogProof(7, proof.hashes[::-1], SIGNED),
        TlogProof(7, proof.hashes, shorter),
        TlogProof(300, proof.hashes, SIGNED),
    ):
        with pytest.raises(ProofFalse):
            tlog_proof.verify(spoilt, ENTRIES[7], key)
    with pytest.raises(EvidenceError):
        tlog_proof.verify(TlogProof(7, proof.hashes, SIGNED.replace(b"300", b"301")), ENTRIES[7], key)


def test_a_proof_may_lead_to_a_tree_it_does_not_fit_only_by_a_hash_collision() -> None:
    for index in range(300):
        proof = proof_of(index)
        for other in {0, index ^ 1, (index + 1) % 300, 299} - {index}:
            with pytest.raises(ProofFalse):
                tlog_proof.verify(TlogProof(other, proof.hashes, SIGNED), ENTRIES[index], [KEY.verifier_key])


def test_a_commitment_opens_to_its_content_and_to_nothing_else() -> None:
    salt, content = new_salt(), "请照顾南区的新客户".encode()
    commitment = commit(salt, content)
    verify_disclosure(commitment, salt=salt, content=content)
    assert commit(new_salt(), content) != commitment
    for wrong_salt, wrong in ((new_salt(), content), (salt, content + b" "), (salt, b"")):
        with pytest.raises(CommitmentFalse):
            verify_disclosure(commitment, salt=wrong_salt, content=wrong)
    with pytest.raises(CommitmentFalse):
        verify_disclosure(commitment[:31], salt=salt, content=content)
    with pytest.raises(Malformed):
        commit(salt[:31], content)


def test_the_commitment_is_the_hash_of_tag_salt_and_content() -> None:
    known = "79a25b5a225a4830d1b1e80eb424df5f045c3c40775d1f2f7bf67fd1d0d39da7"  # sha256sum of the 51 bytes
    assert commit(bytes(32), b"x").hex() == known
