"""Tiles: names, bundles and exported folders, read back by a second reader that shares no code with the first."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import tiles
from ledger.evidence.faults import Malformed, RootFalse, SignatureFalse, Unusable
from ledger.evidence.note import SigningKey
from ledger.evidence.proofs import tile_width
from ledger.evidence.tiles import LogFolder, TileName
from tests.evidence import a_ledger, second_reader


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 999, 3), "tile/0/999.p/3"),
        (TileName(1, 1000), "tile/1/x001/000"),
        (TileName(None, 1_234_067), "tile/entries/x001/x234/067"),
        (TileName(63, 1_234_067, 255), "tile/63/x001/x234/067.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(name: TileName, path: str) -> None:
    assert name.path() == path
    assert tiles.parse_path(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0", "tile/0/0", "tile/0/0000", "tile/0/001/000", "tile/0/x000/001", "tile/0/x001/x000",
        "tile/00/000",
        "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/-1/000",
        "tile/0/../000", "/tile/0/000", "tile/0/000/", "tile/entries/٠٠٠", "tile/data/000",
        "tile/0/" + "x001/" * 20 + "000",
        "tile/0/000\n",
    ],
)  # fmt: skip
def test_other_spellings_of_a_path_are_refused(path: str) -> None:
    with pytest.raises(Malformed):
        tiles.parse_path(path)


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**12), st.integers(1, 256))
def test_every_name_comes_back_from_its_path(level: int | None, index: int, width: int) -> None:
    name = TileName(level, index, width)
    assert tiles.parse_path(name.path()) == name
    assert name.path().split(".p/")[0].endswith(second_reader.number(index))


def test_widths_are_those_of_the_specification() -> None:
    names = list(tiles.tile_names(70_000))
    assert [sum(name.level == level for name in names) for level in range(4)] == [274, 2, 1, 0]
    assert [name.width for name in names if name.width < 256] == [112, 17, 1]
    assert [(name.level, name.width) for name in tiles.tile_names(256)] == [(0, 256), (1, 1)]
    assert list(tiles.tile_names(0)) == list(tiles.bundle_names(0)) == []
    assert tile_width(0, 274, size=70_000) == 0


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_come_back_as_their_entries(entries: list[bytes]) -> None:
    assert tiles.unpack_entries(tiles.pack_entries(entries)) == entries


def test_entries_that_do_not_fit_and_bundles_cut_short_are_refused() -> None:
    assert tiles.unpack_entries(tiles.pack_entries([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(Malformed):
        tiles.pack_entries([bytes(65_536)])
    bundle = tiles.pack_entries([b"abc", b"de"])
    for cut in (1, 2, 4, 6, 8):
        with pytest.raises(Malformed):
            tiles.unpack_entries(bundle[:cut])


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 700])
def test_an_export_is_read_back_by_the_second_reader(tmp_path: Path, count: int) -> None:
    entries = a_ledger.events(count)
    folder = a_ledger.export(tmp_path, entries)
    assert second_reader.read(folder) == (a_ledger.ORIGIN, count, entries)


def test_an_export_of_three_levels_is_read_back(tmp_path: Path) -> None:
    entries = [b"%d" % number for number in range(65_536 + 300)]
    a_ledger.export(tmp_path, entries)
    assert second_reader.read(tmp_path)[2] == entries
    assert (tmp_path / "tile/2/000.p/1").stat().st_size == 32


def test_an_export_takes_what_lies_under_the_checkpoint_and_no_more(tmp_path: Path) -> None:
    entries = a_ledger.events(300)
    tiles.export_log(
        tmp_path,
        signed=a_ledger.signed(entries[:270]),
        verifier_keys=[a_ledger.KEY.verifier_key],
        entries=iter(entries),
    )
    assert second_reader.read(tmp_path)[2] == entries[:270]


def test_an_export_that_does_not_give_the_signed_root_leaves_no_checkpoint(tmp_path: Path) -> None:
    entries = a_ledger.events(300)
    a_ledger.export(tmp_path, entries)
    keys = [a_ledger.KEY.verifier_key]
    for wrong in (entries[:-1], [*entries[:-1], b"other"]):
        with pytest.raises(RootFalse):
            tiles.export_log(tmp_path, signed=a_ledger.signed(entries), verifier_keys=keys, entries=wrong)
        assert not (tmp_path / "checkpoint").exists()
    other = [SigningKey(a_ledger.ORIGIN, bytes(32)).verifier_key]
    with pytest.raises(SignatureFalse):
        tiles.export_log(tmp_path, signed=a_ledger.signed(entries), verifier_keys=other, entries=entries)


def test_a_full_tile_serves_where_its_partial_one_is_gone(tmp_path: Path) -> None:
    a_ledger.export(tmp_path, a_ledger.events(256))
    log = LogFolder(tmp_path)
    assert log.tile(0, 0, 100) == log.tile(0, 0, 256)[:3200]
    with pytest.raises(Unusable):
        log.tile(0, 1, 5)
    assert log.verifier_keys() == [a_ledger.KEY.verifier_key]


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff", b"not a key\n"])
def test_a_key_file_without_a_key_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        tiles.parse_keys(data)
