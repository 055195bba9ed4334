"""Witnesses: asks other parties to cosign each new checkpoint and to stamp its time, and keeps what they signed."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import structlog

from api.log_tiles import tiles_of
from api.settings import Settings
from api.signing import Published, Signed, signed_in
from ledger.evidence import durable, policy, time_stamp
from ledger.evidence.checkpoint import read_unverified
from ledger.evidence.faults import EvidenceError, Inconsistent
from ledger.evidence.note import Signature
from ledger.evidence.policy import NO_QUORUM, Policy
from ledger.evidence.proofs import consistency_path
from ledger.evidence.succession import marshal
from ledger.evidence.tiles import read_file
from ledger.evidence.witness import CONFLICT, OK, UNSIGNED, Submission, cosignatures_in, with_cosignatures
from ledger.store.reader import Reader

TIMEOUT_S = 10.0
PAUSE_S = 1.0  # between two rounds; after a failure, too
LATEST = "checkpoint"
QUERY_TYPE = "application/timestamp-query"
ANSWER_MAX_BYTES = 256_000
_log = structlog.get_logger("pledger.witnesses")
Post = Callable[[str, bytes, str], tuple[int, bytes]]  # address, body, content type → status, body


class Witnessing:
    """Follows one ledger's checkpoints. `said` tells for each witness the size it cosigned, or its last refusal."""

    def __init__(
        self,
        signing: Published,
        reader: Reader,
        folder: Path,
        *,
        policy: Policy | None = None,
        time_stamp_url: str | None = None,
        time_stamp_every_s: float = 86_400,
        post: Post | None = None,
    ) -> None:
        self._signing, self._reader, self.folder, self._policy = signing, reader, folder, policy
        self._url, self._every_s, self._stamped_s = time_stamp_url, time_stamp_every_s, float("-inf")
        self._post = post or post_over_http
        self._sizes: dict[str, int] = {}
        self.said: dict[str, dict[str, Any]] = {}
        self._seen: bytes | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witnesses", daemon=True)
        durable.private_folder(folder)
        self._take_up()

    @classmethod
    def of(cls, settings: Settings, ledger: str, signing: Published, reader: Reader) -> "Witnessing | None":
        """Return what the settings ask for, None for nothing. Raises EvidenceError for a policy that can't be read."""
        if settings.witness_policy is None and settings.time_stamp_url is None:
            return None
        asked = None
        if settings.witness_policy is not None:
            asked = policy.parse(read_file(settings.witness_policy).decode("utf-8", "replace"))
        return cls(
            signing,
            reader,
            settings.witnessed_folder / ledger,
            policy=asked,
            time_stamp_url=settings.time_stamp_url,
            time_stamp_every_s=settings.time_stamp_every_s,
        )

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is finished first."""
        self._ending.set()
        self._thread.join()

    def _take_up(self) -> None:
        """Take what was cosigned before this process began, where it is still of this log."""
        kept = witnessed_note(self.folder.parent, self.folder.name)
        if kept is not None and read_unverified(kept).size <= self._signing.latest.head.size:
            self._signing.cosigned(signed_in(kept))

    def _run(self) -> None:
        while not self._ending.is_set():
            signed = self._signing.latest
            if signed.head.size and signed.note != self._seen and self._round(signed):
                self._seen = signed.note
            self._ending.wait(PAUSE_S)

    def _round(self, signed: Signed) -> bool:
        """Ask everybody about one checkpoint; False where it must be tried again."""
        try:
            whole = self._cosign(signed)
            self._stamp(signed)
        except (OSError, psycopg.Error, httpx2.HTTPError) as error:
            _log.warning("not witnessed", error=type(error).__name__)
            return False
        return whole

    # ---- cosignatures

    def _cosign(self, signed: Signed) -> bool:
        if self._policy is None or self._policy.quorum == NO_QUORUM:
            return True
        found = [one for name in self._policy.urls if (one := self._asked(name, signed)) is not None]
        note = with_cosignatures(signed.note, found)
        if found and self._policy.met_by(self._policy.cosigners(note)):
            durable.replace(self.folder / LATEST, note)
            self._signing.cosigned(Signed(note, signed.head))
        return len(found) == len(self._policy.urls)

    def _asked(self, name: str, signed: Signed) -> Signature | None:
        assert self._policy is not None
        try:
            answer = self._submit(name, self._policy.urls[name], signed)
            [found] = cosignatures_in(answer, signed.note, self._policy.witnesses[name])
        except EvidenceError as fault:
            self._note(name, {"refused": fault.en})
            return None
        except httpx2.HTTPError as error:
            self._note(name, {"failed": type(error).__name__})
            return None
        self._sizes[name] = signed.head.size
        self._note(name, {"size": signed.head.size})
        return found

    def _submit(self, name: str, url: str, signed: Signed) -> bytes:
        """Return the witness's cosignature lines. It is asked again where it knows another size, or an earlier key."""
        body, size, told = b"", self._sizes.get(name, 0), False
        for _ in range(3):
            status, body = self._request(url, size, signed)
            if status == OK:
                return body
            if status == UNSIGNED and self._signing.successions and not told:
                told = True
                self._post(url.rstrip("/") + "/add-successions", marshal(self._signing.successions), "text/plain")
                continue
            if status != CONFLICT or not body.strip().isdigit():
                break
            size = int(body)
            if size > signed.head.size:
                raise Inconsistent(
                    zh=f"见证人已见过 {size} 个事件，本账本只有 {signed.head.size} 个",
                    en=f"the witness has seen {size} events and this ledger signs {signed.head.size}",
                )
        text = body[:200].decode("utf-8", "replace").strip()
        raise Inconsistent(zh=f"见证人拒绝：{text}", en=f"the witness refused: {text}")

    def _request(self, url: str, size: int, signed: Signed) -> tuple[int, bytes]:
        path = consistency_path(size, signed.head.size, tiles_of(self._reader)) if size else []
        asked = Submission(size, tuple(path), signed.note)
        return self._post(url.rstrip("/") + "/add-checkpoint", asked.to_bytes(), "text/plain")

    def _note(self, name: str, said: Mapping[str, object]) -> None:
        if said != self.said.get(name) and "size" not in said:
            _log.error("a witness did not cosign", witness=name, **said)
        self.said[name] = dict(said)

    # ---- time stamps

    def _stamp(self, signed: Signed) -> None:
        """Have the checkpoint's text stamped, where the last stamp is old enough; a refusal waits as long."""
        if self._url is None or time.monotonic() - self._stamped_s < self._every_s:
            return
        self._stamped_s = time.monotonic()
        message, nonce = signed.head.text().encode(), secrets.randbits(63)
        try:
            status, body = self._post(self._url, time_stamp.request(message, nonce=nonce), QUERY_TYPE)
            if status != OK:
                raise Inconsistent(zh=f"时间戳机构答复 {status}", en=f"the time-stamping authority answered {status}")
            token = time_stamp.token_in(body, nonce=nonce)
        except EvidenceError as fault:
            self._note("time-stamp", {"refused": fault.en})
            return
        durable.replace(self.folder / f"{signed.head.size:020}.note", signed.note)
        durable.replace(self.folder / f"{signed.head.size:020}.tsr", token)
        self._note("time-stamp", {"size": signed.head.size})


def stamps_in(folder: Path, upto: int) -> tuple[bytes, bytes] | None:
    """Return checkpoint and token of the latest time stamp of at most `upto` events, None where there is none."""
    kept = [path for path in sorted(folder.glob("*.tsr")) if path.stem.isdigit() and int(path.stem) <= upto]
    return (kept[-1].with_suffix(".note").read_bytes(), kept[-1].read_bytes()) if kept else None


def witnessed_note(folder: Path, ledger: str) -> bytes | None:
    """Return the checkpoint of a ledger that witnesses cosigned last, None before there is one."""
    path = folder / ledger / LATEST
    return path.read_bytes() if path.exists() else None


def post_over_http(url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    """Return status and body of a request to an address that the operator has named; it is not led elsewhere."""
    with (
        httpx2.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers={"content-type": content_type}) as response,
    ):
        answer = b""
        for part in response.iter_bytes():
            answer += part
            if len(answer) > ANSWER_MAX_BYTES:
                break
        return response.status_code, answer
