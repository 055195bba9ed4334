"""Sealing: personal texts are encrypted per data subject and class, and the event keeps a salted commitment only."""

from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from ledger.evidence.commitment import SALT_BYTES, commit
from ledger.kernel.append import SealedBox
from ledger.kernel.randomness import draw
from ledger.privacy.data_keys import DataKeys, Owner

NONCE_BYTES = 12
Texts = Mapping[Owner, Mapping[str, Any]]  # (data subject, retention class) -> field -> text


class Unopenable(Exception):
    """A sealed part does not open with its subject's key: the ciphertext was changed or belongs elsewhere."""


class Sealer:
    """Seals and opens the personal texts of one ledger. Without keys it can only say that there is nothing to seal."""

    def __init__(self, ledger: str, keys: DataKeys | None) -> None:
        self._ledger, self._keys = ledger.encode(), keys

    @property
    def keys(self) -> DataKeys:
        """The data keys. Raises LookupError where there are none."""
        if self._keys is None:
            raise LookupError("there are no data keys yet")
        return self._keys

    def missing(self, texts: Texts) -> list[Owner]:
        """Return the owners whose key is not in memory."""
        return [owner for owner in texts if self.keys.known(owner) is None]

    def seal(self, event_id: bytes, texts: Texts) -> tuple[dict[str, Any], tuple[SealedBox, ...]]:
        """Return what the event says of its sealed parts, and their ciphertexts.

        Parts are numbered; their content is JSON, field -> text. The keys must be in memory (`keys.ensure`).
        """
        said: dict[str, Any] = {}
        boxes = []
        for number, (owner, fields) in enumerate(texts.items()):
            part, (subject, retention) = str(number), owner
            salt, content = draw(SALT_BYTES), orjson.dumps(fields)
            commitment = commit(salt, content)
            said[part] = {
                "subject": subject,
                "class": retention,
                "fields": list(fields),
                "commitment": commitment.hex(),
            }
            boxes.append(SealedBox(part, subject, retention, self._box(owner, event_id, part, salt + content)))
        return said, tuple(boxes)

    def open(self, event_id: bytes, box: SealedBox) -> tuple[bytes, dict[str, Any]] | None:
        """Return (salt, fields) of a part, or None when its key is gone. Raises Unopenable."""
        owner = (box.subject, box.retention)
        key = self.keys.known(owner) or self.keys.read([owner]).get(owner)
        if key is None:
            return None
        nonce, sealed = box.box[:NONCE_BYTES], box.box[NONCE_BYTES:]
        try:
            opened = key.decrypt(nonce, sealed, self._bound(event_id, box.part))
        except (InvalidTag, ValueError) as error:
            raise Unopenable(box.part) from error
        return opened[:SALT_BYTES], orjson.loads(opened[SALT_BYTES:])

    def _box(self, owner: Owner, event_id: bytes, part: str, plain: bytes) -> bytes:
        key: AESGCMSIV | None = self.keys.known(owner)
        if key is None:
            raise LookupError("a part is sealed only once its key is in memory")
        nonce = draw(NONCE_BYTES)
        return nonce + key.encrypt(nonce, plain, self._bound(event_id, part))

    def _bound(self, event_id: bytes, part: str) -> bytes:
        return bound(self._ledger, event_id, part)


def bound(ledger: bytes, event_id: bytes, part: str) -> bytes:
    """Return what a ciphertext is bound to: of another ledger, event or part it does not open."""
    return b"\0".join((ledger, event_id, part.encode()))
