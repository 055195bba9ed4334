"""The signer: continues what it signed, refuses all else, and survives a crash at any step."""

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.evidence import checkpoint, signer_files
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import AttestationFalse, EvidenceError, Inconsistent, RootFalse, SignerStateLost
from ledger.evidence.merkle import Frontier, leaf_hash, tree_root
from ledger.evidence.note import SigningKey
from ledger.evidence.signer import Signer, attest
from tests.evidence.a_ledger import ATTEST_KEY, ORIGIN, events

EVENTS = events(40)


def root(size: int, entries: list[bytes] = EVENTS) -> bytes:
    return tree_root(map(leaf_hash, entries[:size]))


def sign(one: Signer, size: int, entries: list[bytes] = EVENTS, *, claimed: bytes | None = None) -> bytes:
    """Sign as the service does: read from the signer's size on, hand over the head's root and attestation."""
    claimed = root(size, entries) if claimed is None else claimed
    word = attest(ATTEST_KEY, origin=ORIGIN, size=size, root=claimed)
    first = one.size
    return one.sign(entries[first:size], word, first=first, size=size, root=claimed)


def opened(folder: Path) -> Signer:
    return Signer(folder / "signer", ORIGIN, attest_key=ATTEST_KEY)


def test_checkpoints_follow_each_other_and_the_state_outlives_the_process(tmp_path: Path) -> None:
    for size in (0, 1, 1, 7, 8, 40, 40):
        one = opened(tmp_path)
        data = sign(one, size)
        assert checkpoint.verify(data, [one.verifier_key], origin=ORIGIN) == Checkpoint(ORIGIN, size, root(size))
        assert opened(tmp_path).last() == data
        assert opened(tmp_path).size == size


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, again = opened(tmp_path), opened(tmp_path)
    assert first.verifier_key == again.verifier_key
    assert first.verifier_key.name == ORIGIN
    assert stat.S_IMODE((tmp_path / "signer").stat().st_mode) == 0o700
    for file in (tmp_path / "signer").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_an_older_database_is_refused(tmp_path: Path) -> None:
    one = opened(tmp_path)
    sign(one, 30)
    with pytest.raises(Inconsistent, match="30 was signed"):
        sign(one, 20)
    assert one.size == 30


def test_another_root_at_the_signed_size_is_refused(tmp_path: Path) -> None:
    one = opened(tmp_path)
    sign(one, 30)
    other = [*EVENTS[:29], b"rewritten"]
    with pytest.raises(Inconsistent, match="rewritten"):
        sign(one, 30, other)


def test_a_rewritten_history_is_refused_at_any_later_size(tmp_path: Path) -> None:
    one = opened(tmp_path)
    sign(one, 30)
    with pytest.raises(RootFalse, match="31 to 40"):
        sign(one, 40, [b"rewritten", *EVENTS[1:]])
    assert checkpoint.verify(sign(one, 40), [one.verifier_key]).size == 40


def test_bytes_that_do_not_give_the_root_are_refused(tmp_path: Path) -> None:
    one = opened(tmp_path)
    sign(one, 10)
    good = attest(ATTEST_KEY, origin=ORIGIN, size=20, root=root(20))
    for entries in (EVENTS[10:19], EVENTS[10:21], [], [*EVENTS[10:19], b"x"], EVENTS[11:21], EVENTS[19:9:-1]):
        with pytest.raises(RootFalse):
            one.sign(entries, good, first=10, size=20, root=root(20))
    with pytest.raises(RootFalse, match="missing"):
        one.sign(EVENTS[11:20], good, first=11, size=20, root=root(20))
    assert one.size == 10


def test_a_root_that_the_writer_did_not_attest_is_refused(tmp_path: Path) -> None:
    one = opened(tmp_path)
    for word in (
        b"",
        attest(b"other key", origin=ORIGIN, size=10, root=root(10)),
        attest(ATTEST_KEY, origin="elsewhere", size=10, root=root(10)),
        attest(ATTEST_KEY, origin=ORIGIN, size=11, root=root(10)),
        attest(ATTEST_KEY, origin=ORIGIN, size=10, root=root(11)),
    ):
        with pytest.raises(AttestationFalse) as refused:
            one.sign(EVENTS[:10], word, first=0, size=10, root=root(10))
        assert "绕过" in refused.value.text("zh")
    assert one.size == 0


def test_without_an_attestation_key_the_bytes_alone_decide(tmp_path: Path) -> None:
    one = Signer(tmp_path / "signer", ORIGIN)
    assert checkpoint.verify(one.sign(EVENTS[:9], first=0, size=9, root=root(9)), [one.verifier_key]).size == 9


def test_a_second_signer_of_the_folder_that_went_ahead_is_followed(tmp_path: Path) -> None:
    slow, fast = opened(tmp_path), opened(tmp_path)
    first = slow.size
    sign(fast, 25)
    word = attest(ATTEST_KEY, origin=ORIGIN, size=30, root=root(30))
    slow.sign(EVENTS[first:30], word, first=first, size=30, root=root(30))
    assert fast.size == 30
    with pytest.raises(Inconsistent):
        slow.sign(EVENTS[first:20], word, first=first, size=20, root=root(20))


@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "bit", "older form", "other origin", "appended"])
def test_a_lost_or_damaged_state_stops_the_signer(tmp_path: Path, harm: str) -> None:
    sign(opened(tmp_path), 30)
    state = tmp_path / "signer" / "state"
    data = state.read_bytes()
    spoilt = {
        "empty": b"",
        "cut": data[:-10],
        "bit": data.replace(b"\n30\n", b"\n31\n"),
        "older form": data.replace(b"/v1", b"/v0"),
        "other origin": signer_files.SignerState("elsewhere", Frontier()).to_bytes(),
        "appended": data + b"\n",
    }
    if harm == "gone":
        state.unlink()
    else:
        state.write_bytes(spoilt[harm])
    with pytest.raises(SignerStateLost):
        opened(tmp_path)


def test_a_lost_key_and_a_key_of_another_ledger_stop_the_signer(tmp_path: Path) -> None:
    sign(opened(tmp_path), 30)
    key = tmp_path / "signer" / "key"
    key.write_text(SigningKey("elsewhere", bytes(32)).private_text() + "\n")
    with pytest.raises(SignerStateLost, match="belongs"):
        opened(tmp_path)
    key.unlink()
    with pytest.raises(SignerStateLost, match="gone"):
        opened(tmp_path)


class PowerCut(BaseException):
    """The process ends here."""


STEPS = ("open", "write", "fsync", "replace", "close")


def cut_after(monkeypatch: pytest.MonkeyPatch, steps: int, *, half: bool) -> None:
    """Let `steps` file operations pass and end the process at the next one, before it or half way through a write."""
    left, here = iter(range(steps)), threading.get_ident()  # other threads of the process go on

    def hooked(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            if threading.get_ident() == here and next(left, None) is None:
                if half and name == "write":
                    descriptor, data = arguments
                    assert isinstance(data, bytes)
                    real(descriptor, data[: len(data) // 2])
                if name == "close":  # the end of a process closes its files and frees its locks
                    real(*arguments, **named)
                raise PowerCut
            return real(*arguments, **named)

        return step

    for name in STEPS:
        monkeypatch.setattr(os, name, hooked(name, getattr(os, name)))


def ends(act: Callable[[Path], bytes], folder: Path) -> bool:
    try:
        act(folder)
    except PowerCut:
        return False
    return True


def crash_points(
    tmp_path: Path, act: Callable[[Path], bytes], prepare: Callable[[Path], bytes | None]
) -> Iterator[Path]:
    """Every folder that `act` can leave behind by ending at one of its steps."""
    for half in (False, True):
        for steps in range(60):
            folder = tmp_path / f"{half}-{steps}"
            prepare(folder)
            with pytest.MonkeyPatch.context() as patch:
                cut_after(patch, steps, half=half)
                ended = ends(act, folder)
            if ended:
                assert steps > 5
                break
            yield folder
        else:
            pytest.fail("the act never came to its end")


def test_a_crash_at_any_step_of_signing_never_leads_to_two_truths(tmp_path: Path) -> None:
    crashed = 0
    for folder in crash_points(
        tmp_path, lambda folder: sign(opened(folder), 20), lambda folder: sign(opened(folder), 10)
    ):
        crashed += 1
        one = opened(folder)
        assert one.size in (10, 20)
        rewritten = [*EVENTS[:15], b"rewritten", *EVENTS[16:]]
        if one.size == 20:
            with pytest.raises(Inconsistent):
                sign(one, 15)
            with pytest.raises(EvidenceError):
                sign(one, 21, rewritten)
        assert checkpoint.verify(sign(one, 20), [one.verifier_key]).root == root(20)
        assert checkpoint.verify(sign(one, 40), [one.verifier_key]).root == root(40)
    assert crashed > 20


def test_a_crash_at_any_step_of_the_first_use_can_be_tried_again(tmp_path: Path) -> None:
    crashed = 0
    for folder in crash_points(tmp_path, lambda folder: opened(folder).last(), lambda folder: folder.mkdir()):
        crashed += 1
        one = opened(folder)
        assert (one.size, opened(folder).verifier_key) == (0, one.verifier_key)
        assert checkpoint.verify(sign(one, 20), [one.verifier_key]).root == root(20)
    assert crashed > 20


def test_the_signature_leaves_only_after_its_state_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, trace = opened(tmp_path), list[str]()

    def traced(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            trace.append(name)
            return real(*arguments, **named)

        return step

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, traced(name, getattr(os, name)))
    monkeypatch.setattr(checkpoint, "sign", traced("sign", checkpoint.sign))
    sign(one, 20)
    assert trace == ["fsync", "replace", "fsync", "sign"]
