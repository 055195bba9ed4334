"""Keys hand over to each other and both sign that; a restore goes on under a new origin, and lies are refused."""

from pathlib import Path

import pytest

from ledger.evidence import checkpoint, note, succession
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import EvidenceError, Inconsistent, Malformed, RootFalse, SignatureFalse, SuccessionFalse
from ledger.evidence.merkle import leaf_hash, tree_root
from ledger.evidence.note import SigningKey
from ledger.evidence.signer import Signer, attest
from ledger.evidence.succession import Keyring
from ledger.evidence.tiles import export_log
from ledger.evidence.verify import Question, verify
from tests.evidence.a_ledger import ATTEST_KEY, ORIGIN, events
from tests.evidence.test_signer import crash_points

EVENTS = events(600)


def sign(signer: Signer, size: int, entries: list[bytes] = EVENTS) -> bytes:
    root = tree_root(map(leaf_hash, entries[:size]))
    word = attest(ATTEST_KEY, origin=ORIGIN, size=size, root=root)
    first = signer.size
    return signer.sign(entries[first:size], word, first=first, size=size, root=root)


def opened(folder: Path) -> Signer:
    return Signer(folder / "signer", ORIGIN, attest_key=ATTEST_KEY)


def test_a_rotated_key_is_found_from_the_one_before_and_from_the_one_after(tmp_path: Path):
    signer = opened(tmp_path)
    old, first = sign(signer, 20), signer.verifier_key
    handed = signer.rotate()
    new = sign(signer, 30)
    assert (handed.former, handed.key, handed.size) == (first, signer.verifier_key, 20)
    assert signer.verifier_key != first
    for trusted in (first, signer.verifier_key):
        ring = Keyring([trusted], signer.successions)
        assert [ring.verify(one, origin=ORIGIN).size for one in (old, new)] == [20, 30]
    with pytest.raises(SignatureFalse):
        Keyring([first]).verify(new)


def test_each_key_holds_for_its_own_range_only(tmp_path: Path):
    former, key = SigningKey.generate(ORIGIN), SigningKey.generate(ORIGIN)
    ring = Keyring([former.verifier_key], [succession.sign(former, key, size=20)])

    def head(size: int, signing: SigningKey) -> bytes:
        return checkpoint.sign(Checkpoint(ORIGIN, size, bytes(32)), [signing])

    assert ring.verify(head(20, former)).size == ring.verify(head(20, key)).size == 20
    for false in (head(21, former), head(19, key)):
        with pytest.raises(Inconsistent):
            ring.verify(false)


def test_a_succession_needs_both_signatures_and_one_successor():
    former, key, third = (SigningKey.generate(ORIGIN) for _ in range(3))
    whole = succession.sign(former, key, size=20)
    text = note.parse(whole).text
    for signers in ([former], [key], [former, third]):
        with pytest.raises(SignatureFalse):
            succession.parse(note.sign(text, signers))
    with pytest.raises(Malformed):
        succession.parse(note.sign(text + "more\n", [former, key]))
    with pytest.raises(SuccessionFalse):
        Keyring([former.verifier_key], [whole, succession.sign(former, third, size=10)])


def test_a_key_without_a_tie_is_not_trusted(tmp_path: Path):
    stranger, key = SigningKey.generate(ORIGIN), SigningKey.generate(ORIGIN)
    signed = checkpoint.sign(Checkpoint(ORIGIN, 5, bytes(32)), [key])
    handed = succession.sign(stranger, key, size=0)
    with pytest.raises(SignatureFalse):
        Keyring([SigningKey.generate(ORIGIN).verifier_key], [handed]).verify(signed)


def test_after_a_restore_signing_goes_on_under_a_new_origin(tmp_path: Path):
    signer = opened(tmp_path)
    kept, key = sign(signer, 300), signer.verifier_key
    lost = sign(signer, 400)
    restored = [*EVENTS[:300], *(entry + b" " for entry in EVENTS[300:])]
    with pytest.raises(Inconsistent, match="400 was signed"):
        sign(signer, 310, restored)
    handed = signer.begin_anew(iter(restored[:300]), kept=300, lost=signer.last_head())
    assert handed.key.name == f"{ORIGIN}/restored-1"
    new = sign(signer, 310, restored)
    ring = Keyring([key], signer.successions)
    assert [ring.verify(one, origin=ORIGIN).size for one in (kept, new)] == [300, 310]
    with pytest.raises(Inconsistent, match="lost in a restore"):
        ring.verify(lost)
    again = opened(tmp_path)
    assert again.last() == new
    sign(again, 320, restored)
    twice = again.begin_anew(iter(restored[:310]), kept=310, lost=again.last_head())
    assert twice.key.name == f"{ORIGIN}/restored-2"
    assert Keyring([key], again.successions).verify(again.last(), origin=ORIGIN).size == 310


def test_a_restore_that_rewrites_what_was_signed_is_refused(tmp_path: Path):
    signer = opened(tmp_path)
    for size in (200, 260, 520):
        sign(signer, size)
    rewritten = [b"rewritten", *EVENTS[1:]]
    with pytest.raises(Inconsistent, match="size 260"):
        signer.begin_anew(iter(rewritten[:300]), kept=300, lost=signer.last_head())
    with pytest.raises(Inconsistent, match="declared lost"):
        signer.begin_anew(iter(EVENTS[:300]), kept=300, lost=Checkpoint(ORIGIN, 520, bytes(32)))
    with pytest.raises(Inconsistent):
        signer.begin_anew(iter(EVENTS[:520]), kept=520, lost=signer.last_head())
    with pytest.raises(RootFalse):
        signer.begin_anew(iter(EVENTS[:299]), kept=300, lost=signer.last_head())
    assert (signer.size, signer.successions) == (520, [])


def test_a_crash_at_any_step_of_a_rotation_leaves_one_key(tmp_path: Path):
    def prepare(folder: Path) -> bytes:
        return sign(opened(folder), 20)

    def act(folder: Path) -> bytes:
        opened(folder).rotate()
        return b""

    crashed = 0
    for folder in crash_points(tmp_path, act, prepare):
        crashed += 1
        one = opened(folder)
        assert len(one.successions) in {0, 1}
        new = sign(one, 30)
        former = succession.parse(one.successions[0]).former if one.successions else one.verifier_key
        assert Keyring([former], one.successions).verify(new, origin=ORIGIN).size == 30
    assert crashed > 20


def test_an_export_carries_the_successions(tmp_path: Path):
    signer = opened(tmp_path)
    old, first = sign(signer, 300), signer.verifier_key
    signer.rotate()
    new, folder = sign(signer, 310), tmp_path / "log"
    keys = [signer.verifier_key]
    export_log(folder, signed=new, verifier_keys=keys, entries=EVENTS, successions=signer.successions)
    earlier = tmp_path / "earlier"
    earlier.write_bytes(old)
    found = verify(Question(folder, keys=(first,), origin=ORIGIN, earlier=earlier))
    assert (found.ok, found.level, found.checkpoint_size) == (True, 5, 310), found.en
    (folder / "successions").unlink()
    assert verify(Question(folder, keys=(first,), origin=ORIGIN)).kind == "signature_false"


def test_a_damaged_hand_over_stops_the_signer(tmp_path: Path):
    sign(opened(tmp_path), 20)
    (tmp_path / "signer" / "hand-over").write_text("pledger/hand-over/v1\n1\nAA==\n")
    with pytest.raises(EvidenceError):
        opened(tmp_path)
