"""Order inside stored bytes: positions without holes, versions dense in each stream, times that never go back."""

import re
from collections.abc import Callable, Sequence

from .faults import LogFalse

# What the writer puts before the encoded envelope; it stands first in the stored bytes and in this order only.
_PREFIX = re.compile(
    rb'\{"position":([1-9][0-9]{0,18}),"stream":"([^"\\]*(?:\\.[^"\\]*)*)","version":([1-9][0-9]{0,9}),'
    rb'"recorded_at":"(.{27})",'
)
_INSTANT = re.compile(rb"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")


def claimed_position(entry: bytes) -> int:
    """The position that stored bytes claim for themselves; 0 where they are no event."""
    found = _PREFIX.match(entry)
    return int(found[1]) if found else 0


class Order:
    """Follows a ledger's events from the first one on; `position` is the last that was found good."""

    def __init__(self) -> None:
        self.position = 0
        self._versions: dict[bytes, int] = {}
        self._recorded_at = b""

    def extend(self, entries: Sequence[bytes]) -> None:
        """Take the next events in order; LogFalse names the first that is out of place.

        An empty entry is that of a retired event: its place counts, its stream and version are not known.
        """
        match, versions, position, last = _PREFIX.match, self._versions, self.position, self._recorded_at
        for entry in entries:
            self.position = position
            found = match(entry)
            if found is None:
                if not entry:
                    position += 1
                    continue
                raise _no_event(position + 1)
            claimed, stream, version, recorded_at = found.groups()
            position += 1
            if int(claimed) != position:
                raise misplaced(position, int(claimed), lambda want: _claims(entries, want))
            if int(version) != versions.get(stream, 0) + 1:
                raise _version_gap(position, stream, versions.get(stream, 0), int(version))
            versions[stream] = int(version)
            if recorded_at != last:
                self._follow(position, last, recorded_at)
                self._recorded_at = last = recorded_at
        self.position = position

    def skip(self) -> None:
        """Pass over an event whose bytes were retired: its place counts, its stream and version are not known."""
        self.position += 1

    def learn(self, stream: bytes, version: int) -> None:
        """Take a retired event's stream (as JSON text without quotes) and version from elsewhere."""
        self._versions[stream] = version

    def _follow(self, position: int, last: bytes, recorded_at: bytes) -> None:
        if not _INSTANT.fullmatch(recorded_at):
            raise _no_event(position)
        if recorded_at < last:
            raise LogFalse(
                "time_backwards",
                position,
                zh=f"位置 {position}：记录时间早于前一个事件",
                en=f"position {position}: recorded before the event in front of it",
            )


def misplaced(position: int, claimed: int, claimed_later: Callable[[int], bool]) -> LogFalse:
    """What it means that the event at `position` claims another position.

    `claimed_later` tells whether some later event claims a given position.
    """
    if claimed < position:
        return LogFalse(
            "added",
            claimed,
            zh=f"位置 {claimed} 出现两次：有事件被插入",
            en=f"position {claimed} is claimed twice: an event was added",
        )
    if claimed_later(position):
        return LogFalse(
            "swapped",
            position,
            zh=f"位置 {position} 与 {claimed} 的事件被对调",
            en=f"positions {position} and {claimed} were swapped",
        )
    return LogFalse(
        "dropped", position, zh=f"位置 {position} 的事件不见了", en=f"the event at position {position} is missing"
    )


def _claims(entries: Sequence[bytes], position: int) -> bool:
    return any(claimed_position(entry) == position for entry in entries)


def _no_event(position: int) -> LogFalse:
    return LogFalse(
        "changed",
        position,
        zh=f"位置 {position} 的字节不是事件",
        en=f"the bytes at position {position} are not an event",
    )


def _version_gap(position: int, stream: bytes, last: int, version: int) -> LogFalse:
    name = stream.decode("utf-8", "replace")
    return LogFalse(
        "version_gap",
        position,
        zh=f"位置 {position}：流 {name} 的版本从 {last} 跳到 {version}",
        en=f"position {position}: stream {name} goes from version {last} to {version}",
    )
