"""Base64 as the log formats use it: the standard alphabet, padded, and in exactly one spelling."""

from base64 import b64decode, b64encode
from binascii import Error

from .faults import Malformed


def encode(data: bytes) -> str:
    """Base64 text of `data` (RFC 4648 §4)."""
    return b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Bytes of base64 `text`; other alphabets, missing padding and stray trailing bits are refused."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (Error, ValueError):
        data = b""
    if encode(data) != text:
        raise Malformed(zh="不是规范的 base64 文本", en="not canonical base64 text")
    return data
