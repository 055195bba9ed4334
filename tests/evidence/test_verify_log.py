"""Exported logs that were tampered with: each harm is found, located and named; order and continuity are checked."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import checkpoint, proofs, tiles
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import ExitCode
from ledger.evidence.merkle import EMPTY_ROOT, leaf_hash
from ledger.evidence.note import SigningKey
from ledger.evidence.verdict import Verdict
from ledger.evidence.verify import Question, verify
from tests.evidence import a_ledger

COUNT = 700
EVENTS = a_ledger.events(COUNT)
KEYS = (a_ledger.KEY.verifier_key,)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_ledger.export(tmp_path_factory.mktemp("log"), EVENTS)


@pytest.fixture
def log(honest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(honest, tmp_path / "log"))


def check(folder: Path, earlier: Path | None = None) -> Verdict:
    return verify(Question(folder, keys=KEYS, earlier=earlier))


def rewrite(folder: Path, entries: list[bytes], *, rehash: bool = False, count: int = COUNT) -> None:
    """Lay other entries into the bundles, as somebody with the disk would; with `rehash` fit all tiles to them."""
    for name in tiles.bundle_names(count):
        last = (name.index + 1) * 256 >= count
        part = entries[name.index * 256 :] if last else entries[name.index * 256 : (name.index + 1) * 256]
        (folder / name.path()).write_bytes(tiles.pack_entries(part))
    if rehash:
        tree = proofs.TreeTiles(map(leaf_hash, entries))
        for name in tiles.tile_names(count):
            (folder / name.path()).write_bytes(tree.tile(name.level or 0, name.index, name.width))


def without(position: int) -> list[bytes]:
    return EVENTS[: position - 1] + EVENTS[position:]


def with_one_more(position: int, entry: bytes | None = None) -> list[bytes]:
    forged = a_ledger.stored(position, note="forged") if entry is None else entry
    return [*EVENTS[: position - 1], forged, *EVENTS[position - 1 :]]


def changed(position: int) -> list[bytes]:
    return [*EVENTS[: position - 1], EVENTS[position - 1].replace(b"100.5", b"900.5"), *EVENTS[position:]]


def exchanged(first: int, second: int) -> list[bytes]:
    entries = list(EVENTS)
    entries[first - 1], entries[second - 1] = entries[second - 1], entries[first - 1]
    return entries


def test_an_honest_log_passes_and_says_how_much_was_checked(honest: Path) -> None:
    seen: list[tuple[int, int]] = []
    verdict = verify(Question(honest, keys=KEYS), lambda done, total: seen.append((done, total)))
    assert (verdict.ok, verdict.checked, verdict.checkpoint_size, verdict.complete) == (True, COUNT, COUNT, "proven")
    assert (verdict.exit_code, verdict.level, verdict.first_bad) == (ExitCode.OK, 2, None)
    assert "700" in verdict.zh
    assert "700" in verdict.en
    assert seen == [(256, 700), (512, 700), (700, 700)]


EDGES = [1, 2, 255, 256, 257, 512, 513, 600, 699, 700]


def harms(position: int) -> list[tuple[list[bytes], str, int]]:
    """Every kind of harm at a position: the entries it leaves, its name, and the first position that is wrong."""
    other = position + 90 if position < 600 else 5
    return [
        (changed(position), "changed", position),
        (without(position), "dropped", position),
        (with_one_more(position), "added", position),
        (exchanged(position, other), "swapped", min(position, other)),
    ]


@pytest.mark.parametrize("position", EDGES)
def test_every_harm_to_entries_is_located_and_named(log: Path, position: int) -> None:
    for entries, kind, first in harms(position):
        rewrite(log, entries)
        verdict = check(log)
        assert (verdict.ok, verdict.exit_code) == (False, ExitCode.FOUND_FALSE)
        assert (verdict.kind, verdict.first_bad, verdict.checked) == (kind, first, first - 1)
        assert str(first) in verdict.zh
        assert str(first) in verdict.en


@pytest.mark.parametrize("position", EDGES)
def test_harm_to_which_all_tiles_were_fitted_is_found_by_order_or_root(log: Path, position: int) -> None:
    for entries, kind, first in harms(position):
        rewrite(log, entries, rehash=True)
        verdict = check(log)
        assert (verdict.ok, verdict.exit_code) == (False, ExitCode.FOUND_FALSE)
        if kind == "changed":  # only the signed root is left to fail, and it cannot say where
            assert (verdict.kind, verdict.first_bad) == ("rewritten", 1)
        else:
            assert verdict.first_bad in ({first, COUNT + 1} if kind == "added" and position == COUNT else {first})


@given(st.integers(0, COUNT - 1), st.data())
def test_any_changed_byte_of_any_entry_is_found_at_its_position(honest: Path, index: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(EVENTS[index]) - 1))
    entry = bytearray(EVENTS[index])
    entry[at] ^= data.draw(st.integers(1, 255))
    name = tiles.TileName(None, index // 256, 256 if index < 512 else COUNT - 512)
    bundle = honest / name.path()
    before = bundle.read_bytes()
    entries = tiles.unpack_entries(before)
    entries[index % 256] = bytes(entry)
    bundle.write_bytes(tiles.pack_entries(entries))
    try:
        verdict = check(honest)
    finally:
        bundle.write_bytes(before)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, index + 1, "changed")
    assert verdict.checked == index


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("tile", "at", "first"),
    [
        ("tile/0/000", 0, 1), ("tile/0/001", 32 * 7, 264), ("tile/0/002.p/188", 32 * 187 + 31, 700),
        ("tile/1/000.p/2", 0, 1), ("tile/1/000.p/2", 33, 257),
    ],
)  # fmt: skip
def test_a_changed_tile_is_named_as_such(log: Path, tile: str, at: int, first: int) -> None:
    flip(log / tile, at)
    verdict = check(log)
    assert (verdict.ok, verdict.kind, verdict.first_bad) == (False, "tile_changed", first)
    assert tile in verdict.en


def test_a_bundle_with_surplus_bytes_or_a_cut_is_refused(log: Path) -> None:
    bundle = log / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-1])
    assert check(log).exit_code == ExitCode.UNUSABLE
    bundle.write_bytes(b"")
    assert (check(log).kind, check(log).first_bad) == ("dropped", 257)
    bundle.write_bytes(whole + tiles.pack_entries([b"more"]))
    assert (check(log).kind, check(log).first_bad) == ("added", 513)


def test_bundles_past_the_signed_end_are_refused(log: Path) -> None:
    (log / "tile/entries/003").write_bytes(tiles.pack_entries(EVENTS[:256]))
    assert (check(log).kind, check(log).first_bad) == ("added", 701)


@pytest.mark.parametrize(
    "missing", ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/188"]
)
def test_a_missing_file_makes_the_log_unusable(log: Path, missing: str) -> None:
    (log / missing).unlink()
    verdict = check(log)
    assert (verdict.ok, verdict.exit_code) == (False, ExitCode.UNUSABLE)
    assert missing in verdict.en


def test_an_empty_log_is_a_failure(tmp_path: Path) -> None:
    assert check(tmp_path).exit_code == ExitCode.UNUSABLE
    assert check(tmp_path / "nowhere").exit_code == ExitCode.UNUSABLE
    empty = checkpoint.sign(Checkpoint(a_ledger.ORIGIN, 0, EMPTY_ROOT), [a_ledger.KEY])
    tiles.export_log(tmp_path, signed=empty, verifier_keys=KEYS, entries=[])
    verdict = check(tmp_path)
    assert (verdict.ok, verdict.checked, verdict.exit_code) == (False, 0, ExitCode.UNUSABLE)


def test_a_log_signed_by_another_key_or_of_another_ledger_is_refused(log: Path) -> None:
    forger = SigningKey(a_ledger.ORIGIN, bytes(32))
    (log / "checkpoint").write_bytes(a_ledger.signed(EVENTS, forger))
    assert (check(log).kind, check(log).exit_code) == ("signature_false", ExitCode.FOUND_FALSE)
    (log / "verifier-key").write_text(f"{forger.verifier_key}\n")
    beside = verify(Question(log))
    assert beside.ok
    assert "not who signed" in beside.en
    assert not verify(Question(log, origin="elsewhere.example/x")).ok


@pytest.mark.parametrize(
    ("entry", "kind", "first"),
    [
        (a_ledger.stored(300, version=101), "version_gap", 300),
        (a_ledger.stored(300, stream="goal/new", version=2), "version_gap", 300),
        (a_ledger.stored(300, at=a_ledger.BEGIN), "time_backwards", 300),
        (a_ledger.stored(301), "dropped", 300),
        (a_ledger.stored(299), "added", 299),
        (b'{"stream":"x"}', "changed", 300),
        (EVENTS[299].replace(b"Z", b"+"), "changed", 300),
    ],
)
def test_a_log_that_was_signed_out_of_order_is_false(tmp_path: Path, entry: bytes, kind: str, first: int) -> None:
    verdict = check(a_ledger.export(tmp_path, [*EVENTS[:299], entry, *EVENTS[300:400]]))
    assert (verdict.ok, verdict.kind, verdict.first_bad, verdict.checked) == (False, kind, first, 299)


def test_time_may_stand_still_and_retired_streams_may_begin_anew(tmp_path: Path) -> None:
    moments = [a_ledger.BEGIN, a_ledger.BEGIN, a_ledger.BEGIN + timedelta(microseconds=1)]
    entries = [a_ledger.stored(at + 1, stream="s", version=at + 1, at=moment) for at, moment in enumerate(moments)]
    assert check(a_ledger.export(tmp_path, entries)).ok


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder of checkpoints that somebody kept."""
    folder = tmp_path / "kept"
    folder.mkdir()
    for size in (1, 255, 256, 300, 512, 650, 700):
        (folder / f"{size}").write_bytes(a_ledger.signed(EVENTS[:size]))
    return folder


def test_a_log_continues_every_earlier_checkpoint(log: Path, kept: Path) -> None:
    verdict = check(log, kept)
    assert (verdict.ok, verdict.level) == (True, 5)
    assert "7 earlier checkpoints" in verdict.en
    assert check(log, kept / "300").ok


def resign(folder: Path, entries: list[bytes]) -> None:
    """The log's own key signs another history: what only earlier checkpoints can show."""
    shutil.rmtree(folder)
    a_ledger.export(folder, entries)


@pytest.mark.parametrize(("position", "first"), [(1, 1), (256, 256), (257, 257), (299, 257), (640, 513)])
def test_a_history_that_was_rewritten_and_signed_anew_is_narrowed_down(
    log: Path, kept: Path, position: int, first: int
) -> None:
    resign(log, changed(position))
    assert check(log).ok
    verdict = check(log, kept)
    assert (verdict.ok, verdict.kind, verdict.first_bad) == (False, "rewritten", first)


def test_a_log_shorter_than_an_earlier_checkpoint_is_false(log: Path, kept: Path) -> None:
    resign(log, EVENTS[:600])
    verdict = check(log, kept)
    assert (verdict.ok, verdict.kind, verdict.exit_code) == (False, "inconsistent", ExitCode.FOUND_FALSE)


def spoil_signature(kept: Path) -> None:
    (kept / "300").write_bytes((kept / "300").read_bytes().replace(b"300", b"301"))


def spoil_key(kept: Path) -> None:
    (kept / "300").write_bytes(a_ledger.signed(EVENTS[:300], SigningKey(a_ledger.ORIGIN, bytes(32))))


def spoil_fork(kept: Path) -> None:
    (kept / "300b").write_bytes(a_ledger.signed(changed(7)[:300]))


@pytest.mark.parametrize("harm", [spoil_signature, spoil_key, spoil_fork])
def test_spoilt_and_forked_checkpoints_are_found(log: Path, kept: Path, harm: Callable[[Path], None]) -> None:
    harm(kept)
    assert check(log, kept).exit_code == ExitCode.FOUND_FALSE


def test_no_earlier_checkpoints_where_some_were_promised_is_unusable(log: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert check(log, tmp_path / "none").exit_code == ExitCode.UNUSABLE
    assert check(log, tmp_path / "nowhere").exit_code == ExitCode.UNUSABLE


def test_the_middle_levels_of_a_large_log_are_checked(tmp_path: Path) -> None:
    count = 65_536 + 300
    entries = [
        b'{"position":%d,"stream":"s","version":%d,"recorded_at":"2026-01-05T08:00:00.000000Z","x":1}' % (n, n)
        for n in range(1, count + 1)
    ]
    a_ledger.export(tmp_path, entries)
    assert check(tmp_path).ok
    for tile, first in (("tile/1/000", 256 * 3 + 1), ("tile/1/001.p/1", 65_537), ("tile/2/000.p/1", 1)):
        before = (tmp_path / tile).read_bytes()
        flip(tmp_path / tile, 32 * 3 if tile == "tile/1/000" else 0)
        assert (check(tmp_path).kind, check(tmp_path).first_bad) == ("tile_changed", first)
        (tmp_path / tile).write_bytes(before)
