"""The listener: wakes the page loop when the ledger grows, and reconnects when its connection is lost."""

import threading

import psycopg

from projections.engine.projection import Connection

RETRY_S = 0.5


class Wake:
    """Set by whoever has news; the loop waits for it, at most a while."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Say that there is something to look at."""
        self._event.set()

    def wait(self, timeout_s: float) -> None:
        """Return at news, or after `timeout_s`; news that came since the last call counts."""
        self._event.wait(timeout_s)
        self._event.clear()


class Listener:
    """A thread that listens on one channel. After each reconnect it wakes the loop, for news may have been missed."""

    def __init__(self, conninfo: str, channel: str, wake: Wake) -> None:
        self._conninfo, self._channel, self._wake = conninfo, channel, wake
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listen:{channel}", daemon=True)
        self._connection: Connection | None = None
        self.reconnects = 0

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the connection is closed."""
        self._ending.set()
        self._thread.join()

    @property
    def backend_pid(self) -> int | None:
        """Return the server process of the listening connection."""
        connection = self._connection
        return None if connection is None or connection.closed else connection.info.backend_pid

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except psycopg.OperationalError:
                self.reconnects += 1
                self._ending.wait(RETRY_S)

    def _listen(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(f'listen "{self._channel}"'.encode())
            self._connection = connection
            self._wake.set()
            while not self._ending.is_set():
                for _ in connection.notifies(timeout=0.5, stop_after=1):
                    self._wake.set()
