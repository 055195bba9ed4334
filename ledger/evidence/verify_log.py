"""Checking a whole exported log: every leaf from its entry, every tile, the root, the order, earlier checkpoints."""

from collections import deque
from collections.abc import Sequence
from itertools import zip_longest

from .checkpoint import Checkpoint
from .faults import EvidenceError, Inconsistent, LogFalse, Unusable
from .merkle import HASH_BYTES, Frontier, complete_root, leaf_hash, leaf_hashes, verify_inclusion
from .order import Order, claimed_position, misplaced
from .proofs import TILE_HEIGHT, TILE_WIDTH, inclusion_path, tile_width
from .stand_in import Withheld, leaves_of
from .tiles import LogFolder, TileName, bundle_names
from .verdict import Progress


class Continuity:
    """Earlier checkpoints, each compared with the root that the tree has when it passes their size."""

    def __init__(self, earlier: Sequence[Checkpoint], head: Checkpoint | None) -> None:
        self._waiting = deque(sorted(earlier, key=lambda one: one.size))
        self.proven_size = 0
        last = self._waiting[-1] if self._waiting else None
        if head is not None and last is not None and last.size > head.size:
            raise Inconsistent(
                zh=f"先前的签点有 {last.size} 个事件，现在只有 {head.size} 个",
                en=f"an earlier checkpoint has {last.size} events and this log only {head.size}",
            )

    def due(self, size: int) -> bool:
        """Whether a checkpoint at `size` or below waits to be compared."""
        return bool(self._waiting) and self._waiting[0].size <= size

    def compare(self, frontier: Frontier, leaves: Sequence[bytes]) -> None:
        """Compare every checkpoint that falls within the `leaves` which are about to follow `frontier`."""
        tree, at = frontier.copy(), 0
        while self.due(frontier.size + len(leaves)):
            signed = self._waiting[0]
            tree.extend(leaves[at : signed.size - frontier.size])
            at = signed.size - frontier.size
            if tree.root() != signed.root:
                raise self._differs(signed)
            self.proven_size = signed.size
            self._waiting.popleft()

    def require_done(self) -> None:
        """Refuse an end before the largest checkpoint was compared: then nothing was proven."""
        if self._waiting:
            raise _dropped(self._waiting[-1].size)

    def _differs(self, signed: Checkpoint) -> LogFalse:
        first, size = self.proven_size + 1, signed.size
        if any(other.size == size and other.root != signed.root for other in self._waiting):
            return LogFalse(
                "forked",
                first,
                zh=f"大小 {size} 签过两个不同的树根：改动在位置 {first} 到 {size} 之间",
                en=f"two different roots were signed at size {size}: a change lies in {first}–{size}",
            )
        return LogFalse(
            "rewritten",
            first,
            zh=f"大小 {size} 的树根与签点不同：改动在位置 {first} 到 {size} 之间",
            en=f"the root at size {size} is not the signed one: a change lies in {first}–{size}",
        )


class LogCheck:
    """One pass over an exported log; `checked` counts the events found good so far."""

    def __init__(self, log: LogFolder, head: Checkpoint, earlier: Sequence[Checkpoint] = ()) -> None:
        if head.size == 0:
            raise Unusable(zh="账本是空的，没有可查的内容", en="the log is empty: there is nothing to check")
        self._log, self._head = log, head
        self._continuity = Continuity([*earlier, head], head)
        self._frontier, self._order, self._withheld = Frontier(), Order(), Withheld()
        self._rows: list[list[bytes]] = []  # roots of full tiles by level − 1, waiting for their own tile to fill

    @property
    def checked(self) -> int:
        """How many events were found good."""
        return self._order.position

    @property
    def withheld(self) -> int:
        """Of how many events only the leaf hash is there, because their bytes were retired."""
        return self._withheld.count

    def run(self, progress: Progress | None = None) -> None:
        """Check everything up to the head; LogFalse names the first position that fails."""
        for name in bundle_names(self._head.size):
            self._check_bundle(name)
            if progress is not None:
                progress(self._frontier.size, self._head.size)
        self._check_partial_tiles()
        self._refuse_surplus()
        self._continuity.require_done()
        self._withheld.require_on_record()

    def _check_bundle(self, name: TileName) -> None:
        entries = self._log.bundle(name.index, name.width)
        tile = self._log.tile(0, name.index, name.width)
        leaves = leaf_hashes(entries) if all(entries) else leaves_of(entries, tile)
        row = b"".join(leaves)
        if row != tile or len(leaves) != name.width:
            self._check_order_before(entries, leaves, tile)
            raise Difference(self._log, self._head, name, entries, tile).fault()
        self._take(entries)
        if self._continuity.due(self._frontier.size + name.width):
            self._continuity.compare(self._frontier, leaves)
        if name.width == TILE_WIDTH:
            root = complete_root(row)
            self._frontier.append_complete(root, height=TILE_HEIGHT)
            self._complete(1, name.index, root)
        else:
            self._frontier.extend(leaves)

    def _check_order_before(self, entries: list[bytes], leaves: list[bytes], tile: bytes) -> None:
        """Count what is good before the difference; a fault there comes first."""
        self._take(entries[: _first_difference(leaves, tile)])

    def _take(self, entries: list[bytes]) -> None:
        """Follow the order of events, and which of them were retired."""
        first = self._order.position + 1
        self._order.extend(entries)
        if not all(entries):
            for position, entry in enumerate(entries, first):
                if not entry:
                    self._withheld.skip(position)
        self._withheld.take(entries)

    def _complete(self, level: int, index: int, root: bytes) -> None:
        """Take the root of a full tile as the next hash of the level above, and check the tile that it fills."""
        if len(self._rows) < level:
            self._rows.append([])
        row = self._rows[level - 1]
        row.append(root)
        if len(row) == TILE_WIDTH:
            whole = b"".join(row)
            self._compare_tile(level, index // TILE_WIDTH, whole)
            row.clear()
            self._complete(level + 1, index // TILE_WIDTH, complete_root(whole))

    def _check_partial_tiles(self) -> None:
        for level, row in enumerate(self._rows, 1):
            if row:
                self._compare_tile(level, (self._head.size >> TILE_HEIGHT * level) // TILE_WIDTH, b"".join(row))

    def _compare_tile(self, level: int, index: int, expected: bytes) -> None:
        tile = self._log.tile(level, index, len(expected) // HASH_BYTES)
        if tile != expected:
            at = next(at for at in range(0, len(expected), HASH_BYTES) if tile[at : at + 32] != expected[at : at + 32])
            start = (index * TILE_WIDTH + at // HASH_BYTES << TILE_HEIGHT * level) + 1
            raise _tile_changed(TileName(level, index, len(expected) // HASH_BYTES), start)

    def _refuse_surplus(self) -> None:
        """A bundle past the signed end is no part of the log."""
        whole, rest = divmod(self._head.size, TILE_WIDTH)
        beyond = TileName(None, whole + (rest > 0))
        if (self._log.folder / beyond.path()).exists():
            raise _added(self._head.size + 1)


class Difference:
    """A bundle whose leaves are not the hashes of its tile: finds which of the two is false, where, and how."""

    def __init__(self, log: LogFolder, head: Checkpoint, name: TileName, entries: list[bytes], tile: bytes) -> None:
        self._log, self._head, self._name, self._entries = log, head, name, entries
        self._leaves = leaves_of(entries, tile)
        self._tile = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
        self._at = _first_difference(self._leaves, tile)
        self._position = name.index * TILE_WIDTH + self._at + 1

    def fault(self) -> LogFalse:
        """The fault at the first position that differs."""
        if len(self._leaves) == self._name.width and self._signed(self._leaves):
            return _tile_changed(TileName(0, self._name.index, self._name.width), self._position)
        here = self._leaves[self._at] if self._at < len(self._leaves) else None
        expected = [*self._tile, *self._next_hash()][self._at :]
        if here is None or here in expected[1:2]:
            return _dropped(self._position)
        if self._at >= self._name.width or expected[0] == self._following_leaf():
            return _added(self._position)
        return self._swapped() or _changed(self._position)

    def _following_leaf(self) -> bytes | None:
        """Hash of the entry behind this one, which may stand in the next bundle."""
        following = self._entries[self._at + 1 : self._at + 2]
        width = tile_width(0, self._name.index + 1, size=self._head.size)
        if not following and width:
            following = self._log.bundle(self._name.index + 1, width)[:1]
        return leaf_hash(following[0]) if following else None

    def _swapped(self) -> LogFalse | None:
        """The fault, if the event here and another stand in each other's place."""
        claimed = claimed_position(self._entries[self._at])
        if not 0 < claimed <= self._head.size or claimed == self._position:
            return None
        index, at = divmod(claimed - 1, TILE_WIDTH)
        there = self._log.bundle(index, tile_width(0, index, size=self._head.size))[at : at + 1]
        if not there or claimed_position(there[0]) != self._position:
            return None
        return misplaced(self._position, claimed, lambda _: True)

    def _signed(self, leaves: list[bytes]) -> bool:
        """Whether these leaves lead to the signed root in place of the tile's hashes."""
        index = self._name.index * TILE_WIDTH + self._at
        source = _Replaced(self._log, self._name.index, b"".join(leaves))
        try:
            path = inclusion_path(index, self._head.size, source)
            verify_inclusion(leaves[self._at], path, self._head.root, index=index, size=self._head.size)
        except EvidenceError:
            return False
        return True

    def _next_hash(self) -> list[bytes]:
        """The first hash of the next tile, by which an entry that moved up over the border is known."""
        width = tile_width(0, self._name.index + 1, size=self._head.size)
        return [self._log.tile(0, self._name.index + 1, width)[:HASH_BYTES]] if width else []


class _Replaced:
    """The log's tiles with one level-0 tile in another version."""

    def __init__(self, log: LogFolder, index: int, row: bytes) -> None:
        self._log, self._index, self._row = log, index, row

    def tile(self, level: int, index: int, width: int) -> bytes:
        return self._row if (level, index) == (0, self._index) else self._log.tile(level, index, width)


def _first_difference(leaves: Sequence[bytes], tile: bytes) -> int:
    hashes = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
    return next((at for at, (leaf, hash_) in enumerate(zip_longest(leaves, hashes)) if leaf != hash_), len(hashes))


def _dropped(position: int) -> LogFalse:
    return LogFalse(
        "dropped", position, zh=f"位置 {position} 的事件不见了", en=f"the event at position {position} is missing"
    )


def _changed(position: int) -> LogFalse:
    return LogFalse(
        "changed", position, zh=f"位置 {position} 的字节被改动", en=f"the bytes at position {position} were changed"
    )


def _added(position: int) -> LogFalse:
    return LogFalse(
        "added", position, zh=f"位置 {position} 多出一个事件", en=f"an event was added at position {position}"
    )


def _tile_changed(name: TileName, position: int) -> LogFalse:
    return LogFalse(
        "tile_changed",
        position,
        zh=f"瓦片 {name.path()} 被改动，从位置 {position} 起",
        en=f"the tile {name.path()} was changed, from position {position} on",
    )
