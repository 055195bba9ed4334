"""Bytes to text: the stated encoding, else a byte-order mark, else UTF-8, else a guess that is told as one."""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from api.exchange.faults import UnknownEncoding

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSES = ["gb18030", "cp1252", "big5", "cp932", "euc_kr", "latin_1"]  # at equal likelihood the earlier one
SAMPLE_BYTES = 1 << 18
_ENCODING_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the encoding it was read in; `guessed` where neither mapping, mark nor UTF-8 decided it."""

    text: str
    encoding: str
    guessed: bool = False


def decoded(data: bytes, encoding: str | None = None) -> Decoded:
    """Return the text of `data`. Raises UnknownEncoding, naming the first line that is not text."""
    if encoding is not None:
        return Decoded(_strict(data, encoding).removeprefix("\ufeff"), encoding)
    for mark, name in MARKS:
        if data.startswith(mark):
            return Decoded(_strict(data, name), name)
    wide = _wide_without_mark(data)
    if wide is not None:
        return Decoded(_strict(data, wide), wide, guessed=True)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _guessed(data)


def _strict(data: bytes, encoding: str) -> str:
    try:
        if not (_ENCODING_NAME.fullmatch(encoding) and codecs.lookup(encoding)._is_text_encoding):
            raise UnknownEncoding(line=1, encoding=encoding[:40])
        return data.decode(encoding)
    except LookupError:
        raise UnknownEncoding(line=1, encoding=encoding) from None
    except UnicodeDecodeError as error:
        raise UnknownEncoding(line=data.count(b"\n", 0, error.start) + 1, encoding=encoding) from None


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 without its mark shows as a NUL in (nearly) every second byte."""
    sample = data[:4096]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * len(sample) / 2 and even * 20 < odd:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * len(sample) / 2 and odd * 20 < even else None


def _guessed(data: bytes) -> Decoded:
    """Take the likeliest encoding in which the whole decodes, not just the sample."""
    matches = from_bytes(data[:SAMPLE_BYTES], cp_isolation=GUESSES)
    ranked = sorted(matches, key=lambda m: (m.chaos, -m.coherence, GUESSES.index(m.encoding)))
    for encoding in [*(match.encoding for match in ranked), *GUESSES]:
        try:
            return Decoded(data.decode(encoding), encoding, guessed=True)
        except UnicodeDecodeError:
            continue
    raise UnknownEncoding(line=1, encoding="utf-8")  # pragma: no cover - latin_1 decodes everything
