"""The runner: one thread that leads every projection of a ledger along its events, and takes rebuilds over."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TypeVar

import psycopg

from projections.engine.builds import LEASE_S, Builds
from projections.engine.following import Fenced, Following, Moved, Stopped
from projections.engine.listener import Listener, Wake
from projections.engine.projection import AnyProjection, Build, Catalogue, Connection, Cursor, Reader, Tables
from projections.engine.reading import Page, Pages, Stopwatch, collector_paused, event_at
from projections.engine.rebuild import NEAR, Rebuild
from projections.engine.sessions import WRITING, with_options
from projections.engine.sharing import SharedPages
from projections.engine.standing import ParkedEvent, ProjectionStatus, Standing
from projections.engine.views import View, Views
from projections.engine.waiting import Positions

T = TypeVar("T")
POLL_S = 1.0
RETRY_S = 0.05  # after a lost connection, doubled up to the poll
RENEW_S = LEASE_S / 3


class Runner:
    """Keeps the projections of one ledger up to date and opens views on them.

    Several runners may run for one ledger: the one that started last leads, the others follow its positions and take
    over when its lease runs out. `conninfo` must reach the database directly or through a pooler that keeps sessions.
    """

    def __init__(self, conninfo: str, ledger_name: str, reader: Reader, catalogue: Catalogue) -> None:
        schema = f"ledger_{ledger_name}"
        self._conninfo = with_options(conninfo, WRITING)
        self._builds, self._reader, self._catalogue = Builds(schema), reader, tuple(catalogue)
        self._by_name = {projection.name: projection for projection in catalogue}
        self._views = Views(conninfo, ledger_name, catalogue)
        self._wake = Wake()
        self.listener = Listener(conninfo, schema, self._wake)
        self.positions = Positions()
        self._pages, self._shared = Pages(reader), SharedPages(reader)
        self._following: dict[str, Following] = {}
        self._elsewhere: set[str] = set()
        self._joining: dict[str, Rebuild] = {}
        self._rebuilds: dict[str, Rebuild] = {}
        self._requests: list[Callable[[Connection], None]] = []
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._failure: str | None = None
        self._renewed = Stopwatch()
        self._thread = threading.Thread(target=self._run, name=f"projections:{ledger_name}", daemon=True)

    # ---- what others call

    def start(self, timeout_s: float = 30.0) -> None:
        """Begin; returns when every projection that can be read at once can be. Raises TimeoutError."""
        self._thread.start()
        self.listener.start()
        self._views.open()
        if not self._ready.wait(timeout_s):
            raise TimeoutError(f"the projections did not start within {timeout_s} s: {self._failure}")

    def stop(self) -> None:
        """End after the page in hand, and leave the builds to whoever comes next."""
        self._ending.set()
        self._wake.set()
        self._thread.join()
        for rebuild in self._rebuilds.values():
            rebuild.interrupt()
        self.listener.stop()
        self._views.close()

    def view(self, name: str, *, waits_s: int | None = None) -> AbstractContextManager[View]:
        """Open a snapshot of a projection: ``with runner.view("goals") as view``. Raises KeyError, NotBuilt.

        `waits_s`: how long it may wait between two questions, where that is more than a few seconds.
        """
        return self._views.view(name, waits_s=waits_s)

    def wait_for(self, name: str, position: int, timeout_s: float) -> bool:
        """Block until the projection has folded `position`; False after `timeout_s`. Raises KeyError."""
        self._by_name[name]  # an unknown name is an error, not a time-out
        return self.positions.wait_for(name, position, timeout_s)

    async def reached(self, name: str, position: int, timeout_s: float) -> bool:
        """The same for a coroutine."""
        self._by_name[name]
        return await self.positions.reached(name, position, timeout_s)

    def rebuild(self, name: str) -> Rebuild:
        """Build a projection anew beside the live one, or go on with a rebuild that was left. Raises KeyError."""
        projection = self._by_name[name]
        return self._ask(lambda connection: self._begin_rebuild(connection, projection))

    def roll_back(self, name: str) -> Rebuild:
        """Catch the build before the live one up and make it live again. Raises LookupError when there is none."""
        projection = self._by_name[name]
        return self._ask(lambda connection: self._begin_return(connection, projection))

    def retry(self, name: str, key: str | None = None) -> bool:
        """Take a parked key again, or start a stopped projection again; tell whether all went well."""
        return self._ask(lambda connection: self._retry(connection, name, key))

    def skip(self, name: str, position: int, reason: str) -> bool:
        """Give a parked event up, with a reason, and take what was held back behind it. Raises LookupError."""
        return self._ask(lambda connection: self._skip(connection, name, position, reason))

    def parked(self, name: str) -> list[ParkedEvent]:
        """Return what a projection has parked, held back or skipped, in order."""
        return self._ask(lambda connection: self._parked(connection, name))

    def drop_retired(self) -> None:
        """Drop the builds that nobody can see any more now; the loop does so now and then by itself."""
        self._ask(self._drop_retired)

    def status(self) -> list[ProjectionStatus]:
        """Return where every projection stands."""
        head = self._reader.head().size
        counts = self._ask(self._count_parked)
        return [self._standing(projection).status(head, counts) for projection in self._catalogue]

    # ---- the loop

    def _run(self) -> None:
        pause_s = RETRY_S
        while not self._ending.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.prepare_threshold = 2
                    self._prepare(connection)
                    pause_s = RETRY_S
                    self._lead(connection)
            except Exception as error:  # whatever it is, the loop goes on from its checkpoints
                self._failure = type(error).__name__
                pause_s = min(POLL_S, pause_s * 2)
                self._ending.wait(pause_s)

    def _prepare(self, connection: Connection) -> None:
        self._builds.prepare(connection)
        for projection in self._catalogue:
            if projection.name not in self._elsewhere:
                self._claim(connection, projection)
        self._ready.set()
        self._failure = None

    def _lead(self, connection: Connection) -> None:
        while not self._ending.is_set():
            self._serve(connection)
            if not self._page(connection):
                self._idle(connection)
        self._serve(connection)
        self._release(connection)

    def _serve(self, connection: Connection) -> None:
        with self._guard:
            requests, self._requests = self._requests, []
        for request in requests:
            request(connection)
        for rebuild in list(self._joining.values()):
            self._hand_over(connection, rebuild)
        if self._renewed.seconds > RENEW_S:
            self._renew(connection)

    def _page(self, connection: Connection) -> bool:
        active = [f for f in self._everybody() if f.stopped is None]
        if not active:
            return False
        watch = Stopwatch()
        with collector_paused():
            page = self._pages.read(min(f.position for f in active))
            if page is None:
                return False
            for following in active:
                if following.position < page.last:
                    self._take(connection, following, page)
        self._pages.took(page, watch.seconds)
        return True

    def _everybody(self) -> list[Following]:
        joining = (rebuild.following for rebuild in self._joining.values())
        return [*self._following.values(), *(f for f in joining if f is not None)]

    def _take(self, connection: Connection, following: Following, page: Page) -> None:
        name = following.projection.name
        try:
            following.take(connection, page.after(following.position), page.last)
        except Moved:
            return
        except Stopped as stopped:
            if following.rebuilding:
                self._joining.pop(name).finish("failed", stopped)
        except Fenced:
            self._lose(following)
        if not following.rebuilding:
            self.positions.reach(name, following.position)

    def _lose(self, following: Following) -> None:
        name = following.projection.name
        if following.rebuilding:
            self._joining.pop(name).finish("cancelled")
        elif self._following.pop(name, None) is not None:
            self._elsewhere.add(name)

    def _idle(self, connection: Connection) -> None:
        if self._elsewhere:
            self._watch(connection)
        self._wake.wait(POLL_S)

    def _watch(self, connection: Connection) -> None:
        rows = connection.execute(self._builds.sql["watch_builds"]).fetchall()
        for name, version, _, position, expired in rows:
            projection = self._by_name.get(name)
            if name not in self._elsewhere or projection is None or projection.version != version:
                continue
            self.positions.reach(name, position)
            if expired:
                self._elsewhere.discard(name)
                self._claim(connection, projection)

    def _renew(self, connection: Connection) -> None:
        mine = self._everybody()
        rows = connection.execute(self._builds.sql["renew_leases"], (LEASE_S, *_owned(mine))).fetchall()
        kept = set(rows)
        for following in mine:
            if following.build.key not in kept:
                self._lose(following)
        self._renewed = Stopwatch()
        self._drop_retired(connection)

    def _release(self, connection: Connection) -> None:
        connection.execute(self._builds.sql["release_leases"], _owned(self._everybody()))

    # ---- builds

    def _claim(self, connection: Connection, projection: AnyProjection) -> None:
        """Follow the live build of this version; make one where the ledger is small, else in the background."""
        unfinished = None
        with self._builds.locked(connection) as cursor:
            live = self._builds.live(cursor, projection.name)
            if live is not None and live.build.version == projection.version:
                self._follow(cursor, projection, live.build)
            elif live is None and self._reader.head().size <= NEAR and not self._unfinished(cursor, projection):
                self._follow(cursor, projection, self._begin(cursor, projection))
            else:
                unfinished = self._unfinished(cursor, projection) or self._builds.create(cursor, projection)
            unfinished = unfinished or self._unfinished(cursor, projection)
        if projection.name in self._following:
            self.positions.reach(projection.name, self._following[projection.name].position)
        if unfinished is not None and not self._is_rebuilding(projection.name):
            self._start(projection, unfinished)

    def _begin(self, cursor: Cursor, projection: AnyProjection) -> Build:
        build = self._builds.create(cursor, projection)
        for statement in Tables(self._builds.schema, projection, build).indexes():
            cursor.execute(statement)
        cursor.execute(self._builds.sql["mark_indexed"], build.key)
        self._builds.point(cursor, build)
        return build

    def _follow(self, cursor: Cursor, projection: AnyProjection, build: Build) -> None:
        following = Following(self._builds, projection, build, self._builds.claim(cursor, build))
        following.recall(cursor)
        self._following[projection.name] = following

    def _unfinished(self, cursor: Cursor, projection: AnyProjection) -> Build | None:
        rows = self._builds.rows(cursor, projection.name)
        mine = [r.build for r in rows if r.state == "building" and r.build.version == projection.version]
        return mine[-1] if mine else None

    def _is_rebuilding(self, name: str) -> bool:
        rebuild = self._rebuilds.get(name)
        return rebuild is not None and not rebuild.ended

    def _begin_rebuild(self, connection: Connection, projection: AnyProjection) -> Rebuild:
        if self._is_rebuilding(projection.name):
            return self._rebuilds[projection.name]
        with self._builds.locked(connection) as cursor:
            build = self._unfinished(cursor, projection) or self._builds.create(cursor, projection)
        return self._start(projection, build)

    def _begin_return(self, connection: Connection, projection: AnyProjection) -> Rebuild:
        live = self._builds.live(connection.cursor(), projection.name)
        if live is None or live.previous is None or live.previous.version != projection.version:
            raise LookupError(f"there is no earlier build of {projection.name} to go back to")
        if self._is_rebuilding(projection.name):
            raise LookupError(f"{projection.name} is being rebuilt")
        return self._start(projection, live.previous)

    def _start(self, projection: AnyProjection, build: Build) -> Rebuild:
        rebuild = Rebuild(self._conninfo, self._builds, projection, self._reader, self._shared, build, self._join)
        self._rebuilds[projection.name] = rebuild
        rebuild.start()
        return rebuild

    def _join(self, rebuild: Rebuild) -> None:
        def join(_: Connection) -> None:
            self._joining[rebuild.projection.name] = rebuild

        with self._guard:
            self._requests.append(join)
        self._wake.set()

    def _hand_over(self, connection: Connection, rebuild: Rebuild) -> None:
        """Move the pointer once the new build stands where the live one does: no reader ever goes back in time."""
        name, following = rebuild.projection.name, rebuild.following
        assert following is not None
        if rebuild.cancelling:
            del self._joining[name]
            rebuild.discard(connection)
            return
        old = self._following.get(name)
        if following.position < (rebuild.progress().total if old is None else old.position):
            return
        with self._builds.locked(connection) as cursor:
            self._builds.point(cursor, following.build)
        following.rebuilding = False
        self._following[name] = following
        self._elsewhere.discard(name)
        del self._joining[name]
        self.positions.reach(name, following.position)
        rebuild.finish("done")

    def _drop_retired(self, connection: Connection) -> None:
        for build in self._builds.droppable(connection.cursor()):
            try:
                with self._builds.locked(connection) as cursor:
                    self._builds.drop(cursor, build)
            except psycopg.errors.LockNotAvailable:
                continue  # somebody still reads it: next time

    # ---- requests, served by the loop's own thread

    def _ask(self, question: Callable[[Connection], T]) -> T:
        if not self._thread.is_alive():
            raise RuntimeError("the projections are not running")
        answer: Future[T] = Future()

        def request(connection: Connection) -> None:
            try:
                answer.set_result(question(connection))
            except psycopg.OperationalError as error:
                answer.set_exception(error)
                raise
            except Exception as error:  # handed to whoever asked
                answer.set_exception(error)

        with self._guard:
            self._requests.append(request)
        self._wake.set()
        return answer.result(timeout=30.0)

    def _retry(self, connection: Connection, name: str, key: str | None) -> bool:
        following = self._following[name]
        following.stopped = None
        connection.execute(self._builds.sql["stop_build"], (None, None, *following.build.key, following.epoch))
        keys = [key] if key is not None else sorted(following.parked)
        taken = [following.retry(connection, k, lambda at: event_at(self._reader, at)) for k in keys]
        return all(taken)

    def _skip(self, connection: Connection, name: str, position: int, reason: str) -> bool:
        following = self._following[name]
        row = connection.execute(self._builds.sql["skip_parked"], (reason, *following.build.key, position)).fetchone()
        if row is None:
            raise LookupError(f"{name} has parked nothing at position {position}")
        return self._retry(connection, name, row[0])

    def _parked(self, connection: Connection, name: str) -> list[ParkedEvent]:
        rows = connection.execute(self._builds.sql["select_parked"], self._following[name].build.key).fetchall()
        return [ParkedEvent(*row) for row in rows]

    def _standing(self, projection: AnyProjection) -> Standing:
        name = projection.name
        following, rebuild = self._following.get(name), self._rebuilds.get(name)
        return Standing(projection, following, rebuild, name in self._elsewhere, self.positions.get(name))

    def _count_parked(self, connection: Connection) -> dict[tuple[str, int, int], int]:
        rows = connection.execute(self._builds.sql["count_parked"]).fetchall()
        return {(name, version, build): count for name, version, build, count in rows}


def _owned(followings: list[Following]) -> tuple[list[str], list[int], list[int], list[int]]:
    """Return the builds as the lease statements take them: names, versions, build numbers, epochs."""
    return (
        [f.build.projection for f in followings],
        [f.build.version for f in followings],
        [f.build.number for f in followings],
        [f.epoch for f in followings],
    )
