"""Signing: a thread that puts a ledger's new events under a signed checkpoint within a second."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import structlog

from ledger.evidence import checkpoint
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import EvidenceError
from ledger.evidence.signer import Signer
from ledger.store.reader import Reader

INTERVAL_S = 0.4  # between two signatures: each is an fsync, and a second is the promise
PAGE_EVENTS = 2_000
_log = structlog.get_logger("pledger.signing")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed checkpoint: the note's bytes and what it says."""

    note: bytes
    head: Checkpoint


class Signing:
    """Follows one ledger. `latest` is what was published last; `refusal` says why the signer signs no more."""

    def __init__(self, signer: Signer, reader: Reader) -> None:
        self.signer, self._reader = signer, reader
        self.latest = _read(signer.last())
        self.refusal: str | None = None
        self._changed = threading.Condition()
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"signer of {signer.origin}", daemon=True)

    def start(self) -> None:
        """Begin to sign."""
        self._thread.start()

    def stop(self) -> None:
        """Sign what is there for the last time, and end."""
        self._ending.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that there are new events."""
        self._wake.set()

    def covers(self, position: int, timeout_s: float) -> bool:
        """Block until a checkpoint covers the position; False after `timeout_s`."""
        self.wake()
        with self._changed:
            return self._changed.wait_for(lambda: self.latest.head.size >= position, timeout_s)

    def _run(self) -> None:
        while not self._ending.is_set() and self.refusal is None:
            self._wake.wait(1.0)
            self._wake.clear()
            self._try_to_sign()
            self._ending.wait(INTERVAL_S)
        if self.refusal is None:
            self._try_to_sign()  # what came in during the last pause

    def _try_to_sign(self) -> None:
        try:
            self._sign()
        except EvidenceError as refusal:
            self.refusal = type(refusal).__name__
            _log.error("the signer refuses", origin=self.signer.origin, reason=refusal.text("en"))
        except (psycopg.Error, OSError) as error:
            _log.warning("not signed", origin=self.signer.origin, error=type(error).__name__)

    def _sign(self) -> None:
        head = self._reader.head()
        first = self.signer.size
        if head.size == first and head.root == self.latest.head.root:
            return
        note = self.signer.sign(
            self._stored(first, head.size), head.attestation, first=first, size=head.size, root=head.root
        )
        with self._changed:
            self.latest = _read(note)
            self._changed.notify_all()

    def _stored(self, first: int, size: int) -> Iterator[bytes]:
        after = first
        while page := self._reader.page(after, PAGE_EVENTS, size):
            after = page[-1][0]
            yield from (stored for _, stored in page)


def _read(note: bytes) -> Signed:
    return Signed(note, checkpoint.read_unverified(note))
