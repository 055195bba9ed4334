"""One build that follows the ledger: takes pages, commits them with its checkpoint, and deals with a bad event."""

from collections.abc import Callable

import psycopg

from projections.engine.builds import Builds, Claim
from projections.engine.projection import (
    UNREADABLE,
    AnyProjection,
    Build,
    Connection,
    Cursor,
    Events,
    RawEvent,
    Tables,
)


class Fenced(Exception):
    """Another runner has taken the build over: nothing more may be committed."""


class Moved(Exception):
    """The checkpoint stands elsewhere than remembered: the database lost its last unsynchronised commits."""


class BadEvents(Exception):
    """Some event of the page cannot be taken; `code` says of what kind the first error was."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stopped(Exception):
    """The build stands still before a bad event."""

    def __init__(self, position: int, code: str) -> None:
        super().__init__(f"position {position}: {code}")
        self.position, self.code = position, code


class Following:
    """A claimed build: where it stands, under which epoch, and which keys it holds back. Belongs to one thread."""

    def __init__(
        self, builds: Builds, projection: AnyProjection, build: Build, claim: Claim, *, rebuilding: bool = False
    ) -> None:
        self._builds, self.projection, self.build = builds, projection, build
        self.tables = Tables(builds.schema, projection, build)
        self.position, self.epoch = claim.position, claim.epoch
        self.rebuilding = rebuilding
        self.stopped: Stopped | None = None
        self.parked: set[str] = set()

    def recall(self, cursor: Cursor) -> None:
        """Read which keys are held back."""
        rows = cursor.execute(self._builds.sql["select_parked_keys"], self.build.key).fetchall()
        self.parked = {key for (key,) in rows}

    def take(self, connection: Connection, events: Events, upto: int) -> None:
        """Take the events after this build's position, up to `upto`; a bad one is found and dealt with.

        Raises Fenced, Stopped, Moved (the position has been read again: go on from there), or psycopg errors that are
        not an event's fault. What a raised error leaves undone is not committed.
        """
        assert not events or events[0]["position"] == self.position + 1
        try:
            self._commit(connection, events, upto)
        except Moved:
            self._resume(connection)
            raise
        except BadEvents as bad:
            self._divide(connection, events, upto, bad)

    def _divide(self, connection: Connection, events: Events, upto: int, bad: BadEvents) -> None:
        if len(events) == 1:
            self._meet(connection, events[0], upto, bad.code)
            return
        half = len(events) // 2
        self.take(connection, events[:half], events[half - 1]["position"])
        self.take(connection, events[half:], upto)

    def _commit(self, connection: Connection, events: Events, upto: int) -> None:
        used = self.projection.used(events)
        if not used:
            self._advance(connection.cursor(), upto)
        else:
            with connection.transaction(), connection.cursor() as cursor:
                self._advance(cursor, upto)  # first: whoever was taken over meets that, and not the other's rows
                self._apply(cursor, self._hold_back(cursor, used) if self.parked else used)
        self.position = upto

    def _apply(self, cursor: Cursor, events: Events) -> None:
        apply_events(self.projection, self.tables, cursor, events)

    def _advance(self, cursor: Cursor, upto: int) -> None:
        where = (*self.build.key, self.position, self.epoch)
        if cursor.execute(self._builds.sql["advance_checkpoint"], (upto, *where)).rowcount != 1:
            raise Moved

    def _resume(self, connection: Connection) -> None:
        row = connection.execute(self._builds.sql["read_build"], self.build.key).fetchone()
        if row is None or row[1] != self.epoch:
            raise Fenced(self.build.key)
        self.position = row[0]

    def _meet(self, connection: Connection, event: RawEvent, upto: int, code: str) -> None:
        position = event["position"]
        if self.projection.on_bad == "stop" or self.rebuilding:
            self.stopped = Stopped(position, code)
            where = (*self.build.key, self.epoch)
            connection.execute(self._builds.sql["stop_build"], (position, code, *where))
            raise self.stopped
        key = self._key(event)
        try:
            with connection.transaction(), connection.cursor() as cursor:
                self._advance(cursor, upto)
                cursor.execute(self._builds.sql["park_event"], (*self.build.key, position, key, code))
        except Moved:
            self._resume(connection)
            raise
        self.parked.add(key)
        self.position = upto

    def _hold_back(self, cursor: Cursor, events: Events) -> Events:
        held = [(event["position"], self._key(event)) for event in events if self._key(event) in self.parked]
        if held:
            positions, keys = zip(*held, strict=True)
            cursor.execute(self._builds.sql["hold_events"], (*self.build.key, list(positions), list(keys)))
        return [event for event in events if self._key(event) not in self.parked]

    def _key(self, event: RawEvent) -> str:
        if event["topic"] == UNREADABLE:
            return f"position/{event['position']}"
        return self.projection.key_of(event)

    def retry(self, connection: Connection, key: str, event_at: Callable[[int], RawEvent]) -> bool:
        """Take the events of a parked key again, in order; True when all of them could be taken."""
        sql = self._builds.sql
        rows = connection.execute(sql["select_held"], (*self.build.key, key)).fetchall()
        for (position,) in rows:
            try:
                with connection.transaction(), connection.cursor() as cursor:
                    self._advance(cursor, self.position)
                    self._apply(cursor, [event_at(position)])
                    cursor.execute(sql["release_event"], (*self.build.key, position))
            except BadEvents as bad:
                connection.execute(sql["mark_parked"], (bad.code, *self.build.key, position))
                return False
        self.parked.discard(key)
        return True


def apply_events(projection: AnyProjection, tables: Tables, cursor: Cursor, events: Events) -> None:
    """Load, fold and write a page in the caller's transaction. Raises BadEvents when an event is at fault."""
    if not events:
        return
    try:
        if any(event["topic"] == UNREADABLE for event in events):
            raise BadEvents(UNREADABLE)
        state = projection.load(cursor, tables, events)
        projection.write(cursor, tables, projection.fold(state, events))
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise BadEvents(type(error).__name__) from error
    except (psycopg.Error, MemoryError, BadEvents):
        raise
    except Exception as error:
        raise BadEvents(type(error).__name__) from error
