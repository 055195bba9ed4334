"""A witness (C2SP tlog-witness): cosigns each log's checkpoints as long as each continues the one before.

It remembers the last checkpoint of each log on disk before it answers, so that no crash and no race rolls it back. A
log's exchanged key it takes up by itself, where the key before vouches for it; a log under another origin it does not.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import base64_text, checkpoint, durable, note, succession
from .checkpoint import Checkpoint, parse_decimal
from .faults import EvidenceError, Inconsistent, Malformed, ProofFalse, SignatureFalse, SignerStateLost, SuccessionFalse
from .merkle import HASH_BYTES, verify_consistency
from .note import COSIGNATURE, Signature, SigningKey, VerifierKey
from .succession import Keyring

MAX_PROOF_LINES = 63
MAX_BODY_BYTES = 64_000
SUCCESSIONS = ".successions"
TEXT, SIZE_TYPE = "text/plain; charset=utf-8", "text/x.tlog.size"
OK, MALFORMED, UNSIGNED, UNKNOWN, CONFLICT, UNPROVEN = 200, 400, 403, 404, 409, 422


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log asks to have cosigned: from which size on, by which proof, and the signed checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    signed: bytes

    def to_bytes(self) -> bytes:
        """The body of a request."""
        lines = [f"old {self.old_size}", *map(base64_text.encode, self.proof), "", ""]
        return "\n".join(lines).encode() + self.signed

    @classmethod
    def from_bytes(cls, body: bytes) -> "Submission":
        """Read the body of a request strictly; nothing in it is checked yet."""
        head, blank, signed = body.partition(b"\n\n")
        try:
            first, *proof = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Malformed(zh="请求头不是 ASCII", en="the head of the request is not ASCII") from None
        hashes = tuple(base64_text.decode(line) for line in proof)
        if not blank or not first.startswith("old ") or len(hashes) > MAX_PROOF_LINES:
            raise Malformed(zh="不是见证请求", en="not a request to a witness")
        if any(len(hash_) != HASH_BYTES for hash_ in hashes):
            raise Malformed(zh="证明中的哈希不对", en="a hash of the proof is malformed")
        return cls(parse_decimal(first.removeprefix("old ")), hashes, signed)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and content type of an answer over HTTP."""

    status: int
    body: bytes
    content_type: str = TEXT


class Witness:
    """Cosigns the checkpoints of the logs in `logs`, origin → keys; its key and memory lie in `folder`.

    `clock` gives POSIX seconds. The key is made at first use under `name`.
    """

    def __init__(
        self, folder: Path, name: str, logs: Mapping[str, Sequence[VerifierKey]], clock: Callable[[], int]
    ) -> None:
        self._folder, self._logs, self._clock = folder, logs, clock
        self._lock = threading.Lock()
        durable.private_folder(folder)
        with durable.locked(folder):
            self._key = _key_in(folder, name)

    @property
    def verifier_key(self) -> VerifierKey:
        """The key that its cosignatures are checked with."""
        return self._key.verifier_key

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a request: cosignature lines, or why there are none."""
        if len(body) > MAX_BODY_BYTES:
            return Answer(MALFORMED, b"the request is too large\n")
        try:
            asked = Submission.from_bytes(body)
            origin = note.parse(asked.signed).text.partition("\n")[0]
        except EvidenceError as fault:
            return _refused(MALFORMED, fault)
        if origin not in self._logs:
            return Answer(UNKNOWN, b"this log is not witnessed here\n")
        ring = self._ring(origin)
        try:
            note.verify(asked.signed, ring.keys)
        except SignatureFalse as fault:
            return _refused(UNSIGNED, fault)
        try:
            head = checkpoint.parse_text(note.parse(asked.signed).text)
        except Malformed as fault:
            return _refused(UNPROVEN if _is_empty_with_root(asked.signed) else MALFORMED, fault)
        if asked.old_size > head.size:
            return Answer(MALFORMED, b"the old size is larger than the checkpoint's\n")
        try:
            ring.verify(asked.signed)
        except (SignatureFalse, Inconsistent) as fault:
            return _refused(UNSIGNED, fault)
        with self._lock, durable.locked(self._folder):
            return self._continued(asked, head)

    def add_successions(self, body: bytes) -> Answer:
        """The answer to notes by which a log's keys handed over: taken up for good, or why they are not.

        Each must be signed by both of its keys, follow from a key that is known here, keep the log's name, and take
        back nothing that was cosigned. Notes that are known already change nothing.
        """
        try:
            notes = succession.split(body)
            origins = {succession.parse(one).key.name for one in notes}
        except EvidenceError as fault:
            return _refused(UNSIGNED if isinstance(fault, SignatureFalse) else MALFORMED, fault)
        if len(body) > MAX_BODY_BYTES or len(origins) != 1:
            return Answer(MALFORMED, b"not the successions of one log\n")
        [origin] = origins
        if origin not in self._logs:
            return Answer(UNKNOWN, b"this log is not witnessed here\n")
        with self._lock, durable.locked(self._folder):
            try:
                taken = self._taken_up(origin, notes)
            except EvidenceError as fault:
                return _refused(UNSIGNED, fault)
            durable.replace(self._path(origin).with_suffix(SUCCESSIONS), succession.marshal(taken))
        return Answer(OK, f"{len(taken)}\n".encode())

    def _taken_up(self, origin: str, notes: Sequence[bytes]) -> list[bytes]:
        """All successions known with these; raises where one does not follow from what is known."""
        taken, last = self._successions(origin), self._last(origin)
        for one in (one for one in notes if one not in taken):
            link = succession.parse(one)
            if link.former not in self._ring(origin, taken).keys or link.former.name != origin:
                raise SuccessionFalse(
                    zh=f"交出密钥的一方不为此见证人所知：{link.former}",
                    en=f"the key that hands over is not known here: {link.former}",
                )
            if last is not None and link.size < last.size:
                raise SuccessionFalse(
                    zh=f"交接于 {link.size}，而此处已联署到 {last.size}",
                    en=f"it hands over at {link.size}, and {last.size} was cosigned here",
                )
            taken = [*taken, one]
            self._ring(origin, taken)  # which refuses a second successor
        return taken

    def _successions(self, origin: str) -> list[bytes]:
        path = self._path(origin).with_suffix(SUCCESSIONS)
        return succession.split(path.read_bytes()) if path.exists() else []

    def _ring(self, origin: str, successions: Sequence[bytes] | None = None) -> Keyring:
        """The keys that a log may sign with, from those that were given and what was taken up since."""
        return Keyring(self._logs[origin], self._successions(origin) if successions is None else successions)

    def _continued(self, asked: Submission, head: Checkpoint) -> Answer:
        """Compare with what was cosigned last, and remember before the cosignature leaves; under the lock."""
        last = self._last(head.origin)
        size = 0 if last is None else last.size
        if asked.old_size != size:
            return Answer(CONFLICT, f"{size}\n".encode(), SIZE_TYPE)
        try:
            _require_continuation(last, head, asked.proof)
        except ProofFalse as fault:
            return _refused(UNPROVEN, fault)
        cosignature = self._key.sign(head.text(), time=self._clock())
        parsed = note.parse(asked.signed)
        known = {(key.name, key.key_id) for key in self._ring(head.origin).keys}
        kept = tuple(one for one in parsed.signatures if (one.name, one.key_id) in known)
        durable.replace(self._path(head.origin), note.Note(parsed.text, (*kept, cosignature)).to_bytes())
        return Answer(OK, cosignature.line().encode())

    def latest(self, digest: str) -> bytes | None:
        """The last cosigned checkpoint of the log whose origin has this SHA-256 in hexadecimal, or None."""
        path = self._folder / f"{digest}.checkpoint"
        known = {sha256(origin.encode()).hexdigest() for origin in self._logs}
        return path.read_bytes() if digest in known and path.exists() else None

    def _last(self, origin: str) -> Checkpoint | None:
        """What was cosigned last; what does not bear this witness's own signature is a damaged memory."""
        path = self._path(origin)
        if not path.exists():
            return None
        try:
            good = note.verify(path.read_bytes(), [self.verifier_key])
            return checkpoint.parse_text(good.text)
        except EvidenceError:
            raise SignerStateLost(
                zh=f"见证人对 {origin} 的记忆已损坏", en=f"the witness's memory of {origin} is damaged"
            ) from None

    def _path(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"


def _require_continuation(last: Checkpoint | None, head: Checkpoint, proof: Sequence[bytes]) -> None:
    if last is None or last.size == 0:
        if proof:
            raise ProofFalse(zh="从空树开始没有证明", en="there is no proof from an empty tree")
        return
    verify_consistency(last.root, head.root, proof, old_size=last.size, new_size=head.size)


def _is_empty_with_root(signed: bytes) -> bool:
    lines = note.parse(signed).text.split("\n")
    return len(lines) == 4 and lines[1] == "0"


def _key_in(folder: Path, name: str) -> SigningKey:
    path = folder / "key"
    if not path.exists():
        if any(folder.glob("*.checkpoint")):
            raise SignerStateLost(zh="见证人的私钥不见了", en="the witness's key is gone while its memory is there")
        fresh = SigningKey.generate(name)
        durable.replace(path, SigningKey(name, fresh.seed, COSIGNATURE).private_text().encode() + b"\n")
    key = SigningKey.parse(path.read_text("utf-8").removesuffix("\n"))
    if key.name != name or key.kind != COSIGNATURE:
        raise SignerStateLost(zh=f"私钥属于 {key.name}", en=f"the key belongs to {key.name}")
    return key


def _refused(status: int, fault: EvidenceError) -> Answer:
    return Answer(status, f"{fault.en}\n".encode())


def cosignatures_in(body: bytes, signed: bytes, key: VerifierKey) -> list[Signature]:
    """The good cosignatures of `key` in a witness's answer to the checkpoint `signed`; other lines are passed over.

    Raises SignatureFalse where one of the key's is wrong or none is there.
    """
    text = note.parse(signed).text
    answered = note.parse(text.encode() + b"\n" + body)
    own = [one for one in answered.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    for one in own:
        key.check(text, one)
    if not own:
        raise SignatureFalse(zh=f"{key.name} 没有签名", en=f"{key.name} has not signed")
    return own[:1]


def with_cosignatures(signed: bytes, cosignatures: Sequence[Signature]) -> bytes:
    """The checkpoint `signed` with further signature lines."""
    parsed = note.parse(signed)
    return note.parse(note.Note(parsed.text, (*parsed.signatures, *cosignatures)).to_bytes()).to_bytes()
