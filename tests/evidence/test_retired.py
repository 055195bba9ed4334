"""Events whose bytes gave way to their leaf hash: everything still verifies, and only what is on record may be gone."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import proofs, tiles
from ledger.evidence.checkpoint import read_unverified
from ledger.evidence.merkle import leaf_hash, verify_consistency, verify_inclusion
from ledger.evidence.signer import Signer
from ledger.evidence.stand_in import entry_of, leaf_of, stands_for
from ledger.evidence.verdict import Verdict
from ledger.evidence.verify import Question, verify
from ledger.evidence.verify_ledger import Trust, verify_ledger
from tests.evidence import a_ledger, second_reader

COUNT = 600
GONE = [*range(3, COUNT + 1, 3)]  # a whole stream, as events are retired
EVENTS = [*a_ledger.events(COUNT), a_ledger.on_record(COUNT + 1, GONE)]
KEPT = a_ledger.retired(EVENTS, GONE)
KEYS = (a_ledger.KEY.verifier_key,)
TRUST = Trust(KEYS, a_ledger.ORIGIN, a_ledger.ATTEST_KEY)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_ledger.export(tmp_path_factory.mktemp("log"), KEPT)


def live(entries: Sequence[bytes], signed: Sequence[bytes] = ()) -> Verdict:
    return verify_ledger(a_ledger.rows(entries), head=a_ledger.head(EVENTS), signed=signed, trust=TRUST)


def test_a_live_ledger_says_how_many_were_withheld():
    earlier = [a_ledger.signed(EVENTS[:size]) for size in (1, 100, 256, 300, COUNT + 1)]  # signed before they were gone
    verdict = live(KEPT, earlier)
    assert (verdict.ok, verdict.checked, verdict.withheld) == (True, COUNT + 1, len(GONE))
    assert f"of {len(GONE)} whose bytes were retired" in verdict.en
    assert verdict.complete == "not proven"  # whose they were nobody can tell


def test_bytes_that_are_gone_without_a_record_are_found():
    verdict = live(a_ledger.retired(EVENTS, [*GONE, 301]))
    assert (verdict.ok, verdict.kind, verdict.first_bad) == (False, "withheld_unrecorded", 301)


def test_a_record_does_not_cover_what_comes_after_it():
    entries = [a_ledger.on_record(1, [2]), *a_ledger.events(3)[1:]]
    rows = a_ledger.rows(a_ledger.retired(entries, [2]))
    assert verify_ledger(rows, head=a_ledger.head(entries)).kind == "withheld_unrecorded"


@pytest.mark.parametrize(
    ("name", "value"),
    [("stream", "goal/g-other"), ("version", 9), ("actor", "person/p-1"), ("subjects", ["person/p-1"])],
)
def test_a_stand_in_that_says_more_is_found(name: str, value: object):
    rows = a_ledger.rows(KEPT)
    rows[2] = rows[2]._replace(columns={**rows[2].columns, name: value})
    verdict = verify_ledger(rows, head=a_ledger.head(EVENTS))
    assert (verdict.kind, verdict.first_bad) == ("column_changed", 3)


def test_a_stand_in_of_another_leaf_is_found():
    rows = a_ledger.rows(KEPT)
    rows[2] = rows[2]._replace(stored=a_ledger.stand_in(EVENTS[3]))
    assert verify_ledger(rows, head=a_ledger.head(EVENTS)).first_bad == 3


def test_a_stand_in_that_no_column_calls_one_is_a_changed_event():
    rows = a_ledger.rows(KEPT)
    rows[2] = rows[2]._replace(retired_by=None)
    verdict = verify_ledger(rows, head=a_ledger.head(EVENTS))
    assert (verdict.kind, verdict.first_bad) == ("changed", 3)


def test_an_export_holds_no_byte_of_them_and_verifies(exported: Path):
    held = tiles.LogFolder(exported).bundle(0, 256)
    assert [at for at, entry in enumerate(held, 1) if not entry] == [at for at in GONE if at <= 256]
    verdict = verify(Question(exported, keys=KEYS))
    assert (verdict.ok, verdict.checked, verdict.withheld) == (True, COUNT + 1, len(GONE))
    assert (exported / "checkpoint").read_bytes() == a_ledger.signed(EVENTS)


def test_a_second_reader_that_shares_no_code_reads_the_same(exported: Path):
    origin, size, entries = second_reader.read(exported)
    assert (origin, size) == (a_ledger.ORIGIN, COUNT + 1)
    assert entries == [entry_of(stored) for stored in KEPT]


def test_an_export_continues_checkpoints_from_before(exported: Path, tmp_path: Path):
    for size in (1, 255, 256, 257, 600):
        (tmp_path / str(size)).write_bytes(a_ledger.signed(EVENTS[:size]))
    verdict = verify(Question(exported, keys=KEYS, earlier=tmp_path))
    assert (verdict.ok, verdict.level) == (True, 5)


@pytest.mark.parametrize(
    ("position", "kind"), [(2, "version_gap"), (598, "withheld_unrecorded"), (599, "withheld_unrecorded")]
)
def test_an_entry_emptied_without_a_record_is_found(exported: Path, tmp_path: Path, position: int, kind: str):
    folder = Path(shutil.copytree(exported, tmp_path / "log"))
    log, index = tiles.LogFolder(folder), (position - 1) // 256
    width = proofs.tile_width(0, index, size=COUNT + 1)
    entries = log.bundle(index, width)
    entries[(position - 1) % 256] = b""
    (folder / tiles.TileName(None, index, width).path()).write_bytes(tiles.pack_entries(entries))
    verdict = verify(Question(folder, keys=KEYS))
    assert (verdict.ok, verdict.kind) == (False, kind)


def test_a_changed_leaf_of_an_absent_entry_is_found(exported: Path, tmp_path: Path):
    folder = Path(shutil.copytree(exported, tmp_path / "log"))
    path = folder / tiles.TileName(0, 0).path()
    tile = bytearray(path.read_bytes())
    tile[2 * 32] ^= 1
    path.write_bytes(tile)
    verdict = verify(Question(folder, keys=KEYS))
    assert not verdict.ok


def test_an_export_that_is_brought_up_to_date_keeps_no_byte_of_them(tmp_path: Path):
    a_ledger.export(tmp_path, EVENTS[:200])
    a_ledger.export(tmp_path, KEPT)
    held = b"".join(path.read_bytes() for path in (tmp_path / "tile" / "entries").rglob("*") if path.is_file())
    assert EVENTS[2] not in held
    assert EVENTS[0] in held


@given(st.sets(st.integers(1, 40)), st.integers(1, 40), st.integers(1, 41))
def test_every_proof_between_published_checkpoints_still_holds(gone: set[int], old: int, new: int):
    old, new = min(old, new), max(old, new)
    entries = [*a_ledger.events(40), a_ledger.on_record(41, sorted(gone))]
    before = [read_unverified(a_ledger.signed(entries[:size])) for size in (old, new)]
    tree = proofs.TreeTiles(map(leaf_of, a_ledger.retired(entries, sorted(gone))))
    path = proofs.consistency_path(old, new, tree)
    verify_consistency(before[0].root, before[1].root, path, old_size=old, new_size=new)
    for index in range(new):
        proof = proofs.inclusion_path(index, new, tree)
        verify_inclusion(leaf_hash(entries[index]), proof, before[1].root, index=index, size=new)


def test_a_signer_takes_up_a_restored_ledger_with_retired_events(tmp_path: Path):
    signer = Signer(tmp_path / "signer", a_ledger.ORIGIN)
    for size in (300, 601):
        head = a_ledger.head(EVENTS[:size])
        root = read_unverified(a_ledger.signed(EVENTS[:size])).root
        signer.sign(EVENTS[signer.size : size], head.attestation, first=signer.size, size=size, root=root)
    handed = signer.begin_anew(KEPT[:400], kept=400, lost=signer.last_head())
    assert handed.size == 400


def test_a_signer_signs_what_gave_way_before_it_was_signed(tmp_path: Path):
    """As a refused attempt may in the control log: its leaf is the one that the writer attested."""
    signer = Signer(tmp_path / "signer", a_ledger.ORIGIN)
    for entries in (EVENTS[:100], KEPT):
        whole = EVENTS[: len(entries)]
        root, first = read_unverified(a_ledger.signed(whole)).root, signer.size
        word = a_ledger.head(whole).attestation
        signer.sign(entries[first:], word, first=first, size=len(entries), root=root)
    assert signer.last_head().root == read_unverified(a_ledger.signed(EVENTS)).root


def test_no_event_of_a_writer_is_taken_for_a_stand_in():
    assert all(stands_for(entry) is None for entry in EVENTS)
    odd = EVENTS[0].replace(b"goals.GoalAssigned", b"privacy.EventRetired")
    assert (stands_for(odd), leaf_of(odd)) == (None, leaf_hash(odd))
