"""Archives: a zip file written in exactly one way, so that every one of its bytes is fixed by the files inside.

Nothing is compressed: what lies in the archive is as large as the archive, and unpacking cannot burst.
"""

import re
import struct
from collections.abc import Mapping
from zlib import crc32

from .faults import Malformed, Unusable

MAX_ARCHIVE_BYTES = 256_000_000
MAX_FILES = 60_000
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,99}/){0,4}[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_VERSION, _DATE, _MODE = 20, 0x21, 0o100644 << 16  # 2.0; 1 January 1980, 00:00; a plain file
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files, in order of their names."""
    local, central = bytearray(), bytearray()
    if len(files) > MAX_FILES:
        raise Unusable(zh="归档中的文件过多", en="too many files for an archive")
    for name, data in sorted(files.items()):
        if not _NAME.fullmatch(name):
            raise Malformed(zh=f"归档中的文件名不对：{name!r}", en=f"a file name is malformed: {name!r}")
        fields = (_VERSION, 0, 0, 0, _DATE, crc32(data), len(data), len(data), len(name), 0)
        central += _CENTRAL.pack(b"PK\1\2", 3 << 8 | _VERSION, *fields, 0, 0, 0, _MODE, len(local)) + name.encode()
        local += _LOCAL.pack(b"PK\3\4", *fields) + name.encode() + data
        if len(local) > MAX_ARCHIVE_BYTES:
            raise Unusable(zh="归档过大", en="the archive is too large")
    count = len(files)
    return bytes(local + central) + _END.pack(b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive that `pack` wrote; any other byte than it would have written is refused."""
    if len(data) > MAX_ARCHIVE_BYTES * 2:
        raise Unusable(zh="归档过大", en="the archive is too large")
    files: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == b"PK\3\4" and len(files) < MAX_FILES:
        try:
            *_, size, length, _ = _LOCAL.unpack_from(data, at)
        except struct.error:
            raise _cut() from None
        start = at + _LOCAL.size + length
        if start + size > len(data):
            raise _cut()
        name = data[at + _LOCAL.size : start].decode("ascii", "replace")
        if name in files:
            raise Malformed(zh=f"归档中文件重复：{name!r}", en=f"a file stands twice in the archive: {name!r}")
        files[name] = data[start : start + size]
        at = start + size
    if not files or pack(files) != data:
        raise Malformed(
            zh="不是证据包，或目录、文件头有字节被改动",
            en="not an evidence bundle, or a byte of its directory or of a file's head was changed",
        )
    return files


def _cut() -> Malformed:
    return Malformed(zh="归档被截断", en="the archive is cut short")
