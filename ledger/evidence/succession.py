"""Successions: which key a log signs with from which size on, vouched for by the key before and by the one after.

A rotated key keeps its name, the origin. After a restore that lost signed events the log goes on under a new origin, so
that no origin ever has two truths. Whoever trusts one key of the line can follow it to the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import checkpoint, note
from .checkpoint import Checkpoint, parse_decimal
from .faults import Inconsistent, Malformed, SignatureFalse, SuccessionFalse
from .note import ED25519, SigningKey, VerifierKey

IDENTIFIER = "pledger/key-succession/v1"
MAX_SUCCESSIONS = 1_000
SEPARATOR = b"\n\x1d\n"  # between notes in one file: no note can hold it


@dataclass(frozen=True, slots=True)
class Succession:
    """Up to `size` the heads of `former` hold; from `size` on only those of `key` do."""

    former: VerifierKey
    key: VerifierKey
    size: int

    def text(self) -> str:
        """The lines that both keys sign."""
        return f"{IDENTIFIER}\n{self.former}\n{self.key}\n{self.size}\n"


def sign(former: SigningKey, key: SigningKey, *, size: int) -> bytes:
    """The signed note by which `former` hands over to `key` at `size`."""
    return note.sign(Succession(former.verifier_key, key.verifier_key, size).text(), [former, key])


def parse(data: bytes) -> Succession:
    """Read a succession and check both signatures: with them neither key can be put in against the other's will."""
    lines = note.parse(data).text.split("\n")
    if len(lines) != 5 or lines[0] != IDENTIFIER or lines[4]:
        raise Malformed(zh="不是密钥交接文本", en="not the text of a key succession")
    found = Succession(VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]), parse_decimal(lines[3]))
    if found.former.kind != ED25519 or found.key.kind != ED25519 or found.former.public == found.key.public:
        raise Malformed(zh="密钥交接中的密钥不对", en="the keys of the succession are malformed")
    if len(note.verify(data, [found.former, found.key]).signatures) != 2:
        raise SignatureFalse(zh="密钥交接须由新旧两把密钥签名", en="a succession is signed by the old and the new key")
    return found


def marshal(successions: Iterable[bytes]) -> bytes:
    """The file that `split` reads."""
    return SEPARATOR.join(successions)


def split(data: bytes) -> list[bytes]:
    """The notes of a file of successions, unchecked; none of an empty one."""
    notes = data.split(SEPARATOR) if data else []
    if len(notes) > MAX_SUCCESSIONS:
        raise Malformed(zh="密钥交接过多", en="too many successions")
    return notes


class Keyring:
    """The keys of one log, each with the sizes whose heads it may sign, found from some trusted key by successions."""

    def __init__(self, keys: Sequence[VerifierKey], successions: Iterable[bytes] = ()) -> None:
        self._first = {key: 0 for key in keys if key.kind == ED25519}
        self._last: dict[VerifierKey, int] = {}
        self._next: dict[VerifierKey, VerifierKey] = {}
        self._links = links = [parse(data) for data in successions]
        for link in links:
            self._follow(link)
        for link in reversed(links):
            if link.key in self._first:
                self._first.setdefault(link.former, 0)
                self._last.setdefault(link.former, link.size)
        for link in links:
            if link.key in self._first:
                self._first[link.key] = link.size

    def _follow(self, link: Succession) -> None:
        if link.former not in self._first:
            return
        same_size = self._last.setdefault(link.former, link.size) == link.size
        if not same_size or self._next.setdefault(link.former, link.key) != link.key:
            raise SuccessionFalse(
                zh=f"同一密钥有两个后继：{link.former.name}", en=f"one key has two successors: {link.former.name}"
            )
        self._first.setdefault(link.key, link.size)

    @property
    def keys(self) -> list[VerifierKey]:
        """All keys of the line."""
        return list(self._first)

    def line_of(self, origin: str) -> frozenset[str]:
        """All names under which the log of this origin has signed, by the successions that are known."""
        names = {origin}
        for link in [*self._links, *reversed(self._links)]:
            if not names.isdisjoint({link.former.name, link.key.name}):
                names |= {link.former.name, link.key.name}
        return frozenset(names)

    def verify(self, data: bytes, *, origin: str | None = None) -> Checkpoint:
        """The checkpoint in a note, once a key of the line that may sign its size has signed it.

        `origin` may be any name of the line: a log that went on under a new one after a restore is still that log.
        """
        found = checkpoint.verify(data, self.keys)
        if origin is not None and found.origin not in self.line_of(origin):
            raise SignatureFalse(
                zh=f"签点属于另一账本：{found.origin}", en=f"the checkpoint is of another ledger: {found.origin}"
            )
        signed = {(one.name, one.key_id) for one in note.verify(data, self.keys).signatures}
        signers = [key for key in self._first if (key.name, key.key_id) in signed and key.name == found.origin]
        if not any(self._first[key] <= found.size <= self._last.get(key, found.size) for key in signers):
            raise Inconsistent(
                zh=f"签署大小 {found.size} 的密钥当时无权签署：该签点在密钥交接或恢复所丢失的范围内",
                en=f"the key that signed size {found.size} does not hold for that size: "
                "it was succeeded before, or the events were declared lost in a restore",
            )
        return found
