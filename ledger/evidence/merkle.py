"""Merkle tree of RFC 9162 §2.1 over SHA-256: hashes, the growing frontier, and the checking of proofs.

A hash is 32 bytes; an index counts leaves from 0; a size counts leaves. Every check raises on failure.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from .faults import Malformed, ProofFalse

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hashes of many leaves: the fast path for whole bundles."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def complete_root(row: bytes) -> bytes:
    """Root over 2^k concatenated hashes, `row`: the fast path for whole tiles."""
    while len(row) > HASH_BYTES:
        row = b"".join([sha256(b"\x01" + row[at : at + 64]).digest() for at in range(0, len(row), 64)])
    return row


class Frontier:
    """The roots of the complete subtrees that a tree of `size` leaves falls into, largest first.

    It is all that appending needs; the root follows from it. Serialised it is the concatenated hashes.
    """

    __slots__ = ("_stack", "size")

    def __init__(self, size: int = 0, stack: Iterable[bytes] = ()) -> None:
        self.size = size
        self._stack = list(stack)
        if size < 0 or len(self._stack) != size.bit_count() or any(len(h) != HASH_BYTES for h in self._stack):
            raise Malformed(
                zh=f"大小为 {size} 的树的前沿应有 {max(size, 0).bit_count()} 个 32 字节哈希",
                en=f"the frontier of a tree of size {size} needs {max(size, 0).bit_count()} hashes of 32 bytes",
            )

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """Read the serialised form of a tree of `size` leaves."""
        return cls(size, [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """Concatenated 32-byte hashes, largest subtree first."""
        return b"".join(self._stack)

    def copy(self) -> "Frontier":
        """An independent frontier at the same size."""
        return Frontier(self.size, self._stack)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        stack, carry, hash_ = self._stack, self.size, leaf
        while carry & 1:
            hash_ = sha256(b"\x01" + stack.pop() + hash_).digest()
            carry >>= 1
        stack.append(hash_)
        self.size += 1

    def append_complete(self, root: bytes, *, height: int) -> None:
        """Add a complete subtree of 2^height leaves by its root; the size must be a multiple of 2^height."""
        if self.size % (1 << height):
            raise Malformed(
                zh="完整子树只能接在对齐的位置", en="a complete subtree must start at a multiple of its size"
            )
        carry = self.size >> height
        while carry & 1:
            root = node_hash(self._stack.pop(), root)
            carry >>= 1
        self._stack.append(root)
        self.size += 1 << height

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Root of the tree (RFC 9162 §2.1.1); of an empty tree the hash of nothing."""
        if not self._stack:
            return EMPTY_ROOT
        root = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            root = node_hash(left, root)
        return root


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_path_length(*, index: int, size: int) -> int:
    """How many hashes the inclusion path of `index` in a tree of `size` leaves must have."""
    shared = (index ^ (size - 1)).bit_length()
    return shared + (index >> shared).bit_count()


def verify_inclusion(leaf: bytes, path: Sequence[bytes], root: bytes, *, index: int, size: int) -> None:
    """Check that the leaf hash stands at `index` of the tree with `root` and `size` (RFC 9162 §2.1.3.2).

    Raises ProofFalse for a wrong leaf, root, index, size, or a path of the wrong length.
    """
    if not 0 <= index < size:
        raise ProofFalse(
            zh=f"序号 {index} 不在大小为 {size} 的树内", en=f"index {index} is outside a tree of size {size}"
        )
    _require_hashes(leaf, root, *path)
    expected = inclusion_path_length(index=index, size=size)
    if len(path) != expected:
        raise ProofFalse(
            zh=f"包含证明应有 {expected} 个哈希，实有 {len(path)} 个",
            en=f"the inclusion proof must have {expected} hashes and has {len(path)}",
        )
    here, last, hash_ = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofFalse(zh="包含证明超出树根", en="the inclusion proof goes past the root")
        if here & 1 or here == last:
            hash_ = node_hash(sibling, hash_)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            hash_ = node_hash(hash_, sibling)
        here, last = here >> 1, last >> 1
    if last != 0 or hash_ != root:
        raise ProofFalse(zh="包含证明得不出该树根", en="the inclusion proof does not lead to the root")


def verify_consistency(
    old_root: bytes, new_root: bytes, path: Sequence[bytes], *, old_size: int, new_size: int
) -> None:
    """Check that the tree of `new_size` begins with the tree of `old_size` (RFC 9162 §2.1.4.2).

    Raises ProofFalse; a proof from size 0 is refused because it says nothing.
    """
    if not 0 < old_size <= new_size:
        raise ProofFalse(
            zh=f"无法证明从大小 {old_size} 到 {new_size} 的一致性",
            en=f"there is no consistency proof from size {old_size} to {new_size}",
        )
    verify_subtree_consistency(old_root, new_root, path, start=0, end=old_size, size=new_size)


def require_subtree(*, start: int, end: int) -> None:
    """Refuse a range that is no subtree: `start` must be a multiple of the power of two that covers the range."""
    if not 0 <= start < end or start % (1 << (end - start - 1).bit_length()):
        raise ProofFalse(zh=f"[{start}, {end}) 不是子树", en=f"[{start}, {end}) is not a subtree")


def verify_subtree_inclusion(
    leaf: bytes, path: Sequence[bytes], subtree_root: bytes, *, index: int, start: int, end: int
) -> None:
    """Check that the leaf hash stands at `index` within the subtree [start, end) (IETF plants draft)."""
    require_subtree(start=start, end=end)
    verify_inclusion(leaf, path, subtree_root, index=index - start, size=end - start)


def verify_subtree_consistency(
    subtree_root: bytes, root: bytes, path: Sequence[bytes], *, start: int, end: int, size: int
) -> None:
    """Check that the subtree [start, end) is part of the tree of `size` leaves (IETF plants draft).

    An empty range is true of every tree and has the empty root and no path.
    """
    if start == end and 0 <= start <= size and not path and subtree_root == EMPTY_ROOT:
        return
    require_subtree(start=start, end=end)
    if end > size:
        raise ProofFalse(
            zh=f"子树末端 {end} 超过树的大小 {size}", en=f"the subtree ends at {end}, past the size {size}"
        )
    _require_hashes(subtree_root, root, *path)
    first, last, tree_last = _meeting_level(start, end - 1, size - 1)
    if first == last:
        old = new = subtree_root
    else:
        old = new = _first_of(path)
        path = path[1:]
    for sibling in path:
        if tree_last == 0:
            raise ProofFalse(zh="一致性证明超出树根", en="the consistency proof goes past the root")
        if last & 1 or last == tree_last:
            old = node_hash(sibling, old) if first < last else old
            new = node_hash(sibling, new)
            while last and not last & 1:
                first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
        else:
            new = node_hash(new, sibling)
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    if tree_last != 0 or old != subtree_root or new != root:
        raise ProofFalse(zh="一致性证明得不出这两个树根", en="the consistency proof does not lead to both roots")


def _meeting_level(first: int, last: int, tree_last: int) -> tuple[int, int, int]:
    """Climb from the leaves to where the proof begins: the last node of the subtree that is complete in the tree."""
    reaches_end = last == tree_last
    while first != last and (reaches_end or last & 1):
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    return first, last, tree_last


def _first_of(path: Sequence[bytes]) -> bytes:
    if not path:
        raise ProofFalse(zh="一致性证明是空的", en="the consistency proof is empty")
    return path[0]


def _require_hashes(*hashes: bytes) -> None:
    if any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise ProofFalse(zh="哈希必须是 32 字节", en="a hash must have 32 bytes")
