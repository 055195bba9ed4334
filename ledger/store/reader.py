"""What stands in a ledger, read: streams, pages, proofs' raw material, keys and lookups. Synchronous, over a pool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.abc import Params
from psycopg_pool import ConnectionPool

from ledger.kernel.append import SealedBox
from ledger.kernel.statements import load
from ledger.store.ledgers import control_schema_of, schema_of
from ledger.store.tree import frontier_root

PART = 500  # events read at once where bytes are bounded: at most 32 MB too many


@dataclass(frozen=True, slots=True)
class Head:
    """A ledger's size, tree and time, all of one moment. `recorded_at` is None for an empty ledger."""

    size: int
    frontier: bytes
    root: bytes
    recorded_at: datetime | None
    attestation: bytes


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """What stands under an idempotency key."""

    fingerprint: bytes
    first: int
    count: int
    answer: bytes


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """A command that was refused: by whom and with which token, to which subject, and the refusal's code."""

    recorded_at: datetime
    actor: str
    credential: str
    kind: str
    id: str
    verb: str
    code: str
    number: int = 0  # its position in the control log; 0 before it is kept


def pool_of(conninfo: str) -> ConnectionPool[Connection]:
    """Return a pool for readers, not open yet. Connections are tried before use: a restarted server is no fault."""
    check = ConnectionPool.check_connection
    return ConnectionPool(conninfo, min_size=1, max_size=8, open=False, kwargs={"autocommit": True}, check=check)


class Reader:
    """Reads one ledger; shares its pool with others. Event ids are 16 bytes, positions count from 1."""

    def __init__(self, pool: ConnectionPool[Connection], ledger: str, *, control: bool = False) -> None:
        """`control` reads the ledger's control log: what concerns its events, its tiles and its head."""
        self.pool = pool
        self.schema = control_schema_of(ledger) if control else schema_of(ledger)
        self._statements = load("ledger.store", "statements.sql").bind(schema=self.schema)

    @property
    def conninfo(self) -> str:
        """The address that the pool connects to."""
        given = self.pool.conninfo
        return given() if callable(given) else given

    def events_of(self, stream: str, after_version: int = 0) -> list[bytes]:
        """Return the stored bytes of a stream after a version, in order; empty where there are none.

        A first event of version 0, which only the event sourcing library writes, comes after version −1.
        """
        return [row[0] for row in self.rows("read_stream", (stream, after_version))]

    def events_of_all(self, streams: Sequence[str]) -> dict[str, list[bytes]]:
        """Return stream -> its stored bytes in order, in one look; streams without events have an empty list."""
        found: dict[str, list[bytes]] = {stream: [] for stream in streams}
        for stream, stored in self.rows("read_streams", (list(streams),)):
            found[stream].append(stored)
        return found

    def page(
        self, after: int, limit: int, upto: int | None = None, *, max_bytes: int | None = None
    ) -> list[tuple[int, bytes]]:
        """Return (position, stored bytes) after a position, up to `upto`, at most `limit`.

        With `max_bytes` the page ends before its stored bytes exceed that, but holds at least one event.
        """
        last = 2**63 - 1 if upto is None else upto
        if max_bytes is None:
            return self.rows("read_page", (after, last, limit))
        return self._page_within(after, limit, last, max_bytes)

    def _page_within(self, after: int, limit: int, last: int, max_bytes: int) -> list[tuple[int, bytes]]:
        page: list[tuple[int, bytes]] = []
        size_bytes = 0
        while len(page) < limit:
            part = self.rows("read_page", (after + len(page), last, min(limit - len(page), PART)))
            for position, stored in part:
                size_bytes += len(stored)
                if page and size_bytes > max_bytes:
                    return page
                page.append((position, stored))
            if len(part) < PART:
                break
        return page

    def turns(self, names: Sequence[str]) -> dict[str, int]:
        """Return how often each of these was counted over several streams by what is recorded; none is 0."""
        found = dict.fromkeys(names, 0)
        found.update(self.rows("read_turns", (list(names),)))
        return found

    def naming(self, subjects: Sequence[str]) -> list[bytes]:
        """Return the stored bytes of the events that put their streams under any of `subjects`, in order."""
        return [row[0] for row in self.rows("find_naming", (list(subjects),))]

    def streams_of(self, topic: str, marker: bytes, upto: int, *, imported: bool = False) -> list[str]:
        """Return the streams with events of a topic whose bytes hold `marker`, up to a position; `imported` too."""
        asked = {"topic": topic, "upto": upto, "marker": marker, "imported": imported}
        return [row[0] for row in self.rows("find_streams_of_topic", asked)]

    def begun_between(self, subject: str, span: tuple[int, int]) -> list[str]:
        """Return the streams that began to name a subject between two positions, and its own where that went on."""
        asked = {"subject": subject, "after": span[0], "before": span[1]}
        return [row[0] for row in self.rows("find_begun_between", asked)]

    def event(self, event_id: bytes) -> tuple[int, bytes] | None:
        """Return (position, stored bytes) of an event, or None."""
        return self._first("read_event", (UUID(bytes=event_id),))

    def at(self, position: int) -> bytes | None:
        """Return the stored bytes at a position, or None."""
        row = self._first("read_position", (position,))
        return row[0] if row else None

    def head(self) -> Head:
        """Return the head of the ledger, with the root computed from the frontier of the same moment."""
        size, frontier, recorded_at, attestation = self.rows("read_head")[0]
        return Head(size, frontier, frontier_root(size, frontier), recorded_at, attestation)

    def tracked(self, name: str) -> int | None:
        """Return how far a follower has read, None before it began."""
        row = self._first("read_tracking", (name,))
        return None if row is None else int(row[0])

    def position_known_at(self, instant: datetime) -> int:
        """Return the largest position recorded at or before `instant`, 0 if none. `instant` has an offset."""
        if instant.tzinfo is None:
            raise ValueError("an instant has an offset")
        row = self._first("find_position_known_at", {"instant": instant})
        return int(row[0]) if row else 0

    def leaves(self, first: int, count: int) -> list[bytes]:
        """Return `count` leaf hashes from position `first` on, fewer at the end."""
        return [row[0] for row in self.rows("read_leaves", (first, first + count - 1))]

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the 8,192 bytes of a full tile, or None where it is not full yet."""
        row = self._first("read_tile", (level, index))
        return row[0] if row else None

    def tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        """Return the root hashes of the full tiles [start, end) of a level: the nodes of the level above."""
        return [row[0] for row in self.rows("read_tile_roots", (level, start, end))]

    def sealed(self, event_id: bytes) -> list[SealedBox]:
        """Return the sealed parts of an event that are still there, by name of the part."""
        return [SealedBox(*row) for row in self.rows("read_sealed", (UUID(bytes=event_id),))]

    def sealed_of_all(self, event_ids: Sequence[bytes]) -> list[tuple[bytes, SealedBox]]:
        """Return (event id, sealed part) of several events, of the parts that are still there, in one look."""
        rows = self.rows("read_sealed_of_all", ([UUID(bytes=event_id) for event_id in event_ids],))
        return [(event_id.bytes, SealedBox(*box)) for event_id, *box in rows]

    def lookup(self, scheme: str, digests: Iterable[bytes]) -> dict[bytes, str]:
        """Return digest → subject for those of `digests` that are known under a scheme."""
        return dict(self.rows("read_lookup", (scheme, list(digests))))

    def idempotency(self, actor: str, key: str) -> RecordedKey | None:
        """Return what stands under an idempotency key, or None."""
        row = self._first("read_key", (actor, key))
        return RecordedKey(*row) if row else None

    def recorded_under(self, actor: str, keys: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return key → (fingerprint, stored bytes of the first event) for those of an actor's keys that are known."""
        return {key: (fingerprint, stored) for key, fingerprint, stored in self.rows("read_keys", (actor, list(keys)))}

    def positions_of(self, event_ids: Sequence[bytes]) -> dict[bytes, int]:
        """Return event id → position for those that are recorded."""
        rows = self.rows("find_positions", ([UUID(bytes=event_id) for event_id in event_ids],))
        return {event_id.bytes: position for event_id, position in rows}

    def persons(self) -> list[str]:
        """Return the streams of everybody who was ever registered."""
        return [row[0] for row in self.rows("find_persons")]

    def refused(self, after: int, limit: int) -> list[RefusedAttempt]:
        """Return refused attempts after a number, in order."""
        return [RefusedAttempt(*row) for row in self.rows("read_refused", (after, limit))]

    def entries(self, after: int, limit: int, topics: Sequence[str] | None = None) -> list[tuple[int, bytes]]:
        """Return a page of positions and stored bytes, of some topics where they are named."""
        return self.rows("read_entries", {"after": after, "topics": topics, "limit": limit})

    # A row of the database is typed by its statement, which the type checker cannot see.

    def rows(self, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a named statement of the store."""
        with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(self._statements[name].encode(), params).fetchall()

    def _first(self, name: str, params: Params = ()) -> tuple[Any, ...] | None:
        with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(self._statements[name].encode(), params).fetchone()

    def write_all(self, name: str, rows: Sequence[Params]) -> None:
        """Run a named statement of the store once for each of `rows`, in one transaction."""
        with self.pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(self._statements[name].encode(), rows)
