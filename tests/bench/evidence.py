"""Inclusion proofs from ten million leaves as the database holds them, and a log checked offline, beside peers."""

import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from api.log_tiles import tiles_of
from ledger.evidence.merkle import leaf_hash, verify_inclusion
from ledger.evidence.proofs import TILE_WIDTH, TreeTiles, inclusion_path, root_at, tile_width
from ledger.evidence.tiles import tile_names
from ledger.evidence.verify import Question, verify
from ledger.store.ledgers import schema_of
from ledger.store.reader import Reader
from tests.bench.projections import LEDGER, Row, durable_database, fresh_ledger
from tests.evidence import a_ledger

LEAVES, LOG_EVENTS = 10_000_000, 200_000
PROOFS = 2_000
WHEN = datetime(2026, 1, 5, tzinfo=UTC)


def run(*, leaves: int = LEAVES, events: int = LOG_EVENTS) -> list[Row]:
    """Measure proofs at `leaves`, made and checked, and the verification of an exported log of `events`."""
    with durable_database() as database_url, fresh_ledger(database_url) as reader:
        tree = TreeTiles(_leaf(index) for index in range(leaves))
        _store(database_url, tree)
        return [*_proofs(database_url, reader, tree), *_offline(events)]


def _leaf(index: int) -> bytes:
    return hashlib.sha256(b"%d" % index).digest()


def _store(database_url: str, tree: TreeTiles) -> None:
    """Put the full tiles into the ledger's table, and the events of the last, partial one."""
    schema = schema_of(LEDGER)
    with psycopg.connect(database_url, autocommit=True) as connection, connection.transaction():
        with connection.cursor().copy(f"copy {schema}.tiles (level, index, root, hashes) from stdin".encode()) as copy:
            for row in _tiles(tree):
                copy.write_row(row)
        columns = "position, recorded_at, version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored"
        with connection.cursor().copy(f"copy {schema}.events ({columns}) from stdin".encode()) as copy:
            for index in range(tree.size // TILE_WIDTH * TILE_WIDTH, tree.size):
                id = UUID(int=index)
                copy.write_row((index + 1, WHEN, 1, id, f"s/{index}", "x", "2026-01-05", "p", [], _leaf(index), b"{}"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"vacuum analyze {schema}.tiles".encode())


def _tiles(tree: TreeTiles) -> Iterator[tuple[int, int, bytes, bytes]]:
    for name in tile_names(tree.size):
        level = name.level or 0
        if name.width == TILE_WIDTH:
            root = tree.tile(level + 1, name.index // TILE_WIDTH, name.index % TILE_WIDTH + 1)[-32:]
            yield level, name.index, root, tree.tile(level, name.index, TILE_WIDTH)


def _proofs(database_url: str, reader: Reader, tree: TreeTiles) -> list[Row]:
    """Make and check proofs of random leaves; the peer is one full tile by its key."""
    size, draw = tree.size, random.Random(7)
    root = root_at(size, tree)
    indexes = [draw.randrange(size) for _ in range(PROOFS)]
    made: dict[int, list[bytes]] = {}

    def make(index: int) -> None:
        made[index] = inclusion_path(index, size, tiles_of(reader))

    def check(index: int) -> None:
        verify_inclusion(_leaf(index), made[index], root, index=index, size=size)

    statement = f"select hashes from {schema_of(LEDGER)}.tiles where level = 0 and index = %s".encode()
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=0) as connection:

        def by_key(index: int) -> None:
            number = index // TILE_WIDTH
            if tile_width(0, number, size=size) == TILE_WIDTH:
                assert connection.execute(statement, (number,)).fetchone()

        peer = _measured("a tile by its key", size, indexes, by_key)
    rows = [_measured("inclusion proof made", size, indexes, make), _measured("… and checked", size, indexes, check)]
    rows[0]["times_tile_by_key"] = round(float(rows[0]["p50_ms"]) / float(peer["p50_ms"]), 1)
    return [*rows, peer]


def _measured(case: str, size: int, indexes: list[int], act: Callable[[int], None]) -> Row:
    latencies = []
    for index in indexes:
        began = time.perf_counter()
        act(index)
        latencies.append(time.perf_counter() - began)
    latencies.sort()
    p50, p95 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]
    return {"case": case, "leaves": size, "p50_ms": round(p50 * 1e3, 3), "p95_ms": round(p95 * 1e3, 3)}


def _offline(events: int) -> list[Row]:
    """Check an exported log of events of some 600 bytes; the peer hashes the same bytes and checks nothing."""
    entries = a_ledger.events(events)
    with tempfile.TemporaryDirectory() as folder:
        a_ledger.export(Path(folder), entries)
        began = time.perf_counter()
        verdict = verify(Question(path=Path(folder)))
        seconds = time.perf_counter() - began
    assert verdict.ok, verdict
    began = time.perf_counter()
    for entry in entries:
        leaf_hash(entry)
    hashing = time.perf_counter() - began
    row: Row = {"case": "exported log, offline", "leaves": events, "leaves_per_s": round(events / seconds)}
    row["times_hashing_alone"] = round(seconds / hashing, 1)
    return [row, {"case": "hashing alone", "leaves": events, "leaves_per_s": round(events / hashing)}]


if __name__ == "__main__":
    for row in run():
        print("  ".join(f"{key}={value}" for key, value in row.items()))
