"""Histories as the ledger stores them, and ways to put them into its tables."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg

from ledger.kernel.event import Authority, Entry, Envelope, Event, decode, decode_raw, encode
from ledger.kernel.moments import utc_text

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """Return the instant that begins a day of the history."""
    return START + timedelta(days=number)


def event_id(number: int) -> str:
    """Return the id of the event at a position, the same in every run."""
    return str(uuid.UUID(int=(0x0190 << 112) | (7 << 76) | (2 << 62) | number))


class History:
    """Stored events from position 1 on, as the writer would have written them."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.sealed: dict[str, dict[str, Any]] = {}  # event id → its sealed fields, while their key lives
        self._gone = 0
        self._versions: dict[str, int] = {}

    def add(
        self, stream: str, event: Event, on: datetime, *, actor: str = "p-hr", source: str = "api", **more: Any
    ) -> str:
        """Append an event that takes effect `on`; return its id."""
        position = self.size + 1
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        envelope = Envelope(
            event_id=event_id(position),
            effective_at=on,
            begins=on,
            actor=actor,
            credential="token:1",
            authority=Authority("role:hr_administrator", None, position - 1),
            source=source,
            correlation=event_id(position),
            **more,
        )
        subjects = event.subjects(stream)
        recorded = utc_text(START + timedelta(days=400, seconds=position))
        head = f'{{"position":{position},"stream":"{stream}","version":{version},"recorded_at":"{recorded}",'
        for fields in event.sealed_texts(stream).values():
            self.sealed.setdefault(envelope.event_id, {}).update(fields)
        self.stored.append(head.encode() + encode(envelope, event, subjects, {}))
        return envelope.event_id

    @property
    def size(self) -> int:
        """Return the last position."""
        return self._gone + len(self.stored)

    def let_go(self) -> list[bytes]:
        """Return the stored events and keep them no longer: for histories that are larger than memory."""
        stored, self.stored, self.sealed = self.stored, [], {}
        self._gone += len(stored)
        return stored

    def raw(self) -> list[dict[str, Any]]:
        """Return the events as projections fold them."""
        return [decode_raw(stored) for stored in self.stored]

    def entries(self, stream: str, known: int) -> list[Entry]:
        """Return the typed entries of a stream up to a position."""
        entries = (decode(stored) for stored in self.stored[:known])
        return [entry for entry in entries if entry.stream == stream]


def append(connection: psycopg.Connection, schema: str, stored: Sequence[bytes]) -> int:
    """Put stored events at the end of a ledger, in one transaction with its head; return the new size.

    Tree and frontier are left blank: projections read neither. Positions inside the bytes must fit.
    """
    with connection.transaction():
        row = connection.execute(f"select size from {schema}.head for update".encode()).fetchone()
        assert row is not None
        size = row[0]
        rows = [_columns(size + index, one) for index, one in enumerate(stored, start=1)]
        with connection.cursor().copy(
            f"copy {schema}.events (position, recorded_at, version, event_id, stream, topic, effective_at, actor, "
            "subjects, leaf, stored) from stdin".encode()
        ) as copy:
            for one in rows:
                copy.write_row(one)
        size += len(stored)
        connection.execute(
            f"update {schema}.head set size = %s, frontier = %s".encode(), (size, bytes(32 * size.bit_count()))
        )
        connection.execute("select pg_notify(%s, %s)", (schema, str(size)))
    return int(size)


def _columns(position: int, stored: bytes) -> tuple[Any, ...]:
    try:
        raw = decode_raw(stored)
    except ValueError:
        return (position, START, 1, uuid.uuid4(), f"broken/{position}", "x", "2026-01-01", "p-1", [], bytes(32), stored)
    return (
        position,
        raw["recorded_at"],
        raw["version"],
        raw["event_id"],
        raw["stream"],
        raw["topic"],
        raw["effective_at"],
        raw["actor"],
        raw["subjects"],
        bytes(32),
        stored,
    )


def pages(events: Sequence[Any], cuts: Iterable[int]) -> list[Sequence[Any]]:
    """Return events cut into pages at the given places."""
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    return [events[a:b] for a, b in pairwise(edges)]
