"""DER (ITU-T X.690) as far as time stamps need it: strict reading of nested values, and writing of a few kinds."""

from collections.abc import Iterator
from dataclasses import dataclass

from .faults import Malformed

BOOLEAN, INTEGER, OCTETS, NULL, OID, GENERALIZED_TIME = 0x01, 0x02, 0x04, 0x05, 0x06, 0x18
SEQUENCE, SET = 0x30, 0x31
MAX_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its tag byte, its content, and the whole encoding it was read from."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> list["Value"]:
        """The values inside a constructed one."""
        if not self.tag & 0x20:
            raise _malformed()
        return list(_values(self.content))

    def of(self, tag: int) -> "Value":
        """This very value, where it has the tag that must stand here."""
        if self.tag != tag:
            raise _malformed()
        return self

    def number(self) -> int:
        """The value of an INTEGER, which must have its shortest form."""
        data = self.of(INTEGER).content
        if not data or (len(data) > 1 and (data[0], data[1] >> 7) in {(0, 0), (255, 1)}):
            raise _malformed()
        return int.from_bytes(data, "big", signed=True)

    def dotted(self) -> str:
        """The value of an OBJECT IDENTIFIER, as in 1.2.840."""
        arcs, arc = list[int](), 0
        for byte in self.of(OID).content:
            arc = arc << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs, arc = [*arcs, arc], 0
        if not arcs:
            raise _malformed()
        top = min(arcs[0] // 40, 2)
        return ".".join(map(str, [top, arcs[0] - 40 * top, *arcs[1:]]))


def parse(data: bytes) -> Value:
    """The one value that `data` holds, with nothing behind it."""
    found = list(_values(data))
    if len(found) != 1:
        raise _malformed()
    return found[0]


def _values(data: bytes) -> Iterator[Value]:
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        if tag & 0x1F == 0x1F or at + 1 >= len(data):
            raise _malformed()
        length, at = data[at + 1], at + 2
        if length >= 0x80:
            count = length - 0x80
            length = int.from_bytes(data[at : at + count], "big")
            if not 1 <= count <= MAX_LENGTH_BYTES or length < 0x80 or data[at : at + 1] == b"\0":
                raise _malformed()
            at += count
        if at + length > len(data):
            raise _malformed()
        yield Value(tag, data[at : at + length], data[start : at + length])
        at += length


def write(tag: int, content: bytes) -> bytes:
    """The encoding of one value."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    count = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 + count]) + length.to_bytes(count, "big") + content


def integer(value: int) -> bytes:
    """The encoding of a number that is not negative."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(dotted: str) -> bytes:
    """The encoding of an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (40 * first + second, *rest):
        part = bytes([arc & 0x7F])
        while arc := arc >> 7:
            part = bytes([0x80 | arc & 0x7F]) + part
        content += part
    return write(OID, content)


def _malformed() -> Malformed:
    return Malformed(zh="不是规范的 DER 编码", en="not canonical DER")
