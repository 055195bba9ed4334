"""Self-check: reads a running ledger again from its first event, gently and over and over, and says what it found."""

import threading
import time
from collections.abc import Iterator

import psycopg
import structlog

from api.signing import Published
from ledger.evidence.faults import EvidenceError, LogFalse
from ledger.evidence.rows import Head, Row
from ledger.evidence.verify_ledger import LedgerCheck
from ledger.kernel.statements import load
from ledger.privacy.sealed_check import SealedCheck
from ledger.privacy.secrets import LedgerSecrets
from ledger.store.kept_answers import KeptAnswersCheck
from ledger.store.ledgers import keys_schema_of
from ledger.store.reader import Reader

PAGE_EVENTS = 256
PAUSE_S = 0.1  # after each page: a tenth of one core at most
BETWEEN_S = 300.0  # from the end of one pass to the next
COLUMNS = ("position", "stream", "version", "recorded_at", "event_id", "topic", "actor", "subjects", "effective_at")
_log = structlog.get_logger("pledger.self_check")


class _RetiredMeanwhile(Exception):
    """Events gave way after this pass had begun, by one that it does not reach: it begins again."""


class SelfCheck:
    """Checks one ledger's bytes, columns, order, tiles, tree, sealed parts and kept answers, over and over in a thread.

    `passes` counts the passes that found all as recorded, `checked` the events of the last one, `position` is where
    the present one is. `fault` is what a pass found wrong, with the first position; it stays until the service ends.
    """

    def __init__(
        self,
        reader: Reader,
        signing: Published,
        secrets: LedgerSecrets,
        *,
        pause_s: float = PAUSE_S,
        between_s: float = BETWEEN_S,
    ) -> None:
        self._reader, self._signing, self._secrets = reader, signing, secrets
        self._pause_s, self._between_s = pause_s, between_s
        self._page = load("api", "statements.sql").bind(schema=reader.schema).read_rows_to_check.encode()
        self.passes = self.checked = self.position = 0
        self.fault: dict[str, object] | None = None
        self._done = threading.Condition()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="self-check", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, in the middle of a pass if there is one."""
        self._ending.set()
        self._thread.join()

    def said(self) -> dict[str, object]:
        """Return the figures for /health."""
        figures = {"passes": self.passes, "checked": self.checked, "position": self.position}
        return {**figures, "fault": self.fault}

    def ended(self, passes: int, timeout_s: float) -> bool:
        """Block until so many passes are over, or a fault was found; False after `timeout_s`."""
        with self._done:
            return self._done.wait_for(lambda: self.passes >= passes or self.fault is not None, timeout_s)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._pass()
            except EvidenceError as fault:
                self._found(fault)
            except _RetiredMeanwhile:
                continue
            except psycopg.Error as error:
                _log.warning("not checked", error=type(error).__name__)
            self._ending.wait(self._between_s)

    def _pass(self) -> None:
        """Check everything up to the head as it is now; what is recorded meanwhile waits for the next pass."""
        head = self._reader.head()
        signed = self._signing.latest.head
        if head.size == 0:
            return
        known = [signed] if 0 < signed.size <= head.size and self._signing.refusal is None else []
        check = LedgerCheck(Head(head.size, head.frontier), known, lambda index: self._reader.tile(0, index))
        began = time.monotonic()
        sealed = self._sealed()
        check.run(self._seen(self._rows(head.size), sealed))
        if self._ending.is_set():
            return
        sealed.finish()
        KeptAnswersCheck(self._reader.schema, self._reader.pool.connection).run(self._paused)
        if self._ending.is_set():
            return
        with self._done:
            self.passes, self.checked = self.passes + 1, check.checked
            self._done.notify_all()
        _log.info("checked", events=check.checked, seconds=round(time.monotonic() - began, 1))

    def _sealed(self) -> SealedCheck:
        schema, opening = self._reader.schema, self._reader.pool.connection
        name = schema.removeprefix("ledger_")
        return SealedCheck(name, schema, keys_schema_of(name), self._secrets, opening, gentle=True)

    @staticmethod
    def _seen(rows: Iterator[Row], sealed: SealedCheck) -> Iterator[Row]:
        for row in rows:
            yield row
            sealed.take(row)

    def _paused(self) -> bool:
        return self._ending.wait(self._pause_s)

    def _rows(self, size: int) -> Iterator[Row]:
        self.position = 0
        while self.position < size:
            with self._reader.pool.connection() as connection, connection.cursor(binary=True) as cursor:
                rows = cursor.execute(self._page, (self.position, size, PAGE_EVENTS)).fetchall()
            for stored, leaf, retired_by, *copies in rows:
                if (retired_by or 0) > size:
                    raise _RetiredMeanwhile()
                yield Row(copies[0], stored, dict(zip(COLUMNS, copies, strict=True)), leaf, retired_by)
            if not rows or self._ending.is_set():
                return
            self.position = rows[-1][3]
            self._ending.wait(self._pause_s)

    def _found(self, fault: EvidenceError) -> None:
        if self._ending.is_set():
            return  # a pass that was broken off has seen only a part
        kind, first = (fault.kind, fault.position) if isinstance(fault, LogFalse) else (fault.code, None)
        _log.error("the ledger is not as recorded", kind=kind, first_bad=first, reason=fault.en)
        with self._done:
            self.fault = {"kind": kind, "first_bad": first, "zh": fault.zh, "en": fault.en}
            self._done.notify_all()
