"""Tiles (C2SP tlog-tiles): names of tiles and entry bundles, and a whole log as a folder that anyone can check.

A folder holds `checkpoint`, `verifier-key`, `tile/<level>/<number>` and `tile/entries/<number>`, once keys have changed
also `successions`, and can be served as it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .checkpoint import Checkpoint
from .faults import Malformed, RootFalse, Unusable
from .merkle import HASH_BYTES
from .note import VerifierKey
from .proofs import TILE_WIDTH, TreeTiles, root_at, tile_width
from .stand_in import Absent, entry_of, leaf_of
from .succession import Keyring, marshal, split

ENTRY_MAX_BYTES = 65_535
MAX_LEVEL = 63
CHECKPOINT_FILE = "checkpoint"
VERIFIER_KEY_FILE = "verifier-key"
SUCCESSIONS_FILE = "successions"
_TILE_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TileName:
    """One tile: its level (None for an entry bundle), its number in the level, and its width, 256 where it is full."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Path below the log's prefix, as in `tile/0/x001/x234/067.p/3`."""
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number_path(self.index)}{partial}"


def parse_path(path: str) -> TileName:
    """Read a path below the log's prefix strictly: one spelling for each tile."""
    match = _TILE_PATH.fullmatch(path)
    if match is None or len(match[2]) > 35:
        raise Malformed(zh="不是瓦片路径", en="not the path of a tile")
    level = None if match[1] == "entries" else int(match[1])
    name = TileName(level, int(re.sub(r"[x/]", "", match[2])), int(match[3] or TILE_WIDTH))
    if name.path() != path or (level or 0) > MAX_LEVEL or name.width > TILE_WIDTH:
        raise Malformed(zh="不是规范的瓦片路径", en="not the canonical path of a tile")
    return name


def _number_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def tile_names(size: int) -> Iterator[TileName]:
    """Every hash tile of a log of `size` leaves, level by level."""
    level = 0
    while size >> 8 * level:
        for index in range(-(-(size >> 8 * level) // TILE_WIDTH)):
            yield TileName(level, index, tile_width(level, index, size=size))
        level += 1


def bundle_names(size: int) -> Iterator[TileName]:
    """Every entry bundle of a log of `size` leaves."""
    for index in range(-(-size // TILE_WIDTH)):
        yield TileName(None, index, tile_width(0, index, size=size))


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry behind its length as 16 bits, big-endian; of a retired event the length 0 alone."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_MAX_BYTES:
            raise Malformed(zh="条目超过 65535 字节", en="an entry is longer than 65,535 bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; one that is cut short is refused."""
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end:
        stop = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > end or stop > end:
            raise Malformed(zh="条目包被截断", en="the entry bundle is cut short")
        entries.append(bundle[at + 2 : stop])
        at = stop
    return entries


def export_log(
    folder: Path,
    *,
    signed: bytes,
    verifier_keys: Sequence[VerifierKey],
    entries: Iterable[bytes | Absent],
    successions: Sequence[bytes] = (),
) -> Checkpoint:
    """Write the log up to the checkpoint in `signed` into `folder`: entries, tiles, key, and the checkpoint last.

    `entries` gives the stored bytes from position 1 on; those past the checkpoint are not taken, and a stand-in becomes
    an entry without bytes. Raises RootFalse
    when they do not give the signed root, and then leaves no checkpoint behind.
    """
    head = Keyring(verifier_keys, successions).verify(signed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    tree, stream = TreeTiles(), iter(entries)
    for name in bundle_names(head.size):
        bundle = list(islice(stream, name.width))
        _forget_narrower(folder, name)
        _write(folder / name.path(), pack_entries(map(entry_of, bundle)))
        for stored in bundle:
            tree.append(leaf_of(stored))
    if tree.size != head.size or root_at(head.size, tree) != head.root:
        raise RootFalse(zh="账本内容得不出签点的树根", en="what the ledger holds does not give the signed root")
    for name in tile_names(head.size):
        _write(folder / name.path(), tree.tile(name.level or 0, name.index, name.width))
    _write(folder / VERIFIER_KEY_FILE, "".join(f"{key}\n" for key in verifier_keys).encode())
    if successions:
        _write(folder / SUCCESSIONS_FILE, marshal(successions))
    _write(folder / CHECKPOINT_FILE, signed)
    return head


def _forget_narrower(folder: Path, name: TileName) -> None:
    """Take away what an earlier export has of a bundle: it may hold bytes that gave way since."""
    narrower = folder / f"{TileName(name.level, name.index).path()}.p"
    for path in narrower.iterdir() if narrower.is_dir() else ():
        path.unlink()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


class LogFolder:
    """An exported log; reads only what it is asked for. A file that cannot be read raises Unusable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def signed_checkpoint(self) -> bytes:
        """The checkpoint file's bytes, unchecked."""
        return read_file(self.folder / CHECKPOINT_FILE)

    def verifier_keys(self) -> list[VerifierKey]:
        """The keys that lie in the folder: they show that it is whole, not who made it."""
        return parse_keys(read_file(self.folder / VERIFIER_KEY_FILE))

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile, from the full tile where the partial one is gone."""
        return self._read(TileName(level, index, width))[: width * HASH_BYTES]

    def bundle(self, index: int, width: int) -> list[bytes]:
        """All entries that the file of a bundle holds, which may be more or fewer than `width`."""
        return unpack_entries(self._read(TileName(None, index, width)))

    def _read(self, name: TileName) -> bytes:
        path = self.folder / name.path()
        if name.width < TILE_WIDTH and not path.is_file():
            whole = self.folder / TileName(name.level, name.index).path()
            path = whole if whole.is_file() else path
        return read_file(path)


def parse_keys(data: bytes) -> list[VerifierKey]:
    """The verifier keys of a file, one in a line."""
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        raise Malformed(zh="公钥文件不是文本", en="the key file is not text") from None
    keys = [VerifierKey.parse(line) for line in lines if line]
    if not keys:
        raise Malformed(zh="公钥文件是空的", en="the key file is empty")
    return keys


def read_successions(folder: Path) -> list[bytes]:
    """The successions that lie in a folder, unchecked; none where there is no such file."""
    path = folder / SUCCESSIONS_FILE
    return split(read_file(path)) if path.exists() else []


def read_file(path: Path) -> bytes:
    """The bytes of a file; Unusable where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise Unusable(zh=f"无法读取 {path}：{reason}", en=f"cannot read {path}: {reason}") from error
