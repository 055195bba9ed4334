"""A rebuild: a new build grows beside the live one on a thread of its own, until the page loop can take it over."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psycopg

from projections.engine.builds import Builds
from projections.engine.following import Fenced, Following, Moved, Stopped
from projections.engine.projection import AnyProjection, Build, Connection, Reader
from projections.engine.reading import Page, collector_paused
from projections.engine.sharing import SharedPages

NEAR = 5_000  # events behind the head from which the page loop takes a build over
RETRY_S = 1.0
State = Literal["building", "indexing", "joining", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is: events done of those in the ledger; code and position of what it failed on."""

    name: str
    build: int
    state: State
    done: int
    total: int
    code: str | None = None
    bad_position: int | None = None


class Rebuild:
    """One rebuild of one projection, to be watched, waited for and cancelled. It survives a lost connection.

    `take_over` is called with the caught-up build; the page loop then moves the pointer and calls `finish`.
    """

    def __init__(
        self,
        conninfo: str,
        builds: Builds,
        projection: AnyProjection,
        reader: Reader,
        pages: SharedPages,
        build: Build,
        take_over: "Callable[[Rebuild], None]",
    ) -> None:
        self._conninfo, self._builds, self._reader, self._pages = conninfo, builds, reader, pages
        self.projection, self.build, self._take_over = projection, build, take_over
        self.following: Following | None = None
        self._state: State = "building"
        self._failure: Stopped | None = None
        self._total = 0
        self._connection: Connection | None = None
        self._interrupted = False
        self._cancelling = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"rebuild:{projection.name}", daemon=True)

    def start(self) -> None:
        """Begin, or go on where an earlier run of the program stood."""
        self._thread.start()

    def cancel(self) -> None:
        """Give the rebuild up; its tables are dropped. Without effect once it is live."""
        self._cancelling.set()
        self._break_off()

    def _break_off(self) -> None:
        if self._state == "indexing" and self._connection is not None:
            self._connection.cancel_safe()

    @property
    def cancelling(self) -> bool:
        """Tell whether somebody has given it up."""
        return self._cancelling.is_set()

    @property
    def ended(self) -> bool:
        """Tell whether it is done, failed or cancelled."""
        return self._ended.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until it is done, failed or cancelled; tell whether it became live in time."""
        return self._ended.wait(timeout_s) and self._state == "done"

    def progress(self) -> Progress:
        """Return how far it is."""
        done = 0 if self.following is None else self.following.position
        failure = self._failure
        code, position = (None, None) if failure is None else (failure.code, failure.position)
        total = max(done, self._total)
        return Progress(self.projection.name, self.build.number, self._state, done, total, code, position)

    def interrupt(self) -> None:
        """Leave off at once without dropping anything: the program ends, and the next one goes on."""
        self._interrupted = True
        self._break_off()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self, state: Literal["done", "failed", "cancelled"], failure: Stopped | None = None) -> None:
        """Say how it ended."""
        self._state, self._failure = state, failure
        self._ended.set()

    def _run(self) -> None:
        pause = threading.Event()
        while not self._interrupted:
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    self._connection = connection
                    self._build(connection)
                return
            except Stopped as stopped:
                self.finish("failed", stopped)
                return
            except Fenced:
                self.finish("cancelled")
                return
            except psycopg.OperationalError:
                pause.wait(RETRY_S)
            except Exception as error:  # a thread has nobody to raise to: the state says it
                self.finish("failed", Stopped(0, type(error).__name__))
                return

    def _build(self, connection: Connection) -> None:
        claim = self._builds.claim(connection.cursor(), self.build)
        self.following = Following(self._builds, self.projection, self.build, claim, rebuilding=True)
        self.following.recall(connection.cursor())
        self._catch_up(connection, self.following)
        if not claim.indexed and not self._leaving:
            self._state = "indexing"
            self._builds.index(connection, self.projection, self.build)
            self._catch_up(connection, self.following)
        if self.cancelling:
            self.discard(connection)
        elif not self._interrupted:
            self._state = "joining"
            self._take_over(self)

    @property
    def _leaving(self) -> bool:
        return self._interrupted or self.cancelling

    def _catch_up(self, connection: Connection, following: Following) -> None:
        self._total = self._reader.head().size
        try:
            while not self._leaving and following.position < self._total - NEAR:
                page = self._pages.read(self, following.position, self._total)
                if page is None:
                    return
                self._take(connection, following, page)
                self._total = self._reader.head().size
        finally:
            self._pages.leave(self)

    @staticmethod
    def _take(connection: Connection, following: Following, page: Page) -> None:
        with collector_paused():
            try:
                following.take(connection, page.events, page.last)
            except Moved:
                return  # the position was read again: the next page begins there

    def discard(self, connection: Connection) -> None:
        """Drop what was built, and end as cancelled."""
        with self._builds.locked(connection) as cursor:
            self._builds.drop(cursor, self.build)
        self.finish("cancelled")
