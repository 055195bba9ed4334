"""A second reader of exported logs, written from the tlog-tiles specification alone and sharing no code with the first.

It knows no streaming, no frontier and no tricks: it reads every file, rebuilds every level and compares.
"""

import base64
import hashlib
from pathlib import Path


def number(index: int) -> str:
    """`<N>`: groups of three digits, an x before each but the last."""
    groups: list[str] = []
    while True:
        groups.insert(0, f"{index % 1000:03d}")
        index //= 1000
        if index == 0:
            break
    return "/".join(["x" + group for group in groups[:-1]] + [groups[-1]])


def file_of(folder: Path, level: str, index: int, width: int) -> Path:
    name = number(index) + (f".p/{width}" if width != 256 else "")
    return folder / "tile" / level / name


def entries_of(folder: Path, size: int) -> list[bytes]:
    found: list[bytes] = []
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        data = file_of(folder, "entries", index, width).read_bytes()
        count = 0
        while data:
            length = data[0] * 256 + data[1]
            assert len(data) >= 2 + length, "bundle cut short"
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
            count += 1
        assert count == width, f"bundle {index} has {count} entries, not {width}"
    return found


def mth(hashes: list[bytes]) -> bytes:
    """Merkle Tree Hash over leaf hashes, by the recursive definition of RFC 6962 §2.1."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def read(folder: Path) -> tuple[str, int, list[bytes]]:
    """Origin, size and entries of a log whose every tile and root fits; AssertionError where one does not."""
    text = (folder / "checkpoint").read_text("utf-8").rsplit("\n\n", 1)[0]
    origin, size_text, root = text.split("\n")
    size = int(size_text)
    entries = entries_of(folder, size)
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    level, row = 0, leaves
    while row:
        for start in range(0, len(row), 256):
            expected = row[start : start + 256]
            data = file_of(folder, str(level), start // 256, len(expected)).read_bytes()
            assert data == b"".join(expected), f"tile {level}/{start // 256}"
        row = [mth(row[start : start + 256]) for start in range(0, len(row) - 255, 256)]
        level += 1
    assert mth(leaves) == base64.b64decode(root), "root"
    return origin, size, entries
