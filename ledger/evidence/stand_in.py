"""Stand-ins: what is kept of an event whose bytes gave way, and the events on record that say which did.

A retired event keeps its place, stream, version, time and id, and its leaf hash; nothing else is known of it any more.
Its bytes are those below, which hash to another leaf: the true one stands in them. In an entry bundle it is an entry of
no bytes, and its leaf hash is that of the tile beside it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .faults import LogFalse
from .merkle import leaf_hash

RETIRED = b'"topic":"privacy.EventRetired"'
ON_RECORD = b'"topic":"privacy.EventsRetired"'
_FORM = re.compile(
    rb'\{"position":([1-9][0-9]*),"stream":"(?:[^"\\]|\\.)*","version":[0-9]+,"recorded_at":"([^"]{27})",'
    rb'"event_id":"([0-9a-f-]{36})","topic":"privacy\.EventRetired","schema":1,"effective_at":"([^"]{27})",'
    rb'"begins":"([^"]{27})","actor":"","credential":"","authority":\{\},"source":"","correlation":"([0-9a-f-]{36})",'
    rb'"subjects":\[\],"data":\{"leaf":"([0-9a-f]{64})"\},"sealed":\{\}\}'
)


def stands_for(stored: bytes) -> bytes | None:
    """The leaf hash that these bytes stand for, None where they are an event's own. No event has an empty actor."""
    if RETIRED not in stored:
        return None
    found = _FORM.fullmatch(stored)
    if found is None or len({found[2], found[4], found[5]}) != 1 or found[3] != found[6]:
        return None
    return bytes.fromhex(found[7].decode())


@dataclass(frozen=True, slots=True)
class Absent:
    """An entry of which only the leaf hash is there."""

    leaf: bytes


def leaf_of(stored: bytes | Absent) -> bytes:
    """The leaf hash of stored bytes: that of the retired event where they are a stand-in."""
    return stored.leaf if isinstance(stored, Absent) else stands_for(stored) or leaf_hash(stored)


def entry_of(stored: bytes | Absent) -> bytes:
    """What an entry bundle holds of stored bytes: no byte at all where they are a stand-in."""
    return b"" if isinstance(stored, Absent) or stands_for(stored) is not None else stored


def entries_in(bundle: Sequence[bytes], tile: bytes) -> Iterable[bytes | Absent]:
    """The entries of a bundle; of those that are absent, the hash in their place in the tile beside it."""
    return (entry or Absent(tile[32 * at : 32 * at + 32]) for at, entry in enumerate(bundle))


def leaves_of(entries: Sequence[bytes], tile: bytes) -> list[bytes]:
    """The leaf hashes of a bundle's entries; of absent ones, the hash in their place in the tile beside them."""
    return [leaf_hash(entry) if entry else tile[32 * at : 32 * at + 32] for at, entry in enumerate(entries)]


class Withheld:
    """Follows which events were retired, and which of them an event further on says so of."""

    def __init__(self) -> None:
        self.count = 0
        self._open: set[int] = set()

    def skip(self, position: int) -> None:
        """Take an event whose bytes are gone."""
        self.count += 1
        self._open.add(position)

    def take(self, entries: Iterable[bytes]) -> None:
        """Take events that are there: what one of them says of events before it holds."""
        for entry in entries:
            if ON_RECORD in entry:
                self._settle(json.loads(entry))

    def _settle(self, event: dict[str, object]) -> None:
        position, data = event.get("position"), event.get("data")
        said = data.get("positions") if isinstance(data, dict) else None
        if event.get("topic") == "privacy.EventsRetired" and isinstance(said, list) and isinstance(position, int):
            self._open -= {one for one in said if isinstance(one, int) and one < position}

    def require_on_record(self) -> None:
        """LogFalse where bytes are gone and no event says why: then they were taken away."""
        if self._open:
            first = min(self._open)
            raise LogFalse(
                "withheld_unrecorded",
                first,
                zh=f"位置 {first} 的字节不在，且账本中没有关于其到期的记录",
                en=f"the bytes at position {first} are gone, and no event says that they were retired",
            )
