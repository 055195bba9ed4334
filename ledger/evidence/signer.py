"""The signer: signs a ledger's tree head only when it continues what it signed before and follows from stored bytes."""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from . import checkpoint, succession
from .checkpoint import Checkpoint
from .faults import AttestationFalse, Inconsistent, RootFalse
from .merkle import Frontier
from .note import SigningKey, VerifierKey
from .signer_files import RESTORED, SignerFolder, SignerState
from .stand_in import leaf_of
from .succession import Succession

ATTEST_TAG = b"pledger/attest/v1\x00"
KEPT_EVERY = 256  # leaves: a head signed past each multiple is kept, to be held against a restored database


def attest(key: bytes, *, origin: str, size: int, root: bytes) -> bytes:
    """The writer's word on a root: HMAC-SHA256 over tag ‖ origin ‖ size (8 bytes, big-endian) ‖ root, 32 bytes."""
    return hmac.digest(key, ATTEST_TAG + origin.encode() + size.to_bytes(8, "big") + root, sha256)


def check_attestation(attestation: bytes, key: bytes, *, origin: str, size: int, root: bytes) -> None:
    """Raise AttestationFalse unless the writer who holds `key` attested this root at this size."""
    if not hmac.compare_digest(attest(key, origin=origin, size=size, root=root), attestation):
        raise AttestationFalse(
            zh=f"大小 {size} 的树根没有写入方的认可：有事件绕过了服务",
            en=f"the root at size {size} is not attested by the writer: events came in past the service",
        )


class Signer:
    """Signs the checkpoints of one ledger; its memory lies in its own folder, outside the database.

    `folder` holds key and state (0700, files 0600) and is made at first use. Without `attest_key` the
    writer's attestation is not checked. `origin` is the ledger's, for ever; checkpoints have that of the key.
    """

    def __init__(self, folder: Path, origin: str, *, attest_key: bytes | None = None) -> None:
        self.origin = origin
        self._attest_key = attest_key
        self._files = SignerFolder(folder)
        with self._files.locked():
            self._files.open(origin)

    @property
    def verifier_key(self) -> VerifierKey:
        """The public key that checkpoints are checked with now."""
        with self._files.locked():
            return self._files.open(self.origin).verifier_key

    @property
    def successions(self) -> list[bytes]:
        """The signed notes by which earlier keys handed over, oldest first."""
        with self._files.locked():
            return self._files.successions()

    @property
    def size(self) -> int:
        """How many leaves the last signed head has: `sign` needs the stored bytes from this index on."""
        with self._files.locked():
            return self._opened()[1].frontier.size

    def last(self) -> bytes:
        """The last signed checkpoint; the same bytes as when it was first signed."""
        with self._files.locked():
            key, state = self._opened()
            return checkpoint.sign(state.head(), [key])

    def sign(self, entries: Iterable[bytes], attestation: bytes = b"", *, first: int, size: int, root: bytes) -> bytes:
        """The signed checkpoint of a head, after it was made sure that it continues the last one.

        `entries` are the stored bytes of the indexes [first, size), where `first` is this signer's `size` when they
        were read; `attestation` is the writer's for `size` and `root`. Raises Inconsistent, AttestationFalse or
        RootFalse, and then remembers nothing. The state is on disk before the signature leaves this method.
        """
        with self._files.locked():
            key, state = self._opened()
            _refuse_contradiction(state, size=size, root=root)
            if self._attest_key is not None:
                check_attestation(attestation, self._attest_key, origin=self.origin, size=size, root=root)
            grown = SignerState(key.name, _grow(state.frontier, entries, first=first, size=size, root=root))
            if size > state.frontier.size:
                self._files.store(grown)
            if size // KEPT_EVERY > state.frontier.size // KEPT_EVERY:
                self._files.add_head(size, root)
            return checkpoint.sign(grown.head(), [key])

    def rotate(self) -> Succession:
        """Take a new key from the last signed size on; both keys sign that, and the old one is destroyed."""
        with self._files.locked():
            key, state = self._opened()
            fresh = SigningKey.generate(key.name)
            return self._hand_over(key, fresh, state)

    def begin_anew(self, entries: Iterable[bytes], *, kept: int, lost: Checkpoint) -> Succession:
        """Go on after a restore that lost signed events: under a new key and origin, from the size `kept` on.

        `entries` are the stored bytes of the first `kept` positions; every head that was kept of them must still be
        theirs. `lost` must be the last head signed. Raises Inconsistent, and then changes nothing.
        """
        with self._files.locked():
            key, state = self._opened()
            if lost != state.head() or not kept < lost.size:
                raise Inconsistent(
                    zh=f"所声明丢失的签点不是最后签署的大小 {state.frontier.size}",
                    en=f"what was declared lost is not the head signed last, of size {state.frontier.size}",
                )
            before = [head for head in self._files.heads() if head[0] <= kept]
            frontier = _grown_past(before, entries, kept)
            line = int(key.name.partition(RESTORED)[2] or 0) + 1
            fresh = SigningKey.generate(f"{self.origin}{RESTORED}{line}")
            handed = self._hand_over(key, fresh, SignerState(fresh.name, frontier))
            self._files.keep_heads(before)
            return handed

    def last_head(self) -> Checkpoint:
        """The head signed last."""
        with self._files.locked():
            return self._opened()[1].head()

    def _hand_over(self, former: SigningKey, key: SigningKey, state: SignerState) -> Succession:
        signed = succession.sign(former, key, size=state.frontier.size)
        self._files.hand_over(key, state, signed)
        return succession.parse(signed)

    def _opened(self) -> tuple[SigningKey, SignerState]:
        key = self._files.open(self.origin)
        return key, self._files.load(key.name)


def _refuse_contradiction(state: SignerState, *, size: int, root: bytes) -> None:
    signed = state.frontier
    if size < signed.size:
        raise Inconsistent(
            zh=f"账本大小 {size} 小于已签的 {signed.size}：数据库是旧的或被截短",
            en=f"the ledger has size {size} but {signed.size} was signed: the database is an older one or was cut",
        )
    if size == signed.size and root != signed.root():
        raise Inconsistent(
            zh=f"大小 {size} 已签过另一个树根：历史被改写",
            en=f"another root was signed at size {size}: history was rewritten",
        )


def _grown_past(heads: Iterable[tuple[int, bytes]], entries: Iterable[bytes], kept: int) -> Frontier:
    """The frontier over the first `kept` entries, after each of `heads` was found to be what they give."""
    waiting, frontier = list(heads)[::-1], Frontier()
    for entry in entries:
        frontier.append(leaf_of(entry))
        while waiting and waiting[-1][0] == frontier.size:
            size, root = waiting.pop()
            if frontier.root() != root:
                raise Inconsistent(
                    zh=f"恢复的事件得不出大小 {size} 时所签的树根：历史被改写",
                    en=f"the restored events do not give the root signed at size {size}: history was rewritten",
                )
    if frontier.size != kept:
        raise RootFalse(
            zh=f"应有 {kept} 个事件，读到 {frontier.size} 个",
            en=f"{kept} events were claimed and {frontier.size} were read",
        )
    return frontier


def _grow(frontier: Frontier, entries: Iterable[bytes], *, first: int, size: int, root: bytes) -> Frontier:
    """The frontier at `size`, recomputed from stored bytes; RootFalse unless it gives `root`."""
    if not first <= frontier.size:
        raise RootFalse(zh="缺少上次签点之后的字节", en="bytes after the last signed head are missing")
    grown = frontier.copy()
    for index, entry in enumerate(entries, first):
        if index >= frontier.size:  # another signer of this folder may have gone ahead
            grown.append(leaf_of(entry))  # a refused attempt may have given way before it is signed
    if grown.size != size:
        raise RootFalse(
            zh=f"应有 {size} 个事件，读到 {grown.size} 个", en=f"{size} events were claimed and {grown.size} were read"
        )
    if grown.root() != root:
        raise RootFalse(
            zh=f"位置 {frontier.size + 1} 到 {size} 的字节得不出所称的树根",
            en=f"the bytes of positions {frontier.size + 1} to {size} do not give the claimed root",
        )
    return grown
