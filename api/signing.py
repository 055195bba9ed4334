"""Signing: puts a ledger's new events under a signed checkpoint within a second, here or as told by another process."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
import structlog

from ledger.evidence import checkpoint
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.faults import EvidenceError
from ledger.evidence.note import VerifierKey
from ledger.evidence.signer import Signer
from ledger.store.reader import Reader

INTERVAL_S = 0.4  # between two signatures: each is an fsync, and a second is the promise
REFUSED_S = 1.0  # before what was refused is looked at again: an operator may have declared a restore
PAGE_EVENTS = 2_000
_log = structlog.get_logger("pledger.signing")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed checkpoint: the note's bytes and what it says."""

    note: bytes
    head: Checkpoint


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why nothing more is signed: a code, and a sentence in each language."""

    code: str
    zh: str
    en: str

    @classmethod
    def of(cls, fault: EvidenceError) -> "Alarm":
        """Return the alarm that a refusal raises."""
        return cls(type(fault).__name__, fault.zh, fault.en)


class Published(ABC):
    """What is signed of one ledger: `latest` is what was published last, `witnessed` what others cosigned last.

    `refusal` says why the signer signs no more. `separate` tells that the signer runs as a user of its own.
    """

    separate = False

    def __init__(self, latest: Signed) -> None:
        self.latest = latest
        self.witnessed: Signed | None = None
        self.refusal: Alarm | None = None
        self._changed = threading.Condition()
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"signer of {latest.head.origin}", daemon=True)

    @property
    @abstractmethod
    def keys(self) -> Sequence[VerifierKey]:
        """The keys that checkpoints are checked with now."""

    @property
    @abstractmethod
    def successions(self) -> Sequence[bytes]:
        """The signed notes by which earlier keys handed over."""

    def start(self) -> None:
        """Begin to sign, or to follow the signer."""
        self._thread.start()

    def stop(self) -> None:
        """Take in what is there for the last time, and end."""
        self._ending.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that there are new events."""
        self._wake.set()

    def covers(self, position: int, timeout_s: float) -> bool:
        """Block until a checkpoint covers the position; False after `timeout_s`, and while the signer refuses."""
        self.wake()
        with self._changed:
            return self._changed.wait_for(lambda: self.refusal is None and self.latest.head.size >= position, timeout_s)

    def reaches(self, moved: Callable[["Published"], bool], timeout_s: float) -> bool:
        """Block until `moved` is true of what is published; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: moved(self), timeout_s)

    def cosigned(self, signed: Signed) -> None:
        """Take a checkpoint with the cosignatures that make it a witnessed one."""
        with self._changed:
            self.witnessed = signed
            self._changed.notify_all()

    def _publish(self, signed: Signed) -> None:
        with self._changed:
            self.latest, self.refusal = signed, None
            self._changed.notify_all()

    def _refuse(self, fault: EvidenceError) -> None:
        alarm = Alarm.of(fault)
        if alarm != self.refusal:
            _log.error("the signer refuses", origin=self.latest.head.origin, code=alarm.code, reason=alarm.en)
        with self._changed:
            self.refusal = alarm
            self._changed.notify_all()

    @abstractmethod
    def _run(self) -> None:
        """Sign or follow until the end."""


class Signing(Published):
    """The signer in this process. `told` is called with every change, for a process that publishes into a folder."""

    def __init__(
        self, signer: Signer, reader: Reader, *, told: Callable[["Signing"], None] | None = None, poll_s: float = 1.0
    ) -> None:
        super().__init__(signed_in(signer.last()))
        self.signer, self._reader = signer, reader
        self._told, self._poll_s = told, poll_s

    def start(self) -> None:
        """Sign what is there, or find that it can't be signed, and go on doing so."""
        self._try_to_sign()
        super().start()

    @property
    def keys(self) -> Sequence[VerifierKey]:
        """The keys that checkpoints are checked with now."""
        return [self.signer.verifier_key]

    @property
    def successions(self) -> Sequence[bytes]:
        """The signed notes by which earlier keys handed over."""
        return self.signer.successions

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(self._poll_s)
            self._wake.clear()
            self._try_to_sign()
            self._ending.wait(INTERVAL_S if self.refusal is None else REFUSED_S)
        if self.refusal is None:
            self._try_to_sign()  # what came in during the last pause

    def _try_to_sign(self) -> None:
        before = self.latest, self.refusal
        try:
            self._sign()
        except EvidenceError as refusal:
            self._refuse(refusal)
        except (psycopg.Error, OSError) as error:
            _log.warning("not signed", origin=self.signer.origin, error=type(error).__name__)
        if self._told is not None and before != (self.latest, self.refusal):
            self._told(self)

    def _sign(self) -> None:
        head = self._reader.head()
        first, key = self.signer.size, self.signer.verifier_key
        latest = self.latest.head
        if (head.size, head.root, key.name) == (first, latest.root, latest.origin) and self.refusal is None:
            return
        note = self.signer.sign(
            self._stored(first, head.size), head.attestation, first=first, size=head.size, root=head.root
        )
        self._publish(signed_in(note))

    def _stored(self, first: int, size: int) -> Iterator[bytes]:
        return stored_bytes(self._reader, first, size)


def stored_bytes(reader: Reader, first: int, size: int) -> Iterator[bytes]:
    """Yield the stored bytes of the indexes [first, size), page by page."""
    after = first
    while page := reader.page(after, PAGE_EVENTS, size):
        after = page[-1][0]
        yield from (stored for _, stored in page)


def signed_in(note: bytes) -> Signed:
    """Return a note that the signer made, or that was checked, with what it says."""
    return Signed(note, checkpoint.read_unverified(note))
