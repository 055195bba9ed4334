"""The two round trips of an append: what the database knows under the head lock, then the rows and the commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.pq.abc import PGresult

from ledger.kernel.append import Appended
from ledger.kernel.statements import Statements, load
from ledger.store import wire
from ledger.store.batch import Batch, Known, KnownKey, Rows
from ledger.store.pipeline import Pipeline
from ledger.store.request import Request
from ledger.store.tree import GrowingTree, frontier_root
from ledger.store.wire import array, fixed_array, instant, int2, int8, integer

STATEMENTS = [
    "begin_append",
    "commit_append",
    "undo_append",
    "lock_head",
    "peek_head",
    "find_versions",
    "find_event_ids",
    "find_keys",
    "find_lookups",
    "find_tracking",
    "find_leaves",
    "find_tile_roots",
    "insert_events",
    "insert_keys",
    "insert_sealed",
    "insert_lookups",
    "upsert_tracking",
    "insert_tiles",
    "update_head",
    "find_recorded",
]

# Plans are made once, some of them on empty tables: nothing but the indexes may be used. A lost client must
# not keep the head for long.
SETTINGS = (
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; "
    "set enable_hashjoin = off; set enable_mergejoin = off; set jit = off; "
    "set statement_timeout = '10s'; set lock_timeout = '5s'; set idle_in_transaction_session_timeout = '5s'"
)

RANDOM_UUID = 7  # the version of an event id that follows from nothing


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The head as the append transaction finds it; `last_at` in microseconds since 2000-01-01, None when empty."""

    size: int
    frontier: bytes
    last_at: int | None


def writer_statements(schema: str) -> dict[str, str]:
    """Return the statements of the writer for one ledger."""
    statements: Statements = load("ledger.store", "statements.sql").bind(schema=schema)
    return {name: statements[name] for name in STATEMENTS}


async def probe(
    pipeline: Pipeline, requests: Sequence[Request], *, head_lock: bool, every_id: bool = False
) -> tuple[HeadRow, Known]:
    """Begin, take the head, and then, by statements of their own, read all that the decisions rest on.

    Only derived event ids are looked up: a UUIDv7 is new, and where it is not, the unique index refuses the group,
    which is then tried again with `every_id`.
    """
    streams = {draft.stream for request in requests for draft in request.drafts}
    streams.update(stream for request in requests for stream in request.expected)
    event_ids = [draft.event_id for request in requests for draft in request.drafts]
    if not every_id:
        event_ids = [event_id for event_id in event_ids if event_id[6] >> 4 != RANDOM_UUID]
    keys = {request.key for request in requests if request.key}
    keys.update(key for request in requests for key, _ in request.draft_keys)
    lookups = {(k[0], k[1]) for request in requests for draft in request.drafts for k in draft.lookups}
    names = {request.tracked[0] for request in requests if request.tracked}
    names.update(name for request in requests for name in request.turns)
    order = list(streams)
    pipeline.send("begin_append")
    pipeline.send("lock_head" if head_lock else "peek_head")
    pipeline.hand_over()
    pipeline.send("find_versions", [array(wire.TEXT, order)])
    if event_ids:
        pipeline.send("find_event_ids", [fixed_array(wire.UUID, event_ids)])
    if keys:
        pipeline.send("find_keys", [array(wire.TEXT, [k[0] for k in keys]), array(wire.TEXT, [k[1] for k in keys])])
    if lookups:
        pairs = list(lookups)
        pipeline.send(
            "find_lookups", [array(wire.TEXT, [p[0] for p in pairs]), array(wire.BYTEA, [p[1] for p in pairs])]
        )
    if names:
        pipeline.send("find_tracking", [array(wire.TEXT, list(names))])
    answers = iter((await pipeline.sync())[1:])
    head = _head(next(answers))
    versions = next(answers)
    known = Known({stream: _integer(versions, row, 0) for row, stream in enumerate(order)})
    if event_ids:
        known.event_ids = {row[0] for row in _rows(next(answers))}
    if keys:
        known.keys = {
            (a, k): KnownKey(fp, integer(first), integer(count), answer)
            for a, k, fp, first, count, answer in _rows(next(answers))
        }
    if lookups:
        known.lookups = {(scheme, digest): subject for scheme, digest, subject in _rows(next(answers))}
    if names:
        known.tracking = {name: integer(position) for name, position in _rows(next(answers))}
    return head, known


async def catch_up(pipeline: Pipeline, tree: GrowingTree, head: HeadRow) -> GrowingTree:
    """Return the tree at `head`: a copy of `tree` where nobody else wrote, else with the nodes it lacks read."""
    if tree.size == head.size and tree.frontier == head.frontier:
        return tree.copy()
    spans = tree.missing(head.size)
    for span in spans:
        if span.level == 0:
            pipeline.send("find_leaves", [int8(span.first + 1), int8(span.end)])
        else:
            pipeline.send("find_tile_roots", [int2(span.level - 1), int8(span.first), int8(span.end - 1)])
    results = await pipeline.sync() if spans else []
    nodes = {span.level: [row[0] for row in _rows(result)] for span, result in zip(spans, results, strict=True)}
    return tree.moved(head.size, head.frontier, nodes)


async def write(
    pipeline: Pipeline, batch: Batch, head: HeadRow, *, channel: bytes, attest: Callable[[int, bytes], bytes] | None
) -> None:
    """Insert the rows of `batch`, move the head, notify and commit, in one round trip."""
    tree, rows = batch.tree, batch.rows
    if rows.drafts:
        _send_events(pipeline, batch)
        pipeline.hand_over()
        _send_parts(pipeline, rows)
        if tree.full:
            _send_tiles(pipeline, tree)
    if rows.keys:
        _send_keys(pipeline, rows)
    pipeline.hand_over()
    if rows.drafts:
        frontier = tree.frontier
        attestation = attest(tree.size, frontier_root(tree.size, frontier)) if attest else b""
        moved = [int8(tree.size), frontier, int8(batch.recorded_at), attestation, int8(head.size)]
        pipeline.send("update_head", [*moved, channel, b"%d" % tree.size])
    if rows.tracking:
        pipeline.send(
            "upsert_tracking",
            [
                array(wire.TEXT, list(rows.tracking)),
                fixed_array(wire.INT8, [int8(position) for position in rows.tracking.values()]),
            ],
        )
    pipeline.send("commit_append")
    await pipeline.sync()


async def look_up(pipeline: Pipeline, requests: Sequence[Request]) -> list[Appended | None]:
    """Return where each request stands, None for one that does not. Waits for whoever still holds the head."""
    event_ids = [draft.event_id for request in requests for draft in request.drafts]
    pipeline.send("begin_append")
    pipeline.send("lock_head")
    pipeline.send("find_recorded", [array(wire.UUID, event_ids)])
    pipeline.send("commit_append")
    results = await pipeline.sync()
    found = {row[0]: (integer(row[1]), integer(row[2]), integer(row[3])) for row in _rows(results[2])}
    return [_located(request, found) for request in requests]


def recorded_at(head: HeadRow, now: datetime) -> int:
    """Return the time of a batch: the clock's, but never below the head's."""
    count = wire.microseconds(now)
    return count if head.last_at is None else max(head.last_at, count)


def _located(request: Request, found: dict[bytes, tuple[int, int, int]]) -> Appended | None:
    places = [found[draft.event_id] for draft in request.drafts if draft.event_id in found]
    if not places or len(places) < len(request.drafts):
        return None
    return Appended(places[0][0], tuple(version for _, version, _ in places), instant(places[0][2]))


def _send_events(pipeline: Pipeline, batch: Batch) -> None:
    rows, drafts = batch.rows, batch.rows.drafts
    pipeline.send(
        "insert_events",
        [
            int8(batch.first),
            int8(batch.recorded_at),
            fixed_array(wire.INT4, rows.versions),
            fixed_array(wire.UUID, [d.event_id for d in drafts]),
            array(wire.TEXT, [d.stream for d in drafts]),
            array(wire.TEXT, [d.topic for d in drafts]),
            array(wire.TEXT, [d.effective_at for d in drafts]),
            array(wire.TEXT, [d.actor for d in drafts]),
            array(wire.TEXT, [d.subjects for d in drafts]),
            fixed_array(wire.BYTEA, rows.leaves),
            array(wire.BYTEA, rows.stored),
        ],
    )


def _send_parts(pipeline: Pipeline, rows: Rows) -> None:
    boxes = [(d.event_id, *box) for d in rows.drafts for box in d.boxes]
    if boxes:
        event_ids, parts, subjects, retentions, contents = zip(*boxes, strict=True)
        texts = [array(wire.TEXT, column) for column in (parts, subjects, retentions)]
        pipeline.send("insert_sealed", [fixed_array(wire.UUID, event_ids), *texts, array(wire.BYTEA, contents)])
    lookups = [lookup for d in rows.drafts for lookup in d.lookups]
    if lookups:
        schemes, digests, holders = zip(*lookups, strict=True)
        pipeline.send(
            "insert_lookups", [array(wire.TEXT, schemes), array(wire.BYTEA, digests), array(wire.TEXT, holders)]
        )


def _send_keys(pipeline: Pipeline, rows: Rows) -> None:
    known = [key for _, key in rows.keys]
    pipeline.send(
        "insert_keys",
        [
            array(wire.TEXT, [key[0] for key, _ in rows.keys]),
            array(wire.TEXT, [key[1] for key, _ in rows.keys]),
            array(wire.BYTEA, [k.fingerprint for k in known]),
            fixed_array(wire.INT8, [int8(k.first) for k in known]),
            fixed_array(wire.INT4, [wire.int4(k.count) for k in known]),
            array(wire.BYTEA, [k.answer for k in known]),
        ],
    )


def _send_tiles(pipeline: Pipeline, tree: GrowingTree) -> None:
    pipeline.send(
        "insert_tiles",
        [
            fixed_array(wire.INT2, [int2(tile.level) for tile in tree.full]),
            fixed_array(wire.INT8, [int8(tile.index) for tile in tree.full]),
            fixed_array(wire.BYTEA, [tile.root for tile in tree.full]),
            fixed_array(wire.BYTEA, [tile.hashes for tile in tree.full]),
        ],
    )


def _head(result: PGresult) -> HeadRow:
    size, frontier = result.get_value(0, 0), result.get_value(0, 1)
    if size is None or frontier is None:
        raise ValueError("the head row of the ledger is missing")
    return HeadRow(integer(size), frontier, _integer(result, 0, 2))


def _integer(result: PGresult, row: int, column: int) -> int | None:
    raw = result.get_value(row, column)
    return None if raw is None else integer(raw)


def _rows(result: PGresult) -> list[list[bytes]]:
    columns = range(result.nfields)
    return [[result.get_value(row, column) or b"" for column in columns] for row in range(result.ntuples)]
