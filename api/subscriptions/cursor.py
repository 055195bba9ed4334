"""The cursor: an opaque, authenticated place in one ledger's events under one filter. It never expires."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ledger.kernel.refusals import Refusal

_PLAIN = struct.Struct(">Q8s")
_SEAL_BYTES = 16
_LENGTH = _PLAIN.size + _SEAL_BYTES
_PURPOSE = b"cursor/1\0"
Mac = Callable[[bytes], bytes]


class CursorMismatch(Refusal):
    """The cursor belongs to another ledger or filter, or is none."""

    code, status = "cursor_mismatch", 400
    en = "This cursor belongs to another ledger or another filter."
    zh = "该游标属于其他账本或其他筛选条件。"


class CursorAhead(Refusal):
    """The cursor names a position that is not recorded (any more, after a restore)."""

    code, status = "cursor_ahead", 400
    en = "This cursor lies past the last recorded position."
    zh = "该游标超过最后记录的位置。"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are wanted: of these types (or all), about these subjects (or all)."""

    types: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()

    @property
    def digest(self) -> bytes:
        """Eight bytes that tell filters apart."""
        parts = ["types", *sorted(self.types), "subjects", *sorted(self.subjects)]
        return hashlib.sha256("\0".join(parts).encode()).digest()[:8]


class Cursors:
    """Makes and reads the cursors of one ledger; `mac` is keyed with a secret of that ledger alone."""

    def __init__(self, mac: Mac) -> None:
        self._mac = mac

    def make(self, position: int, digest: bytes) -> str:
        """Return the cursor of everything up to and including `position`."""
        plain = _PLAIN.pack(position, digest)
        return base64.urlsafe_b64encode(plain + self._seal(plain)).decode().rstrip("=")

    def read(self, text: str, digest: bytes) -> int:
        """Return the position in a cursor. Raises CursorMismatch."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise CursorMismatch() from None
        plain, seal = raw[: _PLAIN.size], raw[_PLAIN.size :]
        if len(raw) != _LENGTH or not hmac.compare_digest(seal, self._seal(plain)):
            raise CursorMismatch()
        position, filtered = _PLAIN.unpack(plain)
        if filtered != digest:
            raise CursorMismatch()
        return int(position)

    def _seal(self, plain: bytes) -> bytes:
        return self._mac(_PURPOSE + plain)[:_SEAL_BYTES]
