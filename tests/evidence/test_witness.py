"""The witness: cosigns what continues, refuses forks, older checkpoints and other origins, and never forgets."""

from pathlib import Path

import pytest

from ledger.evidence import base64_text, checkpoint, note, policy, succession
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import Malformed, SignatureFalse, SignerStateLost
from ledger.evidence.merkle import leaf_hash, tree_root
from ledger.evidence.note import SigningKey
from ledger.evidence.proofs import TreeTiles, consistency_path
from ledger.evidence.witness import Submission, Witness, cosignatures_in, with_cosignatures
from tests.evidence.a_ledger import KEY, ORIGIN, events
from tests.evidence.test_signer import crash_points

EVENTS = events(60)
NAME, NOW = "witness.example/one", 1_790_000_000


def tree(entries: list[bytes]) -> TreeTiles:
    return TreeTiles(map(leaf_hash, entries))


def signed(size: int, entries: list[bytes] = EVENTS, *, key: SigningKey = KEY, origin: str = ORIGIN) -> bytes:
    return checkpoint.sign(Checkpoint(origin, size, tree_root(map(leaf_hash, entries[:size]))), [key])


def asked(old: int, size: int, entries: list[bytes] = EVENTS) -> bytes:
    proof = consistency_path(old, size, tree(entries[:size])) if old else []
    return Submission(old, tuple(proof), signed(size, entries)).to_bytes()


def opened(folder: Path) -> Witness:
    return Witness(folder / "witness", NAME, {ORIGIN: [KEY.verifier_key]}, lambda: NOW)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return opened(tmp_path)


def test_it_cosigns_each_checkpoint_that_continues_the_last(witness: Witness):
    for old, size in ((0, 5), (5, 5), (5, 9), (9, 60)):
        answer = witness.add_checkpoint(asked(old, size))
        assert answer.status == 200, answer.body
        [cosignature] = cosignatures_in(answer.body, signed(size), witness.verifier_key)
        whole = with_cosignatures(signed(size), [cosignature])
        read = policy.parse(f"log {KEY.verifier_key}\nwitness w {witness.verifier_key} https://w.example/\nquorum w\n")
        assert read.check(whole, origin=ORIGIN).size == size
        assert read.urls == {"w": "https://w.example/"}
        assert int.from_bytes(cosignature.blob[:8], "big") == NOW


def test_it_says_its_size_where_the_log_remembers_another(witness: Witness):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    for old in (0, 10):
        answer = witness.add_checkpoint(asked(old, 30))
        assert (answer.status, answer.body, answer.content_type) == (409, b"20\n", "text/x.tlog.size")


def test_it_refuses_a_fork_and_an_older_checkpoint(witness: Witness):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    forked = [*EVENTS[:10], b"another", *EVENTS[11:]]
    assert witness.add_checkpoint(asked(20, 30, forked)).status == 422
    assert witness.add_checkpoint(Submission(20, (), signed(20, forked)).to_bytes()).status == 422
    assert witness.add_checkpoint(Submission(20, (), signed(15)).to_bytes()).status == 400
    assert witness.add_checkpoint(Submission(15, (), signed(15)).to_bytes()).status == 409
    assert witness.add_checkpoint(asked(20, 30)).status == 200


def test_it_refuses_a_renamed_ledger_and_other_signatures(witness: Witness):
    renamed = SigningKey("ledger.example/renamed", bytes(range(32)))
    body = Submission(0, (), signed(5, key=renamed, origin=renamed.name)).to_bytes()
    assert witness.add_checkpoint(body).status == 404
    stranger = SigningKey(ORIGIN, bytes(32))
    assert witness.add_checkpoint(Submission(0, (), signed(5, key=stranger)).to_bytes()).status == 403
    spoilt = bytearray(signed(5))
    spoilt[-20] ^= 1
    assert witness.add_checkpoint(Submission(0, (), bytes(spoilt)).to_bytes()).status in {400, 403}


def test_an_empty_tree_with_a_root_and_a_proof_from_nothing_are_refused(witness: Witness):
    text = f"{ORIGIN}\n0\n{base64_text.encode(bytes(32))}\n"
    assert witness.add_checkpoint(Submission(0, (), note.sign(text, [KEY])).to_bytes()).status == 422
    assert witness.add_checkpoint(Submission(0, (bytes(32),), signed(5)).to_bytes()).status == 422
    assert witness.add_checkpoint(asked(0, 5)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5",
        b"old 05\n\n" + signed(9),
        b"older 5\n\n" + signed(9),
        b"old 0\n\nnonsense",
        b"old 0\nnot base64\n\n" + signed(9),
        b"old 0\nAA==\n\n" + signed(9),
        Submission(0, (bytes(32),) * 64, signed(9)).to_bytes(),
        b"\xff" * 20,
        b"x" * 70_000,
    ],
)
def test_what_is_no_request_is_refused(witness: Witness, body: bytes):
    assert witness.add_checkpoint(body).status == 400


def test_what_it_cosigned_last_can_be_read(witness: Witness):
    from hashlib import sha256

    digest = sha256(ORIGIN.encode()).hexdigest()
    assert witness.latest(digest) is None
    witness.add_checkpoint(asked(0, 5))
    kept = witness.latest(digest)
    assert kept is not None
    good = note.verify(kept, [witness.verifier_key, KEY.verifier_key])
    assert len(good.signatures) == 2
    assert witness.latest("../key") is None


def test_a_crash_at_any_step_never_rolls_it_back(tmp_path: Path):
    def prepare(folder: Path) -> bytes:
        return opened(folder).add_checkpoint(asked(0, 20)).body

    def act(folder: Path) -> bytes:
        return opened(folder).add_checkpoint(asked(20, 30)).body

    crashed = 0
    for folder in crash_points(tmp_path, act, prepare):
        crashed += 1
        again = opened(folder)
        answer = again.add_checkpoint(asked(20, 40))
        assert (answer.status, answer.body) == (409, b"30\n") if answer.status != 200 else True
        forked = [*EVENTS[:15], b"another", *EVENTS[16:]]
        assert opened(folder).add_checkpoint(asked(20, 50, forked)).status in {409, 422}
    assert crashed > 8


def test_the_cosignature_leaves_only_after_it_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    witness = opened(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("ledger.evidence.durable.replace", full)
    with pytest.raises(OSError, match="no space"):
        witness.add_checkpoint(asked(0, 20))
    monkeypatch.undo()
    assert witness.add_checkpoint(asked(0, 9)).status == 200


def test_a_damaged_memory_or_a_lost_key_stops_it(tmp_path: Path):
    witness = opened(tmp_path)
    witness.add_checkpoint(asked(0, 20))
    [memory] = (tmp_path / "witness").glob("*.checkpoint")
    memory.write_bytes(signed(5))
    with pytest.raises(SignerStateLost):
        witness.add_checkpoint(asked(5, 30))
    (tmp_path / "witness" / "key").unlink()
    with pytest.raises(SignerStateLost):
        opened(tmp_path)


def test_a_witness_that_answers_nonsense_is_not_counted(witness: Witness):
    other = SigningKey(NAME, bytes(32), note.COSIGNATURE)
    line = other.sign(note.parse(signed(5)).text, time=NOW).line().encode()
    with pytest.raises(SignatureFalse):
        cosignatures_in(line, signed(5), witness.verifier_key)
    for body in (b"", b"nonsense\n", b"\xff\n"):
        with pytest.raises((Malformed, SignatureFalse)):
            cosignatures_in(body, signed(5), witness.verifier_key)


FRESH, OTHER = SigningKey(ORIGIN, bytes(range(1, 33))), SigningKey(ORIGIN, bytes(range(2, 34)))


def under(key: SigningKey, old: int, size: int) -> bytes:
    proof = consistency_path(old, size, tree(EVENTS[:size])) if old else []
    return Submission(old, tuple(proof), signed(size, key=key)).to_bytes()


def test_it_takes_up_an_exchanged_key_that_the_old_one_vouches_for(witness: Witness, tmp_path: Path):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    assert witness.add_checkpoint(under(FRESH, 20, 30)).status == 403
    first = succession.sign(KEY, FRESH, size=20)
    for _ in range(2):  # said again, it changes nothing
        answer = witness.add_successions(first)
        assert (answer.status, answer.body) == (200, b"1\n"), answer.body
    assert witness.add_checkpoint(under(FRESH, 20, 30)).status == 200
    assert witness.add_checkpoint(under(KEY, 30, 40)).status == 403  # it has handed over
    second = succession.sign(FRESH, OTHER, size=30)
    again = opened(tmp_path)  # what was taken up is remembered
    assert again.add_successions(succession.marshal([first, second])).status == 200
    assert again.add_checkpoint(under(OTHER, 30, 40)).status == 200
    assert again.add_checkpoint(under(FRESH, 40, 50)).status == 403


def test_it_refuses_a_succession_that_the_old_key_did_not_sign(witness: Witness):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    text = note.parse(succession.sign(KEY, FRESH, size=20)).text
    for keys in ([FRESH], [FRESH, OTHER], [KEY]):  # the new one alone, with a stranger, and without it
        assert witness.add_successions(note.sign(text, keys)).status in {400, 403}
    assert witness.add_successions(succession.sign(OTHER, FRESH, size=20)).status == 403  # a key unknown here
    assert witness.add_checkpoint(under(FRESH, 20, 30)).status == 403


def test_it_refuses_a_succession_that_would_take_back_or_divide(witness: Witness):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    assert witness.add_successions(succession.sign(KEY, FRESH, size=10)).status == 403  # 20 was cosigned since
    assert witness.add_successions(succession.sign(KEY, FRESH, size=20)).status == 200
    assert witness.add_successions(succession.sign(KEY, OTHER, size=20)).status == 403  # one key, two successors
    restored = SigningKey(f"{ORIGIN}/restored-1", bytes(range(3, 35)))
    assert witness.add_successions(succession.sign(FRESH, restored, size=20)).status == 404  # another log's name
    for body in (b"", b"nothing", succession.sign(KEY, FRESH, size=20) + b"x", b"x" * 100_000):
        assert witness.add_successions(body).status in {400, 403}
    assert witness.add_checkpoint(under(FRESH, 20, 30)).status == 200
