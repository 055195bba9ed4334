"""A subscription for the eventsourcing library: listens, polls as well, and comes back when its connection breaks."""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psycopg
from eventsourcing.persistence import ListenNotifySubscription

if TYPE_CHECKING:
    from ledger.store.recorder import LedgerRecorder

POLL_S = 1.0
STOP_S = 0.1  # how soon a stop is seen
RECONNECT_S = 0.5

logger = logging.getLogger(__name__)


class LedgerSubscription(ListenNotifySubscription["LedgerRecorder"]):
    """Yields notifications in the order of the ledger, without a gap, from just after `gt`."""

    def __init__(self, recorder: "LedgerRecorder", gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._stopped = threading.Event()
        self._listener = threading.Thread(target=self._listen_again, name="ledger subscription", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """Stop the iteration and the listening."""
        self._stopped.set()
        super().stop()

    def _listen_again(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as failure:
                logger.warning("a subscription lost its connection: %s", failure)
                self._has_been_notified.set()  # poll meanwhile
                self._stopped.wait(RECONNECT_S)

    def _listen(self) -> None:
        reader = self._recorder.reader
        with psycopg.connect(reader.conninfo, autocommit=True) as connection:
            connection.execute(f"listen {reader.schema}".encode())
            self._has_been_notified.set()  # what was recorded before the listening began
            while not self._stopped.is_set():
                for _ in range(round(POLL_S / STOP_S)):
                    if self._stopped.is_set() or any(True for _ in connection.notifies(timeout=STOP_S, stop_after=1)):
                        break
                self._has_been_notified.set()
