"""Kept tiles: whether each tile's root is that of its hashes, and each tile above holds the roots of those below."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from psycopg import Connection

from ledger.evidence.faults import LogFalse
from ledger.evidence.merkle import HASH_BYTES, tree_root
from ledger.evidence.proofs import TILE_WIDTH
from ledger.kernel.statements import load

PAGE_TILES = 64
LEVELS = 8
Opening = Callable[[], AbstractContextManager[Connection[tuple[Any, ...]]]]


class KeptTilesCheck:
    """Checks the tiles of one ledger against each other; that those of the leaves fit the events is checked elsewhere.

    `opening` gives a connection for a moment.
    """

    def __init__(self, schema: str, opening: Opening) -> None:
        self._statements = load("ledger.store", "kept_tiles.sql").bind(schema=schema)
        self._opening = opening
        self.checked = 0

    def run(self) -> None:
        """Check all of them. Raises LogFalse with the first position below a tile that is false."""
        for level in range(LEVELS):
            for index, root, hashes in self._tiles(level):
                if tree_root(_split(hashes)) != root or (level > 0 and hashes != self._below(level, index)):
                    raise _false(index * TILE_WIDTH ** (level + 1) + 1, level)
                self.checked += 1

    def _tiles(self, level: int) -> Iterator[tuple[int, bytes, bytes]]:
        after = -1
        while True:
            with self._opening() as connection, connection.cursor(binary=True) as cursor:
                page = cursor.execute(self._statements["read_tiles"].encode(), (level, after, PAGE_TILES)).fetchall()
            yield from ((index, bytes(root), bytes(hashes)) for index, root, hashes in page)
            if len(page) < PAGE_TILES:
                return
            after = page[-1][0]

    def _below(self, level: int, index: int) -> bytes:
        """Return the roots of the tiles below one tile."""
        first = index * TILE_WIDTH
        with self._opening() as connection, connection.cursor(binary=True) as cursor:
            asked = (level - 1, first, first + TILE_WIDTH)
            rows = cursor.execute(self._statements["read_roots"].encode(), asked).fetchall()
        return b"".join(bytes(root) for (root,) in rows)


def _split(hashes: bytes) -> Iterator[bytes]:
    return (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES))


def _false(position: int, level: int) -> LogFalse:
    return LogFalse(
        "tile_changed",
        position,
        zh=f"从位置 {position} 起的第 {level} 层瓦片与其树根或下层不符",
        en=f"the tile of level {level} from position {position} on is not that of its root, or of the tiles below",
    )
