"""The definitions of RFC 9162 §2.1 written down recursively: slow, obvious, the model everything is held against."""

from collections.abc import Sequence
from hashlib import sha256


def split(size: int) -> int:
    """Largest power of two smaller than `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root(entries: Sequence[bytes]) -> bytes:
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    middle = split(len(entries))
    return sha256(b"\1" + root(entries[:middle]) + root(entries[middle:])).digest()


def inclusion(index: int, entries: Sequence[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    middle = split(len(entries))
    if index < middle:
        return [*inclusion(index, entries[:middle]), root(entries[middle:])]
    return [*inclusion(index - middle, entries[middle:]), root(entries[:middle])]


def subtree_consistency(start: int, end: int, entries: Sequence[bytes], known: bool = True) -> list[bytes]:
    """SUBTREE_SUBPROOF of the plants draft; with start = 0 it is SUBPROOF of RFC 9162."""
    if (start, end) == (0, len(entries)):
        return [] if known else [root(entries)]
    middle = split(len(entries))
    left, right = entries[:middle], entries[middle:]
    if end <= middle:
        return [*subtree_consistency(start, end, left, known), root(right)]
    if middle <= start:
        return [*subtree_consistency(start - middle, end - middle, right, known), root(left)]
    assert start == 0
    return [*subtree_consistency(0, end - middle, right, False), root(left)]
