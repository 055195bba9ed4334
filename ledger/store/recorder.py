"""The recorder interfaces of the eventsourcing library over this writer and reader.

`state`, as the library sees it, is the remainder of the stored bytes: what the mapper encoded, without the prefix
that the writer completed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from psycopg import errors

from ledger.kernel.append import (
    Append,
    Appended,
    AppendError,
    Draft,
    EventKnown,
    PositionTaken,
    Repeated,
    StaleVersion,
    Tracked,
    TrackedAlready,
)
from ledger.kernel.ids import uuid7
from ledger.store.reader import Reader
from ledger.store.stored import remainder
from ledger.store.subscription import LedgerSubscription

AppendFunction = Callable[[Append], Appended | Repeated]
_CONFLICTS = (StaleVersion, EventKnown, TrackedAlready, PositionTaken)
VERSION_MAX = 2**31 - 1
POSITION_MAX = 2**63 - 1


def plain_draft(event: StoredEvent) -> Draft:
    """Return a draft for an event of which nothing is known but what the library passes on."""
    return Draft(str(event.originator_id), uuid7(), event.topic, "", "", (), event.state)


class LedgerTracking(TrackingRecorder):
    """How far other sequences have been read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record a position that lies beyond the one recorded. Raises IntegrityError."""
        advanced = self._reader.rows("advance_tracking", (tracking.application_name, tracking.notification_id))
        if not advanced:
            raise IntegrityError(f"{tracking.application_name} has been read to {tracking.notification_id} already")

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the last recorded position, or None."""
        rows = self._reader.rows("read_tracking", (application_name,))
        return rows[0][0] if rows else None


class LedgerSnapshots(AggregateRecorder):
    """Snapshots: any version of a stream, once, without a position."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:  # noqa: ANN401 the library's own signature
        """Keep snapshots, all or none. Raises IntegrityError for a version that is there."""
        rows = [(str(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        try:
            self._reader.write_all("insert_snapshot", rows)
        except errors.UniqueViolation as duplicate:
            raise IntegrityError(str(duplicate)) from duplicate

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return the snapshots of a stream between versions."""
        name = "select_snapshots_backwards" if desc else "select_snapshots"
        rows = self._reader.rows(name, _bounds(originator_id, gt, lte, limit))
        return [StoredEvent(originator_id, version, topic, state) for version, topic, state in rows]


class LedgerRecorder(LedgerTracking, ProcessRecorder):
    """Events in streams and in the order of the ledger, with tracking in the same transaction.

    `append` is `BackgroundWriter.append`, or a writer's `append_from_thread`; `ids` turns the name of a stream into
    the library's originator id; `draft` gives the columns that the library does not know.
    """

    def __init__(
        self,
        reader: Reader,
        append: AppendFunction,
        *,
        ids: Callable[[str], UUID | str] = str,
        draft: Callable[[StoredEvent], Draft] = plain_draft,
    ) -> None:
        super().__init__(reader)
        self._append, self._ids, self._draft = append, ids, draft

    @property
    def reader(self) -> Reader:
        """What the recorder reads with."""
        return self._reader

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:  # noqa: ANN401 the library's own signature
        """Record events and tracking, all or none; return their positions. Raises IntegrityError, OperationalError."""
        tracking: Tracking | None = kwargs.get("tracking")
        if not stored_events and tracking is None:
            return []
        tracked = Tracked(tracking.application_name, tracking.notification_id) if tracking else None
        append = Append([self._draft(e) for e in stored_events], expected_versions(stored_events), tracked=tracked)
        try:
            outcome = self._append(append)
        except _CONFLICTS as conflict:
            raise IntegrityError(str(conflict)) from conflict
        except AppendError as failure:
            raise OperationalError(str(failure)) from failure
        return _positions(outcome, len(stored_events))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return the events of a stream between versions."""
        stream = str(originator_id)
        rows = self._reader.rows(
            "select_events_backwards" if desc else "select_events", _bounds(stream, gt, lte, limit)
        )
        return [
            StoredEvent(
                originator_id,
                version,
                topic,
                remainder(stored, position=position, stream=stream, version=version, recorded_at=recorded_at),
            )
            for position, version, topic, recorded_at, stored in rows
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Return a page of the ledger."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        last = POSITION_MAX if stop is None else stop
        if topics:
            rows = self._reader.rows("select_notifications_of", (first, last, list(topics), limit))
        else:
            rows = self._reader.rows("select_notifications", (first, last, limit))
        return [self._notification(*row) for row in rows]

    def _notification(
        self, position: int, stream: str, version: int, topic: str, recorded_at: datetime, stored: bytes
    ) -> Notification:
        state = remainder(stored, position=position, stream=stream, version=version, recorded_at=recorded_at)
        return Notification(self._ids(stream), version, topic, state, position)

    def max_notification_id(self) -> int | None:
        """Return the last position, or None for an empty ledger."""
        return self._reader.head().size or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription["LedgerRecorder"]:
        """Return a subscription that follows the ledger after position `gt`."""
        return LedgerSubscription(self, gt, topics)


def expected_versions(events: Sequence[StoredEvent]) -> dict[str, int]:
    """Return the version each stream must be at before `events`. Raises IntegrityError for a gap among them."""
    expected: dict[str, int] = {}
    last: dict[str, int] = {}
    for event in events:
        stream, version = str(event.originator_id), event.originator_version
        expected.setdefault(stream, version - 1)
        if last.get(stream, version - 1) != version - 1:
            raise IntegrityError(f"{stream}: version {version} does not follow {last[stream]}")
        last[stream] = version
    return expected


def _positions(outcome: Appended | Repeated, count: int) -> list[int]:
    return list(range(outcome.first, outcome.first + count))


def _bounds(stream: UUID | str, gt: int | None, lte: int | None, limit: int | None) -> tuple[str, int, int, int | None]:
    return str(stream), -1 if gt is None else gt, VERSION_MAX if lte is None else lte, limit
