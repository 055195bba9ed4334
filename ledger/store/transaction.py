"""The two round trips of an append: what the database knows under the head lock, then the rows and the commit."""

from collections.abc import Callable, Sequence
from datetime import datetime

from psycopg.pq.abc import PGresult

from ledger.kernel.append import Appended
from ledger.kernel.statements import Statements, load
from ledger.store import wire
from ledger.store.batch import Batch, Known, KnownKey, Rows
from ledger.store.memory import HeadRow, is_random
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

# A control log has a head, events and tiles, and nothing else.
CONTROL_STATEMENTS = [
    "begin_append",
    "commit_append",
    "undo_append",
    "lock_head",
    "peek_head",
    "find_versions",
    "find_event_ids",
    "find_leaves",
    "find_tile_roots",
    "insert_events",
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


def writer_statements(schema: str, *, control: bool = False) -> dict[str, str]:
    """Return the statements of the writer for one ledger, or for its control log."""
    statements: Statements = load("ledger.store", "statements.sql").bind(schema=schema)
    return {name: statements[name] for name in (CONTROL_STATEMENTS if control else STATEMENTS)}


def begin(pipeline: Pipeline, *, head_lock: bool) -> None:
    """Begin, and take the head: the server waits for it while the group is looked at."""
    pipeline.send("begin_append")
    pipeline.send("lock_head" if head_lock else "peek_head")
    pipeline.hand_over()


async def take_head(pipeline: Pipeline, questions: "Questions | None" = None) -> tuple[HeadRow, Known | None]:
    """Return the head that `begin` asked for, and what `questions` found out under its lock."""
    results = (await pipeline.sync())[1:]
    return _head(results[0]), questions.answered(results[1:]) if questions else None


class Questions:
    """All that the decisions on a group rest on, asked by statements of their own after the lock.

    Only derived event ids are looked up: a UUIDv7 is new, and where it is not, the unique index refuses the group,
    which is then tried again with `every_id`.
    """

    def __init__(self, requests: Sequence[Request], *, every_id: bool = False) -> None:
        drafts = [draft for request in requests for draft in request.drafts]
        streams = {draft.stream for draft in drafts}
        streams.update(stream for request in requests for stream in request.expected)
        self._streams = list(streams)
        self._event_ids = [d.event_id for d in drafts if every_id or not is_random(d.event_id)]
        keys = {request.key for request in requests if request.key}
        keys.update(key for request in requests for key, _ in request.draft_keys)
        self._keys = list(keys)
        self._lookups = list({(lookup[0], lookup[1]) for draft in drafts for lookup in draft.lookups})
        names = {request.tracked[0] for request in requests if request.tracked}
        self._names = list(names.union(name for request in requests for name in request.turns))

    def ask(self, pipeline: Pipeline) -> "Questions":
        """Queue the questions; return them, for the answers."""
        pipeline.send("find_versions", [array(wire.TEXT, self._streams)])
        if self._event_ids:
            pipeline.send("find_event_ids", [fixed_array(wire.UUID, self._event_ids)])
        if self._keys:
            actors, keys = zip(*self._keys, strict=True)
            pipeline.send("find_keys", [array(wire.TEXT, actors), array(wire.TEXT, keys)])
        if self._lookups:
            schemes, digests = zip(*self._lookups, strict=True)
            pipeline.send("find_lookups", [array(wire.TEXT, schemes), array(wire.BYTEA, digests)])
        if self._names:
            pipeline.send("find_tracking", [array(wire.TEXT, self._names)])
        return self

    def answered(self, results: Sequence[PGresult]) -> Known:
        """Return what the answers say."""
        answers = iter(results)
        versions = next(answers)
        known = Known({stream: _integer(versions, row, 0) for row, stream in enumerate(self._streams)})
        if self._event_ids:
            known.event_ids = {row[0] for row in _rows(next(answers))}
        if self._keys:
            known.keys = {
                (a, k): KnownKey(fp, integer(first), integer(count), answer)
                for a, k, fp, first, count, answer in _rows(next(answers))
            }
        if self._lookups:
            known.lookups = {(scheme, digest): subject for scheme, digest, subject in _rows(next(answers))}
        if self._names:
            known.tracking = {name: integer(position) for name, position in _rows(next(answers))}
        return known


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
