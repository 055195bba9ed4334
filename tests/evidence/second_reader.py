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
    leaves = [hashlib.sha256(b"\x00" + entry).digest() if entry else None for entry in entries]
    for at, leaf in enumerate(leaves):
        if leaf is None:  # an event whose bytes were retired: the tile alone has its leaf hash, and the root vouches
            whole = file_of(folder, "0", at // 256, min(256, size - at // 256 * 256)).read_bytes()
            leaves[at] = whole[at % 256 * 32 : at % 256 * 32 + 32]
    level, row = 0, [leaf for leaf in leaves if leaf is not None]
    while row:
        for start in range(0, len(row), 256):
            expected = row[start : start + 256]
            data = file_of(folder, str(level), start // 256, len(expected)).read_bytes()
            assert data == b"".join(expected), f"tile {level}/{start // 256}"
        row = [mth(row[start : start + 256]) for start in range(0, len(row) - 255, 256)]
        level += 1
    assert mth([leaf for leaf in leaves if leaf is not None]) == base64.b64decode(root), "root"
    return origin, size, entries


def range_hash(folder: Path, size: int, start: int, end: int) -> bytes:
    """MTH(D[start:end]) from the tiles alone: a range that is a power of two and aligned stands in some tile."""
    width = end - start
    if width & (width - 1):
        k = 1 << ((width - 1).bit_length() - 1)
        left, right = range_hash(folder, size, start, start + k), range_hash(folder, size, start + k, end)
        return hashlib.sha256(b"\x01" + left + right).digest()
    level = (width.bit_length() - 1) // 8
    first, last = start // 256**level, end // 256**level
    held = min(256, size // 256**level - first // 256 * 256)
    data = file_of(folder, str(level), first // 256, held).read_bytes()
    return mth([data[32 * (n % 256) : 32 * (n % 256) + 32] for n in range(first, last)])


def subproof(folder: Path, size: int, m: int, start: int, end: int, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b) of RFC 6962 §2.1.2, literally."""
    n = end - start
    if m == n:
        return [] if whole else [range_hash(folder, size, start, end)]
    k = 1 << ((n - 1).bit_length() - 1)
    if m <= k:
        return [*subproof(folder, size, m, start, start + k, whole), range_hash(folder, size, start + k, end)]
    return [*subproof(folder, size, m - k, start + k, end, False), range_hash(folder, size, start, start + k)]


def consistency(folder: Path, size: int, m: int, n: int) -> list[bytes]:
    """PROOF(m, D[n]) of a log whose folder holds `size` entries; n is `size`, or smaller and read from fuller tiles."""
    return subproof(folder, size, m, 0, n, True)


def same_beginning(old: bytes, new: bytes, proof: list[bytes], m: int, n: int) -> bool:
    """Whether a consistency proof leads to both roots, rebuilt by walking the definition backwards."""
    path = list(proof)

    def rebuilt(m: int, n: int, whole: bool) -> tuple[bytes, bytes]:
        if m == n:
            found = old if whole else path.pop(0)
            return found, found
        k = 1 << ((n - 1).bit_length() - 1)
        if m <= k:
            first, second = rebuilt(m, k, whole)
            return first, hashlib.sha256(b"\x01" + second + path.pop(0)).digest()
        first, second = rebuilt(m - k, n - k, False)
        left = path.pop(0)
        return tuple(hashlib.sha256(b"\x01" + left + side).digest() for side in (first, second))  # type: ignore[return-value]  # two of them

    try:
        return rebuilt(m, n, True) == (old, new) and not path
    except IndexError:
        return False
