"""Commitments of sealed parts: the event binds content that only a disclosure opens, and says nothing of it."""

import secrets
from hashlib import sha256
from hmac import compare_digest

from .faults import CommitmentFalse, Malformed

TAG = b"pledger/sealed/v1\x00"
SALT_BYTES = 32


def new_salt() -> bytes:
    """32 random bytes; they live only inside the ciphertext and in what is disclosed."""
    return secrets.token_bytes(SALT_BYTES)


def commit(salt: bytes, content: bytes) -> bytes:
    """SHA-256(tag ‖ salt ‖ content), 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise Malformed(zh="承诺的随机数必须是 32 字节", en="the salt of a commitment must have 32 bytes")
    return sha256(TAG + salt + content).digest()


def verify_disclosure(commitment: bytes, *, salt: bytes, content: bytes) -> None:
    """Raise CommitmentFalse unless `content` with `salt` is what was committed to."""
    if not compare_digest(commit(salt, content), commitment):
        raise CommitmentFalse(
            zh="披露的内容与事件中的承诺不符", en="disclosed content is not what the event committed to"
        )
